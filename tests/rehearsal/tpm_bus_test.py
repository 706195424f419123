#!/usr/bin/env python3
"""The bus of a whole rehearsal, recorded: no secret on it, no random outside the session.

Who listens between laptop and TPM hears every command and every answer. All secrets of the
ceremony are derived again from what its people have, by another hand (tests/vm/derive.py),
and no eight bytes of any of them are in the stream. The seed itself never leaves its two
processes: tests/appliance/tpm/seed_test searches for that one.

timeout: 180
"""
import os
import struct
import sys

import rehearsal as r
import swtpm
from rehearsal import ok

sys.path.insert(0, os.path.join(r.TESTS, "vm"))

from derive import Ceremony                               # noqa: E402

WINDOW = 8			# bytes of a secret that may not be on the bus
GET_RANDOM, START_SESSION, NO_SESSIONS = 0x17b, 0x176, 0x8001
CONTINUE, ENCRYPT, AUDIT = 1, 0x40, 0x80
ATTRIBUTES_AT = 10 + 4 + 4 + 2 + 32	# header, size, handle, nonce
TPM_RH_NULL = 0x40000007


def sessions(command):
    """(handle, attributes) of each session; for commands without handles of their own."""
    size, at, found = struct.unpack(">I", command[10:14])[0], 14, []
    while at < 14 + size:
        handle, n = struct.unpack(">IH", command[at:at + 6])
        attributes = command[at + 6 + n]
        at += 7 + n
        at += 2 + struct.unpack(">H", command[at:at + 2])[0]
        found.append((handle, attributes))
    return found


def salted(stream, handle):
    """Was this session started with a salt that only the TPM's key opens?"""
    for command, answer in stream:
        if swtpm.code(command) == START_SESSION and answer[10:14] == handle.to_bytes(4, "big"):
            key, _, nonce = struct.unpack(">IIH", command[10:20])
            salt = struct.unpack(">H", command[20 + nonce:22 + nonce])[0]
            return key != TPM_RH_NULL and salt > 0
    return False


def judge_random(stream):
    """What is wrong with the draws of random bytes: a list of sentences."""
    draws = [(i, c) for i, (c, _) in enumerate(stream) if swtpm.code(c) == GET_RANDOM]
    wrong = [] if draws else ["no random bytes were drawn"]
    handles = set()
    for i, command in draws:
        if struct.unpack(">H", command[:2])[0] == NO_SESSIONS:
            wrong.append(f"command {i} draws outside a session")
            continue
        (handle, attributes), *more = sessions(command)
        handles.add(handle)
        if more or attributes != CONTINUE | ENCRYPT | AUDIT:
            wrong.append(f"command {i}: attributes {attributes:#x}")
    if len(handles) > 1 or not all(salted(stream, h) for h in handles):
        wrong.append(f"the draws are in no single salted session: {handles}")
    if draws and draws[-1][0] - draws[0][0] != len(draws) - 1:
        wrong.append("other commands are between the draws")
    return wrong


def find(stream, secrets):
    """Names of the secrets of which the stream has WINDOW bytes in a row."""
    data = b"".join(c + a for c, a in stream)
    windows = {data[i:i + WINDOW] for i in range(len(data) - WINDOW + 1)}
    return sorted({name for name, secret in secrets
                   for i in range(len(secret) - WINDOW + 1) if secret[i:i + WINDOW] in windows})


def ceremony_secrets(out):
    """(name, bytes) of everything secret of the ceremony that was played into out."""
    screens = os.path.join(out, "screens")
    shown = [os.path.join(screens, n) for n in sorted(os.listdir(screens)) if "shares.write@" in n]
    status, texts, said = r.run(os.path.join(r.TESTS, "shares.py"), *shown)
    if status != 0:
        raise RuntimeError(said)
    c = Ceremony(os.path.join(out, "bundle"), texts.splitlines())
    for name in ("alice", "bob"):
        folder = os.path.join(out, "sticks", "CS-" + name)
        files = [os.path.join(folder, n) for n in r.files(folder) if n.endswith(".p7m")]
        c.add_approver(name, folder, f"rehearsal passphrase of {name}", files)
    found = [("master secret", c.master), ("encrypted master secret", c.ems),
             ("operations secret", c.operations)]
    found += [(f"share {i}", v) for i, v in enumerate(c.share_values)]
    found += [(f"words of share {i}", t.encode()) for i, t in enumerate(c.share_texts)]
    found += [(f"extracted {name}", v) for name, v in c.prks.items()]
    for label, key in c.keys.items():
        for part in ("seed", "scalar", "expanded", "hashed"):
            if hasattr(key, part):
                found.append((f"{label} {part}", getattr(key, part)))
    for name, a in c.approvers.items():
        found += [(f"approver {name}", a.seed), (f"file key of {name}", a.file_key),
                  (f"passphrase of {name}", a.passphrase.encode())]
        found += [(f"approver {name} {use}", k.scalar) for use, k in a.keys.items()]
    return found


def controls(stream, secrets):
    """The same search and the same judge, on streams that were spoilt on purpose."""
    names = {name for name, _ in secrets}
    for name, secret in secrets:
        for at in {0, len(secret) // 2, len(secret) - WINDOW}:
            command, answer = stream[len(stream) // 2]
            planted = stream[:3] + [(command, answer + secret[at:at + WINDOW])] + stream[3:]
            if name not in find(planted, [(name, secret)]):
                ok(False, f"control: {name} at {at} is found where it was planted")
                return
    ok(len(names) > 30, f"control: each of {len(names)} secrets is found where it was planted")
    bare = bytes.fromhex("80010000000c0000017b0020")
    answer = bytes.fromhex("80010000002c000000000020") + bytes(32)
    ok(judge_random(stream + [(bare, answer)]) != [], "control: a draw outside a session")
    at = next(i for i, (c, _) in enumerate(stream) if swtpm.code(c) == GET_RANDOM)
    ok(judge_random(stream[:at + 1] + [stream[0]] + stream[at + 1:]) != [],
       "control: another command between two draws")
    command, answer = stream[at]
    clear = command[:ATTRIBUTES_AT] + bytes([CONTINUE | AUDIT]) + command[ATTRIBUTES_AT + 1:]
    ok(judge_random(stream[:at] + [(clear, answer)] + stream[at + 1:]) != [],
       "control: a draw in the clear")
    ok(judge_random([x for x in stream if swtpm.code(x[0]) != GET_RANDOM]) != [],
       "control: no draw at all")


def main():
    with r.Folder() as folder:
        out = os.path.join(folder, "out")
        with swtpm.Swtpm(swtpm.manufacture(os.path.join(folder, "tpm"))) as tpm:
            with swtpm.Tap(tpm) as tap:
                status, said, _ = r.play("genesis.play", out, env={"TPM": f"swtpm:{tap.path}"})
                stream = tap.stream
        if ok(status == 0, "the rehearsal ends well", said):
            size = sum(len(c) + len(a) for c, a in stream)
            wrong = judge_random(stream)
            ok(not wrong, "every draw is in the one salted, encrypted, audited session", wrong)
            secrets = ceremony_secrets(out)
            found = find(stream, secrets)
            ok(not found, f"none of {len(secrets)} secrets is among {size} bytes of "
               f"{len(stream)} commands", found)
            controls(stream, secrets)
    r.done()


if __name__ == "__main__":
    main()
