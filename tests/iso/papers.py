"""papers - is a bill of materials true of the build it lies in? By another hand than iso/sbom.

problems(document, build) compares it with the list of contents, with dpkg and with the
package URLs that packageurl-python makes.
"""
import hashlib
import json
import os
import re
import subprocess

from packageurl import PackageURL

STUB = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
OURS = ("init", "crosscheck", "softtpm", "etc/os-release")


def digest(path, name="sha256"):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, name).hexdigest()


def expected_files(build):
    """{path: SHA-256} of what the image holds."""
    with open(os.path.join(build, "iso/contents.txt"), encoding="ascii") as f:
        rows = [line.split() for line in f]
    files = {row[3]: row[2] for row in rows if row[0].startswith("10")}
    files["bzImage"] = digest(os.path.join(build, "kernel/bzImage"))
    files[os.path.basename(STUB)] = digest(STUB)
    return files


def checksum(thing, algorithm):
    return {c["algorithm"]: c["checksumValue"] for c in thing.get("checksums", ())}.get(algorithm)


def file_problems(doc, build):
    listed = {f["fileName"].removeprefix("./"): f for f in doc["files"]}
    wanted = expected_files(build)
    for name in sorted(set(listed) ^ set(wanted)):
        yield f"{name}: in only one of bill and image"
    for name in sorted(set(listed) & set(wanted)):
        if checksum(listed[name], "SHA256") != wanted[name]:
            yield f"{name}: SHA-256 is not the image's"
    ones = sorted(checksum(f, "SHA1") for f in doc["files"])
    image = next(p for p in doc["packages"] if p["SPDXID"] == "SPDXRef-Image")
    code = image["packageVerificationCode"]["packageVerificationCodeValue"]
    if code != hashlib.sha1("".join(ones).encode()).hexdigest():
        yield "the package verification code is not that of the files"
    if checksum(image, "SHA256") != digest(os.path.join(build, "cornerstone.iso")):
        yield "cornerstone.iso: SHA-256 is not the ISO's"


def purl_problems(package):
    urls = [r["referenceLocator"] for r in package.get("externalRefs", ())
            if r["referenceType"] == "purl"]
    if len(urls) != 1:
        yield f"{package['name']}: {len(urls)} package URLs"
        return
    try:
        url = PackageURL.from_string(urls[0])
    except ValueError as e:
        yield f"{package['name']}: {e}"
        return
    if url.to_string() != urls[0]:
        yield f"{package['name']}: {urls[0]} is not in canonical form"
    if (url.name, url.version) != (package["name"], package["versionInfo"]):
        yield f"{package['name']}: its package URL is of {url.name} {url.version}"


def package_problems(doc):
    for package in doc["packages"]:
        if package["SPDXID"] == "SPDXRef-Image":
            continue
        yield from purl_problems(package)
        if package["SPDXID"] == "SPDXRef-Source":
            continue
        run = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package["name"]],
                             capture_output=True, text=True, check=False)
        if run.stdout != package["versionInfo"]:
            yield f"{package['name']}: dpkg knows version {run.stdout or 'none'}"


def origin_problems(doc):
    ids = {"SPDXRef-DOCUMENT"} | {t["SPDXID"] for t in doc["packages"] + doc["files"]}
    origin = {}
    for r in doc["relationships"]:
        for end in (r["spdxElementId"], r["relatedSpdxElement"]):
            if end not in ids:
                yield f"{end}: related but not described"
        if r["relationshipType"] in ("EXPANDED_FROM_ARCHIVE", "GENERATED_FROM"):
            origin.setdefault(r["spdxElementId"], []).append(r["relatedSpdxElement"])
    for f in doc["files"]:
        name = f["fileName"].removeprefix("./")
        froms = origin.get(f["SPDXID"], [])
        if len(froms) != 1 or (froms[0] == "SPDXRef-Source") != (name in OURS):
            yield f"{name}: comes from {froms or 'nowhere'}"


def text_problems(doc):
    defined = {x["licenseId"] for x in doc["hasExtractedLicensingInfos"]}
    if not all(x["extractedText"].strip() for x in doc["hasExtractedLicensingInfos"]):
        yield "a licence without text"
    bare = json.dumps({k: v for k, v in doc.items() if k != "hasExtractedLicensingInfos"})
    used = set(re.findall(r"LicenseRef-[A-Za-z0-9.-]+", bare))
    for name in sorted(used ^ defined):
        yield f"{name}: in only one of use and definition"
    for url in sorted(set(re.findall(r"\w+://[^\s\"]+", bare))):
        if not url.startswith("https://spdx.org/spdxdocs/"):
            yield f"{url}: a host name"


def problems(doc, build):
    """What is not true, a line each; an empty list if all is."""
    return [p for found in (file_problems(doc, build), package_problems(doc),
                            origin_problems(doc), text_problems(doc)) for p in found]
