#!/usr/bin/env python3
"""After a genesis: a custodian check, what it leaves on the log stick, and who it refuses.

timeout: 200
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


def judge_log(out, told, identity):
    """What a check leaves: transcript, checkpoint without a signature, receipts."""
    folders = log_folder(out)
    if not ok(len(folders) == 1, "one folder on the log stick", folders):
        return
    log = folders[0]
    want = ["checkpoint.unsigned", "openings.jsonl", "receipt-carol.txt", "receipt-dave.txt", "records.jsonl"]
    ok(r.files(log) == want, "transcript, checkpoint, a receipt for each who came", r.files(log))
    lines = read(log, "records.jsonl").splitlines()
    note = read(log, "checkpoint.unsigned").decode().splitlines()
    ok(len(note) == 3 and int(note[1]) == len(lines) and base64.b64decode(note[2]) == merkle(lines),
       "the checkpoint is the records' tree, and carries no signature", note)
    ids = [json.loads(line)["id"] for line in lines]
    ok(ids[-1] == "transcript.ended" and ids.count("share.proven") == 1 and ids.count("share.unproven") == 1,
       "the records tell who proved a share and who did not", ids)
    digest = hashlib.sha256(identity).hexdigest()
    for name, number, result in (("carol", 1, "PROVEN"), ("dave", 2, "NOT PROVEN")):
        text = read(log, f"receipt-{name}.txt").decode()
        ok(f"result     {result}\n" in text and digest in text and f"share      {number} of 3" in text,
           f"the receipt of {name}: number, identity file, {result}", text)
    ok(four_in_a_row(told, os.path.join(out, "sticks")) is None, "no four words of a share on any stick",
       four_in_a_row(told, os.path.join(out, "sticks")))
    ok(not os.path.exists(os.path.join(out, "bundle")), "a check makes no bundle")


# name, what is replaced by what in check.play, exit status, what a failing screen or line says
HOSTILE = [
    ("a name that is no custodian's", "check.who carol\n", "check.who wim\ncheck.who carol\n", 0, "no custodian"),
    ("a custodian twice", "check.who dave", "check.who carol\ncheck.who dave", 0, "proven already"),
    ("nobody came", "check.who carol\n", "check.who " + r.NO.format("wim") + "\n", 27, "no"),
    ("a share with a word nobody knows", "check.typed@dave\n", "check.typed@dave zzzz\ncheck.typed@dave\n", 0,
     "not in the list"),
    ("a witness who does not agree", "check.agree@wim agree", "check.agree@wim " + r.NO.format("wim"), 27, "no"),
]


def hostile(out, told, folder):
    with open(os.path.join(r.TESTS, "play", "check.play"), encoding="utf-8") as f:
        good = f.read()
    for name, find, put, want, say in HOSTILE:
        assert find in good, find
        again = os.path.join(folder, "hostile")
        shutil.rmtree(again, ignore_errors=True)
        genesis_parts.prepare_rebuild(out, again, told)
        path = os.path.join(folder, "hostile.play")
        with open(path, "w", encoding="utf-8") as f:
            f.write(good.replace(find, put, 1))
        status, said, _ = r.play(path, again)
        screens = os.path.join(again, "screens")
        shown = "".join(read(screens, n).decode() for n in sorted(os.listdir(screens)))
        ok(status == want and say in said + shown, f"check: {name}: {want}", f"{status}: {said}")
        ok((status == 0) == bool(log_folder(again)), f"check: {name}: a log only at a good end")


# What lies on the IN stick otherwise: name, change of the plan, change of identity.json, status, words
SWAPPED = [
    ("another identity file than the plan names", None, lambda b: b.replace(b"Example Bank", b"Example Bonk"), 32,
     "identity_sha256"),
    ("no identity file", None, lambda b: None, 29, "identity.json"),
    ("a plan that names none", (b'"identity_sha256"', b'"identity_sha257"'), None, 10, "identity_sha257"),
    ("a check that wants dice", (b'"format"', b'"dice":true,"format"'), None, 32, "dice"),
]


def swapped(out, told, folder):
    ceremony = os.path.join(r.BIN, "ceremony")
    play = os.path.join(r.TESTS, "play", "check.play")
    for name, plan, identity, want, say in SWAPPED:
        again = os.path.join(folder, "swapped")
        shutil.rmtree(again, ignore_errors=True)
        genesis_parts.prepare_rebuild(out, again, told)
        status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, again,
                                  os.path.join(again, "identity.json"), env={"MODE": "check"})
        assert status == 0, said + err
        stick = os.path.join(again, "sticks", "CS-IN")
        for file, change in (("plan.json", plan and (lambda b: b.replace(*plan, 1))), ("identity.json", identity)):
            if change is None:
                continue
            data = change(read(stick, file))
            os.unlink(os.path.join(stick, file))
            if data is not None:
                with open(os.path.join(stick, file), "wb") as f:
                    f.write(data)
        status, said, err = r.run(ceremony, "play", play, "--out", again)
        ok(status == want and say in said + err, f"check: {name}: {want}", f"{status}: {said + err}")


def main():
    with r.Folder() as folder:
        out, again = os.path.join(folder, "out"), os.path.join(folder, "check")
        status, said, _ = r.play("genesis.play", out)
        if not ok(status == 0, "a genesis", said):
            r.done()
        told = genesis_parts.shares(out)
        genesis_parts.prepare_rebuild(out, again, told)
        status, said, _ = r.play("check.play", again)
        ok(status == 0, "the custodian check ends well", said)
        judge(again, "check")
        judge_log(again, told, read(again, "identity.json"))
        hostile(out, told, folder)
        swapped(out, told, folder)
    r.done()


main()
