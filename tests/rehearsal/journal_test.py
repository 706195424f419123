#!/usr/bin/env python3
"""What people see and are refused when a journal is kept: cut, gone on, and what will not do.

The goldens are in tests/rehearsal/screens/ (resume-*, reexport-*, void-*); GOLDEN=write writes them.
timeout: 240
"""
import hashlib
import json
import os
import shutil

import genesis_parts
import goldens
import rehearsal as r
from journal_parts import PLAYS as PLAYS_AFTER
from rehearsal import ok

PLAYS = os.path.join(r.TESTS, "play")
LOG = os.path.join("sticks", "CS-JOURNAL", "journal.log")
START = "start.ok\nmedia CS-IN OUT/sticks/CS-IN\nplan.agree agree\nmedia CS-JOURNAL OUT/sticks/CS-JOURNAL\n"


def ceremony(out, text):
    """The program with an answer file; status and last line."""
    path = os.path.join(out, "now.play")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    shutil.rmtree(os.path.join(out, "screens"), ignore_errors=True)
    status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play", path, "--out", out)
    return status, ((said + err).strip().splitlines() or [""])[-1]


def lines_of(path):
    with open(path, "rb") as f:
        return [line.split(b" ", 1)[1] for line in f.read().splitlines()]


def write_journal(path, said):
    """A journal whose chain holds, whatever it says."""
    head = bytes(32)
    with open(path, "wb") as f:
        for text in said:
            head = hashlib.sha256(head + text).digest()
            f.write(head.hex().encode() + b" " + text + b"\n")


def copy(out, folder, name):
    to = os.path.join(folder, name)
    shutil.copytree(out, to)
    return to


def plan(out, **changes):
    """Another plan on the IN stick."""
    path = os.path.join(out, "sticks", "CS-IN", "plan.json")
    with open(path, encoding="utf-8") as f:
        told = json.load(f)
    told.update(changes)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(told, f)


def later(said):
    """The last record, a hundred years on."""
    at = max(i for i, text in enumerate(said) if text.startswith(b"record "))
    record = json.loads(said[at][7:])
    record["t"] = "2125" + record["t"][4:]
    said[at] = b"record " + json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
    return said


def flip(out):
    r.flip(os.path.join(out, LOG), 70)


def list_instead(out):
    with open(os.path.join(out, LOG), "w", encoding="ascii") as f:
        f.write("bread\nbutter\n")


def clock(out):
    path = os.path.join(out, LOG)
    write_journal(path, later(lines_of(path)))


# name, which cut, what is done to it, status, what is said
REFUSED = [
    ("cut between the secret and its commit", "secret", None, 32, "sheets are void"),
    ("the same once more: it stays void", "secret", lambda out: ceremony(out, START), 32, "sheets are void"),
    ("another plan under the same number", "made", lambda out: plan(out, sequence=5), 32, "another plan"),
    ("another root for this sanctum under a new number", "made", lambda out: plan(out, ceremony="second"), 13,
     "cannot make another"),
    ("a ceremony that came to its end", "done", None, 13, "came to its end"),
    ("another genesis after one came to its end", "done", lambda out: plan(out, ceremony="second", sequence=2), 13,
     "cannot make another"),
    ("a journal with a bit changed", "made", flip, 11, "damaged"),
    ("a file that is no journal", "made", list_instead, 29, "not a journal"),
    ("a clock that was set back", "early", clock, 32, "journal ends at 2125"),
]


def cut(folder, name, whole, behind, prepared):
    """A ceremony that ends behind that answer."""
    out = copy(prepared, folder, name)
    status, last = ceremony(out, whole[:whole.index(behind) + len(behind)] + "\n")
    ok(status == 29, f"cut behind \"{behind}\"", f"{status}: {last}")
    return out


def keep(out, name, pick):
    """Only the screens that the other goldens do not have."""
    screens = os.path.join(out, "screens")
    for n in os.listdir(screens):
        if not any(p in n for p in pick):
            os.unlink(os.path.join(screens, n))
    goldens.judge(out, name)


def often(folder, made, told):
    """Cut again and again: every segment has its people, and the last one's are the statement's."""
    out = copy(made, folder, "often")
    with open(os.path.join(out, "shares.txt"), "w", encoding="ascii") as f:
        f.write("".join(share + "\n" for share in told))
    for n in range(4):
        text = PLAYS_AFTER["shares"]
        status, last = ceremony(out, text if n == 3 else text[:text.index("keys.agree agree")] + "keys.agree agree\n")
        ok(status == (0 if n == 3 else 29), f"gone on {n + 1} times", f"{status}: {last}")
    bundle = os.path.join(out, "bundle")
    status, last = r.verify(bundle, "--identity", r.identity(out), "--rehearsal")
    ok(status == 0, "cut four times: sanctum verify accepts", last)
    status, said = r.verify_txt(bundle, r.identity(out))
    ok(status == 0, "cut four times: VERIFY.txt accepts", said)
    with open(os.path.join(bundle, "statement.json"), "rb") as f:
        ok(f.read().count(b'"role":') == 7, "and its statement names seven people")


def main():
    with open(os.path.join(PLAYS, "journal.play"), encoding="utf-8") as f:
        whole = f.read()
    with r.Folder() as folder:
        prepared = os.path.join(folder, "prepared")
        status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, prepared, env={"JOURNAL": "true"})
        if not ok(status == 0, "the sticks are prepared", said + err):
            r.done()
        cuts = {
            "early": cut(folder, "early", whole, "time.agree agree", prepared),
            "secret": cut(folder, "secret", whole, "trial.ok", prepared),
            "made": cut(folder, "made", whole, "keys.agree agree", prepared),
            "signed": cut(folder, "signed", whole, "sign.ok", prepared),
        }
        told = {name: genesis_parts.shares(out) if name in ("made", "signed") else [] for name, out in cuts.items()}
        often(folder, cuts["made"], told["made"])
        cuts["done"] = copy(cuts["signed"], folder, "done")
        with open(os.path.join(PLAYS, "reexport.play"), encoding="utf-8") as f:
            status, last = ceremony(cuts["done"], f.read())
        ok(status == 0, "a signed bundle is exported after a cut", f"{status}: {last}")
        keep(cuts["done"], "reexport", ("CS-JOURNAL", "journal", "again.", "end."))
        for name, which, spoil, want, say in REFUSED:
            out = copy(cuts[which], folder, "spoilt")
            if spoil is not None:
                spoil(out)
            before = os.path.exists(os.path.join(out, "bundle"))
            status, last = ceremony(out, START)
            ok(status == want and say in last, f"{name}: {want}", f"{status}: {last}")
            ok(before or not os.path.exists(os.path.join(out, "bundle")), f"{name}: no bundle is left")
            if name.startswith("cut between"):
                keep(out, "void", ("failed",))
            shutil.rmtree(out)
        out = cuts["made"]
        with open(os.path.join(out, "shares.txt"), "w", encoding="ascii") as f:
            f.write("\n".join(told["made"]) + "\n")
        made = json.loads(next(t for t in lines_of(os.path.join(out, LOG)) if t.startswith(b"commit "))[7:])["identity"]
        with open(os.path.join(PLAYS, "resume.play"), encoding="utf-8") as f:
            status, last = ceremony(out, f.read())
        ok(status == 0, "a root that was made goes on after a cut", f"{status}: {last}")
        ok(r.identity(out) == made, "it is the identity that was made")
        status, last = r.verify(os.path.join(out, "bundle"), "--rehearsal", "--identity", made)
        ok(status == 0, "its bundle is accepted", last)
        keep(out, "resume", ("CS-JOURNAL", "journal", "recover.", "keys."))
        r.flip(os.path.join(out, "bundle", "evidence", "seed-ak.pub"))
        status, last = r.verify(os.path.join(out, "bundle"), "--rehearsal", "--identity", made)
        ok(status == 11, "a bit of the first TPM's key changed: 11", f"{status}: {last}")
    r.done()


main()
