#!/usr/bin/env python3
"""A builder's signature: judged by stock openssl, and every way in which there is none."""
import os
import shutil
import stat
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vm"))

from tap import Tap                                         # noqa: E402

tap = Tap()
work = tempfile.mkdtemp()
build = os.path.join(work, "build")
os.mkdir(build)


def write(name, text):
    with open(os.path.join(work, name), "w", encoding="ascii") as f:
        f.write(text)
    return os.path.join(work, name)


def read(name):
    with open(os.path.join(work, name), "rb") as f:
        return f.read()


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def attest(key, name, folder=build):
    return run("iso/attest", folder, key, name)


def key(name, *options):
    path = os.path.join(work, name)
    run("openssl", "genpkey", *options, "-out", path)
    return path


write("build/image", "an image")
write("build/SHA256SUMS", run("sha256sum", "image", cwd=build).stdout)
alice = os.path.join(work, "alice.key")
made = attest(f"new:{alice}", "alice")
tap.ok(made.returncode == 0, "a new key signs", made.stderr)
tap.equal(stat.S_IMODE(os.stat(alice).st_mode), 0o600, "which only its owner reads")
judged = run("openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey",
             f"{build}/attest/alice.pem", "-sigfile", f"{build}/attest/alice.sig", "-in",
             f"{build}/SHA256SUMS")
tap.ok(judged.returncode == 0, "stock openssl verifies it", judged.stdout)
tap.equal(len(read("build/attest/alice.sig")), 64, "it is the raw signature")
first = read("build/attest/alice.sig")
tap.ok(attest(alice, "alice").returncode == 0 and read("build/attest/alice.sig") == first,
       "again, the same bytes")
bob = key("bob.key", "-algorithm", "ed25519")
tap.ok(attest(bob, "bob-2").returncode == 0, "a second builder")
tap.equal(sorted(os.listdir(f"{build}/attest")), ["alice.pem", "alice.sig", "bob-2.pem",
                                                  "bob-2.sig"], "no private key lies there")

rsa = key("rsa.key", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
p256 = key("p256.key", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
garbage = write("garbage.key", "not a key\n")
empty = os.path.join(work, "empty")
os.mkdir(empty)
inside = os.path.join("tests", "iso", os.path.basename(work) + ".key")
for label, arguments, wanted in (
        ("a name taken by another key", (bob, "alice"), "alice is taken by another key"),
        ("no name", (alice, ""), "give the builder's name"),
        ("a name that is a path", (alice, "../alice"), "NAME=../alice"),
        ("a name with capitals", (alice, "Alice"), "NAME=Alice"),
        ("a name too long", (alice, "a" * 33), "1 to 32"),
        ("no key", ("", "carol"), "no key is given"),
        ("a key that is not there", (f"{work}/none", "carol"), "is missing"),
        ("a new key over an old one", (f"new:{alice}", "carol"), "is there already"),
        ("a key in the repository", (f"new:{inside}", "carol"), "inside the repository"),
        ("an RSA key", (rsa, "carol"), "not an Ed25519 key"),
        ("an ECDSA key", (p256, "carol"), "not an Ed25519 key"),
        ("no key inside", (garbage, "carol"), "holds no private key"),
        ("a public key for a private", (f"{build}/attest/alice.pem", "carol"),
         "holds no private key"),
        ("no SHA256SUMS", (alice, "carol", empty), "SHA256SUMS is missing")):
    done = attest(*arguments)
    tap.ok(done.returncode != 0 and wanted in done.stderr
           and not os.path.exists(f"{build}/attest/carol.sig"), f"refused: {label}", done.stderr)
tap.ok(not os.path.exists(inside), "no key is left in the repository")

for label, name, text in (("a file that changed", "build/image", "another image"),
                          ("a list that is none", "build/SHA256SUMS", "no digest\n"),
                          ("an empty list", "build/SHA256SUMS", "")):
    kept = read(name).decode()
    write(name, text)
    done = attest(alice, "alice")
    tap.ok(done.returncode != 0 and "does not fit the files" in done.stderr,
           f"refused: {label}", done.stderr)
    write(name, kept)
tap.equal(read("build/attest/alice.sig"), first, "no refusal changed a signature")

shutil.rmtree(work)
tap.close()
