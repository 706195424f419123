#!/usr/bin/env python3
"""A genesis with a journal, cut at every write and every question, and what people do next.

The real program is stopped before every call that changes a file, in the middle of every write, and at
every screen (cut.c, preloaded): what the sticks hold then is what a cut leaves. Each such
state is searched for secrets and judged by docs/FORMAT-JOURNAL.md, read here by other code than ours. States that
differ in nothing the program reads (what lies in "unfinished.tmp" is only ever removed) are one; each of
those is gone on from with the program to its end, by people who do what the journal calls for.
timeout: 420
"""
import base64
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import rehearsal as r
from journal_parts import PLAYS, PRIVATE, REFUSED, Journal
from rehearsal import ok

sys.path.insert(0, os.path.join(r.TESTS, "vm"))
from derive import Ceremony  # noqa: E402 pylint: disable=wrong-import-position
from forms import of_ceremony  # noqa: E402 pylint: disable=wrong-import-position

STICKS = ("CS-JOURNAL", "CS-alice", "CS-bob", "CS-OUT-A", "CS-OUT-B")
LOG = os.path.join("sticks", "CS-JOURNAL", "journal.log")
UNFINISHED = "unfinished.tmp"


def journal_of(out):
    path = os.path.join(out, LOG)
    if not os.path.exists(path):
        return Journal(b"")
    with open(path, "rb") as f:
        return Journal(f.read())


def has_folder(out):
    return any(n.startswith("bundle-") for n in os.listdir(os.path.join(out, "sticks", "CS-JOURNAL")))


# ---- states

def tree(folder):
    """All that the program reads of a stick."""
    found = hashlib.sha256()
    for base, dirs, names in os.walk(folder):
        if UNFINISHED in dirs:
            dirs.remove(UNFINISHED)
            found.update(b"unfinished")
        dirs.sort()
        for name in sorted(names):
            path = os.path.join(base, name)
            shown = re.sub(r"^sn-tmp-\d+", "sn-tmp", name)
            with open(path, "rb") as f:
                found.update(f"{os.path.relpath(base, folder)}/{shown}\0".encode()
                             + hashlib.sha256(f.read()).digest())
    return found.digest()


def secrets(out):
    """What may lie on no stick: {name: bytes}: passphrases, shares, and every key that follows from them."""
    ceremony = Ceremony(os.path.join(out, "bundle"), shares(out))
    for name in ("alice", "bob"):
        folder = os.path.join(out, "sticks", f"CS-{name}")
        found = [os.path.join(folder, n) for n in os.listdir(folder) if n.startswith("operations-")]
        ceremony.add_approver(name, folder, f"rehearsal passphrase of {name}", found)
    return {form.data: f"{form.name} ({form.kind})" for form in of_ceremony(ceremony) if len(form.data) >= 8}


def shares(out):
    screens = os.path.join(out, "screens")
    shown = sorted(os.path.join(screens, n) for n in os.listdir(screens) if "shares.write@" in n)
    status, text, err = r.run(os.path.join(r.TESTS, "shares.py"), *shown)
    assert status == 0, err
    return text.splitlines()


def pieces(out, seen):
    """What the sticks hold and was not looked at yet, and the base64 in it read; not what they came with."""
    for name in STICKS:
        for base, _, names in os.walk(os.path.join(out, "sticks", name)):
            for n in names:
                path = os.path.join(base, n)
                with open(path, "rb") as f:
                    data = f.read()
                if n.startswith("approver.") or data in seen:
                    continue
                seen.add(data)
                yield data
                for text in re.findall(rb"[A-Za-z0-9+/]{40,}={0,2}", data):
                    try:
                        yield base64.b64decode(text, validate=True)
                    except ValueError:
                        continue


class Cut:
    """One moment: where it was, what the sticks held (a copy of them)."""

    def __init__(self, number, what, path):
        self.number, self.what, self.path = number, what, path


def copy(out, to):
    shutil.copytree(os.path.join(out, "sticks"), os.path.join(to, "sticks"),
                    ignore=shutil.ignore_patterns("CS-IN"))
    os.symlink(os.path.abspath(os.path.join(out, "sticks", "CS-IN")), os.path.join(to, "sticks", "CS-IN"))


def cut_everywhere(folder, out, play):
    """Run the play, stopped everywhere; yields a Cut for each state not seen before."""
    so = os.path.join(folder, "cut.so")
    status, _, err = r.run("gcc", "-O1", "-shared", "-fPIC", "-D_GNU_SOURCE=", "-o", so,
                           os.path.join(r.HERE, "cut.c"), "-ldl")
    assert status == 0, err
    rd, wr = os.pipe()
    root = os.path.abspath(out)
    env = {**os.environ, "LD_PRELOAD": so, "CUT_ROOT": root + "/s", "CUT_FD": str(wr)}
    if os.environ.get("ASAN_OPTIONS") is not None or "san" in r.BUILD:
        env["ASAN_OPTIONS"] = "verify_asan_link_order=0"
    program = subprocess.Popen([os.path.join(r.BIN, "ceremony"), "play", play, "--out", out],  # pylint: disable=consider-using-with
                               pass_fds=[wr], env=env, stderr=subprocess.PIPE, text=True)
    os.close(wr)
    seen, digests, n, last = set(), {}, 0, None
    with os.fdopen(rd) as told:
        while True:
            _, status = os.waitpid(program.pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                break
            what = told.readline().strip()
            n += 1
            for name in STICKS:
                if name not in digests or (last and name in last and UNFINISHED not in last) or \
                        (last and name in last and last.startswith(("mkdir", "rename", "unlink"))):
                    digests[name] = tree(os.path.join(out, "sticks", name))
            last = what
            key = tuple(digests.values())
            yield n, what, key if key not in seen else None
            seen.add(key)
            os.kill(program.pid, signal.SIGCONT)
    err = program.stderr.read()
    program.stderr.close()
    program.returncode = os.waitstatus_to_exitcode(status)
    ok(program.returncode == 0, "the genesis that is stopped everywhere ends well", err)


# ---- going on

def go_on(state, shares_of):
    """People do what the journal calls for; returns (what, why not or "")."""
    told = journal_of(state)
    says = told.says(has_folder(state))
    with open(os.path.join(state, "shares.txt"), "w", encoding="ascii") as f:
        f.write("\n".join(shares_of) + "\n")
    play = os.path.join(state, "next.play")
    with open(play, "w", encoding="utf-8") as f:
        f.write(PLAYS[says])
    status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play", play, "--out", state)
    last = (said + err).strip().splitlines()[-1:]
    if says in REFUSED:
        want, why = REFUSED[says]
        if status != want or why not in "".join(last):
            return says, f"status {status}: {last}"
        if says == "void" and "discard" not in journal_of(state).kinds():
            return says, "the journal does not say that it is void"
        return says, "" if not os.path.exists(os.path.join(state, "bundle")) else "a bundle was made"
    if status != 0:
        return says, f"status {status}: {last}"
    return says, judge(state, told, says)


def judge(state, told, says):
    """The bundle that came of it: verified, twice the same, its transcript shows the cut."""
    bundle = os.path.join(state, "bundle")
    status, last = r.verify(bundle, "--rehearsal", "--identity", r.identity(state))
    if status != 0:
        return last
    with open(os.path.join(bundle, "transcript", "records.jsonl"), "rb") as f:
        lines = f.read().splitlines()
    kept = told.records()
    if lines[:len(kept)] != kept:
        return "the old records are not at the beginning of the new transcript"
    if says in ("again", "shares") and kept and json.loads(lines[len(kept)])["id"] != "segment.start":
        return "the transcript does not show the cut"
    statements = set()
    for name in ("CS-OUT-A", "CS-OUT-B"):
        with open(os.path.join(state, "sticks", name, "bundle", "statement.json"), "rb") as f:
            statements.add(f.read())
    if len(statements) != 1:
        return "the two OUT sticks hold different statements"
    for kind, rest in told.lines:
        if kind == "bundle" and hashlib.sha256(*statements).hexdigest() != json.loads(rest)["statement"]:
            return "another statement than the one that was signed before the cut"
        if kind == "commit" and r.identity(state) != json.loads(rest)["identity"]:
            return "another root than the one that was made"
    return "" if "done" in journal_of(state).kinds() else "the journal does not say that it is done"


def main():
    with r.Folder() as folder:
        out, play = os.path.join(folder, "out"), os.path.join(folder, "genesis.play")
        status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, out, env={"JOURNAL": "true"})
        if not ok(status == 0, "the sticks are prepared", said + err):
            r.done()
        with open(play, "w", encoding="utf-8") as f:
            f.write(PLAYS["new"])
        cuts, moments, asked = [], 0, set()
        for n, what, key in cut_everywhere(folder, out, play):
            moments = n
            if "screens/" in what or what.split()[-1].startswith("creens/"):
                asked.add(what.split("creens/")[-1])
            if key is None:
                continue
            state = os.path.join(folder, f"cut-{n}")
            os.mkdir(state)
            copy(out, state)
            cuts.append(Cut(n, what, state))
        ok(moments >= 300, f"{moments} moments, {len(asked)} screens among them: at least 300")
        told = shares(out)
        seen = set()
        held = b"\0\0".join(data for cut in cuts for data in pieces(cut.path, seen))
        needles = secrets(out)
        found = sorted(name for needle, name in needles.items() if needle in held)
        ok(len(needles) > 1000 and not found,
           f"none of {len(needles)} forms of secrets on any stick in {len(cuts)} states, {len(held) >> 10} KiB", "\n".join(found))
        ok(not PRIVATE.search(held), "nor what a private key begins with", PRIVATE.search(held))
        counts = {}
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for cut, (says, fault) in zip(cuts, pool.map(lambda c: go_on(c.path, told), cuts)):
                counts[says] = counts.get(says, 0) + 1
                if fault:
                    ok(False, f"cut {cut.number}, {cut.what}: {says}", fault)
        ok(set(counts) == set(PLAYS), f"each way to go on was gone: {counts}")
    r.done()


main()
