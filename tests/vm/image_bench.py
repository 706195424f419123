#!/usr/bin/env python3
"""What the image costs: bytes, seconds to the first screen, memory in use there, and whether 512
MB are enough. The yardstick of the boot is the firmware alone, with an empty stick, in the
same run; of the others, what the image may cost at most.
"""
import os
import re
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from console import Serial                                  # noqa: E402
from machine import Machine, MachineError, Shape, make_tpm  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
ISO = os.path.join(BUILD, "cornerstone.iso")
OUT = os.path.join(BUILD, "bench-image")
FIRST = "Press Enter on the console to use"
FIRMWARE = re.compile(r"Shell>|No bootable option|BdsDxe: failed to load|Press any key to enter")
ISO_LIMIT = 16_000_000
MEMORY_LIMIT = 96		# MiB
BOOT_LIMIT = 20			# seconds, on an idle machine with two cores
TIMEOUT = 300


def wait_for(console, machine, wanted, begin):
    """Seconds from begin until a screen on which wanted(text) holds."""
    while time.monotonic() - begin < TIMEOUT:
        if machine.off():
            raise MachineError("the machine went off")
        text = "\n".join(console.lines())
        if wanted(text):
            return time.monotonic() - begin, text
        time.sleep(0.1)
    raise MachineError("the screen did not come: " + text)


def boot(name, stick, memory, wanted, then=None):
    """(seconds to a screen, what then(console, machine) gives)"""
    folder = os.path.join(OUT, name)
    os.makedirs(folder)
    machine = Machine(folder, stick, make_tpm(os.path.join(BUILD, "vm", "tpm")),
                      Shape(memory=memory))
    console = None
    try:
        begin = time.monotonic()
        machine.start()
        console = Serial(machine)
        seconds, _ = wait_for(console, machine, wanted, begin)
        return seconds, then(console, machine) if then else None
    finally:
        if console is not None:
            console.close()
        machine.stop()


def in_use(console, machine):
    """MiB, by the image's own self-tests: all memory less what is available."""
    found = {}
    console.type("t")
    console.enter()
    while len(found) < 2:
        _, text = wait_for(console, machine, lambda t: FIRST not in t and t.strip(),
                           time.monotonic())
        time.sleep(1)
        text = "\n".join(console.lines())
        for name, mib in re.findall(r"\b(free memory|memory)\s+(\d+) MiB", text):
            found[name] = int(mib)
        if FIRST in text:
            raise MachineError(f"the self-tests tell only {found} of the memory")
        console.enter()
    return found["memory"] - found["free memory"]


def line(name, value, unit, yardstick, number):
    print(f"{name} {value} {unit} {yardstick} {number:.2f}", flush=True)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    size = os.path.getsize(ISO)
    line("image-size", size, "bytes", ISO_LIMIT, size / ISO_LIMIT)
    empty = os.path.join(OUT, "empty.img")
    with open(empty, "wb") as f:
        f.truncate(16 << 20)
    bare, _ = boot("bare", empty, 1024, FIRMWARE.search)
    seconds, used = boot("image", ISO, 1024, lambda t: FIRST in t, in_use)
    line("image-boot", f"{seconds:.1f}", "s", f"{bare:.1f}", seconds / bare)
    line("image-boot-limit", f"{seconds:.1f}", "s", BOOT_LIMIT, seconds / BOOT_LIMIT)
    line("image-memory", used, "MiB", MEMORY_LIMIT, used / MEMORY_LIMIT)
    small, _ = boot("small", ISO, 512, lambda t: FIRST in t)
    line("image-boot-512mb", f"{small:.1f}", "s", f"{seconds:.1f}", small / seconds)
    shutil.rmtree(OUT)


if __name__ == "__main__":
    main()
