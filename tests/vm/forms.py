"""forms - how a secret may stand in a machine's memory: the byte strings to look for.

Text is looked for at several strides (scan.c): plain; UTF-16 and a screen's cells, character
and attribute (2); UTF-32 and the console's own copy (4); one key after the other, each behind
a cursor movement on the serial line (8, 9); ncurses' cchar_t (28). Binary secrets are cut in
pieces of 16 bytes, so that a part that is left is found too. Not looked for: scan codes,
hash states, what a processor has in its registers.
"""
import hashlib

from derive import ORDERS

TEXT_STRIDES = (1, 2, 4, 8, 9, 28)
PIECE = 16
WORDS = 3			# in a row: no text has three words of a share by chance
LETTERS = 12			# of a passphrase
Q = 8380417			# FIPS 204
L, K, DROPPED = 7, 8, 13	# ML-DSA-87: polynomials in s1, in s2 and t0; bits of t0


class Form:
    """One byte string to look for, of which kind of secret it is, and its name."""

    def __init__(self, kind, name, data, strides=(1,)):
        self.kind, self.name, self.data, self.strides = kind, name, data, strides

    def line(self):
        return ",".join(map(str, self.strides)) + " " + self.data.hex()


def pieces(data, size=PIECE):
    """Parts of size bytes that cover all of it; none begins with a 0."""
    starts = list(range(0, len(data) - size + 1, size))
    if starts and starts[-1] + size < len(data):
        starts.append(len(data) - size)
    for at in starts:
        while data[at:at + 1] == b"\0" and at > 0:
            at -= 1
        if data[at] != 0 and len(set(data[at:at + size])) > 4:
            yield data[at:at + size]


def binary(kind, name, data):
    """As it is, in the other byte order, and written in hex digits."""
    found = {*pieces(data), *pieces(data[::-1]), *pieces(data.hex().encode(), 2 * PIECE)}
    return [Form(kind, name, piece) for piece in sorted(found)]


def passphrase(text):
    raw = text.encode()
    found = {raw[i:i + LETTERS] for i in range(0, max(1, len(raw) - LETTERS + 1), 2)}
    return [Form("passphrase", repr(text), part, TEXT_STRIDES) for part in sorted(found)]


def share(kind, name, text):
    """As it is typed and kept."""
    words = text.split()
    return [Form(kind, f"{name}, word {i + 1} on", " ".join(words[i:i + WORDS]).encode(),
                 TEXT_STRIDES) for i in range(len(words) - WORDS + 1)]


def shown_share(name, text):
    """As the screen shows it: numbered words."""
    return [Form("share on the screen", f"{name}, word {i}", f"{i:2}. {word}".encode(),
                 TEXT_STRIDES) for i, word in enumerate(text.split(), 1)]


# ---- ML-DSA: the secret polynomials as bytes, as numbers, and transformed


def bits(data, width, count):
    whole = int.from_bytes(data, "little")
    return [whole >> (width * i) & ((1 << width) - 1) for i in range(count)]


def reversed_bits(i):
    return int(f"{i:08b}"[::-1], 2)


ZETAS = [pow(1753, reversed_bits(i), Q) for i in range(256)]


def ntt(w):
    """FIPS 204, algorithm 41."""
    w, m, n = list(w), 0, 128
    while n >= 1:
        for start in range(0, 256, 2 * n):
            m += 1
            for j in range(start, start + n):
                t = ZETAS[m] * w[j + n] % Q
                w[j + n] = (w[j] - t) % Q
                w[j] = (w[j] + t) % Q
        n //= 2
    return w


def polynomials(expanded):
    """s1, s2 and t0 of an expanded key (FIPS 204, algorithm 25), numbers modulo q."""
    at = 128
    for count, width, top in ((L, 3, 2), (K, 3, 2), (K, DROPPED, 1 << (DROPPED - 1))):
        for _ in range(count):
            data = expanded[at:at + 32 * width]
            at += len(data)
            yield [(top - v) % Q for v in bits(data, width, 256)]


def numbers(values):
    return b"".join(v.to_bytes(4, "little") for v in values)


def small_numbers(w):
    """Stretches that begin with a negative number: small positive ones are everywhere."""
    for i in range(0, 256 - PIECE, 8):
        at = next((j for j in range(i, i + 8) if w[j] > Q // 2 and w[j] & 0xff), None)
        if at is not None and len({*w[at:at + PIECE]}) > 2:
            yield numbers(w[at:at + PIECE])


def mldsa(kind, name, key):
    forms = binary(kind, name + ", seed", key.seed)
    inner = hashlib.shake_256(key.seed + bytes((K, L))).digest(128)
    forms += binary(kind, name + ", rho'", inner[32:96])
    forms += binary(kind, name + ", K", inner[96:])
    if key.expanded[32:64] != inner[96:]:
        raise ValueError("the expanded key has another K than its seed gives")
    forms += [Form(kind, name + ", s1 s2 t0", p) for p in pieces(key.expanded[128:])]
    for number, w in enumerate(polynomials(key.expanded)):
        where = f"{name}, polynomial {number}"
        forms += [Form(kind, where + " as numbers", p) for p in small_numbers(w)]
        forms += [Form(kind, where + " transformed", p) for p in pieces(numbers(ntt(w)))]
    return forms


# ---- other keys


def ecdsa(kind, name, key):
    """Seed and scalar (DER has it as it is, OpenSSL's numbers the other way round); the
    scalar with one or two times the order added is what a multiplication works with."""
    order, n = ORDERS[key.curve], len(key.scalar)
    d = int.from_bytes(key.scalar)
    forms = binary(kind, name + ", seed", key.seed) + binary(kind, name, key.scalar)
    for times in (1, 2):
        blinded = (d + times * order).to_bytes(n + 1, "little")
        forms += [Form(kind, name + ", padded", p) for p in pieces(blinded)]
    return forms


def ed25519(kind, name, key):
    return binary(kind, name + ", seed", key.seed) + binary(kind, name + ", hashed", key.hashed)


MAKERS = {"ECDSA key": ecdsa, "ML-DSA key": mldsa, "Ed25519 key": ed25519}


def of_approver(name, approver):
    forms = binary("approver's key", f"{name}'s file key", approver.file_key)
    forms += binary("approver's key", f"{name}'s seed", approver.seed)
    forms += binary("approver's key", f"{name}'s derivation", approver.prk)
    for use, key in approver.keys.items():
        forms += ecdsa("approver's key", f"{name}'s {use} key", key)
    return forms


def of_ceremony(c):
    """Every form of every secret of a derive.Ceremony."""
    forms = binary("master secret", "master secret", c.master)
    forms += binary("master secret", "encrypted master secret", c.ems)
    forms += binary("operations secret", "operations secret", c.operations)
    for name, prk in c.prks.items():
        forms += binary("derivation", f"derivation of the {name}", prk)
    for i, text in enumerate(c.share_texts, 1):
        forms += share("share", f"share {i}", text) + shown_share(f"share {i}", text)
    for i, value in enumerate(c.share_values, 1):
        forms += binary("share", f"value of share {i}", value)
    for label, key in c.keys.items():
        forms += MAKERS[key.kind](key.kind, label, key)
    for name, approver in c.approvers.items():
        forms += of_approver(name, approver) + passphrase(approver.passphrase)
    for i, text in enumerate(c.ops_texts, 1):
        forms += share("operations share", f"operations share {i}", text)
    if c.ops_texts:
        values, ems = c.check_operations()
        for value in (*values, ems):
            forms += binary("operations share", "value of an operations share", value)
    return forms
