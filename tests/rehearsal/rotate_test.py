#!/usr/bin/env python3
"""After a genesis: a rotation, what it leaves alone and what not, a rebuild of what it made, who is refused.

timeout: 240
"""
import hashlib
import json
import os
import shutil

import genesis_parts
import rehearsal as r
from goldens import judge
from rehearsal import ok

KEPT = ["trust/root-mldsa87.pem", "trust/root-p384.pem", "trust/statement-mldsa87-chain.pem",
        "trust/statement-p384-chain.pem"]
MADE_ANEW = ["trust/crl/signing-ca-p384.pem", "trust/identity.json", "trust/log.pem",
             "trust/operations-mldsa87-chain.pem", "trust/operations-p384-chain.pem", "trust/revocation.sealed",
             "trust/token-chain.pem"]


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def write(data, *path):
    with open(os.path.join(*path), "wb") as f:
        f.write(data)


def same(a, b, names):
    return [n for n in names if read(a, "bundle", n) == read(b, "bundle", n)]


def trust(out):
    return [n for n in r.files(os.path.join(out, "bundle")) if n.startswith("trust/") and "approvers" not in n]


def prepare(out, again, told, mode, plan_of=None, statement=None, identity=None):
    """Sticks for a ceremony after out; plan_of changes the plan before it is filled in."""
    shutil.rmtree(again, ignore_errors=True)
    genesis_parts.prepare_rebuild(out, again, told)
    status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, again,
                              os.path.join(again, "identity.json"), env={"MODE": mode})
    assert status == 0, said + err
    stick = os.path.join(again, "sticks", "CS-IN")
    if statement is not None:
        write(statement, stick, "statement.json")
    if identity is not None:
        write(identity, stick, "identity.json")
    if plan_of is not None:
        plan = json.loads(read(stick, "plan.json"))
        plan_of(plan)
        write(json.dumps(plan).encode(), stick, "plan.json")
    return again


def play(name, out, *changes, faketime=None):
    """The answer file with changes (find, put), at another time."""
    with open(os.path.join(r.TESTS, "play", name), encoding="utf-8") as f:
        text = f.read()
    for find, put in changes:
        assert find in text, find
        text = text.replace(find, put)
    path = os.path.join(out, "changed.play")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    argv = ["faketime", faketime] if faketime else []
    status, said, err = r.run(*argv, os.path.join(r.BIN, "ceremony"), "play", path, "--out", out)
    return status, said + err


def judge_rotation(out, again):
    digest = r.identity(out)
    ok(r.identity(again) == digest, "the identity digest stays")
    ok(same(out, again, KEPT) == KEPT, "roots and statement signers stay, byte for byte", same(out, again, KEPT))
    ok(not same(out, again, MADE_ANEW), "the signers below the operations secret are new, and so is the card",
       same(out, again, MADE_ANEW))
    old, new = os.path.join(out, "bundle"), os.path.join(again, "bundle")
    status, line = r.verify(new, "--rehearsal", "--identity", digest)
    ok(status == 0 and "sequence 2" in line, "the new bundle is accepted", line)
    status, said = r.verify_txt(new, digest)
    ok(status == 0, "VERIFY.txt accepts it", said)
    state = os.path.join(again, "state")
    marks = [r.verify(b, "--rehearsal", "--identity", digest, "--state", state)[0] for b in (old, new, old)]
    ok(marks == [0, 0, 13], "an importer takes the old one, the new one, and then the old one no more", marks)
    statement = json.loads(read(new, "statement.json"))["predicate"]
    ok(statement["previous"] == hashlib.sha256(read(old, "statement.json")).hexdigest(),
       "the statement names the one before")
    for crl, want, says in (("trust/crl", 11, "revoked by"), ("trust/crl/root-p384.pem", 0, "accepted")):
        status, line = r.verify(old, "--rehearsal", "--identity", digest, "--crl", os.path.join(new, crl))
        ok(status == want and says in line, f"the old bundle with the new {crl}: {want}", line)
    for b, name in ((old, "old"), (new, "new")):
        status, line = r.verify(b, "--rehearsal", "--identity", digest, "--crl", os.path.join(b, "trust", "crl"))
        ok(status == 0, f"the {name} bundle with its own lists", line)
    inventory = read(new, "record", "inventory.txt").decode()
    rows = json.loads(read(old, "trust", "identity.json"))["certificates"]
    superseded = [row[5] for row in rows if row[0] in ("operations-p384", "operations-mldsa87", "token-p256")]
    ok(all(s in inventory for s in superseded) and digest in inventory and
       read(new, "trust", "log.vkey").decode().strip() in inventory, "the inventory names what is superseded and new",
       inventory)


def judge_rebuild(again, told, folder):
    """The rotated card and the old shares give the rotated certificates again."""
    def dates(plan):
        stick = os.path.join(again, "sticks", "CS-IN")
        plan["dates"] = json.loads(read(stick, "plan.json"))["dates"]
        plan["sequence"] = 3
    third = prepare(again, os.path.join(folder, "rebuild"), told, "rebuild", dates)
    status, said = play("rebuild.play", third)
    ok(status == 0, "a rebuild after the rotation", said)
    if status == 0:
        ok(same(again, third, trust(again)) == trust(again), "gives every file in trust/ again, byte for byte",
           set(trust(again)) - set(same(again, third, trust(again))))


def judge_expired(out, told, folder):
    """Leaves whose time is over at a rebuild begin anew, as the next generation."""
    def late(plan):
        plan["dates"]["operations"] = {"from": "2028-01-01T00:00:00Z", "to": "2029-12-31T00:00:00Z"}
        plan["window"]["from"] = "2028-01-01T00:00:00Z"
    again = prepare(out, os.path.join(folder, "late"), told, "rebuild", late)
    status, said = play("rebuild.play", again, faketime="2028-03-01 12:00:00")
    ok(status == 0, "a rebuild in 2028, when the operations signers have expired", said)
    rows = {row[0]: row[2] for row in json.loads(read(again, "bundle", "trust", "identity.json"))["certificates"]}
    ok([rows[k] for k in ("statement-p384", "operations-p384", "token-p256")] == [1, 2, 2],
       "gives the next generation of the operations signers", rows)
    ok(same(out, again, KEPT) == KEPT, "and the same roots and statement signers")
    status, line = r.verify(os.path.join(again, "bundle"), "--rehearsal", "--identity", r.identity(out), "--as-of",
                            "2028-04-01T00:00:00Z")
    ok(status == 0, "and is accepted then", line)


def with_eve(plan, folder):
    """Bob is an approver no more, eve is one."""
    with open(os.path.join(folder, "approver.json"), encoding="utf-8") as f:
        eve = json.load(f)
    plan["approvers"] = [a for a in plan["approvers"] if a["name"] != "bob"]
    plan["approvers"].append({k: eve[k] for k in ("name", "seal", "sign")})
    plan["people"] = [p for p in plan["people"] if p["name"] != "bob"]
    plan["people"].append({"name": "eve", "full": "Eve Laurent", "roles": ["approver"]})


def judge_approvers(out, told, folder):
    key = os.path.join(folder, "CS-eve")
    status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "approver", "new", "eve", key,
                              text="rehearsal passphrase of eve\n")
    assert status == 0, said + err
    again = prepare(out, os.path.join(folder, "approvers"), told, "rotate", lambda p: with_eve(p, key))
    shutil.copytree(key, os.path.join(again, "sticks", "CS-eve"))
    status, said = play("rotate.play", again, ("CS-bob", "CS-eve"), ("@bob", "@eve"), ("of bob", "of eve"))
    ok(status == 0, "a rotation with another approver", said)
    screens = os.path.join(again, "screens")
    shown = "".join(read(screens, n).decode() for n in os.listdir(screens) if "rotate.agree" in n)
    ok("eve is NEW" in shown and "bob is one NO MORE" in shown, "the screen says who is new and who is no more", shown)
    inventory = read(again, "bundle", "record", "inventory.txt").decode()
    ok("  eve, new\n" in inventory and "  bob, no more\n" in inventory, "and so does the inventory", inventory)


def drop(key):
    return lambda plan: plan.pop(key)


def put(key, value):
    return lambda plan: plan.__setitem__(key, value)


def longer(plan):
    plan["dates"]["root"]["to"] = "2046-01-01T00:00:00Z"


def hostile(out, told, folder, other):
    """name, change of the plan, statement.json, identity.json, changes of the answers, status, words"""
    foreign = read(other, "bundle", "statement.json")
    follows = put("previous_sha256", hashlib.sha256(foreign).hexdigest())
    statement = read(out, "bundle", "statement.json")
    rows = [
        ("a plan that follows nothing", drop("previous_sha256"), None, None, (), 32, "previous_sha256 is missing"),
        ("a plan without an identity", drop("identity_sha256"), None, None, (), 32, "identity_sha256 is missing"),
        ("another statement than the plan follows", None, foreign, None, (), 32, "previous_sha256"),
        ("the sequence of the statement before", put("sequence", 1), None, None, (), 13, "sequence 1"),
        ("an identity file with a letter changed", None, None,
         read(out, "bundle", "trust", "identity.json").replace(b"Example Bank", b"Example Bonk"), (), 32,
         "identity_sha256"),
        ("roots that live longer", longer, None, None, (), 32, "root-p384: its last date"),
        ("the statement of other roots", follows, foreign, None, (), 30, "another identity"),
        ("a statement that is none", put("previous_sha256", hashlib.sha256(statement[1:]).hexdigest()), statement[1:],
         None, (), 10, "statement.json"),
        ("dice", put("dice", True), None, None, (), 32, "dice"),
        ("somebody who does not agree", None, None, None, (("rotate.agree agree", "rotate.agree " + r.NO.format("wim")),), 27, "no"),
    ]
    for name, plan, statement, identity, answers, want, say in rows:
        again = prepare(out, os.path.join(folder, "hostile"), told, "rotate", plan, statement, identity)
        status, said = play("rotate.play", again, *answers)
        ok(status == want and say in said, f"rotate: {name}: {want}", f"{status}: {said}")
        ok(not os.path.exists(os.path.join(again, "bundle")), f"rotate: {name}: no bundle is left")


def main():
    with r.Folder() as folder:
        out, again, other = (os.path.join(folder, n) for n in ("out", "again", "other"))
        status, said, _ = r.play("genesis.play", out)
        if not ok(status == 0, "a genesis", said):
            r.done()
        told = genesis_parts.shares(out)
        genesis_parts.prepare_rebuild(out, again, told)
        status, said, _ = r.play("rotate.play", again)
        if not ok(status == 0, "the rotation ends well", said):
            r.done()
        judge(again, "rotate")
        judge_rotation(out, again)
        judge_rebuild(again, told, folder)
        judge_expired(out, told, folder)
        judge_approvers(out, told, folder)
        status, said, _ = r.play("genesis.play", other)
        ok(status == 0, "another genesis", said)
        hostile(out, told, folder, other)
    r.done()


main()
