"""genesis_parts - what several tests do with a genesis: read its shares, prepare a rebuild."""
import os
import shutil

import rehearsal as r


def shares(out):
    """The shares as the custodians saw them."""
    screens = os.path.join(out, "screens")
    shown = sorted(os.path.join(screens, n) for n in os.listdir(screens) if "shares.write@" in n)
    status, text, err = r.run(os.path.join(r.TESTS, "shares.py"), *shown)
    assert status == 0, err
    return text.splitlines()


def prepare_rebuild(out, again, told):
    """The folder again, for any mode after a genesis: the same approvers' sticks, identity file and card, the shares on paper."""
    os.makedirs(os.path.join(again, "sticks"))
    for name in ("alice", "bob"):
        stick = os.path.join(again, "sticks", f"CS-{name}")
        os.mkdir(stick)
        for file in ("approver.key", "approver.json"):
            shutil.copy(os.path.join(out, "sticks", f"CS-{name}", file), stick)
    shutil.copy(os.path.join(out, "bundle", "trust", "identity.json"), again)
    shutil.copy(os.path.join(out, "bundle", "statement.json"), again)
    shutil.copy(os.path.join(out, "sticks", "CS-OUT-A", "recovery-card.txt"), again)
    with open(os.path.join(again, "shares.txt"), "w", encoding="ascii") as f:
        f.write("\n".join(told) + "\n")


def prepare_reshare(out, again, told):
    """The same, and what a reshare follows: the statement and its transcript's head."""
    prepare_rebuild(out, again, told)
    os.mkdir(os.path.join(again, "previous"))
    for file in ("statement.json", "transcript/checkpoint"):
        shutil.copy(os.path.join(out, "bundle", file), os.path.join(again, "previous"))
