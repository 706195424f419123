#!/usr/bin/env python3
"""The recovery card that a genesis leaves on its OUT sticks: read as text, scanned, mistyped.

timeout: 120
"""
import os
import re

import rehearsal as r
from rehearsal import ok

SANCTUM = os.path.join(r.BIN, "sanctum")
LINE = re.compile(r"^(\d+|end) ")
SLIP = str.maketrans("0123456789abcdef", "1032547698badcfe")


def content(path):
    with open(path, "rb") as f:
        return f.read()


def card(folder, text):
    """What `sanctum card` makes of a card: status, bytes, what it said."""
    path = os.path.join(folder, "card.txt")
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    status, out, err = r.run(SANCTUM, "card", path)
    return status, out.encode(), err


def scan(picture):
    """What a telephone reads from the picture, its symbols in order."""
    status, out, err = r.run("zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", picture)
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    ok(status == 0 and "01" in lines and "end" in lines, "zbarimg reads the picture", out + err)
    end = lines.pop("end", "")
    return "\n".join([lines[n] for n in sorted(lines, key=int)] + [end]) + "\n"


def judge_text(folder, text, identity):
    status, out, said = card(folder, text)
    ok(status == 0 and out == identity, "the card's text gives identity.json, byte for byte", said)
    ok(max(map(len, text.splitlines())) <= 72, "the card fits into 72 columns")
    bare = "".join(line + "\n" for line in text.splitlines() if not line.startswith("#"))
    status, out, said = card(folder, bare)
    ok(status == 0 and out == identity, "its lines alone are enough", said)
    squeezed = re.sub(r"(?m)^(\S+)  (.*)  (\S+)$",
                      lambda m: f"{m[1]} {m[2].replace(' ', '')} {m[3]}", bare)
    status, out, said = card(folder, squeezed)
    ok(status == 0 and out == identity, "blanks within a line do not count", said)


def judge_slips(folder, text):
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if not LINE.match(line) or line.startswith("end"):
            continue
        head, *groups, check = line.split()
        for n, group in enumerate(groups):
            if group.translate(SLIP) != group:
                groups[n] = group.translate(SLIP)
                break
        spoilt = lines[:at] + [" ".join([head, *groups, check])] + lines[at + 1:]
        status, out, said = card(folder, "\n".join(spoilt) + "\n")
        ok(status == 10 and out == b"" and f"line {int(head)} has a mistake" in said,
           f"a slip in line {int(head)} is named by its line", f"{status}: {said}")


def main():
    with r.Folder() as folder:
        out = os.path.join(folder, "out")
        status, said, _ = r.play("genesis.play", out)
        if not ok(status == 0, "the genesis ends well", said):
            r.done()
        identity = content(os.path.join(out, "bundle", "trust", "identity.json"))
        sticks = [os.path.join(out, "sticks", name) for name in ("CS-OUT-A", "CS-OUT-B")]
        for name in ("recovery-card.txt", "recovery-card.bmp", "custodian-sheets.txt"):
            ok(content(os.path.join(sticks[0], name)) == content(os.path.join(sticks[1], name)),
               f"{name} is on both OUT sticks")
        text = content(os.path.join(sticks[0], "recovery-card.txt")).decode("ascii")
        judge_text(folder, text, identity)
        status, got, said = card(folder, scan(os.path.join(sticks[0], "recovery-card.bmp")))
        ok(status == 0 and got == identity, "the QR codes give identity.json, byte for byte", said)
        judge_slips(folder, text)
        sheets = content(os.path.join(sticks[0], "custodian-sheets.txt")).decode("utf-8").split("\f")
        ok(len(sheets) == 3 and all(len(re.findall(r"\d+\. _+", s)) == 33 for s in sheets) and
           ["carol" in sheets[0], "dave" in sheets[1], "erin" in sheets[2]] == [True] * 3,
           "a sheet for each custodian with room for 33 words", sheets[0])
    r.done()


main()
