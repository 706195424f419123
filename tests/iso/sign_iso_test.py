#!/usr/bin/env python3
"""A site's Secure Boot keys and its signature over the image, without booting anything.

Judged by openssl, python's cryptography, sbverify and sig-list-to-certs. The image is
systemd's EFI stub alone: it is a program for UEFI, and no kernel is needed.

timeout: 300
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vm"))

from tap import Tap                                         # noqa: E402

EPOCH = "1795305600"
STUB = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
NAMES = ("PK", "KEK", "db")
GLOBAL = bytes.fromhex("61dfe48bca93d211aa0d00e098032b8c")
SECURITY = bytes.fromhex("cbb219d73a3d9645a3bcdad00e67656f")
tap = Tap()
work = tempfile.mkdtemp()


def at(*parts):
    return os.path.join(work, *parts)


def read(*parts):
    with open(at(*parts), "rb") as f:
        return f.read()


def write(data, *parts):
    with open(at(*parts), "wb") as f:
        f.write(data)


def run(*command, **options):
    """(exit status, all output)"""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)
    return done.returncode, done.stdout


def refused(result, sentence, name, untouched=""):
    status, text = result
    tap.ok(status != 0 and sentence in text and text.count("\n") == 1 and
           not (untouched and os.path.exists(untouched)), name, f"{status}: {text}")


# ---- keys

def make_keys(folder, site):
    return run("iso/mkkeys", at(folder), site)


status, said = make_keys("keys", "Site A")
tap.ok(status == 0, "keys are made", said)
tap.equal(make_keys("other", "Site B")[0], 0, "another site's keys are made")
tap.equal(sorted(os.listdir(at("keys"))),
          sorted([f"{n}.{e}" for n in NAMES for e in ("key", "crt", "cer", "esl", "auth")] +
                 ["noPK.auth", "owner", "signatures"]), "these files and no others")
tap.equal([oct(os.stat(at("keys", p)).st_mode & 0o777) for p in
           ("", "PK.key", "KEK.key", "db.key", "db.crt")],
          ["0o700", "0o600", "0o600", "0o600", "0o644"], "only the owner reads private keys")
owner = read("keys", "owner").decode().strip()
tap.ok(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", owner),
       "the owner is a random GUID", owner)
tap.ok(owner.encode() != read("other", "owner").strip(), "every site has its own")


def auth_fits(folder, file, variable, vendor, signer, entries):
    """Does FILE give VARIABLE these entries, signed by SIGNER? [UEFI 2.10, 8.2.2]"""
    auth = read(folder, file)
    length = int.from_bytes(auth[16:20], "little")
    signature = auth[40:16 + length][-256:]
    signed = variable.encode("utf-16-le") + vendor + (0x27).to_bytes(4, "little") + auth[:16] + \
        entries
    key = x509.load_pem_x509_certificate(read(folder, f"{signer}.crt")).public_key()
    try:
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return auth[16 + length:] == entries


def time_of(file):
    t = read("keys", file)[:16]
    return int.from_bytes(t[:2], "little"), *t[2:7]


for key_name, vendor_guid, signed_by in (("PK", GLOBAL, "PK"), ("KEK", GLOBAL, "PK"),
                                         ("db", SECURITY, "KEK")):
    text = run("openssl", "x509", "-in", at("keys", f"{key_name}.crt"), "-noout", "-text")[1]
    tap.ok("(2048 bit)" in text and "sha256WithRSAEncryption" in text and
           f"Subject: O=Site A, CN=Site A {key_name}" in text, f"{key_name}: RSA-2048, SHA-256",
           text)
    tap.equal(run("openssl", "pkey", "-in", at("keys", f"{key_name}.key"), "-pubout")[1],
              run("openssl", "x509", "-in", at("keys", f"{key_name}.crt"), "-noout",
                  "-pubkey")[1], f"{key_name}: certificate and key belong together")
    listed = run("sig-list-to-certs", at("keys", f"{key_name}.esl"), at("list"))[1]
    tap.ok(owner in listed and read("list-0.der") == read("keys", f"{key_name}.cer"),
           f"{key_name}: its list holds its certificate and the owner", listed)
    tap.ok(auth_fits("keys", f"{key_name}.auth", key_name, vendor_guid, signed_by,
                     read("keys", f"{key_name}.esl")),
           f"{key_name}.auth is the list signed by {signed_by}")
tap.ok(auth_fits("keys", "noPK.auth", "PK", GLOBAL, "PK", b"") and
       time_of("noPK.auth") > time_of("PK.auth"),
       "noPK.auth is an empty PK, signed by PK, later than PK.auth")
tap.ok(not auth_fits("keys", "db.auth", "db", SECURITY, "PK", read("keys", "db.esl")),
       "the judge knows one signer from another")

before = read("keys", "PK.key")
refused(make_keys("keys", "Site A"), "is there already", "refused: a folder that is there")
tap.equal(read("keys", "PK.key"), before, "the keys in it are untouched")
refused(run("iso/mkkeys", "tests/iso/keys"), "is in the repository",
        "refused: a folder of this repository that git knows", "tests/iso/keys")
refused(run("iso/mkkeys", ""), "KEYS=DIR", "refused: no folder")
os.makedirs(at("repository", ".git"))
refused(run("iso/mkkeys", at("repository", "a", "keys")), "is in the repository",
        "refused: a folder of any repository", at("repository", "a"))
write(b"/secret/\n*.o\n", "repository", ".gitignore")
refused(run("iso/mkkeys", at("repository", "secrets", "keys")), "is in the repository",
        "refused: a name that only begins like an ignored one", at("repository", "secrets"))
refused(run("iso/mkkeys", at("repository", "secret", "..", "keys")), "is in the repository",
        "refused: the way out of an ignored folder", at("repository", "keys"))
tap.equal(run("iso/mkkeys", at("repository", "secret", "keys"))[0], 0,
          "a folder that git ignores is taken")
for hostile in ("a/CN=b", "x" * 41, "-subj", "a\nb", "a\"b", "Zoë"):
    refused(make_keys("no", hostile), "is not a name", f"refused: site {hostile!r}", at("no"))


# ---- an ISO around something that firmware could load

def signature_digest(path):
    """The digest that stock sbsign puts into a signature over the image."""
    run("sbsign", "--detached", "--key", at("other", "db.key"), "--cert", at("other", "db.crt"),
        "--output", at("p7"), path)
    oids = re.split("sha256", run("openssl", "asn1parse", "-inform", "DER", "-in", at("p7"))[1])
    return re.search(r"OCTET STRING\s+\[HEX DUMP\]:([0-9A-F]{64})\b", oids[2])[1].lower()


def make_iso(name, change=b"", measured=None):
    """An ISO of the stub with change at its end; its digest."""
    folder = at(name + ".d")
    os.makedirs(os.path.join(folder, "boot", "EFI", "BOOT"))
    os.makedirs(os.path.join(folder, "tree"))
    with open(STUB, "rb") as f:
        image = f.read() + change
    image += bytes(-len(image) % 8)
    path = os.path.join(folder, "boot", "EFI", "BOOT", "BOOTX64.EFI")
    write(image, path)
    digest = measured or signature_digest(path)
    write(json.dumps({"authenticode": digest}).encode(), folder, "tree", "MEASUREMENTS.JSON")
    done = run("iso/mkmedium", EPOCH, digest, folder, at(name))
    tap.ok(done[0] == 0, f"{name} is made", done[1])
    return digest


DIGEST = make_iso("plain.iso")
OTHER_DIGEST = make_iso("other.iso", b"another image...")
make_iso("lying.iso", measured=OTHER_DIGEST)


def sign(iso, keys, out, **options):
    return run("iso/sign-iso", at(iso), at(keys), at("signing"), at(out), **options)


def inside(iso, path, target):
    """A file of the boot partition of an ISO, as mtools reads it."""
    report = run("xorriso", "-indev", at(iso), "-report_system_area", "plain")[1]
    start = int(re.search(r"^GPT start and size : +2 +(\d+) ", report, re.MULTILINE)[1]) * 512
    return run("mcopy", "-n", "-i", f"{at(iso)}@@{start}", f"::{path}", at(target))


def sbverify(image, certificate):
    return run("sbverify", "--cert", at(certificate), at(image))[0] == 0


status, said = sign("plain.iso", "keys", "signed.iso")
tap.ok(status == 0 and said.count("\n") == 1 and "signed by Site A db" in said,
       "the ISO is signed", said)
inside("signed.iso", "/EFI/BOOT/BOOTX64.EFI", "signed.efi")
tap.ok(sbverify("signed.efi", "keys/db.crt"), "sbverify accepts the image with db")
tap.ok(not sbverify("signed.efi", "other/db.crt") and not sbverify("signed.efi", "keys/KEK.crt"),
       "sbverify refuses it with another site's db, and with KEK")
for key_name in NAMES:
    for kind in ("cer", "auth"):
        inside("signed.iso", f"/keys/{key_name}.{kind}", "got")
        tap.equal(read("got"), read("keys", f"{key_name}.{kind}"),
                  f"the boot partition has /keys/{key_name}.{kind}")
tap.ok(b"PRIVATE" not in read("signed.iso"), "no private key is on the ISO")
run("sbattach", "--detach", at("detached"), at("signed.efi"))
tap.equal(read("detached"), read("keys", "signatures", f"{DIGEST}.p7"),
          "the kept signature is the one on the image")
SIGNED = read("signed.iso")


def copy_keys(name, *lost, base="keys"):
    shutil.copytree(at(base), at(name))
    for pattern in lost:
        os.unlink(at(name, pattern))
    return name


PRIVATE = [f"{n}.key" for n in NAMES]
tap.equal(sign("plain.iso", "keys", "again.iso")[0], 0, "a second run")
tap.ok(read("again.iso") == SIGNED, "a second run gives the same bytes")
status, said = sign("plain.iso", copy_keys("public", *PRIVATE), "public.iso", umask=0o077,
                    env={**os.environ, "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"})
tap.ok(status == 0 and read("public.iso") == SIGNED,
       "without private keys, elsewhere, the same bytes", said)
tap.ok(sign("plain.iso", "other", "b.iso")[0] == 0 and read("b.iso") != SIGNED,
       "another site's ISO is another")
tap.equal(sign("other.iso", "keys", "second.iso")[0], 0, "one folder signs a second image")

# ---- what is refused, and then nothing is written

copy_keys("no-db-key", "db.key", f"signatures/{DIGEST}.p7")
copy_keys("no-auth", "KEK.auth")
copy_keys("foreign-signature")
shutil.copy(at("other", "signatures", f"{DIGEST}.p7"), at("foreign-signature", "signatures"))
copy_keys("wrong-image")
shutil.copy(at("keys", "signatures", f"{OTHER_DIGEST}.p7"),
            at("wrong-image", "signatures", f"{DIGEST}.p7"))
copy_keys("cut-signature")
write(read("keys", "signatures", f"{DIGEST}.p7")[:-1], "cut-signature", "signatures",
      f"{DIGEST}.p7")
copy_keys("empty-signature")
write(b"", "empty-signature", "signatures", f"{DIGEST}.p7")
for swapped in ("db.key", "db.cer", "KEK.crt", "KEK.esl", "db.auth", "KEK.auth", "PK.auth"):
    copy_keys(f"foreign-{swapped}")
    shutil.copy(at("other", swapped), at(f"foreign-{swapped}"))
# everything of db fits but for who allows it
copy_keys("foreign-db")
for kind in ("key", "crt", "cer", "esl", "auth"):
    shutil.copy(at("other", f"db.{kind}"), at("foreign-db"))
copy_keys("flipped-auth")
auth_bytes = bytearray(read("keys", "db.auth"))
auth_bytes[0] ^= 1
write(bytes(auth_bytes), "flipped-auth", "db.auth")
write(b"no ISO", "text.iso")

NO_SIGNATURE = "is no signature over this image by the db key"
for iso, keys, sentence, name in (
        ("plain.iso", "no-db-key", "neither db.key nor signatures/", "neither key nor signature"),
        ("plain.iso", "nothing", "has no PK.crt", "no keys at all"),
        ("plain.iso", "no-auth", "has no KEK.auth", "a missing file"),
        ("plain.iso", "foreign-signature", NO_SIGNATURE, "another site's signature"),
        ("plain.iso", "wrong-image", NO_SIGNATURE, "a signature over another image"),
        ("plain.iso", "cut-signature", NO_SIGNATURE, "a signature cut short"),
        ("plain.iso", "empty-signature", NO_SIGNATURE, "an empty signature"),
        ("plain.iso", "foreign-db.key", "is not the key of db.crt", "another site's db.key"),
        ("plain.iso", "foreign-db.cer", "not the same certificate", "another site's db.cer"),
        ("plain.iso", "foreign-KEK.crt", "not the same certificate", "another site's KEK.crt"),
        ("plain.iso", "foreign-KEK.esl", "not the same certificate", "another site's KEK.esl"),
        ("plain.iso", "foreign-db.auth", "is not db.esl signed by KEK", "another db.auth"),
        ("plain.iso", "foreign-KEK.auth", "is not KEK.esl signed by PK", "another KEK.auth"),
        ("plain.iso", "foreign-PK.auth", "is not PK.esl signed by PK", "another PK.auth"),
        ("plain.iso", "foreign-db", "is not db.esl signed by KEK", "a db of another KEK"),
        ("plain.iso", "flipped-auth", "is not db.esl signed by KEK", "one bit of db.auth's time"),
        ("signed.iso", "keys", "is signed already", "a signed ISO"),
        ("text.iso", "keys", "is no Cornerstone ISO", "a file that is no ISO"),
        ("no.iso", "keys", "there is no", "no file"),
        ("lying.iso", "keys", NO_SIGNATURE, "measurements of an image that was signed before"),
        ("lying.iso", "other", "is of another image", "measurements of another image")):
    refused(sign(iso, keys, "refused.iso"), sentence, f"refused: {name}", at("refused.iso"))
tap.ok(not os.path.exists(at("other", "signatures", f"{OTHER_DIGEST}.p7")),
       "a refused signature is not kept")

shutil.rmtree(work)
tap.close()
