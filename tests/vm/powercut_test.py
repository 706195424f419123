#!/usr/bin/env python3
"""The power of the virtual machine is cut in the middle of a genesis, three times, and people go on.

Where: at a random question and up to three seconds behind its answer, seeded by the commit (CUTS=N and SEED=TEXT in
the environment: others). QEMU is killed; what its sticks hold then is searched for secrets, the journal is
read by other code than ours and says how to go on, and the image must do just that.

timeout: 1800
"""
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "rehearsal"))

from console import Serial                                  # noqa: E402
from journal_parts import PLAYS, PRIVATE, REFUSED, Journal  # noqa: E402
from leave import Sticks, export                            # noqa: E402
from machine import Machine, list_stick, make_tpm, read_stick  # noqa: E402
from player import Player, Screens                          # noqa: E402
from playfile import parse                                  # noqa: E402
from search import secret_forms                             # noqa: E402
from tap import Tap                                         # noqa: E402

BUILD = os.environ.get("BUILD", "build")
OUT = os.path.join(BUILD, "check-powercut")
CUTS = int(os.environ.get("CUTS", "3"))
SEED = os.environ.get("SEED") or os.environ.get("SOURCE_COMMIT") or "no commit"
MAX_BOOTS = 3 * CUTS + 6
PROMPT = "Press Enter on the console to use"


class Cut(Exception):
    """The moment at which the power goes."""


class Interrupted(Player):
    """Plays the file to its end, and then cuts the power instead of waiting for anything."""

    def _lost(self, wanted, item, since, lines):
        if item is None:
            raise Cut
        return super()._lost(wanted, item, since, lines)


class Held:
    """What was on the sticks at some moment, without the empty blocks; each block once."""

    def __init__(self):
        self.blocks = {}

    def take(self, images):
        for image in images:
            with open(image, "rb") as f:
                while data := f.read(4096):
                    if data.strip(b"\0"):
                        self.blocks.setdefault(hashlib.sha256(data).digest(), data)

    def all(self):
        return b"\0\0".join(self.blocks.values())


class Site:
    """One team's sticks, and the machine that they use."""

    def __init__(self):
        shutil.rmtree(OUT, ignore_errors=True)
        os.makedirs(OUT)
        self.sticks = Sticks(os.path.join(OUT, "images"))
        self.screens = Screens(os.path.join(OUT, "screens"))
        self.shown, self.typed, self.recovered = {}, {}, []
        self.log, self.out = [], OUT
        self.number = 1
        self.plan()

    def plan(self):
        """The sticks of ceremony number so and so; those that are known stay as they are."""
        subprocess.run(["tests/sticks.sh", BUILD, OUT], check=True, capture_output=True,
                       env={**os.environ, "JOURNAL": "true", "TPM": "machine"})
        path = os.path.join(OUT, "sticks", "CS-IN", "plan.json")
        with open(path, encoding="utf-8") as f:
            told = json.load(f)
        told["ceremony"] = f"2026-rehearsal-cut-{self.number}"
        with open(path, "w", encoding="utf-8") as f:
            json.dump(told, f)
        for key in [k for k in self.sticks.known if k[0] == "CS-IN"]:
            os.unlink(self.sticks.known.pop(key))

    def journal(self):
        """What the journal stick says, by other code than the image's."""
        image = self.sticks.image("CS-JOURNAL")
        if image is None or not os.path.exists(image):
            return "new"
        names, data = list_stick(image), b""
        if "journal.log" in names:
            target = os.path.join(OUT, "journal.log")
            read_stick(image, "journal.log", target)
            with open(target, "rb") as f:
                data = f.read()
        last = data.rfind(b" begin ")
        told = Journal(data)
        if self.number > 1 and last >= 0:
            told.lines = told.lines[max(i for i, (k, _) in enumerate(told.lines) if k == "begin"):]
            if json.loads(told.lines[0][1])["ceremony"] != f"2026-rehearsal-cut-{self.number}":
                return "new"
        return told.says(any(n.startswith("bundle-") for n in names))

    def boot(self, text, until=None, behind=0.0):
        """Play the answers; until: cut behind the first so many. True when the machine went off."""
        path = os.path.join(OUT, "now.play")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        items = parse(path, OUT)
        work = os.path.join(OUT, "machine")
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)
        machine = Machine(work, os.path.join(BUILD, "cornerstone.iso"), make_tpm(os.path.join(BUILD, "vm", "tpm")))
        kind = Player if until is None else Interrupted
        try:
            machine.start()
            console = Serial(machine)
            player = kind(machine, console, items[:until], self.screens, self.sticks, self.log.append)
            player.choose_console(PROMPT)
            try:
                player.play()
            except Cut:
                time.sleep(behind)
                machine.qemu.kill()
                machine.qemu.wait()
            finally:
                console.close()
                self.shown.update(player.shown)
                for name, words in player.typed.items():
                    self.typed.setdefault(name, []).extend(words)
                self.recovered += player.recovered
            return player
        finally:
            machine.stop()

    def papers(self):
        with open(os.path.join(OUT, "shares.txt"), "w", encoding="ascii") as f:
            f.writelines(" ".join(words[n] for n in sorted(words)) + "\n" for words in self.shown.values())


def approvers(site):
    """{name: (folder of the stick, operations shares on it, passphrase)}"""
    found = {}
    for name, passphrases in site.typed.items():
        image, folder = site.sticks.image(f"CS-{name}"), os.path.join(OUT, "approvers", name)
        for file in list_stick(image):
            read_stick(image, file, os.path.join(folder, file))
        names = sorted(n for n in os.listdir(folder) if n.startswith("operations-"))
        found[name] = (folder, [os.path.join(folder, n) for n in names], passphrases[-1])
    return found


def count(text):
    return sum(1 for line in text.splitlines() if line.strip())


def refusal(site, tap):
    """The image says that the sheets are void; then the people take a new number."""
    say = REFUSED["void"][1]
    site.boot(PLAYS["void"] + "journal.failed\n")
    shown = " ".join(open(os.path.join(OUT, "screens", n), encoding="utf-8").read()
                     for n in sorted(os.listdir(os.path.join(OUT, "screens")))[-6:] if n.endswith(".txt"))
    tap.ok(say in " ".join(shown.replace("│", " ").split()) or "void" in shown, "the image says that the sheets are void")
    site.number += 1
    site.shown.clear()
    site.plan()


def main():
    tap, chance, site, held = Tap(), random.Random(SEED), Site(), Held()
    cuts = boots = 0
    player = None
    print(f"# {CUTS} cuts, seed {SEED}")
    while boots < MAX_BOOTS:
        boots += 1
        says = site.journal()
        if says == "void":
            refusal(site, tap)
            continue
        if says == "done":
            tap.ok(True, "the last cut came when all was done")
            export(OUT, site.sticks, player.identity)
            break
        site.papers()
        text, until = PLAYS[says], None
        if cuts < CUTS:
            last = count(text) - 6  # not so late that the ceremony is over and no cut is left to make
            until, behind = chance.randint(min(5, last), last), chance.uniform(0, 3)
            cuts += 1
        player = site.boot(text, until, behind if until else 0.0)
        held.take(site.sticks.known.values())
        if until:
            tap.ok(True, f"cut {cuts}, going on as \"{says}\": {behind:.1f} s behind answer {until} of {count(text)}; "
                         f"now the journal says \"{site.journal()}\"")
            continue
        tap.equal(site.journal(), "done", "the ceremony came to its end")
        export(OUT, site.sticks, player.identity)
        break
    bundle = os.path.join(OUT, "bundle")
    status = subprocess.run([os.path.join(BUILD, "bin", "sanctum"), "verify", bundle, "--identity", player.identity or "",
                             "--rehearsal"], capture_output=True, text=True, check=False)
    tap.equal(status.returncode, 0, "the bundle is accepted")
    with open(os.path.join(bundle, "transcript", "records.jsonl"), encoding="utf-8") as f:
        print(f"# {sum('segment.start' in line for line in f)} segments were started after cuts")
    shares = [" ".join(words[n] for n in sorted(words)) for words in site.shown.values()]
    forms = secret_forms(bundle, shares or site.recovered, approvers(site),
                         [p for typed in site.typed.values() for p in typed])
    data = held.all()
    found = sorted({form.name for form in forms if len(form.data) >= 8 and form.data in data})
    tap.ok(not found, f"none of {len(forms)} forms of secrets on any stick, {len(data) >> 10} KiB", "\n".join(found))
    tap.ok(not PRIVATE.search(data), "nor what a private key begins with")
    tap.close()


if __name__ == "__main__":
    main()
