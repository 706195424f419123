#!/usr/bin/env python3
"""Every screen of a genesis and a rebuild against its golden in tests/rehearsal/screens/.

What differs from run to run (digests, their words, shares, the clock) is blanked first.
After a wanted change:  GOLDEN=write make check T=screens  and read the diff.
timeout: 120
"""
import os

import genesis_parts
import rehearsal as r
from goldens import judge
from rehearsal import ok


def main():
    if not os.path.isdir(os.path.join(os.environ.get("TESTDATA", "../shared/data"), "amd")):
        print("ok 1 - screens # SKIP the goldens show real collateral; TESTDATA is not there\n1..1")
        return
    with r.Folder() as folder:
        out, again = os.path.join(folder, "out"), os.path.join(folder, "again")
        status, said, _ = r.play("genesis.play", out)
        ok(status == 0, "the genesis ends well", said)
        judge(out, "genesis")
        genesis_parts.prepare_rebuild(out, again, genesis_parts.shares(out))
        status, said, _ = r.play("rebuild.play", again)
        ok(status == 0, "the rebuild ends well", said)
        judge(again, "rebuild")
    r.done()


main()
