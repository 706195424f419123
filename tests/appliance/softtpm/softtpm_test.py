#!/usr/bin/python3
"""The softtpm program over its two pipes: answers, refusals, and a broken random generator."""

import os
import struct
import subprocess
import sys
import tempfile
import time

SOFTTPM = os.path.join(os.environ.get("BUILD", "build"), "bin", "softtpm")
STARTUP = bytes.fromhex("80010000000c000001440000")
GET_RANDOM = bytes.fromhex("80010000000c0000017b0020")
# TPM2_CreatePrimary of a P-256 storage key in the owner hierarchy, empty passwords.
PUBLIC = bytes.fromhex("0023 000b 00030072 0000 0006 0080 0043 0010 0003 0010 0000 0000")
BODY = (bytes.fromhex("40000001 00000009 40000009 0000 00 0000 0004 0000 0000")
        + struct.pack(">H", len(PUBLIC)) + PUBLIC + bytes.fromhex("0000 00000000"))
CREATE_PRIMARY = struct.pack(">HII", 0x8002, 10 + len(BODY), 0x131) + BODY

# What a libcrypto with a broken generator would do, put in front of the real one.
BROKEN = {
    "status-0": "int RAND_status(void) { return 0; }",
    "bytes-fail": "int RAND_bytes(unsigned char *p, int n) { (void)p; (void)n; return 0; }",
    "bytes-minus-1": "int RAND_bytes(unsigned char *p, int n) { (void)p; (void)n; return -1; }",
    "bytes-constant": """int RAND_bytes(unsigned char *p, int n)
        { for (int i = 0; i < n; i++) p[i] = (unsigned char)i; return 1; }""",
}
# Works at first and fails later: libtpms would then go on with its weak one.
LATER = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
static int calls;
int RAND_bytes(unsigned char *p, int n)
{
    int (*real)(unsigned char *, int) = dlsym(RTLD_NEXT, "RAND_bytes");
    return n == 16 && calls++ > 7 ? %s : real(p, n);
}
"""
LATER_HOW = {"fails": "0", "minus-1": "-1", "constant": "(memset(p, 7, 16), 1)"}

results = []


def test(fn):
    results.append(fn)
    return fn


class Child:
    """softtpm with pipes at 3 and 4."""

    def __init__(self, env=None, args=()):
        c2s_r, self.to = os.pipe()
        self.fro, s2c_w = os.pipe()

        def setup():
            a, b = os.dup(c2s_r), os.dup(s2c_w)
            os.dup2(a, 3)
            os.dup2(b, 4)
            os.closerange(5, 256)

        self.p = subprocess.Popen([SOFTTPM, *args], preexec_fn=setup, close_fds=False,
                                  stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=env or {})
        os.close(c2s_r)
        os.close(s2c_w)

    def send(self, data):
        try:
            os.write(self.to, data)
        except BrokenPipeError:
            pass

    def answer(self):
        data = b""
        while len(data) < 10 or len(data) < struct.unpack(">I", data[2:6])[0]:
            part = os.read(self.fro, 4096)
            if not part:
                break
            data += part
        return data

    def end(self):
        """Close our ends; (exit status, what it said)."""
        for fd in (self.to, self.fro):
            if fd is not None:
                os.close(fd)
        said = self.p.communicate(timeout=30)[1].decode()
        return self.p.returncode, said


def code(answer):
    return struct.unpack(">I", answer[6:10])[0]


def expect(what, got, want):
    if got != want:
        raise AssertionError(f"{what}: {got!r}, expected {want!r}")


@test
def starts_and_gives_random_bytes():
    c = Child()
    c.send(STARTUP)
    expect("startup", code(c.answer()), 0)
    c.send(GET_RANDOM)
    a = c.answer()
    c.send(GET_RANDOM)
    b = c.answer()
    expect("code", code(a), 0)
    expect("length", struct.unpack(">H", a[10:12])[0], 32)
    if a[12:44] == b[12:44]:
        raise AssertionError("twice the same")
    expect("end", c.end(), (0, ""))


@test
def a_new_tpm_at_every_start():
    seen = set()
    for _ in range(2):
        c = Child()
        c.send(STARTUP)
        c.answer()
        c.send(CREATE_PRIMARY)
        a = c.answer()
        expect("created", code(a), 0)
        seen.add(a)
        c.end()
    expect("different keys", len(seen), 2)


@test
def leaves_no_file():
    with tempfile.TemporaryDirectory() as d:
        cwd = os.getcwd()
        program = os.path.abspath(SOFTTPM)
        os.chdir(d)
        try:
            globals()["SOFTTPM"], old = program, SOFTTPM
            c = Child()
            c.send(STARTUP)
            c.answer()
            c.end()
            globals()["SOFTTPM"] = old
        finally:
            os.chdir(cwd)
        expect("files", os.listdir(d), [])


@test
def is_jailed():
    c = Child()
    c.send(STARTUP)
    c.answer()
    with open(f"/proc/{c.p.pid}/status", encoding="ascii") as f:
        status = dict(line.split(":", 1) for line in f)
    expect("no new privileges", status["NoNewPrivs"].strip(), "1")
    with open(f"/proc/{c.p.pid}/limits", encoding="ascii") as f:
        limits = f.read()
    # one descriptor: standard input's number, so there is no new one
    for name, limit in (("Max core file size", "0"), ("Max processes", "0"),
                        ("Max open files", "1")):
        line = next(x for x in limits.splitlines() if x.startswith(name))
        expect(name, line[len(name):].split()[:2], [limit, limit])
    expect("end", c.end(), (0, ""))


@test
def a_command_that_the_tpm_refuses_is_answered():
    c = Child()
    c.send(STARTUP)
    c.answer()
    c.send(bytes.fromhex("80010000000a0000ffff"))
    expect("code", code(c.answer()), 0x143)
    expect("end", c.end(), (0, ""))


def refused(name, data, status, words):
    def run():
        c = Child()
        c.send(data)
        os.close(c.to)
        c.to = None
        expect("no answer", c.answer(), b"")
        got, said = c.end()
        expect("exit status", got, status)
        if words not in said:
            raise AssertionError(f"said {said!r}, expected {words!r}")
    run.__name__ = name
    results.append(run)


refused("cut-header", STARTUP[:9], 28, "was cut after 9 bytes")
refused("cut-body", STARTUP[:11], 28, "a command of 12 bytes was cut")
refused("length-9", bytes.fromhex("80010000000900000144"), 28, "claims 9 bytes")
refused("length-4097", bytes.fromhex("80010000100100000144"), 28, "claims 4097 bytes")
refused("length-4-GiB", bytes.fromhex("8001ffffffff00000144"), 28, "claims 4294967295 bytes")
refused("nothing", b"", 0, "")


@test
def arguments_are_refused():
    c = Child(args=["--state=/tmp"])
    status, said = c.end()
    expect("exit status", status, 2)
    expect("usage", said.splitlines()[0], "usage: softtpm")


@test
def without_pipes_it_says_so():
    p = subprocess.run([SOFTTPM], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env={},
                       check=False)
    expect("exit status", p.returncode, 2)
    if b"descriptors 3 and 4" not in p.stderr:
        raise AssertionError(p.stderr)


def preload(d, source):
    """The environment that puts source, compiled, in front of the real libcrypto."""
    c, so = os.path.join(d, "rand.c"), os.path.join(d, "rand.so")
    with open(c, "w", encoding="ascii") as f:
        f.write(source)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", so, c], check=True)
    return {"LD_PRELOAD": so, "ASAN_OPTIONS": "verify_asan_link_order=0"}


def broken(name, source):
    def run():
        with tempfile.TemporaryDirectory() as d:
            c = Child(env=preload(d, source))
            c.send(STARTUP)
            expect("no answer", c.answer(), b"")
            status, said = c.end()
        expect("exit status", status, 25)
        if "random generator does not work" not in said:
            raise AssertionError(said)
    run.__name__ = f"refuses to start with random-{name}"
    results.append(run)


for broken_name, broken_source in BROKEN.items():
    broken(broken_name, broken_source)


def breaks_later(name, how):
    def run():
        with tempfile.TemporaryDirectory() as d:
            c = Child(env=preload(d, LATER % how))
            c.send(STARTUP)
            expect("at first", code(c.answer()), 0)
            for _ in range(10):
                c.send(GET_RANDOM)
                if c.answer() == b"":
                    break
            else:
                raise AssertionError("went on without a generator")
            expect("exit status", c.end()[0], 25)
    run.__name__ = f"ends when the generator breaks later: {name}"
    results.append(run)


for later_name, later_how in LATER_HOW.items():
    breaks_later(later_name, later_how)


@test
def an_openssl_configuration_is_not_read():
    with tempfile.TemporaryDirectory() as d:
        conf = os.path.join(d, "openssl.cnf")
        with open(conf, "w", encoding="ascii") as f:
            f.write("openssl_conf = i\n[i]\nrandom = r\n[r]\nrandom = NO-SUCH-DRBG\n")
        # it would break the generator, if it were read
        bad = subprocess.run(["openssl", "rand", "-hex", "4"], env={"OPENSSL_CONF": conf},
                             capture_output=True, check=False)
        if bad.returncode == 0:
            raise AssertionError("this configuration breaks nothing")
        c = Child(env={"OPENSSL_CONF": conf})
        c.send(STARTUP)
        expect("startup", code(c.answer()), 0)
        expect("end", c.end(), (0, ""))


@test
def ends_when_the_client_dies():
    c = Child()
    c.send(STARTUP)
    c.answer()
    os.close(c.to)
    c.to = None
    for _ in range(100):
        if c.p.poll() is not None:
            break
        time.sleep(0.05)
    expect("exit status", c.end()[0], 0)


def main():
    print(f"1..{len(results)}")
    bad = 0
    for i, fn in enumerate(results, 1):
        name = fn.__name__.replace("_", " ")
        try:
            fn()
            print(f"ok {i} - {name}")
        except Exception as e:  # every kind of failure is this one test's
            bad += 1
            print(f"not ok {i} - {name}")
            print(f"# {type(e).__name__}: {e}")
        sys.stdout.flush()
    sys.exit(1 if bad else 0)


main()
