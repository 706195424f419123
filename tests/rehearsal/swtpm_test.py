#!/usr/bin/env python3
"""One ceremony on each TPM of a workstation: the same files, the same verdict, the right class.

timeout: 300
"""
import hashlib
import json
import os
import subprocess

import rehearsal as r
from rehearsal import ok
from tpm_parts import InState, Site

# What is in a bundle, or not, because of what the TPM has: by class and back end.
CERTIFICATE, CHAIN = "evidence/ekcert.der", "evidence/ek-chain.pem"


def class_of(bundle):
    with open(os.path.join(bundle, "statement.json"), encoding="utf-8") as f:
        return json.load(f)["predicate"]["evidence_class"]


def opened(bundle):
    """The transcript's word on the TPM."""
    with open(os.path.join(bundle, "transcript", "records.jsonl"), encoding="utf-8") as f:
        records = [json.loads(line) for line in f]
    return next(x for x in records if x["id"] == "tpm.opened")["args"]


class Helper:
    """The software TPM: the plan says so."""

    option = []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass


def openssl(*argv, data=None):
    return subprocess.run(["openssl", *argv], input=data, capture_output=True, check=True).stdout


class Maker:
    """The authority that certified the virtual TPM: what goes onto the stick, and its pin."""

    def __init__(self, tpm):
        """tpm: the folder in which it was manufactured."""
        ca = os.path.join(tpm, "ca")
        root = os.path.join(ca, "swtpm-localca-rootca-cert.pem")
        self.pems = b""
        for path in (os.path.join(ca, "issuercert.pem"), root):
            with open(path, "rb") as f:
                self.pems += f.read()
        spki = openssl("pkey", "-pubin", "-outform", "der",
                       data=openssl("x509", "-in", root, "-noout", "-pubkey"))
        self.pin = hashlib.sha256(spki).hexdigest()

    def fill(self, out):
        """Onto the IN stick of out."""
        folder = os.path.join(out, "sticks", "CS-IN", "tpm-ca")
        os.makedirs(folder)
        with open(os.path.join(folder, "maker.pem"), "wb") as f:
            f.write(self.pems)


def rows(maker, keys):
    """name: (back end, plan, certificates on the stick, class, files beside everybody's)"""
    root = {"vendor_pki": {"tpm": maker.pin}}
    soft = {"tpm": "software"}
    return {
        "helper": ("software", soft, False, "software", set()),
        "helper, a maker's root known": ("software", {**soft, **root}, True, "software", set()),
        "swtpm": ("swtpm", {}, False, "software", {CERTIFICATE}),
        "swtpm, certified, not enrolled": ("swtpm", root, True, "software",
                                           {CERTIFICATE, CHAIN}),
        "swtpm, pinned": ("swtpm", {"tpm_ek": keys["ek"]}, False, "pinned", {CERTIFICATE}),
        "swtpm, certified and enrolled": ("swtpm", {**root, "tpm_ak": keys["ak"]}, True,
                                          "vendor", {CERTIFICATE, CHAIN}),
    }


def proven(bundle, args):
    """The class that sanctum proves itself; what is claimed has no part in it."""
    status, said, more = r.run(os.path.join(r.BIN, "sanctum"), "explain", "evidence", bundle,
                               *args, "--json")
    try:
        return json.loads(said)["class"] if status == 0 else said + more
    except ValueError:
        return said + more


def judge(name, out, backend, want):
    """sanctum and crosscheck on what came out; the class is the one that was verified."""
    bundle, digest = os.path.join(out, "bundle"), r.identity(out)
    plan = os.path.join(out, "sticks", "CS-IN", "plan.json")
    args = ["--identity", digest, "--rehearsal", "--accept", "pinned", "--plan", plan]
    status, last = r.verify(bundle, *args)
    ok(status == 0, f"{name}: sanctum verify accepts", f"{status}: {last}")
    status, said = r.verify_txt(bundle, digest)
    ok(status == 0, f"{name}: VERIFY.txt accepts", said)
    found = proven(bundle, args)
    ok(found == want, f"{name}: sanctum proves {want}", found)
    found = proven(bundle, args[:-2])
    ok(found == "software", f"{name}: and without the plan no more than software", found)
    status, said, more = r.run(os.path.join(r.BIN, "crosscheck"), bundle, "--identity", digest)
    ok(status == 0, f"{name}: crosscheck accepts", said + more)
    ok(class_of(bundle) == want == opened(bundle)["class"],
       f"{name}: statement and transcript say {want}", f"{class_of(bundle)} {opened(bundle)}")
    ok(opened(bundle)["backend"] == backend, f"{name}: on {backend}", opened(bundle))
    return set(r.files(bundle))


def matrix(site):
    """One genesis on each; nothing of ours but the class and its files may differ."""
    files, keys, maker = {}, {"ek": "", "ak": ""}, Maker(os.path.join(site.folder, "tpm"))
    for i, name in enumerate(rows(maker, keys)):
        backend, plan, filled, want, _ = rows(maker, keys)[name]
        tpm = Helper() if backend == "software" else InState(name, site.state)
        with tpm:
            out, status, said = site.play(f"row-{i}", tpm, "tpm.ok\n" + site.tail, plan,
                                          maker.fill if filled else None)
        if not ok(status == 0, f"{name}: the rehearsal ends well", said):
            continue
        files[name] = judge(name, out, backend, want)
        if backend == "swtpm":		# the same TPM in each row: it makes the same keys
            keys = opened(os.path.join(out, "bundle"))
    common = set.intersection(*files.values())
    for name, found in files.items():
        want = rows(maker, keys)[name][4]
        ok(found - common == want, f"{name}: everybody's {len(common)} files, and "
           f"{sorted(want)}", found - common)


def refusals(folder):
    """What cannot be a TPM is refused, and nothing is left."""
    silent = os.path.join(folder, "not-a-socket")
    with open(silent, "wb"):
        pass
    for name, tpm, want, says in (
            ("a socket that is not there", f"swtpm:{folder}/none", 24, "No such file"),
            ("a file that is no socket", f"swtpm:{silent}", 24, "refused"),
            ("a path that is too long", "swtpm:/" + "x" * 120, 2, "path of 121 bytes"),
            ("no path", "swtpm:", 2, "--tpm=swtpm:SOCKET"),
            ("another kind", "device:/dev/tpm0", 2, "--tpm=swtpm:SOCKET")):
        out = os.path.join(folder, "refused-" + name.replace(" ", "-"))
        status, said, _ = r.play("genesis.play", out, env={"TPM": tpm})
        last = said.strip().splitlines()[-1]
        ok(status == want and says in last, f"{name}: refused in one line", f"{status}: {said}")
        ok(not os.path.exists(os.path.join(out, "bundle")), f"{name}: no bundle")


def main():
    with r.Folder() as folder:
        matrix(Site(folder))
        refusals(folder)
    r.done()


if __name__ == "__main__":
    main()
