#!/usr/bin/env python3
"""`ceremony plan new` and `plan lint`: a plan from nothing, its dry run, and what they refuse.

timeout: 120
"""
import hashlib
import json
import os
import shutil

import rehearsal as r
from rehearsal import ok

CEREMONY = os.path.join(r.BIN, "ceremony")
APPROVERS = ["alice", "bob", "frank"]
PEOPLE = ["dora:administrator=Dora Lindqvist", "wim:witness,safe-controller", "carol:custodian",
          "dave:custodian", "erin:custodian"] + [n + ":approver" for n in APPROVERS]

# name of hostility: (people to leave out, more arguments, exit status, what is said)
REFUSED = {
    "no name for the sanctum": ([], ["--name", None], 2, "--name is missing"),
    "an option that nobody knows": ([], ["--key", "x"], 2, "--key is no option"),
    "an option twice": ([], ["--world", "rehearsal", "--world", "production"], 2, "--world is there twice"),
    "an option without its value": ([], ["--to"], 2, "--to needs a value"),
    "a person without a role": ([], ["--person", "gus"], 2, "\"gus\" is not NAME:ROLE"),
    "a person whose role is a full name": ([], ["--person", "gus:=Gus"], 2, "is not NAME:ROLE"),
    "a role that nobody has": ([], ["--person", "gus:boss"], 10, "role that is unknown"),
    "a person twice": ([], ["--person", "dora:witness"], 32, "dora is there twice"),
    "administrator and custodian": (["dora"], ["--person", "dora:administrator,custodian"], 32,
                                    "administrator and custodian"),
    "a date that does not exist": ([], ["--from", "2034-02-30"], 10, "--from"),
    "a window that ends before it begins": ([], ["--from", "2034-02-03", "--to", "2034-02-02"], 32, "window"),
    "an approver whom nobody invited": (["frank"], [], 32, "frank is no person"),
    "an approver whose file is missing": ([], ["--person", "gus:approver"], 32, "4 people are approvers"),
    "a file that is not there": ([], ["gus.json"], 12, "gus.json"),
    "a number that is none": ([], ["--sequence", "1.5"], 10, "--sequence"),
    "production that pins no TPM": ([], ["--world", "production"], 32, "1 of the lines above cannot stay"),
    "a TPM of no kind": ([], ["--tpm", "hardware"], 10, "tpm is \"hardware\""),
    "the software TPM with a key": ([], ["--tpm", "software", "--tpm-ak", "ab" * 32], 32, "leave one out"),
    "an enrolled key that is none": ([], ["--tpm-ak", "alice"], 10, "tpm_ak"),
    "a counter that is none": ([], ["--tpm-counter", "many"], 10, "--tpm-counter"),
    "a rebuild of nothing": ([], ["--mode", "rebuild"], 32, "identity_sha256 is missing"),
    "two people with one full name": (["carol"], ["--person", "carol:custodian=dave"], 32,
                                      "1 of the lines above cannot stay"),
    "a node without hardware": ([], ["--node", "n1"], 2, "\"n1\" is not NAME:amd"),
    "a node of a product that nobody knows": ([], ["--node", "n1:amd:Rome"], 10, "\"Rome\""),
    "a node with a role": ([], ["--node", "n1:amd:Milan:boss"], 2, "is not NAME:amd"),
    "a plan that is there already": ([], [], 2, "is there already; nothing was changed"),
}


def new(folder, name, people, more):
    """ceremony plan new; None in more takes the option before it away."""
    argv = ["--name", "North"] + sum((["--person", p] for p in people), [])
    argv += [os.path.join(folder, n, "approver.json") for n in APPROVERS] + more
    while None in argv:
        at = argv.index(None)
        option = argv[at - 1]
        del argv[at - 1:at + 1]
        while option in argv:
            del argv[argv.index(option):argv.index(option) + 2]
    return r.run(CEREMONY, "plan", "new", os.path.join(folder, name), *argv)


def judge_new(folder):
    status, said, err = new(folder, "plan.json", PEOPLE, [])
    path = os.path.join(folder, "plan.json")
    if not ok(status == 0, "a plan from nothing", said + err):
        return None
    ok("warning" not in said + err, "nothing to warn of", said + err)
    status, people, err = r.run("jq", "-r", '.people[] | .name + ":" + (.roles | join(",")) + "=" + .full', path)
    want = [p if "=" in p else p + "=" + p.partition(":")[0] for p in PEOPLE]
    ok(status == 0 and people.split("\n")[:-1] == want, "jq reads the people that were given", people + err)
    with open(path, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    before = sorted(os.listdir(folder))
    status, said, err = r.run(CEREMONY, "plan", "lint", path)
    ok(status == 0 and "dry run: 3 shares recombined" in said and "warning" not in said,
       "it passes the lint with a dry run", said + err)
    ok("digest: " + digest in said and len(said.split("words:")[-1].split()) == 32,
       "its digest, as hex and as 32 words", said)
    ok(sorted(os.listdir(folder)) == before, "the dry run wrote nothing")
    status, again, err = r.run(CEREMONY, "plan", "check", path)
    ok(status == 0 and again in said, "plan check says the same of it", again + err)
    return path


def judge_like(folder, path):
    """A rebuild's plan from that of the genesis."""
    out, identity = os.path.join(folder, "again.json"), os.path.join(folder, "alice", "approver.json")
    status, said, err = r.run(CEREMONY, "plan", "new", out, "--like", path, "--mode", "rebuild", "--sequence",
                              "2", "--identity", identity, "--ceremony", "again")
    if not ok(status == 0, "a rebuild's plan like that of the genesis", said + err):
        return
    with open(out, encoding="utf-8") as f, open(path, encoding="utf-8") as g, open(identity, "rb") as h:
        tree, like, digest = json.load(f), json.load(g), hashlib.sha256(h.read()).hexdigest()
    same = ["world", "sanctum", "people", "shares", "approvers", "approvals", "operations", "dates"]
    ok(all(tree[k] == like[k] for k in same) and tree["identity_sha256"] == digest and
       (tree["mode"], tree["sequence"], tree["ceremony"]) == ("rebuild", 2, "again"),
       "the same people, thresholds and dates")
    status, said, err = r.run(CEREMONY, "plan", "lint", out)
    ok(status == 0 and "dry run: 3 shares" in said, "its dry run makes the keys of a genesis", said + err)


MODES = {"rebuild": ["--sequence", "2"], "check": [], "refresh": ["--base"], "amend": ["--base"],
         "rotate": ["--sequence", "2", "--previous"], "reshare": ["--sequence", "2", "--previous"]}


def judge_modes(folder, path):
    """Every mode's plan like that of the genesis: read as the ceremony will."""
    named = os.path.join(folder, "alice", "approver.json")
    for mode, more in MODES.items():
        out = os.path.join(folder, mode + ".json")
        more = more + [named] if more and more[-1].startswith("--") else more
        status, said, err = r.run(CEREMONY, "plan", "new", out, "--like", path, "--mode", mode, "--identity", named,
                                  *more)
        ok(status == 0 and said.startswith(mode + " of "), f"the plan of mode {mode}", said + err)
        status, said, err = r.run(CEREMONY, "plan", "lint", out)
        dry = "dry run: none" if mode in ("check", "refresh", "amend") else "dry run: 3 shares"
        ok(status == 0 and dry in said, f"{mode}: its lint", said + err)


def judge_nodes(folder):
    status, said, err = new(folder, "nodes.json", PEOPLE, ["--node", "n1:amd:Milan", "--node", "i1:intel=" + "ab" * 16])
    ok(status == 0 and "warning node-tcb: n1: " in said, "two nodes, of any firmware", said + err)
    status, said, err = r.run("jq", "-cS", ".nodes", os.path.join(folder, "nodes.json"))
    ok(said == '[{"hardware":"amd","name":"n1","product":"Milan"},{"hardware":"intel","id":"' + "ab" * 16 +
       '","name":"i1"}]\n', "jq reads them", said + err)
    status, said, err = r.run(CEREMONY, "plan", "lint", os.path.join(folder, "nodes.json"))
    ok(status == 0 and "dry run: 3 shares" in said, "their dry run", said + err)


def judge_tpm(folder):
    """A plan that names the TPM; another endorsement key is another TPM."""
    first, second = os.path.join(folder, "tpm.json"), os.path.join(folder, "other-tpm.json")
    said = "".join(new(folder, "tpm.json", PEOPLE, ["--world", "production", "--tpm-ek", "ab" * 32, "--tpm-ak",
                                                    "cd" * 32, "--tpm-counter", "7"])[1:])
    ok("warning" not in said, "a production's plan that names its TPM", said)
    said = "".join(r.run(CEREMONY, "plan", "new", second, "--like", first, "--tpm-ek", "ef" * 32)[1:])
    ok("warning ak-enrolled" in said, "like it, on another TPM", said)
    with open(first, encoding="utf-8") as f, open(second, encoding="utf-8") as g:
        one, other = json.load(f), json.load(g)
    ok((one["tpm_ek"], one["tpm_ak"], one["tpm_counter"], one["accept"]) ==
       ("ab" * 32, "cd" * 32, 7, ["pinned", "vendor"]), "its keys, its counter, its classes", one)
    ok(other["tpm_ek"] == "ef" * 32 and "tpm_ak" not in other and "tpm_counter" not in other,
       "of the old TPM nothing is left", other)
    status, said, err = r.run(CEREMONY, "plan", "lint", first)
    ok(status == 0 and "dry run: 3 shares" in said, "its dry run", said + err)


def judge_two(folder):
    """A team of two needs no other option than its people."""
    both = ":custodian,approver"
    argv = ["--name", "North", "--team", "two", "--person", "alice" + both, "--person", "bob" + both]
    argv += [os.path.join(folder, n, "approver.json") for n in ("alice", "bob")]
    path = os.path.join(folder, "two.json")
    status, said, err = r.run(CEREMONY, "plan", "new", path, *argv)
    ok(status == 0 and said.startswith("warning team-of-two: reduced separation") and said.count("warning") == 1,
       "a team of two, with one warning", said + err)
    status, said, err = r.run(CEREMONY, "plan", "lint", path)
    ok(status == 0 and "dry run: 2 shares" in said, "its dry run", said + err)


def judge_lint(folder, path):
    """Warnings leave it a plan; some lines refuse it; what cannot be parsed is no plan."""
    with open(path, encoding="utf-8") as f:
        good = json.load(f)
    rows = {
        "all approvers must be there": ({"approvals": 3}, 0, "warning approvals-all: ", "+0d"),
        "a plan whose window is over": ({}, 32, "REFUSED window-over: ", "+60d"),
        "a class that nobody reaches": ({"accept": ["vendor"]}, 32, "REFUSED accept-reach: ", "+0d"),
        "thresholds that cannot be": ({"approvals": 4}, 10, "approvals", "+0d"),
    }
    bad = os.path.join(folder, "bad.json")
    for name, (change, want, line, later) in rows.items():
        with open(bad, "w", encoding="utf-8") as f:
            json.dump({**good, **change}, f)
        status, said, err = r.run("faketime", "-f", later, CEREMONY, "plan", "lint", bad)
        ok(status == want and line in said + err, name, said + err)


def main():
    with r.Folder() as folder:
        for name in APPROVERS:
            status, said, err = r.run(CEREMONY, "approver", "new", name, os.path.join(folder, name),
                                      text="a passphrase of " + name + "\n")
            assert status == 0, said + err
        path = judge_new(folder)
        if path is None:
            r.done()
        judge_like(folder, path)
        with open(path, "rb") as f:
            before = f.read()
        for name, (left_out, more, want, text) in REFUSED.items():
            people = [p for p in PEOPLE if p.partition(":")[0] not in left_out]
            target = "plan.json" if "already" in name else "refused.json"
            status, said, err = new(folder, target, people, more)
            ok(status == want and text in err and not os.path.exists(os.path.join(folder, "refused.json")),
               name, f"{status}: {said}{err}")
        with open(path, "rb") as f:
            ok(f.read() == before, "the plan that was there is as it was")
        judge_modes(folder, path)
        judge_nodes(folder)
        judge_tpm(folder)
        judge_two(folder)
        judge_lint(folder, path)
        shutil.rmtree(os.path.join(folder, "alice"))
        status, said, err = new(folder, "refused.json", PEOPLE, [])
        ok(status == 12 and "approver.json" in err, "an approver's file is gone", said + err)
    r.done()


main()
