#!/usr/bin/env python3
"""A rebuild: from the card alone, from what sequence two people state, on from the old head.

timeout: 300
"""
import hashlib
import json
import os
import re
import shutil

import genesis_parts
import rehearsal as r
from rehearsal import ok

PLAY = os.path.join(r.TESTS, "play", "rebuild.play")
FIRST, SECOND = "known.sequence@dora 1\n", "known.sequence@wim 1\n"


def content(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def put(data, *path):
    os.makedirs(os.path.dirname(os.path.join(*path)), exist_ok=True)
    with open(os.path.join(*path), "wb") as f:
        f.write(data)


def keep_previous(bundle, again):
    """The last statement and its checkpoint, as somebody may still have them."""
    for name, source in (("statement.json", "statement.json"), ("checkpoint", "transcript/checkpoint")):
        put(content(bundle, source), again, "previous", name)


def records(bundle):
    return [json.loads(line) for line in content(bundle, "transcript", "records.jsonl").splitlines()]


def told(bundle, what):
    return [record["args"] for record in records(bundle) if record["id"] == what]


def judge_previous(again, old, identity):
    """Chained: the records name the old statement and head, and the statement binds it."""
    bundle = os.path.join(again, "bundle")
    digest = hashlib.sha256(content(old, "statement.json")).hexdigest()
    stated = json.loads(content(old, "statement.json"))["predicate"]
    ok(told(bundle, "previous.head") == [{"statement": digest, "sequence": 1,
                                          "records": stated["transcript"]["size"],
                                          "root": stated["transcript"]["root"]}],
       "the transcript goes on from the old head", told(bundle, "previous.head"))
    ok(told(bundle, "previous.verified") == [{"root": stated["transcript"]["root"]}],
       "the log's key, derived again, has signed the old head")
    ids = [record["id"] for record in records(bundle)]
    ok(ids.index("previous.head") < ids.index("plan.approved") < ids.index("previous.verified"),
       "it is recorded before anybody approves, and proved once the key is there")
    again_stated = json.loads(content(bundle, "statement.json"))["predicate"]
    ok(again_stated["previous"] == digest, "the statement names the one before it", again_stated["previous"])
    status, last = r.verify(bundle, "--identity", identity, "--rehearsal")
    ok(status == 0, "its bundle is accepted", last)
    status, said, err = r.run(os.path.join(r.BIN, "crosscheck"), bundle, "--identity", identity)
    ok(status == 0, "the second checker accepts it, too", said + err)


PEOPLE = ("dora:administrator=Dora Lindqvist", "wim:witness", "carol:custodian", "dave:custodian", "erin:custodian",
          "alice:approver", "bob:approver")


def plan_new(folder, name, card, *more):
    """What `ceremony plan new` makes of the card when no earlier plan is left."""
    path = os.path.join(folder, name)
    approvers = [os.path.join(folder, "alone", "sticks", f"CS-{who}", "approver.json") for who in ("alice", "bob")]
    people = [word for person in PEOPLE for word in ("--person", person)]
    status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "plan", "new", path, *people, *approvers, "--mode",
                              "rebuild", "--sequence", "2", "--identity", card, *more)
    ok(status == 0, f"a plan from the card alone {' '.join(more)}", said + err)
    return json.loads(content(path)) if status == 0 else None


def judge_plan(folder, card):
    """The card has all that a rebuild's plan must say as the genesis' did; what is over begins anew."""
    like = json.loads(content(folder, "alone", "sticks", "CS-IN", "plan.json"))
    keys = ("world", "sanctum", "shares", "operations", "dates", "identity_sha256", "approvers")
    tree = plan_new(folder, "today.json", card, "--tpm", "software")
    if tree:
        ok(all(tree[k] == like[k] for k in keys), "it says what the genesis' plan said",
           [(k, tree[k], like[k]) for k in keys if tree[k] != like[k]])
        at = {k: like[k] for k in ("collateral_time", "vendor_pki") if k in like}  # as the sticks here have it
        put(json.dumps({**tree, **at}).encode(), folder, "today.json")
    tree = plan_new(folder, "late.json", card, "--from", "2028-02-01")
    if tree:
        dates = {**like["dates"], "operations": {"from": "2028-02-01T00:00:00Z", "to": "2030-01-31T00:00:00Z"}}
        ok(tree["dates"] == dates, "in 2028 the operations signers begin anew, and nothing else", tree["dates"])


def judge_alone(again):
    """From the card alone: nothing else lies on the IN stick, and nothing is known."""
    bundle = os.path.join(again, "bundle")
    there = sorted(os.listdir(os.path.join(again, "sticks", "CS-IN")))
    ok(there == ["collateral", "cornerstone.json", "plan.json", "recovery-card.txt"],
       "the IN stick holds its mark, plan, collateral and the card", there)
    stated = [(args["name"], args["sequence"]) for args in told(bundle, "sequence.stated")]
    ok(stated == [("dora", 1), ("wim", 7), ("dora", 1), ("wim", 1)],
       "two people stated the highest sequence, again when they differed", stated)
    ok(told(bundle, "previous.unknown") == [{"sequence": 1}] and not told(bundle, "previous.head") and
       json.loads(content(bundle, "statement.json"))["predicate"]["previous"] == "",
       "without the last statement the record says that it is not known")


def judge_late(out, folder, words):
    """The log's key is of the next generation when the operations signers have expired."""
    late = prepare(out, folder, words, "late")
    keep_previous(os.path.join(out, "bundle"), late)
    status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, late,
                              os.path.join(late, "recovery-card.txt"))
    stick = os.path.join(late, "sticks", "CS-IN", "plan.json")
    plan = json.loads(content(stick))
    plan["dates"]["operations"] = {"from": "2028-01-01T00:00:00Z", "to": "2029-12-31T00:00:00Z"}
    plan["window"]["from"] = "2028-01-01T00:00:00Z"
    put(json.dumps(plan).encode(), stick)
    status, said, err = r.run("faketime", "2028-03-01 12:00:00", os.path.join(r.BIN, "ceremony"), "play", PLAY,
                              "--out", late)
    if not ok(status == 0, "a rebuild in 2028 that follows the last statement", said + err):
        return
    bundle = os.path.join(late, "bundle")
    ok([args["generation"] for args in told(bundle, "previous.unproved")] == [2] and
       not told(bundle, "previous.verified"), "the record says that the old head was not verified")
    ok(content(bundle, "trust", "root-p384.pem") == content(out, "bundle", "trust", "root-p384.pem") and
       content(late, "sticks", "CS-OUT-A", "recovery-card.txt") != content(late, "recovery-card.txt"),
       "the same root, and a card of the new generation")


def flip_line(text, at):
    """Another first digit in the check of a line."""
    lines = text.split(b"\n")
    lines[at] = lines[at][:-1] + (b"0" if lines[at][-1:] != b"0" else b"1")
    return b"\n".join(lines)


def other_root(note):
    """A checkpoint whose root is another one."""
    lines = note.split(b"\n")
    lines[2] = (b"B" if lines[2][:1] == b"A" else b"A") + lines[2][1:]
    return b"\n".join(lines)


def other_signature(note):
    """A checkpoint that somebody else signed: one digit within the signature."""
    at = note.rindex(b" ") + 20
    return note[:at] + (b"B" if note[at:at + 1] == b"A" else b"A") + note[at + 1:]


# name, change of a file in the prepared folder, (find, put) in the answers, status, words of the refusal
REFUSALS = (
    ("the plan's sequence is one that is known to be used", None, ((FIRST, FIRST.replace("1", "2")),
     (SECOND, SECOND.replace("1", "2"))), 13, "sequence is 2, and 2 is known to be used"),
    ("a slip in the card", ("recovery-card.txt", lambda t: flip_line(t, -10)), (), 29, "has a mistake"),
    ("a line of the card left out", ("recovery-card.txt", lambda t: re.sub(rb"\n05  [^\n]*", b"", t)), (), 29,
     "line 5 is missing"),
    ("half a card", ("recovery-card.txt", lambda t: t[:len(t) // 2]), (), 29, "recovery-card.txt: card: "),
    ("another sanctum's card", ("recovery-card.txt", None), (), 32, "not the one that the plan names"),
    ("another statement than the plan follows", ("stick/previous/statement.json", lambda t: t.replace(
        b'"sequence":1', b'"sequence":2')), (), 32, "not the one that the plan follows"),
    ("a statement of another sanctum", ("previous/statement.json", lambda t: t.replace(
        b'"sanctum":{"id":"5', b'"sanctum":{"id":"6')), (), 32, "is of another sanctum"),
    ("a statement of the other world", ("previous/statement.json", lambda t: re.sub(
        rb'"collateral_time":"[^"]*",', b"", t).replace(b'"world":"rehearsal"', b'"world":"production"')), (), 32,
     "is of another world"),
    ("a statement of another identity.json", ("previous/statement.json", lambda t: re.sub(
        rb'"sha256":"[0-9a-f]{64}"(\},"name":"trust/identity.json")', rb'"sha256":"' + b"0" * 64 + rb'"\1', t)),
     (), 32, "does not bind the identity.json"),
    ("a checkpoint of another transcript", ("previous/checkpoint", other_root), (), 32, "are of two transcripts"),
    ("a checkpoint that the log has not signed", ("previous/checkpoint", other_signature), (), 11,
     "log has not signed it"),
    ("a statement without its checkpoint", ("previous/checkpoint", lambda t: None), (), 29, "lies there without previous/checkpoint"),
    ("a statement that is none", ("previous/statement.json", lambda t: t[:-2]), (), 10, "statement.json"),
    ("a number that is none, and nobody types another", None, ((FIRST, FIRST.replace("1", "one")),), 29,
     "number alone"),
)


def prepare(out, folder, words, name):
    again = os.path.join(folder, name)
    genesis_parts.prepare_rebuild(out, again, words)
    os.unlink(os.path.join(again, "identity.json"))
    return again


def answers(folder, name, changes):
    with open(PLAY, encoding="utf-8") as f:
        text = f.read()
    for find, to in changes:
        assert find in text, find
        text = text.replace(find, to, 1)
    path = os.path.join(folder, name + ".play")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def refuse(out, folder, words, foreign, row, number):
    name, file, changes, want, say = row
    again = prepare(out, folder, words, f"refusal-{number}")
    keep_previous(os.path.join(out, "bundle"), again)
    at, change = file or (None, None)
    if at is not None and at.startswith("previous/"):  # the plan names what is spoilt
        spoilt = change(content(again, at))
        os.unlink(os.path.join(again, at))
        if spoilt is not None:
            put(spoilt, again, at)
    play = answers(folder, f"refusal-{number}", changes)
    status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, again,
                              os.path.join(again, "recovery-card.txt"))
    assert status == 0, said + err
    if at is not None and not at.startswith("previous/"):
        at = os.path.join(again, "sticks", "CS-IN", at.removeprefix("stick/"))
        put(change(content(at)) if change else foreign, at)
    status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play", play, "--out", again)
    ok(status == want and say in said + err, f"refused: {name}: {want}", f"{status}: {said[-600:]}{err}")
    ok(not os.path.exists(os.path.join(again, "sticks", "CS-OUT-A", "bundle")), f"no bundle: {name}")
    shutil.rmtree(again)


def main():
    with r.Folder() as folder:
        out = os.path.join(folder, "out")
        status, said, _ = r.play("genesis.play", out)
        if not ok(status == 0, "the genesis ends well", said):
            r.done()
        words, identity = genesis_parts.shares(out), r.identity(out)
        bundle = os.path.join(out, "bundle")
        alone = prepare(out, folder, words, "alone")
        slip = SECOND.replace("1", "7") + FIRST + SECOND
        status, said, _ = r.play(answers(folder, "alone", ((SECOND, slip),)), alone)
        if ok(status == 0, "a rebuild from the card alone ends well", said):
            judge_alone(alone)
            for name in r.files(os.path.join(bundle, "trust")):
                ok(content(bundle, "trust", name) == content(alone, "bundle", "trust", name),
                   f"trust/{name} is the same, byte for byte")
            for name in ("recovery-card.txt", "recovery-card.bmp"):
                ok(content(out, "sticks", "CS-OUT-A", name) == content(alone, "sticks", "CS-OUT-A", name),
                   f"the rebuild writes the same {name}")
            ok(not os.path.exists(os.path.join(alone, "sticks", "CS-OUT-A", "custodian-sheets.txt")),
               "but no sheets: nobody got a new share")
            judge_plan(folder, os.path.join(alone, "recovery-card.txt"))
            fresh = prepare(out, folder, words, "fresh")
            status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, fresh,
                                      os.path.join(fresh, "recovery-card.txt"))
            shutil.copy(os.path.join(folder, "today.json"), os.path.join(fresh, "sticks", "CS-IN", "plan.json"))
            agree = "plan.agree agree\n"
            play = answers(folder, "fresh", ((agree, agree + "plan.policy agree\n"),))
            status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play", play, "--out", fresh)
            ok(status == 0 and content(fresh, "bundle", "trust", "root-p384.pem") ==
               content(bundle, "trust", "root-p384.pem"), "a rebuild by the plan that was made from the card", said + err)
        chained = prepare(out, folder, words, "chained")
        keep_previous(bundle, chained)
        status, said, _ = r.play(PLAY, chained)
        if ok(status == 0, "a rebuild with the last statement at hand ends well", said):
            judge_previous(chained, bundle, identity)
        judge_late(out, folder, words)
        other = os.path.join(folder, "other")
        status, said, _ = r.play("genesis.play", other)
        ok(status == 0, "another genesis ends well", said)
        foreign = content(other, "sticks", "CS-OUT-A", "recovery-card.txt")
        for number, row in enumerate(REFUSALS):
            refuse(out, folder, words, foreign, row, number)
    r.done()


main()
