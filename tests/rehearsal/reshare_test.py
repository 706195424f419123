#!/usr/bin/env python3
"""A genesis of 2 of 3, reshared to 3 of 4: the same identity, other shares, old sheets destroyed.

timeout: 300
"""
import base64
import hashlib
import json
import os
import shutil

import genesis_parts
import rehearsal as r
from custody_parts import four_in_a_row, log_folder, merkle, read
from goldens import judge
from rehearsal import ok
from shamir_mnemonic import combine_mnemonics


def records(path):
    return [json.loads(line) for line in read(path).splitlines()]


def judge_trust(old, new):
    """Every certificate and key byte for byte; identity.json with the new splitting."""
    for name in r.files(os.path.join(old, "trust")):
        same = read(old, "trust", name) == read(new, "trust", name)
        ok(same == (name != "identity.json"), f"trust/{name}: {'the same' if same else 'new'}")
    before, after = (json.loads(read(b, "trust", "identity.json")) for b in (old, new))
    was, shares = before.pop("shares"), after.pop("shares")
    ok(before == after, "identity.json says the same but for the shares")
    ok((shares["threshold"], shares["count"], len(shares["commitments"])) == (3, 4, 4) and
       shares["identifier"] != was["identifier"] and not set(shares["commitments"]) & set(was["commitments"]),
       "3 of 4 shares of a new splitting", shares)


def judge_shares(told, new):
    """The reference implementation joins old and new shares to the same secret, and never both kinds."""
    secret = combine_mnemonics([told[0], told[2]])
    ok(len(new) == 4, "four shares were shown", new)
    ok(all(combine_mnemonics([s for k, s in enumerate(new) if k != i]) == secret for i in range(4)),
       "python3-shamir-mnemonic: every three new shares give the secret of the old ones")
    for name, mixed in (("one old and one new share", [told[0], new[1]]), ("two new shares", new[:2]),
                        ("two new and an old one", [new[0], new[1], told[2]])):
        try:
            combine_mnemonics(mixed)
            ok(False, f"python3-shamir-mnemonic: {name} give nothing")
        except Exception as e:  # MnemonicError, whichever
            ok(True, f"python3-shamir-mnemonic: {name} give nothing ({type(e).__name__})")


def judge_story(old, new, out):
    """The statement follows the old one; the log goes on behind it."""
    statement = json.loads(read(new, "statement.json"))["predicate"]
    ok(statement["mode"] == "reshare" and statement["sequence"] == 2 and
       statement["previous"] == hashlib.sha256(read(old, "statement.json")).hexdigest(),
       "the statement: mode, sequence 2, and the digest of the one before it")
    closed = records(os.path.join(new, "transcript", "records.jsonl"))
    ids = [x["id"] for x in closed]
    ok(ids.count("share.entered") == 2 and ids.count("share.read-back") == 4 and "trial.done" in ids and
       ids.index("previous.head") < ids.index("previous.verified"),
       "the transcript: two old shares in, four new ones read back, trial recovery, the old log's head")
    folders = log_folder(out)
    if not ok(len(folders) == 1, "one folder on the log stick", folders):
        return
    lines = read(folders[0], "records.jsonl").splitlines()
    note = read(folders[0], "checkpoint.unsigned").decode().splitlines()
    after = records(os.path.join(folders[0], "records.jsonl"))
    ok(after[:len(closed)] == closed, "the log begins with the bundle's transcript, record for record")
    ok([(x["id"], x["args"].get("number")) for x in after[len(closed):]] ==
       [("share.destroyed", 1), ("share.kept", 2), ("share.destroyed", 3), ("transcript.ended", None)],
       "and goes on: two old sheets destroyed, one kept", after[len(closed):])
    ok(int(note[1]) == len(lines) and len(note) == 3 and base64.b64decode(note[2]) == merkle(lines),
       "its checkpoint is the whole tree")


# name, what is replaced by what in reshare.play, exit status, what a screen or line says, is there a bundle?
HOSTILE = [
    ("one old share of the two that are needed", "recover.typed @file:OUT/shares.txt:3\n",
     "recover.typed " + r.NO.format("wim") + "\n", 27,
     "The OLD sheets stay", False),
    ("two who know of a higher sequence", "known.sequence@dora 1\nknown.sequence@wim 1\nknown.agree agree",
     "known.sequence@dora 2\nknown.sequence@wim 2", 13, "is known to be used", False),
    ("a new share that is never read back", "shares.typed@gina @shown", "shares.typed@gina " + r.NO.format("gina"), 27,
     "The OLD sheets stay", False),
    ("an old share typed as gina's new one", "shares.typed@gina @shown",
     "shares.typed@gina @file:OUT/shares.txt:1\nshares.typed@gina " + r.NO.format("gina"), 27,
     "is not the one on the share", False),
    ("identity digests that differ from the sheets", "keys.agree agree", "keys.agree " + r.NO.format("wim"), 27,
     "OLD sheets", False),
    ("\"no\" at an old sheet", "old.sheet@wim kept", "old.sheet@wim " + r.NO.format("wim"), 27,
     "The new bundle was exported", True),
]

def new_key(plan, folder):
    """Bob's entry with the keys of a bob who was made just now."""
    pem = os.path.join(folder, "own")
    status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "approver", "new", "bob", pem, text="own passphrase\n")
    assert status == 0, said + err
    public, text = json.loads(read(pem, "approver.json")), json.loads(plan)
    shutil.rmtree(pem)
    for approver in text["approvers"]:
        if approver["name"] == "bob":
            approver.update({key: public[key] for key in ("sign", "seal")})
    return json.dumps(text).encode()


# name, file on the IN stick, what is replaced there by what, exit status, words
SWAPPED = [
    ("an approver with a key of the own making", "plan.json", None, new_key, 32, "custodians alone"),
    ("a sequence that skips one", "plan.json", b'"sequence":2', b'"sequence":3', 13, "one more"),
    ("the sequence of the old statement", "plan.json", b'"sequence":2', b'"sequence":1', 13, "one more"),
    ("fewer shares than are needed", "plan.json", b'"count":4,"threshold":3', b'"count":4,"threshold":5', 10,
     "threshold"),
    ("a custodian twice", "plan.json", b'"gina"', b'"frank"', 32, "there twice"),
    ("more shares than custodians", "plan.json", b'["custodian","old-custodian"]', b'["old-custodian"]', 32,
     "each holds exactly one"),
    ("an administrator who holds an old share", "plan.json", b'["administrator"]',
     b'["administrator","old-custodian"]', 32, "two people"),
    ("a plan that follows no statement", "plan.json", b'"previous_sha256"', b'"base_sha256"', 32, "previous_sha256 is missing"),
    ("another statement than the plan names", "previous/statement.json", b'"sequence":1', b'"sequence":4', 32,
     "previous_sha256"),
    ("another identity file than the plan names", "identity.json", b"Example Bank", b"Example Bonk", 32,
     "identity_sha256"),
    ("a head that another log signed", "previous/checkpoint", "\n— cornerstone".encode(), "\n— cornerstane".encode(), 11,
     "log has not signed"),
    ("a rebuild with an old custodian", "plan.json", b'"mode":"reshare"', b'"mode":"rebuild"', 32, "only a reshare"),
]


def hostile(out, told, folder):
    good = read(r.TESTS, "play", "reshare.play").decode()
    for name, find, put, want, say, bundle in HOSTILE:
        assert find in good, find
        again, path = os.path.join(folder, "hostile"), os.path.join(folder, "hostile.play")
        shutil.rmtree(again, ignore_errors=True)
        genesis_parts.prepare_reshare(out, again, told)
        with open(path, "w", encoding="utf-8") as f:
            f.write(good.replace(find, put, 1))
        status, said, _ = r.play(path, again)
        screens = os.path.join(again, "screens")
        shown = " ".join("".join(read(screens, n).decode() for n in sorted(os.listdir(screens))).split())
        ok(status == want and (say in said or say in shown), f"reshare: {name}: {want}", f"{status}: {said}")
        ok(os.path.exists(os.path.join(again, "sticks", "CS-OUT-A", "bundle")) == bundle,
           f"reshare: {name}: {'the bundle is there' if bundle else 'no bundle'}")


def swapped(out, told, folder):
    for name, file, find, put, want, say in SWAPPED:
        again = os.path.join(folder, "swapped")
        shutil.rmtree(again, ignore_errors=True)
        genesis_parts.prepare_reshare(out, again, told)
        status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, again,
                                  os.path.join(again, "identity.json"), env={"MODE": "reshare"})
        assert status == 0, said + err
        path = os.path.join(again, "sticks", "CS-IN", file)
        data = read(path)
        assert find is None or find in data, (find, data)
        with open(path, "wb") as f:
            f.write(put(data, folder) if find is None else data.replace(find, put))
        status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play",
                                  os.path.join(r.TESTS, "play", "reshare.play"), "--out", again)
        ok(status == want and say in said + err, f"reshare: {name}: {want}", f"{status}: {said + err}")


def main():
    with r.Folder() as folder:
        out, again = os.path.join(folder, "out"), os.path.join(folder, "again")
        status, said, _ = r.play("genesis.play", out)
        if not ok(status == 0, "a genesis", said):
            r.done()
        told = genesis_parts.shares(out)
        genesis_parts.prepare_reshare(out, again, told)
        status, said, _ = r.play("reshare.play", again)
        ok(status == 0, "the reshare ends well", said)
        status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "plan", "lint",
                                  os.path.join(again, "sticks", "CS-IN", "plan.json"))
        ok(status == 0 and "dry run: 4 shares recombined" in said, "its plan passes the lint with a dry run", said + err)
        old, new = os.path.join(out, "bundle"), os.path.join(again, "bundle")
        ok(r.identity(out) == r.identity(again), "the same identity")
        status, last = r.verify(new, "--rehearsal", "--identity", r.identity(out), "--min-sequence", "2")
        ok(status == 0, "sanctum verify accepts the new bundle", last)
        status, said = r.verify_txt(new, r.identity(out))
        ok(status == 0, "and so do the commands of VERIFY.txt", said)
        if os.path.isdir(os.path.join(os.environ.get("TESTDATA", "../shared/data"), "amd")):
            judge(again, "reshare")
        fresh = genesis_parts.shares(again)
        judge_trust(old, new)
        judge_shares(told, fresh)
        judge_story(old, new, again)
        ok(four_in_a_row(told + fresh, os.path.join(again, "sticks")) is None, "no four words of a share on any stick",
           four_in_a_row(told + fresh, os.path.join(again, "sticks")))
        hostile(out, told, folder)
        swapped(out, told, folder)
    r.done()


main()
