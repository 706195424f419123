"""player - does on the image's console what people do: reads, types, inserts and pulls sticks.

The screen is 80x24: the last row ends with the reference of what is asked, `[STEP.ASK@person]`,
with `[media LABEL...]` or `[remove LABEL]` while a stick is to come or go, with `[more]` while
there is another page, and with `[...]` while the image is at work.
"""
import os
import re
import time

from playfile import PAUSE, Answer, Media, PlayError, Typed

STEP_TIMEOUT = 180		# the slowest step, on a busy machine
TOTAL_TIMEOUT = 900
SETTLE = 0.25			# a screen that stays the same this long is complete
PATIENCE = 8			# seconds a stick may stay when the screen asks for something else
LOST = 20			# seconds a settled screen may ask what no line answers
LOST_STICK = 90			# the same while a stick may be at work

STATUS = re.compile(r"\[([a-z][a-z0-9-]*\.[a-z][a-z0-9-]*(?:@[a-z][a-z0-9-]*)?|\.\.\.|more|"
                    r"(?:media|remove)(?: CS-[A-Za-z0-9-]+)+)\]\s*$")
WORD = re.compile(r"\b(\d{1,2})\.\s+([a-z]+)")
SECRET = re.compile(r"\b(?:shares|recover)\.|\.pass")	# screens that are kept without words
PASSPHRASE = re.compile(r"\.pass@")
IDENTITY = "identity digest (hex)"
BODY_LEFT = 20
SECRET_ROWS = ((BODY_LEFT, 3, 19), (BODY_LEFT, 22, 23))	# where words are shown and typed
SHARE_WORDS = 20		# a SLIP-0039 share has at least so many


def status_of(lines):
    """What the last row says is wanted: a reference, "media LABEL", "more", "..." or nothing."""
    found = STATUS.search(lines[-1].rstrip())
    return found.group(1) if found else ""


def shown_words(lines):
    """{number: word} of the numbered words in the body."""
    words = {}
    for line in lines[1:-1]:
        for number, word in WORD.findall(line[BODY_LEFT:]):
            words[int(number)] = word
    return words


def identity_digest(lines):
    """The 64 hex digits that follow the identity digest's label in the body, or None."""
    body = [line[BODY_LEFT:] for line in lines[1:-1]]
    for number, line in enumerate(body):
        at = line.lower().find(IDENTITY)
        if at < 0:
            continue
        text = " ".join([line[at + len(IDENTITY):]] + body[number + 1:number + 6])
        digits = "".join(re.findall(r"\b(?:[0-9a-f]{8}){1,8}\b", text))
        if len(digits) >= 64:
            return digits[:64]
    return None


def safe_name(reference):
    return re.sub(r"[^A-Za-z0-9@-]+", "-", reference).strip("-") or "working"


class Screens:
    """Every distinct screen, kept as text (and picture); secrets are left out."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        self.kept = set()
        self.secrets = set()
        os.makedirs(folder, exist_ok=True)

    def hide(self, text):
        for word in self.secrets:
            text = re.sub(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])", "****", text)
        return text

    def keep(self, lines, name, console):
        secret = bool(SECRET.search(name))
        if secret:
            self.secrets |= set(shown_words(lines).values())
        text = "\n".join(line.rstrip() for line in lines) + "\n"
        if secret:
            text = self.hide(text)
        if text in self.kept:
            return
        self.kept.add(text)
        self.count += 1
        base = os.path.join(self.folder, f"{self.count:02d}-{safe_name(name)}")
        with open(base + ".txt", "w", encoding="utf-8") as f:
            f.write(text)
        console.save_picture(base + ".png", SECRET_ROWS if secret else ())


class Player:
    """Plays one answer file on one console of one machine."""

    def __init__(self, machine, console, items, screens, stick_image, log=print, before=None):
        self.machine = machine
        self.console = console
        self.items = list(items)
        self.screens = screens
        self.stick_image = stick_image		# (label, path) -> image file
        self.log = log
        self.before = before or (lambda item: None)	# called when an answer is due
        self.shown = {}
        self.typed = {}			# passphrases by person, in the order they were typed
        self.recovered = []		# shares that were typed off paper
        self.deadline = time.monotonic() + TOTAL_TIMEOUT
        self.identity = None

    def _fail(self, text, lines):
        self.screens.keep(lines, "refused-" + (status_of(lines) or "screen"), self.console)
        raise PlayError(text)

    def _settled(self):
        """The screen once it has stopped changing, or None when the machine is off."""
        last, since = None, 0.0
        while not self.machine.off():
            lines = self.console.lines()
            now = time.monotonic()
            if lines != last:
                last, since = lines, now
            elif now - since >= SETTLE:
                return lines
            if now > self.deadline:
                self._fail("time is up", lines)
            time.sleep(0.08)
        return None

    def choose_console(self, prompt):
        """Wait for the image's invitation and press Enter on this console."""
        limit = time.monotonic() + STEP_TIMEOUT
        while True:
            lines = self._settled()
            if lines is None:
                raise PlayError("the machine went off before it asked for a console")
            if any(prompt in line for line in lines):
                break
            if time.monotonic() > limit:
                self._fail("the image did not ask for a console", lines)
        self.screens.keep(lines, "console", self.console)
        self.machine.screenshot(os.path.join(self.screens.folder, "console-vga.png"))
        self._menu_page("m", "measurements", lines)
        while any(prompt in line for line in lines) and time.monotonic() < limit:
            self.console.enter()		# a busy machine may have missed it
            self._wait_change(lines, PATIENCE)
            lines = self.console.lines()

    def _menu_page(self, key, name, menu):
        """Look at a page of the boot menu, keep it, and go back."""
        self.console.type(key)
        self.console.enter()
        self._wait_change(menu, STEP_TIMEOUT)
        lines = self._settled()
        if lines is None:
            raise PlayError("the machine went off while its menu was looked at")
        self.screens.keep(lines, name, self.console)
        self.console.enter()
        self._wait_change(lines, STEP_TIMEOUT)
        self._settled()

    def _media(self, item):
        if item.path is None:
            self.log(f"  pull    {item.label}")
            self.machine.pull(item.label)
        else:
            self.log(f"  insert  {item.label}")
            self.machine.insert(item.label, self.stick_image(item.label, item.path))

    def _remember(self, item, lines):
        """Keep the words that the screen shows to a person."""
        words = shown_words(lines)
        if item.person and len(words) >= SHARE_WORDS // 2 and not item.value.startswith("@"):
            known = self.shown.setdefault(item.person, {})
            if 1 in words:
                known.clear()
            known.update(words)

    def _value(self, item, lines):
        self._remember(item, lines)
        words = self.shown.get(item.person, {})
        whole = len(words) >= SHARE_WORDS and sorted(words) == list(range(1, len(words) + 1))
        value = item.text([words[n] for n in sorted(words)] if whole else [])
        if value is None:
            self._fail(f"{item.where}: {item.person} was shown {len(words)} words, not a share",
                       lines)
        return value

    def _learn(self, item, value):
        """What the person typed is a secret too."""
        if PASSPHRASE.search(item.reference) and value:
            self.typed.setdefault(item.person, []).append(value)
        if item.reference.startswith("recover.") and len(value.split()) >= SHARE_WORDS:
            self.recovered.append(value)

    def _answer(self, item, lines):
        value = self._value(item, lines)
        self._learn(item, value)
        self.before(item)
        self.screens.keep(lines, item.reference, self.console)
        self.log(f"  answer  {item.reference}")
        self.console.type(value)
        self._wait_change(lines, 1.5 if value else 0.0)
        typed = self._settled()
        if value != PAUSE:		# the key is the answer
            self.console.enter()
        if typed is not None:
            self._wait_change(typed, STEP_TIMEOUT)

    def _wait_change(self, before, seconds):
        limit = time.monotonic() + seconds
        while time.monotonic() < limit and not self.machine.off():
            if self.console.lines() != before:
                return
            time.sleep(0.05)

    def play(self):
        """Until the machine goes off. PlayError names the line that did not fit."""
        limit = time.monotonic() + STEP_TIMEOUT
        lost_since = None
        while True:
            lines = self._settled()
            if lines is None:
                break
            wanted = status_of(lines)
            self.identity = identity_digest(lines) or self.identity
            item = self.items[0] if self.items else None
            if wanted == "more":
                self._turn_page(item, lines)
                continue
            if self._fits(item, wanted, lost_since):
                self.items.pop(0)
                if isinstance(item, Media):
                    self.screens.keep(lines, wanted, self.console)
                    self._media(item)
                else:
                    self._answer(item, lines)
                limit, lost_since = time.monotonic() + STEP_TIMEOUT, None
                continue
            lost_since = self._lost(wanted, item, lost_since, lines)
            if time.monotonic() > limit:
                self._fail(f"nothing happened for {STEP_TIMEOUT} s; the next line is "
                           f"{item.where if item else 'none'}", lines)
            time.sleep(0.15)
        if self.items:
            raise PlayError(f"{self.items[0].where}: the machine went off before this line "
                            "was used")

    def _turn_page(self, item, lines):
        if isinstance(item, Answer):
            self._remember(item, lines)
        self.screens.keep(lines, f"{item.reference} page" if isinstance(item, Answer) else "page",
                          self.console)
        self.console.enter()
        self._wait_change(lines, STEP_TIMEOUT)

    def _fits(self, item, wanted, lost_since):
        """Is it time for this line? Sticks move when asked for, or after some patience."""
        if isinstance(item, Answer):
            return item.reference == wanted
        if isinstance(item, Typed):
            return wanted.startswith(("media ", "remove "))
        if item is None or wanted in ("", "..."):
            return False
        verb, *labels = wanted.split()
        if verb == ("remove" if item.path is None else "media") and item.label in labels:
            return True
        if verb not in ("media", "remove"):
            return True
        return lost_since is not None and time.monotonic() - lost_since > PATIENCE

    def _lost(self, wanted, item, since, lines):
        """A settled screen that asks for what the file does not give is an error."""
        if wanted in ("", "..."):
            return None
        limit = LOST if wanted.split()[0] not in ("media", "remove") else LOST_STICK
        if since is None:
            return time.monotonic()
        if time.monotonic() - since > limit:
            self._fail(f"the screen asks for [{wanted}]; the next line is "
                       f"{item.where if item else 'none'}", lines)
        return since
