"""The report as JUnit XML, for CI servers: the dialect `xunit2`, which Jenkins' schema accepts and GitLab reads.

A scenario is a suite and a property a case; `cases` says which outcome becomes what. What a server sent is spelled out as on
the console, so no control character, direction mark or half of a surrogate pair is left when it comes here. The text is
ASCII: other letters are character references, and mean the same wherever the file is printed or stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from chatsim.report.cases import Case, Status, Suite, suites
from chatsim.report.printable import printable
from chatsim.report.report import Report

__all__ = ["render"]

ELEMENTS = {Status.FAILED: "failure", Status.ERROR: "error", Status.SKIPPED: "skipped", Status.KNOWN: "skipped"}

# Ends of comments and sections mean nothing without their `>`. A CI server that reads our standard output takes `::` at
# the beginning of a line, and `##[` anywhere, for a command of its own: as references they are none.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "::": "&#58;&#58;", "##[": "##&#91;"}


def render(report: Report) -> str:
    """The whole report as one XML document; without a line end."""
    found = suites(report)
    head = _attributes(
        name="chatsim",
        tests=sum(len(suite.cases) for suite in found),
        failures=sum(suite.count(Status.FAILED) for suite in found),
        errors=sum(suite.count(Status.ERROR) for suite in found),
        time=_seconds(sum(suite.seconds for suite in found)),
    )
    began = datetime.fromtimestamp(report.began, UTC).strftime("%Y-%m-%dT%H:%M:%S") if report.began else ""
    body = [line for suite in found for line in _suite(suite, began)]
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f"<testsuites{head}>", *body, "</testsuites>"]
    return "\n".join(lines).encode("ascii", "xmlcharrefreplace").decode("ascii")


def _suite(suite: Suite, began: str) -> Iterator[str]:
    head = _attributes(
        name=suite.name or suite.file or "chatsim",
        tests=len(suite.cases),
        failures=suite.count(Status.FAILED),
        errors=suite.count(Status.ERROR),
        skipped=suite.count(Status.SKIPPED) + suite.count(Status.KNOWN),
        time=_seconds(suite.seconds),
        timestamp=began,
        file=suite.file,
    )
    yield f" <testsuite{head}>"
    yield from _facts(suite)
    for case in suite.cases:
        yield from _case(case, suite)
    if suite.told:
        yield f"  <system-out>{_escaped(suite.told)}</system-out>"
    yield " </testsuite>"


def _facts(suite: Suite) -> Iterator[str]:
    if not suite.runs:
        return
    first = suite.runs[0]
    facts = {"seed": str(first.seed), "runs": str(len(suite.runs)), "profile": first.profile, "server": first.server}
    yield "  <properties>"
    for name, value in (*facts.items(), ("replay", first.replay)):
        yield f"   <property{_attributes(name=name)} value={_quoted(printable(value))}/>"
    yield "  </properties>"


def _case(case: Case, suite: Suite) -> Iterator[str]:
    head = _attributes(classname=class_of(suite), name=case.name, time=_seconds(case.seconds))
    element = ELEMENTS.get(case.status)
    if element is None:
        yield f"  <testcase{head}/>"
        return
    yield f"  <testcase{head}>"
    said = f" message={_quoted(case.message)}" if case.message else ""
    word = case.status.value if case.status is Status.KNOWN else case.outcome
    yield f"   <{element} type={_quoted(word)}{said}>{_escaped(case.details)}</{element}>"
    yield "  </testcase>"


def class_of(suite: Suite) -> str:
    """`scenarios/storm.yaml` → `scenarios.storm`: what CI servers take apart at its dots, into folders and a class."""
    path = suite.file.removesuffix(".yaml").replace("\\", "/")
    parts = [part.replace(".", "_") for part in path.split("/") if part not in ("", ".", "..")]
    return ".".join(parts) or suite.name or "chatsim"


def _seconds(seconds: float) -> str:
    return f"{max(0.0, seconds):.3f}"


def _attributes(**values: object) -> str:
    return "".join(f" {name}={_quoted(str(value))}" for name, value in values.items() if value != "")


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return _replaced(text, _ENTITIES.items())


def _replaced(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    for plain, reference in pairs:
        text = text.replace(plain, reference)
    return text
