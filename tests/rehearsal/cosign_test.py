#!/usr/bin/env python3
"""A witness signs the transcript's checkpoint with stock openssl; sanctum verify demands it.

The form is judged by a reading of C2SP tlog-cosignature (Ed25519, cosignature/v1) of our own
here, with python3-cryptography for the signature.
timeout: 120
"""
import base64
import hashlib
import os
import shutil
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import rehearsal as r
from rehearsal import ok

TIME = "2026-02-03T04:05:06Z"
SECONDS = 1770091506
NAME = "witness.example.com/wim"
FILE = "transcript/cosignatures/witness.example.com-wim"


def sanctum(*argv):
    status, stdout, stderr = r.run(os.path.join(r.BIN, "sanctum"), *argv)
    return status, (stdout + stderr).strip().splitlines()


def content(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def new_key(folder, name):
    key, pub = os.path.join(folder, name + ".key"), os.path.join(folder, name + ".pem")
    r.run("openssl", "genpkey", "-algorithm", "ed25519", "-out", key)
    r.run("openssl", "pkey", "-in", key, "-pubout", "-out", pub)
    return key, pub


def signature(key, message, folder, name="sig"):
    path = os.path.join(folder, name)
    status, _, err = r.run("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", message, "-out", path)
    ok(status == 0, "openssl signs the message", err)
    return path


def raw_of(pub):
    """The 32 bytes of an Ed25519 key: the end of its SPKI [RFC 8410]."""
    return base64.b64decode("".join(content(pub).decode().splitlines()[1:-1]))[-32:]


def judge(bundle, pub, vkey):
    line = content(bundle, FILE).decode()
    name, text = line[2:].rstrip("\n").split(" ")
    blob, raw = base64.b64decode(text), raw_of(pub)
    key_id = hashlib.sha256(NAME.encode() + b"\n\x04" + raw).digest()[:4]
    ok(line.startswith("\u2014 ") and name == NAME and len(blob) == 76, "the line is a note's, with a name", line)
    ok(blob[:4] == key_id and struct.unpack(">Q", blob[4:12])[0] == SECONDS, "key id of type 4, and the time")
    checkpoint = content(bundle, "transcript/checkpoint").split(b"\n\n")[0] + b"\n"
    Ed25519PublicKey.from_public_bytes(raw).verify(blob[12:], b"cosignature/v1\ntime %d\n" % SECONDS + checkpoint)
    ok(True, "the signature is over time and checkpoint")
    ok(vkey == f"{NAME}+{key_id.hex()}+{base64.b64encode(bytes([4]) + raw).decode()}", "the verifier key is C2SP's", vkey)


def attach_refused(bundle, folder, key, pub, message):
    good = signature(key, message, folder, "again")
    short, flipped = os.path.join(folder, "short"), os.path.join(folder, "flipped")
    with open(short, "wb") as f:
        f.write(content(good)[:63])
    with open(flipped, "wb") as f:
        f.write(bytes([content(good)[0] ^ 1]) + content(good)[1:])
    other = new_key(folder, "other")
    p384 = os.path.join(folder, "p384.pem")
    r.run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", p384 + ".key")
    r.run("openssl", "pkey", "-in", p384 + ".key", "-pubout", "-out", p384)
    for what, time, name, key_file, sig, status, why in (
            ("a bit of the signature flipped", TIME, NAME, pub, flipped, 11, "not the signature"),
            ("another time than was signed", "2026-02-03T04:05:07Z", NAME, pub, good, 11, "not the signature"),
            ("the key of another", TIME, NAME, other[1], good, 11, "not the signature"),
            ("a P-384 key", TIME, NAME, p384, good, 10, "not an Ed25519 key"),
            ("a signature cut short", TIME, NAME, pub, short, 10, "63 bytes"),
            ("a name with a blank", TIME, "wim w", pub, good, 2, "cannot be a file"),
            ("a name that climbs", TIME, "..", pub, good, 2, "cannot be a file"),
            ("the same witness again", TIME, NAME, pub, good, 20, FILE)):
        got, said = sanctum("cosign", bundle, "--time", time, "--name", name, "--key", key_file, "--signature", sig)
        ok(got == status and why in said[-1], f"cosign refuses: {what}", f"{got} {said}")


def another_character(path, at):
    """One character of base64 becomes another one of it."""
    line = bytearray(content(path))
    line[at:at + 1] = b"B" if line[at:at + 1] == b"A" else b"A"
    with open(path, "wb") as f:
        f.write(line)


def verify_refused(bundle, folder, args, vkey, other):
    for what, change, more, status, why in (
            ("a witness who has not signed", None, ("--witness", other), 12, "has not signed"),
            ("the line is gone", lambda c: os.remove(os.path.join(c, FILE)), ("--witness", vkey), 12, "has not signed"),
            ("another character in the line", lambda c: another_character(os.path.join(c, FILE), 60), ("--witness", vkey), 11, FILE),
            ("no line at all", lambda c: open(os.path.join(c, FILE), "w").write("x\n"), ("--witness", vkey), 10, FILE),
            ("a log key for a witness key", None, ("--witness", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVk"
                                                   "mqq/LDE4izWy10TW"), 2, "for cosignatures")):
        copy = os.path.join(folder, "copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(bundle, copy)
        if change:
            change(copy)
        got, last = r.verify(copy, *args, *more)
        ok(got == status and why in last, f"verify refuses: {what}", f"{got} {last}")


def main():
    with r.Folder() as folder:
        out = os.path.join(folder, "out")
        status, said, _ = r.play("genesis.play", out)
        if not ok(status == 0, "the genesis ends well", said):
            r.done()
        bundle = os.path.join(out, "bundle")
        args = ("--identity", r.identity(out), "--rehearsal")
        key, pub = new_key(folder, "wim")
        message = os.path.join(folder, "message")
        status, said = sanctum("cosign", bundle, "--time", TIME, "--message", message)
        ok(status == 0, "the message is written", said)
        status, said = sanctum("cosign", bundle, "--time", TIME, "--name", NAME, "--key", pub, "--signature",
                               signature(key, message, folder))
        ok(status == 0, "the cosignature is attached", said)
        vkey = said[-1].split("'")[1]
        judge(bundle, pub, vkey)
        status, said = sanctum("verify", bundle, *args, "--witness", vkey)
        ok(status == 0 and f"checked    cosigned by the witness {NAME} at {TIME}" in said, "sanctum verify says so", said)
        status, last = r.verify(bundle, *args)
        ok(status == 0, "and accepts the bundle without asking for it", last)
        status, said, err = r.run(os.path.join(r.BIN, "crosscheck"), bundle, "--identity", args[1])
        ok(status == 0, "crosscheck accepts it", said + err)
        attach_refused(bundle, folder, key, pub, message)
        raw = raw_of(new_key(folder, "absent")[1])
        absent = f"absent+{hashlib.sha256(b'absent' + bytes([10, 4]) + raw).hexdigest()[:8]}+" + \
            base64.b64encode(b"\x04" + raw).decode()
        verify_refused(bundle, folder, args, vkey, absent)
    r.done()


main()
