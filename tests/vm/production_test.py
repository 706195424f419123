#!/usr/bin/env python3
"""A genesis in the production world, really held: a pinned TPM, expired vendor collateral
under an exception, and who accepts the bundle with what.

timeout: 900
"""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from tap import Tap                                         # noqa: E402

BUILD = os.environ.get("BUILD", "build")
OUT = os.path.join(BUILD, "check-production")
REASON = "nobody carried newer collateral in"

# what sanctum verify is told, exit status, what its last line says
PLAN = os.path.join(OUT, "sticks", "CS-IN", "plan.json")
VERDICTS = (
    (("--accept", "pinned", "--plan", PLAN), 0, "accepted"),
    (("--accept", "pinned"), 15, "claims class pinned"),
    (("--accept", "pinned", "--tpm-ek", "00" * 32), 15, "ek.pub"),
    ((), 15, "class pinned"),
    (("--rehearsal",), 15, "class pinned"),
    (("--accept", "software"), 15, "class pinned"),
)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def content(*path):
    with open(os.path.join(OUT, *path), encoding="utf-8") as f:
        return f.read()


def check_verdicts(tap, bundle, identity):
    for options, want, say in VERDICTS:
        status, said = run(os.path.join(BUILD, "bin", "sanctum"), "verify", bundle, "--identity",
                           identity, *options)
        tap.ok(status == want and say in said.strip().splitlines()[-1],
               f"sanctum verify {' '.join(options) or 'without more'}: {want}", said)
        if want == 0:
            tap.ok(f"exception expired-collateral: {REASON}" in said, "it shows the exception", said)
    status, said = run(os.path.join(BUILD, "bin", "crosscheck"), bundle, "--identity", identity)
    tap.equal(status, 0, "the second checker agrees")
    status, said = run("tests/verify-txt.sh", bundle, identity)
    tap.ok(status == 0, "the commands of VERIFY.txt accept the bundle", said[-1500:])


def check_story(tap):
    stated = json.loads(content("bundle", "statement.json"))["predicate"]
    tap.equal((stated["world"], stated["evidence_class"], [e["reason"] for e in stated["exceptions"]]),
              ("production", "pinned", [REASON]), "the statement says what it is")
    records = [json.loads(line) for line in content("bundle", "transcript", "records.jsonl").splitlines()]
    ids = [record["id"] for record in records]
    tap.ok(ids.index("plan.loaded") < ids.index("exception.agreed") < ids.index("plan.approved"),
           "people agreed to the exception before the plan was approved")
    opened = next(record["args"] for record in records if record["id"] == "tpm.opened")
    plan = json.loads(content("sticks", "CS-IN", "plan.json"))
    tap.equal(opened["ek"], plan["tpm_ek"], "the TPM's key is the one in the plan")
    accepted = [record["args"]["label"] for record in records if record["id"] == "collateral.accepted"]
    tap.ok(any("Milan" in label for label in accepted) and any("TDX" in label or "SGX" in label
                                                              for label in accepted),
           "real items of AMD and Intel were accepted", accepted)
    tap.ok("REHEARSAL" not in content("bundle", "record", "record.txt"),
           "the record speaks of no rehearsal")
    screens = sorted(os.listdir(os.path.join(OUT, "screens")))
    shown = [n for n in screens if n.endswith(".txt") and "plan-exception" in n]
    tap.ok(any(REASON in " ".join(content("screens", n).split()) for n in shown),
           "the exception was shown with its reason", shown)
    last = content("screens", [n for n in screens if n.endswith(".txt")][-1])
    tap.ok("PRODUCTION" in last and "REHEARSAL" not in last, "the screens say PRODUCTION", last)


def main():
    tap = Tap()
    os.makedirs(OUT, exist_ok=True)
    status, said = run("tests/vm/play.sh", BUILD, "tests/play/genesis-production.play", OUT, "serial",
                       os.path.join(BUILD, "vm", "tpm"), "production")
    if tap.ok(status == 0, "a genesis is played in the production world", said[-2500:]):
        identity = content("identity").strip()
        tap.ok(re.fullmatch("[0-9a-f]{64}", identity), "the identity digest was read off the screen")
        check_verdicts(tap, os.path.join(OUT, "bundle"), identity)
        check_story(tap)
    tap.close()


if __name__ == "__main__":
    main()
