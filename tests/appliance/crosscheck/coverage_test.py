#!/usr/bin/python3
"""coverage_test - no file of a bundle goes by in silence, and what is called checked is.

timeout: 300

A rehearsal with real collateral is signed and quoted again by derived keys after each change, so
that only the check of the changed file itself can refuse it.
"""
import base64
import datetime
import json
import os
import re
import shutil
import sys
import tempfile

import resign
import rehearsal as r
from rehearsal import ok
from resign import sized

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

PROGRAM = os.path.join(r.BIN, "crosscheck")
FORMAT, SIGNATURE = 10, 11
# Held by nothing but signatures above them: crosscheck_test.py flips their bytes.
ABOVE = re.compile(r"statement\.|approvals/|evidence/quote\.|transcript/openings")


def crosscheck(bundle, identity, *more):
    status, said, err = r.run(PROGRAM, bundle, "--identity", identity, *more)
    return status, said + err, (said + err).strip().splitlines()[-1]


# ---- nothing silent

def listed(text):
    return dict(re.findall(r"^(\S+): (checked|checked but for ML-DSA|not checked: .+)$", text, re.M))


def silent(bundle, identity):
    """Every file is in the list once; returns those that are called checked."""
    status, text, _ = crosscheck(bundle.folder, identity, "--files")
    said = listed(text)
    ok(status == 0, "the bundle signed again is accepted", text)
    ok(sorted(said) == bundle.files(), "each file is checked or not checked",
       set(said) ^ set(bundle.files()))
    short = crosscheck(bundle.folder, identity)[1]
    counted = sum(int(n) for n in re.findall(r"^.* \((\d+)\): not checked: ", short, re.M))
    ok(counted == sum(v.startswith("not checked") for v in said.values()),
       "the short report counts what is not checked", short)
    ok("ML-DSA: not checked by GnuTLS" in short.splitlines(), "ML-DSA is said to be unchecked", short)
    wide = [line for line in short.splitlines() if len(line) > 58]
    ok(not wide, "lines fit the ceremony's screen", wide)
    return sorted(p for p, v in said.items() if v.startswith("checked"))


def strangers(bundle, identity):
    """Files that no table knows are said to be unknown; so are carried ones."""
    for path, reason in (("stranger.bin", "unknown here, digests alone"),
                         ("trust/approvers.txt", "unknown here, digests alone"),
                         ("evidence/eventlog", "unsigned; sanctum replays it"),
                         ("collateral/original/nvidia/x.rim", "no kind that is signed"),
                         ("collateral/carried/nvidia/x.rim", "no root for it"),
                         ("refvals/a.json", "plain text"), ("nodes/n.json", "plain text")):
        before = bundle.write({path: b"x"})
        status, text, _ = crosscheck(bundle.folder, identity, "--files")
        ok(status == 0 and listed(text).get(path) == "not checked: " + reason, f"said to be unchecked: {path}", text)
        bundle.restore(before)


# ---- broken inside, and listed all the same

def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def broken(path, data):
    """One bit of what a signature or a digest covers, in the form that the file has."""
    if not data.startswith(b"-----BEGIN"):
        at = {"transcript/records.jsonl": data.find(b'"t":"') + 8}.get(path, len(data) // 2)
        return flipped(data, at)
    head, body, tail = re.match(rb"(-----BEGIN [A-Z0-9 ]+-----\n)(.*?)(\n-----END.*)", data, re.S).groups()
    der = base64.b64decode(body)
    der = flipped(der, 120 if "mldsa87" in path else len(der) - 1)
    text = base64.b64encode(der)
    return head + b"\n".join(text[i:i + 64] for i in range(0, len(text), 64)) + tail


def refused(bundle, identity, name, changes, names, **more):
    before = bundle.write(changes, **more)
    status, text, last = crosscheck(bundle.folder, identity)
    ok(status in (FORMAT, SIGNATURE) and re.search(names, last), name, f"status {status}\n{text}")
    bundle.restore(before)


def accepted(bundle, identity, name, changes, line, **more):
    before = bundle.write(changes, **more)
    status, text, _ = crosscheck(bundle.folder, identity)
    ok(status == 0 and re.search(line, text, re.M), name, f"status {status}\n{text}")
    bundle.restore(before)


def every_checked(bundle, identity, paths):
    for path in paths:
        if ABOVE.match(path):
            continue
        data = broken(path, bundle.read(path))
        refused(bundle, identity, f"broken inside and listed: {path}", {path: data}, re.escape(path))


# ---- collateral

def collateral(bundle, identity):
    folder = "collateral/original/"
    tcb = folder + "intel/phala/sgx_quote/tcb.json"
    crl = folder + "amd/kds/vcek_v1_Milan_crl.der"
    vcek = folder + "amd/milan-gosev/vcek.der"
    genoa, milan = (folder + f"amd/kds/vcek_v1_{p}_cert_chain.pem" for p in ("Genoa", "Milan"))
    copy = next(p for p in bundle.files() if p.startswith("collateral/trustee/kds-store/"))
    text = bundle.read(tcb)
    rows = [
        ("signed data: a digit of the body", {tcb: text.replace(b'"svn":', b'"svn": ', 1)}, tcb),
        ("signed data: a member more", {tcb: text.replace(b'{"tcbInfo"', b'{"x":1,"tcbInfo"', 1)}, tcb),
        ("signed data: no signature", {tcb: text[:text.index(b',"signature"')] + b"}"}, tcb),
        ("another product's list in its place", {crl: bundle.read(folder + "intel/phala/sgx_quote/rootcacrl.der")},
         "revocation list|" + re.escape(crl)),
        ("a chain whose root is missing", {milan: bundle.read(milan).split(b"-----END CERTIFICATE-----\n")[0] +
                                           b"-----END CERTIFICATE-----\n"}, re.escape(milan) + "|Milan"),
        ("another product's chain in its place", {milan: bundle.read(genoa)}, "Milan|vcek"),
        ("a certificate for a list", {crl: bundle.read(vcek)}, re.escape(crl)),
        ("a list for a certificate", {vcek: bundle.read(crl)}, re.escape(vcek)),
        ("nothing in it", {vcek: b""}, re.escape(vcek)),
        ("a copy that is another certificate", {copy: bundle.read(folder + "intel/phala/sgx_quote/rootcacrl.der")[:-1] + b"\0"},
         re.escape(copy)),
        ("a certificate more in another form", {"collateral/pccs/platform_collaterals.json":
         bundle.read("collateral/pccs/platform_collaterals.json").replace(b"CERTIFICATE-----%0AMII",
                                                                          b"CERTIFICATE-----%0AMIJ", 1)},
         "platform_collaterals.json"),
    ]
    for name, changes, names in rows:
        refused(bundle, identity, f"collateral: {name}", changes, names)


# ---- the TPM's evidence

class Ca:
    """A vendor-like chain: root, issuer, endorsement certificate."""

    def __init__(self, ek, key=None):
        self.root_key, self.issuer_key = rsa.generate_private_key(65537, 2048), key or ec.generate_private_key(ec.SECP384R1())
        self.root = self.sign("root", self.root_key, "root", self.root_key, True)
        self.issuer = self.sign("issuer", self.issuer_key, "root", self.root_key, True)
        self.ek = self.sign("ek", ek, "issuer", self.issuer_key, False)

    @staticmethod
    def sign(name, key, issuer, issuer_key, ca):
        def of(n):
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, n)])
        start = datetime.datetime(2020, 1, 1)
        return x509.CertificateBuilder(of(issuer), of(name), key.public_key(), x509.random_serial_number(), start,
                                       start + datetime.timedelta(days=36500)) \
            .add_extension(x509.BasicConstraints(ca, None), True).sign(issuer_key, hashes.SHA256())

    def files(self, pub, cert=None, chain=None):
        out = b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain or (self.issuer, self.root))
        return {"evidence/ek.pub": sized(pub), "evidence/ek-chain.pem": out,
                "evidence/ekcert.der": (cert or self.ek).public_bytes(serialization.Encoding.DER)}


def ek_area(key):
    """TPMT_PUBLIC of an endorsement key, as its template wants it."""
    if isinstance(key, rsa.RSAPrivateKey):
        n = key.public_key().public_numbers().n
        return bytes.fromhex("0001000b000300b2") + sized(bytes(32)) + \
            bytes.fromhex("000600800043 0010 0800 00000000") + sized(n.to_bytes(256))
    p, high = key.public_key().public_numbers(), key.key_size == 384
    head = bytes.fromhex("0023000c000300f2") + sized(bytes(48)) + bytes.fromhex("000601000043001000040010") if high else \
        bytes.fromhex("0023000b000300b2") + sized(bytes(32)) + bytes.fromhex("000600800043001000030010")
    n = key.key_size // 8
    return head + sized(p.x.to_bytes(n)) + sized(p.y.to_bytes(n))


def endorsement(bundle, identity):
    p256, p384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
    rsa2048, other = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
    for name, key in (("P-256", p256), ("P-384", p384), ("RSA-2048", rsa2048)):
        accepted(bundle, identity, f"endorsement key: {name} with its chain", Ca(key).files(ek_area(key)),
                 rf"EK {name} as certified, chain of 2")
    ca, foreign = Ca(p256), Ca(p256)
    good = ca.files(ek_area(p256))
    ekcert = good["evidence/ekcert.der"]
    accepted(bundle, identity, "endorsement key: a certificate without a chain",
             {**good, "evidence/ek-chain.pem": None}, r"^ekcert.der \(1\): not checked: nothing here vouches")
    before = bundle.write(good)
    status, text, _ = crosscheck(bundle.folder, identity, "--files")
    said = listed(text)
    ok(status == 0 and all(said.get(p) == "checked" for p in good), "endorsement key: all three files are checked", text)
    bundle.restore(before)
    rows = [
        ("another key's certificate", ca.files(ek_area(other)), "ekcert.der"),
        ("a flipped bit of its certificate's key", {**good, "evidence/ekcert.der": flipped(ekcert, 200)}, "ekcert.der"),
        ("a flipped bit of its certificate's signature", {**good, "evidence/ekcert.der": flipped(ekcert, len(ekcert) - 1)},
         "ekcert.der"),
        ("a byte behind its certificate", {**good, "evidence/ekcert.der": ekcert + b"\0"}, "ekcert.der"),
        ("a chain of others with the same names", {**good, "evidence/ek-chain.pem": foreign.files(b"")["evidence/ek-chain.pem"]},
         "ekcert.der"),
        ("a chain in the wrong order", ca.files(ek_area(p256), chain=(ca.root, ca.issuer)), "ekcert.der"),
        ("a chain that the issuer is not in", ca.files(ek_area(p256), chain=(ca.root,)), "ekcert.der"),
        ("an issuer below another root", ca.files(ek_area(p256), chain=(ca.issuer, foreign.root)), "ek-chain.pem"),
        ("an issuer that is no CA", ca.files(ek_area(p256), cert=Ca.sign("x", p256, "ek", p256, False), chain=(ca.ek,)),
         "ekcert.der"),
        ("an empty chain", {**good, "evidence/ek-chain.pem": b""}, "ek-chain.pem"),
        ("no public area", {**good, "evidence/ek.pub": b""}, "ek.pub"),
        ("a public area that ends early", {**good, "evidence/ek.pub": sized(ek_area(p256)[:-1])}, "ek.pub"),
        ("a signing key for an endorsement key", {**good, "evidence/ek.pub": sized(bundle.ak.area)}, "ek.pub"),
    ]
    for name, changes, names in rows:
        refused(bundle, identity, f"endorsement key: {name}", changes, names)


def attestations(bundle, identity):
    other = resign.Ak()
    rows = [
        ("AK: its public area is another key's", {"evidence/ak.pub": sized(other.area)}, "ak.pub"),
        ("AK: not restricted", {"evidence/ak.pub": sized(bundle.ak.area.replace(bytes.fromhex("00050472"),
                                                                               bytes.fromhex("00040472")))}, "ak.pub"),
        ("AK: another in PEM", {"evidence/ak.pem": resign.public_pem(other.key)}, "ak.pem"),
        ("AK: one that signed nothing here", {"evidence/ak.pem": resign.public_pem(other.key),
                                              "evidence/ak.pub": sized(other.area)}, "audit.sig"),
        ("creation: over another plan", bundle.creation(extra=bytes(32)), "creation.msg"),
        ("creation: not ours", bundle.creation(outside=b"cornerstone/v1/akx"), "creation.data"),
        ("creation: of another key", bundle.creation(name=other.name), "creation.msg"),
        ("creation: other data", bundle.creation(digest=bytes(32)), "creation.data"),
        ("creation: its signer is the key elsewhere", bundle.creation(signer=bundle.ak.name), "creation.msg"),
        ("creation: another boot", bundle.creation(boot=(8, 1)), "creation.msg"),
        ("creation: another resume", bundle.creation(boot=(7, 2)), "creation.msg"),
        ("creation: a quote's type", bundle.creation(kind=resign.QUOTE), "creation.msg"),
        ("creation: not generated by a TPM", bundle.creation(magic=b"\xffTCH"), "creation.msg"),
        ("counter: another index", bundle.counter(index=0x01815c02), "counter.pub"),
        ("counter: another index's name", bundle.counter(name=b"\0\x0b" + bytes(32)), "counter.pub"),
        ("counter: half of it", bundle.counter(offset=4, size=4), "counter.msg"),
        ("counter: from the middle", bundle.counter(offset=1), "counter.msg"),
        ("counter: over another plan", bundle.counter(extra=bytes(32)), "counter.msg"),
        ("counter: another boot", bundle.counter(boot=(7, 2)), "counter.msg"),
        ("audit: another boot", bundle.audit(boot=(6, 1)), "creation.msg"),
    ]
    for name, changes, names in rows:
        refused(bundle, identity, f"evidence: {name}", changes, names)
    refused(bundle, identity, "evidence: quote of another boot", {}, "quote.msg", boot=(7, 3))
    accepted(bundle, identity, "evidence: counter and creation", {}, r"^\[OK\] TPM counter: 17, over the plan")
    gone = {f"evidence/{n}": None for n in ("counter.msg", "counter.sig", "counter.pub")}
    accepted(bundle, identity, "evidence: a TPM that has no counter", gone, r"^crosscheck: agrees")
    usual, bundle.ak = bundle.ak, resign.Ak(short=True)
    accepted(bundle, identity, "evidence: a TPM that drops zeros of its key", bundle.take_over(), r"^crosscheck: agrees")
    bundle.ak = usual


def spki(path):
    with open(path, "rb") as f:
        key = x509.load_pem_x509_certificate(f.read()).public_key()
    return resign.sha256(key.public_bytes(serialization.Encoding.DER,
                                          serialization.PublicFormat.SubjectPublicKeyInfo)).hex()


def rehearse(out):
    """A genesis whose plan also names the roots of IBM's and Intel's test certificates."""
    status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, out)
    stick, data = os.path.join(out, "sticks", "CS-IN"), os.environ.get("TESTDATA", "../shared/data")
    if status == 0 and os.path.isdir(os.path.join(data, "ibm-se")):
        for name in ("ibm-se", "intel/qvl-sgx-testroot", "intel/qvl-tdx-testroot"):
            shutil.copytree(os.path.join(data, name), os.path.join(stick, "collateral", name))
        with open(os.path.join(stick, "plan.json"), encoding="utf-8") as f:
            plan = json.load(f)
        plan["vendor_pki"] = {
            "ibm-se": spki(os.path.join(data, "ibm-se", "root_ca.crt")),
            "intel": spki(os.path.join(data, "intel", "qvl-sgx-testroot", "trustedRootCaCert.pem"))}
        with open(os.path.join(stick, "plan.json"), "w", encoding="utf-8") as f:
            json.dump(plan, f)
    if status == 0:
        status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play",
                                  os.path.join(r.TESTS, "play", "genesis.play"), "--out", out)
    return ok(status == 0, "the rehearsal ends well", said + err)


def main():
    with tempfile.TemporaryDirectory(prefix="coverage-") as tmp:
        out = os.path.join(tmp, "genesis")
        if not rehearse(out):
            r.done()
        bundle, identity = resign.Bundle(out, tmp), r.identity(out)
        checked = silent(bundle, identity)
        every_checked(bundle, identity, checked)
        strangers(bundle, identity)
        if any("phala" in p for p in checked):
            collateral(bundle, identity)
        else:
            r.skip("collateral, broken", "TESTDATA is not there")
        attestations(bundle, identity)
        endorsement(bundle, identity)
        status, text, _ = crosscheck(bundle.folder, identity)
        ok(status == 0, "after all this the bundle is as it was", text)
    r.done()


if __name__ == "__main__":
    sys.exit(main())
