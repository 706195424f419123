#!/usr/bin/env python3
"""A plan's policy: its screen, its files in the bundle; and plans that are swapped.

After a wanted change:  GOLDEN=write make check T=policy  and read the diff.
timeout: 180
"""
import hashlib
import json
import os
import shutil

import rehearsal as r
from rehearsal import ok

GOLDEN = os.path.join(r.HERE, "screens", "policy.txt")
AGREE = "plan.agree agree\n"
NO = """plan.policy no
disagree.who wim
disagree.reason@wim the firmware is too old
media CS-LOG OUT/sticks/CS-LOG
media CS-LOG -
disagree.end
"""
CHIP = "0123456789abcdef" * 8
SVN = {"boot_loader": 4, "tee": 0, "snp": 24, "microcode": 219}
POLICY = {
    "freshness": "refuse",
    "nodes": [{"name": "n1", "hardware": "amd", "product": "Milan", "id": CHIP},
              {"name": "n2", "hardware": "amd", "product": "Turin"},
              {"name": "i1", "hardware": "intel", "id": CHIP[:32].upper()}],
    "tcb": {"amd": {"Milan": SVN, "Turin": {"fmc": 1, **SVN}},
            "intel": {"evaluation": 18, "date": "2024-03-13T00:00:00Z"}},
    "profiles": [], "languages": ["en"]}


def sticks(folder, name, change):
    """Sticks whose plan says more; its path and that of its folder."""
    out = os.path.join(folder, name)
    status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, out)
    assert status == 0, said + err
    plan = os.path.join(out, "sticks", "CS-IN", "plan.json")
    with open(plan, encoding="utf-8") as f:
        tree = json.load(f)
    with open(plan, "w", encoding="utf-8") as f:
        json.dump({**tree, **change}, f)
    return out, plan


def play(folder, out, edits):
    """The play of a genesis with some of its text replaced."""
    path = os.path.join(folder, "this.play")
    with open(os.path.join(r.TESTS, "play", "genesis.play"), encoding="utf-8") as f:
        text = f.read()
    for find, put in edits:
        assert find in text, find
        text = text.replace(find, put, 1)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play", path, "--out", out)
    return status, said + err


def read_json(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return json.load(f)


def judge_screen(out):
    folder = os.path.join(out, "screens")
    text = ""
    for name in sorted(n for n in os.listdir(folder) if "plan.policy" in n):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            text += "".join(line.rstrip() + "\n" for line in f)
    if os.environ.get("GOLDEN") == "write":
        with open(GOLDEN, "w", encoding="utf-8") as f:
            f.write(text)
    want = open(GOLDEN, encoding="utf-8").read() if os.path.exists(GOLDEN) else ""
    ok(text == want and text, "the policy has a screen of its own", text)


def judge_verdicts(out, name):
    bundle, digest = os.path.join(out, "bundle"), r.identity(out)
    status, said = r.verify(bundle, "--identity", digest, "--rehearsal")
    ok(status == 0, f"{name}: sanctum verify accepts", said)
    status, said, err = r.run(os.path.join(r.BIN, "crosscheck"), bundle, "--identity", digest)
    ok(status == 0, f"{name}: so does the second checker", said + err)
    status, said = r.verify_txt(bundle, digest)
    ok(status == 0, f"{name}: so do the commands of VERIFY.txt", said)


def judge_bundle(out):
    bundle = os.path.join(out, "bundle")
    want = {"policy/policy.json": {"accept": ["pinned", "software", "vendor"], "format": "cornerstone-policy-1",
                                   **{k: POLICY[k] for k in ("freshness", "tcb", "profiles", "languages")}}}
    for node in POLICY["nodes"]:
        want["nodes/" + node["name"] + ".json"] = {"format": "cornerstone-node-1", **node}
    want["nodes/i1.json"]["id"] = CHIP[:32]
    there = [f for f in r.files(bundle) if f.startswith(("policy/", "nodes/", "render/"))]
    ok(there == sorted(want), "policy and nodes are in the bundle, and no layout", there)
    for path, tree in want.items():
        status, said, err = r.run("jq", "-cS", ".", os.path.join(bundle, path))
        with open(os.path.join(bundle, path), encoding="utf-8") as f:
            ok(read_json(bundle, path) == tree and f.read() == said, f"{path} says what the plan says", said + err)
    stated = read_json(bundle, "statement.json")
    bound = {s["name"]: s["digest"]["sha256"] for s in stated["subject"]}
    with open(os.path.join(bundle, "policy", "policy.json"), "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    ok(bound["policy/policy.json"] == digest and stated["predicate"]["profiles"] == [], "the statement binds them")
    with open(os.path.join(bundle, "transcript", "records.jsonl"), encoding="utf-8") as f:
        told = [json.loads(line)["args"] for line in f if '"id":"policy.agreed"' in line]
    ok(told == [{"policy": digest, "nodes": 3}], "the transcript has it once", told)
    path = os.path.join(bundle, "nodes", "n1.json")
    shutil.copy(path, path + ".kept")
    r.flip(path)
    os.replace(path + ".kept", os.path.join(out, "n1.kept"))
    status, said = r.verify(bundle, "--identity", r.identity(out), "--rehearsal")
    ok(status == 11, "a node that was changed is noticed", said)
    shutil.copy(os.path.join(out, "n1.kept"), path)


def ceremony(*argv):
    """While the plan's certificates are good, whenever the test runs."""
    status, said, err = r.run("faketime", "-f", "@2026-11-25 00:00:00", os.path.join(r.BIN, "ceremony"), *argv)
    return status, said + err


def judge_later(out, plan):
    """The plan of a rebuild, like that of the genesis, against the identity that was made."""
    identity, again = os.path.join(out, "bundle", "trust", "identity.json"), os.path.join(out, "again.json")
    status, said = ceremony("plan", "new", again, "--like", plan, "--mode", "rebuild", "--sequence", "2",
                            "--identity", identity)
    ok(status == 0, "a rebuild's plan like that of the genesis", said)
    status, said = ceremony("plan", "lint", again, identity)
    ok(status == 0 and "dry run: 3 shares" in said, "it fits the identity", said)
    tree, bad = read_json(again), os.path.join(out, "bad.json")
    token = {**tree["dates"]["token"], "to": "2034-01-01T00:00:00Z"}
    rows = {"other dates": {"dates": {**tree["dates"], "token": token}},
            "another threshold": {"shares": {"threshold": 3, "count": 3}},
            "another sanctum": {"sanctum": {**tree["sanctum"], "name": "South"}},
            "another identity file": {"identity_sha256": "00" * 32}}
    for name, change in rows.items():
        with open(bad, "w", encoding="utf-8") as f:
            json.dump({**tree, **change}, f)
        status, said = ceremony("plan", "lint", bad, identity)
        ok(status == 32 and "dry run" not in said, f"a rebuild's plan with {name}", f"{status}: {said}")
    status, said = ceremony("plan", "lint", plan, identity)
    ok(status == 32 and "names no identity" in said, "a genesis with an identity", f"{status}: {said}")


def judge_policy(folder):
    out, plan = sticks(folder, "policy", POLICY)
    status, said = play(folder, out, [(AGREE, AGREE + "plan.policy agree\n")])
    if ok(status == 0, "a genesis with a policy", said):
        judge_screen(out)
        judge_bundle(out)
        judge_verdicts(out, "no layout")
        judge_later(out, plan)
    out, _ = sticks(folder, "layout", {"profiles": ["trustee-0.21"]})
    status, said = play(folder, out, [(AGREE, AGREE + "plan.policy agree\n")])
    if ok(status == 0, "a genesis with one layout wanted", said):
        ok([f for f in r.files(os.path.join(out, "bundle")) if f.startswith("render/")] ==
           ["render/trustee-0.21/kbs-config.toml"], "which is there")
        judge_verdicts(out, "a layout")
    rows = {"somebody does not agree with the policy": (NO, 27, "agree"),
            "the policy cannot be passed over": ("", 29, "plan.policy")}
    for name, (line, want, text) in rows.items():
        out, _ = sticks(folder, "refused" + str(want), POLICY)
        status, said = play(folder, out, [(AGREE, AGREE + line)])
        ok(status == want and text in said, name, f"{status}: {said}")


def judge_new(folder):
    """From `plan new` to the bundle: nobody touched the plan in between."""
    out, plan = sticks(folder, "new", {})
    like = read_json(plan)
    people = [p["name"] + ":" + ",".join(p["roles"]) + "=" + p["full"] for p in like["people"]]
    os.unlink(plan)
    argv = sum((["--person", p] for p in people), []) + [
        os.path.join(out, "sticks", "CS-" + n, "approver.json") for n in ("alice", "bob")]
    status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "plan", "new", plan, "--name", "Example Sanctum",
                              "--organization", "Example Bank", "--tpm", "software", "--node", "n1:amd:Milan",
                              "--id", like["sanctum"]["id"], "--ceremony", like["ceremony"], *argv)  # as the sticks are marked
    ok(status == 0, "a plan from nothing", said + err)
    digest = said.split("digest: ")[-1].split()[0]
    status, said = play(folder, out, [(AGREE, AGREE + "plan.policy agree\n")])
    if ok(status == 0, "a genesis by it", said):
        stated = read_json(out, "bundle", "statement.json")["predicate"]
        ok(stated["plan_sha256"] == digest and stated["profiles"] == ["trustee-0.21"],
           "whose statement binds the digest of the invitation", stated["plan_sha256"])
        ok("nodes/n1.json" in r.files(os.path.join(out, "bundle")), "and its node")
        judge_verdicts(out, "a plan from nothing")


# where the stick with the other plan comes, and how it ends
SWAPS = {
    "between two approvals of the plan": ("media CS-bob OUT/sticks/CS-bob\nreview", "review"),
    "between the plan's approval and the keys": ("media CS-alice OUT/sticks/CS-alice\nmedia", "opshares"),
    "between two approvals of the statement": ("media CS-alice OUT/sticks/CS-alice\napprove", "approve"),
}


def judge_swaps(folder):
    """A second IN stick with another plan, when none is asked for: never read."""
    for n, (name, (before, step)) in enumerate(SWAPS.items()):
        out, plan = sticks(folder, f"swap{n}", {})
        with open(plan, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        other = os.path.join(out, "sticks", "other")
        shutil.copytree(os.path.join(out, "sticks", "CS-IN"), other)
        tree = read_json(plan)
        with open(os.path.join(other, "plan.json"), "w", encoding="utf-8") as f:
            json.dump({**tree, "approvals": 2, "sequence": 7}, f)
        wrong = f"media CS-IN OUT/sticks/other\nmedia CS-IN -\n"
        status, said = play(folder, out, [(before, wrong + before)])
        if not ok(status == 0, f"another plan {name} changes nothing", said):
            continue
        stated = read_json(out, "bundle", "statement.json")["predicate"]
        ok(stated["plan_sha256"] == digest and stated["sequence"] == 1, f"{name}: the plan that was approved")
        judge_verdicts(out, name)


# what is done to the second IN stick, before the collateral is read from it
CHANGES = {
    "another sequence": lambda tree: {**tree, "sequence": 7},
    "a threshold less": lambda tree: {**tree, "shares": {"threshold": 3, "count": 3}},
    "the same plan in another form": lambda tree: dict(reversed(tree.items())),
    "no plan": lambda tree: None,
}


def judge_changed(folder):
    """The IN stick is read twice, and the second answer is not the first."""
    swap = "media CS-IN -\nmedia CS-IN OUT/sticks/other\n"
    for n, (name, change) in enumerate([("the same plan", lambda tree: tree), *CHANGES.items()]):
        out, plan = sticks(folder, f"changed{n}", {})
        other = os.path.join(out, "sticks", "other")
        shutil.copytree(os.path.join(out, "sticks", "CS-IN"), other)
        tree = change(read_json(plan))
        os.unlink(os.path.join(other, "plan.json"))
        if tree is not None:
            with open(os.path.join(other, "plan.json"), "w", encoding="utf-8") as f:
                json.dump(tree, f)
        status, said = play(folder, out, [("people.agree agree\n", swap + "people.agree agree\n")])
        if n == 0:
            ok(status == 0, "a second IN stick with the same plan", said)
        elif tree is None:
            ok(status == 12 and "plan.json" in said, f"a second IN stick: {name}", f"{status}: {said}")
        else:
            ok(status == 32 and "is not the plan that was agreed" in said, f"a second IN stick: {name}",
               f"{status}: {said}")


def main():
    with r.Folder() as folder:
        judge_policy(folder)
        judge_new(folder)
        judge_swaps(folder)
        judge_changed(folder)
    r.done()


main()
