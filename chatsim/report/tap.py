"""The report in the Test Anything Protocol, version 14: a test point a scenario, with one below it for each property.

Subtests are indented by four blanks, as TAP 14 has them; a reader of TAP 13 skips them, and sees the scenarios.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from chatsim.report.cases import Case, Status, Suite, suites
from chatsim.report.report import Report

__all__ = ["render"]

SUBTEST = "    "
GOOD = (Status.PASSED, Status.SKIPPED, Status.KNOWN)


def render(report: Report) -> str:
    """The whole report; without a line end."""
    found = suites(report)
    lines = ["TAP version 14", f"1..{len(found)}" + ("" if found else " # SKIP nothing was played")]
    for number, suite in enumerate(found, start=1):
        lines += _suite(number, suite)
    return "\n".join(lines)


def _suite(number: int, suite: Suite) -> Iterator[str]:
    name = _plain(" - ".join(part for part in (suite.file, suite.name) if part))
    yield f"# Subtest: {name}"
    yield f"{SUBTEST}1..{len(suite.cases)}"
    for count, case in enumerate(suite.cases, start=1):
        for line in _case(count, case):
            yield SUBTEST + line
    good = all(case.status in GOOD for case in suite.cases)
    skipped = all(case.status is Status.SKIPPED for case in suite.cases)
    reason = f" # SKIP {_plain(suite.cases[0].message)}" if skipped else ""
    yield f"{'ok' if good else 'not ok'} {number} - {name}{reason.rstrip()}"


def _case(number: int, case: Case) -> Iterator[str]:
    if case.status is Status.SKIPPED:
        yield f"ok {number} - {case.name} # SKIP {case.outcome}: {_plain(case.message)}".rstrip(" :")
        return
    if case.status is Status.PASSED:
        yield f"ok {number} - {case.name}"
        return
    known = f" # TODO {_plain(case.message)}" if case.status is Status.KNOWN else ""
    yield f"not ok {number} - {case.name}{known}"
    yield "  ---"
    yield f"  outcome: {_quoted(case.outcome)}"
    yield f"  message: {_quoted(case.message)}"
    if case.where:
        yield f"  at: {_quoted(case.where)}"
    yield "  details:"
    for line in case.details.split("\n"):
        yield f"    - {_quoted(line)}"  # quoted line by line: nothing in it can end the block
    yield "  ..."


def _plain(text: str) -> str:
    """In one line, with nothing in it that could begin a directive."""
    return text.replace("\\", "\\\\").replace("#", "\\#")


def _quoted(text: str) -> str:
    """As YAML has it between double quotes. A CI server that reads our standard output takes `##[` for a command."""
    from chatsim.report.printable import printable

    return json.dumps(printable(text), ensure_ascii=False).replace("##[", "##\\x5b")
