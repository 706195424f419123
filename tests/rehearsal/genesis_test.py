#!/usr/bin/env python3
"""A genesis in the terminal, its bundle before sanctum verify, and every way to spoil it.

timeout: 300
"""
import json
import os
import re
import shutil

import genesis_parts
import rehearsal as r
from rehearsal import ok


def judge_whole(bundle, digest):
    """The unspoilt bundle under every option."""
    words = r.run(os.path.join(r.BIN, "sanctum"), "verify", bundle, "--rehearsal", "--json",
                  "--identity", digest)[1]
    cases = [
        ("with the identity from paper", ["--identity", digest, "--rehearsal"], 0),
        ("identity in capitals", ["--identity", digest.upper(), "--rehearsal"], 0),
        ("identity in groups, as on the screen", ["--identity", " ".join(digest[i:i + 16] for i in range(0, 64, 16)),
                                                  "--rehearsal"], 0),
        ("no identity: unanchored", ["--rehearsal"], 16),
        ("another identity", ["--identity", "0" * 64, "--rehearsal"], 11),
        ("not asked for a rehearsal", ["--identity", digest], 14),
        ("sequence 1 is enough", ["--identity", digest, "--rehearsal", "--min-sequence", "1"], 0),
        ("sequence 2 is asked for", ["--identity", digest, "--rehearsal", "--min-sequence", "2"], 13),
        ("long after everything", ["--identity", digest, "--rehearsal", "--as-of", "2060-01-01T00:00:00Z"], 17),
        ("an identity of 63 digits", ["--identity", digest[1:], "--rehearsal"], 2),
        ("an option nobody knows", ["--identity", digest, "--force"], 2),
    ]
    for name, args, want in cases:
        status, last = r.verify(bundle, *args)
        ok(status == want, f"sanctum verify: {name}: {want}", f"{status}: {last}")
    ok('"accepted":true' in words.replace(" ", ""), "sanctum verify --json says accepted", words)


def judge_state(bundle, digest, other, folder):
    """High-water marks: the same again, an older one, a fork."""
    state = os.path.join(folder, "state")
    os.mkdir(state)
    args = ["--identity", digest, "--rehearsal", "--state", state]
    ok(r.verify(bundle, *args)[0] == 0, "--state: the first time")
    ok(r.verify(bundle, *args)[0] == 0, "--state: the same bundle again")
    if other:
        status, last = r.verify(other, *args)
        ok(status == 0, "--state: the rebuild with sequence 2", last)
        status, last = r.verify(bundle, *args)
        ok(status == 13, "--state: sequence 1 after sequence 2 is refused", f"{status}: {last}")


def spoil_every_file(bundle, digest, folder):
    """One bit, one missing, one more: for each file of the bundle."""
    args = ["--identity", digest, "--rehearsal"]
    copy = os.path.join(folder, "spoilt")
    for name in r.files(bundle):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(bundle, copy)
        r.flip(os.path.join(copy, name))
        status, last = r.verify(copy, *args)
        ok(status in (10, 11, 12), f"flipped bit in {name}", f"{status}: {last}")
        os.unlink(os.path.join(copy, name))
        status, last = r.verify(copy, *args)
        if name == "transcript/openings.jsonl":
            ok(status == 0, "openings withheld: the redacted bundle is accepted", f"{status}: {last}")
        else:
            ok(status in (10, 11, 12), f"missing {name}", f"{status}: {last}")
    for extra in ("extra", "evidence/extra.bin", "trust/approvers/mallory.pem", "approvals/mallory.sig",
                  "collateral/original/more.der", "SHA256SUMS.txt", "secrets/node/token.key"):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(bundle, copy)
        os.makedirs(os.path.dirname(os.path.join(copy, extra)), exist_ok=True)
        with open(os.path.join(copy, extra), "wb") as f:
            f.write(b"extra\n")
        status, last = r.verify(copy, *args)
        ok(status in (11, 12), f"extra file {extra}", f"{status}: {last}")
    shutil.rmtree(copy, ignore_errors=True)


def look_for_secrets(out, told):
    """No share, and no four words of one, in anything that leaves the machine."""
    hits = []
    places = [os.path.join(out, "bundle"), os.path.join(out, "sticks")]
    for place in places:
        for name in r.files(place):
            with open(os.path.join(place, name), "rb") as f:
                data = f.read()
            for share in told:
                words = share.split()
                for i in range(len(words) - 3):
                    if " ".join(words[i:i + 4]).encode() in data:
                        hits.append(name)
            if b"rehearsal passphrase" in data:
                hits.append(name)
    ok(not hits, "no share and no passphrase in the bundle or on a stick", hits)


def rebuild(out, folder, told):
    """Two of three shares and the identity file alone: the same certificates."""
    again = os.path.join(folder, "again")
    genesis_parts.prepare_rebuild(out, again, told)
    status, said, _ = r.play("rebuild.play", again)
    if not ok(status == 0, "the rebuild ends well", said):
        return None
    trust = os.path.join(out, "bundle", "trust")
    for name in r.files(trust):
        code, text, _ = r.run("cmp", os.path.join(trust, name), os.path.join(again, "bundle", "trust", name))
        ok(code == 0, f"rebuilt trust/{name} is the same, byte for byte", text)
    ok(r.identity(again) == r.identity(out), "the rebuilt identity digest is the same")
    status, last = r.verify(os.path.join(again, "bundle"), "--identity", r.identity(out), "--rehearsal")
    ok(status == 0, "the rebuild's bundle is accepted under the genesis' identity", last)
    return os.path.join(again, "bundle")


def look_at_statement(bundle):
    with open(os.path.join(bundle, "statement.json"), encoding="utf-8") as f:
        text = f.read()
    statement = json.loads(text)
    canonical = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    ok(canonical == text, "statement.json is canonical JSON")
    listed = {s["name"] for s in statement["subject"]}
    exempt = re.compile(r"statement\..*|approvals/.*|evidence/quote\..*|transcript/openings\.jsonl")
    bound = {f for f in r.files(bundle) if not exempt.fullmatch(f)}
    ok(listed == bound, "the statement's subjects are every bound file", listed ^ bound)
    with open(os.path.join(bundle, "SHA256SUMS"), encoding="utf-8") as f:
        sums = {line[66:].rstrip("\n") for line in f}
    ok(sums == bound - {"SHA256SUMS"}, "SHA256SUMS lists every bound file but itself", sums ^ bound)
    ok(statement["predicate"]["world"] == "rehearsal", "the world is stated")


def main():
    with r.Folder() as folder:
        out = os.path.join(folder, "out")
        status, said, seconds = r.play("genesis.play", out)
        if not ok(status == 0, "the genesis ends well", said):
            r.done()
        ok(seconds < 60, f"it takes under 60 s ({seconds:.1f} s)")
        bundle, digest = os.path.join(out, "bundle"), r.identity(out)
        told = genesis_parts.shares(out)
        ok(len(told) == 3 and all(len(s.split()) == 33 for s in told), "three shares of 33 words were shown")
        look_at_statement(bundle)
        judge_whole(bundle, digest)
        spoil_every_file(bundle, digest, folder)
        look_for_secrets(out, told)
        other = rebuild(out, folder, told)
        judge_state(bundle, digest, other, folder)
        status, said, _ = r.play("genesis.play", out)
        ok(status == 2 and "holds a bundle already" in said, "a second ceremony into the same folder is refused", said)
    r.done()


main()
