"""A report beside an earlier one: what got worse fails, what was known does not, and chance and noise are no reason."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import literal
import pytest
from golden_text import golden
from hypothesis import assume, example, given
from hypothesis import strategies as st
from several_runs import any_reports

from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.cli.exit_codes import exit_code
from chatsim.errors import UsageError
from chatsim.history import Header, History
from chatsim.report import ctrf, github, junit, tap
from chatsim.report import json as report_json
from chatsim.report.baseline import NOISE_S, Baseline, compare, merged, read_baseline
from chatsim.report.baseline_text import render
from chatsim.report.comparison import Comparison, Kind
from chatsim.report.report import Report, Run
from chatsim.report.text import Style


def stored(report: Report) -> Baseline:
    return read_baseline(report_json.render(report), "base.json")


def run(outcome: str = "passed", file: str = "a.yaml", name: str = "delivery", **more: Any) -> Run:
    """One property, in one scenario played once."""
    known = Outcome(outcome)
    verdict = Verdict(name, known, "so it was.", evidence=Evidence.PROOF, exercised=1)
    if known is Outcome.INCONCLUSIVE:
        verdict = replace(verdict, cause=Cause.MACHINE)
    whole = known if known in (Outcome.PASSED, Outcome.FAILED) else Outcome.INCONCLUSIVE
    history = more.pop("history", None)
    return Run("a claim", file, 1, "lines", "a server", whole, 0.1, (verdict,), history, **more)


def runs(passed: int, failed: int) -> tuple[Run, ...]:
    return (*[run()] * passed, *[run("failed")] * failed)


def compared(then: Sequence[Run], now: Sequence[Run], **how: Any) -> Report:
    report = Report(tuple(now), repeat=max(1, len(now)))
    return replace(report, comparison=compare(stored(Report(tuple(then))), report, **how))


def changes(report: Report) -> list[tuple[str, str, str]]:
    assert report.comparison is not None
    return [(change.kind.value, change.subject, change.words) for change in report.comparison.changes]


# --- what is worse ---------------------------------------------------------------------------------------------------

EXPECTED = {
    ("passed", "passed"): (None, 0),
    ("passed", "failed"): ("worse", 1),
    ("passed", "inconclusive"): ("doubtful", 3),
    ("failed", "passed"): ("better", 0),
    ("failed", "failed"): ("known", 0),
    ("failed", "inconclusive"): ("known", 0),
    ("inconclusive", "passed"): ("better", 0),
    ("inconclusive", "failed"): ("new", 1),
    ("inconclusive", "inconclusive"): ("known", 0),
    ("not-applicable", "passed"): (None, 0),
    ("not-applicable", "failed"): ("new", 1),
    ("not-applicable", "inconclusive"): ("doubtful", 3),
}


@pytest.mark.parametrize(("then", "now"), EXPECTED)
def test_only_what_got_worse_fails(then: str, now: str) -> None:
    kind, code = EXPECTED[then, now]

    report = compared([run(then)], [run(now)])

    assert [change[0] for change in changes(report)] == ([kind] if kind else [])
    assert exit_code(report) == code


def test_a_scenario_that_the_baseline_does_not_know_counts_as_without_one() -> None:
    new = compared([run(file="old.yaml"), run(file="other.yaml")], [run("failed", "new.yaml")])

    assert changes(new) == [("new", "delivery", "was not put to the test before, failed now")]
    assert exit_code(new) == 1
    assert new.comparison is not None
    assert new.comparison.unplayed == 2


def test_the_scenario_is_the_same_when_it_is_called_from_another_folder() -> None:
    report = compared([run("failed", "course/a.yaml")], [run("failed", "./a.yaml")])

    assert [change[0] for change in changes(report)] == ["known"]


def test_a_scenario_that_proves_nothing_any_more_is_in_doubt_and_one_that_never_did_is_not() -> None:
    nothing = run("not-exercised")

    assert exit_code(compared([run()], [nothing])) == 3
    assert exit_code(compared([nothing], [nothing])) == 0


def test_a_server_that_is_not_there_is_never_forgiven() -> None:
    report = compared([run("failed")], [replace(run(), verdicts=(), error=literal.not_started().error)])

    assert exit_code(report) == 4
    assert changes(report) == [("doubtful", "played", "could not be played now")]


# --- rates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("then", "now", "kind"),
    [
        ((20, 0), (19, 1), "worse"),  # it never failed, and does
        ((18, 2), (17, 3), "known"),
        ((18, 2), (12, 8), "known"),  # by chance in three of a hundred
        ((18, 2), (10, 10), "worse"),
        ((10, 10), (18, 2), "better"),
        ((10, 10), (20, 0), "better"),
        ((0, 1), (0, 20), "known"),  # one run says little
        ((999, 1), (960, 40), "worse"),
    ],
)
def test_a_rate_is_worse_only_beyond_chance(then: tuple[int, int], now: tuple[int, int], kind: str) -> None:
    report = compared(runs(*then), runs(*now))

    assert [change[0] for change in changes(report)] == [kind]
    assert exit_code(report) == (1 if kind == "worse" else 0)


@given(st.integers(1, 5), st.integers(1, 5), st.data())
def test_chance_is_counted_as_by_trying_all_ways(before: int, after: int, data: st.DataObject) -> None:
    failed = data.draw(st.integers(2, before + after))
    now = data.draw(
        st.integers(max(1, failed - before), min(after, failed - 1)) if min(after, failed - 1) else st.just(1)
    )
    assume(1 <= failed - now <= before)
    ways = [sum(each < failed for each in chosen) for chosen in combinations(range(before + after), after)]
    chance = sum(way >= now for way in ways) / len(ways)

    (kind, *_), *_ = changes(compared(runs(before - (failed - now), failed - now), runs(after - now, now)))

    assert (kind == "worse") == (chance < 0.01)


def test_inconclusive_runs_are_left_out_while_there_are_few() -> None:
    few = [*[run()] * 9, run("inconclusive")]

    report = compared([run()] * 10, few)

    assert changes(report) == []
    assert exit_code(report) == 0
    assert exit_code(compared([run()] * 10, [*few, *[run("inconclusive")] * 3])) == 3


# --- times -----------------------------------------------------------------------------------------------------------


def slow(seconds: float, deliveries: int = 20) -> Run:
    """ann speaks, and bob hears it so much later each time."""
    history = History(Header())
    for session, bot in enumerate(("ann", "bob")):
        history.note(0.0, "connect", session, bot=bot, nick=bot, number=1)
    for number in range(deliveries):
        message = history.new_message(0, "chat", "lobby", f"text {number}").id
        history.say(1.0 + number, "send", 0, message)
        history.say(1.0 + number + seconds, "heard", 1, message, "hears")
    return run(history=history)


@pytest.mark.parametrize(
    ("then", "now", "kind"),
    [
        (0.010, 0.029, []),
        (0.010, 0.031, ["worse"]),  # three times, and 20 ms
        (0.001, 0.020, []),  # twenty times, and not 20 ms: a scheduler does that
        (0.100, 0.290, []),
        (0.100, 0.310, ["worse"]),
        (0.310, 0.100, ["better"]),
        (0.020, 0.001, []),
    ],
)
def test_deliveries_are_slower_only_beyond_the_band_of_noise(then: float, now: float, kind: list[str]) -> None:
    report = compared([slow(then)], [slow(now)])

    assert [change[0] for change in changes(report)] == kind
    assert exit_code(report) == (1 if kind == ["worse"] else 0)


def test_the_band_can_be_chosen() -> None:
    assert exit_code(compared([slow(0.1)], [slow(0.31)], noise=4)) == 0
    assert exit_code(compared([slow(0.1)], [slow(0.16)], noise=1.5)) == 1


def test_the_quickest_of_several_runs_counts_and_few_deliveries_say_nothing() -> None:
    assert changes(compared([slow(0.01)], [slow(0.5), slow(0.02), slow(0.4)])) == []
    assert changes(compared([slow(0.01)], [slow(0.5, deliveries=19)])) == []


def test_what_a_newcomer_is_sent_of_the_past_is_no_slow_delivery() -> None:
    late = slow(0.01)
    assert late.history is not None
    late.history.note(100.0, "connect", 2, bot="cat", nick="cat", number=1)
    for number in range(20):
        late.history.say(100.0, "heard", 2, number, "hears")

    assert changes(compared([slow(0.01)], [late])) == []
    assert NOISE_S == 0.020  # as the help and the docs say


# --- what is told ----------------------------------------------------------------------------------------------------


def everything() -> Report:
    then = [
        run("passed", "drops.yaml"),
        *[run("failed", "order.yaml", "total-order"), run("passed", "order.yaml", "total-order")] * 9,
        run("failed", "roster.yaml", "roster"),
        run("failed", "cuts.yaml", "no-ghosts"),
        run("passed", "storm.yaml"),
        replace(slow(0.001), file="crowd.yaml"),
        run("passed", "gone.yaml"),
    ]
    now = [
        run("failed", "drops.yaml"),
        *[run("failed", "order.yaml", "total-order")] * 18,
        run("passed", "roster.yaml", "roster"),
        run("failed", "cuts.yaml", "no-ghosts"),
        run("inconclusive", "storm.yaml"),
        run("failed", "new\x1b[31m.yaml", "stays-up"),
        replace(slow(0.3), file="crowd.yaml"),
    ]
    return compared(then, now)


@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("plain", Style()),
        ("verbose", Style(1, width=60)),
        ("quiet", Style(-1, encoding="ascii")),
        ("coloured", Style(0, colour=True)),
    ],
)
def test_a_person_reads_this(name: str, style: Style) -> None:
    comparison = everything().comparison
    assert comparison is not None

    text = render(comparison, style)

    assert text == golden(f"baseline/{name}.txt", text)


def test_programs_are_told_in_the_json() -> None:
    report = everything()

    told = json.loads(report_json.render(report))["baseline"]

    assert (told["name"], told["unplayed"]) == ("base.json", 1)
    assert {"kind": "known", "file": "cuts.yaml", "subject": "no-ghosts"}.items() <= told["changes"][3].items()


def test_what_is_known_stops_no_build() -> None:
    report = compared([run("failed")], [run("failed")])

    (_, case) = ET.fromstring(junit.render(report)).iter("testcase")
    assert [(child.tag, child.get("type"), child.get("message")) for child in case] == [
        ("skipped", "known", "Known: delivery failed before, failed now. so it was.")
    ]
    assert "not ok 2 - delivery # TODO Known: delivery failed before" in tap.render(report)
    assert json.loads(ctrf.render(report))["results"]["summary"]["failed"] == 0
    assert github.commands(report) == ""


def test_what_takes_longer_is_a_test_that_fails() -> None:
    report = compared([slow(0.01)], [slow(0.4)])

    (failure,) = ET.fromstring(junit.render(report)).iter("failure")
    assert failure.get("message") == "The median was 10 ms before, and is 400 ms now: more than 3 times as long."


@given(any_reports(), any_reports())
def test_builds_are_red_if_and_only_if_the_exit_code_is(then: Report, now: Report) -> None:
    report = replace(now, comparison=compare(stored(then), now))
    played = any(each.outcome.value != "not-applicable" for each in now.runs) or now.interrupted

    red = any(element.tag in ("failure", "error") for element in ET.fromstring(junit.render(report)).iter())

    assert red == (exit_code(report) != 0 and played)
    assert report.ok == (exit_code(report) == 0)
    assert ("\nnot ok " in tap.render(report).replace("\n    ", "\n>")) == red


@given(any_reports())
def test_nothing_is_worse_than_itself(report: Report) -> None:
    assume(not report.interrupted and not any(each.interrupted for each in report.runs))

    again = replace(report, comparison=compare(stored(report), report))

    assert {change[0] for change in changes(again)} <= {"known", "doubtful"}
    errors = any(each.error is not None for each in report.runs)
    assert ("doubtful" in {change[0] for change in changes(again)}) == errors
    assert exit_code(again) in ((4,) if errors else (0, 3))


def test_an_accepted_comparison_has_nothing_worse() -> None:
    report = everything()
    assert report.comparison is not None

    accepted = report.comparison.accepted()

    assert accepted.of(Kind.WORSE, Kind.NEW, Kind.DOUBTFUL) == []
    assert exit_code(replace(report, comparison=accepted)) == 0


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("<testsuites/>", "it is no JSON"),
        ("{", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ('{"chatsim":"history","format":1}\n{"i":0}\n', "several lines of JSON, as --jsonl or --history write them"),
        ("[]", "was not written by chatsim"),
        ('{"results": {}}', "was not written by chatsim"),
        ('{"chatsim": "selftest", "format": 1}', "it is no report of `chatsim run`, but: selftest"),
        ('{"chatsim": "report", "format": 2, "version": "9.1"}', "chatsim 9.1 wrote it in format 2; this one reads 1"),
        ('{"chatsim": "report", "format": 1}', "damaged: `runs` is no list"),
        ('{"chatsim": "report", "format": 1, "runs": [7]}', "damaged: run 1 is no object"),
        ('{"chatsim": "report", "format": 1, "runs": [{"file": 7}]}', "damaged: `file` of run 1 is no text"),
    ],
)
def test_what_is_no_baseline_is_told_so(text: str, why: str) -> None:
    with pytest.raises(UsageError) as told:
        read_baseline(text, "base.json")

    assert why in str(told.value)
    assert "--update-baseline" in str(told.value)


nearly = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["report", "passed", "x", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("chatsim", "format", "runs", "rates", "file", "scenario", "profile", "outcome", "verdicts"),
                    *("property", "latency", "median_s", "deliveries"),
                ]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(nearly, st.lists(nearly, max_size=2), nearly, nearly)
@example(None, [], None, {"median_s": True, "deliveries": 3})
@example(None, [], [{"file": []}], None)
def test_any_json_is_a_baseline_or_an_error(odd: Any, odd_runs: list[Any], rates: Any, latency: Any) -> None:
    whole = json.loads(report_json.render(Report((run(), run("failed")))))
    whole["runs"] += odd_runs
    whole["rates"] = rates
    whole["runs"][0]["latency"] = latency
    for plain in (odd, whole):
        try:
            baseline = read_baseline(json.dumps(plain), "base.json")
        except UsageError:
            continue
        report = Report((run(),))
        assert isinstance(compare(baseline, report), Comparison)
        json.dumps(merged(baseline, report_json.plain(report)))


def test_a_renewed_baseline_keeps_what_was_not_played() -> None:
    then = stored(Report((run(), run("failed", "b.yaml"), run("failed", "b.yaml"))))
    now = report_json.plain(Report((run("failed"),)))

    renewed = read_baseline(json.dumps(merged(then, now)), "base.json")

    assert {key[0]: [each["outcome"] for each in found] for key, found in renewed.scenarios.items()} == {
        "b.yaml": ["failed", "failed"],
        "a.yaml": ["failed"],
    }
    assert [row["file"] for row in renewed.plain["rates"]] == ["b.yaml", "a.yaml"]


# --- the document ----------------------------------------------------------------------------------------------------

STATES = {
    "passed": "passed",
    "failed": "failed",
    "inconclusive": "inconclusive",
    "not put to the test": "not-applicable",
}


def test_the_document_says_what_counts() -> None:
    text = (Path(__file__).parents[2] / "docs" / "baseline.md").read_text(encoding="utf-8")
    table = text.partition("<!-- checked: baseline -->\n\n")[2].partition("\n\n")[0]
    rows = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    told = {
        (STATES[then], STATES[now]): (kind.removeprefix("in ").replace("doubt", "doubtful"), int(code))
        for thens, nows, kind, code in rows
        for then in re.split(r", or | or ", thens)
        for now in re.split(r" or ", nows)
        if then in STATES and now in STATES
    }

    expected = {states: outcome for states, outcome in EXPECTED.items() if outcome[0] is not None}
    assert told == expected
