#!/usr/bin/python3
# timeout: 120
"""Intel-like certificates, CRLs, signed JSON and responses, made and signed by another library.

One PKI under a generated root. Every row puts one file beside good ones and says which verdict
and which words it must get; all rows are judged in one run, so a bad file also must not keep the
good ones from being accepted. What is wrong is always signed as it stands.
"""
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from urllib.parse import quote

sys.path[:0] = ["tests/vm", "tests/lib"]
from der import NULL, TRUE, ext, indefinite, integer, name, oid, pem, seq, tlv  # noqa: E402
from tap import Tap  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.exceptions import InvalidSignature  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
DATA = os.environ.get("TESTDATA", "../shared/data")
AT = "2026-01-01T00:00:00Z"
FROM, TO = b"250101000000Z", b"350101000000Z"
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ROOT, SIGNING = "Intel SGX Root CA", "Intel SGX TCB Signing"
PLATFORM, PROCESSOR = "Intel SGX PCK Platform CA", "Intel SGX PCK Processor CA"
PCK = "Intel SGX PCK Certificate"


# ---- certificates and CRLs

def ecdsa(digest):
    return seq(oid({"sha256": "1.2.840.10045.4.3.2", "sha384": "1.2.840.10045.4.3.3",
                    "sha1": "1.2.840.10045.4.1"}[digest]))


HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha1": hashes.SHA1()}
GOOD = ecdsa("sha256")
CA1 = ext("2.5.29.19", seq(TRUE, integer(1)), True)
CA0 = ext("2.5.29.19", seq(TRUE, integer(0)), True)
CA = ext("2.5.29.19", seq(TRUE), True)
LEAF = ext("2.5.29.19", seq(), True)
SIGN_CERTS = ext("2.5.29.15", bytes.fromhex("03020106"), True)
SIGN_DATA = ext("2.5.29.15", bytes.fromhex("030206c0"), True)


def new():
    return ec.generate_private_key(ec.SECP256R1())


root_key, signing_key, platform_key, processor_key, pck_key, other = (new() for _ in range(6))
p384 = ec.generate_private_key(ec.SECP384R1())
rsa2048 = rsa.generate_private_key(65537, 2048)


def spki(key, form=serialization.PublicFormat.SubjectPublicKeyInfo):
    return key.public_key().public_bytes(serialization.Encoding.DER, form)


def point(key, form=serialization.PublicFormat.UncompressedPoint):
    return key.public_key().public_bytes(serialization.Encoding.X962, form)


def named_p256(bits):
    return seq(seq(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")), tlv(3, b"\0", bits))


def explicit_p256(key):
    """The key with its curve written out, as no named curve."""
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    b = bytes.fromhex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b")
    g = bytes.fromhex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                      "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
    curve = seq(integer(1), seq(oid("1.2.840.10045.1.1"), integer(p)),
                seq(tlv(4, (p - 3).to_bytes(32, "big")), tlv(4, b)), tlv(4, g), integer(N),
                integer(1))
    return seq(seq(oid("1.2.840.10045.2.1"), curve), tlv(3, b"\0", point(key)))


def cert(subject, issuer, key, signer, exts, serial=7, digest="sha256", outside=None,
         dates=(FROM, TO), behind=b""):
    tbs = seq(tlv(0xA0, integer(2)), integer(serial), ecdsa(digest), name(issuer),
              seq(tlv(0x17, dates[0]), tlv(0x17, dates[1])), name(subject),
              key if isinstance(key, bytes) else spki(key), tlv(0xA3, seq(exts)))
    return seq(tbs, outside or ecdsa(digest),
               tlv(3, b"\0", signer.sign(tbs, ec.ECDSA(HASHES[digest])))) + behind


def root(key=None, exts=CA1 + SIGN_CERTS, **more):
    key = key or root_key
    return cert(ROOT, ROOT, key, key, exts, **more)


def below(subject, key, exts, signer=None, issuer=ROOT, **more):
    return cert(subject, issuer, key, signer or root_key, exts, **more)


def signing(key=None, exts=LEAF + SIGN_DATA, **more):
    return below(SIGNING, key or signing_key, exts, **more)


def pck_ca(subject=PLATFORM, key=None, exts=CA0 + SIGN_CERTS, **more):
    return below(subject, key or {PLATFORM: platform_key, PROCESSOR: processor_key}[subject],
                 exts, **more)


ARC = "1.2.840.113741.1.13.1"
SVNS = [3, 3, 2, 2, 4, 1] + [0] * 10


def sgx(platform=True, fmspc=b"\0\x90\x6e\xa1\0\0", ppid=b"a machine's PPID", pcesvn=11):
    def member(arc, value):
        return seq(oid(f"{ARC}.{arc}"), value)

    tcb = [member(f"2.{i + 1}", integer(v)) for i, v in enumerate(SVNS)]
    tcb += [member("2.17", integer(pcesvn)), member("2.18", tlv(4, bytes(SVNS)))]
    parts = [member(1, tlv(4, ppid)), member(2, seq(*tcb)), member(3, tlv(4, b"\0\0")),
             member(4, tlv(4, fmspc)), member(5, tlv(10, b"\0" if not platform else b"\1"))]
    if platform:
        flags = [member(f"7.{i}", TRUE) for i in (1, 2, 3)]
        parts += [member(6, tlv(4, b"i" * 16)), member(7, seq(*flags))]
    return ext(ARC, seq(*parts))


def pck(ca=PLATFORM, extension=None, exts=LEAF + SIGN_DATA, signer=None, key=None, **more):
    keys = {PLATFORM: platform_key, PROCESSOR: processor_key}
    return cert(PCK, ca, key or pck_key, signer or keys[ca],
                exts + (sgx(ca == PLATFORM) if extension is None else extension), **more)


def crl(issuer, signer, serials=(), this=b"251201000000Z", nxt=b"270101000000Z", exts=b"",
        entry_exts=b"", digest="sha256"):
    entries = b"".join(seq(integer(s), tlv(0x17, this), entry_exts) for s in serials)
    tbs = seq(integer(1), ecdsa(digest), name(issuer), tlv(0x17, this),
              tlv(0x17, nxt) if nxt else b"", seq(entries) if entries else b"",
              tlv(0xA0, seq(ext("2.5.29.20", integer(1)), exts)))
    return seq(tbs, ecdsa(digest), tlv(3, b"\0", signer.sign(tbs, ec.ECDSA(HASHES[digest]))))


# ---- signed JSON

def text(value):
    return json.dumps(value, separators=(",", ":")).encode()


def numbers(body, key=None, digest="sha256"):
    return utils.decode_dss_signature((key or signing_key).sign(body, ec.ECDSA(HASHES[digest])))


def raw(r, s, order="big"):
    return r.to_bytes(32, order) + s.to_bytes(32, order)


def wrap(body, sig, key="tcbInfo"):
    sig = sig.hex().encode() if isinstance(sig, bytes) else sig.encode()
    return b'{"%s":%s,"signature":"%s"}' % (key.encode(), body, sig)


def signed(body, key="tcbInfo", signer=None, digest="sha256"):
    body = body if isinstance(body, bytes) else text(body)
    return wrap(body, raw(*numbers(body, signer, digest)), key)


def window(issued="2025-12-15T00:00:00Z", until="2026-01-14T00:00:00Z"):
    return {"issueDate": issued, "nextUpdate": until}


LEVEL_END = {"tcbDate": "2025-01-01T00:00:00Z", "tcbStatus": "UpToDate"}
ARRAY = [{"svn": v} for v in SVNS]
MODULE = {"mrsigner": "00" * 48, "attributes": "00" * 8, "attributesMask": "FF" * 8}


def tcb(kind="SGX", dates=None, level=None, **change):
    body = {"id": kind, "version": 3, **(dates or window()), "fmspc": "00906EA10000",
            "pceId": "0000", "tcbType": 0, "tcbEvaluationDataNumber": 17}
    levels = {"sgxtcbcomponents": ARRAY, "pcesvn": 11}
    if kind == "TDX":
        body["tdxModule"] = MODULE
        levels["tdxtcbcomponents"] = ARRAY
    body["tcbLevels"] = [{"tcb": levels, **LEVEL_END, **(level or {})}]
    body.update(change)
    return {k: v for k, v in body.items() if v is not None}


def identity(kind="QE", **change):
    return {"id": kind, "version": 2, **window(), "tcbEvaluationDataNumber": 17,
            "miscselect": "00000000", "miscselectMask": "FFFFFFFF", "attributes": "11" * 16,
            "attributesMask": "FB" * 16, "mrsigner": "8C" * 32, "isvprodid": 1,
            "tcbLevels": [{"tcb": {"isvsvn": 8}, **LEVEL_END}], **change}


def evaluation(kind="SGX"):
    return {"id": kind, "version": 1, **window(), "tcbEvalNumbers": [
        {"tcbEvaluationDataNumber": n, "tcbRecoveryEventDate": "2025-01-01T00:00:00Z",
         "tcbDate": "2025-01-01T00:00:00Z"} for n in (17, 18)]}


EN = "enclaveIdentity"
TCB = text(tcb())
R, S = numbers(TCB)
LOW, HIGH = min(S, N - S), max(S, N - S)


def twice(old, new_text):
    """The good body, changed as text and signed as it stands."""
    assert TCB.count(old) >= 1
    return signed(TCB.replace(old, new_text, 1))


# ---- responses

def entry(der, pcesvn=11, **change):
    return {"tcb": {"sgxtcbcomponents": ARRAY, "pcesvn": pcesvn},
            "tcbm": (bytes(SVNS) + pcesvn.to_bytes(2, "little")).hex().upper(),
            "cert": quote(pem(der).decode(), safe=""), **change}


def headers(chain, status="200 OK", header="TCB-Info-Issuer-Chain"):
    return f"HTTP/1.1 {status}\r\n{header}: {chain}\r\n\r\n".encode()


CHAIN = pem(signing()) + pem(root())
LOWER = pck(extension=sgx(pcesvn=10), serial=0x11)
F, SIG, ROLE, CHN, EXP, REV, LIM = ("SN_E_" + e for e in (
    "FORMAT", "SIGNATURE", "ROLE", "CHAIN", "EXPIRED", "REVOKED", "LIMIT"))
CARRIED = "carried"
NO_SIGNER = "signed by none of the TCB Signing certificates"

# file, its bytes, the error (None: accepted), words of the reason
ROWS = [
    # what must be taken
    ("ok/root.der", root(), None, ""),
    ("ok/signing.pem", CHAIN, None, ""),
    ("ok/platform.der", pck_ca(), None, ""),
    ("ok/processor.der", pck_ca(PROCESSOR), None, ""),
    ("ok/IntelSGXRootCA.der", crl(ROOT, root_key, [0xBAD]), None, ""),
    ("ok/platform.crl", crl(PLATFORM, platform_key, [0xBAD]), None, ""),
    ("ok/processor.crl", crl(PROCESSOR, processor_key, [0xBAE]), None, ""),
    ("ok/pck-platform.der", pck(), None, ""),
    ("ok/pck-processor.pem", pem(pck(PROCESSOR)), None, ""),
    ("ok/pck-serial-revoked-by-the-other-ca.der", pck(serial=0xBAE), None, ""),
    ("ok/tcb-low-s.json", wrap(TCB, raw(R, LOW)), None, ""),
    ("ok/tcb-high-s.json", wrap(TCB, raw(R, HIGH)), None, ""),
    ("ok/tcb-upper-case-signature.json", wrap(TCB, raw(R, S).hex().upper()), None, ""),
    ("ok/tcb-signature-first.json", b'{"signature":"%s","tcbInfo":%s}' %
     (raw(R, S).hex().encode(), TCB), None, ""),
    ("ok/tcb-signed-with-white-space.json", signed(json.dumps(tcb(), indent=2).encode()), None,
     ""),
    ("ok/tcb-tdx.json", signed(tcb("TDX")), None, ""),
    ("ok/tcb-tdx-modules.json", signed(tcb("TDX", tdxModuleIdentities=[
        {"id": "TDX_01", **MODULE, "tcbLevels": [{"tcb": {"isvsvn": 2}, **LEVEL_END}]}])), None,
     ""),
    ("ok/qe.json", signed(identity(), EN), None, ""),
    ("ok/td_qe.json", signed(identity("TD_QE"), EN), None, ""),
    ("ok/qve.json", signed(identity("QVE"), EN), None, ""),
    ("ok/evaluation-sgx.json", signed(evaluation(), "tcbEvaluationDataNumbers"), None, ""),
    ("ok/evaluation-tdx.json", signed(evaluation("TDX"), "tcbEvaluationDataNumbers"), None, ""),
    ("ok/pckcerts.json", text([entry(pck()), entry(LOWER, 10)]), None, ""),
    ("ok/tcb.hdr", headers(quote(CHAIN.decode(), safe="")), None, ""),
    ("ok/fmspcs.hdr", headers("3", header="Content-Length"), CARRIED, ""),
    # the signature of JSON
    ("sig/r-zero.json", wrap(TCB, raw(0, S)), SIG, NO_SIGNER),
    ("sig/s-zero.json", wrap(TCB, raw(R, 0)), SIG, NO_SIGNER),
    ("sig/both-zero.json", wrap(TCB, raw(0, 0)), SIG, NO_SIGNER),
    ("sig/r-is-n.json", wrap(TCB, raw(N, S)), SIG, NO_SIGNER),
    ("sig/s-is-n.json", wrap(TCB, raw(R, N)), SIG, NO_SIGNER),
    ("sig/s-past-n.json", wrap(TCB, raw(R, 2**256 - 1)), SIG, NO_SIGNER),
    ("sig/swapped.json", wrap(TCB, raw(S, R)), SIG, NO_SIGNER),
    ("sig/little-endian.json", wrap(TCB, raw(R, S, "little")), SIG, NO_SIGNER),
    ("sig/in-der.json", wrap(TCB, utils.encode_dss_signature(R, S)), F, "signature"),
    ("sig/short.json", wrap(TCB, raw(R, S)[:-1]), F, "signature"),
    ("sig/odd-hex.json", wrap(TCB, raw(R, S).hex()[:-1]), F, "signature"),
    ("sig/blank-in-hex.json", wrap(TCB, " " + raw(R, S).hex()[1:]), F, "signature"),
    ("sig/empty.json", wrap(TCB, ""), F, "signature"),
    ("sig/over-sha384.json", signed(tcb(), digest="sha384"), SIG, NO_SIGNER),
    ("sig/over-white-space-removed.json", wrap(json.dumps(tcb()).encode(), raw(R, S)), SIG,
     NO_SIGNER),
    ("sig/over-keys-sorted.json", wrap(json.dumps(tcb(), sort_keys=True,
                                                  separators=(",", ":")).encode(), raw(R, S)),
     SIG, NO_SIGNER),
    ("sig/over-fmspc-in-lower-case.json",
     wrap(TCB.replace(b"00906EA1", b"00906ea1"), raw(R, S)), SIG, NO_SIGNER),
    ("sig/of-another-body.json", wrap(text(tcb(fmspc="00A067110000")), raw(R, S)), SIG,
     NO_SIGNER),
    ("sig/by-the-root.json", signed(tcb(), signer=root_key), SIG, NO_SIGNER),
    ("sig/by-the-platform-ca.json", signed(tcb(), signer=platform_key), SIG, NO_SIGNER),
    ("sig/by-a-pck.json", signed(tcb(), signer=pck_key), SIG, NO_SIGNER),
    # keys and algorithms
    ("key/root-p384.der", root(p384, digest="sha384"), CHN, "not a pinned root"),
    ("key/signing-p384.der", signing(p384), F, "not P-256"),
    ("key/signing-rsa.der", signing(rsa2048), F, "P-256"),
    ("key/signing-explicit-curve.der", signing(explicit_p256(signing_key)), F, "key"),
    ("key/signing-off-curve.der", signing(named_p256(point(signing_key)[:-1] + bytes(
        [point(signing_key)[-1] ^ 1]))), F, "key"),
    ("key/signing-at-infinity.der", signing(named_p256(b"\0")), F, "key"),
    ("key/pck-p384.der", pck(key=p384), F, "P-256"),
    ("key/signing-by-sha384.der", signing(digest="sha384"), SIG, "SHA-256"),
    ("key/signing-by-sha1.der", signing(digest="sha1"), SIG, "SHA-256"),
    ("key/outside-says-sha384.der", signing(outside=ecdsa("sha384")), F, "differ"),
    ("key/crl-by-sha384.der", crl(ROOT, root_key, digest="sha384"), SIG, "SHA-256"),
    # who may do what
    ("role/root-same-name-other-key.der", root(other), CHN, "not a pinned root"),
    ("role/signing-under-that-root.der", signing(signer=other), SIG, "does not verify"),
    ("role/signing-is-a-ca.der", signing(exts=CA0 + SIGN_DATA), ROLE, "basicConstraints"),
    ("role/signing-signs-certificates.der", signing(exts=LEAF + SIGN_CERTS), ROLE, "keyUsage"),
    ("role/signing-without-usage.der", signing(exts=LEAF), ROLE, "keyUsage"),
    ("role/platform-no-ca.der", pck_ca(exts=LEAF + SIGN_CERTS), ROLE, "basicConstraints"),
    ("role/platform-no-pathlen.der", pck_ca(exts=CA + SIGN_CERTS), ROLE, "basicConstraints"),
    ("role/platform-by-processor.der", pck_ca(issuer=PROCESSOR, signer=processor_key), CHN, ""),
    ("role/signing-by-platform.der", signing(issuer=PLATFORM, signer=platform_key), CHN, ""),
    ("role/pck-by-root.der", cert(
        PCK, ROOT, pck_key, root_key, LEAF + SIGN_DATA + sgx()), ROLE,
     "signs no PCK certificate"),
    ("role/pck-by-signing.der", cert(PCK, SIGNING, pck_key, signing_key,
                                     LEAF + SIGN_DATA + sgx()), ROLE,
     "signs no PCK certificate"),
    ("role/pck-is-a-ca.der", pck(exts=CA0 + SIGN_DATA), ROLE, "basicConstraints"),
    ("role/pck-signs-certificates.der", pck(exts=LEAF + SIGN_CERTS), ROLE, "keyUsage"),
    ("role/pck-of-processor-form.der", pck(extension=sgx(False)), ROLE, "form"),
    ("role/pck-of-platform-form.der", pck(PROCESSOR, sgx(True)), ROLE, "form"),
    ("role/pck-says-platform-by-processor.der", pck(signer=processor_key), SIG,
     "does not verify"),
    ("role/pck-without-extension.der", pck(extension=b""), F, "SGX extension is missing"),
    ("role/pck-extension-twice.der", pck(extension=sgx() + sgx(ppid=b"another machine!")), F,
     "twice"),
    ("role/pck-unknown-critical.der", pck(extension=sgx() + ext("1.2.3.4", NULL, True)), F,
     "critical"),
    # revoked
    ("revoked/signing.der", signing(serial=0xBAD), REV, "has revoked it"),
    ("revoked/platform-ca.der", pck_ca(serial=0xBAD), REV, "has revoked it"),
    ("revoked/pck.der", pck(serial=0xBAD), REV, "has revoked it"),
    ("revoked/pckcerts-with-one.json", text([entry(pck(serial=0xBAD)), entry(LOWER, 10)]), REV,
     "has revoked it"),
    # time
    ("time/tcb-lapsed.json", signed(tcb(dates=window("2025-11-01T00:00:00Z",
                                                     "2025-12-31T23:59:59Z"))), EXP,
     "good until 2025-12-31"),
    ("time/tcb-from-tomorrow.json", signed(tcb(dates=window("2026-01-02T00:00:00Z",
                                                            "2026-02-01T00:00:00Z"))), EXP,
     "issued 2026-01-02"),
    ("time/tcb-reversed.json", signed(tcb(dates=window("2026-01-14T00:00:00Z",
                                                       "2025-12-15T00:00:00Z"))), F,
     "nextUpdate is not after issueDate"),
    ("time/tcb-without-next-update.json", signed(tcb(nextUpdate=None)), F, "nextUpdate"),
    ("time/identity-lapsed.json", signed({**identity(), **window(
        "2025-11-01T00:00:00Z", "2025-12-31T23:59:59Z")}, EN), EXP, "good until 2025-12-31"),
    ("time/signing-expired.der", signing(dates=(FROM, b"251231235959Z")), EXP,
     "not at 2026-01-01"),
    ("time/pck-from-tomorrow.der", pck(dates=(b"260102000000Z", TO)), EXP, "not at 2026-01-01"),
    ("time/crl-lapsed.der", crl(ROOT, root_key, nxt=b"251231235959Z"), EXP,
     "not at 2026-01-01"),
    ("time/crl-from-tomorrow.der", crl(ROOT, root_key, this=b"260102000000Z"), EXP,
     "not at 2026-01-01"),
    ("time/crl-without-next-update.der", crl(ROOT, root_key, nxt=None), F,
     "without a next update"),
    ("time/crl-next-before-this.der", crl(ROOT, root_key, nxt=b"251101000000Z"), F,
     "next update is before this one"),
    # CRLs of other kinds
    ("crl/by-another-key.der", crl(PLATFORM, processor_key), SIG, "does not verify"),
    ("crl/by-signing.der", crl(SIGNING, signing_key), F, "issuer"),
    ("crl/delta.der", crl(ROOT, root_key, exts=ext("2.5.29.27", integer(1), True)), F, "delta"),
    ("crl/partial.der", crl(ROOT, root_key, exts=ext("2.5.29.28", seq(), True)), F,
     "only a part"),
    ("crl/unknown-critical.der", crl(ROOT, root_key, exts=ext("1.2.3.4", NULL, True)), F,
     "critical"),
    ("crl/indirect-entry.der", crl(ROOT, root_key, [5], entry_exts=seq(
        ext("2.5.29.29", seq(tlv(0xA4, name("X"))), True))), F, "critical extension"),
    ("crl/trailing-byte.der", crl(ROOT, root_key) + b"\0", F, "bytes behind it"),
    # what the body says
    ("body/id-of-identity.json", signed(tcb("QE")), F, "id \"QE\" is not known"),
    ("body/id-of-tcb-info.json", signed(identity("SGX"), EN), F, "id \"SGX\" is not known"),
    ("body/version-4.json", signed(tcb(version=4)), F, "version 4 is not supported"),
    ("body/version-2-with-id.json", signed(tcb(version=2)), F, "version 2 with an id"),
    ("body/unknown-status.json", signed(tcb(level={"tcbStatus": "Fine"})), F,
     "tcbStatus \"Fine\" is not known"),
    ("body/status-case.json", signed(tcb(level={"tcbStatus": "uptodate"})), F, "is not known"),
    ("body/no-tcb-date.json", twice(b'"tcbDate":"2025-01-01T00:00:00Z",', b""), F, "tcbDate"),
    ("body/one-tcb-twice.json", signed(tcb(tcbLevels=tcb()["tcbLevels"] + tcb(
        level={"tcbStatus": "OutOfDate"})["tcbLevels"])), F, "two levels of one TCB"),
    ("body/no-levels.json", signed(tcb(tcbLevels=[])), F, "tcbLevels"),
    ("body/fifteen-components.json", twice(b'{"svn":3},', b""), F, "sgxtcbcomponents"),
    ("body/svn-65536.json", twice(b'"svn":3', b'"svn":65536'), F, "svn"),
    ("body/pcesvn-65536.json", twice(b'"pcesvn":11', b'"pcesvn":65536'), F, "pcesvn"),
    ("body/fmspc-short.json", signed(tcb(fmspc="00906EA1")), F, "fmspc"),
    ("body/fmspc-blank.json", signed(tcb(fmspc="00906EA1000 ")), F, "fmspc"),
    ("body/pce-id-odd.json", signed(tcb(pceId="000")), F, "pceId"),
    ("body/tcb-type-1.json", signed(tcb(tcbType=1)), F, "tcbType"),
    ("body/tdx-without-module.json", signed(tcb("TDX", tdxModule=None)), F, "tdxModule"),
    ("body/tdx-module-short.json", signed(tcb("TDX", tdxModule={**MODULE, "mrsigner": "00"})),
     F, "mrsigner"),
    ("body/tdx-module-twice.json", signed(tcb("TDX", tdxModuleIdentities=2 * [
        {"id": "TDX_01", **MODULE, "tcbLevels": [{"tcb": {"isvsvn": 2}, **LEVEL_END}]}])), F,
     "TDX_01 twice"),
    ("body/tdx-without-components.json", signed(tcb("TDX", tcbLevels=tcb()["tcbLevels"])), F,
     "tdxtcbcomponents"),
    ("body/identity-without-mask.json", signed(identity(attributesMask=1), EN), F,
     "attributesMask"),
    ("body/identity-signer-short.json", signed(identity(mrsigner="8C" * 31), EN), F,
     "mrsigner"),
    # JSON that two readers may read in two ways
    ("json/key-twice.json", twice(b'"pceId":"0000"', b'"pceId":"0000","pceId":"0001"'), F, ""),
    ("json/key-twice-deep.json", twice(b'{"svn":3}', b'{"svn":3,"svn":9}'), F, ""),
    ("json/key-twice-by-escape.json",
     twice(b'"pceId":"0000"', b'"pceId":"0000","\\u0070ceId":"0001"'), F, ""),
    ("json/body-twice.json", signed(tcb())[:-1] + b',"tcbInfo":' + TCB + b"}", F, ""),
    ("json/escaped-key.json", signed(tcb()).replace(b"tcbInfo", b"tcbInf\\u006f"), F, "escape"),
    ("json/escaped-inner-key.json", twice(b'"pceId"', b'"pceI\\u0064"'), F, "escape"),
    ("json/another-body-in-a-string.json",
     b'{"x":"\\"tcbInfo\\":{}",' + signed(tcb())[1:], F, "two members"),
    ("json/third-member.json", signed(tcb())[:-1] + b',"x":1}', F, "two members"),
    ("json/number-negative.json", twice(b'"pcesvn":11', b'"pcesvn":-1'), F, "pcesvn"),
    ("json/number-exponent.json", twice(b'"pcesvn":11', b'"pcesvn":1e1'), F, ""),
    ("json/number-float.json", twice(b'"pcesvn":11', b'"pcesvn":11.0'), F, ""),
    ("json/number-overflow.json", twice(b'"pcesvn":11', b'"pcesvn":18446744073709551627'), F,
     ""),
    ("json/number-in-a-string.json", twice(b'"pcesvn":11', b'"pcesvn":"11"'), F, "pcesvn"),
    ("json/nul-escape-in-a-string.json", twice(b'"pceId":"0000"', b'"pceId":"0000\\u0000"'), F,
     ""),
    ("json/nul.json", twice(b'"pceId":"0000"', b'"pceId":"00\x0000"'), F, ""),
    ("json/invalid-utf-8.json", twice(b'"pceId"', b'"x":"\xc3\x28","pceId"'), F, ""),
    ("json/byte-order-mark.json", b"\xef\xbb\xbf" + signed(tcb()), F, ""),
    ("json/behind-it.json", signed(tcb()) + b"{}", F, ""),
    ("json/deep.json", twice(b'"pceId"', b'"x":' + b"[" * 40 + b"]" * 40 + b',"pceId"'), LIM,
     ""),
    ("json/large.json", signed(tcb()) + b" " * (1 << 20), LIM, "1048576"),
    # responses
    ("set/tcbm-of-another.json", text([entry(pck(), tcbm="00" * 18)]), F,
     "tcbm is not that of its certificate"),
    ("set/tcb-of-another.json", text([entry(pck(), tcb={"sgxtcbcomponents": ARRAY,
                                                        "pcesvn": 12})]), F,
     "tcb is not that of its certificate"),
    ("set/two-platforms.json", text([entry(pck()), entry(pck(extension=sgx(
        ppid=b"another machine!", pcesvn=10)), 10)]), F, "two platforms"),
    ("set/two-fmspcs.json", text([entry(pck()), entry(pck(extension=sgx(
        fmspc=b"\0\xa0\x67\x11\0\0", pcesvn=10)), 10)]), F, "two FMSPCs"),
    ("set/none-available.json", text([entry(pck(), cert="Not available")]), F,
     "no certificate is available"),
    ("set/plus-for-blank.json", text([entry(pck(), cert="-----BEGIN+CERTIFICATE-----")]), F,
     "is not encoded"),
    ("set/zero-byte.json", text([entry(pck(), cert="%00")]), F, "zero byte"),
    ("set/by-another-key.json", text([entry(pck(signer=other))]), SIG, "does not verify"),
    ("hdr/not-found.hdr", headers("x", "404 Not Found"), F, "status 404"),
    ("hdr/two-chains.hdr", headers(quote(CHAIN.decode(), safe="") + "\r\nSGX-TCB-Info-Issuer-Chain: x"), F,
     "two issuer chains"),
    ("hdr/raw-pem.hdr", headers("-----BEGIN CERTIFICATE-----"), F, "is not encoded"),
    ("hdr/zero-byte.hdr", headers("%00"), F, "zero byte"),
    ("hdr/chain-of-another-root.hdr", headers(quote(pem(root(other)).decode(), safe="")), CHN,
     "not a pinned root"),
    # DER and PEM
    ("form/trailing-byte.der", signing(behind=b"\0"), F, "bytes behind it"),
    ("form/two-in-der.der", signing() + pck_ca(), F, "bytes behind it"),
    ("form/indefinite-length.der", indefinite(signing()), F, "indefinite"),
    ("form/usage-twice.der", signing(exts=LEAF + SIGN_DATA + SIGN_DATA), F, "twice"),
    ("form/unknown-critical.der", signing(exts=LEAF + SIGN_DATA + ext("1.2.3.4", NULL, True)),
     F, "critical"),
    ("form/pck-in-its-chain.pem", pem(pck(serial=9)) + pem(pck_ca()), F, "alone"),
    ("form/two-pcks.pem", pem(pck(serial=9)) + pem(LOWER), F, "alone"),
    ("form/key-beside.pem", pem(signing(serial=9)) + pem(b"\0" * 33, "PRIVATE KEY"), F,
     "private key"),
    ("form/text-before-pem.pem", b"subject=x\n" + pem(signing(serial=9)), F, "expected PEM"),
    ("form/quote.bin", b"\4\0\2\0\x81" + b"\0" * 7 + bytes.fromhex(
        "939a7233f79c4ca9940a0db3957f0607") + b"\0" * 64, F, "a quote is evidence"),
]


def verify(folder, at, *more):
    run = subprocess.run([f"{BUILD}/bin/firmware-cache", "verify", folder, "--at", at, "--json",
                          *more], capture_output=True, text=True, check=False)
    try:
        return {r["path"]: r for r in json.loads(run.stdout)["items"]}
    except ValueError:
        return {"": run.stdout + run.stderr}


def rows(tap):
    with tempfile.TemporaryDirectory() as tmp:
        folder = os.path.join(tmp, "in")
        for path, data, _, _ in ROWS:
            os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
            with open(os.path.join(folder, path), "wb") as f:
                f.write(data)
        roots = os.path.join(tmp, "roots.json")
        with open(roots, "w", encoding="ascii") as f:
            json.dump({"vendor_pki": {"intel": hashlib.sha256(spki(root_key)).hexdigest()}}, f)
        got = verify(folder, AT, "--rehearsal", roots)
    for path, _, error, words in ROWS:
        row = got.get(path, {})
        good = row.get("error") == error and words in row.get("reason", "")
        if error is None:
            good = row.get("accepted") is True
        if error is CARRIED:
            good = row.get("carried") is True
        verdict = {None: "accepted", CARRIED: CARRIED}.get(error, "refused")
        tap.ok(good, f"{verdict}: {path}", f"wanted {error} \"{words}\"\n{json.dumps(row)}")


# ---- another library's verdict on the published signatures

def independent(data, keys):
    """Does any of the keys verify the body, cut out by a regular expression alone?"""
    found = re.search(rb'"(?:tcbInfo|enclaveIdentity|tcbEvaluationDataNumbers)"\s*:\s*(\{.*\})'
                      rb'\s*,\s*"signature"\s*:\s*"([0-9a-fA-F]{128})"', data, re.S)
    if not found:
        return None
    sig = bytes.fromhex(found[2].decode())
    der = utils.encode_dss_signature(int.from_bytes(sig[:32], "big"),
                                     int.from_bytes(sig[32:], "big"))
    for key in keys:
        try:
            key.verify(der, found[1], ec.ECDSA(hashes.SHA256()))
            return True
        except InvalidSignature:
            pass
    return False


def published(tap):
    top = os.path.join(DATA, "intel")
    if not os.path.isdir(top):
        tap.ok(True, f"published signatures # SKIP no {top}")
        return
    bodies, keys = {}, []
    for folder, _, files in os.walk(top):
        for file in files:
            path = os.path.join(folder, file)
            with open(path, "rb") as f:
                data = f.read()
            if "testroot" not in path and "issuer_chain" in file and b"\\n" not in data:
                keys += [c.public_key() for c in x509.load_pem_x509_certificates(data)
                         if SIGNING in c.subject.rfc4514_string()]
            if data.lstrip()[:1] == b"{" and len(data) < 1 << 18:
                bodies[os.path.relpath(path, top)] = data
    ours = verify(top, "2025-07-01T00:00:00Z")
    judged = {p: independent(d, keys) for p, d in bodies.items()}
    judged = {p: v for p, v in judged.items() if v is not None}
    differ = []
    for path, good in judged.items():
        row = ours.get(path, {})
        bad_signature = row.get("error") == "SN_E_SIGNATURE"
        if bad_signature if good else row.get("accepted"):
            differ.append(f"{path}: {good} {row}")
    tap.ok(len(judged) >= 25 and sum(judged.values()) >= 12 and not differ,
           f"another library agrees on {len(judged)} published signatures, "
           f"{sum(judged.values())} of them good", "\n".join(differ))


def main():
    tap = Tap()
    rows(tap)
    published(tap)
    tap.close()


main()
