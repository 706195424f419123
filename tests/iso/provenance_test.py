#!/usr/bin/env python3
"""The provenance statement: what it says, that it is the same twice, what it refuses."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [HERE, os.path.join(HERE, "..", "vm")]

from packageurl import PackageURL                           # noqa: E402

import judges                                               # noqa: E402
from tap import Tap                                         # noqa: E402

tap = Tap()
work = tempfile.mkdtemp()
build = os.path.join(work, "build")
SUBJECTS = ("cornerstone.iso", "iso/cornerstone.efi", "iso/initramfs.zst", "kernel/bzImage",
            "measurements.json", "sbom.spdx.json")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
VERSIONS = "libc6 2.41-12 amd64\nbison 2:3.8.2+dfsg-1 amd64\nlibstdc++6 14.2.0-19 amd64\n"
LOCK = "".join(f"{line} {n:064x}\n" for n, line in enumerate(VERSIONS.splitlines(), 1))

for name in SUBJECTS:
    path = os.path.join(build, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as subject:
        subject.write(name)


def provenance(lock, folder=build, versions=VERSIONS, state="locked\n", **environment):
    for file, text in (("versions", versions), ("lock", lock), ("state", state)):
        if text is None:
            continue
        with open(os.path.join(work, file), "w", encoding="ascii") as f:
            f.write(text)
    env = {**os.environ, "VERSIONS": os.path.join(work, "versions"),
           "LOCK": os.path.join(work, "lock" if lock is not None else "none"),
           "LOCK_STATE": os.path.join(work, "state"), "SOURCE_COMMIT": COMMIT, **environment}
    run = subprocess.run(["iso/provenance", folder], capture_output=True, text=True,
                         check=False, env=env)
    return run.returncode, run.stderr, run.stdout


status, error, text = provenance(LOCK)
tap.ok(status == 0, "a statement", error)
statement = json.loads(text or "{}")
definition = statement["predicate"]["buildDefinition"]
tap.equal({s["name"]: s["digest"]["sha256"] for s in statement["subject"]},
          {n: hashlib.sha256(n.encode()).hexdigest() for n in SUBJECTS},
          "its subjects are the artefacts")
tap.equal(definition["externalParameters"]["source"], {"commit": COMMIT, "dirty": False},
          "the source's commit")
packages = {PackageURL.from_string(d["uri"]): d.get("digest", {}).get("sha256")
            for d in definition["resolvedDependencies"] if "uri" in d}
tap.ok(all(url.to_string() in text for url in packages), "package URLs are canonical")
tap.equal({(u.name, u.version): d for u, d in packages.items()},
          {(line.split()[0], line.split()[1]): line.split()[3] for line in LOCK.splitlines()},
          "packages with the lock's digests")
tap.equal(provenance("# a comment\n" + LOCK, TZ="Asia/Tokyo", PYTHONHASHSEED="4")[2], text,
          "another zone and hash seed: the same bytes")
shuffled = "\n".join(reversed(VERSIONS.splitlines())) + "\n"
tap.equal(provenance(LOCK, versions=shuffled)[2], text, "in another order: the same bytes")

for label, lock, environment, wanted in (
        ("all as in the lock", LOCK, {}, ("locked", COMMIT, False)),
        ("a tree that was changed", LOCK, {"SOURCE_COMMIT": COMMIT + "-dirty"},
         ("locked", COMMIT, True)),
        ("outside a repository", LOCK, {"SOURCE_COMMIT": ""}, ("locked", "unknown", None)),
        ("no lock", None, {}, ("unlocked", COMMIT, False)),
        ("a package newer than the lock's", LOCK.replace("2.41-12", "2.41-11"), {},
         ("unlocked", COMMIT, False)),
        ("a package that the lock has not", LOCK.replace("bison", "bisoff"), {},
         ("unlocked", COMMIT, False)),
        ("a root that is not as the lock", LOCK, {"state": "unlocked\nlibc6 was newer\n"},
         ("unlocked", COMMIT, False)),
        ("a root that does not say", LOCK, {"LOCK_STATE": os.devnull},
         ("unlocked", COMMIT, False)),
        ("no package at all", LOCK, {"VERSIONS": os.devnull}, ("unlocked", COMMIT, False))):
    status, error, text = provenance(lock, **environment)
    found = json.loads(text)["predicate"]["buildDefinition"] if text else {}
    source = found.get("externalParameters", {}).get("source", {})
    tap.equal((found.get("internalParameters", {}).get("packages"), source.get("commit"),
               source.get("dirty")), wanted, label)

for label, arguments, wanted in (
        ("a commit that is none", {"SOURCE_COMMIT": "main"}, "is neither 40 hex digits"),
        ("a commit with something behind it", {"SOURCE_COMMIT": COMMIT + "-new"}, "is neither"),
        ("a lock without digests", {"lock": VERSIONS}, "less than 4 fields"),
        ("a missing artefact", {"folder": work}, "cornerstone.iso is missing")):
    status, error, text = provenance(**{"lock": LOCK, **arguments})
    tap.ok(status != 0 and wanted in error and not text, f"refused: {label}", error)

# ---- in-toto's own classes

JUDGE = """
import json, sys
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
import in_toto_attestation.v1.statement_pb2 as pb
doc = json.load(sys.stdin)
Statement.copy_from_pb(json_format.ParseDict(doc, pb.Statement())).validate()
predicate = json_format.ParseDict(doc["predicate"], Provenance())
for item in predicate.build_definition.resolved_dependencies:
    ResourceDescriptor.copy_from_pb(item).validate()
"""
place, why = judges.folder()


def in_toto(doc):
    return subprocess.run([sys.executable, "-c", JUDGE], input=json.dumps(doc), text=True,
                          capture_output=True, check=False,
                          env={**os.environ, "PYTHONPATH": place})


if place is None:
    print(f"# SKIPPED: {why}")
    tap.ok(True, f"in-toto's own classes # SKIP {why}")
else:
    run = in_toto(statement)
    tap.ok(run.returncode == 0, "in-toto's own classes take it", run.stderr)
    for label, bend in (
            ("another type", lambda d: d.update(_type="https://in-toto.io/Statement/v0.1")),
            ("no subject", lambda d: d.update(subject=[])),
            ("a subject without digest", lambda d: d["subject"][0].pop("digest")),
            ("no predicate", lambda d: d.update(predicate={})),
            ("a dependency without name", lambda d: d["predicate"]["buildDefinition"]
             ["resolvedDependencies"].append({"mediaType": "x"})),
            ("a field of nobody's", lambda d: d["predicate"].update(materials=[]))):
        bent = json.loads(json.dumps(statement))
        bend(bent)
        run = in_toto(bent)
        tap.ok(run.returncode != 0, f"and refuse: {label}", run.stderr)

shutil.rmtree(work)
tap.close()
