"""`--junitxml`: what Jenkins, GitLab and others read."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import junitparser
import literal
import pytest
import xmlschema
from golden_text import golden
from hypothesis import example, given
from hypothesis import strategies as st
from several_runs import HOSTILE, any_reports, everything, shown_as, twenty_runs

from chatsim.cli.exit_codes import exit_code
from chatsim.errors import ServerError
from chatsim.report import junit
from chatsim.report.report import Report

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "xunit2.xsd")


def read(report: Report) -> ET.Element:
    text = junit.render(report)
    assert text.isascii()
    SCHEMA.validate(text)
    return ET.fromstring(text)


def cases(report: Report) -> dict[tuple[str, str], str]:
    """(suite's file, case) -> what it says: passed, failure, error or skipped."""
    return {
        (suite.get("file", ""), case.get("name", "")): next((child.tag for child in case), "passed")
        for suite in read(report)
        for case in suite.iter("testcase")
    }


def test_each_outcome_becomes_what_a_build_should_make_of_it() -> None:
    said = cases(everything())

    assert said["scenarios/passed.yaml", "delivery"] == "passed"
    assert said["scenarios/passed.yaml", "total-order"] == "skipped"
    assert said["scenarios/passed.yaml", "roster"] == "skipped"
    assert said["scenarios/failed.yaml", "drop-notice"] == "failure"
    assert said["scenarios/unclear.yaml", "delivery"] == "error"
    assert said["scenarios/asked.yaml", "played"] == "error"
    assert said["scenarios/asked.yaml", "total-order"] == "skipped"
    assert said["scenarios/not-started.yaml", "played"] == "error"
    assert said["scenarios/not-applicable.yaml", "played"] == "skipped"


def test_a_failure_reads_as_on_the_console() -> None:
    text = junit.render(Report((literal.failed(),), began=1_700_000_000)) + "\n"

    assert text == golden("failed.junit.xml", text)


def test_a_server_that_does_not_start_says_in_one_line_what_happened_and_its_last_words_below() -> None:
    words = ServerError("the server ended at once, before it listened: ./server\nIts last words:\n  no such port")

    (error,) = read(Report((replace(literal.not_started(), error=words),))).iter("error")

    assert error.get("message") == "the server ended at once, before it listened: ./server"
    assert "no such port" in (error.text or "")


def test_repeats_are_one_case_with_its_rate() -> None:
    suite = read(twenty_runs())[0]

    (failure,) = suite.iter("failure")
    assert suite.get("tests") == "7"
    assert failure.get("message") == (
        "failed in 2 of 2 runs, first with seed 45: "
        "bob dropped at 0.61 s. alice was still connected and was never told."
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_server_sends_is_text_and_nothing_else(text: str) -> None:
    report = Report((shown_as(text),))
    root = read(report)

    said = "".join(root.itertext()) + "".join(value for element in root.iter() for value in element.attrib.values())
    assert {element.tag for element in root.iter()} == {
        *("testsuites", "testsuite", "properties", "property", "testcase", "failure", "error", "skipped", "system-out")
    }
    assert [character for character in said if not character.isprintable() and character != "\n"] == []


@pytest.mark.parametrize("text", HOSTILE)
def test_a_ci_server_that_reads_it_on_standard_output_finds_no_command(text: str) -> None:
    written = junit.render(Report((shown_as(text),)))

    assert "##[" not in written
    assert [line for line in written.splitlines() if line.lstrip().startswith("::")] == []


@given(st.text())
@example("]]>")
def test_any_text_gives_a_valid_file(text: str) -> None:
    read(Report((shown_as(text),)))


@given(any_reports())
def test_it_is_red_if_and_only_if_the_exit_code_is(report: Report) -> None:
    root = read(report)

    red = any(element.tag in ("failure", "error") for element in root.iter())
    played = any(run.outcome.value != "not-applicable" for run in report.runs) or report.interrupted
    assert red == (exit_code(report) != 0 and played)


@given(any_reports())
def test_an_independent_reader_counts_the_same(report: Report) -> None:
    text = junit.render(report)
    root, read_back = ET.fromstring(text), junitparser.JUnitXml.fromstring(text.encode())
    told = {name: int(root.get(name, "-1")) for name in ("tests", "failures", "errors")}

    found = [case for suite in read_back for case in suite]
    assert told == {
        "tests": len(found),
        "failures": sum(case.is_failure for case in found),
        "errors": sum(case.is_error for case in found),
    }
    assert len({(case.classname, case.name) for case in found}) == len(found)


def test_the_schema_refuses_what_is_not_junit() -> None:
    wrong = junit.render(everything()).replace("<failure", "<mishap").replace("</failure", "</mishap")

    assert not SCHEMA.is_valid(wrong)


def test_classes_are_what_ci_servers_take_apart_at_dots() -> None:
    root = read(everything())

    assert {case.get("classname") for case in root[0].iter("testcase")} == {"scenarios.passed"}
