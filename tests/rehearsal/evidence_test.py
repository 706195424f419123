#!/usr/bin/env python3
"""The evidence of a whole rehearsal, explained, and replayed by a second software TPM.

timeout: 200
"""
import json
import os
import shutil

import rehearsal as r
from rehearsal import ok

SANCTUM = os.path.join(r.BIN, "sanctum")


def main():
    with r.Folder() as folder:
        out = os.path.join(folder, "out")
        status, said, _ = r.play("genesis.play", out)
        if not ok(status == 0, "the genesis ends well", said):
            r.done()
        bundle, args = os.path.join(out, "bundle"), ["--identity", r.identity(out), "--rehearsal"]
        plan = os.path.join(out, "sticks", "CS-IN", "plan.json")
        status, said, err = r.run(SANCTUM, "explain", "evidence", bundle, *args, "--replay", "--plan", plan)
        ok(status == 0 and said.endswith("sanctum: accepted: class software\n"), "explained, with its plan", said + err)
        ok(max(map(len, said.splitlines())) <= 78, "no line is longer than a terminal's", said)
        status, said, err = r.run(SANCTUM, "explain", "evidence", bundle, *args, "--replay", "--json")
        found = json.loads(said)
        ok(status == 0 and found["class"] == "software", "the same as JSON", err)
        ok(any("the same 16 registers" in line["text"] for line in found["proven"]),
           "a second software TPM comes to the same registers", said)
        named = {name for line in found["proven"] + found["not_proven"] for name in line["files"].split()}
        there = os.listdir(os.path.join(bundle, "evidence"))
        ok(all(any(f == n or (n.endswith("*") and f.startswith(n[:-1])) for n in named)
               for f in there if f != "entropy.json"), "every file of evidence is named", (named, there))
        other = os.path.join(folder, "other.json")
        with open(plan, "rb") as f, open(other, "wb") as g:
            g.write(f.read() + b"\n")
        ok(r.verify(bundle, *args, "--plan", other)[0] in (10, 11), "another plan is refused")
        ok(r.verify(bundle, *args, "--plan", plan)[0] == 0, "its own is not")
        copy = os.path.join(folder, "copy")
        for name in sorted(there):
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(bundle, copy)
            r.flip(os.path.join(copy, "evidence", name))
            status, said = r.verify(copy, *args)
            ok(status in (10, 11) and name in said.splitlines()[-1], f"a flipped bit in {name} is refused by name", said)
    r.done()


main()
