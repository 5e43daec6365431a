"""`--tap`: the Test Anything Protocol, version 14, read back by a small strict reader and by one that is not ours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import literal
import pytest
import yaml
from golden_text import golden
from hypothesis import given
from hypothesis import strategies as st
from several_runs import HOSTILE, any_reports, everything, shown_as
from tap.parser import Parser  # type: ignore[import-untyped]

from chatsim.cli.exit_codes import exit_code
from chatsim.report import tap
from chatsim.report.report import Report

POINT = re.compile(r"(not )?ok (\d+) - (.*)")


@dataclass
class Point:
    ok: bool
    name: str
    skip: str | None
    diagnosis: dict[str, Any] = field(default_factory=dict)
    below: list[Point] = field(default_factory=list)


def read(report: Report) -> list[Point]:
    lines = tap.render(report).split("\n")
    assert lines[0] == "TAP version 14"
    return points(lines[1:])


def points(lines: list[str]) -> list[Point]:
    """A stream of TAP 14: a plan, then test points in their order, each with its subtest before and its block after it."""
    plan = re.fullmatch(r"1\.\.(\d+)(?: # SKIP .*)?", lines[0])
    assert plan is not None, lines[0]
    found: list[Point] = []
    below: list[str] = []
    rest = lines[1:]
    while rest:
        line = rest.pop(0)
        if line.startswith(("# Subtest: ", "    ")):
            below += [line[4:]] if line.startswith("    ") else []
        elif line == "  ---":
            end = rest.index("  ...")
            found[-1].diagnosis = yaml.safe_load("\n".join(rest[:end]))
            del rest[: end + 1]
        else:
            match = POINT.fullmatch(line)
            assert match is not None, line
            assert int(match[2]) == len(found) + 1
            said, skip = directive(match[3])
            found.append(Point(not match[1], said, skip, below=points(below) if below else []))
            below = []
    assert len(found) == int(plan[1])
    assert not below
    return found


def directive(text: str) -> tuple[str, str | None]:
    """A description, and the reason if it is skipped. Only a hash without a backslash begins a directive."""
    parts = re.split(r"(?<!\\)(?:\\\\)*#", text, maxsplit=1)
    if len(parts) == 1:
        return unescaped(text), None
    assert parts[1].startswith(" SKIP"), text
    return unescaped(parts[0]).rstrip(), unescaped(parts[1].removeprefix(" SKIP")).strip()


def unescaped(text: str) -> str:
    return re.sub(r"\\([\\#])", r"\1", text)


def test_a_report_reads_as_this() -> None:
    text = tap.render(everything()) + "\n"

    assert text == golden("everything.tap", text)


def test_a_failure_tells_its_place_and_its_words() -> None:
    (scenario,) = read(Report((literal.failed(),)))

    (point,) = [point for point in scenario.below if not point.ok]
    assert (point.name, point.diagnosis["outcome"]) == ("drop-notice", "failed")
    assert point.diagnosis["at"] == f"{literal.FILE}:14:5"
    assert "    2.61 s  run  waited 2.00 s in vain: alice was not told that bob left" in point.diagnosis["details"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_server_sends_can_not_change_a_result(text: str) -> None:
    report = Report((shown_as(text),))
    (scenario,) = read(report)

    assert [(point.name, point.ok, point.skip is None) for point in scenario.below] == [
        ("played", True, True),
        ("intact", False, True),
        ("delivery", False, True),
        ("roster", True, False),
        ("total-order", True, False),
    ]
    written = tap.render(report)
    assert "##[" not in written
    assert all(character.isprintable() or character == "\n" for character in written)


@given(st.text())
def test_any_text_gives_a_stream_that_can_be_read(text: str) -> None:
    (scenario,) = read(Report((shown_as(text),)))

    assert len(scenario.below) == 5


@given(any_reports())
def test_a_scenario_is_not_ok_if_and_only_if_something_below_it_is_not(report: Report) -> None:
    found = read(report)

    assert [point.ok for point in found] == [all(each.ok for each in point.below) for point in found]
    played = any(run.outcome.value != "not-applicable" for run in report.runs) or report.interrupted
    assert all(point.ok for point in found) == (exit_code(report) == 0 or not played)


@given(any_reports())
def test_an_independent_reader_that_knows_no_subtests_sees_the_scenarios(report: Report) -> None:
    lines = list(Parser().parse_text(tap.render(report)))

    tests = [line for line in lines if line.category == "test"]
    ours = read(report)
    assert [line.ok for line in tests] == [point.ok for point in ours]
    assert [bool(line.skip) for line in tests] == [point.skip is not None for point in ours]
