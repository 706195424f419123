"""tpm_parts - rehearsals on an swtpm that stock tools brought into a state."""
import json
import os
import shutil
import subprocess

import rehearsal as r
import swtpm
from rehearsal import ok

ABORT = """tpm.ok abort
abort.reason enough
abort.who dora
abort.agree@dora agree
abort.who dave
abort.agree@dave agree
media CS-LOG OUT/sticks/CS-LOG
media CS-LOG -
abort.end
"""


class InState:
    """An swtpm in that state; option chooses it."""

    def __init__(self, name, state, tools=(), fault=None):
        """tools: what they do before ("!": it must fail); fault: of a Tap in between."""
        self.name, self.tools, self.fault, self.tap = name, tools, fault, None
        self.tpm = swtpm.Swtpm(state)

    def __enter__(self):
        tpm = self.tpm.__enter__()
        for argv in self.tools:
            fails = argv[0] == "!"
            done = subprocess.run(argv[fails:], capture_output=True, text=True, check=False, env={
                **os.environ, "TPM2TOOLS_TCTI": f"cmd:socat - UNIX-CONNECT:{tpm.path}"})
            assert (done.returncode != 0) == fails, f"{argv}: {done.stdout}{done.stderr}"
        if self.fault:
            self.tap = swtpm.Tap(tpm, self.fault).__enter__()
        self.option = ["--tpm=swtpm:" + (self.tap or tpm).path]
        return self

    def __exit__(self, *exc):
        if self.tap:
            self.tap.__exit__()
        self.tpm.__exit__()


class Site:
    """Sticks for a rehearsal on the machine's TPM."""

    def __init__(self, folder):
        self.folder = folder
        self.prepared = os.path.join(folder, "prepared")
        self.state = swtpm.manufacture(os.path.join(folder, "tpm"))
        status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, self.prepared, env={"TPM": "machine"})
        ok(status == 0, "the sticks are prepared", said + err)
        with open(os.path.join(r.TESTS, "play", "genesis.play"), encoding="utf-8") as f:
            self.head, self.tail = f.read().split("tpm.ok\n", 1)

    def told(self, out, changes):
        """Another plan on the IN stick."""
        path = os.path.join(out, "sticks", "CS-IN", "plan.json")
        with open(path, encoding="utf-8") as f:
            tree = {**json.load(f), **changes}
        with open(path, "w", encoding="utf-8") as f:
            json.dump(tree, f)

    def play(self, name, tpm, answers, plan=None, fill=None, prepared=None, again=False):
        """A rehearsal whose plan is changed so and whose sticks fill(out) completes; returns folder,
        exit status, what was said. With prepared, other sticks, and when the same are played again, answers are
        the whole file."""
        out, path = os.path.join(self.folder, name), os.path.join(self.folder, name + ".play")
        if again:
            shutil.rmtree(os.path.join(out, "screens"))
        else:
            shutil.copytree(prepared or self.prepared, out)
            self.told(out, plan or {})
        if fill:
            fill(out)
        if not prepared and not again:
            answers = self.head + answers
        with open(path, "w", encoding="utf-8") as f:
            f.write(answers)
        status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play", path, "--out", out, *tpm.option)
        return out, status, said + err


def records(out):
    """The transcript's, of the bundle or of the LOG stick."""
    for folder, _, names in os.walk(out):
        if "records.jsonl" in names:
            with open(os.path.join(folder, "records.jsonl"), encoding="utf-8") as f:
                return [json.loads(line) for line in f]
    return []
