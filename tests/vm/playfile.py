"""playfile - answer files as docs/FORMAT-PLAY.md describes them."""
import os
import re
import time

REFERENCE = re.compile(r"^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*(@[a-z][a-z0-9-]*)?$")
LABEL = re.compile(r"^CS-[A-Za-z0-9-]{1,21}$")


PAUSE = "\x10"		# Ctrl-P


class PlayError(Exception):
    """The answer file does not fit; the text names file and line."""


class Answer:
    """STEP.ASK[@person] VALUE"""

    def __init__(self, where, reference, value, resolve):
        self.where = where
        self.resolve = resolve
        self.reference = reference
        self.value = value

    @property
    def person(self):
        return self.reference.partition("@")[2]


    def text(self, shown):
        """What to type, given the words that this person was last shown; None: none were."""
        head, _, rest = self.value.partition(":")
        if self.value == "@pause":
            return PAUSE
        if self.value == "@now" or self.value.startswith("@now+"):
            more = int(self.value[len("@now+"):] or 0)
            return time.strftime("%Y-%m-%d %H:%M", time.gmtime(time.time() + more))
        if head == "@file" and rest:
            path, _, number = rest.rpartition(":")
            with open(self.resolve(path), encoding="utf-8") as f:
                return f.read().splitlines()[int(number) - 1].strip()
        if head != "@shown":
            return self.value
        if not shown:
            return None
        words = list(shown)
        if rest:
            number, _, word = rest.partition(":")
            words[int(number) - 1] = word
        return " ".join(words)


class Typed:
    """typed VALUE, while a stick is awaited"""

    def __init__(self, where, value):
        self.where = where
        self.value = PAUSE if value == "@pause" else value
        self.reference, self.person = "typed", ""

    def text(self, _shown):
        return self.value


class Media:
    """media ROLE PATH, or media ROLE - ; path is None for the latter"""

    def __init__(self, where, label, path):
        self.where = where
        self.label = label
        self.path = path


def parse(path, out):
    """The file's items in order; out is the folder that OUT/ stands for."""
    items = []
    folder = os.path.dirname(os.path.abspath(path))

    def resolve(name):
        if name.startswith("OUT/"):
            return os.path.join(out, name[4:])
        return os.path.join(folder, name)

    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            where = f"{os.path.basename(path)}:{number}"
            line = line.rstrip("\n")
            if not line.strip() or line.startswith("#"):
                continue
            head, *rest = line.split(None, 1)
            rest = rest[0] if rest else ""
            if head == "media":
                label, _, target = rest.partition(" ")
                target = target.strip()
                if not LABEL.match(label) or not target:
                    raise PlayError(f"{where}: expected: media CS-LABEL PATH, or media CS-LABEL -")
                items.append(Media(where, label,
                                   None if target == "-" else resolve(target)))
            elif head == "typed":
                items.append(Typed(where, rest))
            elif REFERENCE.match(head):
                items.append(Answer(where, head, rest, resolve))
            else:
                raise PlayError(f"{where}: {head} is neither STEP.ASK[@person] nor media")
    return items
