#!/usr/bin/env python3
"""Whole rehearsals on an swtpm that fails once: never a bundle, always one line with a reason.

Every command that a rehearsal sends, times three of eight faults, or all with FAULT_ALL in
the environment; which, and at which of its turns a command is hit, is drawn from FAULT_SEED,
which is printed. (fault_matrix_test has all faults at all turns, below the ceremony.) A fault that nobody can notice, as in a byte
that no one reads, may end in a bundle: one that verifies and tells the truth.

timeout: 600
"""
import concurrent.futures
import json
import os
import random
import shutil
import subprocess
import time

import rehearsal as r
import swtpm
from rehearsal import ok
from swtpm_test import Maker, class_of, opened

SEED = int(os.environ.get("FAULT_SEED", "6"))
EVERY = "FAULT_ALL" in os.environ
CODES = {0x144: "Startup", 0x143: "SelfTest", 0x17a: "GetCapability", 0x169: "NV_ReadPublic",
         0x14e: "NV_Read", 0x131: "CreatePrimary", 0x176: "StartAuthSession",
         0x17b: "GetRandom", 0x14d: "GetSessionAuditDigest", 0x165: "FlushContext",
         0x17e: "PCR_Read", 0x182: "PCR_Extend", 0x158: "Quote", 0x12a: "NV_DefineSpace",
         0x134: "NV_Increment", 0x184: "NV_Certify", 0x14a: "CertifyCreation"}
LONG = ("CreatePrimary", "SelfTest")	# their deadlines are minutes: fault_matrix_test has them
RETRY = bytes.fromhex("80010000000a00000922")
STATUSES = (10, 11, 15, 24)		# form, digest, evidence, TPM: what a TPM can get wrong
AT_ONCE, WAITING = 2, 16		# runs that compute, runs that sleep
EARLY = 8				# of a command sent often, among the first so many


class Fault:
    """One fault at one index; called by the tap for every command."""

    def __init__(self, kind, index, rng):
        self.kind, self.index, self.rng = kind, index, rng
        self.came = False

    def __call__(self, tap, index, command, pass_on):
        lasting = self.kind in ("stuck", "retry-storm")
        if index < self.index or (index > self.index and not lasting):
            return pass_on(command)
        self.came = True
        if self.kind == "kill":
            tap.tpm.process.kill()
            return None
        if self.kind == "hang":
            tap.ending.wait()
            return None
        if self.kind == "retry-storm":
            return RETRY
        if self.kind == "stuck":
            return tap.stream[self.index - 1][1] if self.index else RETRY
        return self.spoil(pass_on(command))

    def spoil(self, answer):
        if self.kind == "flip":
            at = self.rng.randrange(len(answer))
            return answer[:at] + bytes([answer[at] ^ 1 << self.rng.randrange(8)]) + \
                answer[at + 1:]
        if self.kind == "zero":		# behind the header, or all
            return answer[:10] + bytes(len(answer) - 10) if len(answer) > 10 else bytes(10)
        if self.kind == "short":
            answer = answer[:10 + (len(answer) - 10) // 2] if len(answer) > 11 else answer[:9]
        else:				# oversize
            answer += b"\0"
        return answer[:2] + len(answer).to_bytes(4, "big") + answer[6:]


KINDS = ("flip", "short", "zero", "oversize", "stuck", "retry-storm", "kill", "hang")


def play(out, sticks, tap):
    """A genesis on sticks that were made once; status and what the program said."""
    os.mkdir(out)
    shutil.copytree(sticks, os.path.join(out, "sticks"))
    p = subprocess.run([os.path.join(r.BIN, "ceremony"), "play",
                        os.path.join(r.TESTS, "play", "genesis.play"), "--out", out,
                        f"--tpm=swtpm:{tap.path}"], capture_output=True, text=True,
                       stdin=subprocess.DEVNULL, timeout=300, check=False)
    return p.returncode, (p.stdout + p.stderr).strip().splitlines()


def truth(out):
    """What a bundle says of its TPM, as far as the TPM alone decides it."""
    bundle = os.path.join(out, "bundle")
    said = {k: v for k, v in opened(bundle).items() if k != "time"}
    for name in ("ek.pub", "ekcert.der", "ek-chain.pem", "ak.pub", "ak.pem"):
        path = os.path.join(bundle, "evidence", name)
        if os.path.exists(path):
            with open(path, "rb") as f:
                said[name] = f.read()
    with open(os.path.join(bundle, "evidence", "tpm.json"), encoding="utf-8") as f:
        facts = json.load(f)
    del facts["slowest_ms"]
    return said | {"class": class_of(bundle), "facts": facts}


def shown_shares(out):
    """Words that the screens showed to custodians, in fours."""
    fours = set()
    folder = os.path.join(out, "screens")
    for name in os.listdir(folder):
        if "shares.write@" not in name:
            continue
        status, text, said = r.run(os.path.join(r.TESTS, "shares.py"), os.path.join(folder, name))
        if status != 0:
            raise RuntimeError(said)
        words = text.split()
        fours |= {" ".join(words[i:i + 4]).encode() for i in range(len(words) - 3)}
    return fours


def secrets_on_sticks(out):
    secrets = shown_shares(out) | {b"rehearsal passphrase"}
    found = []
    for name in r.files(os.path.join(out, "sticks")):
        with open(os.path.join(out, "sticks", name), "rb") as f:
            data = f.read()
        found += [name for s in secrets if s in data]
    return found


def problem_when_refused(out, status, lines):
    """What is wrong with a refusal; "" when nothing is."""
    if status not in STATUSES:
        return f"status {status}: {lines}"
    said = [x for x in lines if x.startswith("ceremony: ")]
    if len(said) != 1 or lines[-1] != said[0] or len(said[0].split(": ")) < 3:
        return f"no one line with a reason: {lines}"
    for name in r.files(os.path.join(out, "sticks")):
        if name.startswith("CS-OUT") and not name.endswith("cornerstone.json"):
            return f"{name} is on the OUT stick"
    if os.path.exists(os.path.join(out, "bundle")):
        return "there is a bundle"
    found = secrets_on_sticks(out)
    return f"a secret is in {found}" if found else ""


def problem_when_accepted(out, want):
    status, last = r.verify(os.path.join(out, "bundle"), "--rehearsal", "--identity",
                            r.identity(out), "--plan",
                            os.path.join(out, "sticks", "CS-IN", "plan.json"))
    if status != 0:
        return f"a bundle that is refused: {status}: {last}"
    got = truth(out)
    lies = {k: (got.get(k), want.get(k)) for k in got.keys() | want.keys()
            if got.get(k) != want.get(k)}
    return f"the bundle says {lies}"[:400] if lies else ""


def one(folder, state, sticks, want, fault, name):
    """Play with this fault; (name, how it ended, what is wrong with that)."""
    out = os.path.join(folder, name)
    with swtpm.Swtpm(state) as tpm, swtpm.Tap(tpm, fault) as tap:
        status, lines = play(out, sticks, tap)
    if not fault.came:
        return name, "", "the fault never came"
    if status == 0:
        ended, wrong = "unnoticed", problem_when_accepted(out, want)
    else:
        ended, wrong = lines[-1] if lines else "", problem_when_refused(out, status, lines)
    shutil.rmtree(out, ignore_errors=True)
    return name, ended, wrong


def unspoilt(out, state, sticks):
    """A run without a fault: the truth, and the commands."""
    with swtpm.Swtpm(state) as tpm, swtpm.Tap(tpm) as tap:
        status, lines = play(out, sticks, tap)
        if status != 0:
            raise RuntimeError(lines[-1])
    return truth(out), [swtpm.code(command) for command, _ in tap.stream]


def prepare(folder, state):
    """Sticks for a TPM that is certified and enrolled: what its class stands on can be lost."""
    status, said, more = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, folder,
                               env={"TPM": "machine"})
    if status != 0:
        raise RuntimeError(said + more)
    sticks, maker = os.path.join(folder, "sticks"), Maker(os.path.join(folder, "tpm"))
    first, _ = unspoilt(os.path.join(folder, "first"), state, sticks)
    path = os.path.join(sticks, "CS-IN", "plan.json")
    with open(path, encoding="utf-8") as f:
        plan = {**json.load(f), "vendor_pki": {"tpm": maker.pin}, "tpm_ak": first["ak"]}
    with open(path, "w", encoding="utf-8") as f:
        json.dump(plan, f)
    maker.fill(folder)
    return sticks


def cases(codes, rng):
    """(fault, name) for each command and kind of fault."""
    places = {}
    for index, code in enumerate(codes):
        places.setdefault(CODES.get(code, hex(code)), []).append(index)
    for command, indexes in places.items():
        for kind in KINDS if EVERY else rng.sample(KINDS, 3):
            if kind == "hang" and command in LONG:
                continue
            index = rng.choice(indexes[:EARLY])
            yield Fault(kind, index, random.Random(rng.random())), f"{kind}-{command}-{index}"


def main():
    rng = random.Random(SEED)
    begin = time.monotonic()
    print(f"# FAULT_SEED={SEED}", flush=True)
    with r.Folder() as folder:
        state = swtpm.manufacture(os.path.join(folder, "tpm"))
        sticks = prepare(folder, state)
        want, codes = unspoilt(os.path.join(folder, "second"), state, sticks)
        ok(want["class"] == "vendor", "without a fault the class is vendor", want["class"])
        busy = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
        waiting = concurrent.futures.ThreadPoolExecutor(WAITING)
        jobs = [(waiting if fault.kind == "hang" else busy).submit(
            one, folder, state, sticks, want, fault, name) for fault, name in cases(codes, rng)]
        ok(len(set(codes)) > 12, f"{len(codes)} commands of {len(set(codes))} kinds went to swtpm")
        unnoticed = []
        for job in jobs:
            name, ended, wrong = job.result()
            ok(not wrong, f"{name}: {ended[-100:]}".replace("#", ""), wrong)
            if ended == "unnoticed":
                unnoticed.append(name)
        print(f"# {len(codes)} commands, {len(jobs)} faults, {len(unnoticed)} that nobody can "
              f"notice: {' '.join(unnoticed)}; {time.monotonic() - begin:.0f} s")
    r.done()


if __name__ == "__main__":
    main()
