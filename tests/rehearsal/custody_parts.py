"""custody_parts - what the tests of custodians share: the log stick, trees, a search for words."""
import hashlib
import os

import rehearsal as r


def merkle(lines):
    """The root of an RFC 6962 tree."""
    if len(lines) == 1:
        return hashlib.sha256(b"\0" + lines[0]).digest()
    k = 1
    while k * 2 < len(lines):
        k *= 2
    return hashlib.sha256(b"\1" + merkle(lines[:k]) + merkle(lines[k:])).digest()


def log_folder(out):
    stick = os.path.join(out, "sticks", "CS-LOG")
    names = sorted(os.listdir(stick)) if os.path.isdir(stick) else []
    return [os.path.join(stick, n) for n in names if n != "cornerstone.json"]


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def four_in_a_row(told, folder):
    """Four or more words of a share in a row, in any file: the first such file."""
    runs = {" ".join(s.split()[i:i + 4]).encode() for s in told for i in range(30)}
    for name in r.files(folder):
        data = read(folder, name).lower()
        if any(run in data for run in runs):
            return name
    return None
