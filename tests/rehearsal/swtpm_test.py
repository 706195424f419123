#!/usr/bin/env python3
"""One ceremony on each TPM of a workstation: the same files, the same verdict, the right class.

timeout: 180
"""
import json
import os

import rehearsal as r
import swtpm
from rehearsal import ok

# What only a TPM with an endorsement certificate can give.
CERTIFICATE_ONLY = {"evidence/ekcert.der"}


def class_of(bundle):
    with open(os.path.join(bundle, "statement.json"), encoding="utf-8") as f:
        return json.load(f)["predicate"]["evidence_class"]


def opened(bundle):
    """The transcript's word on the TPM."""
    with open(os.path.join(bundle, "transcript", "records.jsonl"), encoding="utf-8") as f:
        records = [json.loads(line) for line in f]
    return next(x for x in records if x["id"] == "tpm.opened")["args"]


def judge(name, out, want):
    """sanctum and crosscheck on what came out; the class is the one that was verified."""
    bundle, digest = os.path.join(out, "bundle"), r.identity(out)
    status, last = r.verify(bundle, "--identity", digest, "--rehearsal")
    ok(status == 0, f"{name}: sanctum verify accepts", f"{status}: {last}")
    status, said, more = r.run(os.path.join(r.BIN, "crosscheck"), bundle, "--identity", digest)
    ok(status == 0, f"{name}: crosscheck accepts", said + more)
    ok(class_of(bundle) == want, f"{name}: class {want}", class_of(bundle))
    return bundle


def play(name, out, tpm):
    status, said, _ = r.play("genesis.play", out, env={"TPM": tpm} if tpm else None)
    return ok(status == 0, f"{name}: the rehearsal ends well", said)


def refusals(folder):
    """What cannot be a TPM is refused, and nothing is left."""
    silent = os.path.join(folder, "not-a-socket")
    with open(silent, "wb"):
        pass
    for name, tpm, want, says in (
            ("a socket that is not there", f"swtpm:{folder}/none", 24, "No such file"),
            ("a file that is no socket", f"swtpm:{silent}", 24, "refused"),
            ("a path that is too long", "swtpm:/" + "x" * 120, 2, "path of 121 bytes"),
            ("no path", "swtpm:", 2, "--tpm=swtpm:SOCKET"),
            ("another kind", "device:/dev/tpm0", 2, "--tpm=swtpm:SOCKET")):
        out = os.path.join(folder, "refused-" + name.replace(" ", "-"))
        status, said, _ = r.play("genesis.play", out, env={"TPM": tpm})
        last = said.strip().splitlines()[-1]
        ok(status == want and says in last, f"{name}: refused in one line", f"{status}: {said}")
        ok(not os.path.exists(os.path.join(out, "bundle")), f"{name}: no bundle")


def main():
    with r.Folder() as folder:
        helper, socket = os.path.join(folder, "helper"), os.path.join(folder, "socket")
        state = swtpm.manufacture(os.path.join(folder, "tpm"))
        good = play("softtpm helper", helper, None)
        with swtpm.Swtpm(state) as tpm:
            good = play("swtpm socket", socket, f"swtpm:{tpm.path}") and good
        if good:
            a = judge("softtpm helper", helper, "software")
            b = judge("swtpm socket", socket, "software")
            ok(opened(a)["backend"] == "software" and opened(b)["backend"] == "swtpm",
               "the transcript names the back end", f"{opened(a)} {opened(b)}")
            ok(set(r.files(a)) ^ set(r.files(b)) == CERTIFICATE_ONLY,
               "the same files, but for the endorsement certificate",
               set(r.files(a)) ^ set(r.files(b)))
        refusals(folder)
    r.done()


if __name__ == "__main__":
    main()
