#!/usr/bin/env python3
"""Bags and inspection: typed by two, compared, recorded; what differs needs an agreement.

After a wanted change:  GOLDEN=write make check T=room  and read the diff.
timeout: 240
"""
import json
import os
import shutil

import goldens
import rehearsal as r
from rehearsal import ok

# name, what is replaced by what in room.play, exit status, what the last line must say
REFUSED = [
    ("seals that differ, and nobody agrees", "seals.agree@wim other", "seals.agree@wim no", 29, "asks [disagree.who]"),
    ("seals that differ, passed over", "seals.agree@wim agree\nseals.agree@wim other\n", "", 29, "asks [seals.agree@wim]"),
    ("one person for both", "seals.typed@wim K-0012399", "seals.typed@dora K-0012399", 29, "asks [seals.typed@wim]"),
    ("a finding, and nobody agrees", "inspection.agree@wim found", "inspection.agree@wim no", 29, "asks [disagree.who]"),
    ("a finding, passed over", "inspection.agree@wim found\n", "", 29, "asks [inspection.agree@wim]"),
    ("a finding, agreed to by the finder", "inspection.agree@wim found", "inspection.agree@dora found", 29,
     "asks [inspection.agree@wim]"),
    ("a place that nobody looks at", "inspection.radio@dora ok\n", "", 29, "asks [inspection.radio@dora]"),
    ("no serial", "seals.typed@dora broken", "seals.typed@dora", 29, "a serial has 3 to 24"),
    ("a serial with a blank in it", "seals.typed@dora broken", "seals.typed@dora K 1", 29, "a serial has 3 to 24"),
    ("a serial as long as a line", "seals.typed@dora broken", "seals.typed@dora " + "K" * 399, 29, "a serial has 3 to 24"),
    ("a finding as long as a line", "inspection.lid@dora ok", "inspection.lid@dora " + "x" * 300, 29, "at most 80 letters"),
    ("a new bag that is the old one", "bags.typed@dora K-0020001\nbags.typed@wim K-0020001\n", "", 29, "asks [bags.typed@dora]"),
    ("one new bag for two things", "bags.typed@dora K-0020002\nbags.typed@wim K-0020002\n",
     "bags.typed@dora K-0020001\nbags.typed@wim K-0020001\n", 29, "asks [bags.typed@dora]"),
    ("a new bag that is broken", "bags.typed@dora K-0020003\nbags.typed@wim K-0020003\n",
     "bags.typed@dora broken\nbags.typed@wim broken\n", 29, "bag here"),
]

# name, what is replaced by what in room.play and in the plan, records that must not be there
FINE = [
    ("every seal as recorded, nothing found",
     [("seals.typed@dora K-0012399\nseals.typed@wim K-0012399", "seals.typed@dora K-0012346\nseals.typed@wim K-0012346"),
      ("seals.typed@dora broken\nseals.typed@wim BROKEN\n# by habit does not do\nseals.agree@wim agree\n"
       "seals.agree@wim other\n", "seals.typed@dora K-0012347\nseals.typed@wim K-0012347\n"),
      ("a dongle of a mouse, taken out now", "ok"), ("inspection.agree@wim found\n", "")],
     [], ("seal.agreed", "inspection.agreed")),
    ("safe controllers read the bags", [("@dora K-", "@erik K-"), ("@wim K-", "@sara K-"), ("@wim k-", "@sara k-"),
                                        ("@dora broken", "@erik broken"), ("@wim BROKEN", "@sara BROKEN"),
                                        ("seals.agree@wim", "seals.agree@sara"), ("inspection.lid@dora", "inspection.lid@erik"),
                                        ("ports@dora", "ports@erik"), ("radio@dora", "radio@erik"), ("disk@dora", "disk@erik"),
                                        ("inspection.agree@wim", "inspection.agree@sara")],
     [('"people":[', '"people":[{"full":"Erik Vos","name":"erik","roles":["safe-controller"]},'
       '{"full":"Sara Lind","name":"sara","roles":["safe-controller"]},')], ()),
]


def play(folder, prepared, text, plan=()):
    out = os.path.join(folder, "out")
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(prepared, out)
    path = os.path.join(out, "sticks", "CS-IN", "plan.json")
    with open(path, encoding="utf-8") as f:
        told = f.read()
    for find, put in plan:
        assert find in told, find
        told = told.replace(find, put, 1)
    with open(path, "w", encoding="utf-8") as f:
        f.write(told)
    path = os.path.join(folder, "room.play")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play", path, "--out", out)
    return out, status, (said + err).strip()


def records(out):
    with open(os.path.join(out, "bundle", "transcript", "records.jsonl"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def judge_records(out):
    found = records(out)
    opened = [(x["args"]["what"], x["args"]["expected"], x["args"]["serial"], x["args"]["first"], x["args"]["second"])
              for x in found if x["id"] == "seal.opened"]
    ok(opened == [("laptop", "K-0012345", "K-0012345", "dora", "wim"), ("boot stick", "K-0012346", "K-0012399", "dora", "wim"),
                  ("IN and OUT sticks", "none", "BROKEN", "dora", "wim")], "what was on the bags, and who read it", opened)
    closed = [x["args"]["serial"] for x in found if x["id"] == "seal.closed"]
    ok(closed == ["K-0020001", "K-0020002", "K-0020003"], "the new bags", closed)
    looked = {x["id"]: x["args"]["found"] for x in found if x["id"].startswith("inspection.") and "found" in x["args"]}
    ok(looked == {"inspection.lid": "ok", "inspection.ports": "a dongle of a mouse, taken out now",
                  "inspection.radio": "ok", "inspection.disk": "ok"}, "what the inspection found", looked)
    agreed = [(x["id"], x["args"]["name"], x["args"]["what"]) for x in found if x["id"].endswith(".agreed")
              and x["id"].startswith(("seal.", "inspection."))]
    ok(agreed == [("seal.agreed", "wim", "boot stick, IN and OUT sticks"),
                  ("inspection.agreed", "wim", "ports: a dongle of a mouse, taken out now")], "who agreed to what", agreed)
    with open(os.path.join(out, "bundle", "record", "record.txt"), encoding="utf-8") as f:
        text = " ".join(f.read().split())
    ok("The bag for \"laptop\" has the serial K-0020001, which dora and wim both typed." in text,
       "the record prints what the next plan states")


def main():
    with open(os.path.join(r.TESTS, "play", "room.play"), encoding="utf-8") as f:
        good = f.read()
    with r.Folder() as folder:
        prepared = os.path.join(folder, "prepared")
        status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, prepared, env={"ROOM": "true"})
        if not ok(status == 0, "the sticks are prepared", said + err):
            r.done()
        out, status, said = play(folder, prepared, good)
        if not ok(status == 0, "bags and inspection: a good end", said):
            r.done()
        goldens.judge(out, "room", only=r"seals\.|inspection\.|bags\.")
        judge_records(out)
        status, last = r.verify(os.path.join(out, "bundle"), "--identity", r.identity(out), "--rehearsal")
        ok(status == 0, "the bundle is accepted", last)
        for name, find, put, want, say in REFUSED:
            assert find in good, find
            out, status, said = play(folder, prepared, good.replace(find, put, 1))
            ok(status == want and say in said, f"{name}: {want}", f"{status}: {said}")
            ok(not os.path.exists(os.path.join(out, "bundle")), f"{name}: no bundle is left")
        for name, changes, plan, absent in FINE:
            text = good
            for find, put in changes:
                assert find in text, find
                text = text.replace(find, put)
            out, status, said = play(folder, prepared, text, plan)
            ok(status == 0 and not [x for x in records(out) if x["id"] in absent], f"{name}: a good end", f"{status}: {said}")
    r.done()


main()
