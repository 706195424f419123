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
TRUSTEE = "trustee/dcap/platform_collaterals.json"
PCCS_FILE = "pccs/platform_collaterals.json"


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


def write(text, *path):
    os.makedirs(os.path.dirname(os.path.join(*path)), exist_ok=True)
    with open(os.path.join(*path), "w", encoding="utf-8") as f:
        f.write(text)


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

EXPIRY = ("--qcnl-expiry", "2030-01-01T00:00:00Z")


def sample(name):
    return read(DATA, SAMPLES, name)


def pck_name(entry):
    return f"{entry['qe_id'].lower()}_{entry['pce_id']}"


def genuine(work):
    """The samples' parts and their two platforms: the same files."""
    good, out = os.path.join(work, "good"), os.path.join(work, "out")
    parts = json.loads(sample("platform_collaterals.trustee.json"))
    for rel in GOOD:
        put(rel, good)
    for entry in parts["collaterals"]["pck_certs"]:
        write(urllib.parse.unquote(entry["certs"][0]["cert"]), good, "pckcerts", pck_name(entry) + ".pem")
    platforms, one = os.path.join(DATA, SAMPLES, "platform_list.json"), os.path.join(work, "one.json")
    write(json.dumps(parts["platforms"][:1]), one)
    status, stdout, stderr = run("export", good, out, "--at", AT, *EXPIRY, "--platforms", platforms)
    tap.ok(status == 0 and "0 refused" in stdout, "export", stdout + stderr)
    tap.ok("qcnl: 889B7D6FF9DF2405B240A830E73FAF3D: there is no SGX TCB info" in stdout,
           "a host without what its file needs is named", stdout)
    status, _, stderr = run("export", good, os.path.join(work, "one"), "--at", AT, "--platforms", one)
    trustee, pccs = read(out, TRUSTEE), read(work, "one", PCCS_FILE)
    tap.ok(trustee == sample("platform_collaterals.trustee.json"), "trustee: the published sample")
    tap.ok(pccs == sample("platform_collaterals.pccs.json"), "pccs: the published sample", stderr)
    tap.ok(read(out, "pccs/platform_list.json") == sample("platform_list.json"), "pccs: the published list")
    for text in (pccs, read(out, PCCS_FILE)):
        jsonschema.validate(json.loads(text), PCCS)
    tap.ok(True, "pccs: the schema takes both")
    try:
        jsonschema.validate(json.loads(trustee), PCCS)
        tap.ok(False, "the schema takes Trustee's form, too")
    except jsonschema.ValidationError as e:
        tap.ok(list(e.absolute_path)[-1] in ("qeidentity", "tdqeidentity"), "Trustee's form is the other one")
    tap.equal(trustee_reads(trustee), "", "trustee: signatures over what it writes anew")
    tap.equal(pccs_reads(pccs), "", "pccs: signatures over what it keeps")
    qcnl(out)
    snippet = json.loads(read(out, "trustee/dcap/as-config.snippet.json"))
    tap.ok(snippet["verifier_config"]["dcap_verifier"]["tcb_update_type"] == "standard",
           "the snippet says which channel")
    shutil.rmtree(os.path.join(work, "one"))
    os.unlink(one)
    return good, out


def qcnl(out):
    cache = os.path.join(out, "qcnl", "dcap-qcnl")
    index = dict(line.split("  ", 1) for line in read(out, "qcnl/INDEX.txt").decode().splitlines())
    names = sorted(os.listdir(cache))
    tap.ok(sorted(index) == names, "qcnl: every file is in the index")
    tap.ok(all(hashlib.sha256(url.encode()).hexdigest() == name for name, url in index.items()
               if url.startswith("https://")), "qcnl: a response's name is its URL's digest")
    tap.ok(all(qcnl_parts(read(cache, n))[::4] == (1, True) for n in names), "qcnl: header and lengths")
    published = os.path.join(DATA, SAMPLES, "dcap-qcnl")
    same = [n for n in os.listdir(published) if n != "INDEX.txt"]
    tap.ok(len(same) == 5 and all(read(published, n) == read(cache, n) for n in same),
           "qcnl: the published files, byte for byte")


def bad_ones(work):
    """What verify refuses of all published files, with everything there that could vouch for it."""
    folder, found = os.path.join(work, "all"), []
    for vendor in ("intel", "amd", "ibm-se"):
        shutil.copytree(os.path.join(DATA, vendor), os.path.join(folder, vendor))
    _, stdout, _ = run("verify", folder, "--at", AT, "--json")
    for item in json.loads(stdout)["items"]:
        if not item["accepted"] and not item.get("carried"):
            found.append(item["path"])
    shutil.rmtree(folder)
    return found


def refused_leaves_no_trace(work, good, out):
    both, again_out = os.path.join(work, "both"), os.path.join(work, "out-both")
    shutil.copytree(good, both)
    bad = bad_ones(work)
    for n, rel in enumerate(bad):
        put(rel, os.path.join(both, "a-bad"), f"{n:03}.bin")
    n = len(bad)
    status, stdout, stderr = run("export", both, again_out, "--at", AT, *EXPIRY, "--platforms",
                                 os.path.join(DATA, SAMPLES, "platform_list.json"))
    tap.ok(status == 0 and n > 100, f"all {n} bad files beside the good ones stop nothing", stderr)
    tap.equal(stdout.count("\nrefused: "), n, "and are named")
    first, second = tree(out), tree(again_out)
    diff = sorted(k for k in set(first) | set(second) if first.get(k) != second.get(k))
    tap.equal(diff, [], "the same files with the same bytes and times")


LIST = {"enc_ppid": "", "platform_manifest": ""}
HOST = dict(LIST, pce_id="0000", cpu_svn="0B0B0202FF0100000000000000000000", pce_svn="0D00",
            qe_id="3987622EE6968A54977C8626EF471235")
# What a platform list and the names of certificate files may get wrong: what is left out and why.
PLATFORMS = (
    ("one platform, its file not named for it", [HOST], {"x.pem": 0}, None),
    ("another ending of the name", [HOST], {"3987622ee6968a54977c8626ef471235_0000.crt": 0}, None),
    ("two platforms of one TCB", [HOST, dict(HOST, qe_id="00")], {"x.pem": 0}, "cannot be told from others'"),
    ("no certificate at all", [HOST], {}, "there is no accepted PCK certificate"),
    ("a certificate of another platform under its name", [HOST],
     {"3987622ee6968a54977c8626ef471235_0000.pem": 0, "a/3987622ee6968a54977c8626ef471235_0000.pem": 1},
     "are of two platforms"),
    ("a TCB below its certificate's", [dict(HOST, cpu_svn="00" * 16)],
     {"3987622ee6968a54977c8626ef471235_0000.pem": 0}, "below that of every certificate"),
    ("a higher TCB than its certificate's", [dict(HOST, cpu_svn="FF" * 16)],
     {"3987622ee6968a54977c8626ef471235_0000.pem": 0}, None),
    ("no TCB in the list, named", [dict(HOST, cpu_svn="", pce_svn="")],
     {"3987622ee6968a54977c8626ef471235_0000.pem": 0}, None),
    ("no TCB in the list, not named", [dict(HOST, cpu_svn="", pce_svn="")], {"x.pem": 0},
     "there is no accepted PCK certificate"),
    ("another PCE-ID", [dict(HOST, pce_id="0100")], {"x.pem": 0}, "there is no accepted PCK certificate"),
    ("a QE id that is no hex, named by its digest", [dict(HOST, qe_id="rack7")],
     {"sha256-" + hashlib.sha256(b"rack7").hexdigest() + "_0000.pem": 0}, None),
    ("a file name in the list is not looked at", [dict(HOST, pckid_filename="../../etc/passwd")],
     {"x.pem": 0}, None),
    ("the same platform twice", [HOST, HOST], {"3987622ee6968a54977c8626ef471235_0000.pem": 0}, None),
)


def platforms(work, good):
    entries = json.loads(sample("platform_collaterals.trustee.json"))["collaterals"]["pck_certs"]
    pems = [urllib.parse.unquote(e["certs"][0]["cert"]) for e in entries]
    here, out, path = (os.path.join(work, n) for n in ("here", "here-out", "list.json"))
    for name, listed, files, words in PLATFORMS:
        shutil.copytree(good, here, ignore=shutil.ignore_patterns("pckcerts"))
        for file, pem in files.items():
            write(pems[pem], here, file)
        write(json.dumps(listed), path)
        status, stdout, stderr = run("export", here, out, "--at", AT, "--platforms", path,
                                     "--layout", "pccs,qcnl")
        found = len(json.loads(read(out, PCCS_FILE))["collaterals"]["pck_certs"])
        cached = [n for n in os.listdir(os.path.join(out, "qcnl", "dcap-qcnl")) if len(n) != 64]
        good_one = status == 0 and found == (len(listed) if words is None else 0) and \
            (len(cached) == 1 and "left out" not in stdout if words is None else not cached and words in stdout)
        tap.ok(good_one, f"platforms: {name}", stdout + stderr)
        shutil.rmtree(here)
        shutil.rmtree(out)
    os.unlink(path)


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


def sizes(work, good):
    """A list so long that the file is more than PCCS takes by default, then more than we write."""
    path, out = os.path.join(work, "list.json"), os.path.join(work, "large")
    for n, has, words in ((12, True, "over 2 MB"), (24, False, "larger than 4 MiB")):
        write(json.dumps([dict(HOST, platform_manifest="ab" * 53000)] * n), path)
        status, stdout, stderr = run("export", good, out, "--at", AT, "--platforms", path)
        tap.ok(status == 0 and words in stdout and os.path.exists(os.path.join(out, PCCS_FILE)) == has,
               f"pccs: {words}", stdout[-400:] + stderr)
        tap.equal(trustee_reads(read(out, TRUSTEE)), "", "trustee: read all the same")
        shutil.rmtree(out)
    os.unlink(path)


def times(work, good):
    """Without --qcnl-expiry a file lapses with what is in it; other content has another time."""
    less, out = os.path.join(work, "less"), os.path.join(work, "out-less")
    shutil.copytree(good, less)
    os.unlink(os.path.join(less, "intel-phala-tdx_quote-tcb.json"))
    stamps = []
    for source in (good, less):
        status, _, stderr = run("export", source, out, "--at", AT, "--layout", "trustee-dcap,qcnl")
        tap.ok(status == 0, "exported", stderr)
        stamps.append(os.stat(os.path.join(out, TRUSTEE)).st_mtime_ns)
        lapse = {url: qcnl_parts(read(out, "qcnl", "dcap-qcnl", name))[2] for name, url in (
            line.split("  ", 1) for line in read(out, "qcnl/INDEX.txt").decode().splitlines())}
        shutil.rmtree(out)
    tap.ok(stamps[0] != stamps[1] and stamps[0] // 10**9 == stamps[1] // 10**9,
           "a TCB info less: the same newest issue date, and another time all the same")
    crl = x509.load_der_x509_crl(read(DATA, "intel/phala/tdx_quote/rootcacrl.der"))
    tap.equal(lapse["https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"],
              int(crl.next_update_utc.timestamp()), "qcnl: the root CA CRL's file lapses with it")
    shutil.rmtree(less)


def from_a_cache(work, good, out):
    cache, other = os.path.join(work, "cache"), os.path.join(work, "out-cache")
    status, _, stderr = run("import", cache, good, "--at", AT)
    tap.ok(status == 0, "a cache is filled", stderr)
    status, _, stderr = run("export", cache, other, "--at", AT, *EXPIRY, "--platforms",
                            os.path.join(DATA, SAMPLES, "platform_list.json"))
    first, second = tree(out), tree(other)
    diff = sorted(k for k in set(first) | set(second) if first.get(k) != second.get(k))
    tap.ok(status == 0 and not diff, "the same files from a cache as from a folder", f"{stderr} {diff}")


def main():
    if not os.path.isdir(os.path.join(DATA, SAMPLES)):
        print("ok 1 - export # SKIP the published collateral (TESTDATA) is not there\n1..1")
        return
    work = tempfile.mkdtemp()
    try:
        good, out = genuine(work)
        refused_leaves_no_trace(work, good, out)
        platforms(work, good)
        sizes(work, good)
        times(work, good)
        refusals(work, good, out)
        from_a_cache(work, good, out)
    finally:
        shutil.rmtree(work)
    tap.close()


main()
