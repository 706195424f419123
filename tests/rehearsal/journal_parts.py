"""journal_parts - the journal read by other code than ours, and what people do after a cut.

As docs/FORMAT-JOURNAL.md says it; for the rehearsal that is cut everywhere, and for the virtual
machine whose power is cut.
"""
import hashlib
import re

ENDS = {"begin", "border", "commit", "bundle", "discard", "done"}
# what begins a private key in DER or PEM: PKCS#8 with its algorithm, SEC1, an OpenSSL text
PRIVATE = re.compile(
    rb"\x30(?:\x82..|\x81.|[\x10-\x7f])\x02\x01\x00\x30.\x06(?:\x07\x2a\x86\x48|\x09\x60\x86\x48|\x03\x2b\x65)|"
    rb"\x02\x01\x01\x04[\x20\x30\x42]|-----BEGIN [A-Z0-9 ]*PRIVATE", re.DOTALL)

START = "start.ok\nmedia CS-IN OUT/sticks/CS-IN\nplan.agree agree\nmedia CS-JOURNAL OUT/sticks/CS-JOURNAL\n"
RESUME = "journal.agree resume\n"
TEAM = ("people.agree agree\ntime.typed@dora @now\ntime.typed@wim @now\ntime.agree agree\ntpm.ok\n"
        "collateral.agree agree\nmedia CS-IN -\n")


def stick(name, asks):
    return f"media CS-{name} OUT/sticks/CS-{name}\n{asks}media CS-{name} -\n"


def approve(step):
    return "".join(stick(n, f"{step}.pass@{n} rehearsal passphrase of {n}\n") for n in ("alice", "bob"))


MAKE = "seed.ok\n" + "".join(f"shares.ready@{n}\nshares.write@{n} written\nshares.typed@{n} @shown\n"
                              for n in ("carol", "dave", "erin")) + "trial.ok\n"
RECOVER = "recover.typed @file:OUT/shares.txt:3\nrecover.typed @file:OUT/shares.txt:1\n"
CLOSE = "keys.agree agree\n" + stick("alice", "") + stick("bob", "") + "close.ok\n" + approve("approve") + "sign.ok\n"
EXPORT = "".join(f"media {n} OUT/sticks/{n}\nmedia {n} -\nmedia {n} OUT/sticks/{n}\nexport.ok\nmedia {n} -\n"
                 for n in ("CS-OUT-A", "CS-OUT-B")) + "end.ok\n"

# what people do, by what the journal says
PLAYS = {
    "new": START + TEAM + approve("review") + MAKE + CLOSE + EXPORT,
    "again": START + RESUME + TEAM + approve("review") + MAKE + CLOSE + EXPORT,
    "shares": START + RESUME + TEAM + approve("review") + RECOVER + CLOSE + EXPORT,
    "export": START + RESUME + "again.ok\n" + EXPORT,
    "void": START,
    "done": START,
}
REFUSED = {"void": (32, "sheets are void"), "done": (13, "came to its end")}


# ---- the journal, by other code than ours

class Journal:
    """The lines that hold, up to the last end of a batch."""

    def __init__(self, data):
        self.lines, head, batch = [], bytes(32), []
        for line in data.split(b"\n")[:-1]:
            digest, _, said = line.partition(b" ")
            if hashlib.sha256(head + said).hexdigest().encode() != digest:
                break
            head = bytes.fromhex(digest.decode())
            kind, _, rest = said.partition(b" ")
            batch.append((kind.decode(), rest))
            if batch[-1][0] in ENDS:
                self.lines += batch
                batch = []

    def kinds(self):
        return [k for k, _ in self.lines]

    def says(self, folder):
        """What people are to do next; folder: is the bundle's folder there?"""
        kinds = self.kinds()
        if "begin" not in kinds:
            return "new"
        if "done" in kinds:
            return "done"
        if "bundle" in kinds or (folder and "commit" in kinds):
            return "export"
        if "commit" in kinds:
            return "shares"
        return "void" if "secret" in kinds or "discard" in kinds else "again"

    def records(self):
        return [rest for kind, rest in self.lines if kind == "record"]
