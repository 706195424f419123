#!/usr/bin/python3
# timeout: 120
"""Intel-like certificates, CRLs and signed JSON in every form that must not be taken.

One PKI under a generated root, made by another library. Every row puts one file beside good
ones and says which verdict and which words it must get; all rows are judged in one run, so a
bad file also must not keep the good ones from being accepted.
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.parse

sys.path[:0] = ["tests/vm", "tests/lib"]
from der import NULL, TRUE, ext, integer, name, oid, pem, seq, tlv  # noqa: E402
from tap import Tap  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
AT = "2026-01-01T00:00:00Z"
FROM, TO = b"250101000000Z", b"350101000000Z"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
EC_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


SHA256 = seq(oid("1.2.840.10045.4.3.2"))
SHA384 = seq(oid("1.2.840.10045.4.3.3"))
SHA256_NULL = seq(oid("1.2.840.10045.4.3.2"), NULL)
HASHES = {SHA256: hashes.SHA256, SHA384: hashes.SHA384, SHA256_NULL: hashes.SHA256}


def spki(key):
    return key.public_key().public_bytes(serialization.Encoding.DER,
                                         serialization.PublicFormat.SubjectPublicKeyInfo)


BC1 = ext("2.5.29.19", seq(TRUE, integer(1)), True)
BC0 = ext("2.5.29.19", seq(TRUE, integer(0)), True)
NO_CA = ext("2.5.29.19", seq(), True)
CA_USE = ext("2.5.29.15", bytes.fromhex("03020106"), True)
SIGN_USE = ext("2.5.29.15", bytes.fromhex("030206c0"), True)
ODD = ext("1.2.3.4", NULL, True)
SGX = "1.2.840.113741.1.13.1"


def member(number, value):
    return seq(oid(f"{SGX}.{number}"), value)


def sgx_ext(platform=True, pce_svn=11):
    cpu_svn = bytes([1] * 16)
    tcb = b"".join(member(f"2.{i}", integer(1)) for i in range(1, 17))
    tcb += member("2.17", integer(pce_svn)) + member("2.18", tlv(4, cpu_svn))
    parts = member("1", tlv(4, b"P" * 16)) + member("2", seq(tcb))
    parts += member("3", tlv(4, b"\0\0")) + member("4", tlv(4, bytes.fromhex("00906ea10000")))
    parts += member("5", tlv(10, b"\1" if platform else b"\0"))
    if platform:
        parts += member("6", tlv(4, b"I" * 16)) + member("7", seq(member("7.1", TRUE)))
    return ext(SGX, seq(parts))


def sign(key, tbs, how):
    if isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("no RSA here")
    return key.sign(tbs, ec.ECDSA(HASHES[how]()))


def cert(subject, issuer, key_der, signer, exts, serial=0x77, inside=SHA256, outside=None,
         dates=(FROM, TO), behind=b"", signature=None):
    tbs = seq(tlv(0xA0, integer(2)), integer(serial), inside, name(issuer),
              seq(tlv(0x17, dates[0]), tlv(0x17, dates[1])), name(subject), key_der,
              tlv(0xA3, seq(exts)))
    return seq(tbs, inside if outside is None else outside,
               tlv(3, b"\0", signature or sign(signer, tbs, inside))) + behind


def crl(issuer, signer, serials=(), inside=SHA256, outside=None, this=b"251201000000Z",
        nxt=b"270101000000Z", exts=b"", entry_exts=b""):
    entries = b"".join(seq(integer(s), tlv(0x17, this), entry_exts) for s in serials)
    tbs = seq(integer(1), inside, name(issuer), tlv(0x17, this),
              tlv(0x17, nxt) if nxt else b"", seq(entries) if entries else b"",
              tlv(0xA0, seq(ext("2.5.29.20", integer(1)), exts)))
    return seq(tbs, inside if outside is None else outside,
               tlv(3, b"\0", sign(signer, tbs, inside if outside is None else outside)))


# ---- the PKI

def new_key(curve=ec.SECP256R1):
    return ec.generate_private_key(curve())


ROOT, SIGNING = "Intel SGX Root CA", "Intel SGX TCB Signing"
PLATFORM, PROCESSOR = "Intel SGX PCK Platform CA", "Intel SGX PCK Processor CA"
PCK = "Intel SGX PCK Certificate"
root_key, signing_key, platform_key, processor_key = new_key(), new_key(), new_key(), new_key()
chip, stranger, p384 = new_key(), new_key(), new_key(ec.SECP384R1)
rsa2048 = rsa.generate_private_key(65537, 2048)


def root(key=None, **more):
    key = key or root_key
    return cert(ROOT, ROOT, spki(key), key, BC1 + CA_USE, serial=1, **more)


def signing(key=None, key_der=None, issuer=ROOT, signer=None, exts=NO_CA + SIGN_USE, **more):
    return cert(SIGNING, issuer, key_der or spki(key or signing_key), signer or root_key, exts,
                **more)


def pck_ca(cn=PLATFORM, key=None, exts=BC0 + CA_USE, signer=None, **more):
    mine = platform_key if cn == PLATFORM else processor_key
    return cert(cn, ROOT, spki(key or mine), signer or root_key, exts, **more)


def pck(issuer=PLATFORM, platform=True, key=None, key_der=None, signer=None, exts=None, **more):
    mine = {PLATFORM: platform_key, PROCESSOR: processor_key}.get(issuer, root_key)
    if exts is None:
        exts = NO_CA + SIGN_USE + sgx_ext(platform)
    return cert(PCK, issuer, key_der or spki(key or chip), signer or mine, exts,
                serial=more.pop("serial", 0x50), **more)


# ---- keys in odd clothes

def point(key, change=0):
    n = key.public_key().public_numbers()
    return n.x.to_bytes(32, "big") + (n.y + change).to_bytes(32, "big")


def named_p256(bits):
    return seq(seq(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")), tlv(3, b"\0", bits))


def explicit_p256(key):
    base = ec.derive_private_key(1, ec.SECP256R1())
    curve = seq(tlv(4, (PRIME - 3).to_bytes(32, "big")), tlv(4, EC_B.to_bytes(32, "big")))
    params = seq(integer(1), seq(oid("1.2.840.10045.1.1"), integer(PRIME)), curve,
                 tlv(4, b"\4" + point(base)), integer(ORDER), integer(1))
    return seq(seq(oid("1.2.840.10045.2.1"), params), tlv(3, b"\0\4" + point(key)))


def compressed(key):
    odd = key.public_key().public_numbers().y & 1
    return named_p256(bytes([2 + odd]) + point(key)[:32])


def private(key, encoding, form, password=None):
    encryption = (serialization.BestAvailableEncryption(password) if password
                  else serialization.NoEncryption())
    return key.private_bytes(getattr(serialization.Encoding, encoding),
                             getattr(serialization.PrivateFormat, form), encryption)


# ---- signed JSON

SVN16 = [{"svn": 1}] * 16
TCB_DATE = "2025-01-01T00:00:00Z"
LEVEL = {"tcb": {"sgxtcbcomponents": SVN16, "pcesvn": 11}, "tcbDate": TCB_DATE,
         "tcbStatus": "UpToDate"}


def tcb_info(**change):
    body = {"id": "SGX", "version": 3, "issueDate": "2025-12-20T00:00:00Z",
            "nextUpdate": "2026-01-19T00:00:00Z", "fmspc": "00906EA10000", "pceId": "0000",
            "tcbType": 0, "tcbEvaluationDataNumber": 17, "tcbLevels": [LEVEL]}
    body.update(change)
    return json.dumps({k: v for k, v in body.items() if v is not None}, separators=(",", ":"))


def identity(**change):
    body = {"id": "QE", "version": 2, "issueDate": "2025-12-20T00:00:00Z",
            "nextUpdate": "2026-01-19T00:00:00Z", "tcbEvaluationDataNumber": 17,
            "miscselect": "00000000", "miscselectMask": "FFFFFFFF", "attributes": "11" + "0" * 30,
            "attributesMask": "FBFFFFFFFFFFFFFF" + "0" * 16, "mrsigner": "AB" * 32,
            "isvprodid": 1, "tcbLevels": [{"tcb": {"isvsvn": 8}, "tcbDate": TCB_DATE,
                                           "tcbStatus": "UpToDate"}]}
    body.update(change)
    return json.dumps(body, separators=(",", ":"))


def rs_of(body, key=None):
    der = (key or signing_key).sign(body.encode() if isinstance(body, str) else body,
                                    ec.ECDSA(hashes.SHA256()))
    return utils.decode_dss_signature(der)


def hex_of(r, s):
    return r.to_bytes(32, "big").hex() + s.to_bytes(32, "big").hex()


def wrap(body, sig, key="tcbInfo"):
    return f'{{"{key}":{body},"signature":"{sig}"}}'.encode()


def signed(body, key="tcbInfo", signer=None):
    return wrap(body, hex_of(*rs_of(body, signer)), key)


def low(body):
    r, s = rs_of(body)
    return wrap(body, hex_of(r, min(s, ORDER - s)))


def high(body):
    r, s = rs_of(body)
    return wrap(body, hex_of(r, max(s, ORDER - s)))


INFO = tcb_info()
R, S = rs_of(INFO)
HEX = hex_of(R, S)
SIGNED = signed(INFO)
OTHER = tcb_info(tcbEvaluationDataNumber=18)
DEEP = tcb_info(advisoryIDs="@").replace('"@"', "[" * 40 + "]" * 40)
NESTED = tcb_info(note='"tcbInfo":{"id":"TDX"},"signature":"00')
ENTRY = {"tcb": {"sgxtcbcomponents": SVN16, "pcesvn": 11}, "tcbm": "01" * 16 + "0B00"}


def pck_set(certs):
    return json.dumps([dict(ENTRY, cert=urllib.parse.quote(certs.decode(), safe=""))]).encode()


def headers(chain, field="TCB-Info-Issuer-Chain"):
    return f"HTTP/1.1 200 OK\r\n{field}: {chain}\r\n\r\n".encode()


def quoted(*ders):
    return urllib.parse.quote(b"".join(pem(d) for d in ders).decode(), safe="")


THE_SIGNING = signing()
PEM_HEADERS = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
PARTIAL = ext("2.5.29.28", seq(tlv(0x84, b"\xff")), True)
DELTA = ext("2.5.29.27", integer(1), True)
CERT_ISSUER = seq(ext("2.5.29.29", seq(tlv(0xA4, name("x"))), True))

ROWS = [
    ("ok/root.der", root(), None, ""),
    ("ok/signing.pem", pem(THE_SIGNING) + pem(root()), None, ""),
    ("ok/platform-ca.der", pck_ca(), None, ""),
    ("ok/processor-ca.der", pck_ca(PROCESSOR), None, ""),
    ("ok/root-crl.der", crl(ROOT, root_key, [0x666]), None, ""),
    ("ok/platform-crl.der", crl(PLATFORM, platform_key, [0x667]), None, ""),
    ("ok/processor-crl.pem", pem(crl(PROCESSOR, processor_key), "X509 CRL"), None, ""),
    ("ok/pck-platform.der", pck(), None, ""),
    ("ok/pck-processor.der", pck(PROCESSOR, False), None, ""),
    ("ok/pck-set.json", pck_set(pem(pck(serial=0x51))), None, ""),
    ("ok/headers.hdr", headers(quoted(THE_SIGNING, root())), None, ""),
    ("ok/tcb-low-s.json", low(tcb_info(fmspc="000000000001")), None, ""),
    ("ok/tcb-high-s.json", high(tcb_info(fmspc="000000000002")), None, ""),
    ("ok/tcb-hex-upper.json", wrap(INFO, HEX.upper()), None, ""),
    ("ok/tcb-signature-first.json", f'{{"signature":"{HEX}","tcbInfo":{INFO}}}'.encode(), None, ""),
    ("ok/tcb-names-in-strings.json", signed(NESTED), None, ""),
    ("ok/tcb-pce-1.json", signed(tcb_info(pceId="0001", issueDate="2025-12-21T00:00:00Z")), None,
     "TCB info SGX 00906EA10000 PCE 0001"),
    ("ok/identity.json", signed(identity(), "enclaveIdentity"), None, ""),

    ("key/signing-p384.der", signing(p384), "SN_E_FORMAT", "not P-256"),
    ("key/signing-rsa.der", signing(rsa2048), "SN_E_FORMAT", "not P-256"),
    ("key/signing-explicit-curve.der", signing(key_der=explicit_p256(signing_key)),
     "SN_E_FORMAT", "explicit curve"),
    ("key/signing-compressed-point.der", signing(key_der=compressed(signing_key)),
     "SN_E_FORMAT", "compressed point"),
    ("key/signing-off-curve.der", signing(key_der=named_p256(b"\4" + point(signing_key, 1))),
     "SN_E_FORMAT", "public key"),
    ("key/signing-at-infinity.der", signing(key_der=named_p256(b"\0")), "SN_E_FORMAT",
     "public key"),
    ("key/pck-explicit-curve.der", pck(key_der=explicit_p256(chip)), "SN_E_FORMAT",
     "explicit curve"),
    ("key/pck-off-curve.der", pck(key_der=named_p256(b"\4" + point(chip, 1))), "SN_E_FORMAT",
     "public key"),
    ("key/root-explicit-curve.der", cert(ROOT, ROOT, explicit_p256(root_key), root_key,
                                         BC1 + CA_USE), "SN_E_CHAIN", "not a pinned root"),

    ("sig/cert-sha384.der", signing(inside=SHA384), "SN_E_SIGNATURE", "P-256 with SHA-256"),
    ("sig/cert-parameters-null.der", signing(inside=SHA256_NULL), "SN_E_SIGNATURE",
     "P-256 with SHA-256"),
    ("sig/cert-outside-sha384.der", signing(outside=SHA384), "SN_E_FORMAT", "differ"),
    ("sig/cert-r-zero.der", signing(signature=seq(integer(0), integer(5))), "SN_E_SIGNATURE",
     "does not verify"),
    ("sig/cert-s-order.der", signing(signature=seq(integer(5), integer(ORDER))),
     "SN_E_SIGNATURE", "does not verify"),
    ("sig/crl-sha384.der", crl(ROOT, root_key, inside=SHA384), "SN_E_SIGNATURE",
     "P-256 with SHA-256"),
    ("sig/crl-inside-sha384.der", crl(ROOT, root_key, inside=SHA384, outside=SHA256),
     "SN_E_FORMAT", "differ"),
    ("sig/crl-outside-sha384.der", crl(ROOT, root_key, outside=SHA384), "SN_E_FORMAT",
     "differ"),
    ("sig/json-r-zero.json", wrap(INFO, hex_of(0, S)), "SN_E_SIGNATURE", "signed by none"),
    ("sig/json-s-zero.json", wrap(INFO, hex_of(R, 0)), "SN_E_SIGNATURE", "signed by none"),
    ("sig/json-r-order.json", wrap(INFO, hex_of(ORDER, S)), "SN_E_SIGNATURE", "signed by none"),
    ("sig/json-s-order.json", wrap(INFO, hex_of(R, ORDER)), "SN_E_SIGNATURE", "signed by none"),
    ("sig/json-s-and-order.json", wrap(INFO, hex_of(R, 2**256 - 1)), "SN_E_SIGNATURE",
     "signed by none"),
    ("sig/json-swapped.json", wrap(INFO, hex_of(S, R)), "SN_E_SIGNATURE", "signed by none"),
    ("sig/json-short.json", wrap(INFO, HEX[2:]), "SN_E_FORMAT", "signature"),
    ("sig/json-odd.json", wrap(INFO, HEX[1:]), "SN_E_FORMAT", "signature"),
    ("sig/json-blank.json", wrap(INFO, HEX[:-1] + " "), "SN_E_FORMAT", "signature"),
    ("sig/json-der.json", wrap(INFO, seq(integer(R), integer(S)).hex()), "SN_E_FORMAT",
     "signature"),
    ("sig/json-by-stranger.json", signed(INFO, signer=stranger), "SN_E_SIGNATURE",
     "signed by none"),
    ("sig/json-by-platform-ca.json", signed(INFO, signer=platform_key), "SN_E_SIGNATURE",
     "signed by none of the TCB Signing"),
    ("sig/json-by-root.json", signed(INFO, signer=root_key), "SN_E_SIGNATURE",
     "signed by none of the TCB Signing"),
    ("sig/json-by-pck.json", signed(INFO, signer=chip), "SN_E_SIGNATURE", "signed by none"),

    ("role/root-same-name-other-key.der", root(stranger), "SN_E_CHAIN", "not a pinned root"),
    ("role/root-same-name-beside-signing.pem", pem(THE_SIGNING) + pem(root(stranger)),
     "SN_E_CHAIN", "not a pinned root"),
    ("role/signing-under-same-name.der", signing(signer=stranger), "SN_E_SIGNATURE",
     "does not verify"),
    ("role/platform-ca-named-signing.der", signing(platform_key, exts=BC0 + CA_USE), "SN_E_ROLE",
     "basicConstraints"),
    ("role/signing-named-platform-ca.der", pck_ca(key=signing_key, exts=NO_CA + SIGN_USE),
     "SN_E_ROLE", "basicConstraints"),
    ("role/signing-by-platform-ca.der", signing(issuer=PLATFORM, signer=platform_key),
     "SN_E_CHAIN", "no accepted root"),
    ("role/pck-by-root.der", pck(ROOT), "SN_E_ROLE", "signs no PCK certificate"),
    ("role/pck-by-signing.der", pck(SIGNING, signer=signing_key), "SN_E_ROLE", "signs no PCK"),
    ("role/pck-by-pck.der", pck(PCK, signer=chip), "SN_E_CHAIN", "no accepted PCK CA"),
    ("role/pck-is-a-ca.der", pck(exts=BC0 + CA_USE + sgx_ext()), "SN_E_ROLE",
     "basicConstraints"),
    ("role/pck-platform-form-by-processor.der", pck(PROCESSOR, True), "SN_E_ROLE",
     "not of Intel SGX PCK Processor CA's form"),
    ("role/pck-processor-form-by-platform.der", pck(PLATFORM, False), "SN_E_ROLE",
     "not of Intel SGX PCK Platform CA's form"),
    ("role/pck-of-platform-named-processor.der", pck(PROCESSOR, False, signer=platform_key),
     "SN_E_SIGNATURE", "does not verify"),
    ("role/revoked-signing.der", signing(serial=0x666), "SN_E_REVOKED", "has revoked it"),
    ("role/revoked-pck.der", pck(serial=0x667), "SN_E_REVOKED", "has revoked it"),
    ("role/revoked-pck-in-set.json", pck_set(pem(pck(serial=0x667))), "SN_E_REVOKED",
     "has revoked it"),

    ("crl/platform-by-processor.der", crl(PLATFORM, processor_key), "SN_E_SIGNATURE",
     "does not verify"),
    ("crl/by-signing.der", crl(SIGNING, signing_key), "SN_E_FORMAT", "issuer is not known"),
    ("crl/delta.der", crl(ROOT, root_key, exts=DELTA), "SN_E_FORMAT", "delta"),
    ("crl/partial.der", crl(ROOT, root_key, exts=PARTIAL), "SN_E_FORMAT", "only a part"),
    ("crl/indirect-entry.der", crl(ROOT, root_key, [5], entry_exts=CERT_ISSUER), "SN_E_FORMAT",
     "critical"),
    ("crl/unknown-critical.der", crl(ROOT, root_key, exts=ODD), "SN_E_FORMAT",
     "unknown critical"),
    ("crl/number-twice.der", crl(ROOT, root_key, exts=ext("2.5.29.20", integer(2))),
     "SN_E_FORMAT", "the same extension twice"),
    ("crl/trailing-byte.der", crl(ROOT, root_key) + b"\0", "SN_E_FORMAT", "bytes behind it"),
    ("crl/two-in-der.der", crl(ROOT, root_key) * 2, "SN_E_FORMAT", "bytes behind it"),
    ("crl/without-next-update.der", crl(ROOT, root_key, nxt=None), "SN_E_FORMAT",
     "without a next update"),
    ("crl/next-before-this.der", crl(ROOT, root_key, nxt=b"251101000000Z"), "SN_E_FORMAT",
     "next update is before"),
    ("crl/expired.der", crl(PLATFORM, platform_key, nxt=b"251231235959Z"), "SN_E_EXPIRED",
     "not at 2026-01-01"),
    ("crl/from-tomorrow.der", crl(PLATFORM, platform_key, this=b"260102000000Z"),
     "SN_E_EXPIRED", "not at 2026-01-01"),

    ("form/trailing-byte.der", signing(behind=b"\0"), "SN_E_FORMAT", "bytes behind it"),
    ("form/two-in-der.der", THE_SIGNING + root(), "SN_E_FORMAT", "bytes behind it"),
    ("form/indefinite-length.der", b"\x30\x80" + THE_SIGNING[4:] + b"\0\0", "SN_E_FORMAT",
     "indefinite"),
    ("form/duplicate-extension.der", signing(exts=NO_CA + SIGN_USE + NO_CA), "SN_E_FORMAT",
     "twice"),
    ("form/two-sgx-extensions.der", pck(exts=NO_CA + SIGN_USE + sgx_ext() + sgx_ext(pce_svn=12)),
     "SN_E_FORMAT", "twice"),
    ("form/unknown-critical.der", signing(exts=NO_CA + SIGN_USE + ODD), "SN_E_FORMAT",
     "critical"),
    ("form/two-pcks.pem", pem(pck()) + pem(pck(serial=0x52)), "SN_E_FORMAT", "alone"),
    ("form/pck-with-its-ca.pem", pem(pck()) + pem(pck_ca()), "SN_E_FORMAT", "alone"),
    ("form/pck-chain-in-a-set.json", pck_set(pem(pck()) + pem(pck_ca())), "SN_E_FORMAT",
     "2 certificates in one entry"),
    ("form/ca-in-a-set.json", pck_set(pem(pck_ca())), "SN_E_FORMAT", "SGX extension"),
    ("form/signing-twice.pem", pem(THE_SIGNING) + pem(signing(serial=9)), "SN_E_FORMAT", "twice"),
    ("form/nine-in-a-chain.pem", b"".join(pem(pck_ca(serial=i)) for i in range(1, 10)),
     "SN_E_LIMIT", "certificates"),
    ("form/pem-headers.pem", pem(THE_SIGNING, headers=PEM_HEADERS), "SN_E_FORMAT", "PEM"),
    ("form/pem-headers-crl.pem", pem(crl(ROOT, root_key), "X509 CRL", PEM_HEADERS),
     "SN_E_FORMAT", "PEM CRL"),
    ("form/pem-trusted.pem", pem(THE_SIGNING, "TRUSTED CERTIFICATE"), "SN_E_FORMAT",
     "expected PEM"),
    ("form/pem-labelled-crl.pem", pem(THE_SIGNING, "X509 CRL"), "SN_E_FORMAT", ""),
    ("form/crl-labelled-certificate.pem", pem(crl(ROOT, root_key)), "SN_E_FORMAT", ""),
    ("form/pem-with-nul.pem", pem(THE_SIGNING)[:-1] + b"\0\n", "SN_E_FORMAT", ""),

    ("secret/pkcs8.pem", private(stranger, "PEM", "PKCS8"), "SN_E_FORMAT", "private key"),
    ("secret/encrypted.pem", private(stranger, "PEM", "PKCS8", b"x"), "SN_E_FORMAT",
     "private key"),
    ("secret/sec1.pem", private(stranger, "PEM", "TraditionalOpenSSL"), "SN_E_FORMAT",
     "private key"),
    ("secret/openssh.pem", private(stranger, "PEM", "OpenSSH"), "SN_E_FORMAT", "private key"),
    ("secret/pkcs8.der", private(stranger, "DER", "PKCS8"), "SN_E_FORMAT", "private key"),
    ("secret/sec1.der", private(stranger, "DER", "TraditionalOpenSSL"), "SN_E_FORMAT",
     "private key"),
    ("secret/rsa.der", private(rsa2048, "DER", "TraditionalOpenSSL"), "SN_E_FORMAT",
     "private key"),
    ("secret/encrypted.der", private(stranger, "DER", "PKCS8", b"x"), "SN_E_FORMAT",
     "private key"),
    ("secret/behind-a-chain.pem", pem(THE_SIGNING) + private(stranger, "PEM", "PKCS8"),
     "SN_E_FORMAT", "private key"),
    ("secret/behind-a-crl.pem", pem(crl(ROOT, root_key), "X509 CRL")
     + private(stranger, "PEM", "PKCS8"), "SN_E_FORMAT", "private key"),

    ("json/body-twice-good-first.json", b'{"tcbInfo":' + INFO.encode() + b',"tcbInfo":'
     + OTHER.encode() + b',"signature":"' + HEX.encode() + b'"}', "SN_E_FORMAT", "twice"),
    ("json/body-twice-good-last.json", b'{"tcbInfo":' + OTHER.encode() + b',"tcbInfo":'
     + INFO.encode() + b',"signature":"' + HEX.encode() + b'"}', "SN_E_FORMAT", "twice"),
    ("json/signed-key-twice.json", signed(INFO[:-1] + ',"version":3}'), "SN_E_FORMAT", "twice"),
    ("json/signed-key-twice-deep.json", signed(INFO.replace('"pcesvn":11',
                                                           '"pcesvn":11,"pcesvn":0')),
     "SN_E_FORMAT", "twice"),
    ("json/signed-key-escaped.json", signed(INFO.replace('"fmspc"', '"fmsp\\u0063"')),
     "SN_E_FORMAT", "escape"),
    ("json/outer-key-escaped.json", SIGNED.replace(b'"tcbInfo"', b'"tcbInf\\u006f"'),
     "SN_E_FORMAT", "escape"),
    ("json/two-names.json", signed(INFO)[:-1] + b',"tcbInf\\u006f":' + OTHER.encode() + b"}",
     "SN_E_FORMAT", "twice"),
    ("json/other-case.json", SIGNED.replace(b'"tcbInfo"', b'"TcbInfo"'), "SN_E_FORMAT",
     "neither tcbInfo"),
    ("json/byte-order-mark.json", b"\xef\xbb\xbf" + SIGNED, "SN_E_FORMAT", ""),
    ("json/utf-16.json", SIGNED.decode().encode("utf-16"), "SN_E_FORMAT", ""),
    ("json/invalid-utf-8.json", signed(tcb_info(note="@").encode().replace(
        b"@", b"\xc3\x28").decode("latin-1")).decode().encode("latin-1"), "SN_E_FORMAT", ""),
    ("json/lone-surrogate.json", signed(tcb_info(note="@").replace("@", "\\ud800")),
     "SN_E_FORMAT", ""),
    ("json/nul-behind.json", SIGNED + b"\0", "SN_E_FORMAT", ""),
    ("json/nul-inside.json", SIGNED.replace(b'"id"', b'"i\0d"'), "SN_E_FORMAT", ""),
    ("json/behind-it.json", SIGNED + b"{}", "SN_E_FORMAT", ""),
    ("json/third-member.json", SIGNED[:-1] + b',"x":1}', "SN_E_FORMAT", "two members"),
    ("json/no-signature.json", b'{"tcbInfo":' + INFO.encode() + b"}", "SN_E_FORMAT",
     "two members"),
    ("json/two-signed-bodies.json", b'{"tcbInfo":' + INFO.encode() + b',"enclaveIdentity":'
     + identity().encode() + b"}", "SN_E_FORMAT", "signature"),
    ("json/pretty.json", json.dumps(json.loads(SIGNED), indent=1).encode(), "SN_E_SIGNATURE",
     "signed by none"),
    ("json/keys-sorted.json", wrap(json.dumps(json.loads(INFO), separators=(",", ":"),
                                              sort_keys=True), HEX), "SN_E_SIGNATURE",
     "signed by none"),
    ("json/lower-case-again.json", wrap(INFO.replace("00906EA1", "00906ea1"), HEX),
     "SN_E_SIGNATURE", "signed by none"),
    ("json/white-space-inside.json", wrap(INFO.replace('"id":', '"id": '), HEX),
     "SN_E_SIGNATURE", "signed by none"),
    ("json/version-3.0.json", signed(INFO.replace('"version":3', '"version":3.0')),
     "SN_E_FORMAT", "whole"),
    ("json/version-3e0.json", signed(INFO.replace('"version":3', '"version":3e0')),
     "SN_E_FORMAT", "whole"),
    ("json/number-negative.json", signed(tcb_info(tcbEvaluationDataNumber=-1)), "SN_E_FORMAT",
     "tcbEvaluationDataNumber"),
    ("json/number-2-32.json", signed(tcb_info(tcbEvaluationDataNumber=2**32)), "SN_E_FORMAT",
     "tcbEvaluationDataNumber"),
    ("json/number-2-64.json", signed(tcb_info(tcbEvaluationDataNumber=2**64 + 17)),
     "SN_E_FORMAT", "too large"),
    ("json/number-as-string.json", signed(tcb_info(tcbEvaluationDataNumber="17")),
     "SN_E_FORMAT", "tcbEvaluationDataNumber"),
    ("json/number-with-zero.json", signed(INFO.replace("Number\":17", "Number\":017")),
     "SN_E_FORMAT", ""),
    ("json/deep.json", signed(DEEP), "SN_E_LIMIT", "nested deeper"),
    ("json/large.json", signed(tcb_info(note="x" * (1 << 20))), "SN_E_LIMIT", "at most"),
    ("json/fmspc-odd.json", signed(tcb_info(fmspc="00906EA1000")), "SN_E_FORMAT", "fmspc"),
    ("json/fmspc-blank.json", signed(tcb_info(fmspc="00906EA1000 ")), "SN_E_FORMAT", "fmspc"),
    ("json/fmspc-long.json", signed(tcb_info(fmspc="00906EA1000000")), "SN_E_FORMAT", "fmspc"),
    ("json/pce-id-short.json", signed(tcb_info(pceId="00")), "SN_E_FORMAT", "pceId"),

    ("id/tdx-with-sgx-levels.json", signed(tcb_info(id="TDX")), "SN_E_FORMAT", "tcbInfo"),
    ("id/qe-as-tcb-info.json", signed(identity()), "SN_E_FORMAT", "tcbInfo"),
    ("id/sgx-as-identity.json", signed(INFO, "enclaveIdentity"), "SN_E_FORMAT",
     "enclaveIdentity"),
    ("id/identity-of-sgx.json", signed(identity(id="SGX"), "enclaveIdentity"), "SN_E_FORMAT",
     "\"SGX\" is not known"),
    ("id/identity-lower-case.json", signed(identity(id="qe"), "enclaveIdentity"), "SN_E_FORMAT",
     "\"qe\" is not known"),
    ("id/body-under-other-key.json", wrap(INFO, HEX, "enclaveIdentity"), "SN_E_FORMAT",
     "enclaveIdentity"),
    ("id/wrapped-for-pccs.json", json.dumps({"collaterals": {"tcbinfos": [
        {"fmspc": "00606A000000", "sgx_tcbinfo": json.loads(SIGNED)}]}}).encode(),
     "SN_E_FORMAT", "two members"),

    ("time/tcb-expired.json", signed(tcb_info(nextUpdate="2025-12-31T23:59:59Z")),
     "SN_E_EXPIRED", "good until 2025-12-31T23:59:59Z"),
    ("time/tcb-from-tomorrow.json", signed(tcb_info(issueDate="2026-01-01T00:00:01Z")),
     "SN_E_EXPIRED", "issued 2026-01-01T00:00:01Z"),
    ("time/tcb-reversed.json", signed(tcb_info(nextUpdate="2025-12-19T00:00:00Z")),
     "SN_E_FORMAT", "nextUpdate is not after"),
    ("time/tcb-without-next-update.json", signed(tcb_info(nextUpdate=None)), "SN_E_FORMAT",
     "nextUpdate"),
    ("time/tcb-local-time.json", signed(tcb_info(issueDate="2025-12-20T00:00:00+01:00")),
     "SN_E_FORMAT", "issueDate"),
    ("time/tcb-february-30.json", signed(tcb_info(nextUpdate="2026-02-30T00:00:00Z")),
     "SN_E_FORMAT", "nextUpdate"),
    ("time/identity-expired.json", signed(identity(nextUpdate="2025-12-31T23:59:59Z"),
                                          "enclaveIdentity"), "SN_E_EXPIRED", "good until"),
    ("time/signing-expired.der", signing(dates=(FROM, b"251231235959Z")), "SN_E_EXPIRED",
     "not at 2026-01-01"),
    ("time/signing-from-tomorrow.der", signing(dates=(b"260102000000Z", TO)), "SN_E_EXPIRED",
     "not at 2026-01-01"),
    ("time/pck-expired.der", pck(dates=(FROM, b"251231235959Z")), "SN_E_EXPIRED",
     "not at 2026-01-01"),

    ("url/zero-byte.hdr", headers("a%00" + quoted(THE_SIGNING)), "SN_E_FORMAT", "zero byte"),
    ("url/plus-for-blank.hdr", headers(quoted(THE_SIGNING).replace("%20", "+")), "SN_E_FORMAT",
     "not encoded"),
    ("url/not-encoded.hdr", headers(pem(THE_SIGNING).decode().replace("\n", " ")), "SN_E_FORMAT",
     "not encoded"),
    ("url/twice-encoded.hdr", headers(urllib.parse.quote(quoted(THE_SIGNING), safe="")),
     "SN_E_FORMAT", "PEM"),
    ("url/half-an-escape.hdr", headers(quoted(THE_SIGNING) + "%0"), "SN_E_FORMAT",
     "hex digits"),
]


# ---- judging

def verify(rows, tmp, title):
    """The judged rows by path, or None."""
    folder = os.path.join(tmp, title)
    for path, data in rows:
        os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
        with open(os.path.join(folder, path), "wb") as f:
            f.write(data)
    with open(os.path.join(tmp, "roots.json"), "w", encoding="ascii") as f:
        json.dump({"vendor_pki": {"intel": hashlib.sha256(spki(root_key)).hexdigest()}}, f)
    run = subprocess.run([f"{BUILD}/bin/firmware-cache", "verify", folder, "--at", AT,
                          "--rehearsal", os.path.join(tmp, "roots.json"), "--json"],
                         capture_output=True, text=True, check=False)
    try:
        return {r["path"]: r for r in json.loads(run.stdout)["items"]}
    except ValueError:
        print("# " + (run.stdout + run.stderr).replace("\n", "\n# "))
        return None


def judged(row, error, words):
    if error is None:
        return row.get("accepted") is True and words in row.get("label", "")
    return row.get("error") == error and words in row.get("reason", "")


def other_crl(tap, tmp):
    """With the other CA's CRL alone no PCK certificate can be told from a revoked one."""
    for issuer, other in ((PROCESSOR, "ok/platform-crl.der"), (PLATFORM, "ok/processor-crl.pem")):
        kept = [(p, d) for p, d, _, _ in ROWS
                if p.startswith("ok/") and ("crl" not in p or p in (other, "ok/root-crl.der"))]
        rows = verify(kept, tmp, issuer) or {}
        for path in ("ok/pck-platform.der", "ok/pck-processor.der"):
            mine = (issuer == PLATFORM) == ("platform" in path)
            row = rows.get(path, {})
            tap.ok(judged(row, "SN_E_MISSING", f"no current CRL of {issuer}") if mine
                   else judged(row, None, "PCK"), f"{path} beside {other} alone", json.dumps(row))


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as tmp:
        rows = verify([(p, d) for p, d, _, _ in ROWS], tmp, "in")
        if rows is None:
            tap.ok(False, "verify prints status.json")
            tap.close()
        for path, _, error, words in ROWS:
            row = rows.get(path, {})
            tap.ok(judged(row, error, words),
                   f"{'accepted' if error is None else 'refused'}: {path}",
                   f"wanted {error} \"{words}\"\n{json.dumps(row)}")
        other_crl(tap, tmp)
    tap.close()


main()
