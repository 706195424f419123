#!/usr/bin/env python3
"""The prediction against other hands: pefile, sbsign, virt-firmware, mkfs.vfat, xorriso, tpm2-tools.

The image is made by ukify from systemd's stub, with systemd-boot as the kernel: it is a program
for UEFI, and no kernel is needed. What a TPM really holds is asked in tests/vm.

timeout: 300
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import pefile
from virt.peutils.pesign import pe_authenticode_hash

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "vm"))

from tap import Tap                                         # noqa: E402

BUILD = os.environ.get("BUILD", "build")
TESTDATA = os.environ.get("TESTDATA", "../shared/data")
SANCTUM = os.path.join(BUILD, "bin", "sanctum")
STUB = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
KERNEL = "/usr/lib/systemd/boot/efi/systemd-bootx64.efi"
EPOCH = "1795305600"
CMDLINE = "console=ttyS0 quiet"
ORDER = (".linux", ".cmdline", ".initrd", ".uname", ".sbat")
tap = Tap()
work = tempfile.mkdtemp()


def at(*parts):
    return os.path.join(work, *parts)


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")
    return done.stdout if check else (done.returncode, done.stdout + done.stderr)


def explain(path, *options):
    return json.loads(run(SANCTUM, "explain", "measurements", "--json", *options, path))


def sha256(data):
    return hashlib.sha256(data).digest()


def extend(digests):
    value = bytes(32)
    for d in digests:
        value = sha256(value + d)
    return value.hex()


def authenticode(data):
    return pe_authenticode_hash(pefile.PE(data=data, fast_load=True))


def sections(data):
    found = {}
    for s in pefile.PE(data=data, fast_load=True).sections:
        body = data[s.PointerToRawData:s.PointerToRawData + s.SizeOfRawData]
        found[s.Name.rstrip(b"\0").decode()] = body[:s.Misc_VirtualSize].ljust(
            s.Misc_VirtualSize, b"\0")
    return found


# ---- the image

def make_image(path, initrd_len):
    with open(at("initrd"), "wb") as f:
        f.write(bytes(i * 7 % 251 for i in range(initrd_len)))
    run("ukify", "build", f"--linux={KERNEL}", f"--initrd={at('initrd')}", f"--cmdline={CMDLINE}",
        "--uname=6.12-test", "--os-release=", f"--stub={STUB}", f"--output={path}")


def check_image(initrd_len):
    path = at(f"image-{initrd_len}.efi")
    make_image(path, initrd_len)
    with open(path, "rb") as f:
        data = f.read()
    said, part = explain(path), sections(data)
    digest = authenticode(data)
    boot = [sha256(b"Calling EFI Application from Boot Option"), sha256(bytes(4)), digest]
    stub = [d for n in ORDER for d in (sha256(n.encode() + b"\0"), sha256(part[n]))]
    what = f"initramfs of {initrd_len} bytes"
    tap.equal(said["authenticode"], digest.hex(), f"{what}: virt-firmware's digest")
    tap.equal(said["sections"], {n: sha256(part[n]).hex() for n in ORDER},
              f"{what}: pefile's sections")
    tap.equal(said["pcr4_sb"], extend(boot), f"{what}: PCR 4 with Secure Boot")
    tap.equal(said["pcr4_nosb"], extend(boot + [authenticode(part[".linux"])]),
              f"{what}: PCR 4 without")
    tap.equal(said["pcr9"], extend([sha256(CMDLINE.encode("utf-16-le") + bytes(2)),
                                    sha256(part[".initrd"])]), f"{what}: PCR 9")
    tap.equal(said["pcr11"], extend(stub), f"{what}: PCR 11")
    return path, said


image, image_said = check_image(5000)
check_image(5001)

# ---- signed

run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=db", "-days", "30",
    "-keyout", at("db.key"), "-out", at("db.crt"))
run("sbsign", "--key", at("db.key"), "--cert", at("db.crt"), "--output", at("signed.efi"), image)
tap.equal(explain(at("signed.efi")), image_said, "the signed image has the same measurements")
run("sbsign", "--detached", "--key", at("db.key"), "--cert", at("db.crt"), "--output", at("p7"),
    image)
with open(at("p7"), "rb") as signature:
    tap.ok(bytes.fromhex(image_said["authenticode"]) in signature.read(),
           "it is the digest that sbsign signs")
tap.equal(run("sbverify", "--cert", at("db.crt"), at("signed.efi")).strip(),
          "Signature verification OK", "sbverify accepts that signature")

# ---- where it lies

for bits, mib, cluster in ((12, 6, 4), (16, 20, 1), (16, 40, 8), (32, 40, 1)):
    disk = at(f"fat{bits}")
    with open(disk, "wb") as f:
        f.truncate(mib << 20)
    run("mkfs.vfat", "-F", str(bits), "-s", str(cluster), disk)
    run("mmd", "-i", disk, "::/A folder with a long name", "::/EFI", "::/EFI/BOOT")
    for i in range(20):			# so that folders and the image lie in pieces
        run("mcopy", "-i", disk, at("p7"), f"::/EFI/BOOT/a rather long name {i}.txt")
    run("mdel", "-i", disk, *(f"::/EFI/BOOT/a rather long name {i}.txt" for i in range(0, 20, 2)))
    run("mcopy", "-i", disk, image, "::/EFI/BOOT/BOOTX64.EFI")
    tap.equal(explain(disk), image_said, f"mkfs.vfat -F {bits} -s {cluster}: the image is found")

os.makedirs(at("medium", "boot", "EFI", "BOOT"))
os.makedirs(at("medium", "tree"))
shutil.copyfile(image, at("medium", "boot", "EFI", "BOOT", "BOOTX64.EFI"))
run("iso/mkmedium", EPOCH, image_said["authenticode"], at("medium"), at("out.iso"))
tap.equal(explain(at("out.iso")), image_said, "xorriso: the image is found on the ISO")
with open(at("out.iso"), "rb") as f:
    iso = bytearray(f.read())
with open(at("stick"), "wb") as f:
    f.write(iso + bytes(3 << 20))
tap.equal(explain(at("stick")), image_said, "and on a larger stick that it was copied to")

# ---- an ISO whose disc boots something else than its stick

catalog = int.from_bytes(iso[17 * 2048 + 0x47:17 * 2048 + 0x4b], "little") * 2048
entries = [o for o in range(catalog, catalog + 2048, 32) if iso[o] == 0x88]
start = int.from_bytes(iso[entries[0] + 8:entries[0] + 12], "little")
iso[entries[0] + 8:entries[0] + 12] = (start + 1).to_bytes(4, "little")
with open(at("two-faced.iso"), "wb") as f:
    f.write(iso)
status, text = run(SANCTUM, "explain", "measurements", at("two-faced.iso"), check=False)
tap.ok(status == 10 and "disc" in text and text.count("\n") == 1,
       "an ISO that boots something else as a disc is refused", f"{status}: {text}")

# ---- for people

text = run(SANCTUM, "explain", "measurements", image)
rows = re.findall(r"^PCR +(\d+) ([0-9a-f]{64})$", text, re.M)
tap.equal(rows, [(n, image_said[k]) for n, k in
                 (("4", "pcr4_sb"), ("4", "pcr4_nosb"), ("7", "pcr7_nokeys"), ("9", "pcr9"),
                  ("11", "pcr11"))], "people read the same registers as programs")
tap.equal("".join(re.findall(r"[0-9a-f]{8}", text[:text.index("PCR")])),
          image_said["authenticode"], "and the same digest")
tap.equal([len(line) <= 80 for line in text.splitlines()], [True] * text.count("\n"),
          "no line is wider than a screen")
for wrong, said, exits in (((), "what?", None), (("measurements",), "no ISO", None),
                           (("measurements", at("nothing")), "no such file", 12),
                           (("measurements", image, image), "not understood", None),
                           (("measurements", "--keys", at("nothing"), image), "folder", 12),
                           (("measurements", at("db.crt")), "neither an ISO", 10)):
    status, text = run(SANCTUM, "explain", *wrong, check=False)
    tap.ok(status not in (0, None) and exits in (None, status) and said in text and
           text.count("\n") == 1, f"refused: explain {' '.join(map(os.path.basename, wrong))}",
           f"{status}: {text}")

# ---- PCR 7's variables, and event logs

run("iso/mkkeys", at("keys"), "Site")
with_keys = explain(image, "--keys", at("keys"))
tap.ok(with_keys["pcr7_sb"] != with_keys["pcr7_nokeys"] and
       {k: v for k, v in with_keys.items() if k != "pcr7_sb"} == image_said,
       "keys add PCR 7 and change nothing else")

with open(at("keys", "dbx.esl"), "wb") as f:
    f.write(bytes(76))
tap.ok(explain(image, "--keys", at("keys"))["pcr7_sb"] != with_keys["pcr7_sb"],
       "a dbx of the site counts")

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "eventlogs.txt")
with open(GOLDEN, encoding="ascii") as f:
    golden = f.read()
logs = sorted({line.split()[0] for line in golden.splitlines()})
for log in logs:
    path = os.path.join(TESTDATA, log) if log.startswith("eventlogs/") else log
    if not os.path.exists(path):
        print(f"# {log} is not there")
        continue
    pcrs = run("tpm2_eventlog", path).split("\npcrs:", 1)[1].split("  sha256:\n", 1)[1]
    pcrs = re.match(r"(?:    \d+ *: 0x[0-9a-f]{64}\n?)*", pcrs).group(0)
    theirs = [f"{log} {n} {v}" for n, v in re.findall(r"(\d+) *: 0x([0-9a-f]{64})", pcrs)]
    tap.equal([line for line in golden.splitlines() if line.startswith(log + " ")], theirs,
              f"tpm2_eventlog replays {log} as eventlogs.txt says")

shutil.rmtree(work)
tap.close()
