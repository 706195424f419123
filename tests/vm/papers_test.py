#!/usr/bin/env python3
"""The papers of the built image: true, valid, made again the same, signed and counted."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "iso"))

import judges                                               # noqa: E402
import papers                                               # noqa: E402
from tap import Tap                                         # noqa: E402

BUILD = os.environ.get("BUILD", "build")
SANCTUM = os.path.join(BUILD, "bin", "sanctum")
tap = Tap()
work = tempfile.mkdtemp()


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def text_of(name):
    with open(os.path.join(BUILD, name), encoding="utf-8") as f:
        return f.read()


tap.equal(papers.problems(json.loads(text_of("sbom.spdx.json")), BUILD), [],
          "the bill of materials is true of the image")
for tool, name in (("iso/sbom", "sbom.spdx.json"), ("iso/provenance", "provenance.json")):
    made = run(tool, BUILD)
    tap.ok(made.stdout == text_of(name), f"{name} made again is the same", made.stderr)
place, why = judges.folder()
if place is None:
    print(f"# SKIPPED: {why}")
    tap.ok(True, f"SPDX's own validator # SKIP {why}")
else:
    judged = run(sys.executable, "-m", "spdx_tools.spdx.clitools.pyspdxtools", "-i",
                 os.path.join(BUILD, "sbom.spdx.json"), env={**os.environ, "PYTHONPATH": place})
    tap.ok(judged.returncode == 0, "SPDX's own validator takes it", judged.stderr)

# ---- published, signed by two, one of them trusted at first

release, trusted = os.path.join(work, "release"), os.path.join(work, "trusted")
os.mkdir(trusted)
for line in text_of("SHA256SUMS").splitlines():
    target = os.path.join(release, line[66:])
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy(os.path.join(BUILD, line[66:]), target)
shutil.copy(os.path.join(BUILD, "SHA256SUMS"), release)
done = run(SANCTUM, "verify-image", release)
tap.ok(done.returncode == 16 and "no builder is trusted" in done.stderr,
       "without builders it is not anchored", done.stdout + done.stderr)
for name, status in (("alice", 2), ("bob", 0)):
    signed = run("iso/attest", release, f"new:{work}/{name}.key", name)
    tap.ok(signed.returncode == 0, f"{name} signs", signed.stderr)
    shutil.copy(f"{release}/attest/{name}.pem", trusted)
    done = run(SANCTUM, "verify-image", release, "--builders", trusted, "--threshold", "2")
    tap.ok(done.returncode == status, f"exit status {status} with {name}'s key trusted",
           done.stdout + done.stderr)
digest = json.loads(text_of("measurements.json"))["authenticode"]
tap.ok(f"accepted: image {digest}" in done.stdout, "the last line names the image", done.stdout)

shutil.rmtree(work)
tap.close()
