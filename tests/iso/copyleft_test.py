#!/usr/bin/env python3
"""Which source packages of an SBOM have to be handed out."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vm"))

from tap import Tap                                         # noqa: E402

tap = Tap()
work = tempfile.mkdtemp()
TEXTS = [{"licenseId": "LicenseRef-Debian-gcc", "extractedText":
          "under the terms of the GNU General\n Public License as published"},
         {"licenseId": "LicenseRef-Debian-x11", "extractedText": "Permission is granted"}]


def copyleft(*packages):
    """The lines for packages (source, version, licence); or the refusal."""
    path = os.path.join(work, "sbom.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"hasExtractedLicensingInfos": TEXTS, "packages": [
            {"name": "ours", "licenseDeclared": "Apache-2.0"},
            *({"name": f"lib{source}{i}", "licenseDeclared": licence,
               "sourceInfo": f"built from the source package {source} {version}"}
              for i, (source, version, licence) in enumerate(packages))]}, f)
    run = subprocess.run(["iso/copyleft", path], capture_output=True, text=True, check=False)
    return run.stdout.splitlines() if run.returncode == 0 else run.stderr.split(":")[0]


LINUX = ("linux", "6.12.1-1", "GPL-2.0-only")
for name, licence, wanted in (
        ("a GPL alone", "GPL-3.0-or-later", True),
        ("an LGPL alone", "LGPL-2.1-only", True),
        ("an AGPL", "AGPL-3.0-only", True),
        ("a GPL with an exception", "GPL-2.0-only WITH Linux-syscall-note", True),
        ("a GPL among others", "MIT AND (BSD-3-Clause OR GPL-2.0-or-later)", True),
        ("a GPL only in the text", "LicenseRef-Debian-gcc", True),
        ("a GPL only in one of two texts", "LicenseRef-Debian-x11 AND LicenseRef-Debian-gcc", True),
        ("nobody knows", "NOASSERTION", True),
        ("no GPL", "MIT AND LicenseRef-Debian-x11", False),
        ("a name that only begins like one", "Apache-2.0 AND GPLX-1.0", False)):
    tap.equal(copyleft(LINUX, ("thing", "1:2~3+b", licence)),
              ["linux 6.12.1-1"] + ["thing 1:2~3+b"] * wanted, name)
tap.equal(copyleft(LINUX, ("b", "2", "GPL-2.0-only"), ("b", "2", "GPL-2.0-only"),
                   ("a", "1", "GPL-2.0-only"), ("b", "2", "MIT")),
          ["a 1", "b 2", "linux 6.12.1-1"], "every source once, sorted")
tap.equal(copyleft(("a", "1", "MIT")), "copyleft", "refused: an image without Linux")
tap.equal(copyleft(), "copyleft", "refused: a bill of nothing")

shutil.rmtree(work)
tap.close()
