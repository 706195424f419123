#!/usr/bin/env python3
"""The lock file of the build root: read, compared, turned into apt's preferences."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vm"))

from tap import Tap                                         # noqa: E402

tap = Tap()
work = tempfile.mkdtemp()
A, B, C = "a" * 64, "b" * 64, "c" * 64
LOCK = f"# a comment\nlibx 1:2.0-1~deb13u1 amd64 {A}\nzlib+1 3 all {B}\n"


def file(name, text):
    path = os.path.join(work, name)
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    return path


def lock(call, text="", **files):
    """The output's lines of one function of iso/lock.sh; $NAME is the file NAME."""
    paths = {name: file(name, body) for name, body in files.items()}
    run = subprocess.run(["bash", "-euo", "pipefail", "-c", ". iso/lock.sh; " + call],
                         input=text, capture_output=True, text=True, check=False,
                         env={**os.environ, **paths})
    return run.stdout.splitlines() if run.returncode == 0 else run.stderr


def stanza(name, version, arch, digest):
    return (f"Package: {name}\nVersion: {version}\nInstalled-Size: 7\nArchitecture: {arch}\n"
            f"Description: a thing\n Package: not this one\nMD5sum: 00\nSHA256: {digest}\n")


INDEX = "\n".join((stanza("libx", "1:2.0-1~deb13u1", "amd64", A), stanza("zlib+1", "4", "all", C)))
tap.equal(lock("index_lines", INDEX), [f"libx 1:2.0-1~deb13u1 amd64 {A}", f"zlib+1 4 all {C}"],
          "an index becomes lines of a lock")

for name, index, want in (
        ("a version that left the archive", INDEX, [f"zlib+1 3 all {B}"]),
        ("both versions there", INDEX + "\n" + stanza("zlib+1", "3", "all", B), []),
        ("other bytes under the same version", INDEX + "\n" + stanza("zlib+1", "3", "all", C),
         [f"zlib+1 3 all {B}"]),
        ("an empty archive", "", LOCK.splitlines()[1:])):
    tap.equal(lock('lock_lacks "$lock"', index, lock=LOCK), want, f"lacking: {name}")

tap.equal(lock('lock_forgets "$lock"', "zlib+1\nnew\nlibx\n", lock=LOCK), ["new"],
          "a package that the lock never had is noticed")

for name, installed, want in (
        ("the locked ones", LOCK.split("\n", 1)[1], []),
        ("a newer version", LOCK.split("\n", 1)[1].replace(" 3 ", " 4 "), ["zlib+1 4, not 3"]),
        ("an older version", LOCK.split("\n", 1)[1].replace(" 3 ", " 2 "), ["zlib+1 2, not 3"]),
        ("other bytes", LOCK.split("\n", 1)[1].replace(B, C), ["zlib+1 3 with other bytes"]),
        ("unknown bytes", LOCK.split("\n", 1)[1].replace(B, "-"), ["zlib+1 3 with other bytes"]),
        ("one more", LOCK.split("\n", 1)[1] + f"more 1 all {C}\n",
         ["more 1, which is not in the lock"]),
        ("one less", LOCK.splitlines()[1] + "\n", ["zlib+1 is not there, but in the lock"]),
        ("none", "", ["libx is not there, but in the lock",
                      "zlib+1 is not there, but in the lock"])):
    tap.equal(lock('lock_differences "$lock" "$installed"', lock=LOCK, installed=installed), want,
              f"installed: {name}")
tap.equal(lock('lock_differences "$lock" "$installed"', lock="", installed=f"a 1 all {A}\n"),
          ["a 1, which is not in the lock"], "installed: an empty lock locks nothing")

tap.equal(lock('with_digests "$known" "$index"', "new 1 all\nold 1 all\nlost 1 all\n",
               known=f"old 1 all {A}\n", index=f"old 1 all {B}\nnew 1 all {C}\nnew 2 all {A}\n"),
          ["lost 1 all -", f"new 1 all {C}", f"old 1 all {A}"],
          "digests are those of when it was installed; a lost one is not guessed")
tap.equal(lock('with_digests "$known" "$index"', "a 1 all\n", known="", index=f"a 1 all {A}\n"),
          [f"a 1 all {A}"], "an empty list of digests hides nothing")

tap.equal(lock('lock_preferences "$lock"', lock=LOCK)[:4],
          ["Package: libx", "Pin: version 1:2.0-1~deb13u1", "Pin-Priority: 1001", ""],
          "apt is to prefer the locked versions, older ones too")
tap.equal(lock("shortly", "x\n" * 10), ["   x"] * 8 + ["   and 2 more"], "long lists are cut")

# ---- the real one

with open("iso/packages.lock", encoding="ascii") as lock_file:
    lines = [line for line in lock_file.read().splitlines() if not line.startswith("#")]
tap.equal([line for line in lines
           if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+ [0-9][A-Za-z0-9.+:~-]* (amd64|all) [0-9a-f]{64}",
                               line)], [], "iso/packages.lock: every line has its four fields")
tap.equal(lines, sorted(set(lines)), "iso/packages.lock: sorted, nothing twice")
wanted = subprocess.run(["iso/buildroot.sh", "--list"], capture_output=True, text=True, check=True)
tap.equal(lock('lock_forgets "$LOCK"', wanted.stdout, LOCK="\n".join(lines)), [],
          "iso/packages.lock has every package of iso/packages.txt")

shutil.rmtree(work)
tap.close()
