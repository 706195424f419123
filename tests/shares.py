#!/usr/bin/env python3
"""shares.py SCREENS...: the shares that screens of a rehearsal show, one a line.

The words stand in numbered columns ("12. busy"), as custodians read them.
"""
import re
import sys

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as screen:
        words = {int(n): w for n, w in re.findall(r"\b(\d{1,2})\. ([a-z]+)", screen.read())}
    if sorted(words) != list(range(1, len(words) + 1)):
        sys.exit(f"{path}: the words are not numbered from 1 without a gap")
    print(" ".join(words[n] for n in sorted(words)))
