#!/usr/bin/env python3
"""sanctum enrol: challenges that stock tpm2-tools on swtpm open, and every trick on the way.

timeout: 240
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "vm"))

from tap import Tap                                         # noqa: E402

tap = Tap()
SANCTUM = os.path.abspath(os.path.join(os.environ.get("BUILD", "build"), "bin/sanctum"))
AK = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign"
KINDS = (("rsa", "RSA-2048"), ("ecc256", "P-256"), ("ecc384", "P-384"))


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def must(*command):
    done = run(*command)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, body):
    with open(path, "wb") as f:
        f.write(body if isinstance(body, bytes) else body.encode())


class Tpm:
    """An swtpm of its own, spoken to by stock tools."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder)
        self.child = subprocess.Popen(
            ("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}",
             "--server", f"type=unixio,path={folder}/s", "--ctrl", f"type=unixio,path={folder}/s.ctrl",
             "--flags", "not-need-init,startup-clear"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            if os.path.exists(f"{folder}/s"):
                break
            time.sleep(0.05)

    def tool(self, name, *args):
        done = run(name, "-T", f"swtpm:path={self.folder}/s", *args)
        run("tpm2_flushcontext", "-T", f"swtpm:path={self.folder}/s", "-t")
        return done

    def must(self, name, *args):
        done = self.tool(name, *args)
        if done.returncode:
            sys.exit(f"{name}: {done.stderr}")

    def request(self, kind, attributes=AK):
        """The folder that "check this laptop" writes, made by stock tools."""
        d = tempfile.mkdtemp(dir=self.folder)
        self.must("tpm2_createek", "-G", kind, "-c", f"{d}/ek.ctx", "-u", f"{d}/ek.pub", "-f", "tss")
        restricted = "restricted" in attributes
        self.must("tpm2_createprimary", "-C", "e", "-g", "sha256", "-c", f"{d}/ak.ctx",
                  "-G", "ecc256:ecdsa-sha256:null" if restricted else "ecc256:ecdsa-sha256",
                  "-a", attributes)
        self.must("tpm2_readpublic", "-c", f"{d}/ak.ctx", "-f", "tss", "-o", f"{d}/ak.pub",
                  "-n", f"{d}/name")
        write(f"{d}/ak.name", read(f"{d}/name").hex() + "\n")
        return d

    def answer(self, request, kind, blob):
        """tpm2_activatecredential; the folder with the answer, or None."""
        d = tempfile.mkdtemp(dir=self.folder)
        args = ["-c", f"{request}/ak.ctx", "-C", f"{request}/ek.ctx", "-i", blob,
                "-o", f"{d}/secret.bin"]
        if kind != "ecc384":
            self.must("tpm2_startauthsession", "--policy-session", "-S", f"{d}/session")
            self.must("tpm2_policysecret", "-S", f"{d}/session", "-c", "e")
            args += ["-P", f"session:{d}/session"]
        done = self.tool("tpm2_activatecredential", *args)
        if kind != "ecc384":
            self.tool("tpm2_flushcontext", f"{d}/session")
        return d if done.returncode == 0 else None

    def stop(self):
        self.child.terminate()
        self.child.wait()


def challenge(request, out, state):
    os.makedirs(out, exist_ok=True)
    return run(SANCTUM, "enrol", "challenge", request, out, "--state", state)


def finish(answer, state):
    return run(SANCTUM, "enrol", "finish", answer, "--state", state)


def blob_of(out):
    return f"{out}/tpm-challenge/credential.blob"


def check_round(tpm, work, kind, name):
    """Request, our challenge, the stock tool's answer, our judgement: the two lines."""
    request = tpm.request(kind)
    out, state = f"{work}/{kind}", f"{work}/{kind}.json"
    done = challenge(request, out, state)
    tap.ok(done.returncode == 0 and name in done.stdout, f"{kind}: a challenge", done.stderr)
    tap.equal(os.listdir(f"{out}/tpm-challenge"), ["credential.blob"], f"{kind}: one file in it")
    answer = tpm.answer(request, kind, blob_of(out))
    tap.ok(answer is not None, f"{kind}: tpm2_activatecredential opens it")
    secret = read(f"{answer}/secret.bin")
    kept = read(state)
    tap.ok(secret.hex().encode() not in kept and secret not in kept and
           hashlib.sha256(secret).hexdigest().encode() in kept,
           f"{kind}: the state holds the secret's digest, not the secret")
    done = finish(answer, state)
    tap.equal(done.returncode, 0, f"{kind}: the answer is right")
    for key, file in (("tpm_ek", "ek.pub"), ("tpm_ak", "ak.pub")):
        digest = hashlib.sha256(read(f"{request}/{file}")[2:]).hexdigest()
        tap.ok(f'"{key}": "{digest}"' in done.stdout, f"{kind}: the plan's {key}", done.stdout)
    stock = run("tpm2_makecredential", "-T", "none", "-u", f"{request}/ek.pub", "-s", state,
                "-n", read(f"{request}/ak.name").decode().strip(), "-o", f"{work}/{kind}.stock")
    tap.ok(stock.returncode != 0, f"{kind}: (the stock tool takes no file of that length)")
    write(f"{work}/short", os.urandom(32))
    must("tpm2_makecredential", "-T", "none", "-u", f"{request}/ek.pub", "-s", f"{work}/short",
         "-n", read(f"{request}/ak.name").decode().strip(), "-o", f"{work}/{kind}.stock")
    ours, theirs = read(blob_of(out)), read(f"{work}/{kind}.stock")
    tap.ok(len(ours) == len(theirs) and ours[:12] == theirs[:12],
           f"{kind}: the form is tpm2_makecredential's")
    return request, answer, state


# ---- requests that get no challenge: name, what is done to them, exit status, reason

def flip(path, at):
    body = bytearray(read(path))
    body[at] ^= 1
    write(path, bytes(body))


def other_ak(d, other):
    shutil.copy(f"{other}/ak.pub", f"{d}/ak.pub")


def cert(d, key):
    """A certificate for that public key, by a CA that nobody knows."""
    ca = f"{d}/ca"
    must("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{ca}.key",
         "-subj", "/CN=a TPM CA", "-days", "3650", "-out", f"{ca}.pem")
    must("openssl", "req", "-new", "-key", f"{ca}.key", "-subj", "/CN=TPM", "-out", f"{ca}.req")
    must("openssl", "x509", "-req", "-in", f"{ca}.req", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key",
         "-force_pubkey", key, "-days", "3650", "-outform", "DER", "-out", f"{d}/ekcert.der")


def own_cert(d, _other):
    write(f"{d}/ek.pem", must("tpm2_print", "-t", "TPM2B_PUBLIC", "-f", "pem", f"{d}/ek.pub"))
    cert(d, f"{d}/ek.pem")


def other_cert(d, other):
    write(f"{d}/ek.pem", must("tpm2_print", "-t", "TPM2B_PUBLIC", "-f", "pem", f"{other}/ek.pub"))
    cert(d, f"{d}/ek.pem")


REQUESTS = (
    ("own-certificate", own_cert, 0, ""),
    ("certificate-of-another-ek", other_cert, 11, "is for another key than ek.pub"),
    ("certificate-malformed", lambda d, o: write(f"{d}/ekcert.der", b"0\x82"), 10, ""),
    ("ak-of-another-tpm", other_ak, 11, "ak.name: is not the name of ak.pub"),
    ("name-flipped", lambda d, o: flip(f"{d}/ak.name", 20), 11, "ak.name"),
    ("name-without-newline", lambda d, o: write(f"{d}/ak.name", read(f"{d}/ak.name")[:-1]), 11, ""),
    ("ek-not-in-a-tpm", lambda d, o: flip(f"{d}/ek.pub", 9), 11, "ek.pub"),
    ("ek-trailing", lambda d, o: write(f"{d}/ek.pub", read(f"{d}/ek.pub") + b"\0"), 10, "ek.pub"),
    ("ek-short", lambda d, o: write(f"{d}/ek.pub", read(f"{d}/ek.pub")[:-1]), 10, "ek.pub"),
    ("ek-empty", lambda d, o: write(f"{d}/ek.pub", b""), 10, "ek.pub"),
    ("ek-is-the-ak", lambda d, o: shutil.copy(f"{d}/ak.pub", f"{d}/ek.pub"), 11, "ek.pub"),
    ("ak-is-the-ek", lambda d, o: shutil.copy(f"{d}/ek.pub", f"{d}/ak.pub"), 11, "ak.pub"),
    ("no-ak", lambda d, o: os.remove(f"{d}/ak.pub"), 12, "ak.pub"),
    ("no-ek", lambda d, o: os.remove(f"{d}/ek.pub"), 12, "ek.pub"),
    ("no-name", lambda d, o: os.remove(f"{d}/ak.name"), 12, "ak.name"),
)


def check_requests(work, good, other):
    for name, spoil, status, reason in REQUESTS:
        d, out = f"{work}/r-{name}", f"{work}/o-{name}"
        shutil.copytree(good, d)
        spoil(d, other)
        done = challenge(d, out, f"{work}/{name}.json")
        tap.ok(done.returncode == status and reason in done.stderr, f"request: {name}",
               f"{done.returncode} {done.stderr}")
        if status:
            tap.ok(not os.listdir(out) and not os.path.exists(f"{work}/{name}.json"),
                   f"request: {name}: nothing is written")


# ---- answers that are none

def edited(state, work, **change):
    path = f"{work}/edited.json"
    body = json.loads(read(state))
    for key, value in change.items():
        if value is None:
            body.pop(key, None)
        else:
            body[key] = value
    write(path, json.dumps(body))
    return path


def check_answers(work, rsa, ecc):
    _, answer, state = rsa
    _, ecc_answer, ecc_state = ecc
    secret = read(f"{answer}/secret.bin")
    rows = (
        ("of-another-request", read(f"{ecc_answer}/secret.bin"), state, 11, "not the answer"),
        ("state-of-another-request", secret, ecc_state, 11, "not the answer"),
        ("flipped", bytes([secret[0] ^ 1]) + secret[1:], state, 11, "not the answer"),
        ("short", secret[:-1], state, 11, "not the answer"),
        ("long", secret + b"\n", state, 11, "not the answer"),
        ("far-too-long", secret * 100, state, 36, "secret.bin"),
        ("empty", b"", state, 11, "not the answer"),
        ("absent", None, state, 12, "secret.bin"),
        ("state-absent", secret, f"{work}/nothing.json", 12, "nothing.json"),
        ("state-of-another-type", secret, edited(state, work, type="x"), 10, "no state"),
        ("state-unknown-key", secret, edited(state, work, more="x"), 10, "more"),
        ("state-without-digest", secret, edited(state, work, secret_sha256=None), 10, "secret"),
        ("state-other-ek", secret, edited(state, work, ek_pub="AAAA"), 10, "ek.pub"),
    )
    for name, body, kept, status, reason in rows:
        if "edited" in kept:	# written over by the next row of the table
            kept = edited(state, work, **{
                "state-of-another-type": {"type": "x"}, "state-unknown-key": {"more": "x"},
                "state-without-digest": {"secret_sha256": None},
                "state-other-ek": {"ek_pub": "AAAA"}}[name])
        d = tempfile.mkdtemp(dir=work)
        if body is not None:
            write(f"{d}/secret.bin", body)
        done = finish(d, kept)
        tap.ok(done.returncode == status and reason in done.stderr and "tpm_ek" not in done.stdout,
               f"answer: {name}", f"{done.returncode} {done.stderr}")


# ---- the endorsement certificate's chain

CA_EXT = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
# the TPM's manufacturer id:00001014, model CS-TEST-TPM, version id:202401
TPM_NAME = ("304aa448304631163014060567810502010c0b69643a303030303130313431163014060567810502"
            "020c0b43532d544553542d54504d31143012060567810502030c0969643a323032343031")
EK_EXT = ("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyEncipherment\n"
          f"extendedKeyUsage=2.23.133.8.1\n2.5.29.17=critical,DER:{TPM_NAME}\n")


def issue(d, name, ext, issuer=None, key=None):
    """A certificate DIR/NAME.pem, for a new key or that one; SHA-256 with P-256."""
    must("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{d}/{name}.key")
    must("openssl", "req", "-new", "-key", f"{d}/{name}.key", "-subj", f"/CN={name}",
         "-out", f"{d}/{name}.req")
    write(f"{d}/{name}.ext", ext)
    by = ("-CA", f"{d}/{issuer}.pem", "-CAkey", f"{d}/{issuer}.key") if issuer else \
        ("-signkey", f"{d}/{name}.key")
    must("openssl", "x509", "-req", "-in", f"{d}/{name}.req", *by, "-days", "3650", "-sha256",
         "-extfile", f"{d}/{name}.ext", "-out", f"{d}/{name}.pem",
         *(("-force_pubkey", key) if key else ()))


def spki(d, name):
    write(f"{d}/spki.pem", must("openssl", "x509", "-in", f"{d}/{name}.pem", "-pubkey", "-noout"))
    must("openssl", "pkey", "-pubin", "-in", f"{d}/spki.pem", "-outform", "DER",
         "-out", f"{d}/spki.der")
    return hashlib.sha256(read(f"{d}/spki.der")).hexdigest()


def der(d, name):
    must("openssl", "x509", "-in", f"{d}/{name}.pem", "-outform", "DER", "-out", f"{d}/{name}.der")
    return read(f"{d}/{name}.der")


def folder(work, **files):
    d = tempfile.mkdtemp(dir=work)
    for name, body in files.items():
        write(f"{d}/{name}", body)
    return d


def enrolled(tpm, work, request, files):
    """A request with these files more, challenged and answered: answer and state."""
    d = f"{tempfile.mkdtemp(dir=work)}/request"
    shutil.copytree(request, d)
    for name, body in files.items():
        write(f"{d}/{name}", body)
    if challenge(d, f"{d}-out", f"{d}.json").returncode:
        sys.exit("chain: no challenge")
    return tpm.answer(request, "ecc256", blob_of(f"{d}-out")), f"{d}.json"


def check_chain(tpm, work):
    d = tempfile.mkdtemp(dir=work)
    request = tpm.request("ecc256")
    write(f"{d}/ek.pem", must("tpm2_print", "-t", "TPM2B_PUBLIC", "-f", "pem", f"{request}/ek.pub"))
    issue(d, "root", CA_EXT)
    issue(d, "ca", CA_EXT, "root")
    issue(d, "ek", EK_EXT, "ca", f"{d}/ek.pem")
    issue(d, "other", CA_EXT)
    root, ca, other = (read(f"{d}/{n}.pem") for n in ("root", "ca", "other"))
    good, wrong = spki(d, "root"), spki(d, "other")
    with_cert = enrolled(tpm, work, request, {"ekcert.der": der(d, "ek")})
    with_chain = enrolled(tpm, work, request,
                          {"ekcert.der": der(d, "ek"), "ek-chain.der": der(d, "ca")})
    without = enrolled(tpm, work, request, {})
    both, alone = folder(work, root=root, ca=ca), folder(work, root=root)
    rows = (
        ("to-a-generated-root", with_cert, both, good, 0, "a generated root: for rehearsals only"),
        ("with-what-nv-has", with_chain, alone, good, 0, "(id:00001014, CS-TEST-TPM, firmware id:202401)"),
        ("issuer-missing", with_cert, alone, good, 35, "CN=ca"),
        ("no-certificate", without, both, good, 35, "has no certificate"),
        ("root-nobody-knows", with_cert, both, None, 35, "no root of a TPM vendor"),
        ("another-root", with_cert, folder(work, root=root, ca=ca, other=other), wrong, 35, ""),
        ("root-missing", with_cert, folder(work, ca=ca), good, 35, "CN=root"),
        ("no-certificates", with_cert, folder(work), good, 35, "CN=ca"),
        ("a-file-that-is-none", with_cert, folder(work, root=root, x=b"?"), good, 10, "x"),
        ("no-folder", with_cert, f"{work}/nowhere", good, 12, "nowhere"),
        ("root-no-digest", with_cert, both, good[:-1], 2, "--tpm-root"),
        ("root-without-folder", with_cert, None, good, 2, "--tpm-ca"),
    )
    for name, (answer, state), cas, digest, status, text in rows:
        done = run(SANCTUM, "enrol", "finish", answer, "--state", state,
                   *(("--tpm-ca", cas) if cas else ()), *(("--tpm-root", digest) if digest else ()))
        tap.ok(done.returncode == status and text in done.stdout + done.stderr and
               ("tpm_ek" in done.stdout) == (status == 0), f"chain: {name}",
               f"{done.returncode} {done.stdout}{done.stderr}")
    done = finish(*with_cert)
    tap.ok(done.returncode == 0 and "certificate was not checked" in done.stdout,
           "chain: not asked for, and said", done.stdout)
    done = finish(*without)
    tap.ok(done.returncode == 0 and "has no certificate" in done.stdout,
           "chain: none, and said", done.stdout)
    done = run(SANCTUM, "enrol", "challenge", request, work, "--tpm-ca", both)
    tap.equal(done.returncode, 2, "chain: is judged at the end, not by the challenge")


def check_twice(tpm, work, request):
    """Two challenges for one request: each has its own answer, nothing is written over."""
    a, b = f"{work}/twice-a", f"{work}/twice-b"
    tap.equal([challenge(request, d, f"{d}.json").returncode for d in (a, b)], [0, 0],
              "twice: two challenges for one request")
    before = read(blob_of(a))
    tap.equal(challenge(request, a, f"{work}/third.json").returncode, 20,
              "twice: into the same folder is refused")
    tap.equal(challenge(request, f"{work}/twice-c", f"{a}.json").returncode, 20,
              "twice: over the same state is refused")
    tap.ok(read(blob_of(a)) == before, "twice: and the first challenge is as it was")
    answer = tpm.answer(request, "rsa", blob_of(a))
    tap.equal([finish(answer, f"{d}.json").returncode for d in (a, b)], [0, 11],
              "twice: the answer is to one of them only")


def check_stock_refuses(tpm, other, work):
    """The stock tool, as a judge: these challenges are for nobody else."""
    mine, theirs = tpm.request("ecc256"), other.request("ecc256")
    challenge(mine, f"{work}/mine", f"{work}/mine.json")
    challenge(theirs, f"{work}/theirs", f"{work}/theirs.json")
    tap.ok(tpm.answer(mine, "ecc256", blob_of(f"{work}/theirs")) is None,
           "stock: a challenge for another endorsement key does not open")
    tap.ok(tpm.answer(tpm.request("rsa"), "rsa", blob_of(f"{work}/mine")) is None,
           "stock: nor with a key of another type")
    d = f"{work}/other-ak"
    shutil.copytree(mine, d)
    for name in ("ak.pub", "ak.name"):
        shutil.copy(f"{theirs}/{name}", f"{d}/{name}")
    challenge(d, f"{work}/other-ak-out", f"{work}/other-ak.json")
    tap.ok(tpm.answer(mine, "ecc256", blob_of(f"{work}/other-ak-out")) is None,
           "stock: nor with another attestation key")


def check_usage(work):
    for args in ((), ("start",), ("challenge",), ("challenge", work), ("finish", work),
                 ("challenge", work, work, work), ("finish", work, "--state")):
        tap.equal(run(SANCTUM, "enrol", *args).returncode, 2, f"usage: enrol {' '.join(args[:1])} "
                  f"with {max(0, len(args) - 1)} arguments")
    done = run(SANCTUM, "enrol", "challenge", f"{work}/nowhere", work)
    tap.equal(done.returncode, 12, "usage: no such request")


def main():
    work = tempfile.mkdtemp()
    tpm, other = Tpm(f"{work}/tpm"), Tpm(f"{work}/other")
    try:
        rounds = {kind: check_round(tpm, work, kind, name) for kind, name in KINDS}
        check_requests(work, rounds["rsa"][0], other.request("rsa"))
        loose = tpm.request("rsa", AK.replace("restricted|", ""))
        done = challenge(loose, f"{work}/loose", f"{work}/loose.json")
        tap.ok(done.returncode == 11 and "ak.pub" in done.stderr,
               "request: an attestation key that signs anything", done.stderr)
        check_answers(work, rounds["rsa"], rounds["ecc256"])
        check_chain(tpm, work)
        check_twice(tpm, work, rounds["rsa"][0])
        check_stock_refuses(tpm, other, work)
        check_usage(work)
    finally:
        tpm.stop()
        other.stop()
        shutil.rmtree(work)
    tap.close()


if __name__ == "__main__":
    main()
