#!/usr/bin/env python3
"""Every record of a rehearsal's transcript, changed in every simple way: always noticed.

Each mutation of each record is judged by sanctum and by crosscheck three times, and both must
name the file that gives it away: as it stands (the transcript); when SHA256SUMS names the
changed file's digest (the list, which the statement names); and when the statement names both,
as a forger without keys would make it (its signature). A reading of our own here judges by the
two witnesses that need no statement: the checkpoint's RFC 6962 tree, and PCR 15 in the TPM's
quote. tests/ceremony/transcript/mutation_test.c makes every move and every swap, and shows
that our own checkpoint and PCR 15 notice each alone.
timeout: 600
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


def swapped(lines, i, j):
    found = list(lines)
    found[i], found[j] = lines[j], lines[i]
    return found


def inserted(lines, i):
    """A record that was never written, in front of this one."""
    record = dict(json.loads(lines[i]), id="late.record", args={})
    return renumbered(lines[:i] + [json.dumps(record).encode()] + lines[i:])


MUTATIONS = (
    ("edited", edited),
    ("deleted", lambda lines, i: lines[:i] + lines[i + 1:]),
    ("deleted, the others renumbered", lambda lines, i: renumbered(lines[:i] + lines[i + 1:])),
    ("swapped with the next", lambda lines, i: swapped(lines, i, min(i + 1, len(lines) - 1))),
    ("swapped with the next, renumbered",
     lambda lines, i: renumbered(swapped(lines, i, min(i + 1, len(lines) - 1)))),
    ("swapped with a distant one, renumbered",
     lambda lines, i: renumbered(swapped(lines, i, (i + len(lines) // 2) % len(lines)))),
    ("moved to the end, renumbered", lambda lines, i: renumbered(lines[:i] + lines[i + 1:] + [lines[i]])),
    ("moved to the front, renumbered", lambda lines, i: renumbered([lines[i]] + lines[:i] + lines[i + 1:])),
    ("doubled", lambda lines, i: lines[:i + 1] + lines[i:]),
    ("doubled, renumbered", lambda lines, i: renumbered(lines[:i + 1] + lines[i:])),
    ("another inserted before, renumbered", inserted),
    ("this and all behind cut off", lambda lines, i: lines[:i]),
)


def write(bundle, name, data):
    with open(os.path.join(bundle, name), "wb") as f:
        f.write(data)


def restate(bundle, original, data, with_statement):
    """List of digests, and statement, as a forger without keys would make them."""
    old, new = sha256(original["records"]).hex(), sha256(data).hex()
    sums = original["sums"].replace(old.encode(), new.encode())
    write(bundle, "SHA256SUMS", sums)
    if with_statement:
        statement = original["statement"].replace(old.encode(), new.encode())
        statement = statement.replace(sha256(original["sums"]).hex().encode(), sha256(sums).hex().encode())
        write(bundle, "statement.json", statement)


def programs(bundle, identity):
    """(name, status, last line) of each program that judges a bundle."""
    for name, argv in (("sanctum", ("verify", bundle, "--identity", identity, "--rehearsal")),
                       ("crosscheck", (bundle, "--identity", identity))):
        status, stdout, stderr = r.run(os.path.join(r.BIN, name), *argv)
        yield name, status, (stdout + stderr).strip().splitlines()[-1]


def refusals(bundle, identity, variant, named):
    """What does not hold: both programs say 11, a digest or signature, and name the file."""
    for program, status, last in programs(bundle, identity):
        if status != 11 or f": {named}: " not in last:
            yield f"{program}, {variant}: {status} {last}"


def judge(job):
    """(name, problem or "") of one mutation, in a copy of the bundle of this worker's own."""
    name, lines, bundle, original, identity = job
    data = b"\n".join(lines) + b"\n" if lines else b""
    write(bundle, RECORDS, data)
    problems = list(refusals(bundle, identity, "as it stands", RECORDS))
    restate(bundle, original, data, False)
    problems += refusals(bundle, identity, "list restated", "SHA256SUMS")
    restate(bundle, original, data, True)
    problems += refusals(bundle, identity, "statement restated", "statement.p384.p7s")
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


def work(jobs, folder, number, bundle, original, identity):
    copy = os.path.join(folder, f"copy{number}")
    shutil.copytree(bundle, copy)
    return [judge((*job, copy, original, identity)) for job in jobs]


def main():
    with r.Folder() as folder:
        out = os.path.join(folder, "out")
        status, said, _ = r.play("genesis.play", out)
        if not ok(status == 0, "the genesis ends well", said):
            r.done()
        bundle = os.path.join(out, "bundle")
        identity = r.identity(out)
        read = lambda name: open(os.path.join(bundle, name), "rb").read()
        lines = read(RECORDS).rstrip(b"\n").split(b"\n")
        checkpoint = read("transcript/checkpoint").decode().split("\n")
        original = {"records": read(RECORDS), "sums": read("SHA256SUMS"), "statement": read("statement.json"),
                    "root": base64.b64decode(checkpoint[2]), "pcr15": replay(lines)}
        ok(tree(leaves_of(lines)) == original["root"] and int(checkpoint[1]) == len(lines),
           "the checkpoint is over these records")
        ok(original["pcr15"] in read("evidence/quote.pcr"), "PCR 15 in the quote is their replay")
        for program, status, last in programs(bundle, identity):
            ok(status == 0, f"{program} accepts it unchanged", last)
        jobs = list(jobs_of(lines))
        ok(len(jobs) >= len(MUTATIONS) * (len(lines) - 1), f"{len(lines)} records, {len(jobs)} mutations")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            parts = [pool.submit(work, jobs[n::2], folder, n, bundle, original, identity) for n in range(2)]
            for part in parts:
                for name, problem in part.result():
                    ok(not problem, name, problem)
    r.done()


main()
