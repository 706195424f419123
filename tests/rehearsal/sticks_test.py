#!/usr/bin/env python3
"""Marks of sticks: "ceremony stick new", and every stick that is not the one it should be.

timeout: 240
"""
import json
import os
import shutil

import rehearsal as r
from rehearsal import ok

SANCTUM = "5a6b1c02d3e44f5586978899aabbccdd"
IN = "media CS-IN OUT/sticks/CS-IN\n"
ALICE = "media CS-alice OUT/sticks/CS-alice\n"
OUT_A = "media CS-OUT-A OUT/sticks/CS-OUT-A\n"
OUT_B = "media CS-OUT-B OUT/sticks/CS-OUT-B\n"


def mark(role, bound=True, **other):
    value = {"format": "cornerstone-stick-1", "role": role, "id": "00" * 16}
    if bound:
        value.update(world="rehearsal", sanctum=SANCTUM, ceremony="2026-1")
    value.update(other)
    return value


# name, which stick gets which mark, the line of genesis.play after which the file ends, what is said
REFUSED = [
    ("an OUT stick labelled as IN", "CS-IN", mark("out-a"), IN, "labelled CS-IN was made as CS-OUT-A"),
    ("an IN stick of the production world", "CS-IN", mark("in", world="production"), IN,
     "belongs to the production world (ceremony 2026-1)"),
    ("an IN stick of another sanctum", "CS-IN", mark("in", sanctum="ff" * 16), IN, "belongs to another sanctum"),
    ("a mark that is no JSON", "CS-IN", "CS-IN", IN, "cornerstone.json"),
    ("a mark with a key that nobody knows", "CS-IN", mark("in", more=1), IN, "more"),
    ("a mark as long as a book", "CS-IN", mark("in", ceremony="x" * 2000), IN, "cornerstone.json"),
    ("the IN stick labelled as an approver's", "CS-alice", mark("in"), ALICE, "labelled CS-alice was made as CS-IN"),
    ("OUT-B in the place of OUT-A", "CS-OUT-A", mark("out-b"), OUT_A, "labelled CS-OUT-A was made as CS-OUT-B"),
    ("an approver's stick in the place of OUT-A", "CS-OUT-A", mark("approver", False), OUT_A, "was made as an approver's"),
    ("an OUT stick of another sanctum", "CS-OUT-B", mark("out-b", sanctum="00" * 16), OUT_B, "belongs to another sanctum"),
    ("an OUT stick of the production world", "CS-OUT-B", mark("out-b", world="production"), OUT_B,
     "belongs to the production world"),
]

# What people are told while the ceremony goes on: name, what is replaced by what, what a screen says
TOLD = [
    ("an OUT stick while IN is awaited", IN, OUT_A + "media CS-OUT-A -\n" + IN, "Pull the stick CS-OUT-A; what is wanted is"),
    ("OUT-A again while OUT-B is awaited", OUT_B, OUT_A + "media CS-OUT-A -\n" + OUT_B,
     "Pull the stick CS-OUT-A; what is wanted is"),
    ("a clone of the written stick labelled as the other", OUT_B,
     "media CS-OUT-B OUT/sticks/CS-OUT-A\nmedia CS-OUT-B -\n" + OUT_B, "was made as CS-OUT-A"),
    ("a stick that another ceremony wrote, put in again for the one that was written",
     "media CS-OUT-A -\n" + OUT_A, "media CS-OUT-A -\nmedia CS-OUT-A OUT/sticks/CS-earlier\nmedia CS-OUT-A -\n" + OUT_A,
     "this is not the stick CS-OUT-A"),
    ("sticks that were marked before the day", "start.ok", "start.ok", "Copy 2 of 2"),
]


def write_mark(out, label, value):
    folder = os.path.join(out, "sticks", label)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "cornerstone.json"), "w", encoding="utf-8") as f:
        f.write(value if isinstance(value, str) else json.dumps(value))


def read_mark(folder):
    with open(os.path.join(folder, "cornerstone.json"), encoding="utf-8") as f:
        return json.load(f)


def fresh(folder, prepared):
    out = os.path.join(folder, "out")
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(prepared, out)
    return out


def play(folder, text, out):
    path = os.path.join(folder, "sticks.play")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play", path, "--out", out)
    return status, (said + err).strip()


def screens(out):
    folder = os.path.join(out, "screens")
    texts = []
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            texts.append(" ".join(line.partition("│")[2].strip() for line in f))
    return "\n".join(texts)


def stick_new(folder, prepared):
    """The command itself."""
    ceremony, blank = os.path.join(r.BIN, "ceremony"), os.path.join(folder, "blank")
    os.mkdir(blank)
    for name, args, want in [
            ("a role nobody knows", ("spare", blank), 2),
            ("a folder that is not there", ("in", os.path.join(folder, "nowhere")), 12),
            ("a role and no folder", ("in",), 2),
            ("an OUT stick", ("out-a", blank), 0),
            ("a second mark on the same stick", ("out-b", blank), 2)]:
        status, said, err = r.run(ceremony, "stick", "new", *args)
        ok(status == want, f"stick new: {name}: {want}", said + err)
    made = read_mark(blank)
    ok(made["role"] == "out-a" and set(made) == {"format", "role", "id"}, "stick new: belongs to no sanctum yet", made)
    made = read_mark(os.path.join(prepared, "sticks", "CS-alice"))
    ok(made["role"] == "approver" and "sanctum" not in made, "approver new: an approver's stick, of no sanctum", made)
    made = read_mark(os.path.join(prepared, "sticks", "CS-IN"))
    ok(made["role"] == "in" and made["sanctum"] == SANCTUM and made["world"] == "rehearsal",
       "stick new: with a plan on the stick, it belongs to the plan's sanctum", made)


def main():
    with open(os.path.join(r.TESTS, "play", "genesis.play"), encoding="utf-8") as f:
        good = f.read()
    with r.Folder() as folder:
        prepared = os.path.join(folder, "prepared")
        status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, prepared)
        if not ok(status == 0, "the sticks are prepared", said + err):
            r.done()
        stick_new(folder, prepared)
        for name, label, value, after, say in REFUSED:
            out = fresh(folder, prepared)
            write_mark(out, label, value)
            text = good[:good.index(after) + len(after)]
            status, said = play(folder, text, out)
            ok(status == 29 and say in said, f"{name}: refused by name", f"{status}: {said}")
            ok(not os.path.exists(os.path.join(out, "bundle")), f"{name}: no bundle is left")
        for name, find, put, say in TOLD:
            out = fresh(folder, prepared)
            if "before the day" in name:
                write_mark(out, "CS-OUT-A", mark("out-a", False))
                write_mark(out, "CS-OUT-B", mark("out-b", False, id="01" * 16))
            if "earlier" in put:
                write_mark(out, "CS-earlier", mark("out-a"))
            assert find in good, find
            status, said = play(folder, good.replace(find, put, 1), out)
            ok(status == 0 and say in screens(out), f"{name}: told, and a good end", f"{status}: {said}")
        out = os.path.join(folder, "journal")
        r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, out, env={"JOURNAL": "true"})
        write_mark(out, "CS-JOURNAL", mark("log"))
        status, said = play(folder, good[:good.index(IN) + len(IN)] + "plan.agree agree\nmedia CS-JOURNAL OUT/sticks/CS-JOURNAL\n", out)
        ok(status == 29 and "labelled CS-JOURNAL was made as CS-LOG" in said, "a log stick as the journal: refused by name", said)
        out = fresh(folder, prepared)
        write_mark(out, "CS-OUT-A", mark("out-a", False))
        write_mark(out, "CS-OUT-B", mark("out-b", False))
        status, said = play(folder, good[:good.index(OUT_B) + len(OUT_B)], out)
        ok(status == 29 and "this is the stick of CS-OUT-A" in said, "one id under both labels: refused by name", said)
    r.done()


main()
