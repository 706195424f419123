#!/usr/bin/env python3
"""A TPM in any state, each a real swtpm that stock tools brought there: its screen, the decision.

After a wanted change:  GOLDEN=write make check T=tpm_state  and read the diff.
timeout: 300
"""
import json
import os
import shutil
import time

import genesis_parts
import goldens
import rehearsal as r
import swtpm
from journal_parts import PLAYS
from rehearsal import ok
from tpm_parts import ABORT, InState, Site, records

RC_FAILURE = b"\x80\x01\x00\x00\x00\x0a\x00\x00\x01\x01"  # what a TPM in failure mode says
SELF_TEST, CREATE_PRIMARY = 0x143, 0x131
SLOW_SECONDS = 11
NV = "0x01500016"

# By state: what stock tools do to the TPM before ("!": it must fail).
TOOLS = {
    "disabled": [["tpm2_hierarchycontrol", "-C", "e", "ehEnable", "clear"]],
    "owned": [["tpm2_changeauth", "-c", "endorsement", "somebody"]],
    "no-room": [["tpm2_createprimary", "-C", "o", "-G", "ecc", "-Q"]] * 3,
    "no-counter": [["tpm2_changeauth", "-c", "owner", "somebody"]],
    "lockout": [["tpm2_nvdefine", NV, "-C", "o", "-s", "8", "-p", "secret", "-a", "authread|authwrite", "-Q"],
                ["tpm2_dictionarylockout", "-s", "-n", "1", "-t", "1000", "-l", "1000"],
                ["!", "tpm2_nvread", NV, "-C", NV, "-P", "guess"]],
}
HARD = ["absent", "failed", "disabled", "owned", "no-room"]
SOFT = ["no-counter", "lockout", "no-certificate", "slow"]
WITHOUT = "tpm.state software\ntpm.ok\n"
NEEDED = """tpm.state software
tpm.state
media CS-LOG OUT/sticks/CS-LOG
media CS-LOG -
refused.end
"""


class Absent:
    """A machine without a TPM."""

    option = []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass


def failed(_tap, _index, command, pass_on):
    return RC_FAILURE if swtpm.code(command) in (SELF_TEST, CREATE_PRIMARY) else pass_on(command)


def slow(tap, _index, command, pass_on):
    if swtpm.code(command) == CREATE_PRIMARY and not any(swtpm.code(c) == CREATE_PRIMARY for c, _ in tap.stream):
        time.sleep(SLOW_SECONDS)
    return pass_on(command)


FAULTS = {"failed": failed, "slow": slow}


class States(Site):
    """And TPMs in each state."""

    def __init__(self, folder):
        super().__init__(folder)
        self.bare = os.path.join(folder, "bare")
        os.makedirs(self.bare)

    def tpm(self, name):
        if name == "absent":
            return Absent()
        return InState(name, self.bare if name == "no-certificate" else self.state, TOOLS.get(name, []),
                       FAULTS.get(name))


def decided(out):
    return [(x["args"]["state"], x["args"]["decision"]) for x in records(out) if x["id"] == "tpm.state"]


def told(bundle):
    with open(os.path.join(bundle, "evidence", "tpm.json"), encoding="utf-8") as f:
        return json.load(f)


def good_bundle(name, out, status, said):
    if not ok(status == 0, f"{name}: the rehearsal ends well", said):
        return None
    bundle = os.path.join(out, "bundle")
    status, last = r.verify(bundle, "--identity", r.identity(out), "--rehearsal")
    ok(status == 0, f"{name}: sanctum verify accepts", last)
    status, said, err = r.run(os.path.join(r.BIN, "crosscheck"), bundle, "--identity", r.identity(out))
    ok(status == 0, f"{name}: crosscheck accepts", said + err)
    return bundle


def hard(site, name):
    """It cannot be used: people decide, or the ceremony ends."""
    mode = "tpm" + name.replace("-", "")
    whole = name == "absent"
    with site.tpm(name) as tpm:
        out, status, said = site.play(name, tpm, WITHOUT + site.tail if whole else WITHOUT.replace("tpm.ok\n", ABORT))
    goldens.judge(out, mode, only=r"tpm\.state")
    ok(decided(out) == [(name, "software")], f"{name}: the decision is recorded", decided(out))
    if whole:
        bundle = good_bundle(name, out, status, said)
        opened = [x["args"] for x in records(out) if x["id"] == "tpm.opened"]
        ok(bundle and [x["class"] for x in opened] == ["software"] and told(bundle)["backend"] == "software",
           f"{name}: class software", opened)
    else:
        ok(status == 39, f"{name}: it goes on with the software TPM", said)
    with site.tpm(name) as tpm:
        out, status, said = site.play(name + "-needed", tpm, NEEDED, {"accept": ["pinned"]})
    goldens.judge(out, mode + "needed", only=r"tpm\.state|refused")
    ok(status == 24 and decided(out) == [(name, "refused")], f"{name}: where it is needed, the end", f"{status}: {said}")
    ok(not os.listdir(os.path.join(out, "sticks", "CS-OUT-A")), f"{name}: and no bundle")


def soft(site, name):
    """People are told, and go on."""
    with site.tpm(name) as tpm:
        out, status, said = site.play(name, tpm, "tpm.ok\n" + site.tail)
    goldens.judge(out, "tpm" + name.replace("-", ""), only=r"tpm\.ok")
    bundle = good_bundle(name, out, status, said)
    ok(decided(out) == [(name, "go-on")], f"{name}: recorded", decided(out))
    if not bundle:
        return
    t, files = told(bundle), r.files(os.path.join(bundle, "evidence"))
    facts = {
        "no-counter": "none" in t["counter"] and t["passwords"]["owner"] and "counter.msg" not in files,
        "lockout": t["lockout"]["locked"] and t["lockout"]["failures"] == 1,
        "no-certificate": t["ek_certificate"] == "00000000" and "ekcert.der" not in files,
        "slow": t["slowest_ms"] >= 1000 * (SLOW_SECONDS - 1),
    }
    ok(facts[name], f"{name}: tpm.json says so", t)


def pins(site):
    """What the plan says of the TPM is what it must be."""
    with site.tpm("good") as tpm:
        out, status, said = site.play("good", tpm, "tpm.ok\n" + site.tail)
        good_bundle("a TPM in good order", out, status, said)
        found = records(out)
        opened = next(x["args"] for x in found if x["id"] == "tpm.opened")
        value = next(x["args"]["value"] for x in found if x["id"] == "tpm.counter")
        ok(decided(out) == [], "a TPM in good order: nothing to decide", decided(out))
        kept = shutil.copytree(os.path.join(tpm.tpm.folder, "state"), os.path.join(site.folder, "kept"))
    pinned = {"tpm_ek": opened["ek"], "accept": ["pinned"]}
    rows = [
        ("another endorsement key", {"tpm_ek": "ab" * 32}, 15, "tpm_ek"),
        ("another attestation key", {**pinned, "tpm_ak": "ab" * 32}, 15, "tpm_ak"),
        ("another attestation key, no endorsement key", {"tpm_ak": "ab" * 32}, 15, "tpm_ak"),
        ("a counter that is not above", {"tpm_counter": value + 99}, 15, "wants it above"),
        ("its own keys, and its counter since", {**pinned, "tpm_ak": opened["ak"], "tpm_counter": value}, 39, ""),
    ]
    for i, (name, plan, want, says) in enumerate(rows):
        with InState("good", kept) as tpm:  # the same TPM, started again
            out, status, said = site.play(f"pins-{i}", tpm, ABORT if want == 39 else "", plan)
        ok(status == want and says in said, f"{name}: {want}", f"{status}: {said}")
    ok([x["args"]["class"] for x in records(out) if x["id"] == "tpm.opened"] == ["pinned"], "that is class pinned")
    with site.tpm("no-counter") as tpm:
        out, status, said = site.play("pins-none", tpm, "", {"tpm_counter": 1})
        ok(status == 15 and "it has none: the owner hierarchy has a password" in said, "a counter is wanted, there is none",
           f"{status}: {said}")
    return pinned, value


def judge_journal(site, pinned, value):
    """Cut, and gone on with: first where there is no TPM, then where it is."""
    prepared = os.path.join(site.folder, "with-journal")
    status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, prepared,
                              env={"TPM": "machine", "JOURNAL": "true"})
    ok(status == 0, "the sticks of a ceremony with a journal are prepared", said + err)
    plan = {**pinned, "tpm_counter": value}
    whole, made = PLAYS["new"], "keys.agree agree\n"
    out, state = os.path.join(site.folder, "cut"), os.path.join(site.folder, "cut-state")
    with InState("first", os.path.join(site.folder, "kept")) as tpm:
        _, status, said = site.play("cut", tpm, whole[:whole.index(made) + len(made)], plan, prepared=prepared)
        shutil.copytree(os.path.join(tpm.tpm.folder, "state"), state)
    ok(status == 29, "cut when the keys are made", f"{status}: {said}")
    with open(os.path.join(out, "shares.txt"), "w", encoding="ascii") as f:
        f.write("".join(share + "\n" for share in genesis_parts.shares(out)))
    for name, tpm, answers, want in (
            ("gone on without a TPM", Absent(), PLAYS["shares"].split("tpm.ok\n", 1)[0] + NEEDED, 24),
            ("gone on with it", InState("again", state), PLAYS["shares"], 0)):
        with tpm:
            _, status, said = site.play("cut", tpm, answers, again=True)
        ok(status == want, f"{name}: {want}", f"{status}: {said}")
    bundle = os.path.join(out, "bundle")
    status, said = r.verify(bundle, "--identity", r.identity(out), "--rehearsal", "--accept", "pinned", "--min-counter",
                            value + 1, "--plan", os.path.join(out, "sticks", "CS-IN", "plan.json"))
    ok(status == 0, "gone on with it: sanctum verify accepts", f"{status}: {said}")
    ok([x["args"]["value"] for x in records(out) if x["id"] == "tpm.counter"] == [value + 1, value + 2],
       "each boot raised the counter")


def main():
    with r.Folder() as folder:
        site = States(folder)
        for name in HARD:
            hard(site, name)
        for name in SOFT:
            soft(site, name)
        judge_journal(site, *pins(site))
    r.done()


main()
