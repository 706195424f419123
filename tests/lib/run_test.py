#!/usr/bin/python3
"""What tests/run counts and refuses."""

import os
import subprocess
import sys
import tempfile

# name, script, last line, exit status, text that must be shown
ROWS = [
    ("two pass", "echo 1..2; echo ok 1 - a; echo ok 2 - b",
     "2 passed, 0 failed, 0 skipped", 0, ""),
    ("cmocka's skip has its reason before it",
     "echo 1..1; echo no such file; echo 'ok 1 # SKIP reads vectors'",
     "0 passed, 0 failed, 1 skipped", 0, "SKIPPED reads vectors: no such file"),
    ("a TAP skip has its reason behind it", "echo 1..1; echo 'ok 1 - a # SKIP no data'",
     "0 passed, 0 failed, 1 skipped", 0, "SKIPPED a: no data"),
    ("a whole file skipped", "echo '1..0 # SKIP no swtpm'",
     "0 passed, 0 failed, 1 skipped", 0, "no swtpm"),
    ("one fails", "echo 1..2; echo ok 1 - a; echo not ok 2 - b; exit 1",
     "1 passed, 1 failed, 0 skipped", 1, "not ok: b"),
    ("plan too long", "echo 1..3; echo ok 1 - a", "1 passed, 1 failed, 0 skipped", 1,
     "planned 3 tests but 1 reported"),
    ("no plan", "echo ok 1 - a", "1 passed, 1 failed, 0 skipped", 1, "no TAP plan"),
    ("nothing said", "exit 0", "0 passed, 1 failed, 0 skipped", 1, "no TAP plan"),
    ("fails though all pass", "echo 1..1; echo ok 1 - a; exit 3",
     "1 passed, 1 failed, 0 skipped", 1, "exit status 3"),
    ("crash", "echo 1..1; echo ok 1 - a; kill -SEGV $$", "1 passed, 1 failed, 0 skipped", 1,
     "died of SIGSEGV"),
    ("too slow, says so itself", "# timeout: 1\necho 1..1; sleep 30",
     "0 passed, 1 failed, 0 skipped", 1, "stopped after 1 s"),
    ("a child left behind holds nothing up", "sleep 60 & echo 1..1; echo ok 1 - a",
     "1 passed, 0 failed, 0 skipped", 0, ""),
    ("two groups add up", "echo 1..1; echo ok 1 - a; echo 1..1; echo ok 1 - b",
     "2 passed, 0 failed, 0 skipped", 0, ""),
]


def run(*files):
    return subprocess.run([sys.executable, "tests/run", *files], capture_output=True, text=True,
                          timeout=30)


def judge(done, last, status, shown):
    got = done.stdout.splitlines()[-1]
    if got != last:
        return f"last line {got!r}, not {last!r}"
    if done.returncode != status:
        return f"exit status {done.returncode}, not {status}"
    if shown not in done.stdout:
        return f"does not show {shown!r}"
    return None


def main():
    print(f"1..{len(ROWS) + 1}")
    bad = 0
    with tempfile.TemporaryDirectory() as tmp:
        for n, (name, script, last, status, shown) in enumerate(ROWS, 1):
            path = os.path.join(tmp, f"row{n}_test.sh")
            with open(path, "w", encoding="utf-8") as f:
                f.write("#!/bin/bash\n" + script + "\n")
            os.chmod(path, 0o755)
            why = judge(run(path), last, status, shown)
            if why:
                bad += 1
                print(f"# {why}\nnot ok {n} - {name}")
            else:
                print(f"ok {n} - {name}")
    why = judge(run(), "0 passed, 0 failed, 0 skipped", 1, "no test ran")
    bad += bool(why)
    print(f"{'not ok' if why else 'ok'} {len(ROWS) + 1} - no test at all is a failure")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
