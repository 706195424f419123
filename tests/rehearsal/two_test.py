#!/usr/bin/env python3
"""A genesis of a team of two: screens, statement, record and verifiers say so.

After a wanted change:  GOLDEN=write make check T=two  and read the diff.
timeout: 120
"""
import json
import os

import genesis_parts
import goldens
import rehearsal as r
from rehearsal import ok


def judge_rebuild(folder, out):
    """The same two rebuild it: the rebuild's answer file, with their names and the warning."""
    again, path = os.path.join(folder, "again"), os.path.join(folder, "rebuild-two.play")
    with open(os.path.join(r.TESTS, "play", "rebuild.play"), encoding="utf-8") as f:
        text = f.read().replace("@dora", "@alice").replace("@wim", "@bob").replace("shares.txt:3", "shares.txt:2")
    loss = "".join(f"people.loss@{n} losing one sheet loses everything\n" for n in ("alice", "bob"))
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace("people.agree agree\n", "people.agree agree\n" + loss))
    genesis_parts.prepare_rebuild(out, again, genesis_parts.shares(out))
    status, said, _ = r.play(path, again)
    if not ok(status == 0, "the two rebuild it", said):
        return
    same = [n for n in sorted(os.listdir(os.path.join(out, "bundle", "trust"))) if n.endswith(".pem")]
    pairs = [[open(os.path.join(o, "bundle", "trust", n), "rb").read() for o in (out, again)] for n in same]
    ok(same and all(a == b for a, b in pairs), "with byte-identical certificates", same)
    status, said = r.verify(os.path.join(again, "bundle"), "--identity", r.identity(out), "--rehearsal")
    ok(status == 0, "sanctum verify accepts the rebuild under the same identity digest", said)


def main():
    with r.Folder() as folder:
        out = os.path.join(folder, "out")
        status, said, _ = r.play("two.play", out)
        if not ok(status == 0, "a genesis of two people", said):
            r.done()
        goldens.judge(out, "two", only=r"people\.|plan\.agree|time\.")
        bundle = os.path.join(out, "bundle")
        with open(os.path.join(bundle, "statement.json"), encoding="ascii") as f:
            predicate = json.load(f)["predicate"]
        ok(predicate.get("separation") == "reduced" and len(predicate["people"]) == 2, "the statement says so",
           predicate.get("separation"))
        with open(os.path.join(bundle, "transcript", "records.jsonl"), encoding="utf-8") as f:
            records = [json.loads(line) for line in f]
        typed = [(x["args"]["name"], x["args"]["typed"]) for x in records if x["id"] == "separation.reduced"]
        ok(typed == [(n, "losing one sheet loses everything") for n in ("alice", "bob")], "each typed the sentence", typed)
        for name in ("record.txt", "record.html"):
            with open(os.path.join(bundle, "record", name), encoding="utf-8") as f:
                head = f.read()[:3000]
            ok("reduced separation" in head.lower(), f"{name} says so before all else", head[:400])
        digest = r.identity(out)
        status, said, err = r.run(os.path.join(r.BIN, "sanctum"), "verify", bundle, "--identity", digest, "--rehearsal")
        ok(status == 0 and "reduced separation" in said, "sanctum verify accepts and says so", said + err)
        status, said, err = r.run(os.path.join(r.BIN, "crosscheck"), bundle, "--identity", digest)
        ok(status == 0, "the second checker accepts", said + err)
        status, said = r.verify_txt(bundle, digest)
        ok(status == 0, "VERIFY.txt runs", said)
        judge_rebuild(folder, out)
    r.done()


main()
