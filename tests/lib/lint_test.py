#!/usr/bin/python3
"""What tests/lint finds: each row plants one sin in a small clean tree."""

import os
import shutil
import subprocess
import sys
import tempfile

DOC = """# Map

| module | may include | libraries | what |
|---|---|---|---|
| `low/base` | | | ground |
| `low/crypto` | base | | wrappers |
| `top/core` | base | | engine |
| `top/tui` | base core | | sees only `core/view.h` |

| header | only in |
|---|---|
| `openssl/` | `low/crypto` |
"""

HEADER = """/*
 * {0} - something to include.
 *
 * Owns: nothing. May include: nothing.
 */
#ifndef {1}_H
#define {1}_H

int {0}_one(void);

#endif
"""

CLEAN = """#include "low/base/base.h"

int
base_one(void)
{
	return 1;
}
"""

BODY = "int\nf(void)\n{\n%s\treturn 1;\n}\n"


def body(*lines):
    return BODY % "".join(f"\t{x}\n" for x in lines)


# name, file, content, what the problem's line must contain
ROWS = [
    ("unbounded copy", "appliance/x.c", body("strcpy(a, b);"), "unbounded copy"),
    ("copy named in a comment", "low/base/x.c", "/* not strcpy( */\n" + body(), None),
    ("copy named in a string", "low/base/x.c", body('g("strcpy(");'), None),
    ("unchecked number", "low/base/x.c", body("g(atoi(s));"), "number read"),
    ("shell", "low/base/x.c", body('system("ls");'), "starts a shell"),
    ("goto", "low/base/x.c", body("goto out;"), "SN_CLEANUP"),
    ("tpm2-tss past the choke point", "appliance/tpm/seed.c", body("Esys_GetRandom(c);"), "choke point"),
    ("hidden environment", "low/base/x.c", body('g(getenv("X"));'), "environment"),
    ("hidden time", "top/core/x.c", body("g(time(NULL));"), "time is an argument"),
    ("line comment", "low/base/x.c", body("g(); // why"), "// comment"),
    ("upward include", "low/base/x.c", '#include "top/core/core.h"\n', "may not include"),
    ("sideways include", "top/core/x.c", '#include "low/crypto/crypto.h"\n', "may not include"),
    ("include by bare name", "low/base/x.c", '#include "base.h"\n', "may not include"),
    ("include in a comment", "low/base/x.c", '/*\n#include "top/core/core.h"\n*/\n', None),
    ("library of another room", "top/core/x.c", "#include <openssl/evp.h>\n", "only for"),
    ("library in its room", "low/crypto/x.c", "#include <openssl/evp.h>\n", None),
    ("driver that sees the engine", "top/tui/x.c", '#include "top/core/core.h"\n', "sees only"),
    ("driver that sees the view", "top/tui/x.c", '#include "top/core/view.h"\n', None),
    ("room without a row", "low/new/x.c", body(), "not in the table"),
    ("long function", "low/base/x.c", body(*["g();"] * 81), "82 lines, 80 at most"),
    ("long file", "low/base/x.c", "\n".join([body()] * 120), "lines, 600 are the aim, 700"),
    ("long file of data", "low/base/x.c", 'const char *w[] = {\n' + '\t"a",\n' * 800 + "};\n", None),
    ("form", "low/base/x.c", "int f(void) { return 1; }\n", "form: "),
    ("header that leans on another", "low/base/y.h",
     HEADER.format("y", "Y").replace("int y_one", "struct y { size_t n; };\nint y_one"),
     "does not compile alone"),
    ("header without a purpose", "low/base/y.h", HEADER.format("z", "Y"), "does not open with"),
    ("header without a guard", "low/base/y.h", "/*\n * y - z.\n */\nint y(void);\n", "guard"),
    ("space at the end", "docs/x.md", "text \n", "space at the end"),
    ("no last newline", "docs/x.md", "text", "no newline"),
    ("dead link", "docs/x.md", "[a](nowhere.md)\n", "not there"),
    ("live link", "docs/x.md", "[a](ARCHITECTURE.md#map)\n", None),
    ("archive's host", "iso/x.sh", "get http://deb.debian" + ".org/debian\n", "host name"),
    ("open end", "low/base/x.c", "/* TO" "DO later */\n" + body(), "open end"),
    ("shell that does not parse", "iso/x.sh", "if true\n", "syntax"),
    ("python that does not parse", "tests/x.py", "def f(:\n", "python:"),
]


def plant(root, path, text):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as f:
        f.write(text)


def make_tree(root):
    plant(root, "docs/ARCHITECTURE.md", DOC)
    for path in ("low/base/base", "low/crypto/crypto", "top/core/core", "top/core/view"):
        name = os.path.basename(path)
        plant(root, path + ".h", HEADER.format(name, name.upper()))
    plant(root, "low/base/base.c", CLEAN)
    os.makedirs(os.path.join(root, "tests"), exist_ok=True)
    for path in (".clang-format", "tests/lint-layers.awk"):
        shutil.copy(path, os.path.join(root, path))
    # the copy looks at this tree's rooms
    with open("tests/lint", encoding="utf-8") as f:
        text = f.read().replace('"appliance", "ceremony"', '"low", "top", "appliance"')
    plant(root, "tests/lint", text)
    os.chmod(os.path.join(root, "tests/lint"), 0o755)


def lint(root):
    return subprocess.run([sys.executable, "tests/lint"], cwd=root, capture_output=True, text=True)


def check(root, path, text, wanted):
    plant(root, path, text)
    done = lint(root)
    os.unlink(os.path.join(root, path))
    if path.startswith("low/new"):
        os.rmdir(os.path.join(root, "low/new"))
    lines = [x for x in done.stdout.splitlines() if x.startswith(path + ":")]
    if wanted is None:
        return None if done.returncode == 0 else f"refused: {done.stdout}"
    if done.returncode == 0 or not any(wanted in x for x in lines):
        return f"not found: {wanted!r} in {done.stdout}{done.stderr}"
    return None


def main():
    bad = 0
    print(f"1..{len(ROWS) + 1}")
    with tempfile.TemporaryDirectory() as root:
        make_tree(root)
        done = lint(root)
        bad += done.returncode != 0
        print(f"{'ok' if done.returncode == 0 else 'not ok'} 1 - a clean tree passes")
        if done.returncode:
            print(done.stdout + done.stderr)
        for n, (name, path, text, wanted) in enumerate(ROWS, 2):
            why = check(root, path, text, wanted)
            bad += why is not None
            if why:
                print("\n".join("# " + x for x in why.splitlines()))
            print(f"{'not ok' if why else 'ok'} {n} - {name}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
