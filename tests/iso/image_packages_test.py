#!/usr/bin/env python3
"""Which package each file came from: dpkg's own word, and refusals of files from nowhere."""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vm"))

from tap import Tap                                         # noqa: E402

tap = Tap()
work = tempfile.mkdtemp()
REAL = {name: "/" + name for name in (
    "lib/x86_64-linux-gnu/libc.so.6", "lib/x86_64-linux-gnu/libz.so.1",
    "lib64/ld-linux-x86-64.so.2", "usr/share/terminfo/l/linux",
    "usr/lib/locale/C.utf8/LC_CTYPE")}


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


with open(os.path.join(work, "bzImage"), "wb") as kernel:
    kernel.write(b"a kernel")


def packages(files, environment=None):
    """(exit status, error text, rows by path) for a list of contents."""
    path = os.path.join(work, "contents.txt")
    with open(path, "w", encoding="ascii") as f:
        f.write(f"040755 {0:9d} {'-':64s} dev\n020600 {0:9d} {'-':64s} dev/console\n")
        for name, value in files.items():
            f.write(f"100444 {1:9d} {value:64s} {name}\n")
    run = subprocess.run(["iso/image-packages", path, work], capture_output=True, text=True,
                         check=False, env={**os.environ, **(environment or {})})
    rows = [line.split("\t") for line in run.stdout.splitlines()]
    return run.returncode, run.stderr, {row[0]: row[1:] for row in rows}, run.stdout


good = {name: digest(path) for name, path in REAL.items()}
good["init"] = "11" * 32
status, error, rows, text = packages(good)
tap.ok(status == 0, "files of packages, and our own", error)
tap.equal(sorted(rows), sorted([*good, "bzImage", "linuxx64.efi.stub"]),
          "every file has a row, kernel and stub too, folders and nodes none")
tap.equal({n: rows[n][0] for n in good if n in rows}, {n: v for n, v in good.items() if n in rows},
          "digests are those of the list")
tap.ok(all(len(row) == 6 and all(row) for row in rows.values()), "all fields are filled", rows)
for name, package, source in (
        ("lib/x86_64-linux-gnu/libc.so.6", "libc6", "glibc"),
        ("lib64/ld-linux-x86-64.so.2", "libc6", "glibc"),
        ("lib/x86_64-linux-gnu/libz.so.1", "zlib1g", "zlib"),
        ("usr/lib/locale/C.utf8/LC_CTYPE", "libc-bin", "glibc"),
        ("usr/share/terminfo/l/linux", "ncurses-base", "ncurses"),
        ("linuxx64.efi.stub", "systemd-boot-efi", "systemd"),
        ("bzImage", "linux-source-6.12", "linux"),
        ("init", "cornerstone", "cornerstone")):
    row = rows.get(name, [None] * 6)
    tap.equal((row[1], row[4]), (package, source), f"{name} is from {package}")
    if package != "cornerstone":
        asked = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package],
                               capture_output=True, text=True, check=False).stdout
        tap.equal(row[2], asked, f"the version of {package} is dpkg's")
tap.equal(packages(dict(reversed(good.items())), {"LC_ALL": "C", "PYTHONHASHSEED": "3"})[3], text,
          "another order, locale and hash seed: the same bytes")

for label, files, wanted in (
        ("a file from nowhere", {**good, "bin/sh-of-mine": "22" * 32}, "bin/sh-of-mine"),
        ("a library with other bytes",
         {**good, "lib/x86_64-linux-gnu/libc.so.6": "33" * 32}, "libc.so.6 is neither"),
        ("a file of the root that no package owns",
         {**good, "etc/hostname-of-none": None}, "belongs to no package"),
        ("an empty list", {}, "lists no file")):
    stray = None
    if None in files.values():
        stray = "/var/tmp/" + os.path.basename(work)
        shutil.copy(os.path.join(work, "bzImage"), stray)
        files = {**good, stray[1:]: digest(stray)}
    status, error, rows, _ = packages(files)
    tap.ok(status != 0 and wanted in error and not rows, f"refused: {label}", error)
    if stray:
        os.unlink(stray)

shutil.rmtree(work)
tap.close()
