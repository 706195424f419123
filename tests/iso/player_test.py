#!/usr/bin/env python3
"""The player of the virtual machine, against machines made of Python."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vm"))

import font                                                 # noqa: E402
import player                                               # noqa: E402
from PIL import Image                                       # noqa: E402
from playfile import PlayError, parse                       # noqa: E402
from tap import Tap                                         # noqa: E402

tap = Tap()
work = tempfile.mkdtemp()


# ---- answer files

def parsed(text):
    path = os.path.join(work, "t.play")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    try:
        return [(type(i).__name__, getattr(i, "reference", getattr(i, "label", "")),
                 getattr(i, "value", getattr(i, "path", ""))) for i in parse(path, "/out")]
    except PlayError as error:
        return str(error)


for name, text, want in (
        ("comments and empty lines", "# c\n\n  \n", []),
        ("an answer", "plan.agree agree\n", [("Answer", "plan.agree", "agree")]),
        ("an empty answer", "start.ok\n", [("Answer", "start.ok", "")]),
        ("a person and blanks", "review.pass@bob   a b \n",
         [("Answer", "review.pass@bob", "a b ")]),
        ("a stick below OUT", "media CS-IN OUT/sticks/in\n",
         [("Media", "CS-IN", "/out/sticks/in")]),
        ("a stick beside the file", "media CS-IN in\n",
         [("Media", "CS-IN", os.path.join(work, "in"))]),
        ("a stick pulled", "media CS-alice -\n", [("Media", "CS-alice", None)]),
        ("no path", "media CS-IN\n", "t.play:1: expected: media CS-LABEL PATH, or media "
                                     "CS-LABEL -"),
        ("not a label", "media IN x\n", "t.play:1: expected: media CS-LABEL PATH, or media "
                                        "CS-LABEL -"),
        ("not a reference", "ok.x 1\nPlan agree\n",
         "t.play:2: Plan is neither STEP.ASK[@person] nor media")):
    tap.equal(parsed(text), want, f"answer file: {name}")


def answer_text(value, shown):
    with open(os.path.join(work, "t.play"), "w", encoding="utf-8") as f:
        f.write(f"shares.typed@carol {value}\n")
    return parse(os.path.join(work, "t.play"), work)[0].text(shown)


with open(os.path.join(work, "shares.txt"), "w", encoding="ascii") as share_file:
    share_file.write("one two\nthree four\n")
tap.equal(answer_text("@shown", ["a", "b", "c"]), "a b c", "@shown types what was shown")
tap.equal(answer_text("@shown:2:x", ["a", "b", "c"]), "a x c", "@shown:N:WORD slips once")
tap.equal(answer_text("@shown", []), None, "@shown without anything shown")
tap.equal(answer_text("@file:OUT/shares.txt:2", []), "three four", "@file types a share")
tap.equal(answer_text("plain", []), "plain", "a plain value")


# ---- screens

def screen(body=(), status="[start.ok]"):
    lines = [" " * 19 + "| " + line for line in body]
    lines = [line.ljust(80)[:80] for line in lines]
    lines = [" " * 80] + lines + [" " * 80] * (22 - len(lines))
    return lines + [status.rjust(79) + " "]


for status, want in (("[start.ok]", "start.ok"), ("[shares.typed@carol]", "shares.typed@carol"),
                     ("[...]", "..."), ("[media CS-IN]", "media CS-IN"),
                     ("[media CS-alice CS-bob]", "media CS-alice CS-bob"),
                     ("[remove CS-IN]", "remove CS-IN"), ("page 1 of 2 [more]", "more"),
                     ("", ""), ("[Start.ok]", ""), ("[start.ok] later", "")):
    tap.equal(player.status_of(screen(status=status)), want, f"status: {status or 'nothing'}")

tap.equal(player.shown_words(screen(["1. academic  12. acid", " 2. zero"])),
          {1: "academic", 12: "acid", 2: "zero"}, "numbered words are read")
HEX = "0123456789abcdef"
tap.equal(player.identity_digest(screen(["identity digest (hex):", f"  {HEX} {HEX}",
                                         f"  {HEX} {HEX}", " tycoon word"])), HEX * 4,
          "the identity digest in four groups")
tap.equal(player.identity_digest(screen(["identity digest (hex)", HEX * 2, HEX * 2])), HEX * 4,
          "the identity digest in two groups")
tap.equal(player.identity_digest(screen(["identity digest (hex)", HEX])), None,
          "half a digest is none")


# ---- whole plays, against a ceremony that is a list of screens

class FakeMachine:
    """Asks the given things in order; off at the end."""

    def __init__(self, asks):
        self.asks = list(asks)
        self.inserted = []
        self.typed = ""
        self.answers = []

    def off(self):
        return not self.asks

    def insert(self, label, image):
        self.inserted.append(label)
        if self.asks[0][0].startswith("media") and label in self.asks[0][0].split():
            self.asks.pop(0)

    def pull(self, label):
        self.inserted.remove(label)
        if self.asks[0][0] == f"remove {label}":
            self.asks.pop(0)


class FakeConsole:
    """Shows the machine's screen and types into it."""

    def __init__(self, machine):
        self.machine = machine

    def lines(self):
        if not self.machine.asks:
            return screen(status="")
        ask, body = self.machine.asks[0]
        return screen(list(body) + [f"> {self.machine.typed}"], f"[{ask}]")

    def type(self, text):
        self.machine.typed += text

    def enter(self):
        ask = self.machine.asks.pop(0)[0]
        self.machine.answers.append((ask, self.machine.typed))
        self.machine.typed = ""

    def save_picture(self, path, blank=()):
        """No picture."""


def play(text, asks):
    """(error or "", answers given) of playing text against asks."""
    with open(os.path.join(work, "p.play"), "w", encoding="utf-8") as f:
        f.write(text)
    machine = FakeMachine([a if isinstance(a, tuple) else (a, ()) for a in asks])
    screens = player.Screens(tempfile.mkdtemp(dir=work))
    actor = player.Player(machine, FakeConsole(machine), parse(f.name, work), screens,
                          lambda label, path: path, log=lambda text: None)
    try:
        actor.play()
    except PlayError as error:
        return str(error), machine.answers
    return "", machine.answers


player.SETTLE, player.LOST, player.LOST_STICK, player.PATIENCE = 0.05, 0.5, 0.5, 0.3
SHARE = [f"{n}. word{chr(96 + n)}" for n in range(1, 21)]
WORDS = " ".join(f"word{chr(96 + n)}" for n in range(1, 21))

tap.equal(play("a.ok\nb.agree agree\n", ["a.ok", "b.agree"]),
          ("", [("a.ok", ""), ("b.agree", "agree")]), "play: two answers")
tap.equal(play("a.ok\n", ["a.ok", "b.ok"])[0],
          "the screen asks for [b.ok]; the next line is none", "play: an unasked question")
tap.equal(play("a.ok\nb.ok\n", ["a.ok"])[0],
          "p.play:2: the machine went off before this line was used", "play: a line left over")
tap.equal(play("b.ok\na.ok\n", ["a.ok", "b.ok"])[0],
          "the screen asks for [a.ok]; the next line is p.play:1", "play: another order")
tap.equal(play("media CS-IN x\na.ok\nmedia CS-IN -\nb.ok\n",
               ["media CS-IN", "a.ok", "remove CS-IN", "b.ok"])[0], "",
          "play: a stick comes and goes")
tap.equal(play("media CS-IN x\na.ok\n", ["media CS-OUT-A", "a.ok"])[0],
          "the screen asks for [media CS-OUT-A]; the next line is p.play:2",
          "play: another stick than the one that is wanted")
tap.equal(play("s.write@carol\ns.typed@carol @shown\n",
               [("s.write@carol", SHARE), "s.typed@carol"])[1][1],
          ("s.typed@carol", WORDS), "play: a share is read and typed back")
tap.equal(play("s.write@dave\ns.typed@carol @shown\n",
               [("s.write@dave", SHARE), "s.typed@carol"])[0],
          "p.play:2: carol was shown 0 words, not a share", "play: another person's share")
tap.equal(play("a.ok\n", ["more", "a.ok"]), ("", [("more", ""), ("a.ok", "")]),
          "play: pages are turned")


# ---- screens that are kept

kept = player.Screens(os.path.join(work, "kept"))
kept.keep(screen(["1. academic", "2. acid"], "[shares.write@carol]"), "shares.write@carol",
          FakeConsole(FakeMachine([])))
kept.keep(screen(["1. academic", "2. acid"], "[shares.write@carol]"), "shares.write@carol",
          FakeConsole(FakeMachine([])))
names = os.listdir(kept.folder)
with open(os.path.join(kept.folder, names[0]), encoding="utf-8") as kept_file:
    kept_text = kept_file.read()
tap.equal(names, ["01-shares-write@carol.txt"], "a screen is kept once, under its reference")
tap.ok("****" in kept_text and "academic" not in kept_text, "the words of a share are not kept",
       kept_text)
tap.equal(kept.hide("type acid, not acidic"), "type ****, not acidic", "words are hidden whole")


# ---- the frame buffer

def make_font(name, width, height):
    """A font file as the kernel has them, every glyph different."""
    glyphs = []
    for g in range(256):
        rows = [0] * height
        if g not in (0, 32, 255):
            for bit in range(8):
                if g >> bit & 1:
                    rows[bit + 2] = 0b01100110 << (width - 8)
            rows[1] = 0b00111100
        glyphs += [byte for row in rows for byte in row.to_bytes(width // 8, "big")]
    with open(os.path.join(work, name), "w", encoding="ascii") as f:
        f.write(f"#define FONTDATAMAX {len(glyphs)}\nstatic x = {{\n"
                "\t{ 0, 0, FONTDATAMAX, 0 }, {\n\t/* 0 0x00 '^@' */\n")
        f.write("".join(f"0x{b:02x}, /* '*' */\n" for b in glyphs) + "} };\n")


def paint(reader, bitmaps, lines, ink, paper):
    image = Image.new("RGB", (80 * reader.width, 24 * reader.height), paper)
    number = {font.glyph_text(i): i for i in reversed(range(256))}
    for y, line in enumerate(lines):
        for x, character in enumerate(line):
            for row, bits in enumerate(bitmaps[number[character]]):
                for column in range(reader.width):
                    if bits >> (reader.width - 1 - column) & 1:
                        image.putpixel((x * reader.width + column, y * reader.height + row), ink)
    return image


for font_name, cell_width, cell_height in font.FONTS:
    make_font(font_name, cell_width, cell_height)
screen_reader = font.ScreenReader(work)
TEXT = ["The quick brown fox 0123 [start.ok]".ljust(80), "│┌─┐└┘ {}|~".ljust(80)] + \
    [" " * 80] * 22
for font_name, cell_width, cell_height in font.FONTS:
    for label, ink_colour, paper_colour in (("light on dark", (170, 170, 170), (0, 0, 0)),
                                            ("dark on light", (0, 0, 0), (170, 170, 170))):
        glyph_maps = font.load_bitmaps(os.path.join(work, font_name), cell_width, cell_height)
        one = font.Reader(work, font_name, cell_width, cell_height)
        picture = paint(one, glyph_maps, TEXT, ink_colour, paper_colour)
        tap.equal(screen_reader.lines(picture), TEXT, f"screen: {font_name}, {label}")

shutil.rmtree(work)
tap.close()
