#!/usr/bin/env python3
"""firmware-cache export, judged from outside: the published samples byte for byte, PCCS's form by
jsonschema, Trustee's and QCNL's reading done again in Python with its own cryptography."""
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "vm"))

import jsonschema                                                          # noqa: E402
from cryptography import x509                                              # noqa: E402
from cryptography.hazmat.primitives import hashes                          # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, utils            # noqa: E402
from tap import Tap                                                        # noqa: E402

tap = Tap()
DATA = os.environ.get("TESTDATA", "../shared/data")
PROGRAM = os.path.join(os.environ.get("BUILD", "build"), "bin", "firmware-cache")
AT = "2025-07-01T00:00:00Z"
GOOD = [f"intel/phala/{d}/{n}" for d in ("sgx_quote", "tdx_quote") for n in (
    "tcb.json", "qe_identity.json", "pckcrl.der", "pckcrl_issuer_chain.pem", "rootcacrl.der",
    "tcb_issuer_chain.pem")] + ["amd/ca/milan/ark.der", "amd/ca/milan/ask.der"]
SAMPLES = "intel/assembled"


def run(*args):
    done = subprocess.run([PROGRAM, *args], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def tree(top):
    found = {}
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, top)] = (read(path), os.stat(path).st_mtime_ns)
    return found


def put(rel, folder, name=None):
    os.makedirs(folder, exist_ok=True)
    shutil.copyfile(os.path.join(DATA, rel), os.path.join(folder, name or rel.replace("/", "-")))


# ---- the form that PCCS asks for, as facts about types

def obj(required, **members):
    return {"type": "object", "properties": members, "required": required}


TEXT, INTEGER = {"type": "string"}, {"type": "integer"}
BYTE = {"type": "integer", "minimum": 0, "maximum": 255}


def hexes(n, empty=False):
    return {"type": "string", "pattern": f"^[a-fA-F0-9]{{{n}}}$" + ("|^$" if empty else "")}


def tcb_info(tee):
    component = {"type": "array", "items": obj(["svn"], svn=INTEGER, category=TEXT, type=TEXT)}
    level = obj([], tcb=obj(["sgxtcbcomponents"], sgxtcbcomponents=component, pcesvn=INTEGER,
                            tdxtcbcomponents=component), tcbDate=TEXT, tcbStatus=TEXT,
                advisoryIDs={"type": "array", "items": TEXT})
    return obj(["tcbInfo", "signature"], signature=TEXT, tcbInfo=obj(
        [], id={"const": tee}, version=INTEGER, issueDate=TEXT, nextUpdate=TEXT, fmspc=hexes(12),
        pceId=hexes(4), tcbType=INTEGER, tcbEvaluationDataNumber=INTEGER,
        tcbLevels={"type": "array", "items": level}))


QE_ID = {"type": "string", "minLength": 1, "maxLength": 260}
PLATFORM = obj(["qe_id", "pce_id"], qe_id=QE_ID, pce_id=hexes(4), cpu_svn=hexes(32, True),
               pce_svn=hexes(4, True), enc_ppid=hexes(768, True), platform_manifest=TEXT)
PCCS = obj(["platforms", "collaterals"], platforms={"type": "array", "items": PLATFORM}, collaterals=obj(
    ["pck_certs", "tcbinfos", "certificates"],
    pck_certs={"type": "array", "items": obj(
        ["qe_id", "pce_id", "enc_ppid", "certs"], qe_id=QE_ID, pce_id=hexes(4), enc_ppid=hexes(768, True),
        platform_manifest=TEXT, certs={"type": "array", "items": obj(
            ["tcb", "tcbm", "cert"], tcbm=hexes(36), cert=TEXT, tcb=obj(
                [], pcesvn={"type": "integer", "minimum": 0, "maximum": 65535},
                **{f"sgxtcbcomp{i:02}svn": BYTE for i in range(1, 17)}))})},
    tcbinfos={"type": "array", "items": obj(["fmspc"], fmspc=TEXT, sgx_tcbinfo=tcb_info("SGX"),
                                            tdx_tcbinfo=tcb_info("TDX"))},
    pckcacrl=obj([], processorCrl=TEXT, platformCrl=TEXT),
    qeidentity=TEXT, tdqeidentity=TEXT, qveidentity=TEXT, rootcacrl=TEXT,
    certificates=obj(["SGX-PCK-Certificate-Issuer-Chain"], **{
        "SGX-PCK-Certificate-Issuer-Chain": obj([], PROCESSOR=TEXT, PLATFORM=TEXT),
        "SGX-TCB-Info-Issuer-Chain": TEXT, "SGX-Enclave-Identity-Issuer-Chain": TEXT})))


# ---- Trustee's reading

def signed(body, signature, chain):
    """Does the chain's first certificate's key verify these bytes?"""
    leaf = x509.load_pem_x509_certificates(urllib.parse.unquote(chain).encode())[0]
    raw = bytes.fromhex(signature)
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    try:
        leaf.public_key().verify(der, body, ec.ECDSA(hashes.SHA256()))
        return True
    except Exception:
        return False


HEX = {"fmspc", "pceId", "mrsigner", "attributes", "attributesMask", "miscselect", "miscselectMask"}


def again(value, key=""):
    """Typed structs, written anew: hex in upper case; all else as it was."""
    if isinstance(value, dict):
        return {k: again(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [again(v, key) for v in value]
    return value.upper() if key in HEX else value


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def trustee_reads(text):
    """Every body of the file, by the signature over what Trustee would write."""
    col = json.loads(text)["collaterals"]
    certs = col["certificates"]
    for entry in col["tcbinfos"]:
        for key in entry:
            if key != "fmspc" and not signed(compact(again(entry[key]["tcbInfo"])), entry[key]["signature"],
                                             certs["TCB-Info-Issuer-Chain"]):
                return f"{entry['fmspc']} {key}"
    for key in ("qeidentity", "tdqeidentity"):
        one = col[key]
        if not signed(compact(again(one["enclaveIdentity"])), one["signature"],
                      certs["SGX-Enclave-Identity-Issuer-Chain"]):
            return key
    if set(certs["SGX-PCK-Certificate-Issuer-Chain"]) != {"PROCESSOR", "PLATFORM"}:
        return "chains"
    root = x509.load_pem_x509_certificates(
        urllib.parse.unquote(certs["SGX-Enclave-Identity-Issuer-Chain"]).encode())[-1]
    cdp = root.extensions.get_extension_for_class(x509.CRLDistributionPoints).value[0].full_name[0].value
    for crl in (col["rootcacrl"], col["pckcacrl"]["processorCrl"], col["pckcacrl"]["platformCrl"]):
        x509.load_der_x509_crl(bytes.fromhex(crl))
    return "" if col["rootcacrl_cdp"] == cdp else "rootcacrl_cdp"


def pccs_reads(text):
    col = json.loads(text)["collaterals"]
    for entry in col["tcbinfos"]:
        for key in entry:
            if key != "fmspc" and not signed(compact(entry[key]["tcbInfo"]), entry[key]["signature"],
                                             col["certificates"]["TCB-Info-Issuer-Chain"]):
                return f"{entry['fmspc']} {key}"
    for key in ("qeidentity", "tdqeidentity"):
        one = json.loads(col[key])
        body = col[key][len('{"enclaveIdentity":'):col[key].rindex(',"signature"')].encode()
        if not signed(body, one["signature"], col["certificates"]["SGX-Enclave-Identity-Issuer-Chain"]):
            return key
    return ""


def qcnl_parts(raw):
    version, kind, expiry = struct.unpack_from("<HIq", raw)
    at, parts = 14, []
    while at < len(raw):
        n, = struct.unpack_from("<I", raw, at)
        parts.append(raw[at + 4:at + 4 + n])
        at += 4 + n
    return version, kind, expiry, parts, at == len(raw)


# ---- the tests

def genuine(work):
    good, out = os.path.join(work, "good"), os.path.join(work, "out")
    for rel in GOOD:
        put(rel, good)
    status, stdout, stderr = run("export", good, out, "--at", AT, "--qcnl-expiry", "2030-01-01T00:00:00Z")
    tap.ok(status == 0 and "0 refused" in stdout, f"export: {stderr}")
    trustee = read(out, "trustee/dcap/platform_collaterals.json")
    pccs = read(out, "pccs/platform_collaterals.json")
    for ours, name in ((trustee, "trustee"), (pccs, "pccs")):
        want = read(DATA, SAMPLES, f"platform_collaterals.{name}.json")
        mark = b', "tcbinfos": ['
        tap.ok(ours[ours.index(mark):] == want[want.index(mark):], f"{name}: equal to the published sample")
    jsonschema.validate(json.loads(pccs), PCCS)
    tap.ok(True, "pccs: the schema takes it")
    try:
        jsonschema.validate(json.loads(trustee), PCCS)
        tap.ok(False, "the schema takes Trustee's form, too")
    except jsonschema.ValidationError as e:
        tap.ok(list(e.absolute_path)[-1] in ("qeidentity", "tdqeidentity"), "Trustee's form is the other one")
    wrong = trustee_reads(trustee)
    tap.ok(not wrong, f"trustee: signatures over what it writes anew {wrong}")
    wrong = pccs_reads(pccs)
    tap.ok(not wrong, f"pccs: signatures over what it keeps {wrong}")
    qcnl(out)
    snippet = json.loads(read(out, "trustee/dcap/as-config.snippet.json"))
    tap.ok(snippet["verifier_config"]["dcap_verifier"]["tcb_update_type"] == "standard",
           "the snippet says which channel")
    return good, out


def qcnl(out):
    cache = os.path.join(out, "qcnl", "dcap-qcnl")
    index = dict(line.split("  ", 1) for line in read(out, "qcnl/INDEX.txt").decode().splitlines())
    names = sorted(os.listdir(cache))
    tap.ok(sorted(index) == names, "qcnl: every file is in the index")
    tap.ok(all(hashlib.sha256(url.encode()).hexdigest() == name for name, url in index.items()
               if url.startswith("https://")), "qcnl: a response's name is its URL's digest")
    tap.ok(all(qcnl_parts(read(cache, n))[::4] == (1, True) for n in names), "qcnl: header and lengths")
    sample = os.path.join(DATA, SAMPLES, "dcap-qcnl")
    same = [n for n in os.listdir(sample) if len(n) == 64]
    tap.ok(len(same) == 4 and all(read(sample, n) == read(cache, n) for n in same),
           "qcnl: the published responses, byte for byte")


def is_bad(rel):
    """Evidence, test roots, and what its name calls bad: none of it may leave a trace."""
    return not rel.startswith(("intel/phala/", "intel/root/", "intel/assembled/")) and \
        ("testroot" in rel or "bad" in rel or "Negative" in rel or "invalid" in rel or
         rel.startswith(("intel/openenclave/data_", "intel/pck-selection", "ibm-se/", "intel/qcnl/")) or
         "quote" in os.path.basename(rel))


def refused_leaves_no_trace(work, good, out):
    both, again_out = os.path.join(work, "both"), os.path.join(work, "out-both")
    shutil.copytree(good, both)
    n = 0
    for folder, _, names in sorted(os.walk(DATA)):
        for name in sorted(names):
            rel = os.path.relpath(os.path.join(folder, name), DATA)
            if rel.startswith(("intel/", "amd/", "ibm-se/")) and is_bad(rel) and \
                    os.path.getsize(os.path.join(DATA, rel)) > 0:
                put(rel, os.path.join(both, "a-bad"), f"{n:03}.bin")
                n += 1
    status, stdout, stderr = run("export", both, again_out, "--at", AT, "--qcnl-expiry", "2030-01-01T00:00:00Z")
    tap.ok(status == 0 and n > 40, f"{n} bad files beside the good ones stop nothing: {stderr}")
    tap.ok(stdout.count("\nrefused: ") >= n // 2, "and are named")
    first, second = tree(out), tree(again_out)
    diff = sorted(k for k in set(first) | set(second) if first.get(k) != second.get(k))
    tap.ok(not diff, f"the same files with the same bytes and times {diff}")


def refusals(work, good, out):
    status, _, stderr = run("export", good, out, "--at", AT)
    tap.ok(status == 20 and "is there already" in stderr, "nothing is overwritten")
    missing = os.path.join(work, "none")
    status, _, stderr = run("export", good, missing, "--at", AT, "--layout", "pccs,what")
    tap.ok(status == 2 and '"what" is no layout' in stderr, "an unknown layout")
    status, _, stderr = run("export", good, missing, "--at", "2035-01-01T00:00:00Z")
    tap.ok(status == 12 and "nothing can be derived" in stderr, "nothing accepted, nothing written")
    for text, words in (('{"a":1}', "not a list"), ('[{"qe_id":"00"}]', "pce_id"),
                        ('[{"qe_id":"../x","pce_id":"0000"}]', "qe_id"),
                        ('[{"qe_id":"00","pce_id":"00"}]', "pce_id"),
                        ('[{"qe_id":"00","pce_id":"0000","cpu_svn":"0"}]', "cpu_svn"),
                        ('[{"qe_id":"00","pce_id":"0000","more":1}]', "more"),
                        ('[{"qe_id":"00","qe_id":"01","pce_id":"0000"}]', "twice")):
        with open(os.path.join(work, "list.json"), "w", encoding="utf-8") as f:
            f.write(text)
        status, _, stderr = run("export", good, missing, "--at", AT, "--platforms",
                                os.path.join(work, "list.json"))
        tap.ok(status == 10 and words in stderr, f"a platform list with {text[:40]}")
    tap.ok(sorted(os.listdir(work)) == ["both", "good", "list.json", "out", "out-both"],
           "no refusal leaves a folder behind")
    status, stdout, _ = run("export", good, missing, "--at", AT, "--layout", "pccs")
    tap.ok(status == 0 and sorted(os.listdir(missing)) == ["pccs"], "one layout alone")


def main():
    if not os.path.isdir(os.path.join(DATA, SAMPLES)):
        print("ok 1 - export # SKIP the published collateral (TESTDATA) is not there\n1..1")
        return
    work = tempfile.mkdtemp()
    try:
        good, out = genuine(work)
        refused_leaves_no_trace(work, good, out)
        refusals(work, good, out)
    finally:
        shutil.rmtree(work)
    tap.close()


main()
