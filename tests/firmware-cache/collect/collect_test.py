#!/usr/bin/python3
"""collect_test - firmware-cache collect against a TLS server that misbehaves on order.

Every scenario has a server and a folder of its own, and all run at the same time: what they
do most is wait.
"""

import concurrent.futures
import datetime
import email.utils
import gzip
import hashlib
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import HOSTS, Authority, Server, reply  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
TESTDATA = os.environ.get("TESTDATA", "../shared/data")
PROGRAM = os.path.join(BUILD, "bin", "firmware-cache")
API, FILES, KDS = HOSTS
KEY = "0123456789abcdef0123456789abcdef"
FORMAT, MISSING, REFUSED, CHAIN, LIMIT = 10, 12, 20, 35, 36
# What must not matter: a proxy that is not there, and a home with a .netrc
ENVIRONMENT = {"https_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9",
               "PATH": os.environ["PATH"]}

lock = threading.Lock()
count = failed = 0


def ok(good, name, detail=""):
    global count, failed
    with lock:
        count += 1
        if not good:
            failed += 1
            print("".join(f"# {x}\n" for x in str(detail).splitlines()), end="")
        print(f"{'ok' if good else 'not ok'} {count} - {name}", flush=True)


class Case:
    """A folder with a request list, a server, and what the program made of both."""

    def __init__(self, tmp, name, authority, requests, scripts, context="own", default=None):
        self.name, self.dir = name, os.path.join(tmp, name)
        self.authority = authority
        os.mkdir(self.dir)
        if requests is not None:
            self.list(requests)
        if context == "own":
            context = authority.context()
        self.server = Server(context, scripts, default)
        self.status, self.out, self.last = None, "", ""

    def list(self, requests):
        rows = [{"file": "x" if file is None else file, "kind": "amd-crl", "max": 2000,
                 "url": "https://" + where, **more} for file, where, more in requests]
        rows.sort(key=lambda r: (r["url"], r.get("body", "")))
        with open(os.path.join(self.dir, "requests.jsonl"), "w", encoding="ascii") as f:
            for r in rows:
                f.write(json.dumps(r, sort_keys=True, separators=(",", ":")) + "\n")

    def command(self, *more):
        return [PROGRAM, "collect", self.dir, "--ca", self.authority.pem, "--via",
                f"127.0.0.1:{self.server.port}", "--interval", "1", *more]

    def run(self, *more):
        run = subprocess.run(self.command(*more), stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, env={**ENVIRONMENT, "HOME": self.dir},
                             timeout=60, check=False)
        self.take(run.returncode, run.stdout)
        return self

    def take(self, status, out):
        self.status, self.out = status, out.decode()
        self.last = (self.out.splitlines() or [""])[-1]

    def rows(self):
        path = os.path.join(self.dir, "collect.jsonl")
        if not os.path.exists(path):
            return {}
        with open(path, encoding="ascii") as f:
            return {r["file"]: r for r in map(json.loads, f)}

    def path(self, file):
        return os.path.join(self.dir, "originals", file)

    def bytes(self, file):
        with open(self.path(file), "rb") as f:
            return f.read()

    def files(self):
        found = []
        for folder, _, names in os.walk(os.path.join(self.dir, "originals")):
            found += [os.path.join(folder, n) for n in names]
        return found

    def ok(self, good, what):
        ok(good, f"{self.name}: {what}", f"status {self.status}\n{self.out}\n{self.rows()}\n"
           + "\n".join(f"{x['method']} {x['host']}{x['path']}" for x in self.server.log))

    def kept(self, file, body):
        """The body and its headers are there as they were sent, and the record says so."""
        row = self.rows().get(file, {})
        if row.get("outcome") != "fetched" or self.bytes(file) != body:
            return False
        headers = self.bytes(file + ".hdr")
        return (row["sha256"] == hashlib.sha256(body).hexdigest()
                and row["headers_sha256"] == hashlib.sha256(headers).hexdigest()
                and row["bytes"] == len(body) and headers.startswith(b"HTTP/1.1 200 Whatever\r\n")
                and headers.endswith(b"\r\n\r\n") and b"Trailer" not in headers)


# ---- what is served in the end


def patient(tmp, authority):
    """Everything that goes wrong once and is right the second time."""
    body = os.urandom(1500)
    date = email.utils.format_datetime(
        datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2), usegmt=True)
    steps = {
        "plain": [reply(body, headers={"X-Other": "%2Dkept", "HTTP/1.1 200": "no"})],
        "chunked": [reply(body, chunked=True)],
        "slow-body": [reply(body, trickle=300)],
        "interim": [reply(raw=b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 200 Whatever\r\n"
                          b"Content-Length: 5\r\n\r\nafter")],
        "cut-body": [reply(body, cut=700), reply(body)],
        "cut-headers": [reply(raw=b"HTTP/1.1 200 OK\r\nContent-"), reply(body)],
        "cut-chunks": [reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             b"400\r\nabc"), reply(body)],
        "500": [reply(b"x", 500), reply(body)],
        "408": [reply(b"", 408), reply(body)],
    }
    wait = {"429-seconds": [reply(b"", 429, headers={"Retry-After": "2"}), reply(body)]}
    until = {"503-date": [reply(b"", 503, headers={"Retry-After": date}), reply(body)]}
    hosts = ((KDS, steps), (API, wait), (FILES, until))
    c = Case(tmp, "patient", authority,
             [("a/" + k, f"{h}/{k}", {}) for h, s in hosts for k in s],
             {f"{h}/{k}": v for h, s in hosts for k, v in s.items()})
    c.run()
    c.ok(c.status == 0, "everything is there in the end")
    for name in [k for _, s in hosts for k in s]:
        c.ok(c.kept("a/" + name, b"after" if name == "interim" else body), f"{name} is kept whole")
    c.ok(b"X-Other: %2Dkept\r\n" in c.bytes("a/plain.hdr"), "headers are kept as they came")
    for name, least in (("429-seconds", 2), ("503-date", 0.9)):
        times = [x["at"] for x in c.server.asked("/" + name)]
        c.ok(len(times) == 2 and times[1] - times[0] >= least, f"{name} is waited for")
    c.ok(all(x["headers"].get("user-agent") == "cornerstone-firmware-cache"
             and "accept-encoding" not in x["headers"] and "authorization" not in x["headers"]
             and "cookie" not in x["headers"] for x in c.server.log),
         "no more is sent than is needed")
    c.ok(c.server.connections <= 10, "connections are used again")
    asked = len(c.server.log)
    c.run()
    c.ok(c.status == 0 and len(c.server.log) == asked, "a second run asks for nothing")
    with open(c.path("a/plain"), "r+b") as f:
        f.write(b"!")
    os.unlink(c.path("a/chunked.hdr"))
    c.run()
    again = sorted(x["path"] for x in c.server.log[asked:])
    c.ok(c.status == 0 and again == ["/chunked", "/plain"] and c.kept("a/plain", body),
         "a third one only for what is not whole any more")


def stopped(tmp, authority):
    """A signal in the middle; then a cut without any warning."""
    body = b"b" * 100
    scripts = {f"{KDS}/{i:02}": [reply(body)] for i in range(20)}
    scripts[f"{KDS}/10"] = [reply(body, slow=2), reply(body)]
    c = Case(tmp, "stopped", authority, [(f"{i:02}", f"{KDS}/{i:02}", {}) for i in range(20)],
             scripts)
    with subprocess.Popen(c.command(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=ENVIRONMENT) as p:
        while not c.server.asked("/10"):
            time.sleep(0.02)
        p.send_signal(signal.SIGTERM)
        out, _ = p.communicate(timeout=20)
    c.take(p.returncode, out)
    c.ok(c.status == REFUSED and "goes on" in c.last, "a signal ends it in order")
    c.ok(len(c.rows()) == 10 and len(c.files()) == 20, "what was fetched is recorded")
    c.run()
    c.ok(c.status == 0 and len(c.server.asked("/09")) == 1 and c.kept("19", body),
         "the next run goes on from there")


def terminal(tmp, authority):
    c = Case(tmp, "terminal", authority, [("a", KDS + "/a", {}), ("b", KDS + "/b", {})],
             {KDS + "/a": [reply(b"a")]})
    master, slave = pty.openpty()
    with subprocess.Popen(c.command(), stdout=subprocess.DEVNULL, stderr=slave,
                          env=ENVIRONMENT) as p:
        os.close(slave)
        text = b""
        try:
            while part := os.read(master, 4096):
                text += part
        except OSError:
            pass
    os.close(master)
    c.take(p.returncode, text)
    c.ok(b"[############............] 1 of 2" in text and b"\r" in text, "a bar")
    c.ok(b"absent  b  status 404" in text, "and a line for what is not there")


def collateral(tmp, authority):
    """Collateral of a made PKI, with headers as the vendors send them, is verified in the end."""
    made = os.path.join(tmp, "pki")
    subprocess.run([PROGRAM, "rehearsal-pki", made], check=True, stdout=subprocess.DEVNULL)

    def item(name):
        with open(os.path.join(made, "collateral", name), "rb") as f:
            return f.read()

    def signed(name, header, chain):
        return [reply(item(name), headers={
            header: urllib.parse.quote(item(chain).decode(), safe=""), "Request-ID": "0",
            "Content-Type": "application/json"}, chunked=True)]

    plan = {"nodes": [
        {"name": "a", "hardware": "amd", "product": "Milan",
         "id": b"REHEARSAL: no chip has this identity".ljust(64, b"\0").hex()},
        {"name": "b", "hardware": "intel"}],
        "tcb": {"amd": {"Milan": {"boot_loader": 3, "tee": 0, "snp": 8, "microcode": 209}}}}
    c = Case(tmp, "collateral", authority, None, {})
    with open(os.path.join(tmp, "plan.json"), "w", encoding="ascii") as f:
        json.dump(plan, f)
    made_list = subprocess.run(
        [PROGRAM, "requests", os.path.join(tmp, "plan.json"), "--fmspc", "005245484541",
         "--channel", "standard", "--out", c.dir], stderr=subprocess.PIPE, check=False)
    c.ok(made_list.returncode == 0, "the list comes from a plan")
    intel, hwid = "sgx/certification/v4", plan["nodes"][0]["id"]
    identity, tcb = "SGX-Enclave-Identity-Issuer-Chain", "TCB-Info-Issuer-Chain"
    signing, pck = "intel/tcb_signing_chain.pem", "SGX-PCK-CRL-Issuer-Chain"
    c.server.scripts.update({
        f"{FILES}/IntelSGXRootCA.der": [reply(item("intel/root_ca_crl.der"))],
        f"{API}/{intel}/pckcrl?ca=platform&encoding=der":
            signed("intel/pck_platform_crl.der", pck, "intel/pck_platform_chain.pem"),
        f"{API}/{intel}/pckcrl?ca=processor&encoding=der":
            signed("intel/pck_processor_crl.der", pck, "intel/pck_processor_chain.pem"),
        f"{API}/{intel}/qe/identity?update=standard":
            signed("intel/qe_identity.json", identity, signing),
        f"{API}/tdx/certification/v4/qe/identity?update=standard":
            signed("intel/td_qe_identity.json", identity, signing),
        f"{API}/{intel}/tcb?fmspc=005245484541&update=standard":
            signed("intel/tcb_sgx.json", tcb, signing),
        f"{API}/tdx/certification/v4/tcb?fmspc=005245484541&update=standard":
            signed("intel/tcb_tdx.json", tcb, signing),
        f"{KDS}/vcek/v1/Milan/cert_chain": [reply(item("amd/milan_cert_chain.pem"))],
        f"{KDS}/vcek/v1/Milan/crl": [reply(item("amd/milan_crl.der"))],
        f"{KDS}/vcek/v1/Milan/{hwid}?blSPL=03&teeSPL=00&snpSPL=08&ucodeSPL=209":
            [reply(item("amd/milan_vcek.der"))],
    })
    c.run()
    c.ok(c.status == MISSING and all(
        r["outcome"] == "fetched" or r["file"].startswith(("intel/tcbeval", "intel/qve"))
        for r in c.rows().values()) and len(c.rows()) == 13,
        "everything of the list that the PKI has is fetched")
    lines = []
    for name in ("requests.jsonl", "collect.jsonl"):
        with open(os.path.join(c.dir, name), encoding="ascii") as f:
            lines += f.read().splitlines()
    c.ok(all(x == json.dumps(json.loads(x), sort_keys=True, separators=(",", ":"))
             for x in lines) and len(lines) == 26, "both lists are canonical JSON")
    verify = subprocess.run([PROGRAM, "verify", os.path.join(c.dir, "originals"), "--rehearsal",
                             os.path.join(made, "roots.json")], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False)
    c.take(verify.returncode, verify.stdout)
    c.ok(c.status == 0, "and verified, with its headers")
    cache = os.path.join(tmp, "cache")
    taken = subprocess.run([PROGRAM, "import", cache, c.dir, "--rehearsal",
                            os.path.join(made, "roots.json")], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, check=False)
    c.take(taken.returncode, taken.stdout)
    with open(os.path.join(cache, "origins.jsonl"), encoding="ascii") as f:
        urls = {r.get("url") for r in map(json.loads, f)}
    c.ok(c.status == 0 and f"https://{KDS}/vcek/v1/Milan/crl" in urls,
         "and imported, with where it came from")


def genuine(tmp, authority):
    """What the vendors themselves once sent, headers and all; verified at a time when it held."""
    phala, kds = os.path.join(TESTDATA, "intel/phala"), os.path.join(TESTDATA, "amd/kds")
    if not os.path.isdir(kds) or not os.path.isdir(phala):
        ok(True, "genuine replies # SKIP no published collateral in " + TESTDATA)
        return

    def read(path):
        with open(path, "rb") as f:
            return f.read()

    def with_chain(header, path):
        return {header: urllib.parse.quote(read(path).decode(), safe="")}

    rows = [(f"{KDS}/vcek/v1/{p}/{w}", f"{kds}/vcek_v1_{p}_{f}", {}) for p in ("Milan", "Genoa")
            for w, f in (("cert_chain", "cert_chain.pem"), ("crl", "crl.der"))]
    for tee in ("sgx", "tdx"):
        d = f"{phala}/{tee}_quote/"
        v4 = f"{API}/{tee}/certification/v4/"
        rows += [
            (v4 + "tcb?fmspc=1", d + "tcb.json",
             with_chain("TCB-Info-Issuer-Chain", d + "tcb_issuer_chain.pem")),
            (v4 + "qe/identity?update=standard", d + "qe_identity.json",
             with_chain("SGX-Enclave-Identity-Issuer-Chain", d + "qe_identity_issuer_chain.pem")),
            (f"{API}/sgx/certification/v4/pckcrl?ca={tee}", d + "pckcrl.der",
             with_chain("SGX-PCK-CRL-Issuer-Chain", d + "pckcrl_issuer_chain.pem")),
        ]
    rows.append((f"{FILES}/IntelSGXRootCA.der", f"{phala}/tdx_quote/rootcacrl.der", {}))
    c = Case(tmp, "genuine", authority, [(str(i), w, {"max": 65536})
                                         for i, (w, _, _) in enumerate(rows)],
             {w: [reply(read(f), headers=h, chunked=i % 2 == 0)]
              for i, (w, f, h) in enumerate(rows)})
    c.run()
    c.ok(c.status == 0 and all(c.kept(str(i), read(f)) for i, (_, f, _) in enumerate(rows)),
         "every reply is kept byte for byte")
    verify = subprocess.run([PROGRAM, "verify", os.path.join(c.dir, "originals"), "--at",
                             "2025-07-01T00:00:00Z"], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False)
    c.take(verify.returncode, verify.stdout)
    c.ok(c.status == 0, "and verified")


# ---- what is refused


def refused(tmp, authority):
    """One row each: what is sent, what the record says of it."""
    big, small = b"x" * 2001, b"x" * 2000
    rows = [
        ("404", reply(b"no", 404), "absent", 404, "404"),
        ("410", reply(b"gone", 410), "absent", 410, "410"),
        ("404-with-a-long-page", reply(b"x" * 300000, 404), "absent", 404, "404"),
        ("400", reply(b"", 400), "refused", 400, "400"),
        ("403", reply(b"", 403), "refused", 403, "403"),
        ("301", reply(b"", 301, headers={"Location": f"https://{KDS}/target"}), "refused", 301,
         "301"),
        ("302-to-http", reply(b"", 302, headers={"Location": f"http://{KDS}/target"}),
         "refused", 302, "302"),
        ("307-elsewhere", reply(b"", 307, headers={"Location": "https://example.org/"}),
         "refused", 307, "307"),
        ("204", reply(b"", 204), "refused", 204, "204"),
        ("206", reply(b"part", 206), "refused", 206, "206"),
        ("203", reply(b"of a proxy", 203), "refused", 203, "203"),
        ("empty", reply(b""), "refused", 200, "empty"),
        ("at-the-limit", reply(small), "fetched", 200, None),
        ("over-the-limit", reply(big), "refused", 200, "more than 2000 bytes"),
        ("over-the-limit-in-chunks", reply(big, chunked=True), "refused", 200,
         "more than 2000 bytes"),
        ("endless", reply(b"x" * 3000000, length=1 << 50), "refused", 200,
         "more than 2000 bytes"),
        ("headers-without-end", reply(b"x", headers={f"H{i}": "y" * 900 for i in range(90)}),
         "refused", 200, "headers have more than"),
        ("gzip", reply(gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}), "refused",
         200, "compressed"),
        ("brotli", reply(b"\x0b\x02", headers={"content-encoding": "br"}), "refused", 200,
         "compressed"),
    ]
    c = Case(tmp, "refused", authority, [(n, f"{KDS}/{n}", {}) for n, *_ in rows],
             {f"{KDS}/{n}": [step] for n, step, *_ in rows})
    c.run()
    for name, _, outcome, status, reason in rows:
        r = c.rows().get(name, {})
        c.ok(r.get("outcome") == outcome and r.get("status") == status and r.get("tries") == 1
             and (reason is None or reason in r.get("reason", "")), f"{name} is {outcome}")
    c.ok(sorted(os.path.basename(f) for f in c.files())
         == ["at-the-limit", "at-the-limit.hdr"], "nothing of it is on disk")
    c.ok(not c.server.asked("/target"), "nothing is followed")
    c.ok(c.status == REFUSED and "18 of 19 not fetched, first 203" in c.last,
         "the last line names the first")
    asked = len(c.server.log)
    c.run()
    c.ok(len([x for x in c.server.log[asked:] if x["path"] in ("/404", "/410")]) == 0,
         "what was absent is not asked for again")


def optional(tmp, authority):
    c = Case(tmp, "optional", authority,
             [("a", KDS + "/a", {}), ("b", KDS + "/b", {"optional": True})],
             {KDS + "/a": [reply(b"a")]})
    c.run()
    c.ok(c.status == 0 and c.rows()["b"]["outcome"] == "absent", "may be absent")
    c.server.scripts[KDS + "/b"] = [reply(b"", 403)]
    os.unlink(os.path.join(c.dir, "collect.jsonl"))
    c.run()
    c.ok(c.status == REFUSED, "but not refused")


def limits(tmp, authority):
    """Status for each limit and form, alone in its list."""
    for name, step, status in (("large", reply(b"x" * 5000), LIMIT),
                               ("gone", reply(b"", 410), MISSING),
                               ("encoded", reply(b"x", headers={"Content-Encoding": "zstd"}),
                                FORMAT)):
        c = Case(tmp, "status-" + name, authority, [("a", KDS + "/a", {})],
                 {KDS + "/a": [step]})
        c.run()
        c.ok(c.status == status, f"exit status {status}")


def busy(tmp, authority):
    """A host that asks for more time than there is; the others go on."""
    c = Case(tmp, "busy", authority,
             [("a", KDS + "/a", {}), ("b", KDS + "/b", {}), ("c", API + "/c", {})],
             {KDS + "/a": [reply(b"", 429, headers={"Retry-After": "20000"})],
              KDS + "/b": [reply(b"b")], API + "/c": [reply(b"c")]})
    c.run()
    rows = c.rows()
    c.ok(c.status == REFUSED and rows["a"]["outcome"] == rows["b"]["outcome"] == "failed"
         and "20000" in rows["a"]["reason"] and not c.server.asked("/b"), "is given up")
    c.ok(c.kept("c", b"c"), "and nobody else")
    d = Case(tmp, "never", authority, [("a", KDS + "/a", {}), ("b", KDS + "/b", {})],
             {KDS + "/a": [reply(b"", 500)], KDS + "/b": [reply(b"b")]})
    d.run("--tries", "3")
    d.ok(d.rows()["a"]["outcome"] == "failed" and d.rows()["a"]["tries"] == 3
         and len(d.server.asked("/a")) == 3, "is tried as often as was said")
    d.ok(d.kept("b", b"b") and d.server.log[1]["path"] == "/b", "behind the others of its host")


def untrusted(tmp, authority):
    """Nothing is asked of a server that cannot show who it is."""
    other = Authority(os.path.join(tmp), "other-ca")
    rows = [
        ("other-ca", other.context()),
        ("other-name", authority.context(("kdsintf.amd.com.example.org", "example.org"))),
        ("no-name", authority.context(())),
        ("expired", authority.context(first=-30, last=-1)),
        ("not-yet", authority.context(first=1, last=30)),
    ]
    for name, context in rows:
        c = Case(tmp, "untrusted-" + name, authority,
                 [("a", KDS + "/a", {}), ("b", KDS + "/b", {})], {}, context)
        c.run()
        c.ok(c.status == CHAIN and not c.server.log and c.server.connections == 1
             and {r["outcome"] for r in c.rows().values()} == {"failed"},
             "no request is made, and none again")


def silent(tmp, authority):
    c = Case(tmp, "no-tls", authority, [("a", KDS + "/a", {})], {}, None)
    c.run("--tries", "2")
    c.ok(c.status == REFUSED and c.rows()["a"]["outcome"] == "failed", "plain text is no answer")
    d = Case(tmp, "nobody", authority,
             [(x, f"{KDS}/{x}", {}) for x in "abcdefgh"], {})
    d.server.stop()
    d.run("--tries", "2")
    d.ok(d.status == REFUSED and len(d.rows()) == 8 and "8 of 8" in d.last,
         "a host that is not there is given up for all")
    e = Case(tmp, "asleep", authority, [("a", KDS + "/a", {})],
             {KDS + "/a": [reply(b"a", slow=5)]})
    e.run("--timeout", "1", "--tries", "1")
    e.ok(e.status == REFUSED and "imed out" in e.last, "an answer that does not come in time")


# ---- the key


def key(tmp, authority):
    asked = [("k", API + "/k", {"key": True}), ("l", API + "/l", {"key": True}),
             ("p", API + "/p", {"key": True, "body": '{"pceid":"0000"}'}), ("n", API + "/n", {}),
             ("r", KDS + "/r", {})]
    key_file = os.path.join(tmp, "subscription")
    with open(key_file, "w", encoding="ascii") as f:
        f.write(KEY + "\n")

    def scripts():
        return {f"{API}/{x}": [reply(x.encode())] for x in "klpn"} | {KDS + "/r": [reply(b"r")]}

    c = Case(tmp, "key", authority, asked, scripts())
    c.run("--key-file", key_file)
    told = {x["path"]: x["headers"].get("ocp-apim-subscription-key") for x in c.server.log}
    c.ok(c.status == 0 and told == {"/k": KEY, "/l": KEY, "/p": KEY, "/n": None, "/r": None},
         "only those are told it that need it")
    post = c.server.asked("/p")[0]
    c.ok(post["method"] == "POST" and post["body"] == b'{"pceid":"0000"}'
         and post["headers"]["content-type"] == "application/json"
         and all(x["method"] == "GET" for x in c.server.log if x["path"] != "/p"),
         "a manifest goes by POST, and nothing else")
    written = b""
    for folder, _, names in os.walk(c.dir):
        for n in names:
            with open(os.path.join(folder, n), "rb") as f:
                written += f.read()
    c.ok(KEY not in c.out and KEY.encode() not in written, "it is written nowhere")

    c = Case(tmp, "no-key", authority, asked, scripts())
    c.run()
    c.ok(c.status == MISSING and "--key-file" in c.last and c.kept("n", b"n")
         and not c.server.asked("/k"), "without it the others are fetched")

    c = Case(tmp, "wrong-key", authority, asked,
             scripts() | {API + "/k": [reply(b"", 401)]})
    c.run("--key-file", key_file)
    c.ok(c.status == REFUSED and c.kept("n", b"n") and not c.server.asked("/l")
         and not c.server.asked("/p"), "is sent once")
    c = Case(tmp, "key-redirect", authority, asked[:1],
             {API + "/k": [reply(b"", 302, headers={"Location": f"https://{KDS}/steal"})]})
    c.run("--key-file", key_file)
    c.ok(c.status == REFUSED and len(c.server.log) == 1, "does not follow a redirection")
    for name, text in (("empty", ""), ("two lines", KEY + "\nX: y"), ("blank", KEY + " "),
                       ("short", "abc")):
        with open(key_file + "2", "w", encoding="ascii") as f:
            f.write(text)
        c.run("--key-file", key_file + "2")
        c.ok(c.status == FORMAT and KEY not in c.out, f"a file that holds none: {name}")


# ---- before the first request, and the programs


def usage(tmp, authority):
    c = Case(tmp, "usage", authority, [("a", KDS + "/a", {})], {})
    for more, status, what in ((("--frobnicate",), 2, "an unknown option"),
                               (("--tries", "0"), FORMAT, "no tries"),
                               (("--interval",), 2, "an option without its value"),
                               (("--ca", os.path.join(tmp, "none.pem")), CHAIN,
                                "a CA file that is not there")):
        c.run(*more)
        c.ok(c.status == status, what)
    c.ok(not c.server.log, "nothing was asked")
    for name, rows in (("elsewhere", [("a", "example.org/a", {})]),
                       ("out", [("../a", KDS + "/a", {})])):
        c = Case(tmp, "list-" + name, authority, rows, {})
        c.run()
        c.ok(c.status in (FORMAT, 32) and not c.server.log, "the list is refused")
    c = Case(tmp, "no-list", authority, None, {})
    c.run()
    c.ok(c.status == MISSING and "requests.jsonl" in c.last, "there is none")
    c.list([("a", KDS + "/a", {})])
    os.symlink("/tmp", os.path.join(c.dir, "originals"))
    c.run()
    c.ok(c.status == REFUSED and not c.server.log, "originals that lead elsewhere")


def programs(tmp, authority):
    """The network is in one program; what is in the image has none."""
    helper = os.path.join(BUILD, "bin", "firmware-cache-collect")
    found = [os.path.join(BUILD, "bin", n) for n in os.listdir(os.path.join(BUILD, "bin"))]
    image = os.path.join(BUILD, "image")
    found += [os.path.join(image, n) for n in ("init", "crosscheck", "softtpm")
              if os.path.exists(os.path.join(image, n))]

    def network(path):
        text = subprocess.run(["readelf", "-d", "--dyn-syms", "-W", path],
                              stdout=subprocess.PIPE, check=True, text=True).stdout
        return "libcurl" in text or "curl_" in text

    ok(network(helper), "the helper links libcurl")
    ok(len(found) >= 6 and not any(network(p) for p in found if p != helper),
       "no other program does", found)
    table = subprocess.run(["awk", "-f", "tests/lint-layers.awk", "-v", "mode=mk",
                            "docs/ARCHITECTURE.md"], stdout=subprocess.PIPE, check=True,
                           text=True).stdout.splitlines()
    reach = {x.split(" :=")[0]: x for x in table}
    ok(all("libcurl" not in reach["PKG." + m] and "firmware-cache/collect" not in reach["ALL." + m]
           for m in ("ceremony/cmd", "ceremony/node", "firmware-cache/cmd",
                     "appliance/crosscheck", "appliance/softtpm"))
       and "libcurl" in reach["PKG.firmware-cache/collect"], "nor can it, by the table of rooms")
    with open("iso/image-packages", encoding="utf-8") as f:
        ok("curl" not in f.read(), "libcurl is no package of the image")


def main():
    scenarios = (patient, stopped, terminal, collateral, genuine, refused, optional, limits, busy,
                 untrusted, silent, key, usage, programs)
    with tempfile.TemporaryDirectory(prefix="collect-") as tmp:
        authority = Authority(tmp, "test-ca")
        with concurrent.futures.ThreadPoolExecutor(len(scenarios)) as pool:
            jobs = {pool.submit(s, tmp, authority): s.__name__ for s in scenarios}
            for job in concurrent.futures.as_completed(jobs):
                if job.exception() is not None:
                    ok(False, jobs[job],
                       "".join(traceback.format_exception(job.exception())))
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
