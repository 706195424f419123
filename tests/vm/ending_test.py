#!/usr/bin/env python3
"""The power button in the middle of a ceremony, on a machine with 512 MB: what was typed is
wiped, the memory overwritten, the machine off.

timeout: 600
"""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from console import Vga                                     # noqa: E402
from forms import passphrase                                # noqa: E402
from leave import Sticks                                    # noqa: E402
from machine import Machine, Shape, make_tpm                # noqa: E402
from player import Player, Screens                          # noqa: E402
from playfile import Answer, parse                          # noqa: E402
from search import FILLED_MIN, MARK, SCREEN_MAX, Search, filled, lit  # noqa: E402
from tap import Tap                                         # noqa: E402

BUILD = os.environ.get("BUILD", "build")
OUT = os.path.join(BUILD, "check-ending")
PROMPT = "Press Enter on the console to use"
BEFORE, AFTER = "when the button is pressed", "when the machine is off"
POWER_OFF_TIMEOUT = 120


def items_until(path, reference):
    """The answers and sticks of a play as far as the first question of that name."""
    items = parse(path, OUT)
    last = next(i for i, item in enumerate(items)
                if isinstance(item, Answer) and item.reference == reference)
    return items[:last + 1]


class Button:
    """Presses the power button when the last answer is due."""

    def __init__(self, machine, search, last):
        self.machine, self.search, self.last = machine, search, last

    def __call__(self, item):
        if item is self.last:
            qmp = self.machine.qmp
            qmp.command("stop")
            self.search.dump(BEFORE)
            qmp.command("cont")
            qmp.command("system_powerdown")


def judge(tap, search, player):
    """What the last screen says, and what the memory holds."""
    said = "\n".join(player.console.lines())
    tap.ok("All processes have ended" in said and "are overwritten" in said and
           "The power button was pressed" in said, "the screen says what was done", said)
    forms = passphrase(player.typed["alice"][0]) + [MARK]
    found = {moment: {form.kind for form, _, _, _ in search.scan(forms, files)}
             for moment, files in search.dumps.items()}
    tap.equal(found[BEFORE], {"passphrase", MARK.kind}, f"the passphrase is in memory {BEFORE}")
    tap.equal(found[AFTER], {MARK.kind}, f"the passphrase is nowhere {AFTER}")
    memory, screen = search.dumps[AFTER]
    tap.ok(filled(memory) > FILLED_MIN, "the memory is overwritten", f"{filled(memory):.1%}")
    tap.ok(0 < lit(screen) <= SCREEN_MAX, "the screen shows the last lines only", lit(screen))
    tap.ok(lit(search.dumps[BEFORE][1]) > SCREEN_MAX, "it showed more before")


def main():
    tap = Tap()
    shutil.rmtree(OUT, ignore_errors=True)
    work = os.path.join(OUT, "machine")
    os.makedirs(work)
    subprocess.run(["tests/sticks.sh", BUILD, OUT], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "TPM": "machine"})
    items = items_until("tests/play/genesis.play", "review.pass@bob")
    machine = Machine(work, os.path.join(BUILD, "cornerstone.iso"),
                      make_tpm(os.path.join(BUILD, "vm", "tpm")), Shape(memory=512))
    search = Search(machine, os.path.join(BUILD, "tool", "scan"), [])
    try:
        machine.start()
        console = Vga(machine, os.path.join(BUILD, "kernel", "fonts"))
        player = Player(machine, console, items, Screens(os.path.join(OUT, "screens")),
                        Sticks(os.path.join(OUT, "sticks")), lambda text: None,
                        Button(machine, search, items[-1]))
        player.choose_console(PROMPT)
        tap.ok(True, "the image boots with 512 MB")
        player.play()
        tap.ok(machine.wait_power_off(POWER_OFF_TIMEOUT), "the power button ends the ceremony")
        search.dump(AFTER)
        judge(tap, search, player)
    finally:
        machine.stop()
        search.forget()
    tap.close()


if __name__ == "__main__":
    main()
