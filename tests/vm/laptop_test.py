#!/usr/bin/env python3
"""Check this laptop, in eight shapes of a laptop: what people see, and the report on the stick.
In one of them the TPM is enrolled: its request, a challenge, a second boot, its answer.

timeout: 1500
"""
import dataclasses
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from console import Serial, Vga                             # noqa: E402
from machine import BOOT_TIMEOUT, Machine, Shape, list_stick, make_stick, make_tpm, read_stick  # noqa: E402
from tap import Tap                                         # noqa: E402

BUILD = os.environ.get("BUILD", "build")
OUT = os.path.join(BUILD, "check-laptop")
ISO = os.path.join(BUILD, "cornerstone.iso")
FONTS = os.path.join(BUILD, "kernel", "fonts")
PROMPT = "c Enter"		# the entry of the first screen's menu
TIMEOUT = 120
REPORT = "laptop-report.txt"
SANCTUM = os.path.join(BUILD, "bin", "sanctum")
ENROLLED = "512-mb"		# the shape whose TPM is enrolled
OLD = "what was there before\n"


@dataclasses.dataclass
class Row:
    """One laptop, and what its report must say, as regular expressions."""

    name: str
    shape: Shape
    wanted: tuple
    console: str = "serial"
    stick: str = "empty"	# empty, old (holds a report already), or none; or what is copied onto it
    refused: tuple = ()		# what the report must not say


VIRTUAL = r"Verdict +FOR REHEARSALS ONLY\n    because +this is a virtual machine"
NETWORK = r"8086:10d3 network: no driver"

ROWS = (
    Row("ps2-crb", Shape(), (
        VIRTUAL, NETWORK,
        r"Maker +QEMU\n", r"Secure Boot +off", r"Setup mode +on", r"PK +not there",
        r"TPM +version 2", r"Interface +CRB, device MSFT0101:00", r"Maker +IBM, ",
        r"TPM 2.0 spec revision 1\.\d\d", r"EK template +(rsa-2048|ecc-p256)",
        r"EK cert +index 01c0000[2a], \d+ bytes, SHA-256\n +[0-9a-f]{64}",
        r"issuer +CN=swtpm-localca", r"key +(P-256|RSA)",
        r"PCR 0 +[0-9A-F]{64}", r"PCR 15 +0{64}", r"Event log +\d{4,} bytes",
        r"Image digest [0-9a-f]{64}\n +measured by the firmware",
        r"Keyboard +PS/2: \"AT Translated Set 2 keyboard\" at isa0060/serio0/input0",
        r"Enter +came over PS/2: its controller called", r"In use +the screen",
        r"Chip +rtc_cmos", r"Drift +[3-9] s by the chip", r"Random +RDRAND yes, RDSEED yes",
        r"sda +\d+ MiB, a stick on USB", r"IOMMU +none", r"ok +sockets: none of 64 families"),
        console="vga"),
    Row("usb-keyboard", Shape(keyboard="usb"), (
        VIRTUAL, r"Keyboard +USB: \"QEMU QEMU USB Keyboard\"", r"Enter +came over USB\n",
        r"0627:0001 QEMU QEMU USB Keyboard, class 03/01/01: keyboard\n"),
        console="vga", refused=(r"PS/2",)),
    Row("large-screen", Shape(screen=(2560, 1600), network=False), (
        VIRTUAL, r"Screen +2560 x 1600 pixels", r"Text +160 columns, 50 rows",
        r"Letters +16 x 32 pixels"),
        console="vga", refused=(r"network: no driver",)),
    Row("nvme-old-clock", Shape(nvme="disk.img", rtc="2001-01-01T00:00:00"), (
        r"Verdict +NOT FIT FOR A CEREMONY\n    because +self-test clock: 2001-01-01T00:",
        r"1b36:0010 internal NVMe disk: no driver",
        r"note +internal NVMe disk at \S+ no driver: it cannot be\s+reached",
        r"It says +2001-01-01T00:"),
        refused=(r"nvme0",)),
    Row("tis", Shape(tpm="tis"), (VIRTUAL, r"Interface +TIS, device ", r"Maker +IBM, "),
        stick="old"),
    Row("no-tpm", Shape(tpm="none"), (
        r"Verdict +FOR REHEARSALS ONLY\n    because +no TPM; perhaps it is switched off",
        r"TPM +none that the kernel knows", r"PCRs +none",
        r"Image digest [0-9a-f]{64}\n +read from the boot stick"),
        refused=(r"The TPM made its endorsement key",)),
    Row(ENROLLED, Shape(memory=512), (VIRTUAL, r"Memory +4\d\d MiB for the system",
                                      r"Enter +came over the serial line")),
    Row("no-serial-no-stick", Shape(serial=False), (), console="vga", stick="none"),
)


class Lost(Exception):
    """The screen does not show what it should."""


class Visit:
    """One machine, switched on, and somebody in front of it."""

    def __init__(self, row):
        self.row = row
        self.folder = os.path.join(OUT, row.name)
        os.makedirs(self.folder)
        shape = row.shape
        if shape.nvme:
            disk = os.path.join(self.folder, shape.nvme)
            with open(disk, "wb") as f:
                f.truncate(16 << 20)
            shape = dataclasses.replace(shape, nvme=disk)
        tpm = make_tpm(os.path.join(BUILD, "vm", "tpm")) if shape.tpm != "none" else ""
        self.machine = Machine(self.folder, ISO, tpm, shape).start()
        self.console = Serial(self.machine) if row.console == "serial" else \
            Vga(self.machine, FONTS)

    def wait(self, text, seconds=TIMEOUT):
        """The lines of the screen once they show the text."""
        deadline = time.monotonic() + seconds
        while True:
            lines = [line.rstrip() for line in self.console.lines()]
            if any(text in line for line in lines):
                with open(os.path.join(self.folder, "screens.txt"), "a", encoding="utf-8") as f:
                    f.write("\n".join(lines) + "\n" + "=" * 80 + "\n")
                return lines
            if time.monotonic() > deadline or self.machine.off():
                raise Lost(f"{self.row.name}: no \"{text}\" on the screen:\n" + "\n".join(lines))
            time.sleep(0.15)

    def say(self, text):
        self.console.type(text)
        self.console.enter()

    def stick(self):
        path = os.path.join(self.folder, "stick.img")
        content = None
        if self.row.stick == "old":
            content = os.path.join(self.folder, "old")
            os.makedirs(content)
            with open(os.path.join(content, REPORT), "w", encoding="ascii") as f:
                f.write(OLD)
        elif os.path.isdir(self.row.stick):
            content = self.row.stick
        make_stick(path, "CS-LOG", content, size_mib=16)
        return path

    def close(self):
        self.console.close()
        self.machine.stop()


def visit(tap, row):
    """Through all pages; the report's text, or None when there is no stick."""
    v = Visit(row)
    try:
        v.wait(PROMPT, BOOT_TIMEOUT)
        v.say("c")
        v.wait("Enter: begin")
        v.say("")
        v.wait("write the report to a stick")
        if row.stick == "none":
            return skip(tap, v)
        v.say("")
        v.wait("Insert a stick")
        image = v.stick()
        v.machine.insert("stick", image)
        if os.path.isdir(row.stick):
            v.wait("It holds a challenge for a laptop's TPM")
        v.wait("Enter: write it")
        v.say("")
        v.wait("read back and is the same")
        v.machine.pull("stick")
        v.say("")
        v.wait(PROMPT)
        return image
    finally:
        v.close()


def skip(tap, v):
    """Read the report on the screen, go on without a stick, switch the machine off."""
    v.say("r")
    first = v.wait("q and Enter")
    tap.ok(first[0] == "The report" and "Cornerstone: report on a laptop" in first[2],
           "no-serial-no-stick: the report can be read on the screen, page by page", first)
    v.say("q")
    v.wait("no stick")
    v.say("s")
    v.wait("The report was not written")
    v.say("o")
    tap.ok(v.machine.wait_power_off(TIMEOUT), "no-serial-no-stick: the machine goes off")


def check_report(tap, row, image):
    name = REPORT if row.stick == "empty" else "laptop-report-2.txt"
    path = os.path.join(OUT, row.name, name)
    read_stick(image, name, path)
    with open(path, encoding="ascii") as f:
        text = f.read()
    missing = [w for w in row.wanted if not re.search(w, text)]
    tap.equal(missing, [], f"{row.name}: the report says what this laptop is")
    tap.equal([r for r in row.refused if re.search(r, text)], [],
              f"{row.name}: and nothing that it is not")
    tap.ok(all(len(line) < 80 and line.isprintable() for line in text.splitlines()),
           f"{row.name}: plain lines of less than 80 columns")
    wanted = {REPORT, name}
    if row.shape.tpm != "none":
        wanted.add("tpm-request" if row.stick == "empty" else "tpm-request-2")
    tap.equal(sorted(list_stick(image)), sorted(wanted), f"{row.name}: nothing else is on the stick")
    if row.stick == "old":
        old = os.path.join(OUT, row.name, "old.txt")
        read_stick(image, REPORT, old)
        with open(old, encoding="ascii") as f:
            tap.equal(f.read(), OLD, f"{row.name}: the older report is as it was")


def sanctum(*args):
    return subprocess.run((SANCTUM, "enrol", *args), capture_output=True, text=True, check=False)


def enrol(tap, row, image):
    """The request of one boot, a challenge for it, the answer of the next."""
    folder = os.path.join(OUT, row.name)
    request, out, state = (os.path.join(folder, n) for n in ("tpm-request", "out", "state.json"))
    read_stick(image, "tpm-request", request)
    tap.equal(sorted(os.listdir(request)), ["ak.name", "ak.pub", "ek.pub", "ekcert.der"],
              f"{row.name}: the request has keys and certificate")
    os.makedirs(out)
    done = sanctum("challenge", request, out, "--state", state)
    tap.ok(done.returncode == 0, f"{row.name}: a challenge for it", done.stderr)
    again = dataclasses.replace(row, name=f"{row.name}-again", stick=out)
    image = visit(tap, again)
    tap.equal(sorted(list_stick(image)), sorted((REPORT, "tpm-answer", "tpm-challenge")),
              f"{again.name}: report and answer, and no second request")
    answer = os.path.join(OUT, again.name, "tpm-answer")
    read_stick(image, "tpm-answer", answer)
    done = sanctum("finish", answer, "--state", state)
    tap.ok(done.returncode == 0, f"{again.name}: the answer is right", done.stderr)
    for key, name in (("tpm_ek", "ek.pub"), ("tpm_ak", "ak.pub")):
        with open(os.path.join(request, name), "rb") as f:
            digest = hashlib.sha256(f.read()[2:]).hexdigest()
        tap.ok(f'"{key}": "{digest}"' in done.stdout, f"{again.name}: the plan's {key}", done.stdout)


def main():
    tap = Tap()
    only = sys.argv[1:]
    shutil.rmtree(OUT, ignore_errors=True)
    for row in ROWS:
        if only and row.name not in only:
            continue
        start = time.monotonic()
        try:
            image = visit(tap, row)
        except Lost as e:
            tap.ok(False, f"{row.name}: the pages of the check", e)
            continue
        if image is not None:
            check_report(tap, row, image)
        try:
            if image is not None and row.name == ENROLLED:
                enrol(tap, row, image)
        except Lost as e:
            tap.ok(False, f"{row.name}: enrolment", e)
        print(f"# {row.name}: {time.monotonic() - start:.0f} s", flush=True)
    tap.close()


if __name__ == "__main__":
    main()
