#!/usr/bin/env python3
"""What people type instead of an answer: pause, exception, abort, no. The screens, the records,
what is left on the sticks, and those who try it alone.

After a wanted change:  GOLDEN=write make check T=halt  and read the diff.
timeout: 240
"""
import json
import os
import re
import shutil

import genesis_parts
import goldens
import rehearsal as r
from rehearsal import ok

ABORT = ("abort.reason There is smoke.\nabort.who dora\nabort.agree@dora agree\n"
         "abort.who wim\nabort.agree@wim agree\ntyped skip\n")
COPY_A = "media CS-OUT-A OUT/sticks/CS-OUT-A\n"

# name, answer file, what is replaced by what, exit status, what is said at the end
ROWS = [
    ("a pause that one person ends", "pause", "pause.who dora\npause.who mallory\npause.who wim\npause.agree@wim agree\n",
     "", 29, "asks [pause.who]"),
    ("a pause that the same person ends twice", "pause",
     "pause.who mallory\npause.who wim\npause.agree@wim agree", "pause.agree@dora agree", 29,
     "dora has agreed already"),
    ("a pause that a stranger ends", "pause", "pause.who wim\n", "pause.who mallory\n", 29, "Nobody in the plan"),
    ("a pause that an empty name ends", "pause", "pause.who wim\n", "pause.who\n", 29, "Nobody in the plan"),
    ("a pause that is answered by the question's word", "pause", "pause.who mallory\n", "pause.who agree\npause.who agree\n"
     "people.agree agree\n", 29, "asks [pause.who]"),
    ("a pause while the machine works", "pause", "trial.ok @pause\n", "trial.busy pause\n", 29, "asks [trial.ok]"),
    ("somebody does not agree to go on", "pause", "pause.agree@dora agree\n",
     "pause.agree@dora no\ndisagree.who dora\ndisagree.reason@dora The bag is open.\ntyped skip\n", 27, "dora"),
    ("abort by one", "abort", "abort.who dora\nabort.who dave\nabort.agree@dave agree\n", "", 29, "asks [abort.who]"),
    ("abort by one, twice", "abort", "abort.who dave\nabort.agree@dave agree\n", "abort.agree@dora agree\n", 29,
     "dora has agreed already"),
    ("abort by a stranger", "abort", "abort.who dave\n", "abort.who mallory\nabort.agree@mallory agree\n", 29,
     "Nobody in the plan"),
    ("abort without a reason", "abort", "abort.reason There is smoke in the corridor.\n", "abort.reason\nabort.who dora\n",
     29, "Type a line"),
    ("abort that the second does not want: it goes on", "abort", "abort.agree@dave agree\n",
     "abort.agree@dave back\nshares.ready@dave\nshares.write@dave abort\n" + ABORT + "abort.end\n", 39, "dora and wim"),
    ("an exception sheet that one signs twice", "exception", "exception.who erin\nexception.agree@erin agree\n",
     "exception.agree@wim agree\n", 29, "wim has agreed already"),
    ("\"no\" by a stranger alone", "disagree", "disagree.who wim\n", "disagree.who mallory\n", 29, "Nobody in the plan"),
    ("\"no\" before there is a plan", "disagree", "start.ok\n", "start.ok no\n", 27, "Start"),
    ("abort when the transcript is closed", "genesis", "close.ok\n", "close.ok abort\n" + ABORT, 39, "dora and wim"),
    ("abort when one copy is written", "genesis", "media CS-OUT-B OUT/sticks/CS-OUT-B\n", "typed abort\n" + ABORT, 39,
     "dora and wim"),
    ("abort before a copy is written", "genesis", COPY_A, "typed abort\n" + ABORT, 39, "dora and wim"),
]

# What people may do on the way to a good end
FINE = [
    ("a pause and an abort before there is a plan are only noted", "start.ok\n", "start.ok pause\nstart.ok abort\nstart.ok\n"),
    ("a word where Enter is asked for", "tpm.ok\n", "tpm.ok yes\ntpm.ok\n"),
    ("\"no\" that was a slip", "time.agree agree\n", "time.agree no\ndisagree.who back\ntime.agree agree\n"),
    ("an exception sheet when the transcript is closed, and a pause there", "close.ok\n",
     "close.ok exception\nclose.ok pause\npause.who dora\npause.agree@dora agree\npause.who wim\npause.agree@wim agree\n"
     "close.ok\n"),
]


def records(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def args(found, *ids):
    return [(x["id"], x["args"]) for x in found if x["id"] in ids]


def log_of(out):
    """The one folder on the LOG stick, or None."""
    stick = os.path.join(out, "sticks", "CS-LOG")
    names = [n for n in os.listdir(stick) if n != "cornerstone.json"] if os.path.isdir(stick) else []
    return os.path.join(stick, names[0]) if len(names) == 1 else None


def judge_pause(out):
    digest = r.identity(out)
    bundle = os.path.join(out, "bundle")
    found = args(records(os.path.join(bundle, "transcript", "records.jsonl")), "ceremony.paused", "ceremony.resumed")
    at = [a["at"] for i, a in found if i == "ceremony.paused"]
    ok(at == ["people.agree", "media CS-alice CS-bob", "review.pass@alice", "shares.write@dave", "shares.typed@dave",
              "trial.ok"], "the transcript says where it was paused", at)
    by = [(a["first"], a["second"]) for i, a in found if i == "ceremony.resumed"]
    ok(len(by) == 6 and by[0] == ("dora", "wim") and all(a != b for a, b in by), "and which two let it go on", by)
    status, said, err = r.run(os.path.join(r.BIN, "sanctum"), "verify", bundle, "--identity", digest, "--rehearsal")
    ok(status == 0 and "6 times the ceremony was paused" in said, "sanctum verify says so", said + err)


def judge_exception(out):
    bundle = os.path.join(out, "bundle", "transcript")
    found = args(records(os.path.join(bundle, "records.jsonl")), "exception.sheet")
    ok(len(found) == 1 and (found[0][1]["first"], found[0][1]["second"]) == ("wim", "erin"), "one sheet, by two people",
       found)
    ok(all(list(found[0][1][k]) == ["commit"] for k in ("expected", "happened", "decided")),
       "the prose is a commitment", found)
    texts = {x["field"]: x["text"] for x in records(os.path.join(bundle, "openings.jsonl"))}
    ok("4711" in texts["expected"] and "4712" in texts["happened"] and "slip of the pen" in texts["decided"],
       "and its openings hold it", texts)
    status, said = r.verify(os.path.join(out, "bundle"), "--identity", r.identity(out), "--rehearsal")
    ok(status == 0, "sanctum verify accepts", said)


def judge_stopped(out, record, want):
    folder = log_of(out)
    if not ok(folder is not None, "the LOG stick has one folder"):
        return
    ok(sorted(os.listdir(folder)) == ["NO-BUNDLE.txt", "checkpoint.unsigned", "openings.jsonl",
                                          "records.jsonl"], "with its four files",
       os.listdir(folder))
    shown = records(os.path.join(folder, "records.jsonl"))
    last = [x for x in shown if x["id"] != "screen.shown"][-2]  # before transcript.ended
    told = {k: v for k, v in last["args"].items() if k != "reason"}
    ok(last["id"] == record and told == want, "the last record says who", last)
    opened = [x for x in records(os.path.join(folder, "openings.jsonl")) if x["n"] == last["n"]][-1]
    ok(opened["field"] == "reason" and opened["n"] == last["n"], "and its opening why", opened)
    ok(not os.listdir(os.path.join(out, "sticks", "CS-OUT-A")), "nothing is on the OUT stick")
    judge_silence(out)


def judge_silence(out):
    """No four words of a share in a row on any stick."""
    words = []
    for name in os.listdir(os.path.join(out, "screens")):
        if "shares.write" in name:
            with open(os.path.join(out, "screens", name), encoding="utf-8") as f:
                words.append([w for _, w in sorted((int(n), w) for n, w in
                                                   re.findall(r"\b(\d{1,2})\. ([a-z]+)", f.read()))])
    runs = [" ".join(w[i:i + 4]).encode() for w in words for i in range(len(w) - 3)]
    leaks = []
    for folder, _, names in os.walk(os.path.join(out, "sticks")):
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                data = f.read()
            leaks += [name for run in runs if run in data]
    ok(runs and not leaks, "no words of a share are on a stick", leaks)


PLAYS = [
    ("pause", 0, r"pause\.|abort\.", judge_pause),
    ("exception", 0, r"exception\.", judge_exception),
    ("abort", 39, r"abort\.|media-CS-LOG|remove-CS-LOG", lambda out: judge_stopped(
        out, "ceremony.aborted", {"first": "dora", "second": "dave"})),
    ("disagree", 27, r"disagree\.|media-CS-LOG", lambda out: judge_stopped(
        out, "ceremony.disagreed", {"name": "wim"})),
]


def judge_rebuild(folder, genesis):
    """Who aborts a rebuild must not be told to destroy sheets that others still need."""
    out, path = os.path.join(folder, "rebuild"), os.path.join(folder, "rebuild.play")
    with open(os.path.join(r.TESTS, "play", "rebuild.play"), encoding="utf-8") as f:
        text = f.read()
    with open(path, "w", encoding="utf-8") as f:
        f.write(text[:text.index("keys.agree agree")] + "keys.agree abort\n" + ABORT)
    genesis_parts.prepare_rebuild(genesis, out, genesis_parts.shares(genesis))
    status, said, _ = r.play(path, out)
    ok(status == 39, "a rebuild is aborted", said)
    ok("KEEP them" in ended(out) and "destroy" not in ended(out), "its last screen says that the sheets stay valid", ended(out))


# What a journal's stick does while a ceremony is aborted, and whether it knows of the end
JOURNALS = [
    ("it is in", "close.ok abort\n" + ABORT, True),
    ("it is away and comes back", "media CS-JOURNAL -\nclose.ok abort\n" +
     ABORT.replace("typed skip", "media CS-JOURNAL OUT/sticks/CS-JOURNAL\ntyped skip"), True),
    ("it is away for good", "media CS-JOURNAL -\nclose.ok abort\n" + ABORT + "typed skip\n", False),
    ("somebody says no", "close.ok " + r.NO.format("wim") + "\n", True),
]


def judge_journal(folder):
    """Nobody goes on with a ceremony that people ended."""
    prepared, out, path = (os.path.join(folder, n) for n in ("with-journal", "journal", "journal.play"))
    status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, prepared, env={"JOURNAL": "true"})
    ok(status == 0, "the sticks of a ceremony with a journal are prepared", said + err)
    with open(os.path.join(r.TESTS, "play", "journal.play"), encoding="utf-8") as f:
        head = f.read().split("close.ok\n", 1)[0]
    for name, put, knows in JOURNALS:
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(prepared, out)
        for text in (head + put, head):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play", path, "--out", out)
            if text != head:
                ok(status == (27 if "says no" in name else 39), f"journal, {name}: it ends", said + err)
                ok(("destroy it" in ended(out)) != knows, f"journal, {name}: what the last screen says", ended(out))
                if not knows:  # the screen that asks for the journal is seen in this one
                    goldens.judge(out, "haltjournal", only="media-CS-JOURNAL|abort.end", once=True)
                shutil.rmtree(os.path.join(out, "screens"))
        ok((status == 13 and "came to its end" in said + err) == knows, f"journal, {name}: who comes again", said + err)


def ended(out):
    """The text of the last screen."""
    names = sorted(os.listdir(os.path.join(out, "screens")))
    with open(os.path.join(out, "screens", names[-1]), encoding="utf-8") as f:
        return " ".join(line[20:].strip() for line in f.read().splitlines())


def hostile(folder, prepared):
    path, out = os.path.join(folder, "hostile.play"), os.path.join(folder, "hostile")
    good = {}
    for name in ("genesis", "pause", "exception", "abort", "disagree"):
        with open(os.path.join(r.TESTS, "play", name + ".play"), encoding="utf-8") as f:
            good[name] = f.read()
    rows = ROWS + [(name, "genesis", find, put, 0, "") for name, find, put in FINE]
    for name, base, find, put, want, say in rows:
        assert find in good[base], (base, find)
        with open(path, "w", encoding="utf-8") as f:
            before, after = good[base].split(find, 1)
            f.write(before + put + ("" if want in (27, 39) else after))
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(prepared, out)
        status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play", path, "--out", out)
        last = ((said + err).strip().splitlines() or [""])[-1]
        ok(status == want and say in last, f"{name}: {want}", f"{status}: {last}")
        if want == 0:
            status, said = r.verify(os.path.join(out, "bundle"), "--identity", r.identity(out), "--rehearsal")
            ok(status == 0, f"{name}: sanctum verify accepts", said)
            continue
        ok(not os.path.exists(os.path.join(out, "bundle")), f"{name}: no result")
        on_stick = os.path.exists(os.path.join(out, "sticks", "CS-OUT-A", "bundle"))
        ok(on_stick == ("one copy" in name), f"{name}: what the OUT stick holds")
        if on_stick:
            ok("whole bundle had been written" in ended(out), f"{name}: the last screen says so", ended(out))
        if "typed skip" in put:
            ok(log_of(out) is None and "NOT written" in ended(out), f"{name}: no log, and the screen says so",
               ended(out))


def main():
    with r.Folder() as folder:
        prepared = os.path.join(folder, "prepared")
        status, said, err = r.run(os.path.join(r.TESTS, "sticks.sh"), r.BUILD, prepared)
        if not ok(status == 0, "the sticks are prepared", said + err):
            r.done()
        for name, want, screens, judge in PLAYS:
            out = os.path.join(folder, name)
            shutil.copytree(prepared, out)
            status, said, err = r.run(os.path.join(r.BIN, "ceremony"), "play",
                                      os.path.join(r.TESTS, "play", name + ".play"), "--out", out)
            if ok(status == want, f"{name}.play ends with {want}", said + err):
                goldens.judge(out, name, only=screens, once=True)
                judge(out)
        judge_rebuild(folder, os.path.join(folder, "exception"))
        judge_journal(folder)
        hostile(folder, prepared)
    r.done()


main()
