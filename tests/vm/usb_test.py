#!/usr/bin/env python3
"""The USB policy in the booted image: what is refused is shown, a late keyboard is asked about.

timeout: 900
"""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from console import Serial, Vga                             # noqa: E402
from leave import Sticks                                    # noqa: E402
from machine import Machine, MachineError, Shape, make_tpm  # noqa: E402
from player import Player, Screens, status_of               # noqa: E402
from playfile import Media, PlayError, parse                # noqa: E402
from tap import Tap                                         # noqa: E402

BUILD = os.environ.get("BUILD", "build")
OUT = os.path.join(BUILD, "check-vm-usb")
PROMPT = "Press Enter on the console"
# At boot, behind a hub, which itself must be let in first. The keyboard may be used.
AT_BOOT = ("usb-hub,bus=xhci.0,port=4", "usb-kbd,id=kbd0,bus=xhci.0,port=4.1",
           "usb-mouse,bus=xhci.0,port=4.2", "usb-tablet,bus=xhci.0,port=4.3",
           "usb-ccid,bus=xhci.0,port=4.4")
SHOWN_AT_BOOT = ('keyboard 0627:0001 "QEMU USB Keyboard" at 1-4.1',
                 'REFUSED 0627:0001 "QEMU USB Mouse" at 1-4.2: mouse or touchpad',
                 'REFUSED 0627:0001 "QEMU USB Tablet" at 1-4.3: input device, but no keyboard',
                 "at 1-4.4: smart card")
PLAY = """start.ok
media CS-IN OUT/sticks/CS-IN
do network
plan.agree agree
people.agree agree
time.typed@dora @now
time.typed@wim @now
do early
time.agree agree
tpm.ok
collateral.agree agree
media CS-IN -
media CS-alice OUT/sticks/CS-alice
review.pass@alice rehearsal passphrase of alice
media CS-alice -
media CS-bob OUT/sticks/CS-bob
review.pass@bob rehearsal passphrase of bob
media CS-bob -
usb.keyboard accept
media CS-bob OUT/sticks/CS-bob
usb.pass@bob rehearsal passphrase of bob
media CS-bob -
media CS-alice OUT/sticks/CS-alice
usb.pass@alice rehearsal passphrase of alice
do accepted
media CS-alice -
do third
usb.keyboard no
disagree.who wim
disagree.reason@wim That is not our keyboard
typed skip
disagree.end
"""


def text_of(console):
    """The screen's body as one line, without the rail."""
    return " ".join(" ".join(line[20:].replace("!!", " ").split()) for line in console.lines())


def await_text(console, wanted, seconds=40):
    """Does the screen come to hold that text?"""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if wanted in text_of(console) or any(wanted in line for line in console.lines()):
            return True
        time.sleep(0.3)
    return False


class Do(Media):
    """Something that happens at the machine while a question is asked."""

    def __init__(self, where, action):
        super().__init__(where, "USB", "")
        self.action = action


class UsbPlayer(Player):
    def _fits(self, item, wanted, lost_since):
        if isinstance(item, Do):
            return wanted not in ("", "...")
        return super()._fits(item, wanted, lost_since)

    def _media(self, item):
        if isinstance(item, Do):
            item.action()
        else:
            super()._media(item)


def items_of(actions):
    """The play with its "do NAME" lines turned into actions."""
    path = os.path.join(OUT, "usb.play")
    text = [line if not line.startswith("do ") else f"media CS-do-{line[3:]} -"
            for line in PLAY.splitlines()]
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(text) + "\n")
    return [Do(i.where, actions[i.label[6:]]) if isinstance(i, Media) and
            i.label.startswith("CS-do-") else i for i in parse(path, OUT)]


def power_on(name, shape):
    folder = os.path.join(OUT, name)
    os.makedirs(folder, exist_ok=True)
    machine = Machine(folder, os.path.join(BUILD, "cornerstone.iso"),
                      make_tpm(os.path.join(BUILD, "vm", "tpm")), shape)
    machine.start()
    return machine


def plug(machine, driver, name, port):
    machine.qmp.command("device_add", driver=driver, id=name, bus="xhci.0", port=port)


def unplug(machine, name):
    machine.qmp.command("device_del", id=name)
    if machine.qmp.wait_event(lambda e: e["event"] == "DEVICE_DELETED" and
                              e.get("data", {}).get("device") == name, 20) is None:
        raise MachineError(f"{name} could not be pulled")


def check_ceremony(tap):
    """On the serial line: refusals at boot and later, a keyboard that two accept."""
    machine = power_on("serial", Shape(devices=AT_BOOT))
    console = Serial(machine)
    note = lambda name, wanted: tap.ok(await_text(console, wanted), name, text_of(console))

    def network():
        plug(machine, "usb-net", "net1", "4.5")
        note("a network card that is plugged in is refused and shown",
             'USB refused: 0525:a4a2 "QEMU RNDIS/QEMU USB Net" at 1-4.5: network')

    def early():
        plug(machine, "usb-kbd", "kbd1", "4.6")
        note("a second keyboard before the approval is refused",
             "Keyboard 0627:0001 at 1-4.6 is refused. Approvers can accept it")

    def accepted():
        note("two approvers accept it with their sticks",
             "The keyboard is accepted and can be used.")

    def third():
        plug(machine, "usb-kbd", "kbd2", "4.7")
        note("a third one is asked about at once", "at port 1-4.7")

    try:
        screens = Screens(os.path.join(OUT, "screens"))
        player = UsbPlayer(machine, console, items_of(locals()), screens,
                           Sticks(os.path.join(OUT, "images")), lambda text: None)
        tap.ok(await_text(console, PROMPT, 240), "the image boots with nothing authorised by itself")
        tap.ok(await_text(console, "and 3 more keyboards and refused devices: u Enter"),
               "the first screen says that there is more to see", "\n".join(console.lines()))
        console.type("u")
        console.enter()
        for wanted in SHOWN_AT_BOOT:
            tap.ok(await_text(console, wanted), f"shown at boot: {wanted}",
                   "\n".join(console.lines()))
        console.enter()
        player.choose_console(PROMPT)
        player.play()
        tap.ok(machine.wait_power_off(120), "sticks work all the while, and \"no\" ends it")
    except (PlayError, MachineError) as error:
        tap.ok(False, "the ceremony goes on", f"{error}\n" + "\n".join(console.lines()))
    finally:
        console.close()
        machine.stop()


def check_typing(tap):
    """On the screen, USB keyboards only: who is heard, and a keyboard that comes back."""
    machine = power_on("screen", Shape(keyboard="usb"))
    console = Vga(machine, os.path.join(BUILD, "kernel", "fonts"))
    try:
        tap.ok(await_text(console, PROMPT, 240), "the image boots with a USB keyboard alone")
        tap.ok(await_text(console, 'keyboard 0627:0001 "QEMU USB Keyboard" at 1-2'),
               "it is shown", "\n".join(console.lines()))
        console.enter()
        tap.ok(await_text(console, "Before anything else", 60), "it is heard", text_of(console))
        plug(machine, "usb-kbd", "kbd1", "3")
        tap.ok(await_text(console, "Keyboard 0627:0001 at 1-3 is refused"),
               "a second one is refused and shown", text_of(console))
        unplug(machine, "kbd0")
        tap.ok(await_text(console, "at 1-2 was pulled"), "the first one is pulled",
               text_of(console))
        before = status_of(console.lines())
        for _ in range(5):
            console.enter()
        time.sleep(4)
        tap.equal(status_of(console.lines()), before, "the second one types nothing")
        plug(machine, "usb-kbd", "kbd0", "2")
        tap.ok(await_text(console, "is back at 1-2 and can be used"),
               "the first one comes back to its port", text_of(console))
        unplug(machine, "kbd1")
        first = text_of(console)
        console.enter()
        limit = time.monotonic() + 20
        while text_of(console) == first and time.monotonic() < limit:
            time.sleep(0.3)
        tap.ok(text_of(console) != first, "and is heard again", text_of(console))
    except (PlayError, MachineError) as error:
        tap.ok(False, "keyboards come and go", f"{error}\n" + "\n".join(console.lines()))
    finally:
        console.close()
        machine.stop()


def main():
    tap = Tap()
    os.makedirs(OUT, exist_ok=True)
    subprocess.run(["tests/sticks.sh", BUILD, OUT], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "TPM": "machine"})
    check_ceremony(tap)
    check_typing(tap)
    tap.close()


main()
