#!/usr/bin/env python3
"""The image, looked at and booted: a whole genesis on its serial console.

timeout: 1500
"""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from leave import list_stick                                # noqa: E402
from tap import Tap                                         # noqa: E402

BUILD = os.environ.get("BUILD", "build")
ISO_LIMIT = 16 * 1000 * 1000
# what the usual machine is free to be, and is told of
NOTES = {"image", "iommu", "processor faults", "secure boot", "virtual machine"}
LOADER = "lib64/ld-linux-x86-64.so.2"
OUT = os.path.join(BUILD, "check-vm")
BESIDE = ("bundle", "cornerstone.json", "recovery-card.txt", "recovery-card.bmp",
          "custodian-sheets.txt")
SHARE_WORD = re.compile(r"^[a-z]{4,8}$")


def lines_of(*path):
    with open(os.path.join(*path), encoding="utf-8", errors="replace") as f:
        return f.read().splitlines()


def contents():
    """{path: mode} of the initramfs."""
    found = {}
    for line in lines_of(BUILD, "iso", "contents.txt"):
        mode, _, _, path = line.split(None, 3)
        found[path] = int(mode, 8)
    return found


def symbols(path):
    """Names of the functions that a program or archive defines for others."""
    run = subprocess.run(["nm", "--defined-only", "--extern-only", path], check=True,
                         capture_output=True, text=True)
    return {f[2] for f in (line.split() for line in run.stdout.splitlines()) if len(f) == 3}


def check_files(tap):
    files = contents()
    programs = sorted(p for p, m in files.items() if m & 0o170000 == 0o100000 and m & 0o111)
    tap.equal(programs, sorted(["crosscheck", "init", LOADER, "softtpm"]),
              "three programs and the loader are executable, nothing else")
    tap.equal([p for p, m in files.items() if m & 0o7000], [], "nothing is setuid or setgid")
    tap.equal([p for p, m in files.items() if m & 0o022 and m & 0o170000 != 0o120000], [],
              "nothing may be written by others")
    size = os.path.getsize(os.path.join(BUILD, "cornerstone.iso"))
    tap.ok(size <= ISO_LIMIT, "the ISO has at most 16 MB", size)
    config = set(lines_of(BUILD, "kernel", "kernel.config"))
    tap.ok("# CONFIG_NET is not set" in config, "the kernel has no network")
    tap.ok("# CONFIG_MODULES is not set" in config, "the kernel has no modules")
    with open(os.path.join(BUILD, "measurements.json"), encoding="ascii") as f:
        measured = json.load(f)
    driver = symbols(os.path.join(BUILD, "lib", "ceremony-script.a"))
    tap.ok(len(driver) > 0 and not driver & symbols(os.path.join(BUILD, "image", "init")),
           "the answer-file driver is not in the image's program", driver)
    return measured


def check_play(tap):
    run = subprocess.run(["tests/vm/play.sh", BUILD, "tests/play/genesis.play", OUT, "serial",
                          os.path.join(BUILD, "vm", "tpm")],
                         capture_output=True, text=True, check=False)
    with open(os.path.join(OUT, "play.log"), "w", encoding="utf-8") as f:
        f.write(run.stdout + run.stderr)
    return tap.equal(run.returncode, 0, "a genesis is played on the serial console, the machine "
                     "wipes its memory and switches itself off, sanctum verify accepts") or \
        print("\n".join("# " + line for line in (run.stdout + run.stderr).splitlines()[-20:]))


def records():
    return [json.loads(line) for line in lines_of(OUT, "bundle", "transcript", "records.jsonl")]


def self_tests():
    """{name: (result, detail)} that the image recorded."""
    found = {}
    for record in records():
        if record["id"] == "machine.check":
            found[record["args"]["name"]] = (record["args"]["result"], record["args"]["detail"])
    return found


def check_airgap(tap):
    tests = self_tests()
    tap.ok(len(tests) >= 40 and
           all(result == "ok" or result == "note" and name in NOTES
               for name, (result, _) in tests.items()),
           "every self-test passed, but for what is a note on such a machine",
           [row for row in tests.items() if row[1][0] != "ok"])
    for name, wanted in (("sockets", "none of 64 families"),
                         ("network interfaces", "no network interfaces"),
                         ("network controllers", "0x8086:0x10d3 no driver"),
                         ("modules", "cannot load modules"),
                         ("lockdown", "[confidentiality]"),
                         ("memory wiping", "when freed"),
                         ("disks", "all on USB"),
                         ("tpm", "TPM 2")):
        detail = tests.get(name, ("", "not recorded"))[1]
        tap.ok(wanted in detail, f"recorded: {name}: {wanted}", detail)


def screen(name):
    """The first kept screen of that name, as one text."""
    found = sorted(s for s in os.listdir(os.path.join(OUT, "screens"))
                   if s.endswith(f"-{name}.txt"))
    return "\n".join(lines_of(OUT, "screens", found[0])) if found else ""


def words_of(digest):
    """The digest as words, by the list in the C source that people's programs use."""
    source = "\n".join(lines_of("appliance", "base", "words.c"))
    lists = [re.findall(r'"([A-Za-z]+)"', source[source.index(f"{name}_words[256]"):])[:256]
             for name in ("even", "odd")]
    return [lists[i % 2][byte] for i, byte in enumerate(bytes.fromhex(digest))]


def check_first_screen(tap, measured):
    """The image's digest in three forms, on the serial line and on the machine's own screen."""
    digest = measured["authenticode"]
    text = screen("console")
    tap.ok("measured by the firmware" in text and digest in re.sub(r"[^0-9a-f]", "", "".join(
        re.findall(r"^  ((?:[0-9a-f]{8} ){3}[0-9a-f]{8})", text, re.M))),
        "the first screen shows the digest of the image that was built", text)
    shown = re.findall(r"^  ([A-Za-z]+) +([A-Za-z]+) +([A-Za-z]+) +([A-Za-z]+)(?= {2})", text, re.M)
    tap.equal([w for row in shown for w in row], words_of(digest), "and the same in words")
    run = subprocess.run(["zbarimg", "-q", "--raw", os.path.join(OUT, "screens",
                          "console-vga.png")], capture_output=True, text=True, check=False)
    tap.equal(run.stdout.strip().lower(), digest, "and the same as a QR code")
    record = [r["args"] for r in records() if r["id"] == "machine.image"]
    tap.equal(record, [{"digest": digest, "source": "measured by the firmware"}],
              "the transcript records it")


def quoted():
    """{register: value} of the quote; docs/TPM.md says how they lie there."""
    with open(os.path.join(OUT, "bundle", "evidence", "quote.pcr"), "rb") as f:
        data = f.read()
    mask = int.from_bytes(data[7:10], "little")
    registers = [n for n in range(24) if mask >> n & 1]
    found = {}
    for place, register in enumerate(registers):
        at = 136 + place // 8 * 532 + 4 + place % 8 * 66
        if data[at:at + 2] == b"\x20\0":
            found[register] = data[at + 2:at + 34].hex()
    return found


def check_pcrs(tap, measured):
    """What the TPM holds after a boot is what was predicted when the image was built."""
    held = {int(n): v for n, v in
            re.findall(r"^PCR +(\d+) ([0-9a-f]{64})", screen("measurements"), re.M)}
    tap.equal(sorted(held), list(range(16)), "the menu shows PCR 0 to 15")
    for name, index in (("pcr4_nosb", 4), ("pcr9", 9), ("pcr11", 11)):
        tap.equal(held.get(index), measured[name], f"PCR {index} is {name}, as predicted")
    tap.equal(held.get(7), measured["pcr7_nokeys"], "PCR 7 is that of firmware without keys")
    tap.equal([n for n in measured["zero"] if held.get(n) != "00" * 32], [],
              "what must be zero is zero")
    values = quoted()
    tap.equal([n for n in range(15) if values.get(n) != held.get(n)], [],
              "the quote has PCR 0 to 14 as the menu showed them")
    tap.ok(values.get(15) not in (None, held.get(15)), "and PCR 15 with the ceremony's records")


def check_leavings(tap):
    with open(os.path.join(OUT, "shares.txt"), encoding="ascii") as f:
        words = {w for w in f.read().split() if SHARE_WORD.match(w)}
    tap.ok(len(words) > 30, "the shares were read off the screen")
    screens = sorted(os.listdir(os.path.join(OUT, "screens")))
    tap.ok(len(screens) >= 20, "every screen is kept", len(screens))
    shown = [s for s in screens if "shares-write" in s or "shares-typed" in s]
    leaked = [s for s in shown for line in lines_of(OUT, "screens", s)
              if len([w for w in re.findall(r"[a-z]+", line[20:]) if w in words]) >= 3]
    tap.equal(leaked, [], "no kept screen shows a share")
    stick = os.path.join(OUT, "sticks", "CS-OUT-A.img")
    tap.equal([n for n in list_stick(stick) if n not in BESIDE], [],
              "the OUT stick holds the bundle, its mark, the recovery card and nothing else")
    secret = [w for w in ("rehearsal passphrase of alice",)
              if w in "\n".join(lines_of(OUT, "serial.log"))]
    tap.equal(secret, [], "no passphrase was echoed on the serial line")


def check_memory(tap):
    """The play itself refuses a secret that is left; here is what it looked for."""
    with open(os.path.join(OUT, "memory.json"), encoding="ascii") as f:
        searched = json.load(f)
    tap.ok(searched["forms"] > 10000 and len(searched["secrets"]) == 11,
           "every kind of secret was looked for in the memory", searched["secrets"])
    off = searched["found"]["the machine is off"]
    tap.equal(sorted(off), ["mark", "overwritten"],
              f"none was left when the machine was off, {off['overwritten'][0]} overwritten")
    alive = searched["found"]["the statement is approved"]
    tap.ok({"ECDSA key", "ML-DSA key", "Ed25519 key", "passphrase"} <= set(alive),
           "the same search found them while they were alive", sorted(alive))


def check_verify_txt(tap):
    with open(os.path.join(OUT, "identity"), encoding="ascii") as f:
        identity = f.read().strip()
    tap.ok(re.fullmatch("[0-9a-f]{64}", identity), "the identity digest was read off the screen")
    run = subprocess.run(["tests/verify-txt.sh", os.path.join(OUT, "bundle"), identity],
                         capture_output=True, text=True, check=False)
    tap.ok(run.returncode == 0, "the commands of VERIFY.txt accept the bundle",
           (run.stdout + run.stderr)[-1500:])


def main():
    tap = Tap()
    measured = check_files(tap)
    os.makedirs(OUT, exist_ok=True)
    check_play(tap)
    if os.path.isdir(os.path.join(OUT, "bundle")):
        check_airgap(tap)
        check_first_screen(tap, measured)
        check_pcrs(tap, measured)
        check_leavings(tap)
        check_memory(tap)
        check_verify_txt(tap)
    tap.close()


if __name__ == "__main__":
    main()
