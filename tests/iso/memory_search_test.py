#!/usr/bin/env python3
"""The search of a machine's memory: every form of every secret of a rehearsal is found where
it is planted, a near miss is not, and a wrong derivation is no clean memory.

timeout: 200
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "vm"), os.path.join(HERE, "..", "rehearsal")]

import forms                                                # noqa: E402
import rehearsal                                            # noqa: E402
from derive import Ceremony, DeriveError, Drbg, scalar      # noqa: E402
from tap import Tap                                         # noqa: E402

SCAN = os.path.join(rehearsal.BUILD, "tool", "scan")
PAGE = 4096
HITS = 3			# as many of one form are reported
tap = Tap()


def scan(folder, patterns, data):
    """{(pattern, stride, offset)} found, or what the program complained of."""
    names = [os.path.join(folder, n) for n in ("patterns", "memory")]
    with open(names[0], "w", encoding="ascii") as f:
        f.writelines(line + "\n" for line in patterns)
    with open(names[1], "wb") as f:
        f.write(data)
    run = subprocess.run([SCAN, *names], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return run.stderr.strip()
    return {tuple(map(int, line.split()))[1:] for line in run.stdout.splitlines()}


def spread(data, stride, gap=b"\x07\xff\0"):
    """The bytes as cells: stride from each other, something else between them."""
    fill = (gap * stride)[:stride - 1]
    return b"".join(bytes([b]) + fill for b in data)


def at(data, offset, size=4 * PAGE):
    return (bytes(offset) + data).ljust(size, b"\0")


SECRET = b"correct horse battery"
HEX = SECRET.hex()
NEAR = SECRET[:-1] + b"x"


def check_scan(folder):
    for name, patterns, data, want in (
            ("as it is", ["1 " + HEX], at(SECRET, 100), {(0, 1, 100)}),
            ("across two pages", ["1 " + HEX], at(SECRET, PAGE - 3), {(0, 1, PAGE - 3)}),
            ("in the last bytes", ["1 " + HEX], bytes(PAGE) + SECRET, {(0, 1, PAGE)}),
            ("in a file smaller than a page", ["1 " + HEX], SECRET, {(0, 1, 0)}),
            ("cut off at the end", ["1 " + HEX], bytes(PAGE) + SECRET[:-1], set()),
            ("cells cut off at the end", ["2 " + HEX], spread(SECRET, 2)[:-2], set()),
            ("last byte differs", ["1 " + HEX], at(NEAR, 100), set()),
            ("first byte differs", ["1 " + HEX], at(b"C" + SECRET[1:], 100), set()),
            ("cells with a gap in between", ["2 " + HEX],
             at(spread(SECRET[:5], 2) + b"\0" + spread(SECRET[5:], 2), 64), set()),
            ("cells, looked for as they are", ["1 " + HEX], at(spread(SECRET, 2), 64), set()),
            ("two that begin alike", ["1 " + HEX, "1 " + NEAR.hex()],
             at(SECRET + NEAR, 64), {(0, 1, 64), (1, 1, 64 + len(SECRET))}),
            ("more often than is said", ["1 " + HEX], at(SECRET * 9, 0),
             {(0, 1, i * len(SECRET)) for i in range(3)}),
            ("an empty file", ["1 " + HEX], b"", set()),
            ("a pattern that begins with 0", ["1 00" + HEX], b"", "not a pattern"),
            ("a pattern of five bytes", ["1 " + HEX[:10]], b"", "not a pattern"),
            ("no hex digits", ["1 xy" + HEX], b"", "not a pattern"),
            ("half a byte", ["1 " + HEX + "0"], b"", "not a pattern"),
            ("no stride", [HEX], b"", "not a pattern"),
            ("stride 0", ["0 " + HEX], b"", "not a pattern"),
            ("stride 33", ["33 " + HEX], b"", "not a pattern"),
            ("no patterns", [], b"", "no patterns")):
        got = scan(folder, patterns, data)
        good = want in got if isinstance(want, str) and isinstance(got, str) else got == want
        tap.ok(good, f"scan: {name}", f"got {got!r}, wanted {want!r}")
    strides = ",".join(map(str, forms.TEXT_STRIDES))
    for stride in forms.TEXT_STRIDES:
        for odd in range(3):
            data = at(spread(SECRET, stride), PAGE - 40 + odd)
            tap.equal(scan(folder, [f"{strides} {HEX}"], data), {(0, stride, PAGE - 40 + odd)},
                      f"scan: every {stride} bytes, at {odd} bytes from an even place")


def check_arithmetic():
    """The transform turns a product of polynomials into products of numbers."""
    q = forms.Q
    a, b = ([(i * 7919 + k) % q for i in range(256)] for k in (3, 70001))
    product = [0] * 256
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            sign = 1 if i + j < 256 else -1
            product[(i + j) % 256] = (product[(i + j) % 256] + sign * x * y) % q
    tap.equal(forms.ntt(product), [x * y % q for x, y in zip(forms.ntt(a), forms.ntt(b))],
              "the transform of a product is the product of the transforms")
    tap.equal(Drbg(b"s").generate(40)[:32], Drbg(b"s").generate(32), "the generator is one stream")
    tap.ok(scalar(bytes(48), "P-384") != scalar(bytes(47) + b"\1", "P-384"),
           "the scalar hangs on the seed")


def known_ceremony(out, shares=None):
    found = shares or read_shares(out)
    c = Ceremony(os.path.join(out, "bundle"), found)
    for name in ("alice", "bob"):
        folder = os.path.join(out, "sticks", f"CS-{name}")
        c.add_approver(name, folder, f"rehearsal passphrase of {name}",
                       [os.path.join(folder, "operations-1-1.p7m")])
    return c


def read_shares(out):
    screens = os.path.join(out, "screens")
    shown = sorted(n for n in os.listdir(screens) if "shares.write@" in n)
    return rehearsal.run("python3", os.path.join(HERE, "..", "shares.py"),
                         *[os.path.join(screens, n) for n in shown])[1].splitlines()


def refused(what, name):
    try:
        what()
    except (DeriveError, ValueError) as error:
        tap.ok(True, name, error)
    else:
        tap.ok(False, name)


def check_derivation(out, other):
    c = known_ceremony(out)
    values, _ = c.check_operations()
    tap.ok(len(c.keys) == 11 and len(values) == 2,
           "eleven keys derived by another hand are the ones in the bundle")
    tap.ok(not any(f.data == b"" for f in forms.of_ceremony(c)), "every form has bytes")
    refused(lambda: Ceremony(os.path.join(out, "bundle"), read_shares(other)),
            "the shares of another ceremony are noticed")
    refused(lambda: Ceremony(os.path.join(out, "bundle"), read_shares(out)[:1]),
            "one share is not enough, and is noticed")
    c.operations = c.operations[::-1]
    refused(c.check_operations, "another operations secret is noticed")
    return known_ceremony(out)


def check_forms(folder, c):
    """All forms in one memory, each at each of its strides; then one bit off everywhere."""
    looked = forms.of_ceremony(c)
    wanted, off, parts, misses = set(), 0, [], []
    for number, form in enumerate(looked):
        for stride in form.strides:
            cells = spread(form.data, stride)
            wanted.add((number, stride, off))
            parts.append(cells)
            wrong = bytearray(form.data)
            wrong[len(wrong) // 2] ^= 1
            misses.append(spread(wrong, stride) + b"\x07")
            off += len(cells)
    lines = [form.line() for form in looked]
    got = scan(folder, lines, b"".join(parts))
    often = {n for n in range(len(looked)) if sum(1 for g in got if g[0] == n) >= HITS}
    tap.ok({w for w in wanted - got if w[0] not in often} == set(),
           f"each of {len(wanted)} planted forms is found", sorted(wanted - got)[:5])
    got = scan(folder, lines, b"".join(misses))
    tap.equal({(looked[n].name, s) for n, s, _ in got}, set(), "none is found with one bit off")
    tap.equal({f.kind for f in looked},
              {"master secret", "operations secret", "derivation", "share", "ECDSA key",
               "share on the screen", "ML-DSA key", "Ed25519 key", "approver's key",
               "passphrase", "operations share"}, "every kind of secret is looked for")


def main():
    folder = tempfile.mkdtemp()
    try:
        check_scan(folder)
        check_arithmetic()
        outs = [os.path.join(folder, n) for n in ("one", "two")]
        for out in outs:
            status, said, _ = rehearsal.play("genesis.play", out)
            tap.equal(status, 0, "a rehearsal to take the secrets from") or print(said)
        check_forms(folder, check_derivation(*outs))
    finally:
        shutil.rmtree(folder)
    tap.close()


if __name__ == "__main__":
    main()
