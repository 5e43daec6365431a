"""What an attacker managed, by the evidence of a grading: for each kind of harm the sentences that tell it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from html.parser import HTMLParser

from attacks import Attack, Harm
from classroom import INNOCENTS, LIMITS, Evidence

__all__ = ["harm_to_the_class", "managed"]

MIB = 1024 * 1024
# What is looked at every 50 ms is over its bound before it is seen. All attackers go for ten times as much, or more.
SLACK = 640 * MIB
DISK_SLACK = 256 * MIB
TOO_LONG = 60.0  # seconds: three times alone, with four times the patience, on a machine that has much to do


def managed(seen: Evidence, attack: Attack) -> dict[Harm, list[str]]:
    """What this one managed; empty: nothing."""
    origin = _origin(seen, attack)
    found: dict[Harm, list[str]] = {
        "written": [path for path in seen.owned if path.endswith(f"-{attack.name}")],
        "heard": [name for name in seen.heard if name == attack.name],
        "processes": [],
        "memory": [],
        "disk": [],
    }
    if peak := seen.peaks.get(attack.server):
        if peak.processes > LIMITS["processes"] * (1.5 if seen.level != "none" else 1):
            found["processes"] = [f"{peak.processes} processes and threads"]
        # Of what processes share, each has it all in this sum: only who goes for memory is measured by it.
        eats = "memory" in attack.name
        hidden = peak.shared if eats else 0
        if eats and max(peak.memory, hidden) > LIMITS["memory"] + (SLACK if seen.level != "none" else 0):
            found["memory"] = [f"{peak.memory // MIB} MiB, and {hidden // MIB} MiB shared"]
        if peak.disk > LIMITS["disk"] + (DISK_SLACK if seen.level != "none" else 0):
            found["disk"] = [f"{peak.disk // MIB} MiB"]
    if origin is not None:
        found |= _by_its_record(seen, attack, origin)
    elif seen.level != "none":
        found["points"] = ["it was not graded"]
    return {kind: told for kind, told in found.items() if told}


def _origin(seen: Evidence, attack: Attack) -> str | None:
    """What its record calls it: as it was handed in, made printable."""
    shown = attack.key.encode("unicode_escape").decode()
    return next((shown + end for end in ("", ".zip", ".tar", ".tar.gz") if shown + end in seen.records), None)


def _by_its_record(seen: Evidence, attack: Attack, origin: str) -> dict[Harm, list[str]]:
    record, grade = seen.records[origin], seen.grades[origin]
    key = record["student"]["key"]
    found: dict[Harm, list[str]] = {}
    found["stolen"] = [
        f"{word} in {path}"
        for word, paths in seen.stolen.items()
        for path in paths
        if re.search(rf"/{re.escape(key)}[./]", path)
    ]
    if record["state"] == "infrastructure" or grade["points"] is None:
        found["points"] = [f"it is {record['state']}: {record['told']}"]
    elif grade["high"] > attack.worth:
        found["points"] = [f"{grade['high']} points, and is worth {attack.worth}"]
    if record["seconds"] > TOO_LONG:
        found["time"] = [f"{record['seconds']:.0f} s"]
    found["shown"] = [
        f"{path}: {told}"
        for path, text in seen.pages.items()
        if re.search(rf"/{re.escape(key)}[./]", path) or "/" not in path
        for told in _acts(path, text, seen.mark)
    ]
    return found


def harm_to_the_class(seen: Evidence, but: Collection[str] = ()) -> list[str]:
    """What anybody at all managed: what is nobody's in particular, too. `but`: attackers of whom it is known."""
    told = []
    if seen.code not in (0, 3):
        told.append(f"the grading ended with {seen.code}")
    others = {record["confinement"] for record in seen.records.values()} - {seen.level}
    told += [f"somebody was confined by {each} instead of {seen.level}" for each in others]
    told += [f"the grader was {each}" for each in seen.harmed]
    told += [f"{word} was stolen: {paths}" for word, paths in seen.stolen.items()]
    told += [f"{each} was written" for each in seen.owned]
    told += [f"{each} was heard" for each in seen.heard if each not in but]
    told += [f"{each} was left" for each in seen.left]
    told += [f"{each} remains" for each in seen.remains]
    if "forged" in seen.terminal:
        told.append("the terminal was written to")
    told += [f"told with letters that act: {line!r}" for line in seen.said.splitlines() if _acts_on_a_terminal(line)]
    for name, points in INNOCENTS.items():
        grade = seen.grades.get(name)
        if grade is None:
            told.append(f"{name} has no grade")
        elif (grade["state"], grade["low"], grade["high"]) != ("played", points, points):
            told.append(f"{name}: {grade['state']}, {grade['low']} to {grade['high']} points instead of {points}")
    return told


# --- what acts where it is shown --------------------------------------------------------------------------------------


def _acts(path: str, text: str, mark: str) -> list[str]:
    if path.endswith(".html"):
        reader = _Tags(mark)
        reader.feed(text)
        return reader.found
    if path.endswith(".csv"):
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        return [f"the cell {cell!r}" for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r", "-1", "-2"))]
    if path.endswith(".md"):
        return _acts_in_markdown(text, mark)
    return []


def _acts_in_markdown(text: str, mark: str) -> list[str]:
    """Any HTML, and headings, links and pictures with the mark in them (but for paths of this class)."""
    from markdown_it import MarkdownIt

    found = []
    heading = False
    for token in MarkdownIt("commonmark").enable("table").parse(text.replace(f"/tmp/{mark}", "")):
        for each in (token, *(token.children or ())):
            spoken = f"{each.content} {each.attrs}"
            told = mark in spoken and (heading or each.type in ("link_open", "image"))
            if told or each.type in ("html_block", "html_inline"):  # none of ours has any
                found.append(f"{each.type}: {spoken[:200]}")
        heading = token.type == "heading_open"
    return found


def _acts_on_a_terminal(line: str) -> bool:
    return any(ord(letter) < 32 or 127 <= ord(letter) < 160 or letter in "\u202e\u2066" for letter in line)


class _Tags(HTMLParser):
    """Tags and attributes that somebody else has made: those with the mark in them, and such as no page of ours has."""

    def __init__(self, mark: str) -> None:
        super().__init__()
        self.mark = mark
        self.found: list[str] = []
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within = tag if tag in ("script", "style") else ""
        told = f"{tag} {attrs}"
        acts = any(name.startswith("on") or name == "srcdoc" for name, _ in attrs)
        if tag in ("iframe", "img", "object", "embed", "base", "form") or acts or "alert(1)" in told:
            self.found.append(told[:200])

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within and (f"{self.mark}()" in data or "alert(1)" in data):
            self.found.append(f"{self._within}: {data[:200]}")
