"""leave - what a run in the virtual machine needs before, and leaves afterwards."""
import filecmp
import os
import shutil

from machine import MachineError, list_stick, make_stick, read_stick

OUT_STICKS = ("CS-OUT-A", "CS-OUT-B")
CARD = "recovery-card.txt"


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


def same_bytes(one, other):
    """Do two folders hold the same files with the same bytes?"""
    found = filecmp.dircmp(one, other)
    if found.left_only or found.right_only or found.funny_files:
        return False
    if filecmp.cmpfiles(one, other, found.common_files, shallow=False)[0] != found.common_files:
        return False
    return all(same_bytes(os.path.join(one, d), os.path.join(other, d)) for d in found.common_dirs)


def export(out, sticks, identity):
    """Bundle and recovery card from the OUT sticks, the same on both, and the identity digest
    off the screen."""
    if identity is None:
        raise MachineError("no screen showed the identity digest")
    for label in OUT_STICKS:
        image = sticks.image(label)
        if image is None or not os.path.exists(image):
            raise MachineError(f"{label} was never inserted")
        names = [n for n in list_stick(image) if n.startswith("bundle")]
        if len(names) != 1:
            raise MachineError(f"{label} holds {list_stick(image)}, not one bundle")
        first = label == OUT_STICKS[0]
        target = os.path.join(out, "bundle" if first else os.path.join("machine", "bundle-b"))
        read_stick(image, names[0], target)
        if not first and not same_bytes(os.path.join(out, "bundle"), target):
            raise MachineError(f"{label} holds another bundle than {OUT_STICKS[0]}")
        card = os.path.join(out, CARD if first else os.path.join("machine", "card-b.txt"))
        read_stick(image, CARD, card)
        if not first and not filecmp.cmp(os.path.join(out, CARD), card, shallow=False):
            raise MachineError(f"{label} holds another recovery card than {OUT_STICKS[0]}")
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
