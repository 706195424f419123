#!/usr/bin/env python3
"""Answer files that do not fit, people who do not agree, sticks that are not the ones.

timeout: 240
"""
import os
import shutil

import rehearsal as r
from rehearsal import ok

COPY_B = "media CS-OUT-B OUT/sticks/CS-OUT-B\nmedia CS-OUT-B -\nmedia CS-OUT-B OUT/sticks/CS-OUT-B\nexport.ok\nmedia CS-OUT-B -\n"

NO = r.NO.format("dora")

# name, what is replaced by what in genesis.play, exit status, what the last line must say
ROWS = [
    ("an answer nobody asks for", "tpm.ok", "tpm.ok\ntpm.fine", 29, "tpm.fine"),
    ("a missing answer", "people.agree agree\n", "", 29, "people.agree"),
    ("a person who is not asked", "shares.ready@carol", "shares.ready@dave", 29, "shares.ready@carol"),
    ("words back before any were shown", "shares.write@carol written\n", "", 29, "shares.write@carol"),
    ("an entry left over", "end.ok", "end.ok\nend.ok", 29, "left over"),
    ("a file that ends too early", "sign.ok", "#", 29, "sign.ok"),
    ("@shown with a word number of zero", "@shown:13:nowhere", "@shown:0:nowhere", 10, "@shown"),
    ("a stick that is never pulled", "media CS-IN -\n", "", 29, "remove CS-IN"),
    ("a folder that is not there", "media CS-IN OUT/sticks/CS-IN", "media CS-IN nowhere/at/all", 26, "nowhere"),
    ("somebody does not agree with the plan", "plan.agree agree", "plan.agree " + NO, 27, "no"),
    ("somebody does not agree with the clock", "time.agree agree", "time.agree " + NO, 27, "no"),
    ("a witness who reads no clock", "time.typed@wim @now", "time.typed@wim " + NO, 27, "no"),
    ("a clock that is a day off", "time.typed@dora @now\ntime.typed@wim @now",
     "time.typed@dora @now+86400\ntime.typed@wim @now+86400", 32, "clock"),
    ("@now with letters behind it", "time.typed@dora @now", "time.typed@dora @nowhere", 29, "@now"),
    ("\"no\" instead of a passphrase", "review.pass@alice rehearsal passphrase of alice", "review.pass@alice " + NO, 27,
     "no"),
    ("\"no\" instead of a share", "shares.typed@dave @shown", "shares.typed@dave " + NO, 27, "no"),
    ("\"no\" while a share is shown", "shares.write@erin written", "shares.write@erin " + NO, 27, "no"),
    ("one copy of the bundle instead of two", COPY_B, "", 29, "end.ok stands here, but [media CS-OUT-B]"),
    ("the first copy's stick for both copies", COPY_B, COPY_B.replace("sticks/CS-OUT-B", "sticks/CS-OUT-A"), 29,
     "was made as CS-OUT-A"),
    ("an approver's stick in place of another", "media CS-bob OUT/sticks/CS-bob\nreview.pass@bob rehearsal passphrase of boob",
     "media CS-bob OUT/sticks/CS-alice\nreview.pass@bob rehearsal passphrase of alice", 29, "review"),
]

# What people may do on the way to a good end: name, what is replaced by what
FINE = [
    ("two who read different times: both type again", "time.typed@wim @now",
     "time.typed@wim @now+300\ntime.typed@dora @now\ntime.typed@wim @now"),
    ("a date that does not exist, a time before this program, a time after the plan's window",
     "time.typed@dora @now", "time.typed@dora 2026-02-30 12:00\ntime.typed@dora 2020-01-01 12:00\n"
     "time.typed@dora 2035-01-01 12:00\ntime.typed@dora quarter past three\ntime.typed@dora @now"),
    ("a custodian looks at the words again", "shares.typed@dave @shown",
     "shares.typed@dave show\nshares.write@dave written\nshares.typed@dave @shown"),
    ("an empty passphrase: another approver first",
     "media CS-alice OUT/sticks/CS-alice\nreview.pass@alice rehearsal passphrase of alice\nmedia CS-alice -\n",
     "media CS-alice OUT/sticks/CS-alice\nreview.pass@alice\nmedia CS-alice -\n"
     "media CS-alice OUT/sticks/CS-alice\nreview.pass@alice rehearsal passphrase of alice\nmedia CS-alice -\n"),
    ("a stick without its key, pulled and changed",
     "media CS-alice OUT/sticks/CS-alice\nreview", "media CS-alice OUT/sticks/CS-bare\nmedia CS-alice -\n"
     "media CS-alice OUT/sticks/CS-alice\nreview"),
    ("an OUT stick that nothing was written to, where the written one is to come back",
     "media CS-OUT-A -\nmedia CS-OUT-A OUT/sticks/CS-OUT-A\n",
     "media CS-OUT-A -\nmedia CS-OUT-A OUT/sticks/CS-other\nmedia CS-OUT-A -\nmedia CS-OUT-A OUT/sticks/CS-OUT-A\n"),
    ("the first copy's stick in the place of the second's", "media CS-OUT-B OUT/sticks/CS-OUT-B\n",
     "media CS-OUT-B OUT/sticks/CS-OUT-A\nmedia CS-OUT-B -\nmedia CS-OUT-B OUT/sticks/CS-OUT-B\n"),
]

PLANS = [
    ("a plan of another world on a workstation", '"world":"rehearsal"', '"world":"production"', 32),
    ("a plan whose window is over", '"to":"2034-12-31T00:00:00Z"', '"to":"2026-02-01T00:00:00Z"', 32),
    ("a plan with a sixth digit of its format gone", "cornerstone-plan-1", "cornerstone-plan", 10),
    ("a plan that accepts no software TPM", '"vendor","pinned","software"', '"vendor","pinned"', 15),
]


def sticks(folder, prepared):
    """A fresh output folder with the prepared sticks."""
    out = os.path.join(folder, "out")
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(prepared, out)
    return out


def last(said):
    lines = said.strip().splitlines()
    return lines[-1] if lines else ""


def main():
    ceremony = os.path.join(r.BIN, "ceremony")
    with open(os.path.join(r.TESTS, "play", "genesis.play"), encoding="utf-8") as f:
        good = f.read()
    with r.Folder() as folder:
        prepared = os.path.join(folder, "prepared")
        status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, prepared)
        if not ok(status == 0, "the sticks are prepared", said + err):
            r.done()
        path = os.path.join(folder, "hostile.play")
        for name, find, put, want, say in ROWS:
            assert find in good, find
            with open(path, "w", encoding="utf-8") as f:
                f.write(good.replace(find, put, 1))
            out = sticks(folder, prepared)
            status, said, err = r.run(ceremony, "play", path, "--out", out)
            ok(status == want and say in last(said + err), f"{name}: {want}", f"{status}: {last(said + err)}")
            if want != 29 or "left over" not in say:
                ok(not os.path.exists(os.path.join(out, "bundle")), f"{name}: no bundle is left")
        for name, find, put in FINE:
            assert find in good, find
            with open(path, "w", encoding="utf-8") as f:
                f.write(good.replace(find, put, 1))
            out = sticks(folder, prepared)
            status, said, err = r.run(ceremony, "play", path, "--out", out)
            ok(status == 0 and os.path.exists(os.path.join(out, "bundle", "statement.json")), f"{name}: a good end",
               f"{status}: {last(said + err)}")
        for name, find, put, want in PLANS:
            out = sticks(folder, prepared)
            plan = os.path.join(out, "sticks", "CS-IN", "plan.json")
            with open(plan, encoding="utf-8") as f:
                text = f.read()
            text = text.replace(find, put, 1)
            with open(plan, "w", encoding="utf-8") as f:
                f.write(text)
            status, said, err = r.run(ceremony, "play", os.path.join(r.TESTS, "play", "genesis.play"), "--out", out)
            shown = "\n".join(open(os.path.join(out, "screens", n), encoding="utf-8").read()
                              for n in sorted(os.listdir(os.path.join(out, "screens"))) if "failed" in n)
            ok(status == want and "Nothing was exported" in shown, f"{name}: refused with a reason",
               f"{status}: {last(said + err)}\n{shown}")
    r.done()


main()
