"""font - read text off a screenshot by comparing its cells with the kernel's own console fonts."""
import os
import re

# file in the kernel's lib/fonts, cell width, cell height
FONTS = (("font_ter16x32.c", 16, 32), ("font_8x16.c", 8, 16))
CONTROL = ("\0☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼")
GLYPHS = 256
CURSOR_ROWS = 0.20		# the lowest part of a cell, where the cursor blinks


def glyph_text(index):
    """The character that a glyph of the kernel's fonts (code page 437) stands for."""
    if index == 0 or index == 255:
        return " "
    if index < 32:
        return CONTROL[index]
    if index == 127:
        return "⌂"
    return bytes([index]).decode("cp437")


def load_bitmaps(path, width, height):
    """The bitmaps of a kernel font, as one tuple of row numbers per glyph."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    body = text[text.index("FONTDATAMAX, 0 }") + len("FONTDATAMAX, 0 }"):]
    body = re.sub(r"/\*.*?\*/", "", body[:body.index("};")], flags=re.S)
    values = [int(v, 0) for v in re.findall(r"0x[0-9a-fA-F]+|\b\d+\b", body)]
    step = width // 8
    need = GLYPHS * height * step
    if len(values) < need:
        raise ValueError(f"{path}: {len(values)} bytes of glyphs, not {need}")
    glyphs = []
    for g in range(GLYPHS):
        rows = []
        for r in range(height):
            at = (g * height + r) * step
            rows.append(int.from_bytes(bytes(values[at:at + step]), "big"))
        glyphs.append(tuple(rows))
    return glyphs


class Reader:
    """Recognises the cells of one font size."""

    def __init__(self, folder, name, width, height):
        self.width = width
        self.height = height
        self.kept = height - max(1, round(height * CURSOR_ROWS))
        self.full = {}
        self.upper = {}
        self.seen = {}
        order = list(range(32, 127)) + list(range(128, 256)) + list(range(0, 32)) + [127]
        for index, rows in ((i, r) for i, r in enumerate(
                load_bitmaps(os.path.join(folder, name), width, height))):
            rank = order.index(index)
            for table, key in ((self.full, rows), (self.upper, rows[:self.kept])):
                if key not in table or rank < table[key][0]:
                    table[key] = (rank, glyph_text(index))

    def cell(self, pixels):
        """The character in one cell, given as a tuple of rows of raw RGB bytes."""
        if pixels in self.seen:
            return self.seen[pixels]
        colours = {}
        for row in pixels:
            for x in range(0, len(row), 3):
                colours.setdefault(row[x:x + 3], len(colours))
        self.seen[pixels] = self._recognise(pixels, sorted(colours, key=sum))
        return self.seen[pixels]

    def _recognise(self, pixels, colours):
        if len(colours) == 1:
            return " "
        if len(colours) > 2:
            return "?"
        # light on dark first: only block characters fit both ways
        shapes = [self._shape(pixels, ink) for ink in (colours[1], colours[0])]
        for shape in shapes:
            if shape in self.full:
                return self.full[shape][1]
        for shape in shapes:		# under the cursor
            if shape[:self.kept] in self.upper:
                return self.upper[shape[:self.kept]][1]
        return "?"

    @staticmethod
    def _shape(pixels, ink):
        rows = []
        for row in pixels:
            bits = 0
            for x in range(0, len(row), 3):
                bits = bits << 1 | (row[x:x + 3] == ink)
            rows.append(bits)
        return tuple(rows)

    def lines(self, image, columns, rows):
        """The upper left columns x rows cells of a PIL image, as text lines."""
        data = image.convert("RGB").tobytes()
        stride = image.width * 3
        step = self.width * 3
        result = []
        for row in range(min(rows, image.height // self.height)):
            bands = [data[y * stride:(y + 1) * stride]
                     for y in range(row * self.height, (row + 1) * self.height)]
            result.append("".join(
                self.cell(tuple(b[x * step:(x + 1) * step] for b in bands))
                for x in range(min(columns, image.width // self.width))))
        return result


class ScreenReader:
    """Finds out by itself which of the kernel's fonts is on the screen."""

    def __init__(self, folder):
        self.readers = [Reader(folder, *font) for font in FONTS]
        self.last = None

    def lines(self, image, columns=80, rows=24):
        candidates = [r for r in self.readers if image.width // r.width >= columns and
                      image.height // r.height >= rows]
        best, best_score = [], None
        for reader in sorted(candidates, key=lambda r: r is not self.last):
            text = reader.lines(image, columns, rows)
            score = sum(line.count("?") for line in text)
            if best_score is None or score < best_score:
                best, best_score, self.last = text, score, reader
            if score <= 2:
                break
        return best
