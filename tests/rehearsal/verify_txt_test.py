#!/usr/bin/env python3
"""VERIFY.txt with stock tools: it accepts the bundle and refuses every spoilt one.

timeout: 600
"""
import os
import shutil

import rehearsal as r
from rehearsal import ok

# What the printed commands do not read; sanctum verify does (genesis_test.py).
NOT_READ = {"transcript/openings.jsonl"}


def main():
    with r.Folder() as folder:
        out, other = os.path.join(folder, "out"), os.path.join(folder, "other")
        status, said, _ = r.play("genesis.play", out)
        if not ok(status == 0, "the genesis ends well", said):
            r.done()
        bundle, digest = os.path.join(out, "bundle"), r.identity(out)
        status, said = r.verify_txt(bundle, digest)
        ok(status == 0, "VERIFY.txt accepts the bundle", said)
        before = r.files(bundle)
        ok(before == r.files(bundle), "VERIFY.txt writes nothing into the bundle")
        for name, value in (("empty", ""), ("short", digest[1:]), ("another", "0" * 64),
                            ("in capitals", digest.upper()), ("with a line break", digest[:32] + "\n" + digest[32:])):
            status, said = r.verify_txt(bundle, value)
            ok(status != 0, f"VERIFY.txt refuses an identity that is {name}", said)

        # The same plan and people, but other roots: consistent in itself.
        status, said, _ = r.play("genesis.play", other)
        ok(status == 0, "another genesis ends well", said)
        impostor = os.path.join(other, "bundle")
        ok(r.verify_txt(impostor, r.identity(other))[0] == 0, "it is consistent in itself")
        ok(r.verify_txt(impostor, digest)[0] != 0, "VERIFY.txt refuses a bundle made under other roots")
        ok(r.verify(impostor, "--identity", digest, "--rehearsal")[0] == 11,
           "sanctum verify refuses a bundle made under other roots")

        copy = os.path.join(folder, "spoilt")
        for name in r.files(bundle):
            if name in NOT_READ:
                continue
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(bundle, copy)
            r.flip(os.path.join(copy, name))
            status, said = r.verify_txt(copy, digest)
            ok(status != 0, f"VERIFY.txt refuses a flipped bit in {name}", said)
        for name in ("evidence/quote.sig", "approvals/bob.sig", "statement.mldsa87.p7s", "trust/root-p384.pem"):
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(bundle, copy)
            os.unlink(os.path.join(copy, name))
            status, said = r.verify_txt(copy, digest)
            ok(status != 0, f"VERIFY.txt refuses the bundle without {name}", said)
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(bundle, copy)
        with open(os.path.join(copy, "trust", "extra.pem"), "wb") as f:
            f.write(b"extra\n")
        ok(r.verify_txt(copy, digest)[0] != 0, "VERIFY.txt refuses an extra file")
    r.done()


main()
