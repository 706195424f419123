#!/usr/bin/env python3
"""Secure Boot with a site's own keys: what firmware starts, and what it refuses.

One machine tries six images that differ from the signed one in a byte or in their
signature, one after the other; a second one boots the signed image.

timeout: 600
"""
import json
import os
import re
import shutil
import subprocess
import sys
import time

import pefile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from console import Serial                                  # noqa: E402
from machine import BOOT_TIMEOUT, OVMF, Machine, Shape, make_tpm  # noqa: E402
from tap import Tap                                         # noqa: E402

BUILD = os.environ.get("BUILD", "build")
OUT = os.path.join(BUILD, "check-secureboot")
UNSIGNED = os.path.join(BUILD, "cornerstone.iso")
UKI = os.path.join(BUILD, "iso", "cornerstone.efi")
KEYS = os.path.join(BUILD, "vm", "keys")
OTHER_KEYS = os.path.join(BUILD, "vm", "other-keys")
PROMPT = "Press Enter on the console to use"
DENIED = re.compile(r'failed to load Boot[0-9A-F]{4} "([^"]*)"[^\n]*: Access Denied')


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")
    return done.stdout


def site_keys(folder, site):
    """The folder with the keys of a site, made once."""
    if not os.path.exists(os.path.join(folder, "db.key")):
        shutil.rmtree(folder, ignore_errors=True)
        run("iso/mkkeys", folder, site)
    return folder


def sign(keys, out):
    run("iso/sign-iso", UNSIGNED, keys, os.path.join(OUT, "signing"), out)
    return out


def enrolled(keys, out):
    """Firmware variables with the keys enrolled and Secure Boot on."""
    with open(os.path.join(keys, "owner"), encoding="ascii") as f:
        owner = f.read().strip()
    options = []
    for option, name in (("--set-pk", "PK"), ("--add-kek", "KEK"), ("--add-db", "db")):
        options += [option, owner, os.path.join(keys, f"{name}.crt")]
    run("virt-fw-vars", "--input", os.path.join(OVMF, "OVMF_VARS_4M.fd"), *options, "--sb",
        "--output", out)
    return out


def boot_signed(keys=KEYS, name="signed"):
    """Boot the image signed with KEYS on firmware that has them: (machine, console), with
    the image's first screen shown. The caller closes the console and stops the machine."""
    folder = os.path.join(OUT, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    site_keys(keys, "Test site")
    iso = sign(keys, os.path.join(folder, "signed.iso"))
    variables = enrolled(keys, os.path.join(folder, "enrolled.fd"))
    machine = Machine(folder, iso, make_tpm(os.path.join(BUILD, "vm", "tpm")),
                      Shape(variables=variables)).start()
    console = Serial(machine)
    wait_serial(machine, lambda text: PROMPT in text or DENIED.search(text), BOOT_TIMEOUT)
    return machine, console


def serial_text(machine):
    path = os.path.join(machine.folder, "serial.log")
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def wait_serial(machine, wanted, seconds):
    """What the serial line has said once wanted(text) holds, or when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        text = serial_text(machine)
        if wanted(text) or time.monotonic() > deadline or not machine.running():
            return text
        time.sleep(0.2)


# ---- images that must not boot

def section_middle(image, name):
    """Offset of a byte in the middle of a section's contents."""
    for s in pefile.PE(image, fast_load=True).sections:
        if s.Name.rstrip(b"\0").decode() == name:
            return s.PointerToRawData + s.Misc_VirtualSize // 2
    raise RuntimeError(f"{image} has no {name}")


def patched(iso, change, out):
    """A copy of the signed ISO whose image change(bytearray) has altered in place."""
    with open(iso, "rb") as f:
        data = f.read()
    with open(os.path.join(OUT, "signing", "boot", "EFI", "BOOT", "BOOTX64.EFI"), "rb") as f:
        image = bytearray(f.read())
    start = data.find(image)
    if start < 0:
        raise RuntimeError("the image is not in one piece on the ISO")
    change(image)
    with open(out, "wb") as f:
        f.write(data[:start] + image + data[start + len(image):])
    return out


def flip(offset):
    def change(image):
        image[offset] ^= 1
    return change


def other_signature(keys):
    """Put db's good signature over another image where the right one is."""
    def change(image):
        copy, p7 = os.path.join(OUT, "copy.efi"), os.path.join(OUT, "copy.p7")
        with open(UKI, "rb") as f:
            altered = bytearray(f.read())
        flip(section_middle(UKI, ".cmdline"))(altered)
        with open(copy, "wb") as f:
            f.write(altered)
        run("sbsign", "--detached", "--key", os.path.join(keys, "db.key"), "--cert",
            os.path.join(keys, "db.crt"), "--output", p7, copy)
        shutil.copyfile(UKI, copy)
        run("sbattach", "--attach", p7, copy)
        length = len(image)
        with open(copy, "rb") as f:
            image[:] = f.read()
        if len(image) != length:
            raise RuntimeError("the other signature has another length")
    return change


def bad_images():
    """((name, ISO), ...), the names as the firmware will say them."""
    path = lambda name: os.path.join(OUT, f"{name}.iso")
    other = sign(site_keys(OTHER_KEYS, "Other site"), path("othersite"))
    good = sign(site_keys(KEYS, "Test site"), path("signed"))
    return (("unsigned", UNSIGNED),
            ("cmdline", patched(good, flip(section_middle(UKI, ".cmdline")), path("cmdline"))),
            ("kernel", patched(good, flip(section_middle(UKI, ".linux")), path("kernel"))),
            ("initramfs", patched(good, flip(section_middle(UKI, ".initrd")), path("initramfs"))),
            ("othersite", other),
            ("othersignature", patched(good, other_signature(KEYS), path("othersignature"))))


def check_refusals(tap):
    bad = bad_images()
    folder = os.path.join(OUT, "refused")
    os.makedirs(folder)
    shape = Shape(variables=enrolled(KEYS, os.path.join(folder, "enrolled.fd")), tpm="none",
                  network=False, before=bad)
    machine = Machine(folder, os.path.join(OUT, "signed.iso"), "", shape).start()
    try:
        # the signed image is last in the row, so a seventh start ends the first six
        text = wait_serial(machine, lambda text: re.search("loading Boot0007|EFI stub", text),
                           BOOT_TIMEOUT)
    finally:
        machine.stop()
    denied = [name.split()[-1].split("-")[0] for name in DENIED.findall(text)]
    for name, _ in bad:
        tap.ok(name in denied, f"refused with Access Denied: {name}", text[-1500:])
    tap.ok("Cornerstone" not in text, "none of them came to our screen", text[-500:])


def turned(console, before, seconds=30):
    """Press Enter; the screen once it has changed and stays as it is."""
    console.enter()
    deadline = time.monotonic() + seconds
    last = before
    while time.monotonic() < deadline:
        time.sleep(0.4)
        text = "\n".join(line.rstrip() for line in console.lines())
        if text == last and text != before:
            return text
        last = text
    return last


def page(console, key):
    """The page of the boot menu behind KEY; leaves the one before with Enter."""
    text = "\n".join(line.rstrip() for line in console.lines())
    if PROMPT not in text:
        turned(console, text)
    console.type(key)
    time.sleep(0.5)
    return turned(console, "\n".join(line.rstrip() for line in console.lines()))


def enrolled_lists(folder):
    """A folder with the site's lists, and dbx as the tool that enrolled them filled it."""
    public, dump = os.path.join(folder, "lists"), os.path.join(folder, "variables.json")
    os.makedirs(public)
    for name in ("PK", "KEK", "db"):
        shutil.copy(os.path.join(KEYS, f"{name}.esl"), public)
    run("virt-fw-vars", "--input", os.path.join(folder, "enrolled.fd"), "--output-json", dump)
    with open(dump, encoding="ascii") as f:
        variables = {v["name"]: v["data"] for v in json.load(f)["variables"]}
    with open(os.path.join(public, "dbx.esl"), "wb") as f:
        f.write(bytes.fromhex(variables.get("dbx", "")))
    return public


def check_registers(tap, text):
    """What the TPM holds under Secure Boot is what auditors predict with the site's keys."""
    public = enrolled_lists(os.path.join(OUT, "signed"))
    said = json.loads(run(os.path.join(BUILD, "bin", "sanctum"), "explain", "measurements",
                          "--json", "--keys", public, UNSIGNED))
    held = {int(n): v for n, v in re.findall(r"^PCR +(\d+) ([0-9a-f]{64})", text, re.M)}
    for index, name in ((4, "pcr4_sb"), (7, "pcr7_sb"), (9, "pcr9"), (11, "pcr11")):
        tap.equal(held.get(index), said[name], f"Secure Boot on: PCR {index} is {name}")
    tap.equal([n for n in said["zero"] if held.get(n) != "00" * 32], [],
              "Secure Boot on: what must be zero is zero")
    tap.ok(said["authenticode"] in text and "measured by the firmware" in text,
           "Secure Boot on: the digest shown is that of the image without its signature", text)


def check_signed(tap):
    machine, console = boot_signed()
    try:
        text = serial_text(machine)
        tap.ok(PROMPT in text and not DENIED.search(text), "the signed image boots", text[-1500:])
        check_registers(tap, page(console, "m"))
        tests = page(console, "t")
        while "Page" in tests and not re.search(r"secure boot +on\b", tests) and \
                not re.search(r"Page (\d+) of \1\.", tests):
            tests = turned(console, tests)
        tap.ok(re.search(r"secure boot +on\b", tests), "its self-tests say: secure boot on", tests)
    finally:
        console.close()
        machine.stop()


def main():
    tap = Tap()
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    check_refusals(tap)
    check_signed(tap)
    for name in os.listdir(OUT):
        if name.endswith((".iso", ".efi", ".p7")):
            os.unlink(os.path.join(OUT, name))
    tap.close()


if __name__ == "__main__":
    main()
