#!/usr/bin/env python3
"""A genesis with dice: the screens, what is told of them, and the digest made again here.

After a wanted change:  GOLDEN=write make check T=dice  and read the diff.
timeout: 120
"""
import hashlib
import json
import os
import re

import rehearsal as r
from rehearsal import ok

GOLDEN = os.path.join(r.HERE, "screens")
PLAY = os.path.join(r.TESTS, "play", "dice.play")


def answers():
    """What the play types: {reference: [values]}."""
    found = {}
    with open(PLAY, encoding="utf-8") as f:
        for line in f:
            if line.startswith("dice."):
                reference, value = line.rstrip("\n").split(" ", 1)
                found.setdefault(reference, []).append(value)
    return found


def judge_screens(out):
    folder = os.path.join(out, "screens")
    names = [n for n in sorted(os.listdir(folder)) if re.match(r"\d+-dice\.", n)]
    ok(len(names) == 6, "two short answers and two wrong ones are asked again", names)
    for i, name in enumerate(names, 1):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            text = "".join(line.rstrip() + "\n" for line in f)
        path = os.path.join(GOLDEN, f"dice-{i}.txt")
        if os.environ.get("GOLDEN") == "write":
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        want = open(path, encoding="utf-8").read() if os.path.exists(path) else ""
        ok(text == want, f"screen dice-{i}", text)


def judge_report(out, rolls):
    """By another hand: the paper, the salt in the report, SHA-256."""
    with open(os.path.join(out, "bundle", "evidence", "entropy.json"), encoding="ascii") as f:
        report = json.load(f)
    row = next((s for s in report["sources"] if s["name"] == "dice"), {})
    ok(row.get("bytes") == len(rolls) and row.get("health") == "passed", "the report has its row", row)
    told = report.get("dice", {})
    again = hashlib.sha256(bytes.fromhex(told.get("salt", "")) + rolls.encode()).hexdigest()
    ok(told.get("sha256") == again, "the rolls on paper give the digest of what was mixed", told)
    with open(os.path.join(out, "bundle", "transcript", "records.jsonl"), encoding="utf-8") as f:
        records = [json.loads(line) for line in f]
    dice = [x["args"] for x in records if x["id"] == "dice.rolled"]
    ok(dice == [{"name": "dora", "count": len(rolls), "second": "wim", "last": 10}],
       "the transcript says who typed how many", dice)


def judge_silence(out, rolls):
    """No ten rolls in a row, in any form, in what the ceremony leaves."""
    forms = [p[i:i + 10].encode() for p in (rolls, " ".join(rolls)) for i in range(len(p) - 10)]
    leaks = []
    for top in ("bundle", "sticks", "screens"):
        for folder, _, names in os.walk(os.path.join(out, top)):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    data = f.read()
                leaks += [name for form in forms if form in data][:1]
    ok(not leaks, "no roll is in the bundle, on a stick or on a screen", leaks)


def main():
    rolls = answers()["dice.rolls@dora"][-1].replace(" ", "")
    with r.Folder() as folder:
        out = os.path.join(folder, "out")
        status, said, _ = r.play(PLAY, out)
        if ok(status == 0, "a genesis with dice", said):
            judge_screens(out)
            judge_report(out, rolls)
            judge_silence(out, rolls)
            digest = r.identity(out)
            status, said = r.verify(os.path.join(out, "bundle"), "--identity", digest, "--rehearsal")
            ok(status == 0, "sanctum verify accepts", said)
            status, said, err = r.run(os.path.join(r.BIN, "crosscheck"), os.path.join(out, "bundle"),
                                      "--identity", digest)
            ok(status == 0, "so does the second checker", said + err)
    r.done()


main()
