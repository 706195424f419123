#!/usr/bin/env python3
"""Every fuzzer over its seeds, and those of firmware-cache over every published file of a
vendor, each once: what a fuzzer aborts on is a failure. `make fuzz` goes on from there."""
import concurrent.futures
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vm"))

from tap import Tap                                                        # noqa: E402

DATA = os.environ.get("TESTDATA", "../shared/data")
BUILD = os.environ.get("BUILD", "build")
VENDORS = ["amd", "intel", "ibm-se", "nvidia", "arm-cca", "corim"]
LIMIT = 60  # seconds for one fuzzer; a second is usual


def below(top, fits):
    return sorted(os.path.join(d, n) for d, _, names in os.walk(top) for n in names if fits(n))


def replay(source, files):
    program = os.path.join(BUILD, source[:-2])
    try:
        done = subprocess.run([program, *files], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return f"not done after {LIMIT} s"
    if done.returncode == 0 and "\nok 1 - " in done.stdout:
        return ""
    return f"exit status {done.returncode}\n{done.stdout}"


def main():
    tap = Tap()
    published = [f for v in VENDORS for f in below(os.path.join(DATA, v), lambda n: True)]
    runs = []
    for source in below("tests", lambda n: n.endswith("_fuzz.c")):
        name = source[len("tests/"):-2]
        seeds = below(source[:-2], lambda n: True)
        runs.append((source, seeds, f"{name}: {len(seeds)} seeds"))
        if published and source.startswith("tests/firmware-cache/"):
            runs.append((source, published, f"{name}: {len(published)} published files"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        said = [pool.submit(replay, source, files) for source, files, _ in runs]
        for (_, files, name), one in zip(runs, said):
            tap.ok(files and one.result() == "", name, one.result() or "there are none")
    if not published:
        tap.count += 1
        print(f"ok {tap.count} - published files # SKIP {DATA} is not there")
    tap.close()


main()
