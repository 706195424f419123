#!/usr/bin/python3
"""crosscheck_test - the second checker takes what two rehearsals made, and nothing else.

timeout: 240

A genesis and a rebuild of the same sanctum are played, so that there is a second
statement under the same keys: the strongest material for swapping parts.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", "build")
PROGRAM = os.path.join(BUILD, "bin", "crosscheck")
WIDTH = 58  # of the body of a screen of the ceremony
MLDSA_SIGNATURE = 4627  # the last bytes of its CMS, which GnuTLS cannot judge
FORMAT, SIGNATURE, MISSING, UNANCHORED = 10, 11, 12, 16
UNBOUND = re.compile(r"statement\.|approvals/|evidence/quote\.|transcript/openings")

count = failed = 0


def ok(good, name, detail=""):
    global count, failed
    count += 1
    if not good:
        failed += 1
        print("".join(f"# {line}\n" for line in str(detail).splitlines()), end="")
    print(f"{'ok' if good else 'not ok'} {count} - {name}", flush=True)


def crosscheck(folder, identity=None):
    args = [PROGRAM, folder] + (["--identity", identity] if identity else [])
    run = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={},
                         check=False)
    text = run.stdout.decode("utf-8")
    return run.returncode, text, (text.splitlines() or [""])[-1]


def rehearse(play, out):
    subprocess.run(["tests/rehearse.sh", BUILD, play, out], check=True,
                   stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


def shares_of(out):
    """The shares as the custodians wrote them down, off the screens."""
    screens = os.path.join(out, "screens")
    for name in sorted(os.listdir(screens)):
        if "-shares.write@" in name:
            with open(os.path.join(screens, name), encoding="utf-8") as f:
                words = {int(n): w for n, w in re.findall(r"\b(\d+)\. ([a-z]+)\b", f.read())}
            yield " ".join(words[n] for n in sorted(words))


def files_of(folder):
    for top, _, names in os.walk(folder):
        for name in names:
            yield os.path.relpath(os.path.join(top, name), folder)


def read(folder, path):
    with open(os.path.join(folder, path), "rb") as f:
        return f.read()


def write(folder, path, data):
    os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
    with open(os.path.join(folder, path), "wb") as f:
        f.write(data)


class Changed:
    """The bundle with one file written anew (or removed: None), and as it was afterwards."""

    def __init__(self, folder, path, data):
        self.folder, self.path, self.data = folder, path, data
        self.full = os.path.join(folder, path)

    def __enter__(self):
        self.before = read(self.folder, self.path) if os.path.exists(self.full) else None
        self.put(self.data)

    def __exit__(self, *_):
        self.put(self.before)

    def put(self, data):
        if data is not None:
            write(self.folder, self.path, data)
            return
        os.remove(self.full)
        top = os.path.dirname(self.full)
        while top != self.folder and not os.listdir(top):
            os.rmdir(top)
            top = os.path.dirname(top)


def refused(bundle, identity, path, data, statuses, names, title):
    with Changed(bundle, path, data):
        status, text, last = crosscheck(bundle, identity)
    ok(status in statuses and re.search(names, last), title, f"status {status}\n{text}")


def positions(path, size):
    """Which bytes to flip: a few of a bound file, many where only the checks protect."""
    if not UNBOUND.match(path):
        return sorted({0, size // 2, size - 1})
    if path == "statement.mldsa87.p7s":
        return range(0, size - MLDSA_SIGNATURE, 149)
    step = {"statement.json": 131, "statement.p384.p7s": 7, "evidence/quote.pcr": 11}
    return range(0, size, step.get(path, 1 if path.startswith("evidence/") else 5))


def flips(bundle, identity):
    for path in sorted(files_of(bundle)):
        data, bad = read(bundle, path), []
        for i in positions(path, len(data)):
            with Changed(bundle, path, data[:i] + bytes([data[i] ^ 1]) + data[i + 1:]):
                status, text, last = crosscheck(bundle, identity)
            right = status in (FORMAT, SIGNATURE, MISSING) if path == "statement.json" else \
                status == SIGNATURE and (path in last or UNBOUND.match(path))
            named = path in last or os.path.dirname(path) + "/" in last or \
                path == "statement.json"
            if not right or not named:
                bad.append(f"byte {i}: status {status}: {last}")
        ok(not bad, f"flipped bytes refused: {path}", "\n".join(bad))


def missing(bundle, identity):
    for path in sorted(files_of(bundle)):
        if path == "transcript/openings.jsonl":
            with Changed(bundle, path, None):
                status, text, _ = crosscheck(bundle, identity)
            ok(status == 0, f"may be withheld: {path}", text)
        elif path.startswith("approvals/"):
            refused(bundle, identity, path, None, [MISSING], "approvals/: 1 of 2",
                    f"too few approvals: without {path}")
        else:
            refused(bundle, identity, path, None, [MISSING], re.escape(path),
                    f"missing: {path}")


def extra(bundle, identity):
    for path in ("stranger.txt", "trust/other.pem", "approvals/alice.txt", "evidence/quote.txt",
                 "STATEMENT.JSON", "record/RECORD.txt", ".DS_Store", "a b", "record/.DS_Store"):
        refused(bundle, identity, path, b"x", [MISSING], re.escape(path), f"extra: {path}")
    refused(bundle, identity, "approvals/mallory.sig", read(bundle, "approvals/alice.sig"),
            [SIGNATURE], "mallory is no approver", "extra: an approval by somebody who is not named")
    for path in ("ops/x", "ops/01/statement.json", "ops/1000/statement.json", "ops/1/closing/x", "ops/2/record/x"):
        refused(bundle, identity, path, b"x", [MISSING], "ops/", f"below ops/: {path}")
    refused(bundle, identity, "ops/1/statement.json", b"x", [FORMAT], "ops/1", "an operations statement that is none")
    for path in ("closing/x", "transcript/cosignatures/w"):
        with Changed(bundle, path, b"x"):
            status, text, _ = crosscheck(bundle, identity)
        ok(status == 0, f"not covered by this statement: {path}", text)
    link = os.path.join(bundle, "link")
    os.symlink("statement.json", link)
    status, text, last = crosscheck(bundle, identity)
    os.remove(link)
    ok(status == MISSING and "link" in last, "a symbolic link", text)
    large = os.path.join(bundle, "closing", "large")
    os.mkdir(os.path.dirname(large))
    with open(large, "wb") as f:
        f.truncate((16 << 20) + 1)
    status, text, last = crosscheck(bundle, identity)
    shutil.rmtree(os.path.dirname(large))
    ok(status == 0, "over the limit, but not covered", text)


def swapped(bundle, other, identity):
    """Parts of another statement under the same keys."""
    for path in ("statement.p384.p7s", "statement.mldsa87.p7s", "approvals/alice.sig",
                 "evidence/quote.msg", "evidence/quote.sig", "evidence/quote.pcr"):
        refused(bundle, identity, path, read(other, path), [SIGNATURE], re.escape(
            os.path.dirname(path) or path), f"of another statement: {path}")
    refused(bundle, identity, "approvals/alice.sig", read(bundle, "approvals/bob.sig"),
            [SIGNATURE], "approvals/alice.sig", "bob's approval under alice's name")
    refused(bundle, identity, "statement.p384.p7s", read(bundle, "statement.mldsa87.p7s"),
            [SIGNATURE], "statement.p384.p7s", "the ML-DSA-87 CMS twice")
    refused(bundle, identity, "statement.mldsa87.p7s", read(bundle, "statement.p384.p7s"),
            [SIGNATURE], "statement.mldsa87.p7s", "the P-384 CMS twice")
    refused(bundle, identity, "statement.p384.p7s", read(bundle, "statement.p384.p7s") + b"\0",
            [SIGNATURE], "statement.p384.p7s", "a byte behind the CMS")


def restated(bundle, identity):
    """The statement says something else, in the right form."""
    text = read(bundle, "statement.json").decode("utf-8")

    def canonical(tree):
        return json.dumps(tree, separators=(",", ":"), sort_keys=True,
                          ensure_ascii=False).encode("utf-8")

    def edit(change):
        tree = json.loads(text)
        change(tree)
        return canonical(tree)

    def another_approver(tree):
        tree["predicate"]["approvers"].append({"key_sha256": "00" * 32, "name": "zoe"})

    ok(canonical(json.loads(text)) == text.encode("utf-8"), "the statement is canonical")
    rows = [
        ("another sequence", edit(lambda t: t["predicate"].update(sequence=2)), SIGNATURE,
         "statement.p384.p7s"),
        ("another world", edit(lambda t: (t["predicate"].update(world="production"),
                                          t["predicate"].pop("collateral_time", None))),
         SIGNATURE, "trust/identity.json"),
        ("another world, and still a rehearsal's collateral_time",
         edit(lambda t: t["predicate"].update(world="production", collateral_time="2025-07-01T00:00:00Z")),
         FORMAT, "collateral_time in production"),
        ("another identity", edit(lambda t: t["predicate"].update(identity_sha256="00" * 32)),
         SIGNATURE, "statement.json"),
        ("a time that is not time_unix",
         edit(lambda t: t["predicate"].update(time="2030-01-01T00:00:00Z")), FORMAT,
         "statement.json"),
        ("before the certificates are valid",
         edit(lambda t: t["predicate"].update(time="2020-01-01T00:00:00Z",
                                              time_unix=1577836800)), SIGNATURE,
         "trust/root-p384.pem|-chain.pem"),
        ("after the operations certificates",
         edit(lambda t: t["predicate"].update(time="2030-01-01T00:00:00Z",
                                              time_unix=1893456000)), SIGNATURE,
         "trust/operations-p384-chain.pem"),
        ("an approver less than two", edit(lambda t: t["predicate"]["approvers"].pop()), FORMAT,
         "statement.json"),
        ("fewer shares than there are",
         edit(lambda t: t["predicate"]["thresholds"].update(shares_of=2)), SIGNATURE,
         "trust/identity.json: shares count"),
        ("more shares than there are",
         edit(lambda t: t["predicate"]["thresholds"].update(shares_of=4)), SIGNATURE,
         "trust/identity.json: shares count"),
        ("another threshold of the shares",
         edit(lambda t: t["predicate"]["thresholds"].update(shares=3)), SIGNATURE,
         "trust/identity.json: shares threshold"),
        ("an approver more", edit(another_approver), SIGNATURE,
         "trust/identity.json: operations count"),
        ("a threshold above the number", edit(
            lambda t: t["predicate"]["thresholds"].update(operations=3)), FORMAT,
         "statement.json"),
        ("an unknown threshold",
         edit(lambda t: t["predicate"]["thresholds"].update(people=2)), FORMAT,
         "statement.json"),
        ("an unknown member", edit(lambda t: t["predicate"].update(note="x")), FORMAT,
         "statement.json"),
        ("a subject less", edit(lambda t: t["subject"].pop()), MISSING,
         "trust/token-chain.pem"),
        ("a subject twice", edit(lambda t: t["subject"].append(t["subject"][-1])), FORMAT,
         "statement.json"),
        ("a subject outside", edit(lambda t: t["subject"][-1].update(name="trust/../x")),
         FORMAT, "statement.json"),
        ("a line end", text.encode("utf-8") + b"\n", FORMAT, "statement.json"),
        ("a blank", text.replace('":"', '": "', 1).encode("utf-8"), FORMAT, "statement.json"),
        ("a member twice", text.replace('"_type"', '"_type":"x","_type"', 1).encode("utf-8"),
         FORMAT, "statement.json"),
        ("nothing", b"", FORMAT, "statement.json"),
        ("too long", b" " * (1 << 20) + text.encode("utf-8"), FORMAT, "statement.json"),
    ]
    for name, data, status, where in rows:
        refused(bundle, identity, "statement.json", data, [status], where,
                f"statement restated: {name}")


def relisted(bundle, identity):
    """Revocation lists that are not as they must be, under a statement that lists them all the same."""
    def der(path):
        lines = read(bundle, path).decode("ascii").splitlines()
        return base64.b64decode("".join(lines[1:-1]))

    def pem(data):
        text = base64.b64encode(data).decode("ascii")
        rows = "\n".join(text[i:i + 64] for i in range(0, len(text), 64))
        return f"-----BEGIN X509 CRL-----\n{rows}\n-----END X509 CRL-----\n".encode("ascii")

    def other_bit(path):
        data = der(path)
        return pem(data[:-1] + bytes([data[-1] ^ 1]))

    def other_number(path):
        data, head = der(path), bytes.fromhex("0603551d1404030201")
        at = data.index(head) + len(head)
        return pem(data[:at] + b"\x07" + data[at + 1:])

    token, mldsa = "trust/crl/token-ca-p384.pem", "trust/crl/signing-ca-mldsa87.pem"
    ok(pem(der(token)) == read(bundle, token), "a list is written again as it was")
    rows = [
        ("another CA's", token, read(bundle, "trust/crl/signing-ca-p384.pem"), SIGNATURE),
        ("another signature", token, other_bit(token), SIGNATURE),
        ("another number", token, other_number(token), SIGNATURE),
        ("another number, ML-DSA-87", mldsa, other_number(mldsa), SIGNATURE),
        ("two lists", token, 2 * read(bundle, token), FORMAT),
        ("none", token, b"", FORMAT),
        ("one more list", "trust/crl/more.pem", read(bundle, token), FORMAT),
    ]
    for name, path, data, status in rows:
        tree = json.loads(read(bundle, "statement.json"))
        sums = {e["name"]: e["digest"]["sha256"] for e in tree["subject"] if e["name"] != "SHA256SUMS"}
        sums[path] = hashlib.sha256(data).hexdigest()
        listed = "".join(f"{sums[n]}  {n}\n" for n in sorted(sums)).encode("ascii")
        sums["SHA256SUMS"] = hashlib.sha256(listed).hexdigest()
        tree["subject"] = [{"digest": {"sha256": sums[n]}, "name": n} for n in sorted(sums)]
        text = json.dumps(tree, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode("utf-8")
        with Changed(bundle, "statement.json", text), Changed(bundle, "SHA256SUMS", listed):
            refused(bundle, identity, path, data, [status], path, f"revocation lists: {name}")


def plain(bundle, other, identity):
    status, text, last = crosscheck(bundle, identity)
    lines = text.splitlines()
    ok(status == 0 and last == "crosscheck: agrees", "a genesis is accepted", text)
    ok(all(len(line) <= WIDTH for line in lines), "lines fit the ceremony's screen", text)
    ok("ML-DSA: not checked by GnuTLS" in lines, "it says what it did not check", text)
    ok(all(line.startswith("[OK] ") or ": not checked" in line for line in lines[:-1]) and
       len(lines) > 9, "a line per item that is checked, or not", text)
    status, text, _ = crosscheck(other, identity)
    ok(status == 0, "the rebuild has the same identity and is accepted", text)
    status, text, last = crosscheck(bundle, identity.upper())
    ok(status == 0, "upper-case digits are the same identity", text)
    status, text, last = crosscheck(bundle)
    ok(status == UNANCHORED and "identity: not compared" in last, "no identity given", text)
    status, text, last = crosscheck(bundle, "00" * 32)
    ok(status == SIGNATURE and "root" in last, "another identity", text)
    for title, bad in (("63 digits", identity[1:]), ("no digits", "x" * 64)):
        ok(crosscheck(bundle, bad)[0] == 2, f"not an identity: {title}")
    ok(crosscheck(os.path.join(bundle, "none"), identity)[0] == MISSING, "no directory")


def libraries():
    for tool, args in (("readelf", ["-d"]), ("ldd", [])):
        if shutil.which(tool) is None:
            print(f"ok - {tool} # SKIP not installed")
            continue
        text = subprocess.run([tool, *args, PROGRAM], stdout=subprocess.PIPE, check=True,
                              text=True).stdout
        ok("libgnutls" in text and not re.search(r"libcrypto|libssl", text),
           f"links GnuTLS and no OpenSSL ({tool})", text)


def main():
    with tempfile.TemporaryDirectory(prefix="crosscheck-") as tmp:
        genesis, rebuild = os.path.join(tmp, "genesis"), os.path.join(tmp, "rebuild")
        rehearse("tests/play/genesis.play", genesis)
        os.mkdir(rebuild)
        shutil.copy(os.path.join(genesis, "bundle/trust/identity.json"), rebuild)
        with open(os.path.join(rebuild, "shares.txt"), "w", encoding="ascii") as f:
            f.write("\n".join(shares_of(genesis)) + "\n")
        rehearse("tests/play/rebuild.play", rebuild)
        bundle, other = os.path.join(genesis, "bundle"), os.path.join(rebuild, "bundle")
        with open(os.path.join(genesis, "identity"), encoding="ascii") as f:
            identity = f.read().strip()

        libraries()
        plain(bundle, other, identity)
        missing(bundle, identity)
        extra(bundle, identity)
        swapped(bundle, other, identity)
        restated(bundle, identity)
        relisted(bundle, identity)
        flips(bundle, identity)
        status, text, _ = crosscheck(bundle, identity)
        ok(status == 0, "after all this the bundle is as it was", text)
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
