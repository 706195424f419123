#!/usr/bin/env python3
"""The class of a TPM's evidence: certificates on the IN stick and in NV, the plan's word for its keys.

The TPM is an swtpm whose endorsement certificate an swtpm_localca signed; openssl is the judge.
After a wanted change:  GOLDEN=write make check T=tpm_class  and read the diff.
timeout: 300
"""
import hashlib
import json
import os
import shutil
import subprocess

import goldens
import ops_parts
import rehearsal as r
from rehearsal import ok
from tpm_parts import ABORT, InState, Site, records

RSA_INDEX, P384_INDEX, CHAIN_INDEX = "0x01c00002", "0x01c00016", "0x01c00100"
NO_RSA = ["tpm2_nvundefine", RSA_INDEX, "-C", "p"]
NO_P384 = ["tpm2_nvundefine", P384_INDEX, "-C", "p"]
EK_EXTENSIONS = """[ek]
basicConstraints = critical, CA:FALSE
keyUsage = critical, keyAgreement
extendedKeyUsage = 2.23.133.8.1
subjectAltName = critical, dirName:tpm
[tpm]
1.2.23.133.2.1 = id:54455354
2.2.23.133.2.2 = model
3.2.23.133.2.3 = id:00010002
"""


def openssl(*argv, data=None):
    done = subprocess.run(["openssl", *argv], input=data, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


def der(path):
    return openssl("x509", "-in", path, "-outform", "der")[1]


def spki(path):
    pem = openssl("x509", "-in", path, "-noout", "-pubkey")[1]
    return hashlib.sha256(openssl("pkey", "-pubin", "-outform", "der", data=pem)[1]).hexdigest()


class Authority:
    """What swtpm_localca made: root, issuer, the RSA key's certificate; and one more by openssl."""

    def __init__(self, site):
        ca, certs = (os.path.join(site.folder, "tpm", n) for n in ("ca", "certs"))
        self.root = os.path.join(ca, "swtpm-localca-rootca-cert.pem")
        self.issuer = os.path.join(ca, "issuercert.pem")
        self.pem = b"".join(open(n, "rb").read() for n in (self.issuer, self.root))
        for name in sorted(os.listdir(certs)):
            with open(os.path.join(certs, name), "rb") as f:
                data = f.read()
            if b"rsaEncryption" in openssl("x509", "-inform", "der", "-noout", "-text", data=data)[1].split(
                    b"X509v3")[0] and name.startswith("ek"):
                self.rsa = data
        self.p256 = self.certify(site, os.path.join(ca, "signkey.pem"))

    def certify(self, site, key):
        """A certificate for the P-256 key of the same TPM, for which NV has none."""
        pem, conf = (os.path.join(site.folder, n) for n in ("p256.pem", "ek.conf"))
        with InState("key", site.state, [["tpm2_createek", "-G", "ecc", "-c", pem + ".ctx", "-f", "pem", "-u", pem]]):
            pass
        with open(conf, "w", encoding="ascii") as f:
            f.write(EK_EXTENSIONS)
        status, made, err = openssl("x509", "-new", "-force_pubkey", pem, "-subj", "/CN=ek", "-CA", self.issuer,
                                    "-CAkey", key, "-extfile", conf, "-extensions", "ek", "-days", "3650", "-outform",
                                    "der")
        assert status == 0, err
        return made


def rows(a, opened):
    """name: (files of tpm-ca, plan, tools, class, is the chain verified, what the screen says)"""
    everything = {"ca.pem": a.pem}
    plan = {"accept": ["vendor", "pinned", "software"], "vendor_pki": {"tpm": spki(a.root)}, "tpm_ak": opened["ak"]}
    no_ak = {k: v for k, v in plan.items() if k != "tpm_ak"}
    to_nv = [["tpm2_nvdefine", CHAIN_INDEX, "-C", "o", "-s", str(len(der(a.issuer))), "-a",
              "ownerread|ownerwrite|authread|no_da", "-Q"],
             ["tpm2_nvwrite", CHAIN_INDEX, "-C", "o", "-i", a.issuer + ".der"]]
    no_nv = [NO_RSA, NO_P384]
    with open(a.issuer + ".der", "wb") as f:
        f.write(der(a.issuer))
    return {
        "the chain on the stick, an enrolled key": (everything, plan, [], "vendor", True, "is for practice"),
        "each in a file of its own, in DER": ({"a.bin": der(a.root), "x/b.txt": der(a.issuer)}, plan, [], "vendor", True,
                                              "is for practice"),
        "beside what is no certificate": ({**everything, "notes.txt": b"ask the maker\n"}, plan, [], "vendor", True,
                                          "is for practice"),
        "the issuer in the TPM itself": ({"root.pem": open(a.root, "rb").read()}, plan, to_nv, "vendor", True,
                                         "is for practice"),
        "the P-384 key's certificate": (everything, plan, [NO_RSA], "vendor", True, "is for practice"),
        "the key's certificate on the stick": ({**everything, "ek.der": a.p256}, plan, no_nv, "vendor", True,
                                               "is for practice"),
        "another key's certificate on the stick": ({**everything, "ek.der": a.rsa}, plan, no_nv, "software", False,
                                                   "no certificate of its endorsement key"),
        "no certificate anywhere": (everything, plan, no_nv, "software", False, "no certificate of its endorsement key"),
        "nothing on the stick": ({}, plan, [], "software", False, "Not \"vendor\""),
        "the issuer is missing": ({"root.pem": open(a.root, "rb").read()}, plan, [], "software", False, "Not \"vendor\""),
        "a root that nobody knows": (everything, {**plan, "vendor_pki": {"tpm": "ab" * 32}}, [], "software", False,
                                     "is no root of a TPM vendor"),
        "a key that was not enrolled": (everything, no_ak, [], "software", True, "enrol it"),
        "the same, and the endorsement key is pinned": (everything, {**no_ak, "tpm_ek": opened["ek"]}, [], "pinned", True,
                                                        "enrol it"),
        "pinned without certificates": ({}, {**no_ak, "tpm_ek": opened["ek"]}, [], "pinned", False, "Not \"vendor\""),
        "proven, where only pinned is accepted": (everything, {**plan, "tpm_ek": opened["ek"], "accept": ["pinned"]}, [],
                                                  "pinned", True, "is for practice"),
    }


REFUSED = {
    "only vendor is accepted, and nothing is on the stick": ({}, {"accept": ["vendor"]}, "not vendor, because"),
    "software is not accepted": ({}, {"accept": ["vendor", "pinned"]}, "does not accept"),
}


def put(files):
    def fill(out):
        for name, data in files.items():
            path = os.path.join(out, "sticks", "CS-IN", "tpm-ca", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(data)
    return fill


def screen(out):
    folder = os.path.join(out, "screens")
    name = next(n for n in sorted(os.listdir(folder)) if n.endswith("tpm.ok.txt"))
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        return " ".join(line[20:].strip() for line in f.read().splitlines())


def judge_row(site, i, name, row):
    files, plan, tools, want, chain, says = row
    with InState(name, site.state, tools) as tpm:
        out, status, said = site.play(f"row-{i}", tpm, ABORT, plan, put(files))
    if not ok(status == 39, f"{name}: opened", f"{status}: {said}"):
        return
    found = {x["id"]: x["args"] for x in records(out)}
    ok(found["tpm.opened"]["class"] == want, f"{name}: class {want}", found["tpm.opened"])
    ok(("tpm.chain" in found) == chain, f"{name}: chain {'' if chain else 'not '}verified", found.get("tpm.chain"))
    ok(says in screen(out), f"{name}: the screen says so", screen(out))
    ok(("tpm.ca-refused" in found) == ("notes.txt" in files), f"{name}: what was not read is recorded",
       found.get("tpm.ca-refused"))


def judge_bundle(site, a, plan):
    """A whole genesis of class vendor; openssl finds the same way to the root."""
    with InState("vendor", site.state) as tpm:
        out, status, said = site.play("vendor", tpm, "tpm.ok\n" + site.tail, plan, put({"ca.pem": a.pem}))
        state = shutil.copytree(os.path.join(tpm.tpm.folder, "state"), os.path.join(site.folder, "vendor-state"))
    if not ok(status == 0, "class vendor: the rehearsal ends well", said):
        return
    goldens.judge(out, "tpmvendor", only=r"tpm\.ok")
    bundle, told = os.path.join(out, "bundle"), os.path.join(out, "sticks", "CS-IN", "plan.json")
    known = ["--identity", r.identity(out), "--rehearsal"]
    status, said = r.verify(bundle, *known, "--plan", told)
    ok(status == 0, "class vendor: sanctum verify accepts it by the plan", f"{status}: {said}")
    status, said, err = r.run(os.path.join(r.BIN, "crosscheck"), bundle, "--identity", r.identity(out))
    ok(status == 0, "class vendor: crosscheck accepts", said + err)
    status, said = r.verify_txt(bundle, r.identity(out))
    ok(status == 0, "class vendor: VERIFY.txt accepts", said)
    status, said, err = r.run(os.path.join(r.BIN, "sanctum"), "explain", "evidence", bundle, *known, "--plan", told)
    ok(status == 0 and "A vendor vouches for" in said and "one that you enrolled" in said,
       "class vendor: sanctum explain evidence says why", said + err)
    evidence = os.path.join(bundle, "evidence")
    with open(os.path.join(out, "bundle", "statement.json"), encoding="utf-8") as f:
        ok(json.load(f)["predicate"]["evidence_class"] == "vendor", "class vendor: the statement says so")
    with open(os.path.join(evidence, "ek-chain.pem"), "rb") as f:
        chain = f.read()
    pems = [b"-----BEGIN" + p for p in chain.split(b"-----BEGIN")[1:]]
    ders = [openssl("x509", "-outform", "der", data=p)[1] for p in pems]
    ok(ders == [der(a.issuer), der(a.root)], "class vendor: ek-chain.pem is issuer and root, in this order", chain)
    with open(os.path.join(evidence, "ekcert.der"), "rb") as f:
        ok(f.read() == a.rsa, "class vendor: ekcert.der is the certificate alone")
    pem = os.path.join(out, "ek.pem")
    openssl("x509", "-inform", "der", "-in", os.path.join(evidence, "ekcert.der"), "-out", pem)
    status, said, err = openssl("verify", "-CAfile", a.root, "-untrusted", os.path.join(evidence, "ek-chain.pem"),
                                "-ignore_critical", pem)
    ok(status == 0, "class vendor: openssl verify agrees", said + err)
    judge_refresh(site, a, plan, out, state)


def judge_refresh(site, a, plan, out, state):
    """What is added to that bundle later, on the same TPM, is of class vendor, too."""
    again = os.path.join(site.folder, "again")
    ops_parts.prepare(out, os.path.join(out, "bundle"), again)
    status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, again,
                              os.path.join(again, "base", "trust", "identity.json"),
                              env={"MODE": "refresh", "TPM": "machine"})
    ok(status == 0, "refresh: the sticks are prepared", said + err)
    site.told(again, {**plan, "tpm_counter": 1})
    put({"ca.pem": a.pem})(again)
    with InState("refresh", state) as tpm:
        status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play",
                                  os.path.join(r.TESTS, "play", "refresh.play"), "--out", again, *tpm.option)
    if not ok(status == 0, "refresh: it ends well", said + err):
        return
    evidence = os.path.join(again, "bundle", "ops", "1", "evidence")
    ok({"creation.msg", "counter.msg", "tpm.json", "ek-chain.pem"} <= set(r.files(evidence)), "refresh: its own evidence",
       r.files(evidence))
    plans = [x for o in (out, again) for x in ("--plan", os.path.join(o, "sticks", "CS-IN", "plan.json"))]
    status, said = r.verify(os.path.join(again, "bundle"), "--identity", r.identity(out), "--rehearsal", *plans)
    ok(status == 0, "refresh: sanctum verify accepts by both plans", f"{status}: {said}")
    status, said, err = r.run(os.path.join(r.BIN, "crosscheck"), os.path.join(again, "bundle"), "--identity",
                              r.identity(out))
    ok(status == 0, "refresh: crosscheck accepts", said + err)


def main():
    with r.Folder() as folder:
        site = Site(folder)
        a = Authority(site)
        with InState("first", site.state) as tpm:
            out, status, said = site.play("first", tpm, ABORT)
        if not ok(status == 39, "a first look at the TPM", said):
            r.done()
        opened = next(x["args"] for x in records(out) if x["id"] == "tpm.opened")
        table = rows(a, opened)
        judge_bundle(site, a, table["the chain on the stick, an enrolled key"][1])
        for i, (name, row) in enumerate(table.items()):
            judge_row(site, i, name, row)
        for i, (name, (files, plan, says)) in enumerate(REFUSED.items()):
            with InState(name, site.state) as tpm:
                out, status, said = site.play(f"refused-{i}", tpm, "", plan, put(files))
            ok(status == 15 and says in said, f"{name}: refused", f"{status}: {said}")
            shutil.rmtree(out)
    r.done()


main()
