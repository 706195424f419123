#!/usr/bin/env python3
"""The words and the key of a pause on a real terminal: `ceremony run` inside tmux.

timeout: 120
"""
import os
import subprocess
import time

import rehearsal as r
from rehearsal import ok

LINE = "The seal of the bag has another serial than the one that the record of the last ceremony names."


class Terminal:
    """80x24, with a person at it who reads the status line before typing."""

    def __init__(self, folder, command):
        self.socket = os.path.join(folder, "tmux.sock")
        self.tmux("new-session", "-d", "-x", "80", "-y", "24", "-s", "t", command, ";", "set", "-g", "status", "off",
                  ";", "set", "-g", "remain-on-exit", "on", ";", "set", "-s", "escape-time", "0")

    def tmux(self, *args):
        return subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", *args], capture_output=True, text=True,
                              check=False, env={**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p", "-t", "t")

    def wait(self, what, seconds=40):
        """The screen once it has this text, twice the same; None after so long. Turns pages."""
        limit, last = time.monotonic() + seconds, ""
        while time.monotonic() < limit:
            text = self.screen()
            if what in text and text == last:
                return text
            if "[more]" in text and text == last:
                self.type("", "Enter")
                text = ""
            last = text
            time.sleep(0.1)
        return None

    def type(self, text, *keys):
        if text:
            self.tmux("send-keys", "-t", "t", "-l", text)
        for key in keys:
            self.tmux("send-keys", "-t", "t", key)

    def close(self):
        self.tmux("kill-server")


def play(t, steps):
    """[what must be asked, text, keys...]; stops at the first that does not come."""
    for asked, text, *keys in steps:
        seen = t.wait(asked)
        if seen is None:
            return ok(False, f"{asked} is asked", t.screen())
        t.type(text, *keys)
    return True


def resumed(a, b):
    return [(p, text, "Enter") for n in (a, b) for p, text in (("[pause.who]", n), (f"[pause.agree@{n}]", "agree"))]


def main():
    now = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    with r.Folder() as folder:
        status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, folder)
        if not ok(status == 0, "the sticks are prepared", said + err):
            r.done()
        ceremony = os.path.abspath(os.path.join(r.BIN, "ceremony"))
        t = Terminal(folder, f"{ceremony} run {folder}/sticks; echo ended with $?")
        try:
            talk(t, now)
        finally:
            t.close()
    r.done()


def talk(t, now):
    play(t, [("[start.ok]", "", "Enter"), ("[media CS-IN]", "", "Enter"), ("[plan.agree]", "agree", "Enter"),
             ("[people.agree]", "agr", "C-p")])
    paused = t.wait("[pause.who]")
    ok(paused and "Example Sanctum" not in paused and "Dora" not in paused and " Plan" not in paused,
       "Ctrl-P: nothing of the ceremony is on the screen", paused)
    play(t, [*resumed("dora", "wim"), ("[people.agree]", "exception", "Enter"), ("[exception.expected]", LINE)])
    ok(t.wait(LINE[-40:]) is not None, "the end of a long line is seen while it is typed", t.screen())
    t.type("", "Enter")
    seen = t.wait("[exception.happened]") or ""
    ok(LINE in " ".join(" ".join(row[20:].split()) for row in seen.splitlines()), "the whole of it is kept", seen)
    play(t, [("[exception.happened]", "back", "Enter"), ("[people.agree]", "agree", "Enter"),
             ("[time.typed@dora]", now, "Enter"), ("[time.typed@wim]", now, "Enter"), ("[time.agree]", "agree", "Enter"),
             ("[tpm.ok]", "yes", "Enter")])
    ok(t.wait("Enter alone goes on") is not None, "a word where Enter is asked for does not go on", t.screen())
    play(t, [("[tpm.ok]", "", "Enter"), ("[collateral.agree]", "agree", "Enter"), ("[remove CS-IN]", "", "Enter"),
             ("[media CS-alice CS-bob]", "", "C-p"), *resumed("alice", "bob"), ("[media CS-alice CS-bob]", "1"),
             ("[review.pass@alice]", "rehearsal passphr")])
    ok(t.wait("*****************") is not None, "a passphrase is shown as stars", t.screen())
    t.type("", "C-p")
    paused = t.wait("[pause.who]")
    ok(paused and "*" not in paused and "rehearsal pass" not in paused, "Ctrl-P in a passphrase: its stars are gone", paused)
    play(t, resumed("wim", "carol"))
    ok("*" not in (t.wait("[review.pass@alice]") or "*"), "and what was typed is forgotten", t.screen())
    play(t, [("[review.pass@alice]", "rehearsal passphrase of alice", "Enter"), ("[remove CS-alice]", "abort", "Enter"),
             ("[abort.reason]", "There is smoke.", "Enter"), ("[abort.who]", "erin", "Enter"),
             ("[abort.agree@erin]", "agree", "Enter"), ("[abort.who]", "bob", "Enter"),
             ("[abort.agree@bob]", "agree", "Enter"), ("[media CS-LOG]", "skip", "Enter"), ("[abort.end]", "", "Enter")])
    ok(t.wait("ended with 39") is not None, "the abort has its exit status", t.screen())


main()
