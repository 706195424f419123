"""goldens - the screens of a rehearsal against the files in tests/rehearsal/screens/.

What differs from run to run (digests, their words, shares, the clock) is blanked first.
"""
import os
import re

import rehearsal as r
from rehearsal import ok

GOLDEN = os.path.join(r.HERE, "screens")
HEX = re.compile(r"[0-9a-f]{16} [0-9a-f]{16}")
CELLS = re.compile(r"  (?:[A-Za-z]+ *){1,4}$")


def blank(text):
    """The screen without what is never twice the same."""
    out, words = [], 0
    for line in text.splitlines():
        rail, bar, body = line.partition("│ ")
        if bar and HEX.search(body):
            body, words = HEX.sub("0123456789abcdef 0123456789abcdef", body), 32
        elif bar and words and CELLS.match(body.rstrip()):
            n = min(words, len(body.split()))
            body, words = "  " + "word          " * n, words - n
        elif body.strip():
            words = 0
        body = re.sub(r"^( +)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ *$",
                      lambda m: (m.group(1) + "2026-01-01T00:00:00Z").ljust(len(m.group(0))), body)
        line = rail + bar + body
        line = re.sub(r"\b(\d{1,2}\. )[a-z]+( *)", lambda m: (m.group(1) + "word").ljust(len(m.group(0))), line)
        line = re.sub(r"[0-9a-f]{16}\.\.\.", "0123456789abcdef...", line)
        line = re.sub(r"splitting \d{5}\b", "splitting 16384", line)
        line = re.sub(r"-\d{8}-\d{6}\b", "-20260101-000000", line)
        line = re.sub(r"so far, \d+", "so far, NN", line)
        line = re.sub(r"\b\d+ records(, checkpoint; \d+ openings)?", lambda m: "NN records" +
                      (", checkpoint; N openings" if m.group(1) else ""), line)
        line = re.sub(r"\d{5,7} bytes were", "NNNNNN bytes were", line)
        line = re.sub(r"\b\d{2,3}( files\b| bound\b| others\b)", r"NN\1", line)
        out.append(line.rstrip())
    return "\n".join(out) + "\n"


def judge(out, mode, only="", once=False):
    """The screens whose reference matches only, under the names MODE-REFERENCE.txt; once: one
    that says again what it said before is passed over."""
    if not os.path.isdir(os.path.join(os.environ.get("TESTDATA", "../shared/data"), "amd")):
        r.skip(f"screens of {mode}", "the goldens show real collateral; TESTDATA is not there")
        return
    screens = os.path.join(out, "screens")
    seen, said = set(), set()
    for name in sorted(os.listdir(screens)):
        if not re.match(r"\d+-(?:" + only + ")", name):
            continue
        ref = re.sub(r"^\d+-", f"{mode}-", name)
        with open(os.path.join(screens, name), encoding="utf-8") as f:
            text = blank(f.read())
        if once and (re.sub(r"\+*\.txt$", "", ref), text) in said:
            continue
        said.add((ref[:-4], text))
        while ref in seen:
            ref = ref.replace(".txt", "+.txt")
        seen.add(ref)
        path = os.path.join(GOLDEN, ref)
        if os.environ.get("GOLDEN") == "write":
            os.makedirs(GOLDEN, exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        want = open(path, encoding="utf-8").read() if os.path.exists(path) else "(no golden)"
        diff = "\n".join(f"- {a}\n+ {b}" for a, b in zip(want.splitlines(), text.splitlines()) if a != b)
        ok(want == text, f"screen {ref}", diff)
    here = {n for n in os.listdir(GOLDEN) if n.startswith(mode + "-")} if os.path.isdir(GOLDEN) else set()
    if os.environ.get("GOLDEN") == "write":
        for name in here - seen:
            os.unlink(os.path.join(GOLDEN, name))
    else:
        ok(here == seen, f"no golden of {mode} is left over", here - seen)
