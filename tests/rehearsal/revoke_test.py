#!/usr/bin/env python3
"""After a genesis: a revocation without any custodian, who refuses the bundle then, and who is refused.

timeout: 300
"""
import hashlib
import json
import os
import shutil

import genesis_parts
import rehearsal as r
from goldens import judge
from rehearsal import ok

CAS = ("root-mldsa87", "root-p384", "signing-ca-mldsa87", "signing-ca-p384", "token-ca-p384")
AT = "1798761600"  # 2027-01-01


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def write(data, *path):
    with open(os.path.join(*path), "wb") as f:
        f.write(data)


def prepare(sticks, bundle, again):
    """A folder for the revocation: the approvers' sticks as they are, the bundle; no shares."""
    shutil.rmtree(again, ignore_errors=True)
    for name in ("alice", "bob"):
        shutil.copytree(os.path.join(sticks, "sticks", f"CS-{name}"), os.path.join(again, "sticks", f"CS-{name}"))
    shutil.copytree(bundle, os.path.join(again, "base"))


def judge_folder(out, again):
    """What went out, on both sticks, as strangers read it."""
    folder = os.path.join(again, "sticks", "CS-OUT-A", "revocation")
    want = sorted([f"crl/{ca}.{ext}" for ca in CAS for ext in ("der", "pem")] +
                  ["SHA256SUMS", "crl.pem", "kill-list.txt", "log.vkey", "plan.json", "transcript/checkpoint",
                   "transcript/openings.jsonl", "transcript/records.jsonl"])
    ok(r.files(folder) == want, "the folder holds the lists, what they mean, the plan and the transcript",
       r.files(folder))
    copy = os.path.join(again, "sticks", "CS-OUT-B", "revocation")
    ok(r.files(copy) == want and all(read(copy, f) == read(folder, f) for f in want), "on both sticks")
    status, said, err = r.run("sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS", cwd=folder)
    listed = sorted(line.split("  ", 1)[1] for line in read(folder, "SHA256SUMS").decode().splitlines())
    ok(status == 0 and listed == [f for f in want if f != "SHA256SUMS"], "sha256sum agrees, and nothing is left out",
       said + err)
    text = read(folder, "kill-list.txt").decode()
    rows = json.loads(read(out, "bundle", "trust", "identity.json"))["certificates"]
    below = [row for row in rows if not row[0].startswith("root-")]
    ok(len(below) == 8 and all(row[5] in text for row in below), "the kill list names every certificate below the roots")
    digest = hashlib.sha256(read(folder, "crl.pem")).hexdigest()
    ok(digest in text and r.identity(out) in text, "and the lists' digest and the identity", text)
    ids = [json.loads(line)["id"] for line in read(folder, "transcript", "records.jsonl").splitlines()]
    order = [i for i in ids if i in ("revocation.agreed", "plan.approved", "operations.share-opened",
                                     "revocation.opened", "transcript.closed")]
    ok(order == ["revocation.agreed"] + 2 * ["plan.approved"] + 2 * ["operations.share-opened"] +
       ["revocation.opened", "transcript.closed"] and "share.entered" not in ids,
       "the transcript tells of two approvals and two opened shares, and of no custodian", ids)
    ok(not os.path.exists(os.path.join(again, "bundle")), "there is no bundle")
    return folder


def judge_verifiers(out, folder):
    """The bundle was good; with the lists nobody takes it."""
    bundle, digest = os.path.join(out, "bundle"), r.identity(out)
    ok(r.verify(bundle, "--rehearsal", "--identity", digest)[0] == 0, "sanctum takes the bundle without the lists")
    for crl in ["crl.pem", "crl"] + [f"crl/{ca}.{ext}" for ca in CAS for ext in ("der", "pem")]:
        status, last = r.verify(bundle, "--rehearsal", "--identity", digest, "--crl", os.path.join(folder, crl))
        ok(status == 11 and "is revoked by" in last, f"sanctum refuses it with {crl}: 11", last)
    trust = os.path.join(bundle, "trust")
    published = os.path.join(folder, "published")
    write(b"".join(read(trust, "crl", f"{ca}.pem") for ca in CAS), published)
    for chain, root in (("statement-p384", "root-p384"), ("statement-mldsa87", "root-mldsa87"),
                        ("operations-p384", "root-p384"), ("operations-mldsa87", "root-mldsa87"),
                        ("token", "root-p384")):
        pem = os.path.join(trust, f"{chain}-chain.pem")
        for crl, good in ((published, True), (os.path.join(folder, "crl.pem"), False)):
            status, said, err = r.run("openssl", "verify", "-x509_strict", "-attime", AT, "-crl_check_all", "-CRLfile",
                                      crl, "-CAfile", os.path.join(trust, f"{root}.pem"), "-untrusted", pem, pem)
            ok((status == 0) == good and (good or "revoked" in said + err),
               f"openssl {'takes' if good else 'refuses'} the {chain} chain with {os.path.basename(crl)}", said + err)
            if "mldsa87" in chain:
                continue
            status, said, err = r.run("certtool", "--verify", "--load-ca-certificate",
                                      os.path.join(trust, f"{root}.pem"), "--load-crl", crl, "--attime",
                                      "2027-01-01 00:00:00", "--infile", pem)
            ok((status == 0) == good,
               f"certtool {'takes' if good else 'refuses'} the {chain} chain with {os.path.basename(crl)}", said + err)
    os.unlink(published)
    for name, text, want in (("no list", b"-----BEGIN X509 CRL-----\n", 10), ("an empty file", b"", 10),
                             ("a list with a bit flipped", None, 11)):
        path = os.path.join(folder, "spoilt.der")
        data = bytearray(read(folder, "crl", "root-p384.der"))
        data[-1] ^= 1
        write(bytes(data) if text is None else text, path)
        status, last = r.verify(bundle, "--rehearsal", "--identity", digest, "--crl", path)
        ok(status == want and "--crl" in last, f"sanctum refuses {name}: {want}", f"{status}: {last}")
        os.unlink(path)
    status, last = r.verify(bundle, "--rehearsal", "--identity", digest, "--crl", os.path.join(folder, "transcript"))
    ok(status == 12, "sanctum refuses a folder without lists: 12", f"{status}: {last}")
    status, last = r.verify(bundle, "--rehearsal", "--identity", digest, "--crl", os.path.join(folder, "nowhere"))
    ok(status == 12, "sanctum refuses what is not there: 12", f"{status}: {last}")


def tree(folder, name, change):
    """Change a file below the sticks."""
    path = os.path.join(folder, "sticks", name)
    data = change(read(path))
    if data is None:
        os.unlink(path)
    else:
        write(data, path)


def json_of(change):
    def changed(data):
        plan = json.loads(data)
        change(plan)
        return json.dumps(plan).encode()
    return changed


def changed(out, again, spoil, answers=()):
    """A revocation of out's bundle with other files on the sticks and other answers."""
    prepare(out, os.path.join(out, "bundle"), again)
    status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, again,
                              os.path.join(again, "base", "trust", "identity.json"), env={"MODE": "revoke"})
    assert status == 0, said + err
    for path, change in spoil:
        tree(again, path, change)
    text = read(r.TESTS, "play", "revoke.play").decode()
    for find, put in answers:
        assert find in text, find
        text = text.replace(find, put, 1)
    write(text.encode(), again, "changed.play")
    status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play", os.path.join(again, "changed.play"), "--out",
                              again)
    return status, said + err


def hostile(out, other, folder):
    """name, changes of the sticks, changes of the answers, status, words"""
    plan = "CS-IN/plan.json"
    sealed = "CS-IN/bundle/trust/revocation.sealed"
    own = read(other, "sticks", "CS-alice", "operations-1-1.p7m")
    rows = [
        ("another word", [], [("revoke.agree kill\n", "revoke.agree agree\nrevoke.agree kill\n")], 0, ""),
        ("somebody who does not agree", [], [("revoke.agree kill", "revoke.agree " + r.NO.format("wim"))], 27, "no"),
        ("a plan that names no bundle", [(plan, json_of(lambda p: p.pop("base_sha256")))], [], 10, "base_sha256"),
        ("a plan that names another bundle", [(plan, json_of(lambda p: p.__setitem__("base_sha256", "00" * 32)))], [], 32,
         "base_sha256"),
        ("a plan that follows a statement", [(plan, json_of(lambda p: p.__setitem__("previous_sha256", "00" * 32)))], [],
         32, "previous_sha256"),
        ("one approval", [(plan, json_of(lambda p: p.__setitem__("approvals", 1)))], [], 10, "approvals"),
        ("sealed lists with a bit flipped", [(sealed, lambda b: b[:-1] + bytes([b[-1] ^ 1]))], [], 11,
         "revocation.sealed"),
        ("a bundle without them", [(sealed, lambda b: None)], [], 12, "revocation.sealed"),
        ("one person twice", [], [("media CS-alice OUT/sticks/CS-alice\nopen.pass@alice rehearsal passphrase of alice",
                                   "media CS-bob OUT/sticks/CS-bob\nopen.pass@bob rehearsal passphrase of bob")], 29,
         "CS-alice"),
        ("a share of another sanctum", [("CS-alice/operations-1-1.p7m", lambda b: own)], [], 29, "CS-alice"),
        ("no operations share on the stick", [("CS-alice/operations-1-1.p7m", lambda b: None)], [], 29, "CS-alice"),
    ]
    for name, spoil, answers, want, say in rows:
        again = os.path.join(folder, "hostile")
        status, said = changed(out, again, spoil, answers)
        ok(status == want and say in said, f"revoke: {name}: {want}", f"{status}: {said}")
        left = os.path.exists(os.path.join(again, "sticks", "CS-OUT-A", "revocation"))
        ok(left == (want == 0), f"revoke: {name}: {'lists' if want == 0 else 'no list'} went out")


def judge_rotated(out, folder):
    """A revocation after a rotation: its own lists, with the superseded signers in them."""
    again, third = os.path.join(folder, "rotated"), os.path.join(folder, "killed")
    genesis_parts.prepare_rebuild(out, again, genesis_parts.shares(out))
    status, said, _ = r.play("rotate.play", again)
    ok(status == 0, "a rotation", said)
    dates = json.loads(read(again, "sticks", "CS-IN", "plan.json"))["dates"]
    status, said = changed(again, third, [("CS-IN/plan.json", json_of(lambda p: p.__setitem__("dates", dates)))])
    ok(status == 0, "a revocation after it, with the new operations shares", said)
    text = read(third, "sticks", "CS-OUT-A", "revocation", "kill-list.txt").decode()
    ok(text.count("operations-p384, generation") == 2 and "list number 4" in text,
       "names signers of both generations", text)
    for bundle in (out, again):
        status, last = r.verify(os.path.join(bundle, "bundle"), "--rehearsal", "--identity", r.identity(out), "--crl",
                                os.path.join(third, "sticks", "CS-OUT-A", "revocation", "crl.pem"))
        ok(status == 11, "and ends the bundle of each generation", last)


def main():
    with r.Folder() as folder:
        out, again, other = (os.path.join(folder, n) for n in ("out", "again", "other"))
        status, said, _ = r.play("genesis.play", out)
        if not ok(status == 0, "a genesis", said):
            r.done()
        prepare(out, os.path.join(out, "bundle"), again)
        status, said, _ = r.play("revoke.play", again)
        if not ok(status == 0, "the revocation ends well", said):
            r.done()
        judge(again, "revoke")
        judge_verifiers(out, judge_folder(out, again))
        judge_rotated(out, folder)
        status, said, _ = r.play("genesis.play", other)
        ok(status == 0, "another genesis", said)
        hostile(out, other, folder)
    r.done()


main()
