#!/usr/bin/env python3
"""Every record of a rehearsal's transcript, changed in every simple way: always noticed.

Each mutation is judged four times: by sanctum on the changed file; by sanctum again when
statement and SHA256SUMS name the changed file's digest, as a forger would do; and by a
reading of our own here of the two witnesses that need no statement: the checkpoint's RFC
6962 tree, and PCR 15 in the TPM's quote.
timeout: 300
"""
import base64
import concurrent.futures
import hashlib
import json
import os
import shutil

import rehearsal as r
from rehearsal import ok

RECORDS = "transcript/records.jsonl"


def sha256(data):
    return hashlib.sha256(data).digest()


def tree(leaves):
    """The Merkle tree hash of RFC 6962, 2.1, over leaf hashes."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + tree(leaves[:k]) + tree(leaves[k:]))


def leaves_of(lines):
    return [sha256(b"\x00" + line) for line in lines]


def replay(lines):
    """PCR 15 after every leaf was extended, from zero."""
    value = bytes(32)
    for leaf in leaves_of(lines):
        value = sha256(value + leaf)
    return value


def edited(lines, i):
    """One character of the record's last argument, or of its id, is another."""
    record = json.loads(lines[i])
    for key in reversed(sorted(record["args"])):
        value = record["args"][key]
        if isinstance(value, int):
            record["args"][key] = value + 1
        elif isinstance(value, dict):
            commit = value["commit"]
            value["commit"] = ("1" if commit[0] == "0" else "0") + commit[1:]
        elif value:
            record["args"][key] = ("b" if value[0] == "a" else "a") + value[1:]
        else:
            continue
        break
    else:
        record["id"] += "x"
    line = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return lines[:i] + [line] + lines[i + 1:]


def renumbered(lines):
    """The numbers run on again, as a forger who has removed or moved a record would see to."""
    found = []
    for n, line in enumerate(lines):
        record = json.loads(line)
        record["n"] = n
        found.append(json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
    return found


MUTATIONS = (
    ("edited", edited),
    ("deleted", lambda lines, i: lines[:i] + lines[i + 1:]),
    ("deleted, the others renumbered", lambda lines, i: renumbered(lines[:i] + lines[i + 1:])),
    ("swapped with the next", lambda lines, i: lines[:i] + lines[i + 1:i + 2] + [lines[i]] + lines[i + 2:]),
    ("moved to the end, renumbered", lambda lines, i: renumbered(lines[:i] + lines[i + 1:] + [lines[i]])),
    ("doubled", lambda lines, i: lines[:i + 1] + lines[i:]),
    ("the last one left", lambda lines, i: lines[:i]),
)


def write(bundle, name, data):
    with open(os.path.join(bundle, name), "wb") as f:
        f.write(data)


def restate(bundle, original, data):
    """Statement and list of digests as a forger without keys would make them."""
    old, new = sha256(original["records"]).hex(), sha256(data).hex()
    sums = original["sums"].replace(old.encode(), new.encode())
    statement = original["statement"].replace(old.encode(), new.encode())
    statement = statement.replace(sha256(original["sums"]).hex().encode(), sha256(sums).hex().encode())
    write(bundle, "SHA256SUMS", sums)
    write(bundle, "statement.json", statement)


def judge(job):
    """(name, problem or "") of one mutation, in a copy of the bundle of this worker's own."""
    name, lines, bundle, original, args = job
    data = b"\n".join(lines) + b"\n" if lines else b""
    write(bundle, RECORDS, data)
    problems = []
    status, last = r.verify(bundle, *args)
    if status not in (10, 11, 12):
        problems.append(f"sanctum: {status} {last}")
    restate(bundle, original, data)
    status, last = r.verify(bundle, *args)
    if status not in (10, 11, 12):
        problems.append(f"sanctum, digests restated: {status} {last}")
    if tree(leaves_of(lines)) == original["root"]:
        problems.append("the checkpoint's tree is the same")
    if replay(lines) == original["pcr15"]:
        problems.append("PCR 15 is the same")
    write(bundle, "SHA256SUMS", original["sums"])
    write(bundle, "statement.json", original["statement"])
    return name, "; ".join(problems)


def jobs_of(lines):
    for i, line in enumerate(lines):
        for name, change in MUTATIONS:
            mutated = change(lines, i)
            if mutated != lines:
                yield f"record {i} {json.loads(line)['id']}: {name}", mutated


def work(jobs, folder, number, bundle, original, args):
    copy = os.path.join(folder, f"copy{number}")
    shutil.copytree(bundle, copy)
    return [judge((name, lines, copy, original, args)) for name, lines in jobs]


def main():
    with r.Folder() as folder:
        out = os.path.join(folder, "out")
        status, said, _ = r.play("genesis.play", out)
        if not ok(status == 0, "the genesis ends well", said):
            r.done()
        bundle = os.path.join(out, "bundle")
        args = ("--identity", r.identity(out), "--rehearsal")
        read = lambda name: open(os.path.join(bundle, name), "rb").read()
        lines = read(RECORDS).rstrip(b"\n").split(b"\n")
        checkpoint = read("transcript/checkpoint").decode().split("\n")
        original = {"records": read(RECORDS), "sums": read("SHA256SUMS"), "statement": read("statement.json"),
                    "root": base64.b64decode(checkpoint[2]), "pcr15": replay(lines)}
        ok(tree(leaves_of(lines)) == original["root"] and int(checkpoint[1]) == len(lines),
           "the checkpoint is over these records")
        ok(original["pcr15"] in read("evidence/quote.pcr"), "PCR 15 in the quote is their replay")
        jobs = list(jobs_of(lines))
        ok(len(jobs) > 6 * len(lines) - 10, f"{len(lines)} records, {len(jobs)} mutations")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            parts = [pool.submit(work, jobs[n::2], folder, n, bundle, original, args) for n in range(2)]
            for part in parts:
                for name, problem in part.result():
                    ok(not problem, name, problem)
    r.done()


main()
