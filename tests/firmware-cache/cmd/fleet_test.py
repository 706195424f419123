#!/usr/bin/env python3
"""firmware-cache verify --jobs: the same words for any number of processes, none of whom may die
unnoticed; as many certificates as there are. Copies of one certificate play the machines."""
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "vm"))

from tap import Tap                                                        # noqa: E402

tap = Tap()
PROGRAM = os.path.join(os.environ.get("BUILD", "build"), "bin", "firmware-cache")
MACHINES, PER_FOLDER = 300, 110
BAD = {3: 40, 64: 700, 200: 600, 201: -5, 299: 300}    # machine: the byte that is changed
AT = ["--at", "2026-01-01T00:00:00Z"]


def run(*args):
    done = subprocess.run([PROGRAM, *args], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def write(data, *path):
    os.makedirs(os.path.dirname(os.path.join(*path)), exist_ok=True)
    with open(os.path.join(*path), "wb") as f:
        f.write(data)


def digest_of(*path):
    with open(os.path.join(*path), "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(x) for x in f.read().split()]


def killed_in_the_middle(folder, args):
    """One process is killed while the parent waits for its reader, so before it is done."""
    with subprocess.Popen([PROGRAM, "verify", folder, *args, "--jobs", "2"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as p:
        until = time.monotonic() + 60
        while len(children(p.pid)) < 2 and p.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.5)     # by then all pipes are full
        os.kill(children(p.pid)[1], signal.SIGKILL)
        _, err = p.communicate()
        return p.returncode, err.decode()


def main():
    with tempfile.TemporaryDirectory() as top:
        run("rehearsal-pki", os.path.join(top, "pki"))
        folder = os.path.join(top, "pki", "collateral")
        args = ["--rehearsal", os.path.join(top, "pki", "roots.json"), *AT]
        with open(os.path.join(folder, "amd", "milan_vcek.der"), "rb") as f:
            vcek = f.read()
        os.remove(os.path.join(folder, "amd", "milan_vcek.der"))
        status, out, err = run("verify", folder, *args, "--jobs", "2")
        tap.ok(status == 0 and "0 machine certificates" in out, "no machine is none refused", out + err)

        for i in range(MACHINES):
            write(vcek, folder, "machines", f"{i // PER_FOLDER:03}", f"{i:03}.der")
        said = {n: run("verify", folder, *args, "--jobs", str(n)) for n in (1, 2, 7)}
        tap.ok(said[1][0] == 0 and f"{MACHINES} machine certificates: {MACHINES} accepted" in said[1][1],
               "all are accepted", said[1])
        tap.ok(all(s == said[1] for s in said.values()), "in the same words for 1, 2 and 7 processes")
        tap.ok("  AMD Milan" in said[1][1] and "12 accepted, 0 refused" in said[1][1],
               "signers and data are reported as always")

        for i, at in BAD.items():
            data = bytearray(vcek)
            data[at] ^= 1
            write(bytes(data), folder, "machines", f"{i // PER_FOLDER:03}", f"{i:03}.der")
        said = {n: run("verify", folder, *args, "--jobs", str(n)) for n in (1, 2, 7)}
        lines = said[1][1].split("\n")
        refused = [lines[k + 1].strip() for k, x in enumerate(lines) if x.startswith("REFUSED")]
        tap.ok(refused == [f"machines/{i // PER_FOLDER:03}/{i:03}.der" for i in sorted(BAD)],
               "each bad one is refused, in order, and no other", said[1])
        tap.ok(all(s == said[1] for s in said.values()), "in the same words for any number of processes")
        tap.ok(said[1][0] != 0 and f"{len(BAD)} of {MACHINES} machine certificates refused, first "
               "machines/000/003.der" in said[1][2], "the exit status and last line say so", said[1])
        js = [run("verify", folder, *args, "--jobs", str(n), "--json") for n in (1, 3)]
        rows = [json.loads(x) for x in js[0][1].splitlines()]
        tap.ok(js[0] == js[1] and rows[0]["accepted"] == 12 and [r["path"] for r in rows[1:-1]] == refused
               and rows[-1]["machines"]["refused"] == len(BAD)
               and rows[-1]["machines"]["first_to_lapse"]["path"] == "machines/000/000.der",
               "--json is a line for the store, one for each refused, one for the sum", js[0])
        shown = rows[1:-1] + [rows[-1]["machines"]["first_to_lapse"]]
        tap.ok(all(r["sha256"] == digest_of(folder, r["path"]) for r in shown),
               "with the digest of each that is shown", shown)
        status, _, err = run("verify", folder, *AT, "--jobs", "2")
        tap.ok(status == 35 and "12 of 12 refused" in err, "refused without the roots", err)

        for i in range(1500):
            write(vcek[:-1] + i.to_bytes(2, "big"), folder, "long", f"{i:04}.der")
        status, err = killed_in_the_middle(folder, args)
        tap.ok(status == 20 and "a process that judged certificates" in err, "a killed process is a failure",
               (status, err))
        status, _, err = run("verify", folder, *args)
        tap.ok(status == 36 and "512" in err, "so many are too many to be kept", err)

        for jobs in ("0", "65", "two", "-1"):
            status, _, err = run("verify", folder, *args, "--jobs", jobs)
            tap.ok(status in (2, 10, 36) and "--jobs" in err, f"--jobs {jobs} is refused", (status, err))
        os.symlink("000", os.path.join(folder, "machines", "link"))
        status, _, err = run("verify", folder, *args, "--jobs", "2")
        tap.ok(status == 10 and "machines/link" in err, "a link is refused", err)
        os.remove(os.path.join(folder, "machines", "link"))
        os.makedirs(os.path.join(folder, "a/b/c/d/e/f/g/h/i"))
        status, _, err = run("verify", folder, *args, "--jobs", "2")
        tap.ok(status == 36 and "deeper" in err, "folders too deep are refused", err)
        status, _, err = run("verify", os.path.join(top, "none"), *args, "--jobs", "2")
        tap.ok(status == 12 and "not a directory" in err, "no folder", err)
    tap.close()


main()
