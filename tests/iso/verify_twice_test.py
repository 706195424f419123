#!/usr/bin/env python3
"""make iso-verify: finds and names what differs, and its second build is really elsewhere."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vm"))

from tap import Tap                                         # noqa: E402

tap = Tap()
work = tempfile.mkdtemp(dir="/var/tmp")
os.chmod(work, 0o755)

with open("iso/verify-twice", encoding="ascii") as script_file:
    listed = re.search(r"ARTEFACTS=\(([^)]*)\)", script_file.read()).group(1).split()


def tree(name):
    """A build made of one line a file."""
    folder = os.path.join(work, name)
    shutil.rmtree(folder, ignore_errors=True)
    for path in listed:
        os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
        with open(os.path.join(folder, path), "w", encoding="ascii") as f:
            f.write(f"the bytes of {path}\n" * 100)
    return folder


def plant(folder, path):
    """One bit, at the very end."""
    with open(os.path.join(folder, path), "r+b") as f:
        f.seek(-1, os.SEEK_END)
        last = f.read(1)[0]
        f.seek(-1, os.SEEK_END)
        f.write(bytes([last ^ 1]))


def compare(one, other):
    run = subprocess.run(["iso/verify-twice", "--compare", one, other], capture_output=True,
                         text=True, check=False)
    named = re.search(r"^iso-verify: (\S+) (?:differs|is missing)", run.stderr, re.M)
    return run.returncode, named.group(1) if named else None, run.stdout


# ---- comparing

first, second = tree("first"), tree("second")
status, named, output = compare(first, second)
tap.equal((status, named), (0, None), "two builds of the same bytes are the same")
tap.equal([line.split()[1] for line in output.splitlines()[:-1]], listed,
          "and every artefact's digest is printed, in the order of making")
for path in listed:
    plant(second, path)
    tap.equal(compare(first, second)[:2], (1, path), f"one bit in {path}")
    tap.equal(compare(second, first)[:2], (1, path), f"one bit in {path}, the other way round")
    plant(second, path)
    os.rename(os.path.join(second, path), os.path.join(second, "away"))
    tap.equal(compare(first, second)[:2], (1, path), f"no {path} in the second build")
    os.rename(os.path.join(second, "away"), os.path.join(second, path))
for path in listed[2:5]:
    plant(second, path)
tap.equal(compare(first, second)[:2], (1, listed[2]), "of several, the first made is named")
with open(os.path.join(tree("second"), listed[-1]), "a", encoding="ascii") as more:
    more.write("x")
tap.equal(compare(first, second)[:2], (1, listed[-1]), "one byte more at the end")
tap.ok(compare(first, os.path.join(work, "nowhere"))[0] != 0, "no second build at all")

with open("iso/iso.mk", encoding="ascii") as makefile:
    attested = re.search(r"^ATTESTED := (.*?[^\\])$", makefile.read(), re.M | re.S).group(1)
tap.equal(sorted(set(attested.replace("\\", " ").split()) - set(listed)), [],
          "everything that builders sign is compared")

# ---- elsewhere

PROBE = """id -u; id -G; date +%Y%m; date +%Z; umask; echo "$HOME"; nproc; locale | grep ^LC_COLLATE
touch new; find new -newermt '100 days' | wc -l
printf 'all: %s\\n%s:;@echo $@\\n' "$(seq -s' ' 40)" "$(seq -s' ' 40)" | make -sj1 -f - | md5sum"""


def probe(*prefix):
    run = subprocess.run([*prefix, "bash", "-c", f"cd {work}/there && {PROBE}"], check=False,
                         capture_output=True, text=True)
    return run.stdout.splitlines(), run.stderr


there = os.path.join(work, "there")
os.mkdir(there)
here_facts, _ = probe()
os.unlink(os.path.join(there, "new"))
there_facts, errors = probe("iso/verify-twice", "--elsewhere", there)
NAMES = ("user", "groups", "year and month", "time zone", "umask", "home", "number of jobs",
         "locale")
tap.equal(len(there_facts), len(NAMES) + 2, "the second build's surroundings can be asked")
for name, one, other in zip(NAMES, here_facts, there_facts):
    tap.ok(one != other, f"the second build has another {name}", f"{one} in both")
tap.ok(there_facts[2:3] == [time.strftime("%Y%m", time.gmtime(time.time() + 400 * 86400 + 20700))],
       "its clock is four hundred days on", errors)
tap.equal(there_facts[8:9], ["0"], "but its files have the real time, or make would be misled")
tap.ok(here_facts[-1] != there_facts[-1], "it makes things in another order")

shutil.rmtree(work)
tap.close()
