"""`--json` keeps to its published schema, whatever the server did."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import literal
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatsim.checks.verdict import Outcome, Verdict
from chatsim.history import History
from chatsim.report import json as report_json
from chatsim.report.confirm import weighed
from chatsim.report.report import Report, Run

SCHEMA = json.loads((Path(report_json.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def told(*runs: Run, **more: Any) -> dict[str, Any]:
    text = report_json.render(Report(runs, **more))
    text.encode("ascii")
    plain: dict[str, Any] = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    VALIDATOR.validate(plain)
    return plain


@pytest.mark.parametrize(
    "run",
    [
        literal.passed(),
        literal.failed(),
        literal.unclear(),
        literal.asked_in_vain(),
        literal.not_started(),
        literal.not_applicable(),
        literal.hostile(),
    ],
)
def test_every_kind_of_run_keeps_to_the_schema(run: Run) -> None:
    (plain,) = told(run)["runs"]

    assert plain["scenario"] == literal.CLAIM
    assert plain["outcome"] == ("error" if run.error else run.outcome.value)


def test_a_failure_carries_its_witness_as_history_entries() -> None:
    (plain,) = told(literal.failed())["runs"]

    verdict = next(one for one in plain["verdicts"] if one["outcome"] == "failed")
    assert verdict["evidence"] == "absence"
    assert verdict["where"] == f"{literal.FILE}:14:5"
    assert [(entry["kind"], entry["who"], entry["words"]) for entry in verdict["witness"]] == [
        ("drop", "bob", "dropped (reset)"),
        ("wait", "run", "waited 2.00 s in vain: alice was not told that bob left"),
    ]


def test_a_hint_tells_how_sure_it_is_and_which_line_it_means() -> None:
    run = literal.failed()
    verdict = run.verdicts[0].hinted("Surely: so.\nTry: this.", "surely", "server.py:31, in handle")
    (plain,) = told(replace(run, verdicts=(verdict, *run.verdicts[1:])))["runs"]

    hinted, other = plain["verdicts"][0], plain["verdicts"][1]
    assert (hinted["hint_sure"], hinted["hint_where"]) == ("surely", "server.py:31, in handle")
    assert (other["hint_sure"], other["hint_where"]) == (None, None)


def test_an_error_tells_whose_side_it_is_on() -> None:
    (plain,) = told(literal.not_started())["runs"]

    assert plain["error"]["exit_code"] == 4
    assert plain["error"]["problems"][0]["hint"] == "Does it start when you type it?"


def test_the_schema_refuses_what_is_not_a_report() -> None:
    plain = told(literal.passed())
    plain["runs"][0]["outcome"] = "fine"

    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(plain)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(), values)
@example("half of a pair: \udc80", {"\udfff": [float("nan"), float("inf")]})
def test_nothing_that_came_over_the_wire_can_break_it(text: str, value: Any) -> None:
    history = History()
    index = history.note(0.0, "unrecognised", 0, text=text, more=value)
    verdict = Verdict("intact", Outcome.FAILED, text, (index,), hint=text)
    run = replace(literal.failed(), scenario=text, verdicts=(verdict,), history=history, server_words=(text,))

    (plain,) = told(run)["runs"]

    plain["server_words"][0].encode("utf-8")  # no half of a surrogate pair


def test_rates_are_carried_with_their_intervals() -> None:
    runs = [replace(literal.passed(seed), seed=seed) for seed in range(40, 44)]
    plain = told(*runs, replace(literal.failed(), seed=44), repeat=5)

    (rate,) = plain["rates"]
    assert (rate["runs"], rate["valid"]) == (5, 5)
    (failed,) = rate["failed"]
    assert (failed["property"], failed["failed"], failed["first_run"], failed["first_seed"]) == (
        "drop-notice",
        1,
        5,
        44,
    )
    assert failed["interval"] == pytest.approx([0.00505, 0.7164], abs=1e-4)


def test_where_x_stopped_there_is_no_interval_and_before_there_is() -> None:
    earlier = [replace(run, file="a.yaml") for run in (literal.failed(), literal.passed())]
    plain = told(*earlier, literal.passed(), literal.failed(), repeat=2, stopped_early=True)

    intervals = [rate["failed"][0]["interval"] for rate in plain["rates"]]
    assert intervals[0] is not None
    assert intervals[1] is None


def test_it_is_told_whether_an_absence_was_seen_again() -> None:
    failed = literal.failed()
    again = weighed(failed, failed)
    not_again = weighed(failed, literal.not_started())

    by_run = [
        {verdict["property"]: verdict["seen_again"] for verdict in run["verdicts"]}
        for run in told(failed, again, not_again)["runs"]
    ]
    assert [seen["drop-notice"] for seen in by_run] == [None, True, False]
    assert {seen["delivery"] for seen in by_run} == {None}
