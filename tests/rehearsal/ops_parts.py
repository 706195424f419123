"""ops_parts - what the tests of operations statements share."""
import os
import re
import shutil

import rehearsal as r
from rehearsal import ok

SIGNERS = {"p384": "trust/root-p384.pem", "mldsa87": "trust/root-mldsa87.pem"}


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def prepare(sticks, bundle, again, names=("alice", "bob")):
    """A folder for the next ceremony: the approvers' sticks as they are, the bundle."""
    for name in names:
        shutil.copytree(os.path.join(sticks, "sticks", f"CS-{name}"), os.path.join(again, "sticks", f"CS-{name}"))
    shutil.copytree(bundle, os.path.join(again, "base"))


def judge_stock_tools(bundle, n):
    """The CMS of ops/<n> by openssl, with the operations signers' own purpose; SHA256SUMS."""
    ops = os.path.join(bundle, "ops", str(n))
    at = re.search(rb'"time_unix":(\d+)', read(ops, "statement.json")).group(1).decode()
    for name, root in SIGNERS.items():
        signer = os.path.join(ops, f"{name}.signer")
        status, said, err = r.run(
            "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in",
            os.path.join(ops, f"statement.{name}.p7s"), "-content", os.path.join(ops, "statement.json"), "-CAfile",
            os.path.join(bundle, root), "-no-CApath", "-no-CAstore", "-purpose", "smimesign", "-attime", at, "-signer",
            signer, "-out", "/dev/null")
        ok(status == 0, f"ops/{n}: openssl verifies the {name} signature", said + err)
        status, said, err = r.run("openssl", "x509", "-in", signer, "-noout", "-ext", "extendedKeyUsage")
        ok("2.25.1129532500.2" in said and "2.25.1129532500.1" not in said.replace("2.25.1129532500.2", ""),
           f"ops/{n}: its {name} signer is one for operations, not for statements", said + err)
        os.unlink(signer)
    status, said, err = r.run("sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS", cwd=ops)
    ok(status == 0, f"ops/{n}: sha256sum agrees", said + err)


def judge_refreshed(out, again, n):
    """The bundle as it was, byte for byte, and one more operations statement."""
    bundle, base = os.path.join(again, "bundle"), os.path.join(again, "base")
    was, now = r.files(base), r.files(bundle)
    ok(all(read(base, f) == read(bundle, f) for f in was), f"ops/{n}: every file of the bundle is as it was")
    more = sorted(set(now) - set(was))
    ok(more and all(f.startswith(f"ops/{n}/") for f in more), f"ops/{n}: only that folder was added", more)
    status, last = r.verify(bundle, "--rehearsal", "--identity", r.identity(out))
    ok(status == 0, f"ops/{n}: the bundle is accepted", last)
    copy = os.path.join(again, "sticks", "CS-OUT-B", "bundle")
    ok(r.files(copy) == now and all(read(copy, f) == read(bundle, f) for f in now), f"ops/{n}: two copies")
    judge_stock_tools(bundle, n)


def refused(name, again, spoil, want, say, play="refresh.play", env=None):
    """Play with one thing spoiled; the failure's screen says why, and nothing is exported."""
    with r.Folder() as folder:
        place = os.path.join(folder, "again")
        shutil.copytree(again, place)
        answers = spoil(place) or play
        status, said, _ = r.play(answers, place, env=env)
        screens = os.path.join(place, "screens")
        shown = " ".join(" ".join(line.partition("│")[2].split()) for n in sorted(os.listdir(screens))
                         for line in read(screens, n).decode().splitlines()) if os.path.isdir(screens) else ""
        ok(status == want and (say in shown or say in said), f"refused: {name}", f"{status}: {said}\n{shown[-600:]}")
        ok(not os.path.exists(os.path.join(place, "bundle")), f"refused: {name}: nothing was exported")


def replaced(place, find, put, play="refresh.play"):
    text = read(r.TESTS, "play", play).decode()
    assert find in text, find
    path = os.path.join(place, "spoiled.play")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(find, put))
    return path


def crosscheck(bundle, identity, *more):
    status, said, err = r.run(os.path.join(r.BIN, "crosscheck"), bundle, "--identity", identity, *more)
    return status, said + err


def spoiled(bundle, identity, path, data, name):
    """With the file changed (None: gone) the second checker refuses, and names its folder."""
    full = os.path.join(bundle, path)
    before = read(full)
    if data is None:
        os.unlink(full)
    else:
        with open(full, "wb") as f:
            f.write(data)
    status, said = crosscheck(bundle, identity)
    with open(full, "wb") as f:
        f.write(before)
    ok(status in (10, 11, 12) and path.rsplit("/", 1)[0].startswith("ops/") and "ops/" in said, name, f"{status}: {said}")


def judge_crosscheck(bundle, identity):
    """The second checker agrees with what is there, and with nothing else."""
    status, said = crosscheck(bundle, identity)
    ok(status == 0 and "[OK] operations: 2 statements" in said, "the second checker agrees with both", said)
    listed = re.findall(r"^(\S+): (?:not )?checked", crosscheck(bundle, identity, "--files")[1], re.M)
    missing = set(r.files(bundle)) - set(listed)
    ok(not missing, "the second checker says of each file whether it was checked", missing)
    for path in [f for f in r.files(bundle) if f.startswith("ops/1/")]:
        data = bytearray(read(bundle, path))
        data[len(data) // 2] ^= 1
        if not path.endswith("statement.mldsa87.p7s"):  # which GnuTLS reads the form of, and no more
            spoiled(bundle, identity, path, bytes(data), f"second checker: {path}: a bit flipped")
        if not path.endswith("openings.jsonl"):
            spoiled(bundle, identity, path, None, f"second checker: {path}: missing")
    for name in ("statement.p384.p7s", "statement.mldsa87.p7s", "statement.json"):
        spoiled(bundle, identity, f"ops/1/{name}", read(bundle, name), f"second checker: the bundle's own {name}")
        spoiled(bundle, identity, f"ops/2/{name}", read(bundle, "ops/1", name), f"second checker: {name} of another")
