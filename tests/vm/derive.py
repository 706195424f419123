"""derive - everything secret of a rehearsal, by another hand.

From what custodians and approvers have (shares, sticks, passphrases) and the public identity
file, as docs/FORMAT-KEYS.md says it: python3-shamir-mnemonic joins the shares, hashlib derives,
openssl makes ML-DSA keys from their seeds and opens the approvers' files. Nothing of ours is
linked. What is derived is compared with the public keys of the bundle: a wrong derivation
must not look like clean memory.
"""
import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from shamir_mnemonic import combine_mnemonics, recover_ems
from shamir_mnemonic.shamir import decode_mnemonics
from shamir_mnemonic.share import Share

MASTER, OPERATIONS = "master secret", "operations secret"
# label: parent, kind, bytes of seed
KEYS = {
    "root-p384": (MASTER, "P-384", 48),
    "root-mldsa87": (MASTER, "ML-DSA-87", 32),
    "signing-ca-p384": (MASTER, "P-384", 48),
    "signing-ca-mldsa87": (MASTER, "ML-DSA-87", 32),
    "statement-p384": (MASTER, "P-384", 48),
    "statement-mldsa87": (MASTER, "ML-DSA-87", 32),
    "token-ca-p384": (MASTER, "P-384", 48),
    "operations-p384": (OPERATIONS, "P-384", 48),
    "operations-mldsa87": (OPERATIONS, "ML-DSA-87", 32),
    "token-p256": (OPERATIONS, "P-256", 32),
    "transcript-log": (OPERATIONS, "Ed25519", 32),
}
CURVES = {"P-384": ec.SECP384R1(), "P-256": ec.SECP256R1()}
ORDERS = {
    "P-384": int("ffffffffffffffffffffffffffffffffffffffffffffffff"
                 "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16),
    "P-256": int("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16),
}
EXPANDED = 4896			# bytes of an expanded ML-DSA-87 key


class DeriveError(Exception):
    """What was derived does not fit what is public; the text says which."""


def openssl(*argv, stdin=b""):
    run = subprocess.run(["openssl", *argv], input=stdin, capture_output=True, check=False)
    if run.returncode != 0:
        raise DeriveError(f"openssl {argv[0]}: {run.stderr.decode(errors='replace').strip()}")
    return run.stdout


# ---- pure functions


def extract(salt, parent):
    return hmac.digest(salt, parent, "sha512")


def expand(prk, info, n):
    out, block, i = b"", b"", 0
    while len(out) < n:
        i += 1
        block = hmac.digest(prk, block + info + bytes([i]), "sha512")
        out += block
    return out[:n]


class Drbg:
    """HMAC_DRBG with SHA-256, SP 800-90A 10.1.2."""

    def __init__(self, seed):
        self.k, self.v = bytes(32), b"\1" * 32
        self.update(seed)

    def update(self, data):
        for mark in b"\0\1" if data else b"\0":
            self.k = hmac.digest(self.k, self.v + bytes([mark]) + data, "sha256")
            self.v = hmac.digest(self.k, self.v, "sha256")

    def generate(self, n):
        out = b""
        while len(out) < n:
            self.v = hmac.digest(self.k, self.v, "sha256")
            out += self.v
        self.update(b"")
        return out[:n]


def scalar(seed, curve):
    """C2SP det-keygen."""
    drbg = Drbg(seed + f"det ECDSA key gen {curve}".encode())
    while True:
        candidate = drbg.generate(len(seed))
        if 0 < int.from_bytes(candidate) < ORDERS[curve]:
            return candidate


class EcKey:
    """An ECDSA key: scalar, DER forms of the private key, public key."""

    def __init__(self, seed, curve):
        self.kind, self.seed, self.curve = "ECDSA key", seed, curve
        self.scalar = scalar(seed, curve)
        self.key = ec.derive_private_key(int.from_bytes(self.scalar), CURVES[curve])
        self.public = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def pem(self):
        return self.key.private_bytes(serialization.Encoding.PEM,
                                      serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption())


class MlDsaKey:
    """An ML-DSA-87 key: seed, expanded key (FIPS 204, skEncode), public key."""

    def __init__(self, seed):
        self.kind, self.seed = "ML-DSA key", seed
        private = openssl("genpkey", "-algorithm", "ML-DSA-87", "-pkeyopt",
                          "hexseed:" + seed.hex(), "-outform", "DER")
        mark = b"\x04\x82" + EXPANDED.to_bytes(2)
        at = private.index(mark) + len(mark)
        self.expanded = private[at:at + EXPANDED]
        if len(self.expanded) != EXPANDED or seed not in private:
            raise DeriveError("openssl gives another form of an ML-DSA-87 key")
        self.public = openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER",
                              stdin=private)


class Ed25519Key:
    """The seed, which is the private key, and its public key."""

    def __init__(self, seed):
        self.kind, self.seed = "Ed25519 key", seed
        self.hashed = hashlib.sha512(seed).digest()
        self.public = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key() \
            .public_bytes(serialization.Encoding.DER,
                          serialization.PublicFormat.SubjectPublicKeyInfo)


def key_of(kind, seed):
    if kind == "ML-DSA-87":
        return MlDsaKey(seed)
    return Ed25519Key(seed) if kind == "Ed25519" else EcKey(seed, kind)


def join_shares(texts):
    """(secret, values of the shares, the encrypted secret) of SLIP-0039 texts."""
    need = Share.from_mnemonic(texts[0]).member_threshold
    if len(set(texts)) < need:
        raise DeriveError(f"{len(texts)} shares are known, {need} are needed")
    chosen = sorted(set(texts))[:need]
    ems = recover_ems(decode_mnemonics(chosen))
    return combine_mnemonics(chosen), [Share.from_mnemonic(t).value for t in texts], ems.ciphertext


# ---- a whole ceremony


class Approver:
    """What the approver's stick and passphrase give."""

    def __init__(self, folder, passphrase):
        with open(os.path.join(folder, "approver.key"), encoding="ascii") as f:
            text = f.read()
        sealed = json.loads(text)
        b64 = base64.b64decode
        kdf = sealed["argon2id"]
        self.passphrase = passphrase
        self.file_key = openssl(
            "kdf", "-keylen", "32", "-binary", "-kdfopt", "hexpass:" + passphrase.encode().hex(),
            "-kdfopt", "hexsalt:" + b64(kdf["salt"]).hex(), "-kdfopt", f"iter:{kdf['passes']}",
            "-kdfopt", f"memcost:{kdf['memory_kib']}", "-kdfopt", f"lanes:{kdf['lanes']}",
            "ARGON2ID")
        public = {k: v for k, v in sealed.items() if k != "sealed"}
        self.seed = AESGCM(self.file_key).decrypt(
            b64(sealed["nonce"]), b64(sealed["sealed"]),
            json.dumps(public, sort_keys=True, separators=(",", ":")).encode())
        self.prk = extract(b"cornerstone/v1/approver", self.seed)
        self.keys = {use: EcKey(expand(self.prk, b"cornerstone/v1/approver\0" + use.encode(), 48),
                                "P-384") for use in ("sign", "seal")}
        with open(os.path.join(folder, "approver.json"), encoding="ascii") as f:
            said = json.load(f)
        for use, key in self.keys.items():
            if b64(said[use]) != key.public:
                raise DeriveError(f"{folder}: the {use} key is not the one of approver.json")

    def open_share(self, path):
        """The text of an operations share on the approver's stick."""
        with tempfile.TemporaryDirectory() as folder:
            pem = os.path.join(folder, "seal.pem")
            with open(pem, "wb") as f:
                f.write(self.keys["seal"].pem())
            return openssl("cms", "-decrypt", "-inform", "DER", "-in", path, "-inkey", pem,
                           "-binary").decode().strip()


def public_keys(bundle):
    """SubjectPublicKeyInfo of every certificate and key below trust/."""
    found = set()
    trust = os.path.join(bundle, "trust")
    for name in sorted(os.listdir(trust)):
        if not name.endswith(".pem"):
            continue
        with open(os.path.join(trust, name), "rb") as f:
            blocks = re.findall(rb"-----BEGIN ([A-Z ]+)-----\n(.*?)-----END", f.read(), re.DOTALL)
        for kind, body in blocks:
            der = base64.b64decode(body)
            if kind == b"CERTIFICATE":
                found.add(x509.load_der_x509_certificate(der).tbs_certificate_bytes)
            else:
                found.add(der)
    return found


class Ceremony:
    """All secrets of one ceremony, by name."""

    def __init__(self, bundle, shares):
        with open(os.path.join(bundle, "trust", "identity.json"), encoding="ascii") as f:
            self.identity = json.load(f)
        self.share_texts = list(shares)
        self.master, self.share_values, self.ems = join_shares(self.share_texts)
        self.salt = b"cornerstone/v1/" + self.identity["world"].encode()
        self.generation = {row[0]: row[2] for row in self.identity["certificates"]}
        generation = self.identity["operations"]["generation"]
        self.operations = self._seed(self.master, "operations", generation, 32)
        parents = {MASTER: self.master, OPERATIONS: self.operations}
        self.prks = {name: extract(self.salt, parent) for name, parent in parents.items()}
        self.keys = {}
        for label, (parent, kind, n) in KEYS.items():
            seed = self._seed(parents[parent], label, self.generation.get(label, generation), n)
            self.keys[label] = key_of(kind, seed)
        self._compare(public_keys(bundle))
        self.approvers = {}
        self.ops_texts = []

    def _seed(self, parent, label, generation, n):
        info = b"cornerstone/v1\0" + bytes.fromhex(self.identity["sanctum"]["id"]) + b"\0" + \
            label.encode() + b"\0" + generation.to_bytes(4)
        return expand(extract(self.salt, parent), info, n)

    def _compare(self, public):
        for label, key in self.keys.items():
            if not any(key.public in one for one in public):
                raise DeriveError(f"{label}: the derived key is not in the bundle")

    def add_approver(self, name, folder, passphrase, ops_files):
        """The approver's keys, and the operations share in the newest of ops_files."""
        approver = self.approvers[name] = Approver(folder, passphrase)
        if ops_files:
            self.ops_texts.append(approver.open_share(sorted(ops_files)[-1]))

    def check_operations(self):
        """The operations shares give the operations secret. Their values, encrypted secret."""
        secret, values, ems = join_shares(self.ops_texts)
        if secret != self.operations:
            raise DeriveError("the operations shares do not give the operations secret")
        return values, ems
