"""`--ctrf`: held against the contract of the Common Test Report Format."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import literal
import pytest
from hypothesis import given
from hypothesis import strategies as st
from several_runs import HOSTILE, any_reports, everything, shown_as

from chatsim.cli.exit_codes import exit_code
from chatsim.report import ctrf
from chatsim.report.report import Report

CONTRACT = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).parent / "ctrf.contract.json").read_text(encoding="utf-8"))
)


def read(report: Report) -> dict[str, Any]:
    text = ctrf.render(report)
    assert text.isascii()
    plain: dict[str, Any] = json.loads(text)
    CONTRACT.validate(plain)
    return plain["results"]  # type: ignore[no-any-return]


def test_each_outcome_has_its_status_and_keeps_its_own_word() -> None:
    told = {
        (test["filePath"], test["name"]): (test["status"], test["rawStatus"]) for test in read(everything())["tests"]
    }

    assert told["scenarios/passed.yaml", "delivery"] == ("passed", "passed")
    assert told["scenarios/failed.yaml", "drop-notice"] == ("failed", "failed")
    assert told["scenarios/unclear.yaml", "delivery"] == ("other", "inconclusive")
    assert told["scenarios/passed.yaml", "total-order"] == ("skipped", "not-exercised")
    assert told["scenarios/passed.yaml", "roster"] == ("skipped", "not-applicable")
    assert told["scenarios/not-started.yaml", "played"] == ("failed", "error")


def test_a_failure_has_its_place_and_its_words() -> None:
    (test,) = [test for test in read(Report((literal.failed(),)))["tests"] if test["status"] == "failed"]

    assert (test["filePath"], test["line"]) == (literal.FILE, 14)
    assert test["message"] == "bob dropped at 0.61 s. alice was still connected and was never told."
    assert "waited 2.00 s in vain: alice was not told that bob left" in test["trace"]
    assert test["extra"] == {
        "chatsim.profile": "relay",
        "chatsim.server": "python server.py",
        "chatsim.seeds": [42],
    }


def test_it_tells_when_the_runs_began_and_ended() -> None:
    summary = read(everything())["summary"]

    assert (summary["start"], summary["stop"]) == (1_700_000_000_250, 1_700_000_012_500)


@given(any_reports())
def test_the_counts_are_those_of_the_tests_and_not_all_passed_where_the_exit_code_is_not_0(report: Report) -> None:
    results = read(report)

    counted = Counter(test["status"] for test in results["tests"])
    assert {status: results["summary"][status] for status in ctrf.STATUSES} == {
        status: counted[status] for status in ctrf.STATUSES
    }
    assert results["summary"]["tests"] == len(results["tests"])
    if exit_code(report) == 0:
        assert counted["failed"] == counted["other"] == 0
    elif counted["passed"]:
        assert counted["failed"] + counted["other"] > 0


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_server_sends_can_not_be_taken_for_a_command(text: str) -> None:
    report = Report((shown_as(text),))

    written = ctrf.render(report)
    assert "##[" not in written
    assert all(character.isprintable() or character == "\n" for character in "".join(strings(read(report))))


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in strings(inner)]
    return [value] if isinstance(value, str) else []


@given(st.text())
def test_any_text_keeps_to_the_contract(text: str) -> None:
    read(Report((shown_as(text),)))


def test_the_contract_refuses_what_it_does_not_name() -> None:
    plain = json.loads(ctrf.render(everything()))
    plain["results"]["tests"][0]["colour"] = "red"

    assert not CONTRACT.is_valid(plain)
