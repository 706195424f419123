"""bypass_parts - how the attempts of bypass_test.py are made: ceremonies, bundles, forged signatures."""
import base64
import dataclasses
import datetime
import hashlib
import json
import os
import shutil
import sys

import genesis_parts
import rehearsal as r
from shamir_mnemonic.share import Share

sys.path.insert(0, os.path.join(r.TESTS, "vm"))
import derive  # noqa: E402  pylint: disable=wrong-import-position

from cryptography import x509  # noqa: E402  pylint: disable=wrong-import-position
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402  pylint: disable=wrong-import-position
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402  pylint: disable=wrong-import-position

P384, MLDSA = "statement.p384.p7s", "statement.mldsa87.p7s"
MODES = ("rebuild", "reshare", "rotate", "refresh")


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def write(data, *path):
    os.makedirs(os.path.dirname(os.path.join(*path)), exist_ok=True)
    with open(os.path.join(*path), "wb") as f:
        f.write(data)


def edit(path, *changes):
    """Replace in a file; what is to be replaced must be there."""
    data = read(path)
    for find, put in changes:
        assert find in data, (path, find)
        data = data.replace(find, put)
    write(data, path)


def must(done, what):
    status, said = done[0], "".join(str(x) for x in done[1:])
    if status != 0:
        raise RuntimeError(f"{what}: {status}: {said}")


class World:
    """Two geneses, a rotation of the first, and a place prepared for every mode after it."""

    def __init__(self, folder):
        self.folder = folder
        self.n = 0
        self.out, self.other, self.rotated, self.forked = (self.at(n) for n in ("out", "other", "rotated", "forked"))
        for out in (self.out, self.other):
            must(r.play("genesis.play", out), "genesis")
        self.told, self.foreign = genesis_parts.shares(self.out), genesis_parts.shares(self.other)
        self.identity = r.identity(self.out)
        must(r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, self.at("genesis")), "sticks")
        for mode in MODES:
            self.prepare(mode)
        for out in (self.rotated, self.forked):
            shutil.copytree(self.at("rotate"), out)
            must(self.play(out, self.text("rotate")), "rotation")
        self.keys = derive.Ceremony(self.bundle, self.told)

    @property
    def bundle(self):
        return os.path.join(self.out, "bundle")

    def at(self, name):
        return os.path.join(self.folder, name)

    def prepare(self, mode):
        place = self.at(mode)
        env = {"MODE": mode}
        if mode == "refresh":
            for name in ("alice", "bob"):
                shutil.copytree(os.path.join(self.out, "sticks", f"CS-{name}"), os.path.join(place, "sticks", f"CS-{name}"))
            shutil.copytree(self.bundle, os.path.join(place, "base"))
            identity = os.path.join(place, "base", "trust", "identity.json")
        else:
            kind = genesis_parts.prepare_rebuild if mode == "rotate" else genesis_parts.prepare_reshare
            kind(self.out, place, self.told)
            identity = os.path.join(place, "recovery-card.txt" if mode == "rebuild" else "identity.json")
        must(r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, place, identity, env=env), mode)

    @staticmethod
    def text(mode):
        return read(r.TESTS, "play", f"{mode}.play").decode()

    @staticmethod
    def play(out, text, faketime=None):
        path = os.path.join(out, "bypass.play")
        write(text.encode(), path)
        before = ["faketime", faketime] if faketime else []
        status, said, err = r.run(*before, os.path.join(r.BIN, "ceremony"), "play", path, "--out", out)
        return status, said + err

    def place(self, mode):
        """A fresh copy of what is prepared for the mode."""
        self.n += 1
        out = self.at(f"row-{self.n}")
        shutil.copytree(self.at(mode), out)
        return out

    def altered(self, change):
        """A copy of the bundle with something changed."""
        self.n += 1
        bundle = self.at(f"row-{self.n}")
        shutil.copytree(self.bundle, bundle)
        if change is not None:
            change(self, bundle)
        return bundle


def last_screen(out):
    """The right part of the last screen, on one line."""
    folder = os.path.join(out, "screens")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    if not names:
        return ""
    lines = read(folder, names[-1]).decode().splitlines()
    return " ".join(" ".join(line.partition("│")[2].split()) for line in lines)


# ---- attempts: each returns (program, status, message, was nothing left?)


def ceremony(mode, at, put, prepare=None, faketime=None):
    """The mode's answer file up to the words at, then put and no more; prepare changes the sticks."""
    def attempt(world):
        out, text = world.place(mode), world.text(mode)
        assert at is None or at in text, at
        if prepare is not None:
            prepare(world, out)
        cut = text if at is None else text[:text.index(at)] + (put(world) if callable(put) else put)
        status, said = world.play(out, cut, faketime)
        said = (said.strip().splitlines() or [""])[-1] + " " + last_screen(out)
        places = ["bundle", "sticks/CS-OUT-B/bundle"] + ([] if "CS-OUT-A" in cut else ["sticks/CS-OUT-A/bundle"])
        left = [n for n in places if os.path.exists(os.path.join(out, n))]
        shutil.rmtree(out)
        return "ceremony", status, said, not left
    return attempt


def verify(change, *more, rehearsal=True, identity=True, faketime=None):
    def attempt(world):
        bundle = world.altered(change)
        argv = ["faketime", faketime] if faketime else []
        argv += [os.path.join(r.BIN, "sanctum"), "verify", bundle]
        argv += ["--rehearsal"] if rehearsal else []
        argv += ["--identity", world.identity if identity is True else identity(world)] if identity else []
        argv += [x(world) if callable(x) else x for x in more]
        status, said, err = r.run(*argv)
        shutil.rmtree(bundle)
        return "sanctum", status, (said + err).strip().splitlines()[-1], True
    return attempt


def remembered(first, second):
    """An importer with a memory takes the first bundle, and is then given the second."""
    def attempt(world):
        world.n += 1
        state = world.at(f"state-{world.n}")
        argv = (os.path.join(r.BIN, "sanctum"), "verify")
        more = ("--rehearsal", "--identity", world.identity, "--state", state)
        must(r.run(*argv, first(world), *more), "the first")
        status, said, err = r.run(*argv, second(world), *more)
        return "sanctum", status, (said + err).strip().splitlines()[-1], True
    return attempt


def crosscheck(change, identity=True):
    def attempt(world):
        bundle = world.altered(change)
        digest = world.identity if identity is True else identity(world) if identity else None
        status, said, err = r.run(os.path.join(r.BIN, "crosscheck"), bundle, *(["--identity", digest] if digest else []))
        shutil.rmtree(bundle)
        return "crosscheck", status, (said + err).strip().splitlines()[-1], True
    return attempt


# ---- bundles: what is changed


def swap(name, *others):
    """The files of another genesis in the place of ours."""
    def change(world, bundle):
        for n in (name, *others):
            shutil.copy(os.path.join(world.other, "bundle", n), os.path.join(bundle, n))
    return change


def exchange(a, b):
    def change(_, bundle):
        one, two = read(bundle, a), read(bundle, b)
        write(two, bundle, a)
        write(one, bundle, b)
    return change


def copy(source, *to):
    def change(_, bundle):
        for n in to:
            write(read(bundle, source), bundle, n)
    return change


def remove(name):
    return lambda _, bundle: os.unlink(os.path.join(bundle, name))


def add(name):
    return lambda _, bundle: write(b"x\n", bundle, name)


def change_in(name, find, put):
    return lambda _, bundle: edit(os.path.join(bundle, name), (find, put))


def link(name):
    def change(world, bundle, source=None):
        os.unlink(os.path.join(bundle, name))
        os.symlink(os.path.join(source or world.bundle, name), os.path.join(bundle, name))
    return change


# ---- signatures of people who have keys that are not for this


def cms(world, bundle, cert, pem, extra, to=P384):
    """openssl signs the statement, into the bundle."""
    files = {"cert": cert, "key": pem, "extra": extra}
    for name, data in files.items():
        write(data, world.at(f"cms.{name}"))
    must(r.run("openssl", "cms", "-sign", "-binary", "-outform", "DER", "-md", "sha384" if to == P384 else "sha512",
               "-nosmimecap", "-no_signing_time", "-in", os.path.join(bundle, "statement.json"), "-signer", world.at("cms.cert"), "-inkey", world.at("cms.key"),
               "-certfile", world.at("cms.extra"), "-out", os.path.join(bundle, to)), "openssl cms")


def chain(world, name):
    return [c.public_bytes(serialization.Encoding.PEM) for c in
            x509.load_pem_x509_certificates(read(world.bundle, "trust", f"{name}-chain.pem"))]


def signed_by(label, chain_name):
    def change(world, bundle):
        certs = chain(world, chain_name)
        cms(world, bundle, certs[0], world.keys.keys[label].pem(), b"".join(certs[1:]))
    return change


def signed_again(find, put):
    """Another statement, signed by the custodians' keys and approved: only the TPM was not there."""
    def change(world, bundle):
        edit(os.path.join(bundle, "statement.json"), (find, put))
        signed_by("statement-p384", "statement-p384")(world, bundle)
        certs = chain(world, "statement-mldsa87")
        seed = world.keys.keys["statement-mldsa87"].seed
        pem = derive.openssl("genpkey", "-algorithm", "ML-DSA-87", "-pkeyopt", "hexseed:" + seed.hex())
        cms(world, bundle, certs[0], pem, b"".join(certs[1:]), MLDSA)
        for name in ("alice", "bob"):
            key = derive.Approver(os.path.join(world.out, "sticks", f"CS-{name}"), f"rehearsal passphrase of {name}")
            write(key.keys["sign"].key.sign(read(bundle, "statement.json"), ec.ECDSA(hashes.SHA384())), bundle,
                  "approvals", name + ".sig")
    return change


def signed_by_tls(world, bundle):
    """A node's TLS key: its certificate, for servers, comes from the same CA."""
    certs = chain(world, "statement-p384")
    issuer, key = x509.load_pem_x509_certificate(certs[1]), ec.generate_private_key(ec.SECP384R1())
    start = datetime.datetime(2026, 1, 1)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "node-1.example")])
    cert = x509.CertificateBuilder(issuer.subject, name, key.public_key(), x509.random_serial_number(), start,
                                   start + datetime.timedelta(days=3650)) \
        .add_extension(x509.BasicConstraints(False, None), True) \
        .add_extension(x509.KeyUsage(True, *[False] * 8), True) \
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False) \
        .add_extension(x509.AuthorityKeyIdentifier(issuer.extensions.get_extension_for_class(
            x509.SubjectKeyIdentifier).value.digest, None, None), False) \
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), False) \
        .sign(world.keys.keys["signing-ca-p384"].key, hashes.SHA384())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    cms(world, bundle, cert.public_bytes(serialization.Encoding.PEM), pem, b"".join(certs[1:]))


# ---- shares


def foreign_share(world):
    return world.foreign[0]


def other_world(world):
    """The first share with the bit of the other world, and a good checksum."""
    share = Share.from_mnemonic(world.told[0])
    return dataclasses.replace(share, identifier=share.identifier ^ 0x4000).mnemonic()


def forged_share(world):
    """A share of this splitting with another value, and a good checksum."""
    share = Share.from_mnemonic(world.told[0])
    return dataclasses.replace(share, value=bytes([share.value[0] ^ 1]) + share.value[1:]).mnemonic()


def slip(world):
    """Two words of a share exchanged."""
    words = world.told[0].split()
    words[10], words[11] = words[11], words[10]
    return " ".join(words)


# ---- sticks


def plan(*changes):
    return lambda _, out: edit(os.path.join(out, "sticks", "CS-IN", "plan.json"), *changes)


def on_stick(name, *changes):
    return lambda _, out: edit(os.path.join(out, "sticks", name), *changes)


def shutil_copy(source, to):
    """What lies on one stick lies on another, too; the source may be of another ceremony."""
    def prepare(_, out, of=None):
        path, end = os.path.join(of or out, "sticks", source), os.path.join(out, "sticks", to)
        if os.path.isdir(path):
            shutil.rmtree(end, ignore_errors=True)
            shutil.copytree(path, end)
        else:
            shutil.copy(path, end)
    return prepare


def twin(label):
    """OUT-A is marked before the day; label has the same mark, and what another ceremony wrote."""
    def prepare(world, out):
        shutil.rmtree(os.path.join(out, "sticks", label), ignore_errors=True)
        shutil.copytree(os.path.join(world.other, "sticks", "CS-OUT-A"), os.path.join(out, "sticks", label))
        for name in {"CS-OUT-A", label}:
            mark(name, "out-a")(world, out)
    return prepare


def mark(label, role, **other):
    value = {"format": "cornerstone-stick-1", "role": role, "id": "00" * 16, "world": "rehearsal",
             "sanctum": "5a6b1c02d3e44f5586978899aabbccdd", "ceremony": "2026-1", **other}
    return lambda _, out: write(json.dumps(value).encode(), out, "sticks", label, "cornerstone.json")


def stranger(_):
    """The verifier key of a witness who cosigned nothing."""
    name, key = "stranger.example/w", b"\4" + hashlib.sha256(b"stranger").digest()
    tag = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
    return f"{name}+{tag}+{base64.b64encode(key).decode()}"
