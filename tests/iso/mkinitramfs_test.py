#!/usr/bin/env python3
"""The initramfs writer: what is inside, with which rights, and the same every time."""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vm"))

from tap import Tap                                         # noqa: E402

EPOCH = "1795305600"
tap = Tap()
work = tempfile.mkdtemp()


def bins(name, programs):
    """A folder of programs; None is a text file instead of a program."""
    folder = os.path.join(work, name)
    os.makedirs(folder)
    for program, source in programs.items():
        target = os.path.join(folder, program)
        if source is None:
            with open(target, "w", encoding="ascii") as f:
                f.write("#!/bin/sh\n")
        else:
            shutil.copy(source, target)
    return folder


def build(folder, out, **environment):
    """(exit status, error text, archive or None)"""
    path = os.path.join(work, out)
    run = subprocess.run(["iso/mkinitramfs", folder, EPOCH, path, path + ".txt"],
                         capture_output=True, text=True, check=False,
                         env={**os.environ, **environment})
    body = None
    if run.returncode == 0:
        with open(path, "rb") as f:
            body = f.read()
    return run.returncode, run.stderr, body


good = bins("good", {"init": "/usr/bin/certtool", "crosscheck": "/usr/bin/true",
                     "softtpm": "/usr/bin/false"})
status, error, archive = build(good, "a.cpio")
tap.ok(status == 0, "three programs make an archive", error)

listing = subprocess.run(["cpio", "-itnv", "--quiet"], input=archive or b"", check=False,
                         capture_output=True).stdout.decode()
entries = {line.split()[-1]: line.split()[0] for line in listing.splitlines()}
tap.equal(sorted(p for p, m in entries.items() if m.startswith("-") and "x" in m),
          ["crosscheck", "init", "lib64/ld-linux-x86-64.so.2", "softtpm"],
          "programs and loader are executable, nothing else")
tap.equal(entries.get("dev/console"), "crw-------", "there is a console node")
tap.equal([p for p, m in entries.items() if m[0] not in "d-" and p != "dev/console"], [],
          "no links, no other nodes")
tap.ok(any(p.endswith("/libgnutls.so.30") for p in entries), "a program's libraries are there")
tap.ok(any(p.endswith("/libgmp.so.10") for p in entries), "and those that they need")
for path in ("usr/share/terminfo/l/linux", "usr/share/terminfo/s/screen",
             "usr/lib/locale/C.utf8/LC_CTYPE"):
    tap.equal(entries.get(path), "-r--r--r--", f"{path} is there, read-only")
tap.ok(all(line.split()[2:4] == ["0", "0"] for line in listing.splitlines()),
       "everything belongs to root")
order = [line.split()[-1] for line in listing.splitlines()]
tap.equal(order, sorted(order), "entries are sorted")
with open(os.path.join(work, "a.cpio.txt"), encoding="ascii") as contents_file:
    contents = contents_file.read().splitlines()
tap.equal([line.split()[-1] for line in contents], order, "the list of contents is complete")

os.utime(os.path.join(good, "init"), (1, 1))
os.chmod(os.path.join(good, "init"), 0o700)
again = build(good, "b.cpio", TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="7")[2]
tap.equal(hashlib.sha256(again or b"").hexdigest(), hashlib.sha256(archive or b"x").hexdigest(),
          "other times, rights and zone: the same bytes")

preload = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
tap.ok(os.path.exists(preload), "there is a library to preload")
under = build(good, "d.cpio", LD_PRELOAD=preload)[2]
tap.ok(under == archive, "a preloaded library does not get into the image")

for label, programs, wanted in (
        ("a missing program", {"init": "/usr/bin/true", "crosscheck": "/usr/bin/true"},
         "softtpm is missing"),
        ("a script for a program", {"init": "/usr/bin/true", "crosscheck": "/usr/bin/true",
                                    "softtpm": None}, "not a compiled program")):
    status, error, _ = build(bins(label.replace(" ", "-"), programs), "c.cpio")
    tap.ok(status != 0 and wanted in error, f"refused: {label}", error)



def release(state):
    """etc/os-release of an image whose build root says this, as a dictionary; or the error."""
    path = os.path.join(work, "state")
    if state is not None:
        with open(path, "w", encoding="ascii") as f:
            f.write(state)
    code, refusal, body = build(good, "d.cpio", LOCK_STATE=path if state is not None else "/none")
    if code != 0:
        return refusal
    text = subprocess.run(["cpio", "-i", "--quiet", "--to-stdout", "etc/os-release"], input=body,
                          capture_output=True, check=True).stdout.decode()
    return dict(line.split("=", 1) for line in text.splitlines())


with open("iso/build-date", encoding="ascii") as date_file:
    DATE = date_file.read()[:10]
for label, state, variant in (("as locked", "locked\n", "locked"),
                              ("another version", "unlocked\nx 2, not 1\n", "unlocked"),
                              ("no word at all", None, "unlocked")):
    got = release(state)
    tap.equal((got.get("ID"), got.get("VERSION_ID"), got.get("VARIANT_ID")),
              ("cornerstone", DATE, variant), f"os-release: {label}")
    tap.equal(got.get("PRETTY_NAME"), f'"Cornerstone {DATE} ({variant})"',
              f"os-release, for people: {label}")
for label, state in (("an empty word", ""), ("another word", "locked?\n")):
    tap.ok("neither locked nor unlocked" in release(state), f"refused: {label}")

shutil.rmtree(work)
tap.close()
