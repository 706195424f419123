"""judges - validators by other hands, from the Python index, kept in the cache.

SPDX's own validator and in-toto's own classes are in no Debian package. judges.txt pins
their bytes; where no index is in reach, what needs them is skipped and says so.
"""
import hashlib
import os
import shutil
import subprocess
import tempfile

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "judges.txt")


def folder():
    """(folder for PYTHONPATH, None), or (None, why there is none)"""
    cache = os.environ.get("CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "cornerstone")
    with open(LIST, "rb") as f:
        place = os.path.join(cache, "judges-" + hashlib.sha256(f.read()).hexdigest()[:16])
    if os.path.isdir(place):
        return place, None
    os.makedirs(cache, exist_ok=True)
    new = tempfile.mkdtemp(prefix="judges.", dir=cache)
    run = subprocess.run(
        ["pip3", "install", "-q", "--no-input", "--retries", "1", "--timeout", "20",
         "--disable-pip-version-check", "--root-user-action", "ignore", "--no-deps",
         "--require-hashes", "--only-binary", ":all:", "--target", new, "-r", LIST],
        capture_output=True, text=True, check=False)
    if run.returncode:
        shutil.rmtree(new)
        last = (run.stderr.strip().splitlines() or ["pip says nothing"])[-1]
        return None, f"the Python index gives no validator: {last}"
    try:
        os.rename(new, place)
    except OSError:                 # another test was quicker
        shutil.rmtree(new)
    return place, None
