#!/usr/bin/env python3
"""After a genesis: an amendment, what comes after it, and who is refused.

timeout: 300
"""
import json
import os
import shutil

import rehearsal as r
from goldens import judge
from ops_parts import judge_crosscheck, judge_refreshed, prepare, read, refused, replaced
from rehearsal import ok


def judge_amended(again, out):
    """What the amendment brought, and that only its own kind of files is there."""
    ops = os.path.join(again, "bundle", "ops", "1")
    brought = [f for f in r.files(ops) if f.split("/")[0] in ("trust", "policy", "nodes", "refvals", "collateral")]
    ok(brought == ["nodes/node1.json", "policy/policy.json", "refvals/node.json", "trust/approvers/alice.pem",
                   "trust/approvers/carl.pem"], "approvers, a node, a policy, a reference value", brought)
    stated = [a["name"] for a in json.loads(read(ops, "statement.json"))["predicate"]["approvers"]]
    ok(stated == ["alice", "carl"], "the statement names who approves from now on", stated)
    ok(sorted(os.listdir(os.path.join(ops, "approvals"))) == ["alice.sig", "bob.sig"],
       "and is approved by those who did before")
    status, said, _ = r.run(os.path.join(r.BIN, "sanctum"), "verify", os.path.join(again, "bundle"), "--rehearsal",
                            "--identity", r.identity(out))
    ok(status == 0 and "OTHER APPROVERS" in said, "the verifier says that approvers changed", said)


def judge_shares(out, again):
    """Every approver from now on has a share of a new splitting, the old one of alice is still there."""
    def shares(folder, name):
        return sorted(n for n in os.listdir(os.path.join(folder, "sticks", f"CS-{name}")) if n.startswith("operations-"))
    ok(shares(again, "alice") == ["operations-1-1.p7m", "operations-1-2.p7m"], "alice has an old share and a new one",
       shares(again, "alice"))
    ok(shares(again, "carl") == ["operations-1-1.p7m"], "carl has a share")
    ok(shares(again, "bob") == shares(out, "bob"), "bob's stick is as it was")


def by_carl(place):
    return replaced(place, "bob", "carl")


def judge_after(out, again, folder):
    """A refresh by those who approve now; not by those who did."""
    third = os.path.join(folder, "third")
    bundle = os.path.join(again, "bundle")
    prepare(again, bundle, third, ("alice", "carl"))
    status, said, _ = r.play(by_carl(third), third, env={"SECOND": "carl"})
    ok(status == 0, "alice and carl refresh the amended bundle", said)
    judge_refreshed(out, third, 2)
    judge_crosscheck(os.path.join(third, "bundle"), r.identity(out))
    fourth = os.path.join(folder, "fourth")
    prepare(again, bundle, fourth)
    refused("bob approves no more", fourth, lambda p: None, 32, "carl is in force")


def old_share(place):
    """alice brings only the share that she had before the amendment."""
    os.unlink(os.path.join(place, "sticks", "CS-alice", "operations-1-2.p7m"))
    return by_carl(place)


def nothing(place):
    """A plan that amends nothing: it is filled anew, without what an amendment brings."""
    plan = os.path.join(place, "sticks", "CS-IN", "plan.json")
    with open(plan, encoding="utf-8") as f:
        text = json.load(f)
    for key in ("approvers_next", "nodes", "freshness"):
        text.pop(key)
    with open(plan, "w", encoding="utf-8") as f:
        json.dump(text, f)
    shutil.rmtree(os.path.join(place, "sticks", "CS-IN", "refvals"))


def judge_nothing(ready):
    with r.Folder() as folder:
        place = os.path.join(folder, "again")
        shutil.copytree(ready, place)
        status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, place,
                                  os.path.join(place, "base", "trust", "identity.json"), env={"MODE": "amend"})
        assert status == 0, said + err
        nothing(place)
        play = replaced(place, "plan.policy agree\n", "", "amend.play")
        status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play", play, "--out", place)
        ok(status == 32 and not os.path.exists(os.path.join(place, "bundle")), "refused: a plan that amends nothing",
           f"{status}: {said}{err}")


def main():
    with r.Folder() as folder:
        out, again, ready = (os.path.join(folder, n) for n in ("out", "again", "ready"))
        status, said, _ = r.play("genesis.play", out)
        if not ok(status == 0, "the genesis ends well", said):
            r.done()
        prepare(out, os.path.join(out, "bundle"), ready)
        shutil.copytree(ready, again)
        status, said, _ = r.play("amend.play", again)
        if not ok(status == 0, "an amendment ends well", said):
            r.done()
        judge_refreshed(out, again, 1)
        judge_amended(again, out)
        judge_shares(out, again)
        if os.path.isdir(os.path.join(os.environ.get("TESTDATA", "../shared/data"), "amd")):
            judge(again, "amend")
        judge_after(out, again, folder)
        fifth = os.path.join(folder, "fifth")
        prepare(again, os.path.join(again, "bundle"), fifth, ("alice", "carl"))
        refused("a share from before the amendment", fifth, old_share, 32, "operations shares", env={"SECOND": "carl"})
        judge_nothing(ready)
        refused("those present do not agree to the changes", ready,
                lambda p: replaced(p, "amend.agree agree", "amend.agree " + r.NO.format("dora"), "amend.play"), 27, "no",
                "amend.play")
    r.done()


main()
