#!/usr/bin/env python3
"""A rebuild on a second machine with another TPM: from recovery card and shares alone, the
same certificates, and the genesis untouched.

timeout: 1500
"""
import filecmp
import hashlib
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from tap import Tap                                         # noqa: E402

BUILD = os.environ.get("BUILD", "build")
OUT = os.path.join(BUILD, "check-rebuild")
# the genesis that the image's own test leaves, or one that somebody played
GENESIS = [os.path.join(BUILD, name) for name in ("check-vm", "play")]


def content(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def tree(folder):
    """Name and digest of every file below a folder."""
    return {os.path.join(at, n): hashlib.sha256(content(at, n)).hexdigest()
            for at, _, names in os.walk(folder) for n in names}


def play(mode, out, **more):
    done = subprocess.run(["tests/vm/play.sh", BUILD, f"tests/play/{mode}.play", out, "serial",
                           os.path.join(BUILD, "vm", "tpm")], capture_output=True, text=True,
                          check=False, env={**os.environ, **more})
    return done.returncode, done.stdout + done.stderr


def a_genesis(tap):
    """The folder of a genesis; played now when there is none."""
    for folder in GENESIS:
        if os.path.exists(os.path.join(folder, "recovery-card.txt")):
            return folder
    status, said = play("genesis", GENESIS[-1])
    tap.equal(status, 0, "a genesis is played")
    return GENESIS[-1] if status == 0 else print("# " + said[-1500:].replace("\n", "\n# "))


def judge(tap, genesis):
    old, new = (os.path.join(folder, "bundle") for folder in (genesis, OUT))
    for name in sorted(os.listdir(os.path.join(old, "trust"))):
        if name.endswith(".pem"):
            tap.ok(filecmp.cmp(os.path.join(old, "trust", name), os.path.join(new, "trust", name), shallow=False),
                   f"cmp trust/{name}: the same bytes")
    tap.equal(content(OUT, "identity"), content(genesis, "identity"), "the identity digest on the screen")
    tap.equal(content(OUT, "recovery-card.txt"), content(genesis, "recovery-card.txt"),
              "the rebuild leaves the same recovery card")
    tap.ok(content(old, "evidence", "ek.pub") != content(new, "evidence", "ek.pub"), "it ran on another TPM")
    shares = content(OUT, "shares.txt")
    tap.equal(shares, content(genesis, "shares.txt"), "the shares are those off the screens of the genesis")
    on_stick = subprocess.run(["mdir", "-i", os.path.join(OUT, "sticks", "CS-IN.img"), "-b", "::/"],
                              capture_output=True, text=True, check=False).stdout.split()
    tap.equal(sorted(n.removeprefix("::/") for n in on_stick),
              ["collateral/", "cornerstone.json", "plan.json", "recovery-card.txt"],
              "the IN stick held the card, and nothing of the old bundle")
    records = [json.loads(line) for line in content(new, "transcript", "records.jsonl").splitlines()]
    stated = [r["args"]["sequence"] for r in records if r["id"] == "sequence.stated"]
    tap.equal(stated, [1, 1], "two people stated the highest sequence known")


def main():
    tap = Tap()
    genesis = a_genesis(tap)
    if genesis:
        before = tree(genesis)
        status, said = play("rebuild", OUT, GENESIS=genesis)
        if tap.ok(status == 0, "a rebuild is played on a second machine, sanctum verify accepts", said[-2500:]):
            judge(tap, genesis)
        tap.equal(tree(genesis), before, "no file of the genesis was touched")
    tap.close()


if __name__ == "__main__":
    main()
