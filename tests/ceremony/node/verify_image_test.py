#!/usr/bin/env python3
"""sanctum verify-image: a small real image, signatures by stock openssl, and every trick."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "vm"))

from tap import Tap                                         # noqa: E402

tap = Tap()
work = tempfile.mkdtemp()
SANCTUM = os.path.join(os.environ.get("BUILD", "build"), "bin/sanctum")
STUB = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
LISTED = ("cornerstone.iso", "iso/cornerstone.efi", "iso/initramfs.zst", "kernel/bzImage",
          "measurements.json", "provenance.json", "sbom.spdx.json")
PEOPLE = ("alice", "bob", "carol")


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def must(*command, **more):
    done = run(*command, **more)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr}")
    return done.stdout


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, body):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(body if isinstance(body, bytes) else body.encode())


# ---- a small release: systemd's stub stands in for the kernel

def make_image(d, initrd=b"an initramfs"):
    """The image's own files: kernel, initramfs, unified kernel image, ISO, measurements."""
    for folder in ("kernel", "iso", "medium/boot/EFI/BOOT", "medium/tree"):
        os.makedirs(os.path.join(d, folder))
    shutil.copy(STUB, f"{d}/kernel/bzImage")
    write(f"{d}/iso/initramfs.zst", initrd)
    must("ukify", "build", f"--linux={d}/kernel/bzImage", f"--initrd={d}/iso/initramfs.zst",
         "--cmdline=console=tty0", "--uname=6.12", "--os-release=", f"--stub={STUB}",
         f"--output={d}/iso/cornerstone.efi")
    shutil.copy(f"{d}/iso/cornerstone.efi", f"{d}/medium/boot/EFI/BOOT/BOOTX64.EFI")
    must("iso/mkmedium", "1795305600", "12" * 32, f"{d}/medium", f"{d}/cornerstone.iso")
    shutil.rmtree(f"{d}/medium")
    write(f"{d}/measurements.json",
          must(SANCTUM, "explain", "measurements", "--json", f"{d}/cornerstone.iso"))


def make_papers(d):
    digest = must("sha256sum", f"{d}/cornerstone.iso").split()[0]
    write(f"{d}/sbom.spdx.json", json.dumps({"packages": [
        {"SPDXID": "SPDXRef-Other"}, {"SPDXID": "SPDXRef-Image", "checksums": [
            {"algorithm": "SHA256", "checksumValue": digest}]}]}))
    write(f"{d}/provenance.json", must("iso/provenance", d, env={
        **os.environ, "VERSIONS": os.devnull, "SOURCE_COMMIT": "ab" * 20}))


def make_sums(d, names=LISTED):
    write(f"{d}/SHA256SUMS", must("sha256sum", *names, cwd=d))


def sign(d, who, name=None, pem=True):
    """By stock openssl."""
    os.makedirs(f"{d}/attest", exist_ok=True)
    must("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", f"{work}/{who}.key", "-in",
         f"{d}/SHA256SUMS", "-out", f"{d}/attest/{name or who}.sig")
    if pem:
        shutil.copy(f"{work}/{who}.pem", f"{d}/attest/{name or who}.pem")


for person in (*PEOPLE, "mallory"):
    must("openssl", "genpkey", "-algorithm", "ed25519", "-out", f"{work}/{person}.key")
    must("openssl", "pkey", "-in", f"{work}/{person}.key", "-pubout", "-out",
         f"{work}/{person}.pem")
for person in PEOPLE:
    write(f"{work}/builders/{person}.pem", read(f"{work}/{person}.pem"))
write(f"{work}/builders/README", "whom we trust\n")
base = f"{work}/base"
os.mkdir(base)
make_image(base)
make_papers(base)
make_sums(base)
other = f"{work}/other"
os.mkdir(other)
make_image(other, b"another initramfs")


def judge(d, *options):
    return run(SANCTUM, "verify-image", d, *options)


def check(label, status, wanted, change, threshold="2", builders=f"{work}/builders",
          options=None):
    """A copy of the release, changed; what sanctum says of it."""
    d = tempfile.mkdtemp(dir=work)
    shutil.copytree(base, d, dirs_exist_ok=True)
    trusted = tempfile.mkdtemp(dir=work)
    shutil.copytree(builders, trusted, dirs_exist_ok=True)
    change(d, trusted)
    if options is None:
        options = ("--builders", trusted, "--threshold", threshold)
    done = judge(d, *[o.replace("@", d) for o in options])
    said = done.stdout + done.stderr
    last = (done.stderr or done.stdout).rstrip("\n").split("\n")[-1]
    tap.ok(done.returncode == status and wanted in said and last.startswith("sanctum: ")
           and (status == 0) == ("accepted" in last), label,
           f"exit {done.returncode}, wanted {status}, {wanted!r}\n{said}")
    return said


def changes(*deeds):
    def change(d, trusted):
        for deed in deeds:
            deed(d, trusted)
    return change


def signs(*names):
    return changes(*[lambda d, t, n=n: sign(d, n) for n in names])


def puts(name, body):
    return lambda d, t: write(f"{d}/{name}", body)


def edits(name, old, new, count=-1):
    return lambda d, t: write(f"{d}/{name}", read(f"{d}/{name}").replace(
        old.encode(), new.encode(), count))


def takes(name):
    return lambda d, t: os.unlink(f"{d}/{name}")


def from_other(*names):
    """These files are those of another image; the list is made anew and fits."""
    def change(d, _):
        for name in names:
            shutil.copy(f"{other}/{name}", f"{d}/{name}")
        make_sums(d)
    return change


def papers_anew(d, _):
    make_papers(d)
    make_sums(d)


def flip(name, at):
    def change(d, _):
        body = bytearray(read(f"{d}/{name}"))
        body[at] ^= 1
        write(f"{d}/{name}", bytes(body))
    return change


both = signs("alice", "bob")

# ---- accepted

said = check("two of three builders", 0, "2 of 3 trusted builders signed, 2 are needed", both)
image = json.loads(read(f"{base}/measurements.json"))["authenticode"]
tap.ok(image in said and "in words" in said, "the image digest is shown, in words too", said)
tap.ok("ab" * 20 in said and "unlocked" in said, "commit and lock too", said)
check("all three", 0, "3 of 3", signs(*PEOPLE), threshold="3")
check("one is enough where the auditor says so", 0, "1 of 3", signs("bob"), threshold="1")
check("signatures need no key beside them", 0, "2 of 3", lambda d, t: [
    sign(d, n, pem=False) for n in ("alice", "bob")])
check("under other names, by their keys", 0, "one.sig, by alice",
      lambda d, t: [sign(d, "alice", "one"), sign(d, "bob", "two")])
check("an unknown key beside enough known ones", 0, "no trusted builder has this key",
      signs("alice", "bob", "mallory"))
check("files that nobody takes for the image", 0, "accepted", changes(
    both, puts("deps.mk", "x"), puts("compile_commands.json", "[]"), puts("obj/x.iso", "x")))


def by_attest(d, _):
    for name in ("alice", "bob"):
        must("iso/attest", d, f"{work}/{name}.key", name)


check("as make iso-attest signs", 0, "2 of 3", by_attest)

# ---- too few

TOO_FEW = "1 of 3 trusted builders signed, 2 are needed"
check("one of two", 16, TOO_FEW, signs("alice"))
check("nobody", 16, "0 of 3", changes())
check("one builder twice", 16, TOO_FEW,
      lambda d, t: [sign(d, "alice"), sign(d, "alice", "alicia")])
check("an unknown key makes up no number", 16, TOO_FEW, signs("alice", "mallory"))


def copied_key(d, trusted):
    shutil.copy(f"{trusted}/alice.pem", f"{trusted}/dave.pem")
    sign(d, "alice")
    sign(d, "alice", "dave")


check("a key copied under another name", 16, "dave has the key of alice", copied_key)
check("and its number cannot be met", 2, "can never be met: 3 distinct", copied_key,
      threshold="4")
check("no builders given", 16, "no builder is trusted", both, options=())
check("builders' keys that came with the image", 16, "came with the image", both,
      options=("--builders", "@/attest", "--threshold", "1"))
check("an empty folder of builders", 16, "nobody is trusted", changes(
    both, lambda d, t: [os.unlink(f"{t}/{n}") for n in os.listdir(t)]))

# ---- signatures that are none

check("a truncated signature", 11, "has 63 bytes", changes(both, lambda d, t: write(
    f"{d}/attest/bob.sig", read(f"{d}/attest/bob.sig")[:63])))
check("a byte too many", 11, "has 65 bytes", changes(both, lambda d, t: write(
    f"{d}/attest/bob.sig", read(f"{d}/attest/bob.sig") + b"\n")))
check("an empty signature", 11, "has 0 bytes", changes(both, puts("attest/bob.sig", "")))
check("a changed signature", 11, "bob must sign again", changes(both, flip("attest/bob.sig", 9)))
check("a signature over an older list", 11, "alice.sig is no signature over this SHA256SUMS",
      changes(both, lambda d, t: make_sums(d, tuple(reversed(LISTED)))))
check("an unknown key's broken signature", 11, "mallory must sign again",
      changes(signs("alice", "bob", "mallory"), flip("attest/mallory.sig", 0)))
check("a key of another kind beside a stranger's", 11, "mallory must sign again", changes(
    both, lambda d, t: sign(d, "mallory", pem=False), puts("attest/mallory.pem", "none")))
check("a key without its signature", 12, "bob.sig is missing", changes(
    both, takes("attest/bob.sig")))
check("something else among the signatures", 12, "notes.txt is neither", changes(
    both, puts("attest/notes.txt", "trust me")))
check("a name in capitals among the signatures", 12, "Bob.sig is neither", changes(
    both, puts("attest/Bob.sig", "x")))
check("signatures behind a link", 20, "attest:", lambda d, t: (
    sign(d, "alice"), os.rename(f"{d}/attest", f"{d}/real"), os.symlink("real", f"{d}/attest")))
check("a builder's key that is none", 10, "no public key in PEM", changes(
    both, lambda d, t: write(f"{t}/bob.pem", "garbage")))
check("a builder's private key", 10, "no public key in PEM", changes(
    both, lambda d, t: shutil.copy(f"{work}/bob.key", f"{t}/bob.pem")))


def with_rsa(_, trusted):
    must("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-out", f"{work}/ec.key")
    must("openssl", "pkey", "-in", f"{work}/ec.key", "-pubout", "-out", f"{trusted}/eve.pem")


check("a builder's key for another algorithm", 10, "eve.pem is", changes(both, with_rsa))

# ---- the list

ZEROS = "0" * 64
for label, status, wanted, change in (
        ("path traversal", 10, "not a plain path", edits("SHA256SUMS", "  sbom", "  ../sbom")),
        ("an absolute path", 10, "not a plain path", edits("SHA256SUMS", "  sbom", "  /sbom")),
        ("a path that is a dot", 10, "not a plain path", edits("SHA256SUMS", "  sbom", "  ./sbom")),
        ("a line twice", 10, "listed twice", lambda d, t: write(
            f"{d}/SHA256SUMS", read(f"{d}/SHA256SUMS") + read(f"{d}/SHA256SUMS")[:82])),
        ("two digests for one file", 10, "listed twice", lambda d, t: write(
            f"{d}/SHA256SUMS", read(f"{d}/SHA256SUMS") + f"{ZEROS}  cornerstone.iso\n".encode())),
        ("upper-case digits", 10, "line 1: not 64 lower-case", lambda d, t: write(
            f"{d}/SHA256SUMS", read(f"{d}/SHA256SUMS").decode().upper())),
        ("one space", 10, "two spaces", edits("SHA256SUMS", "  sbom", " sbom")),
        ("binary mode", 10, "two spaces", edits("SHA256SUMS", "  sbom", " *sbom")),
        ("Windows line ends", 10, "not a plain path", edits("SHA256SUMS", "\n", "\r\n")),
        ("an escaped name", 10, "line 1: not 64", lambda d, t: write(
            f"{d}/SHA256SUMS", b"\\" + read(f"{d}/SHA256SUMS"))),
        ("no last line break", 10, "has no line break", lambda d, t: write(
            f"{d}/SHA256SUMS", read(f"{d}/SHA256SUMS")[:-1])),
        ("a name with an escape sequence", 10, "not a plain path",
         edits("SHA256SUMS", "sbom.", "sbom\x1b[2J.")),
        ("an empty list", 10, "SHA256SUMS is empty", puts("SHA256SUMS", "")),
        ("no list", 12, "SHA256SUMS", takes("SHA256SUMS")),
        ("a list too long", 36, "SHA256SUMS", puts("SHA256SUMS", "".join(
            f"{ZEROS}  file-{n}\n" for n in range(40)))),
        ("a file not listed that must be", 12, "does not list iso/cornerstone.efi",
         lambda d, t: make_sums(d, [n for n in LISTED if "efi" not in n])),
        ("a listed file that is missing", 12, "cornerstone.efi", takes("iso/cornerstone.efi")),
        ("a listed file behind a link", 10, "measurements.json", lambda d, t: (
            os.rename(f"{d}/measurements.json", f"{d}/m"),
            os.symlink("m", f"{d}/measurements.json"))),
        ("another ISO in the folder", 12, "cornerstone-signed.iso lies in the folder",
         puts("cornerstone-signed.iso", "an ISO")),
        ("an ISO in capitals", 12, "NEW.ISO lies", puts("NEW.ISO", "an ISO")),
        ("another provenance", 12, "provenance-2.json lies", puts("provenance-2.json", "{}")),
        ("an older list beside it", 12, "SHA256SUMS.old lies", puts("SHA256SUMS.old", "x"))):
    check(f"list: {label}", status, wanted, changes(both, change))

# ---- files, with a list that does not or does fit

for name in LISTED:
    check(f"one changed byte in {name}", 11, f"{name}: its SHA-256 is", changes(
        both, flip(name, -1)))
for label, status, wanted, change in (
        ("another image's ISO", 11, "cornerstone.iso and iso/cornerstone.efi do not agree",
         from_other("cornerstone.iso")),
        ("another image's UKI", 11, "do not agree on the unified kernel image",
         from_other("iso/cornerstone.efi")),
        ("another image's initramfs", 11, "do not agree on .initrd",
         from_other("iso/initramfs.zst")),
        ("another image's measurements", 11,
         "measurements.json and iso/cornerstone.efi do not agree on authenticode",
         from_other("measurements.json")),
        ("another kernel", 11, "do not agree on .linux", changes(
            flip("kernel/bzImage", -1), lambda d, t: make_sums(d))),
        ("another image, the papers not", 11, "provenance.json and SHA256SUMS do not agree",
         from_other(*LISTED[:5])),
        ("another image, the bill not", 11, "sbom.spdx.json and SHA256SUMS do not agree",
         changes(from_other(*LISTED[:5]), lambda d, t: (
             shutil.copy(f"{d}/sbom.spdx.json", f"{d}/kept"), papers_anew(d, t),
             shutil.copy(f"{d}/kept", f"{d}/sbom.spdx.json"),
             write(f"{d}/provenance.json", must("iso/provenance", d, env={
                 **os.environ, "VERSIONS": os.devnull})), make_sums(d)))),
        ("a PCR that is not the image's", 11, "do not agree on pcr11", changes(
            lambda d, t: write(f"{d}/measurements.json", json.dumps(
                {**json.loads(read(f"{d}/measurements.json")), "pcr11": "00" * 32})),
            papers_anew)),
        ("an ISO that is none", 10, "", changes(
            puts("cornerstone.iso", "x" * 4096), papers_anew)),
        ("measurements that are none", 10, "measurements.json", changes(
            puts("measurements.json", "[]"), papers_anew)),
        ("a provenance of something else", 10, "provenance.json", changes(
            puts("provenance.json", "{\"subject\": []}"), lambda d, t: make_sums(d))),
        ("a provenance without the ISO", 10, "is not among its subjects", changes(
            lambda d, t: write(f"{d}/provenance.json", json.dumps({
                **json.loads(read(f"{d}/provenance.json")), "subject": [
                    s for s in json.loads(read(f"{base}/provenance.json"))["subject"]
                    if s["name"] != "cornerstone.iso"]})), lambda d, t: make_sums(d)))):
    check(f"signed all the same: {label}", status, wanted, changes(change, both))

check("another image as a whole is another digest", 0, "accepted", changes(
    from_other(*LISTED[:5]), papers_anew, both))

# ---- the command line

for label, wanted, options in (
        ("threshold 0", "--threshold", ("--builders", "@", "--threshold", "0")),
        ("a negative threshold", "--threshold", ("--builders", "@", "--threshold", "-1")),
        ("a threshold that is no number", "--threshold", ("--builders", "@", "--threshold", "2x")),
        ("a threshold without builders", "go together", ("--threshold", "1")),
        ("builders without a threshold", "go together", ("--builders", "@")),
        ("two folders", "not understood", ("@",)),
        ("an unknown option", "not understood", ("--trust-me",))):
    check(f"usage: {label}", 2, wanted, both, options=options)
done = judge(f"{work}/none")
tap.ok(done.returncode == 12, "no such folder", done.stderr)
done = run(SANCTUM, "verify-image")
tap.ok(done.returncode == 2 and "no DIR" in done.stderr, "no folder given", done.stderr)

shutil.rmtree(work)
tap.close()
