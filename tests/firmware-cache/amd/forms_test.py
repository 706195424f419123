#!/usr/bin/python3
# timeout: 120
"""AMD-like certificates and CRLs in every form that must not be taken, made by another library.

One PKI under two generated ARKs (Milan, Genoa). Every row puts one file beside good ones and
says which verdict and which words it must get; all rows are judged in one run, so a bad file
also must not keep the good ones from being accepted.
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile

sys.path[:0] = ["tests/vm", "tests/lib"]
from der import NULL, TRUE, ext, indefinite, integer, name, oid, pem, seq, tlv  # noqa: E402
from tap import Tap  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
AT = "2026-01-01T00:00:00Z"
FROM, TO = b"250101000000Z", b"350101000000Z"


# ---- algorithms

HASH = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1",
        "sha384": "2.16.840.1.101.3.4.2.2", "sha512": "2.16.840.1.101.3.4.2.3"}
PSS, MGF1 = "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.8"
SHA384_RSA, SHA256_RSA = "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.11"


def pss(digest="sha384", mgf="sha384", salt=48, trailer=None, extra=b""):
    """RSASSA-PSS's AlgorithmIdentifier; None leaves a parameter out."""
    parts = b""
    if digest:
        parts += tlv(0xA0, seq(oid(HASH[digest]), NULL))
    if mgf:
        parts += tlv(0xA1, seq(oid(MGF1), seq(oid(HASH[mgf]), NULL)))
    if salt is not None:
        parts += tlv(0xA2, integer(salt))
    if trailer is not None:
        parts += tlv(0xA3, integer(trailer))
    return seq(oid(PSS), seq(parts, extra))


GOOD = pss()
AMDS = pss(trailer=1)


def spki(key):
    return key.public_key().public_bytes(serialization.Encoding.DER,
                                         serialization.PublicFormat.SubjectPublicKeyInfo)


BC0 = ext("2.5.29.19", seq(TRUE, integer(0)), True)
BC1 = ext("2.5.29.19", seq(TRUE, integer(1)), True)
BC = ext("2.5.29.19", seq(TRUE), True)
SIGN = ext("2.5.29.15", bytes.fromhex("03020204"), True)
SIGN_CRL = ext("2.5.29.15", bytes.fromhex("03020106"), True)
ARC = "1.3.6.1.4.1.3704.1."


def leaf_exts(product="Milan-B0", levels=(3, 0, 8, 115), hwid=b"a chip for tests" * 4, csp=None,
              version=0):
    parts = [ext(ARC + "1", integer(version)), ext(ARC + "2", tlv(0x16, product.encode()))]
    parts += [ext(ARC + n, integer(v)) for n, v in zip(("3.1", "3.2", "3.3", "3.8"), levels)]
    if hwid:
        parts.append(ext(ARC + "4", hwid))
    if csp:
        parts.append(ext(ARC + "5", tlv(0x16, csp)))
    return b"".join(parts)


def sign(key, tbs, how):
    digest = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384,
              "sha512": hashes.SHA512}
    if isinstance(how, str):
        return key.sign(tbs, padding.PKCS1v15(), digest[how]())
    hash_, mgf, salt = how
    return key.sign(tbs, padding.PSS(padding.MGF1(digest[mgf]()), salt), digest[hash_]())


AS_AMD = ("sha384", "sha384", 48)


def cert(subject, issuer, key_der, signer, exts, serial=0x010001, inside=GOOD, outside=None,
         how=AS_AMD, dates=(FROM, TO), behind=b"", version=2):
    tbs = seq(tlv(0xA0, integer(version)), integer(serial), inside, name(issuer),
              seq(tlv(0x17, dates[0]), tlv(0x17, dates[1])), name(subject), key_der,
              tlv(0xA3, seq(exts)))
    return seq(tbs, inside if outside is None else outside,
               tlv(3, b"\0", sign(signer, tbs, how))) + behind


def crl(issuer, signer, serials=(), inside=GOOD, how=AS_AMD, this=b"251201000000Z",
        nxt=b"270101000000Z", exts=b"", entry_exts=b""):
    entries = b"".join(seq(integer(s), tlv(0x17, this), entry_exts) for s in serials)
    tbs = seq(integer(1), inside, name(issuer), tlv(0x17, this),
              tlv(0x17, nxt) if nxt else b"", seq(entries) if entries else b"",
              tlv(0xA0, seq(ext("2.5.29.20", integer(7)), exts)))
    return seq(tbs, inside, tlv(3, b"\0", sign(signer, tbs, how)))


# ---- the PKI

ark_key = rsa.generate_private_key(65537, 4096)
ask_key = rsa.generate_private_key(65537, 4096)
rsa3072 = rsa.generate_private_key(65537, 3072)
rsa2048 = rsa.generate_private_key(65537, 2048)
chip = ec.generate_private_key(ec.SECP384R1())
p256 = ec.generate_private_key(ec.SECP256R1())


def ark(product, serial, key=None, **more):
    key = key or ark_key
    return cert(f"ARK-{product}", f"ARK-{product}", spki(key), key, BC + SIGN_CRL, serial,
                inside=more.pop("inside", AMDS), **more)


def ask(subject="SEV-Milan", product="Milan", key=None, exts=BC0 + SIGN, signer=None, **more):
    return cert(subject, f"ARK-{product}", spki(key or ask_key), signer or ark_key, exts, **more)


def vcek(subject="SEV-VCEK", issuer="SEV-Milan", key=None, exts=None, signer=None, **more):
    der = more.pop("key_der", None) or spki(key or chip)
    return cert(subject, issuer, der, signer or ask_key, leaf_exts() if exts is None else exts,
                0, **more)


def explicit_p384():
    """The chip's key with its curve written out, as no named curve."""
    p = 2**384 - 2**128 - 2**96 + 2**32 - 1
    b = int("b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a"
            "c656398d8a2ed19d2a85c8edd3ec2aef", 16)
    n = int("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
            "581a0db248b0a77aecec196accc52973", 16)
    g = bytes.fromhex("04"
                      "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38"
                      "5502f25dbf55296c3a545e3872760ab7"
                      "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c0"
                      "0a60b1ce1d7e819d7a431d7c90ea0e5f")
    curve = seq(integer(1), seq(oid("1.2.840.10045.1.1"), integer(p)),
                seq(tlv(4, (p - 3).to_bytes(48, "big")), tlv(4, b.to_bytes(48, "big"))),
                tlv(4, g), integer(n), integer(1))
    return seq(seq(oid("1.2.840.10045.2.1"), curve), tlv(3, b"\0", point()))


def point(change=0):
    raw = chip.public_key().public_bytes(serialization.Encoding.X962,
                                         serialization.PublicFormat.UncompressedPoint)
    return raw[:-1] + bytes([raw[-1] ^ change])


def named_p384(bits):
    return seq(seq(oid("1.2.840.10045.2.1"), oid("1.3.132.0.34")), tlv(3, b"\0", bits))


def rsa_spki(n, e):
    return seq(seq(oid("1.2.840.113549.1.1.1"), NULL),
               tlv(3, b"\0", seq(integer(n), integer(e))))


LEVELS = "bl03_tee00_snp08_ucode115_vcek.der"
HWID = (b"a chip for tests" * 4).hex()
CA_OF_LEAF = BC0 + SIGN + leaf_exts()
n4096 = ask_key.public_key().public_numbers().n

# file, its bytes, the error (None: accepted), words of the reason
ROWS = [
    # what must be taken
    ("ok/ark-milan.der", ark("Milan", 0x010000), None, ""),
    ("ok/ark-genoa.der", ark("Genoa", 0x020000), None, ""),
    ("ok/ask-trailer-absent.der", ask(), None, ""),
    ("ok/ask-trailer-written-out.pem", pem(ask(inside=AMDS)), None, ""),
    ("ok/asvk.der", ask("SEV-VLEK-Milan"), None, ""),
    ("ok/ask-genoa-second.der", ask("SEV-Genoa", "Genoa", serial=0x020002), None, ""),
    ("ok/crl-milan.der", crl("ARK-Milan", ark_key), None, ""),
    ("ok/crl-genoa.der", crl("ARK-Genoa", ark_key, [0x020001]), None, ""),
    (f"ok/vcek/{HWID}/{LEVELS}", vcek(), None, ""),
    ("ok/vcek-genoa.der", vcek(issuer="SEV-Genoa", exts=leaf_exts("Genoa")), None, ""),
    ("ok/vlek.der", vcek("SEV-VLEK", "SEV-VLEK-Milan",
                         exts=leaf_exts(hwid=None, csp=b"CN=test")), None, ""),
    # PSS parameters, each signed as they say
    ("pss/hash-sha256.der", ask(inside=pss("sha256", "sha256", 32),
                                how=("sha256", "sha256", 32)), "SN_E_SIGNATURE", "PSS"),
    ("pss/hash-sha512.der", ask(inside=pss("sha512", "sha512", 64),
                                how=("sha512", "sha512", 64)), "SN_E_SIGNATURE", "PSS"),
    ("pss/mgf-sha256.der", ask(inside=pss(mgf="sha256"), how=("sha384", "sha256", 48)),
     "SN_E_SIGNATURE", "PSS"),
    ("pss/mgf-absent-is-sha1.der", ask(inside=pss(mgf=None), how=("sha384", "sha1", 48)),
     "SN_E_SIGNATURE", "PSS"),
    ("pss/salt-32.der", ask(inside=pss(salt=32), how=("sha384", "sha384", 32)),
     "SN_E_SIGNATURE", "PSS"),
    ("pss/salt-0.der", ask(inside=pss(salt=0), how=("sha384", "sha384", 0)),
     "SN_E_SIGNATURE", "PSS"),
    ("pss/salt-absent-is-20.der", ask(inside=pss(salt=None), how=("sha384", "sha384", 20)),
     "SN_E_SIGNATURE", "PSS"),
    ("pss/salt-says-48-is-32.der", ask(how=("sha384", "sha384", 32)), "SN_E_SIGNATURE",
     "does not verify"),
    ("pss/trailer-2.der", ask(inside=pss(trailer=2)), "SN_E_SIGNATURE", "PSS"),
    ("pss/parameters-empty.der", ask(inside=seq(oid(PSS), seq())), "SN_E_SIGNATURE", "PSS"),
    ("pss/parameters-null.der", ask(inside=seq(oid(PSS), NULL)), "SN_E_SIGNATURE", "PSS"),
    ("pss/parameters-absent.der", ask(inside=seq(oid(PSS))), "SN_E_SIGNATURE", "PSS"),
    ("pss/parameter-unknown.der", ask(inside=pss(extra=tlv(0xA4, integer(1)))),
     "SN_E_SIGNATURE", "PSS"),
    ("pss/outside-salt-32.der", ask(outside=pss(salt=32)), "SN_E_FORMAT", "differ"),
    ("pss/outside-trailer.der", ask(outside=AMDS), "SN_E_FORMAT", "differ"),
    ("pss/outside-pkcs1.der", ask(outside=seq(oid(SHA384_RSA), NULL)), "SN_E_FORMAT", "differ"),
    ("pss/pkcs1-sha384.der", ask(inside=seq(oid(SHA384_RSA), NULL), how="sha384"),
     "SN_E_SIGNATURE", "PSS"),
    ("pss/pkcs1-sha256.der", ask(inside=seq(oid(SHA256_RSA), NULL), how="sha256"),
     "SN_E_SIGNATURE", "PSS"),
    ("pss/pkcs1-under-pss.der", ask(how="sha384"), "SN_E_SIGNATURE", "does not verify"),
    ("pss/leaf-pkcs1.der", vcek(inside=seq(oid(SHA384_RSA), NULL), how="sha384"),
     "SN_E_SIGNATURE", "PSS"),
    ("pss/leaf-salt-32.der", vcek(inside=pss(salt=32), how=("sha384", "sha384", 32)),
     "SN_E_SIGNATURE", "PSS"),
    ("pss/crl-pkcs1.der", crl("ARK-Milan", ark_key, inside=seq(oid(SHA384_RSA), NULL),
                              how="sha384"), "SN_E_SIGNATURE", "PSS"),
    ("pss/crl-salt-32.der", crl("ARK-Milan", ark_key, inside=pss(salt=32),
                                how=("sha384", "sha384", 32)), "SN_E_SIGNATURE", "PSS"),
    # keys
    ("key/ask-rsa-3072.der", ask(key=rsa3072), "SN_E_FORMAT", "not RSA 4096"),
    ("key/ask-rsa-2048.der", ask(key=rsa2048), "SN_E_FORMAT", "not RSA 4096"),
    ("key/ask-exponent-3.der", cert("SEV-Milan", "ARK-Milan", rsa_spki(n4096, 3), ark_key,
                                    BC0 + SIGN), "SN_E_FORMAT", "not RSA 4096"),
    ("key/ask-p384.der", ask(key=chip), "SN_E_FORMAT", "not RSA 4096"),
    ("key/vcek-p256.der", vcek(key=p256), "SN_E_FORMAT", "not P-384"),
    ("key/vcek-rsa.der", vcek(key=rsa2048), "SN_E_FORMAT", "not P-384"),
    ("key/vcek-explicit-curve.der", vcek(key_der=explicit_p384()), "SN_E_FORMAT", "key"),
    ("key/vcek-point-off-curve.der", vcek(key_der=named_p384(point(1))), "SN_E_FORMAT", "key"),
    ("key/vcek-point-at-infinity.der", vcek(key_der=named_p384(b"\0")), "SN_E_FORMAT", "key"),
    # roles
    ("role/ark-of-nobody.der", ark("Turin", 0x030000), "SN_E_CHAIN", "not a pinned root"),
    ("role/ark-same-name-other-key.der", ark("Milan", 0x010000, rsa2048), "SN_E_CHAIN",
     "not a pinned root"),
    ("role/ask-by-another-key.der", ask(signer=ask_key), "SN_E_SIGNATURE", "does not verify"),
    ("role/ask-of-milan-by-arks-genoa.der", ask("SEV-Milan", "Genoa"), "SN_E_CHAIN",
     "ARK-Genoa"),
    ("role/vcek-of-genoa-under-milan.der", vcek(exts=leaf_exts("Genoa-B1")), "SN_E_ROLE",
     "it is for Genoa but SEV-Milan signed it"),
    ("role/vcek-by-asvk.der", vcek(issuer="SEV-VLEK-Milan"), "SN_E_ROLE",
     "SEV-VLEK-Milan does not sign a VCEK"),
    ("role/vlek-by-ask.der", vcek("SEV-VLEK", exts=leaf_exts(hwid=None, csp=b"CN=t")),
     "SN_E_ROLE", "SEV-Milan does not sign a VLEK"),
    ("role/vcek-by-ark.der", vcek(issuer="ARK-Milan", signer=ark_key), "SN_E_ROLE",
     "ARK-Milan does not sign a VCEK"),
    ("role/leaf-that-is-a-ca.der", vcek(exts=CA_OF_LEAF), "SN_E_ROLE", "basicConstraints"),
    ("role/leaf-by-a-leaf.der", vcek(issuer="SEV-VCEK", signer=ask_key), "SN_E_CHAIN",
     "no accepted"),
    ("role/ask-not-a-ca.der", ask(exts=SIGN), "SN_E_ROLE", "basicConstraints"),
    ("role/ask-pathlen-1.der", ask(exts=BC1 + SIGN), "SN_E_ROLE", "basicConstraints"),
    ("role/ask-no-pathlen.der", ask(exts=BC + SIGN), "SN_E_ROLE", "basicConstraints"),
    ("role/ask-may-sign-crls.der", ask(exts=BC0 + SIGN_CRL), "SN_E_ROLE", "keyUsage"),
    ("role/ask-without-usage.der", ask(exts=BC0), "SN_E_ROLE", "keyUsage"),
    ("role/revoked-ask-020001.der", ask("SEV-Genoa", "Genoa", serial=0x020001),
     "SN_E_REVOKED", "ARK-Genoa has revoked it"),
    # names that do not tell the truth
    (f"name/vcek/{HWID}/bl04_tee00_snp08_ucode115_vcek.der", vcek(), "SN_E_ROLE",
     "its extensions say bl03_tee00_snp08_ucode115"),
    (f"name/vcek/{'0' * 128}/{LEVELS}", vcek(), "SN_E_ROLE", "of chip 00000000"),
    (f"name/vcek/{HWID.upper()}/{LEVELS}", vcek(), "SN_E_FORMAT", "upper-case"),
    (f"name/vcek/{HWID[:-2]}aa/fmc00_{LEVELS}", vcek(), "SN_E_FORMAT", "in this order"),
    ("name/vcek.der", vcek("SEV-VLEK", "SEV-VLEK-Milan",
                           exts=leaf_exts(hwid=None, csp=b"CN=test")), "SN_E_ROLE",
     "its name says VCEK, and it is a VLEK"),
    ("name/vlek.der", vcek(), "SN_E_ROLE", "its name says VLEK, and it is a VCEK"),
    # form
    ("form/trailing-byte.der", ask(behind=b"\0"), "SN_E_FORMAT", "bytes behind it"),
    ("form/two-in-der.der", ask() + ask("SEV-VLEK-Milan"), "SN_E_FORMAT", "bytes behind it"),
    ("form/indefinite-length.der", indefinite(ask()), "SN_E_FORMAT", "indefinite"),
    ("form/duplicate-extension.der", vcek(exts=leaf_exts() + ext(ARC + "3.1", integer(9))),
     "SN_E_FORMAT", "twice"),
    ("form/duplicate-usage.der", ask(exts=BC0 + SIGN + SIGN_CRL), "SN_E_FORMAT", "twice"),
    ("form/unknown-critical.der", ask(exts=BC0 + SIGN + ext("1.2.3.4", b"\5\0", True)),
     "SN_E_FORMAT", "critical"),
    ("form/leaf-unknown-critical.der", vcek(exts=leaf_exts() + ext("1.2.3.4", b"\5\0", True)),
     "SN_E_FORMAT", "critical"),
    ("form/over-4-kib.der", vcek(exts=leaf_exts() + ext("1.2.3.4", b"x" * 4096)), "SN_E_LIMIT",
     "at most 4096"),
    ("form/two-leaves.pem", pem(vcek()) + pem(vcek(exts=leaf_exts(hwid=b"B" * 64))),
     "SN_E_FORMAT", "alone"),
    ("form/leaf-in-a-chain.pem", pem(ask()) + pem(vcek()), "SN_E_FORMAT", "alone"),
    ("form/text-before-pem.pem", b"subject=SEV-Milan\n" + pem(ask()), "SN_E_FORMAT", "expected PEM"),
    ("form/key-beside.pem", pem(ask()) + b"-----BEGIN PRIVATE KEY-----\nAAAA\n"
     b"-----END PRIVATE KEY-----\n", "SN_E_FORMAT", "private key"),
    # time
    ("time/ask-expired.der", ask(dates=(FROM, b"251231235959Z")), "SN_E_EXPIRED", "not at 2026-01-01"),
    ("time/vcek-from-tomorrow.der", vcek(dates=(b"260102000000Z", TO)), "SN_E_EXPIRED", "not at 2026-01-01"),
    ("time/crl-expired.der", crl("ARK-Milan", ark_key, nxt=b"251231235959Z"), "SN_E_EXPIRED",
     "not at 2026-01-01"),
    ("time/crl-from-tomorrow.der", crl("ARK-Milan", ark_key, this=b"260102000000Z"),
     "SN_E_EXPIRED", "not at 2026-01-01"),
    ("time/crl-without-next-update.der", crl("ARK-Milan", ark_key, nxt=None), "SN_E_FORMAT",
     "without a next update"),
    ("time/crl-next-before-this.der", crl("ARK-Milan", ark_key, nxt=b"251101000000Z"),
     "SN_E_FORMAT", "next update is before this one"),
    # CRLs of other kinds
    ("crl/by-the-ask.der", crl("SEV-Milan", ask_key), "SN_E_FORMAT", "issuer"),
    ("crl/by-another-key.der", crl("ARK-Milan", ask_key), "SN_E_SIGNATURE", "does not verify"),
    ("crl/delta.der", crl("ARK-Milan", ark_key, exts=ext("2.5.29.27", integer(1), True)),
     "SN_E_FORMAT", "delta"),
    ("crl/partial.der", crl("ARK-Milan", ark_key, exts=ext("2.5.29.28", seq(), True)),
     "SN_E_FORMAT", "only a part"),
    ("crl/unknown-critical.der", crl("ARK-Milan", ark_key, exts=ext("1.2.3.4", NULL, True)),
     "SN_E_FORMAT", "critical"),
    ("crl/indirect-entry.der", crl("ARK-Milan", ark_key, [5], entry_exts=seq(
        ext("2.5.29.29", seq(tlv(0xA4, name("X"))), True))), "SN_E_FORMAT", "critical extension"),
    ("crl/trailing-byte.der", crl("ARK-Milan", ark_key) + b"\0", "SN_E_FORMAT", "bytes behind it"),
]


def roots(path):
    digest = hashlib.sha256(spki(ark_key)).hexdigest()
    with open(path, "w", encoding="ascii") as f:
        json.dump({"vendor_pki": {"amd": {"Milan": digest, "Genoa": digest}}}, f)


def openssl_sees_the_revocation(tap):
    """AMD's own CRL of Genoa revokes the serial number that the row above is refused for."""
    path = os.path.join(os.environ.get("TESTDATA", "../shared/data"),
                        "amd/kds/vcek_v1_Genoa_crl.der")
    if not os.path.exists(path):
        tap.ok(True, f"openssl: 020001 is revoked # SKIP no {path}")
        return
    run = subprocess.run(["openssl", "crl", "-inform", "DER", "-in", path, "-noout", "-text"],
                         capture_output=True, text=True, check=False)
    serials = [line.split(":")[1].strip() for line in run.stdout.splitlines()
               if "Serial Number:" in line]
    tap.equal(serials, ["020001"], "openssl: AMD's CRL of Genoa revokes 020001 alone")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as tmp:
        folder = os.path.join(tmp, "in")
        for path, data, _, _ in ROWS:
            os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
            with open(os.path.join(folder, path), "wb") as f:
                f.write(data)
        roots(os.path.join(tmp, "roots.json"))
        run = subprocess.run([f"{BUILD}/bin/firmware-cache", "verify", folder, "--at", AT,
                              "--rehearsal", os.path.join(tmp, "roots.json"), "--json"],
                             capture_output=True, text=True, check=False)
        try:
            rows = {r["path"]: r for r in json.loads(run.stdout)["items"]}
        except ValueError:
            tap.ok(False, "verify prints status.json", run.stdout + run.stderr)
            tap.close()
    for path, _, error, words in ROWS:
        row = rows.get(path, {})
        good = row.get("error") == error and words in row.get("reason", "")
        if error is None:
            good = row.get("accepted") is True
        tap.ok(good, f"{'accepted' if error is None else 'refused'}: {path}",
               f"wanted {error} \"{words}\"\n{json.dumps(row)}")
    openssl_sees_the_revocation(tap)
    tap.close()


main()
