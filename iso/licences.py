"""licences - what a Debian package's copyright file declares, as an SPDX expression.

Only names that Debian's machine-readable format defines, or that are SPDX identifiers
themselves, become SPDX identifiers. Everything else becomes a LicenseRef with the text that
the copyright file gives, so that nothing is guessed.
"""
import re

FORMAT = re.compile(r"Format: https?://www\.debian\.org/doc/packaging-manuals/copyright-format/1\.0/?$")

# Debian's name in lower case [copyright-format 1.0, "License specification"]: SPDX
SPDX = {
    "apache-2.0": "Apache-2.0", "bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause",
    "cc0": "CC0-1.0", "cc0-1.0": "CC0-1.0", "expat": "MIT", "isc": "ISC", "zlib": "Zlib",
    "cpl-1.0": "CPL-1.0", "mpl-1.1": "MPL-1.1", "bsl-1.0": "BSL-1.0",
    "fsfap": "FSFAP", "fsfullr": "FSFULLR", "unicode-dfs-2016": "Unicode-DFS-2016",
    "gpl-1+": "GPL-1.0-or-later", "gpl-2": "GPL-2.0-only", "gpl-2+": "GPL-2.0-or-later",
    "gpl-3": "GPL-3.0-only", "gpl-3+": "GPL-3.0-or-later",
    "lgpl-2": "LGPL-2.0-only", "lgpl-2+": "LGPL-2.0-or-later", "lgpl-2.1": "LGPL-2.1-only",
    "lgpl-2.1+": "LGPL-2.1-or-later", "lgpl-3": "LGPL-3.0-only", "lgpl-3+": "LGPL-3.0-or-later",
    "gfdl-1.2+": "GFDL-1.2-or-later", "gfdl-1.3+": "GFDL-1.3-or-later",
    "gpl-2 with linux-syscall-note exception": "GPL-2.0-only WITH Linux-syscall-note",
}


def paragraphs(text):
    """The paragraphs of a control file: {lower-case field: value with its line breaks}."""
    for block in re.split(r"\n[ \t]*\n", text):
        fields, name = {}, None
        for line in block.split("\n"):
            if line[:1] in (" ", "\t") and name:
                fields[name] += "\n" + line[1:]
            elif ":" in line and not line.startswith("#"):
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if fields:
            yield fields


def plain(body):
    """The text of a licence field without the dots that stand for empty lines."""
    return "\n".join("" if line.strip() == "." else line for line in body.split("\n")).strip()


class Licences:
    """Expressions of the packages, and the texts of all LicenseRefs that they use."""

    def __init__(self):
        self.texts = {}             # LicenseRef: (name, text)

    def reference(self, source, name, text):
        slug = f"{source}-{name}".lower().replace("+", "-or-later")
        slug = re.sub(r"[^a-z0-9.]+", "-", slug).strip("-")
        ref = f"LicenseRef-Debian-{slug}"
        known = self.texts.setdefault(ref, (name, text))
        if known[1] != text:
            raise ValueError(f"two texts for {ref}")
        return ref

    def term(self, source, name, texts):
        spdx = SPDX.get(name.lower())
        if spdx:
            return spdx
        text = texts.get(name.lower()) or "Debian's copyright file gives no text."
        return self.reference(source, name, text)

    def conjuncts(self, source, line, texts):
        """Of one License field, what holds together; "and" binds tighter than "or"."""
        if "," in line:
            return [self.term(source, line, texts)]
        ways = [[self.term(source, t, texts) for t in re.split(r"\s+and\s+", way)]
                for way in re.split(r"\s+or\s+", line)]
        if len(ways) == 1:
            return ways[0]
        ways = [w[0] if len(w) == 1 else f"({' AND '.join(w)})" for w in ways]
        return [f"({' OR '.join(ways)})"]

    def declared(self, source, copyright_text):
        """All that the copyright file of a source package declares, joined by AND."""
        if not FORMAT.match(copyright_text.split("\n", 1)[0]):
            return self.reference(source, "copyright", copyright_text.strip())
        texts, lines = {}, set()
        for fields in paragraphs(copyright_text):
            if "license" not in fields:
                continue
            line, _, body = fields["license"].partition("\n")
            if body.strip():
                texts.setdefault(line.lower(), plain(body))
            if "files" in fields:
                lines.add(line)
        found = {x for line in sorted(lines) if line
                 for x in self.conjuncts(source, line, texts)}
        if len(found) == 1:
            return re.sub(r"^\((.* OR .*)\)$", r"\1", found.pop())
        return " AND ".join(sorted(found)) or "NOASSERTION"
