#!/usr/bin/env python3
"""Strict readers of what `firmware-cache status` writes: status_check.py ics|prom|json FILE.

Each follows its specification's grammar, not our writer: RFC 5545 section 3.1 and 3.6,
OpenMetrics 1.0 section 5. Exits 0 and prints what it found, or says what is wrong.
"""
import json
import re
import sys


def need(ok, text):
    if not ok:
        sys.exit(text)


def ics(data):
    need(data.endswith(b"\r\n"), "the last line has no end")
    raw = data.split(b"\r\n")[:-1]
    lines = []
    for r in raw:
        need(b"\r" not in r and b"\n" not in r, f"a bare line end in {r!r}")
        need(len(r) <= 75, f"{len(r)} octets in {r!r}")
        text = r.decode("utf-8")
        if text.startswith(" "):
            need(lines, "a continuation without a line")
            lines[-1] += text[1:]
        else:
            need(text != "", "an empty line")
            lines.append(text)
    stack, events, event = [], [], None
    for line in lines:
        m = re.fullmatch(r"([A-Z-]+)((?:;[A-Z-]+=[^;:,]+)*):(.*)", line)
        need(m, f"not a content line: {line!r}")
        name, value = m.group(1), m.group(3)
        if name == "BEGIN":
            need((stack[-1:], value) in (([], "VCALENDAR"), (["VCALENDAR"], "VEVENT"),
                                         (["VEVENT"], "VALARM")), f"{value} in {stack}")
            stack.append(value)
            if value == "VEVENT":
                event = {}
            elif value == "VALARM":
                event["VALARM"] = {}
        elif name == "END":
            need(stack and stack.pop() == value, f"END:{value} out of place")
            if value == "VEVENT":
                events.append(event)
        elif stack[-1:] == ["VALARM"]:
            need(name not in event["VALARM"], f"{name} twice")
            event["VALARM"][name] = value
        elif stack[-1:] == ["VEVENT"]:
            need(name not in event, f"{name} twice")
            event[name] = value
        else:
            need((name, value) == ("VERSION", "2.0") or name == "PRODID", line)
    need(not stack, f"{stack} without an end")
    need(any(x == "VERSION:2.0" for x in lines), "no version")
    need(any(x.startswith("PRODID:") for x in lines), "no PRODID")
    for e in events:
        for key in ("UID", "DTSTAMP", "DTSTART", "SUMMARY"):
            need(key in e, f"an event without {key}")
        for key in ("DTSTAMP", "DTSTART"):
            need(re.fullmatch(r"\d{8}T\d{6}Z", e[key]), f"{key}: {e[key]}")
        for key in ("SUMMARY", "DESCRIPTION"):
            need(re.fullmatch(r'(?:[^\\;,\x00-\x1f]|\\[\\;,nN])*', e[key]), f"{key}: {e[key]}")
        alarm = e["VALARM"]
        need(alarm["ACTION"] == "DISPLAY" and "DESCRIPTION" in alarm, "an alarm's members")
        need(re.fullmatch(r"-P\d+[DW]", alarm["TRIGGER"]), alarm["TRIGGER"])
    uids = [e["UID"] for e in events]
    need(len(set(uids)) == len(uids), "a UID twice")
    for e in sorted(events, key=lambda e: (e["DTSTART"], e["UID"])):
        print(e["DTSTART"], e["UID"], e["SUMMARY"])


NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'


def prom(data):
    text = data.decode("utf-8")
    need(text.endswith("# EOF\n") and text.count("# EOF") == 1, "no # EOF at the end")
    family, unit, seen, closed, helped = None, None, set(), set(), False
    for line in text[:-len("# EOF\n")].splitlines():
        m = re.fullmatch(rf"# (TYPE|UNIT|HELP) ({NAME}) (.+)", line)
        if m:
            what, name, rest = m.groups()
            if what == "TYPE":
                need(name not in closed, f"{name}: interleaved")
                if family:
                    closed.add(family)
                need(rest == "gauge", rest)
                family, unit, helped = name, None, False
            need(name == family, f"{line}: outside its family")
            if what == "UNIT":
                need(name.endswith("_" + rest) and unit is None and not helped, line)
                unit = rest
            helped = helped or what == "HELP"
            continue
        m = re.fullmatch(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?\d+)", line)
        need(m and m.group(1) == family, f"not a sample of {family}: {line!r}")
        keys = re.findall(r'([a-zA-Z_]\w*)="', m.group(2) or "")
        need(len(set(keys)) == len(keys), f"a label twice: {line!r}")
        need((m.group(1), m.group(2)) not in seen, f"twice: {line!r}")
        seen.add((m.group(1), m.group(2)))
        print(line)


def status(data):
    d = json.loads(data)
    need(data == (json.dumps(d, sort_keys=True, separators=(",", ":"),
                             ensure_ascii=False) + "\n").encode(), "not canonical")
    need(d["version"] == 1, "version")
    good = {"ok", "soon", "not-needed"}
    for i in d["items"]:
        need(("good_until" in i) == (i["state"] in good), i)
        need(("reason" in i) == (i["state"] not in good), i)
    need(d["covered"] == (all(i["state"] in good for i in d["items"]) and d["items"] != []
                          and d["strangers"] == []), "covered")
    for i in d["items"]:
        print(i.get("node", "-"), i["item"], i["state"])


if __name__ == "__main__":
    with open(sys.argv[2], "rb") as f:
        {"ics": ics, "prom": prom, "json": status}[sys.argv[1]](f.read())
