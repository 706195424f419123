#!/usr/bin/env python3
"""After a genesis: refreshes of its bundle, what stock tools say of them, and who is refused.

timeout: 300
"""
import os
import shutil

import rehearsal as r
from goldens import judge
from ops_parts import judge_refreshed, prepare, refused, replaced
from rehearsal import ok

def no_shares(place):
    for n in os.listdir(os.path.join(place, "sticks", "CS-bob")):
        if n.startswith("operations-"):
            os.unlink(os.path.join(place, "sticks", "CS-bob", n))


def foreign_shares(place):
    """What another approver holds, under this one's stick."""
    for n in os.listdir(os.path.join(place, "sticks", "CS-alice")):
        if n.startswith("operations-"):
            shutil.copy(os.path.join(place, "sticks", "CS-alice", n), os.path.join(place, "sticks", "CS-bob", n))


def judge_refusals(again, other):
    """again: ready for a first refresh; other: the bundle of another genesis."""
    def of_another(place):
        shutil.rmtree(os.path.join(place, "base"))
        shutil.copytree(other, os.path.join(place, "base"))

    refused("a bundle with a changed file", again,
            lambda p: r.flip(os.path.join(p, "base", "VERIFY.txt")), 11, "VERIFY.txt")
    refused("a stick without a share", again, no_shares, 29, "no operations share of sequence 1")
    refused("another approver's share", again, foreign_shares, 29, "no operations share on the stick is one of bob's")
    refused("one approver's stick twice", again,
            lambda p: replaced(p, "media CS-alice OUT/sticks/CS-alice\nopen", "media CS-bob OUT/sticks/CS-bob\nopen"),
            29, "open")
    refused("a wrong passphrase", again,
            lambda p: replaced(p, "open.pass@bob rehearsal passphrase of bob", "open.pass@bob rehearsal passphrase of rob"),
            29, "open")
    refused("another identity than on the sheets", again, lambda p: replaced(p, "base.agree agree", "base.agree " + r.NO.format("dora")), 27,
            "no")
    refused("approvers of another genesis", again, of_another, 32, "approver")


def judge_swapped(again, ready):
    """The plan was made for the bundle with one refresh; on the stick it is gone, or another one is there."""
    def old(place):
        shutil.rmtree(os.path.join(place, "base"))
        shutil.copytree(os.path.join(again, "bundle"), os.path.join(place, "base"))
        stick = os.path.join(place, "sticks", "CS-IN")
        status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, place,
                                  os.path.join(place, "base", "trust", "identity.json"), env={"MODE": "refresh"})
        assert status == 0, said + err
        shutil.rmtree(os.path.join(stick, "bundle", "ops"))

    with r.Folder() as folder:
        place = os.path.join(folder, "again")
        shutil.copytree(ready, place)
        old(place)
        status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play", os.path.join(r.TESTS, "play", "refresh.play"),
                                  "--out", place)
        ok(status == 13 and not os.path.exists(os.path.join(place, "bundle")), "refused: an older copy of the bundle",
           f"{status}: {said}{err}")


def main():
    with r.Folder() as folder:
        out, again, third = (os.path.join(folder, n) for n in ("out", "again", "third"))
        status, said, _ = r.play("genesis.play", out)
        if not ok(status == 0, "the genesis ends well", said):
            r.done()
        prepare(out, os.path.join(out, "bundle"), again)
        ready = os.path.join(folder, "ready")
        shutil.copytree(again, ready)
        status, said, seconds = r.play("refresh.play", again)
        ok(status == 0, "a refresh ends well", said)
        ok(seconds < 15 * 60, "in less than 15 minutes", seconds)
        judge_refreshed(out, again, 1)
        if os.path.isdir(os.path.join(os.environ.get("TESTDATA", "../shared/data"), "amd")):
            judge(again, "refresh")
        prepare(again, os.path.join(again, "bundle"), third)
        status, said, _ = r.play("refresh.play", third)
        ok(status == 0, "a second refresh ends well", said)
        judge_refreshed(out, third, 2)
        status, last = r.verify(os.path.join(third, "bundle"), "--rehearsal", "--identity", r.identity(out),
                                "--min-sequence", "1.3")
        ok(status == 13, "the floor 1.3 refuses two operations statements", last)
        other = os.path.join(folder, "other")
        status, said, _ = r.play("genesis.play", other)
        ok(status == 0, "another genesis ends well", said)
        judge_refusals(ready, os.path.join(other, "bundle"))
        judge_swapped(again, ready)
    r.done()


main()
