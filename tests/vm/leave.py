"""leave - what a run in the virtual machine needs before, and leaves afterwards."""
import os
import shutil

from machine import MachineError, list_stick, make_stick, read_stick

OUT_STICK = "CS-OUT-A"


class Sticks:
    """FAT images in OUT/sticks, made when first inserted, then the same stick again."""

    def __init__(self, folder):
        self.folder = folder
        self.known = {}
        os.makedirs(folder, exist_ok=True)

    def __call__(self, label, path):
        key = (label, path)
        if key not in self.known:
            count = sum(1 for known in self.known if known[0] == label)
            name = label + (f"-{count + 1}" if count else "") + ".img"
            self.known[key] = os.path.join(self.folder, name)
            if os.path.isfile(path):
                shutil.copyfile(path, self.known[key])
            else:
                make_stick(self.known[key], label, path)
        return self.known[key]

    def image(self, label):
        return next((i for (known, _), i in self.known.items() if known == label), None)


def export(out, image, identity):
    """The bundle from the OUT stick, and the identity digest that the screen showed."""
    if identity is None:
        raise MachineError("no screen showed the identity digest")
    if image is None or not os.path.exists(image):
        raise MachineError(f"{OUT_STICK} was never inserted")
    names = [n for n in list_stick(image) if n.startswith("bundle")]
    if len(names) != 1:
        raise MachineError(f"{OUT_STICK} holds {list_stick(image)}, not one bundle")
    read_stick(image, names[0], os.path.join(out, "bundle"))
    with open(os.path.join(out, "identity"), "w", encoding="ascii") as f:
        f.write(identity + "\n")


def papers(out, shown):
    """What the custodians wrote on paper, one share a line: a rebuild types it in again."""
    lines = [" ".join(words[n] for n in sorted(words)) for words in shown.values()]
    if lines:
        with open(os.path.join(out, "shares.txt"), "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")


def keep_serial_log(work, out, hide):
    """The serial line's log, without the words of the shares."""
    path = os.path.join(work, "serial.log")
    if os.path.exists(path):
        with open(path, encoding="utf-8", errors="replace") as f:
            text = hide(f.read())
        with open(os.path.join(out, "serial.log"), "w", encoding="utf-8") as f:
            f.write(text)
        os.unlink(path)
