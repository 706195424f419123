#!/usr/bin/env python3
"""One ceremony on every kind of TPM that a machine can have: the same files, the same verdict,
and the class that follows from what was verified.

timeout: 2000
"""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from tap import Tap                                         # noqa: E402

BUILD = os.environ.get("BUILD", "build")
TPM = os.path.join(BUILD, "vm", "tpm")
PLAY = "tests/play/genesis.play"

# the genesis of the image's own test, when it was played: a tpm-crb whose keys no plan names
CRB = os.path.join(BUILD, "check-vm")
# beside what every bundle has: what a TPM in hardware has, and a verified chain
DEVICE = {"evidence/ekcert.der", "evidence/eventlog"}
CHAIN = {"evidence/ek-chain.pem"}

# name, interface, environment, class, further files, how tpm.json calls it
ROWS = (
    ("crb", "crb", {}, "software", DEVICE, "device"),
    ("tis-enrolled", "tis", {"ENROLLED": "yes"}, "vendor", DEVICE | CHAIN, "device"),
    ("absent", "none", {}, "software", set(), "software"),
)


def without_tpm(folder):
    """The answer file of people who go on with the software TPM."""
    path = os.path.join(folder, "matrix-absent.play")
    with open(PLAY, encoding="utf-8") as f:
        lines = f.read().splitlines()
    with open(path, "w", encoding="utf-8") as f:
        for line in lines:
            if line == "tpm.ok":
                f.write("tpm.state software\n")
            f.write(line + "\n")
    return path


def play(name, interface, environment):
    """(folder, what was said when it failed)"""
    if name == "crb" and os.path.exists(os.path.join(CRB, "bundle", "statement.json")):
        return CRB, ""
    out = os.path.join(BUILD, f"check-matrix-{name}")
    answers = PLAY if interface != "none" else without_tpm(BUILD)
    done = subprocess.run(["tests/vm/play.sh", BUILD, answers, out, "serial", TPM],
                          capture_output=True, text=True, check=False,
                          env={**os.environ, "INTERFACE": interface, **environment})
    return out, "" if done.returncode == 0 else (done.stdout + done.stderr)[-2500:]


def files(bundle):
    return {os.path.relpath(os.path.join(at, n), bundle)
            for at, _, names in os.walk(bundle) for n in names}


def said(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def judge(tap, name, bundle, evidence_class, further, backend):
    tap.equal(said(os.path.join(bundle, "statement.json"))["predicate"]["evidence_class"],
              evidence_class, f"{name}: the evidence is of class {evidence_class}")
    tap.equal(said(os.path.join(bundle, "evidence", "tpm.json"))["backend"], backend,
              f"{name}: tpm.json names the back end {backend}")
    found = files(bundle)
    tap.ok(further <= found, f"{name}: it has what only such a TPM gives", further - found)
    return found - DEVICE - CHAIN, found & (DEVICE | CHAIN) == further


def main():
    tap = Tap()
    common = {}
    for name, interface, environment, evidence_class, further, backend in ROWS:
        out, log = play(name, interface, environment)
        if not tap.ok(not log, f"{name}: a genesis is played, sanctum verify accepts", log):
            continue
        common[name], fits = judge(tap, name, os.path.join(out, "bundle"), evidence_class,
                                   further, backend)
        tap.ok(fits, f"{name}: and nothing that it cannot have")
    names = sorted(common)
    for name in names[1:]:
        tap.equal(sorted(common[name] ^ common[names[0]]), [],
                  f"{name}: otherwise the same set of files as {names[0]}")
    tap.close()


if __name__ == "__main__":
    main()
