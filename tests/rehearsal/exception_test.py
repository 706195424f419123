#!/usr/bin/env python3
"""An exception in the plan: its own screen, in the transcript, statement and record.

After a wanted change:  GOLDEN=write make check T=exception  and read the diff.
timeout: 120
"""
import json
import os

import rehearsal as r
from rehearsal import ok

GOLDEN = os.path.join(r.HERE, "screens", "exception.txt")
REASON = "nobody carried newer collateral in"
WHEN = "2025-07-01T00:00:00Z"
AGREE = "plan.agree agree\n"
NO = {"no": """disagree.who wim
disagree.reason@wim the collateral is too old
media CS-LOG OUT/sticks/CS-LOG
media CS-LOG -
disagree.end
"""}


def sticks(folder, name, answers):
    """Sticks whose plan makes the exception, and an answer file with these answers to it."""
    out, path = os.path.join(folder, name), os.path.join(folder, name + ".play")
    status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, out)
    assert status == 0, said + err
    plan = os.path.join(out, "sticks", "CS-IN", "plan.json")
    with open(plan, encoding="utf-8") as f:
        tree = json.load(f)
    tree.pop("collateral_time", None)
    tree["exceptions"] = [{"what": "expired-collateral", "collateral_time": WHEN, "reason": REASON}]
    with open(plan, "w", encoding="utf-8") as f:
        json.dump(tree, f)
    with open(os.path.join(r.TESTS, "play", "genesis.play"), encoding="utf-8") as f:
        text = f.read()
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(AGREE, AGREE + "".join(f"plan.exception {a}\n" + NO.get(a, "") for a in answers), 1))
    return out, path


def play(out, path):
    status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play", path, "--out", out)
    return status, said + err


def screen(out):
    folder = os.path.join(out, "screens")
    name = next(n for n in sorted(os.listdir(folder)) if n.endswith("plan.exception.txt"))
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        return "".join(line.rstrip() + "\n" for line in f)


def judge_pages(out):
    """Secrets are typed on the first page: there must be no second."""
    folder = os.path.join(out, "screens")
    asking = [n for n in sorted(os.listdir(folder)) if ".pass@" in n or ".typed@" in n]
    paged = [n for n in asking if "[more]" in open(os.path.join(folder, n), encoding="utf-8").read()]
    ok(len(asking) >= 8 and not paged, "every screen that asks for a secret is one page", paged)
    text = open(os.path.join(folder, asking[0]), encoding="utf-8").read()
    told = [n for n in asking if "review.pass" in n
            and WHEN in open(os.path.join(folder, n), encoding="utf-8").read()]
    ok(len(told) == 3, "whoever approves the plan is told of the exception", text)


def judge_screen(text):
    if os.environ.get("GOLDEN") == "write":
        with open(GOLDEN, "w", encoding="utf-8") as f:
            f.write(text)
    want = open(GOLDEN, encoding="utf-8").read() if os.path.exists(GOLDEN) else ""
    ok(text == want, "the exception has a screen of its own", text)


def judge_bundle(out):
    bundle = os.path.join(out, "bundle")
    with open(os.path.join(bundle, "statement.json"), encoding="utf-8") as f:
        stated = json.load(f)["predicate"]
    ok(stated.get("exceptions") == [{"reason": REASON, "what": "expired-collateral"}] and
       stated.get("collateral_time") == WHEN, "the statement states it", stated.get("exceptions"))
    with open(os.path.join(bundle, "transcript", "records.jsonl"), encoding="utf-8") as f:
        told = [json.loads(line)["args"] for line in f if '"id":"exception.agreed"' in line]
    ok(told == [{"what": "expired-collateral", "time": WHEN, "reason": REASON}],
       "the transcript has it once", told)
    with open(os.path.join(bundle, "record", "record.txt"), encoding="utf-8") as f:
        ok(REASON in " ".join(f.read().split()), "the printed record says why")
    digest = r.identity(out)
    status, said, err = r.run(os.path.join(r.BIN, "sanctum"), "verify", bundle, "--identity", digest,
                              "--rehearsal")
    ok(status == 0 and "exception expired-collateral: " + REASON in said,
       "sanctum verify accepts, and shows it", said + err)
    status, said, err = r.run(os.path.join(r.BIN, "crosscheck"), bundle, "--identity", digest)
    ok(status == 0, "so does the second checker", said + err)
    status, said = r.verify_txt(bundle, digest)
    ok(status == 0, "so do the commands of VERIFY.txt", said)


def main():
    with r.Folder() as folder:
        out, path = sticks(folder, "agreed", ["agree", "stale"])
        status, said = play(out, path)
        if ok(status == 0, "a genesis under an exception, after agreeing by habit once", said):
            judge_screen(screen(out))
            judge_pages(out)
            judge_bundle(out)
        out, path = sticks(folder, "refused", ["no"])
        status, said = play(out, path)
        ok(status == 27, "somebody does not agree with the exception", said)
        out, path = sticks(folder, "unasked", [])
        status, said = play(out, path)
        ok(status == 29, "it cannot be passed over", said)
    r.done()


main()
