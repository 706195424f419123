#!/usr/bin/env python3
"""The table of TPM vendors' roots is the published list: each row's digest is that of a
certificate of the list, with the address that the list gives for it, and none is missing."""
import base64
import hashlib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "vm"))

from tap import Tap                                                        # noqa: E402

DATA = os.path.join(os.environ.get("TESTDATA", "../shared/data"), "tpm-vendor-ca")
ROW = re.compile(r'/\* (https://\S+)( \*)? \*/\s*\{\s*"([^"]+)",\s*"([^"]+)",\s*"([0-9a-f]{64})"\s*\}')


def published():
    """{address: (kind of digest, digest)} and {kind: {digest: DER}}."""
    with open(os.path.join(DATA, "roots.tsv")) as f:
        rows = [line.rstrip("\n").split("\t") for line in f][1:]
    with open(os.path.join(DATA, "roots.pem")) as f:
        pems = re.findall(r"-----BEGIN CERTIFICATE-----(.*?)-----END", f.read(), re.S)
    ders = [base64.b64decode(p) for p in pems]
    by = {k: {hashlib.new(k, d).hexdigest(): d for d in ders} for k in ("sha1", "sha256")}
    return {url: (kind, digest) for _, url, kind, digest in rows}, by


def main():
    tap = Tap()
    if not os.path.isdir(DATA):
        print("1..0 # SKIP the published list is not here")
        return 0
    with open("appliance/attest/roots.c") as f:
        source = f.read()
    ours = ROW.findall(source)
    theirs, by = published()
    tap.ok(len(ours) == source.count("\t{ \""), "every row names its source")
    tap.ok(len({r[4] for r in ours}) == len(ours), "no digest is there twice")
    tap.ok({r[0] for r in ours} == set(theirs), "the rows are those of the list")
    for url, star, vendor, name, sha256 in ours:
        kind, digest = theirs.get(url, ("sha1", ""))
        der = by[kind].get(digest, b"")
        tap.ok(hashlib.sha256(der).hexdigest() == sha256, f"{vendor}: {name}")
        tap.ok((star != "") == (kind == "sha1"), f"{vendor}: {name}: how the list has it")
    return tap.close()


if __name__ == "__main__":
    sys.exit(main())
