"""What GitHub shows beside the code: annotations, as workflow commands on the output of a step.

GitHub shows ten annotations of a kind for one step, the first ten that come. So they are chosen here: each property once
before any twice, and failures before what is inconclusive. The rest is a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import join, normpath

from chatsim.report.cases import Case, Status, Suite, suites
from chatsim.report.printable import printable, shorten
from chatsim.report.report import Report

__all__ = ["MOST", "commands", "harmless"]

MOST = 10
LONGEST = 3000  # characters of one; GitHub takes 4096 bytes, and most are ASCII

# What the runner takes for a command: `::` at the beginning of a line, `##[` (the old form) anywhere in it.
_COMMAND = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)


def commands(report: Report, folder: str = "") -> str:
    """One command a line; empty where all is well. `folder` leads from the repository to where the files' names begin."""
    found = [(case, suite) for suite in suites(report) for case in suite.cases]
    bad = [(case, suite) for case, suite in found if case.status in (Status.FAILED, Status.ERROR)]
    seen: set[str] = set()
    ranked = []
    for number, (case, suite) in enumerate(bad):
        ranked.append((case.outcome not in ("failed", "error"), case.name in seen, number, case, suite))
        seen.add(case.name)
    lines = [_command(case, suite, folder) for *_, case, suite in sorted(ranked, key=lambda row: row[:3])[:MOST]]
    if len(bad) > MOST:
        lines.append(f"::notice title=chatsim::{len(bad) - MOST} more: the summary of this step tells them all.")
    return "\n".join(lines)


def harmless(text: str) -> str:
    """The text, so that GitHub's runner finds no command in it: what a server printed is only shown."""
    return _COMMAND.sub(r"\1\\x3a", text).replace("##[", "#\\x23[")


def _command(case: Case, suite: Suite, folder: str) -> str:
    properties = dict(_place(case, suite, folder))
    properties["title"] = shorten(f"{case.name}: {case.outcome} · {suite.name}", 200)
    level = "error" if case.outcome in ("failed", "error") else "warning"
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {told}::{_data(shorten(_words(case), LONGEST))}"


def _words(case: Case) -> str:
    lines = [case.message]
    verdict = next((v for v in case.run.verdicts if v.property == case.name), None) if case.run is not None else None
    if verdict is not None and verdict.hint:
        lines += [printable(line) for line in verdict.hint.split("\n")]
    if case.run is not None and case.run.replay:
        lines.append(f"Reproduce with: {printable(case.run.replay)}")
    return "\n".join(lines)


def _place(case: Case, suite: Suite, folder: str) -> Iterator[tuple[str, str]]:
    found = re.fullmatch(r"(.+?):([0-9]{1,9})(?::([0-9]{1,9}))?", printable(case.where))
    file = found[1] if found else suite.file
    if file:
        yield "file", normpath(join(folder, file))
    if found:
        yield "line", found[2]
        if found[3]:
            yield "col", found[3]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
