#!/usr/bin/env python3
"""sanctum replay shows what people saw; sanctum redact withholds names under the same checkpoint.

The judge of a replay is the rehearsal itself: its driver leaves every screen in screens/.
timeout: 200
"""
import json
import os
import shutil

import rehearsal as r
from rehearsal import ok

BODY = 21  # the steps beside the body are not replayed


def sanctum(*argv):
    status, stdout, stderr = r.run(os.path.join(r.BIN, "sanctum"), *argv)
    return status, stdout, (stdout + stderr).strip().splitlines()[-1]


def frames(text):
    """Screens of 24 rows, without the step list and the head line; runs of the same are one."""
    rows = text.splitlines()
    found = []
    for i in range(0, len(rows) - 23, 24):
        frame = "\n".join(row[BODY + 1:].rstrip() for row in rows[i + 1:i + 24])
        if not found or found[-1] != frame:
            found.append(frame)
    return found


def seen(out):
    """The screens that the driver left, up to the closing of the transcript."""
    text = ""
    folder = os.path.join(out, "screens")
    for name in sorted(os.listdir(folder)):
        if name.endswith("-close.ok.txt"):
            break
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            rows = f.read().splitlines()
        if "shares.write" in name:
            rows = rows[:24]  # the secret words follow: not in any record
        text += "\n".join(rows) + "\n"
    return frames(text)


def content(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def everything(folder):
    return b"".join(content(folder, name) for name in r.files(folder))


def replayed(out, bundle):
    status, text, last = sanctum("replay", bundle, "--screens")
    ok(status == 0, "the screens are replayed", last)
    mine, theirs = seen(out), frames("\n".join(text.splitlines()[:-1]))
    ok(len(mine) > 25, f"{len(mine)} screens were seen")
    for i, frame in enumerate(mine):
        ok(i < len(theirs) and theirs[i] == frame, "screen " + frame.split("[")[-1].rstrip("]"),
           f"seen:\n{frame}\nreplayed:\n{theirs[i] if i < len(theirs) else None}")
    ok(len(theirs) == len(mine), "and no other screen", f"{len(theirs)} for {len(mine)}")
    status, text, last = sanctum("replay", bundle, "--records")
    ok(status == 0 and "Carol Okafor was present as carol: custodian." in text, "the records are told", last)
    records = content(bundle, "transcript", "records.jsonl")
    ok(text.count("\n") == records.count(b"\n") - records.count(b'"id":"screen.shown"') + 1, "each of them")


def refused(bundle, folder):
    def edit(name, old, new):
        def change(copy):
            data = content(copy, name)
            assert old in data
            with open(os.path.join(copy, name), "wb") as f:
                f.write(data.replace(old, new, 1))
        return change

    for name, change, status, why in (
            ("a word on a screen is another", edit("transcript/records.jsonl", b"Example Bank", b"Example Bonk"), 11,
             "checkpoint: it is not over these"),
            ("a screen fewer", lambda c: edit("transcript/records.jsonl", content(c, "transcript", "records.jsonl")
                                              .splitlines(True)[3], b"")(c), 10, "record"),
            ("another log key", lambda c: shutil.copy(os.path.join(c, "trust", "root-p384.pem"),
                                                      os.path.join(c, "trust", "log.pem")), 10, "trust/log.pem"),
            ("an opening that opens nothing", edit("transcript/openings.jsonl", b"Carol", b"Karol"), 11, "opening"),
            ("no checkpoint", lambda c: os.remove(os.path.join(c, "transcript", "checkpoint")), 12,
             "transcript/checkpoint")):
        copy = os.path.join(folder, "copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(bundle, copy)
        change(copy)
        got, _, last = sanctum("replay", copy)
        ok(got == status and why in last, f"replay refuses: {name}", f"{got} {last}")


def redacted(bundle, folder, args):
    names = {json.loads(line)["text"] for line in content(bundle, "transcript", "openings.jsonl").splitlines()
             if json.loads(line)["field"] == "full"}
    ok(len(names) == 7 and all(name.encode() in everything(bundle) for name in names), "seven names are in the bundle")
    for options, gone in ((("--all",), names), (("--person", "carol"), {"Carol Okafor"}),
                          (("--person", "alice", "--person", "dora"), {"Alice Brandt", "Dora Lindqvist"})):
        what = " ".join(options)
        out = os.path.join(folder, "redacted" + what.replace(" ", ""))
        status, _, last = sanctum("redact", bundle, out, *options)
        ok(status == 0, f"redact {what}", last)
        data = everything(out)
        ok(not any(name.encode() in data for name in gone), f"{what}: those names are nowhere")
        ok(all(name.encode() in data for name in names - gone), f"{what}: the others are still there")
        same = all(content(bundle, name) == content(out, name) for name in r.files(bundle)
                   if name != "transcript/openings.jsonl")
        ok(same, f"{what}: every other file is the same, the checkpoint among them")
        status, last = r.verify(out, *args)
        ok(status == 0, f"{what}: sanctum accepts it", last)
        status, stdout, stderr = r.run(os.path.join(r.BIN, "crosscheck"), out, "--identity", args[1])
        ok(status == 0, f"{what}: crosscheck accepts it", stdout + stderr)
        status, text, last = sanctum("replay", out)
        ok(status == 0 and "[withheld" in text, f"{what}: the replay says what is withheld", last)
    for name, argv, status, why in (
            ("a folder that is there", (bundle, folder, "--all"), 20, "there already"),
            ("nobody of that name", (bundle, os.path.join(folder, "n"), "--person", "mallory"), 12, "mallory"),
            ("one who is withheld already", (os.path.join(folder, "redacted--all"), os.path.join(folder, "n"),
                                             "--person", "carol"), 12, "openings"),
            ("nothing to withhold given", (bundle, os.path.join(folder, "n")), 2, "--all or --person")):
        got, _, last = sanctum("redact", *argv)
        ok(got == status and why in last, f"redact refuses: {name}", f"{got} {last}")
    ok(not os.path.exists(os.path.join(folder, "n")), "and leaves nothing behind")


def main():
    with r.Folder() as folder:
        out = os.path.join(folder, "out")
        status, said, _ = r.play("genesis.play", out)
        if not ok(status == 0, "the genesis ends well", said):
            r.done()
        bundle = os.path.join(out, "bundle")
        replayed(out, bundle)
        refused(bundle, folder)
        redacted(bundle, folder, ("--identity", r.identity(out), "--rehearsal"))
    r.done()


main()
