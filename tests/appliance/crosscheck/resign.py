"""resign - a rehearsal's bundle that says something else, and is signed and quoted all the same.

Its keys are derived again from the shares on the screens; its TPM is replaced by a P-256 key of
our own, so that every attestation can be made as a TPM would, or as it never would.
"""
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TESTS, "rehearsal"), os.path.join(TESTS, "vm"), os.path.join(TESTS, "lib")]

import derive                                               # noqa: E402
import genesis_parts                                        # noqa: E402
from cryptography import x509                               # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization   # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec    # noqa: E402
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature  # noqa: E402

UNBOUND = ("statement.json", "statement.p384.p7s", "statement.mldsa87.p7s", "evidence/quote.msg",
           "evidence/quote.sig", "evidence/quote.pcr", "transcript/openings.jsonl")
AK_HEAD = bytes.fromhex("0023000b00050472000000100018000b00030010")
QUOTE, AUDIT, CREATION, NV = 0x8018, 0x8016, 0x801a, 0x8014
BOOT = (7, 1)


def canonical(tree):
    return json.dumps(tree, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


def sized(data):
    return struct.pack(">H", len(data)) + data


def pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def public_pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM,
                                         serialization.PublicFormat.SubjectPublicKeyInfo)


def sha256(data):
    return hashlib.sha256(data).digest()


class Ak:
    """An attestation key outside any TPM."""

    def __init__(self, short=False):
        self.key = ec.generate_private_key(ec.SECP256R1())
        while short and self.key.public_key().public_numbers().x >> 248:
            self.key = ec.generate_private_key(ec.SECP256R1())
        p = self.key.public_key().public_numbers()
        self.area = AK_HEAD + sized(p.x.to_bytes(31 if short else 32)) + sized(p.y.to_bytes(32))
        self.name = b"\0\x0b" + sha256(self.area)
        self.signer = b"\0\x0b" + sha256(bytes.fromhex("4000000b") + self.name)

    def sign(self, data):
        r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
        return bytes.fromhex("0018000b") + sized(r.to_bytes(32)) + sized(s.to_bytes(32))

    def attest(self, kind, extra, body, boot=BOOT, magic=b"\xffTCG", signer=None):
        """TPMS_ATTEST and its signature."""
        msg = magic + struct.pack(">H", kind) + sized(signer or self.signer) + sized(extra) + \
            bytes(8) + struct.pack(">II", *boot) + b"\1" + bytes(8) + body
        return msg, self.sign(msg)


class Bundle:
    """A copy of what a rehearsal left, with our keys to it."""

    def __init__(self, out, folder):
        self.source, self.folder = os.path.join(out, "bundle"), os.path.join(folder, "bundle")
        self.work = folder
        keys = derive.Ceremony(self.source, genesis_parts.shares(out)).keys
        seed = keys["statement-mldsa87"].seed
        self.cms_keys = {
            "p384": keys["statement-p384"].pem(),
            "mldsa87": derive.openssl("genpkey", "-algorithm", "ML-DSA-87", "-pkeyopt", "hexseed:" + seed.hex())}
        self.approvers = {
            name: derive.Approver(os.path.join(out, "sticks", f"CS-{name}"), f"rehearsal passphrase of {name}").keys["sign"].key
            for name in ("alice", "bob")}
        self.ak = Ak()
        shutil.copytree(self.source, self.folder)
        self.plan = bytes.fromhex(json.loads(self.read("statement.json"))["predicate"]["plan_sha256"])
        self.good = self.take_over()
        self.write(self.good)

    def read(self, path):
        with open(os.path.join(self.folder, path), "rb") as f:
            return f.read()

    def put(self, path, data):
        full = os.path.join(self.folder, path)
        if data is None:
            if os.path.exists(full):
                os.remove(full)
            return
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as f:
            f.write(data)

    def files(self):
        return sorted(os.path.relpath(os.path.join(top, n), self.folder)
                      for top, _, names in os.walk(self.folder) for n in names)

    # ---- our TPM instead of theirs

    def take_over(self):
        """The files of the evidence, by our key."""
        files = {"evidence/ak.pem": public_pem(self.ak.key), "evidence/ak.pub": sized(self.ak.area)}
        audit = self.read("evidence/audit.msg")
        self.audit_body = audit[-(1 + 2 + 32):]
        for name, make in (("audit", self.audit), ("creation", self.creation), ("counter", self.counter)):
            files.update(make())
        return files

    def three(self, name, attested, last, data):
        return {f"evidence/{name}.msg": attested[0], f"evidence/{name}.sig": attested[1],
                f"evidence/{name}.{last}": data}

    def audit(self, **more):
        attested = self.ak.attest(AUDIT, self.plan, self.audit_body, **more)
        return self.three("audit", attested, "list", self.read("evidence/audit.list"))

    def creation(self, outside=b"cornerstone/v1/ak", extra=None, name=None, digest=None, kind=CREATION, **more):
        handle = bytes.fromhex("4000000b")
        data = struct.pack(">I", 0) + sized(b"") + b"\1" + bytes.fromhex("0010") + sized(handle) + sized(handle) + sized(outside)
        body = sized(name or self.ak.name) + sized(digest or sha256(data))
        return self.three("creation", self.ak.attest(kind, extra or self.plan, body, **more), "data", data)

    def counter(self, value=17, index=0x01815c01, name=None, offset=0, size=8, extra=None, **more):
        pub = struct.pack(">IHI", index, 0x0b, 0x22060014) + sized(b"") + struct.pack(">H", 8)
        body = sized(name or b"\0\x0b" + sha256(pub)) + struct.pack(">H", offset) + sized(value.to_bytes(size))
        return self.three("counter", self.ak.attest(NV, extra or self.plan, body, **more), "pub", pub)

    def quote(self, statement, boot=BOOT):
        values = self.read("evidence/quote.msg")
        start = values.index(struct.pack(">IH", 1, 0x0b), 40)
        msg, sig = self.ak.attest(QUOTE, sha256(statement), values[start:], boot=boot)
        return {"evidence/quote.msg": msg, "evidence/quote.sig": sig}

    # ---- signed again

    def cms(self, kind):
        chain = x509.load_pem_x509_certificates(self.read(f"trust/statement-{kind}-chain.pem"))
        blocks = [c.public_bytes(serialization.Encoding.PEM) for c in chain]
        for name, data in (("cert", blocks[0]), ("extra", blocks[1]), ("key", self.cms_keys[kind])):
            with open(os.path.join(self.work, name), "wb") as f:
                f.write(data)
        subprocess.run(["openssl", "cms", "-sign", "-binary", "-outform", "DER", "-md",
                        "sha384" if kind == "p384" else "sha512", "-nosmimecap", "-no_signing_time",
                        "-in", os.path.join(self.folder, "statement.json"), "-signer", os.path.join(self.work, "cert"),
                        "-inkey", os.path.join(self.work, "key"), "-certfile", os.path.join(self.work, "extra"),
                        "-out", os.path.join(self.folder, f"statement.{kind}.p7s")], check=True)

    def write(self, changes, boot=BOOT, sign=True):
        """These files, None for one that goes; everything above them is made again."""
        before = {path: self.read(path) if os.path.exists(os.path.join(self.folder, path)) else None
                  for path in [*changes, *UNBOUND, "SHA256SUMS", "approvals/alice.sig", "approvals/bob.sig"]}
        for path, data in changes.items():
            self.put(path, data)
        tree = json.loads(self.read("statement.json"))
        sums = {p: sha256(self.read(p)).hex() for p in self.files()
                if p not in UNBOUND and not p.startswith("approvals/") and p != "SHA256SUMS"}
        if "SHA256SUMS" not in changes:
            self.put("SHA256SUMS", "".join(f"{sums[p]}  {p}\n" for p in sorted(sums)).encode())
        sums["SHA256SUMS"] = sha256(self.read("SHA256SUMS")).hex()
        tree["subject"] = [{"digest": {"sha256": sums[p]}, "name": p} for p in sorted(sums)]
        statement = canonical(tree)
        self.put("statement.json", statement)
        if sign:
            for kind in self.cms_keys:
                self.cms(kind)
            for name, key in self.approvers.items():
                self.put(f"approvals/{name}.sig", key.sign(statement, ec.ECDSA(hashes.SHA384())))
            for path, data in self.quote(statement, boot).items():
                self.put(path, data)
        return before

    def restore(self, before):
        for path, data in before.items():
            self.put(path, data)
