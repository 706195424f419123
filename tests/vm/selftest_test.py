#!/usr/bin/env python3
"""The boot's self-test in two machines: one that must be refused, one that only has notes.

The first has too little memory, a clock from before the build and a nearly empty battery:
each is shown, no ceremony is offered, Enter switches it off. The second has an NVMe disk, a
strict IOMMU, a battery in use and no TPM: it may be used.

timeout: 600
"""
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from console import Serial                                  # noqa: E402
from machine import BOOT_TIMEOUT, Machine, MachineError, Shape, make_tpm  # noqa: E402
from tap import Tap                                         # noqa: E402

BUILD = os.environ.get("BUILD", "build")
OUT = os.path.join(BUILD, "check-selftest")
OFFER = "Press Enter on the console to use"
REFUSAL = "Press Enter to switch the machine off"
PAGES_MAX = 12

# A battery that is being emptied, with the mains pulled [ACPI 6.5, 10.2 and 10.3].
BATTERY = """
DefinitionBlock ("", "SSDT", 2, "TESTS", "BATTERY", 1)
{{
    Scope (\\_SB)
    {{
        Device (AC0)
        {{
            Name (_HID, "ACPI0003")
            Name (_PCL, Package () {{ \\_SB }})
            Method (_PSR, 0, NotSerialized) {{ Return (Zero) }}
        }}
        Device (BAT0)
        {{
            Name (_HID, EisaId ("PNP0C0A"))
            Name (_UID, Zero)
            Name (_PCL, Package () {{ \\_SB }})
            Method (_STA, 0, NotSerialized) {{ Return (0x1F) }}
            Method (_BIF, 0, NotSerialized)
            {{
                Return (Package () {{ One, 5000, 5000, One, 12000, 500, 200, 10, 10,
                                      "Test", "1", "LION", "Cornerstone" }})
            }}
            Method (_BST, 0, NotSerialized)
            {{
                Return (Package () {{ One, 1000, {left}, 12000 }})
            }}
        }}
    }}
}}
"""


def battery(name, percent):
    """The file of a compiled table with a battery that is percent full."""
    source = os.path.join(OUT, name + ".asl")
    with open(source, "w", encoding="ascii") as f:
        f.write(BATTERY.format(left=50 * percent))
    done = subprocess.run(["iasl", "-p", os.path.join(OUT, name), source], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise MachineError(f"iasl: {done.stdout}{done.stderr}")
    return os.path.join(OUT, name + ".aml")


def wait_lines(machine, console, wanted, seconds):
    """The screen, once a line of it fits; what it was when the time was over."""
    limit = time.monotonic() + seconds
    while True:
        lines = [line.rstrip() for line in console.lines()]
        if any(re.search(wanted, line) for line in lines) or machine.off() or \
                time.monotonic() > limit:
            return lines
        time.sleep(0.2)


def self_tests(machine, console):
    """All rows of the list of self-tests, page by page: the text of each."""
    console.type("t")
    console.enter()
    text = ""
    for page in range(1, PAGES_MAX):
        lines = wait_lines(machine, console, rf"[Pp]age {page} of \d+", 30)
        text += "\n".join(lines) + "\n"
        console.enter()
        found = re.search(r"[Pp]age \d+ of (\d+)", "\n".join(lines))
        if not found or int(found.group(1)) == page:
            break
    return re.sub(r"\s+", " ", text)


def boot(name, shape, prompt):
    """A machine of that shape, its console, and the first screen with that prompt."""
    folder = os.path.join(OUT, name)
    os.makedirs(folder)
    machine = Machine(folder, os.path.join(BUILD, "cornerstone.iso"),
                      make_tpm(os.path.join(BUILD, "vm", "tpm")), shape).start()
    console = Serial(machine)
    lines = wait_lines(machine, console, f"{OFFER}|{REFUSAL}", BOOT_TIMEOUT)
    return machine, console, lines, any(prompt in line for line in lines)


def refused(tap):
    machine, console, lines, good = boot("refused", Shape(
        memory=256, rtc="2020-01-01T00:00:00", acpi=(battery("empty", 4),)), REFUSAL)
    shown = "\n".join(lines)
    try:
        tap.ok(good and OFFER not in shown, "a bad machine is not offered for a ceremony", shown)
        for wanted in (r"memory\W+\d+ MiB; at least 384", r"clock\W+2020-01-01T",
                       r"before this image was built", r"power\W+battery 4 %"):
            tap.ok(re.search(wanted, shown), f"it is said why: {wanted}", shown)
        console.enter()
        tap.ok(machine.wait_power_off(60), "Enter switches it off, and does nothing else")
    finally:
        console.close()
        machine.stop()


def noted(tap):
    disk = os.path.join(OUT, "disk.img")
    with open(disk, "wb") as f:
        f.truncate(64 << 20)
        f.write(b"internal disk")
    machine, console, lines, good = boot("noted", Shape(
        memory=512, tpm="none", nvme=disk, acpi=(battery("used", 60),),
        devices=("intel-iommu,intremap=on",)), OFFER)
    try:
        tap.ok(good, "a machine with notes alone may be used", "\n".join(lines))
        text = self_tests(machine, console)
        for wanted in (r"power\W+on battery, 60 %", r"tpm\W+no TPM: rehearsals only",
                       r"iommu\W+\d+ units?, \d+ groups, strict",
                       r"disk controllers\W+2 internal, none has a driver",
                       r"disks\W+[01], all on USB", r"ML-DSA-87", r"second checker"):
            tap.ok(re.search(wanted, text), f"the list says: {wanted}", text)
        tap.ok(re.search(r"(\d+) self-tests", text) and " 0 failed" in text,
               "the list counts them, none failed", text)
    finally:
        console.close()
        machine.stop()


def main():
    tap = Tap()
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    refused(tap)
    noted(tap)
    tap.close()


if __name__ == "__main__":
    main()
