"""tap - the few lines that a test script needs to say what passed."""
import sys


class Tap:
    """Counts and prints results; close() gives the exit status."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def ok(self, good, name, detail=""):
        self.count += 1
        if not good:
            self.failed += 1
            for line in str(detail).splitlines():
                print(f"# {line}")
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}", flush=True)
        return bool(good)

    def equal(self, got, want, name):
        return self.ok(got == want, name, f"got {got!r}, wanted {want!r}")

    def close(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failed or not self.count else 0)
