"""console - the two ways people meet the image: a serial terminal, or keyboard and screen."""
import os
import subprocess
import time

from PIL import Image

from font import ScreenReader

COLUMNS, ROWS = 80, 24


class Serial:
    """The serial line inside tmux, a real terminal emulator of 80x24."""

    name = "serial"

    def __init__(self, machine):
        self.machine = machine
        self.socket = os.path.join(machine.folder, "tmux.sock")
        self._tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), "-s", "console",
                   f"exec socat -,raw,echo=0 UNIX-CONNECT:'{machine.serial_path}'",
                   ";", "set", "-g", "status", "off", ";", "set", "-s", "escape-time", "0",
                   ";", "set", "-g", "remain-on-exit", "on",
                   ";", "set", "-g", "window-size", "manual")

    def _tmux(self, *arguments, check=True):
        return subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", *arguments],
                              check=check, capture_output=True, text=True,
                              env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
                                   "TERM": "xterm-256color"})

    def lines(self):
        text = self._tmux("capture-pane", "-p", "-t", "console", check=False).stdout
        lines = [line.ljust(COLUMNS)[:COLUMNS] for line in text.split("\n")[:ROWS]]
        return lines + [" " * COLUMNS] * (ROWS - len(lines))

    def type(self, text):
        if text:
            self._tmux("send-keys", "-t", "console", "-l", text)

    def enter(self):
        self._tmux("send-keys", "-t", "console", "Enter")

    def save_picture(self, path, blank=()):
        """A terminal has no picture; the text says it all."""

    def message(self, text):
        """Tell the person who is attached."""
        self._tmux("display-message", "-d", "2500", text, check=False)

    def attach_command(self):
        return ["tmux", "-S", self.socket, "attach-session", "-t", "console"]

    def close(self):
        self._tmux("kill-server", check=False)


# QEMU's key codes for what stands on a US keyboard: plain and with shift
PLAIN = {"-": "minus", "=": "equal", "[": "bracket_left", "]": "bracket_right",
         "\\": "backslash", ";": "semicolon", "'": "apostrophe", ",": "comma", ".": "dot",
         "/": "slash", "`": "grave_accent", " ": "spc", "\n": "ret"}
SHIFTED = dict(zip('!@#$%^&*()_+{}|:"<>?~', "1234567890-=[]\\;',./`"))


class Vga:
    """The frame buffer and the keyboard, over QEMU's control socket."""

    name = "vga"

    def __init__(self, machine, fonts):
        self.machine = machine
        self.reader = ScreenReader(fonts)
        self.shot = os.path.join(machine.folder, "screen.ppm")
        self.image = None

    def lines(self):
        self.machine.qmp.command("screendump", filename=self.shot)
        self.image = Image.open(self.shot)
        self.image.load()
        text = self.reader.lines(self.image, COLUMNS, ROWS)
        return text + [" " * COLUMNS] * (ROWS - len(text))

    def _key(self, character):
        keys = []
        if character < " " and character != "\n":
            keys.append("ctrl")
            character = chr(ord(character) + 0x60)
        if character in SHIFTED or character.isupper():
            keys.append("shift")
            character = SHIFTED.get(character, character.lower())
        keys.append(PLAIN.get(character, character))
        self.machine.qmp.command("send-key", keys=[{"type": "qcode", "data": k} for k in keys],
                                 **{"hold-time": 20})
        time.sleep(0.045)

    def type(self, text):
        for character in text:
            self._key(character)

    def enter(self):
        self._key("\n")

    def save_picture(self, path, blank=()):
        """Keep the screen as a picture; blank is (column, first row, row behind) each."""
        if self.image is None:
            return
        picture = self.image.copy()
        cell = self.reader.last
        for column, first, after in blank:
            picture.paste((0, 0, 0), (column * cell.width, first * cell.height,
                                      COLUMNS * cell.width, after * cell.height))
        picture.save(path, optimize=True)

    def close(self):
        """Nothing of its own to end."""
