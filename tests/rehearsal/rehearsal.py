"""rehearsal - what the tests of whole rehearsals share: TAP, and running programs."""
import os
import shutil
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
BUILD = os.environ.get("BUILD", "build")
BIN = os.path.join(BUILD, "bin")

# Whoever types "no" is asked who it is and why, and may keep the transcript.
NO = "no\ndisagree.who {0}\ndisagree.reason@{0} I do not agree\ntyped skip"

_count = 0
_failed = 0


def ok(good, name, detail=""):
    """One TAP line; detail is shown when it is not ok."""
    global _count, _failed
    _count += 1
    print(f"{'ok' if good else 'not ok'} {_count} - {name}", flush=True)
    if not good:
        _failed += 1
        for line in str(detail).splitlines()[-12:]:
            print("# " + line)
    return good


def skip(name, why):
    """One TAP line of a test that could not be held here; seen in the summary."""
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {why}", flush=True)


def done():
    """The plan, and the exit status."""
    print(f"1..{_count}")
    raise SystemExit(1 if _failed else 0)


def run(*argv, cwd=None, env=None, text=None, seconds=100):
    """Run a program; returns (status, standard output, standard error)."""
    p = subprocess.run([str(a) for a in argv], cwd=cwd, input=text, timeout=seconds,
                       env=None if env is None else {**os.environ, **env},
                       capture_output=True, text=True, errors="replace", check=False)
    return p.returncode, p.stdout, p.stderr


class Folder:
    """A folder of our own that goes when the test ends."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="cornerstone-test-")
        return self.path

    def __exit__(self, *exc):
        shutil.rmtree(self.path, ignore_errors=True)


def play(name, out, env=None):
    """A rehearsal by an answer file; returns status, both outputs, seconds."""
    begin = time.monotonic()
    path = name if "/" in name else os.path.join(TESTS, "play", name)
    status, stdout, stderr = run(os.path.join(TESTS, "rehearse.sh"), BUILD, path, out, env=env)
    return status, stdout + stderr, time.monotonic() - begin


def identity(out):
    with open(os.path.join(out, "identity"), encoding="ascii") as f:
        return f.read().strip()


def verify(bundle, *more):
    """sanctum verify; returns status and last line."""
    status, stdout, stderr = run(os.path.join(BIN, "sanctum"), "verify", bundle, *more)
    lines = (stdout + stderr).strip().splitlines()
    return status, lines[-1] if lines else ""


def verify_txt(bundle, digest):
    """The commands of VERIFY.txt; returns status and what they said."""
    status, stdout, stderr = run(os.path.join(TESTS, "verify-txt.sh"), bundle, digest)
    return status, stdout + stderr


def files(bundle):
    """Every file of the bundle, relative, sorted."""
    found = []
    for folder, _, names in os.walk(bundle):
        found += [os.path.relpath(os.path.join(folder, n), bundle) for n in names]
    return sorted(found)


def flip(path, at=None):
    """Change one bit of one byte: the middle one, or the one at."""
    with open(path, "r+b") as f:
        data = f.read()
        at = len(data) // 2 if at is None else at
        f.seek(at)
        f.write(bytes([data[at] ^ 1]))
