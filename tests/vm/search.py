"""search - is anything secret left in the machine when it switches itself off?

QEMU holds still at the guest's power-off, with the memory as the guest left it: that is what is
searched, with the video memory, the sticks, the firmware's variables and the TPM's state. A
search that finds nothing proves nothing, so the same search looks at the memory
at two moments of the ceremony too, where it must find each kind of secret that lives then.
"""
import glob
import json
import os
import re
import subprocess

from derive import Ceremony, DeriveError
from forms import Form, of_ceremony, passphrase
from machine import MachineError
from playfile import Answer, PlayError

# the last question of a play that looks like this; the kinds that must be in memory at it;
# names of what the keeper has wiped by then
MOMENTS = (
    ("a share is shown", re.compile(r"shares\.write@"),
     ("master secret", "share", "share on the screen", "passphrase"),
     re.compile(r"'s (file key|seed|sign key|seal key|derivation)")),
    ("the statement is approved", re.compile(r"approve\.pass@"),
     ("ECDSA key", "ML-DSA key", "Ed25519 key", "passphrase"),
     re.compile(r"master secret|operations secret|value of|root-|signing-ca-|token-|"
                r"operations-|'s (file key|seed|sign key|seal key|derivation)")),
)
WIPED = "the machine is off"
MARK = Form("mark", "the kernel's command line", b"init_on_free=1")
SHOWN = 12			# hits that a message names
FILLED = b"\xa5" * 4096		# a page that the image has overwritten (appliance/init/wipe.h)
FILLED_MIN = 0.75		# of all memory; the rest holds the kernel, its files, PID 1
SCREEN_MAX = 1 << 20		# video memory that the last lines may take: four of 32 of 5 KiB
BLOCK = 16 << 20


def blocks(path):
    with open(path, "rb") as f:
        while data := f.read(BLOCK):
            yield data


def filled(path):
    """Which part of the memory is overwritten."""
    return sum(data.count(FILLED) for data in blocks(path)) * len(FILLED) / os.path.getsize(path)


def lit(path):
    """Bytes of video memory up to the last that is not black."""
    size = at = 0
    for data in blocks(path):
        end = len(data.rstrip(b"\0"))
        size = at + end if end else size
        at += len(data)
    return size


class Search:
    """Dumps of one machine's memory, and the search through all of them."""

    def __init__(self, machine, scanner, items):
        self.machine, self.scanner = machine, scanner
        self.dumps = {}		# moment: files
        self.due = {}		# answer: moment
        for name, reference, _, _ in MOMENTS:
            fits = [i for i in items if isinstance(i, Answer) and reference.match(i.reference)]
            if fits:
                self.due[fits[-1]] = name

    def before(self, item):
        """The player is about to answer: dump the memory if this is the moment."""
        if item in self.due:
            self.machine.qmp.command("stop")
            self.dump(self.due.pop(item))
            self.machine.qmp.command("cont")

    def after(self):
        """The machine has switched itself off."""
        self.dump(WIPED)

    def dump(self, moment):
        """Keep the memory as it is now, under that name. The guest should not run."""
        base = os.path.join(self.machine.folder, f"memory-{len(self.dumps)}")
        self.dumps[moment] = self.machine.dump_memory(base)

    def forget(self):
        for files in self.dumps.values():
            for path in files:
                if os.path.exists(path):
                    os.unlink(path)

    def scan(self, forms, files):
        """[(form, file, stride, offset)] of what is in the files."""
        path = os.path.join(self.machine.folder, "patterns")
        with open(path, "w", encoding="ascii") as f:
            f.writelines(form.line() + "\n" for form in forms)
        run = subprocess.run([self.scanner, path, *files], capture_output=True, text=True,
                             check=False)
        os.unlink(path)
        if run.returncode != 0:
            raise MachineError(f"scan: {run.stderr.strip()}")
        hits = []
        for line in run.stdout.splitlines():
            file, form, stride, offset = map(int, line.split())
            hits.append((forms[form], files[file], stride, offset))
        return hits

    def others(self, sticks):
        """What else keeps its content when the machine is off."""
        folder = self.machine.folder
        return sorted(sticks) + [os.path.join(folder, "vars.fd")] + \
            sorted(glob.glob(os.path.join(self.machine.tpm_state, "*")))

    def judge(self, forms, sticks):
        """What was found: {moment: {kind: [names]}}. PlayError when it is not as it must be."""
        forms = [*forms, MARK]
        found, left = {}, []
        for moment, files in self.dumps.items():
            kinds = found[moment] = {}
            more = self.others(sticks) if moment == WIPED else []
            for form, file, stride, offset in self.scan(forms, files + more):
                kinds.setdefault(form.kind, set()).add(form.name)
                if moment == WIPED and form.kind != MARK.kind:
                    left.append(f"{form.name} ({form.kind}) in {os.path.basename(file)} at "
                                f"{offset:#x}, every {stride} bytes")
        self._controls(found)
        self._overwritten(found)
        if left:
            raise PlayError("left when the machine was off: " +
                            "; ".join(sorted(set(left))[:SHOWN]))
        return {m: {k: sorted(n) for k, n in kinds.items()} for m, kinds in found.items()}

    def _controls(self, found):
        for name, _, wanted, gone in MOMENTS:
            if name not in found:
                continue
            missing = [k for k in wanted if k not in found[name]]
            if missing:
                raise PlayError("the search does not find what must be in memory when "
                                f"{name}: {', '.join(missing)}")
            kept = sorted(n for names in found[name].values() for n in names if gone.search(n))
            if kept:
                raise PlayError(f"still in memory when {name}: {', '.join(kept[:SHOWN])}")
        for moment, kinds in found.items():
            if MARK.kind not in kinds:
                raise PlayError(f"the memory could not be searched when {moment}")

    def _overwritten(self, found):
        """Free memory and the screen at the end."""
        memory, *screen = self.dumps[WIPED]
        part = filled(memory)
        found[WIPED]["overwritten"] = [f"{part:.1%} of the memory"]
        if part < FILLED_MIN:
            raise PlayError(f"only {part:.1%} of the memory is overwritten at the end")
        for path in screen:
            if lit(path) > SCREEN_MAX:
                raise PlayError(f"the screen's memory is not black behind {SCREEN_MAX} bytes")


def secret_forms(bundle, shares, approvers, passphrases):
    """All forms of all secrets; approvers are {name: (folder, share files, passphrase)}."""
    try:
        c = Ceremony(bundle, shares)
        for name, (folder, files, text) in sorted(approvers.items()):
            c.add_approver(name, folder, text, files)
        c.check_operations()
    except DeriveError as error:
        raise PlayError(f"derivation by another hand: {error}") from error
    known = {approver.passphrase for approver in c.approvers.values()}
    forms = of_ceremony(c)
    for text in sorted(set(passphrases) - known):
        forms += passphrase(text)
    return forms


def report(path, found, forms):
    """memory.json: what was looked for, and what was found when."""
    with open(path, "w", encoding="ascii") as f:
        json.dump({"forms": len(forms), "secrets": sorted({x.kind for x in forms}),
                   "found": found}, f, indent=1, sort_keys=True)
        f.write("\n")
