#!/usr/bin/env python3
"""closing/: what happens after the transcript is closed, and how the next ceremony names it.
timeout: 120
"""
import hashlib
import json
import os

import rehearsal as r
from goldens import judge
from rehearsal import ok

LOG = "media CS-LOG OUT/sticks/CS-LOG\nclosing.ok\nmedia CS-LOG -\nend.ok"


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def records(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def play(folder, name, change=lambda text: text, env=None):
    with open(os.path.join(r.TESTS, "play", "genesis.play"), encoding="utf-8") as f:
        text = f.read()
    path, out = os.path.join(folder, name + ".play"), os.path.join(folder, name)
    write(path, change(text.replace("end.ok", LOG)))
    os.makedirs(os.path.join(out, "sticks", "CS-LOG"))
    status, said, _ = r.play(path, out, env=dict(os.environ, **(env or {"CLOSING": "true"})))
    return status, said, out


def log_of(out):
    stick = os.path.join(out, "sticks", "CS-LOG")
    folders = [n for n in os.listdir(stick) if os.path.isdir(os.path.join(stick, n))]
    return os.path.join(stick, folders[0]) if len(folders) == 1 else None


def judge_events(out):
    log, bundle = log_of(out), os.path.join(out, "bundle")
    if not ok(log is not None, "the LOG stick has one folder"):
        r.done()
    events = records(os.path.join(log, "closing", "events.jsonl"))
    told = [e for e in events if e["id"] != "screen.shown"]
    ok([e["id"] for e in told] == ["closing.start", "statement.approved", "ceremony.paused", "ceremony.resumed",
                                   "statement.approved", "statement.signed", "export.compared", "export.compared",
                                   "transcript.ended"], "the events, in order", [e["id"] for e in told])
    with open(os.path.join(bundle, "statement.json"), "rb") as f:
        statement = hashlib.sha256(f.read()).hexdigest()
    with open(os.path.join(bundle, "transcript", "checkpoint"), encoding="utf-8") as f:
        lines = f.read().split("\n")
    with open(os.path.join(log, "checkpoint.unsigned"), encoding="utf-8") as f:
        ok(f.read().split("\n")[1:3] == lines[1:3], "the transcript beside it is the bundle's")
    head = bytes.fromhex(told[0]["args"]["head"])
    import base64
    ok(base64.b64decode(lines[2]) == head and told[0]["args"]["statement"] == statement,
       "the first names transcript and statement")
    ok([e["args"]["approver"] for e in told if e["id"] == "statement.approved"] == ["bob", "alice"], "who approved")
    ok([e["args"]["label"] for e in told if e["id"] == "export.compared"] == ["CS-OUT-A", "CS-OUT-B"],
       "both copies, each with its stick", told)
    ok({e["args"]["screen"] for e in events if e["id"] == "screen.shown"} >= {"close.ok", "sign.ok", "approve.pass@bob"},
       "the screens after the closing, too")
    status, last = r.verify(bundle, "--identity", r.identity(out), "--rehearsal")
    ok(status == 0, "sanctum verify accepts the bundle", last)
    with open(os.path.join(log, "closing", "events.jsonl"), "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def main():
    pause = lambda text: text.replace("media CS-alice -\nsign.ok", "media CS-alice -\nsign.ok").replace(
        "approve.pass@bob rehearsal passphrase of bob\nmedia CS-bob -\n",
        "approve.pass@bob rehearsal passphrase of bob\nmedia CS-bob -\ntyped pause\npause.who wim\n"
        "pause.agree@wim agree\npause.who dora\npause.agree@dora agree\n")
    with r.Folder() as folder:
        status, said, out = play(folder, "one", pause)
        if not ok(status == 0, "a genesis with a log ends well", said):
            r.done()
        digest = judge_events(out)
        judge(out, "closing", "media-CS-LOG|closing|remove-CS-LOG")
        with open(os.path.join(out, "screens", sorted(n for n in os.listdir(os.path.join(out, "screens"))
                                                       if "closing.ok" in n)[0]), encoding="utf-8") as f:
            shown = f.read().replace(" ", "").replace("\n", "")
        ok(digest[:16] in shown and digest[-16:] in shown, "the last screen but one shows its digest")
        status, said, out = play(folder, "two", env={"CLOSING": "true", "PREVIOUS_CLOSING": digest})
        first = records(os.path.join(out, "bundle", "transcript", "records.jsonl"))[0] if status == 0 else {}
        ok(first.get("id") == "ceremony.start" and first["args"].get("closing") == digest,
           "the next ceremony's first record names it", said)
        for name, env, status, why in (
                ("a digest cut short", {"CLOSING": "true", "PREVIOUS_CLOSING": digest[:63]}, 10, "previous_closing"),
                ("no log stick: nobody asks for one", {"PREVIOUS_CLOSING": digest}, 28, "")):
            got, said, out = play(folder, name.replace(" ", "-"), env=env)
            ok(got != 0 and why in said, name, f"{got} {said}")
    r.done()


main()
