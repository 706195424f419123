#!/usr/bin/python3
"""slip39_reference - SLIP-0039 by another hand, for slip39_cross_test.

Reads one request a line, answers with one line each; test secrets only.
  split IDENTIFIER M N SECRET RANDOM   the shares, joined by "/"; RANDOM is what the
                                       random source gives, hex
  new M N SECRET                       the shares, randomly made
  join TEXT/TEXT/...                   the secret in hex, or "refused"
"""

import sys

from shamir_mnemonic import combine_mnemonics, generate_mnemonics, shamir
from shamir_mnemonic.utils import MnemonicError


def split(identifier, m, n, secret, stream):
    left = bytearray.fromhex(stream)

    def take(count):
        got = bytes(left[:count])
        assert len(got) == count
        del left[:count]
        return got

    usual, shamir.RANDOM_BYTES = shamir.RANDOM_BYTES, take
    ems = shamir.EncryptedMasterSecret.from_master_secret(
        bytes.fromhex(secret), b"", int(identifier), True, 1)
    shares = shamir.split_ems(1, [(int(m), int(n))], ems)[0]
    shamir.RANDOM_BYTES = usual
    assert not left
    return "/".join(s.mnemonic() for s in shares)


def new(m, n, secret):
    return "/".join(generate_mnemonics(1, [(int(m), int(n))], bytes.fromhex(secret))[0])


def main():
    for line in sys.stdin:
        what, _, rest = line.strip().partition(" ")
        if what == "split":
            print(split(*rest.split(" ")))
        elif what == "new":
            print(new(*rest.split(" ")))
        else:
            try:
                print(combine_mnemonics(rest.split("/")).hex())
            except MnemonicError:
                print("refused")


main()
