#!/usr/bin/env python3
"""What judging a bundle costs, against stock tools doing a part of it in the same run."""
import os
import statistics
import subprocess
import time

import rehearsal as r

ROUNDS = 7


def seconds(command, cwd):
    begin = time.monotonic()
    subprocess.run(command, cwd=cwd, shell=isinstance(command, str), check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - begin


def main():
    with r.Folder() as folder:
        out = os.path.join(folder, "out")
        status, said, _ = r.play("genesis.play", out)
        if status != 0:
            raise SystemExit(said)
        bundle = os.path.join(out, "bundle")
        cms = "sha256sum --quiet -c SHA256SUMS"
        for name in ("p384", "mldsa87"):
            cms += (f" && openssl cms -verify -binary -inform DER -in statement.{name}.p7s -content statement.json"
                    f" -CAfile trust/root-{name}.pem -purpose smimesign -out /dev/null")
        sanctum = [os.path.abspath(os.path.join(r.BIN, "sanctum")), "verify", ".", "--rehearsal",
                   "--identity", r.identity(out)]
        pairs = [(seconds(sanctum, bundle), seconds(cms, bundle)) for _ in range(ROUNDS)]
        ours, stock = (statistics.median(p[i] for p in pairs) for i in (0, 1))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"sanctum-verify {ours * 1000:.1f} ms {stock * 1000:.1f} {ratio:.2f}")


main()
