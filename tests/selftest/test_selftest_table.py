"""The table faults × properties: caught, missed, quiet or a false alarm; and how it is told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest
from zoo import fault, right, tried

from chatsim.errors import ChatsimError
from chatsim.properties import PROPERTIES
from chatsim.report.rate import clopper_pearson
from chatsim.selftest import json as as_json
from chatsim.selftest import markdown, text
from chatsim.selftest.schedule import Seen
from chatsim.selftest.subjects import NO_FAULT, Subject, read_faults, right_servers
from chatsim.selftest.table import CAUGHT, FALSE_ALARM, MISSED, NOT_PLAYED, QUIET, Row, Table, table

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = json.loads((Path(as_json.__file__).parent / "selftest.schema.json").read_text(encoding="utf-8"))


def row(subject: Subject, *seen: Seen, repeat: int = 1) -> Row:
    (only,) = table([subject], seen, repeat).rows
    return only


# --- what is caught ---------------------------------------------------------------------------------------------------


def test_a_fault_is_caught_by_the_property_that_it_breaks_in_any_scenario() -> None:
    subject = fault()

    assert row(subject, tried(subject, "lobby"), tried(subject, "drops", "delivery")).outcome == CAUGHT


def test_to_be_failed_by_others_only_is_to_be_missed() -> None:
    subject = fault()
    missed = row(subject, tried(subject, "drops", "roster", "join-notice"))

    assert missed.outcome == MISSED
    assert missed.others == ("join-notice", "roster")


def test_a_fault_that_breaks_two_must_be_caught_by_both() -> None:
    subject = fault(breaks=("delivery", "roster"))

    assert row(subject, tried(subject, "drops", "delivery")).outcome == MISSED
    assert row(subject, tried(subject, "drops", "delivery"), tried(subject, "storm", "roster")).outcome == CAUGHT


def test_a_steady_fault_is_caught_in_every_round_or_missed() -> None:
    subject = fault()
    once = [tried(subject, "drops", "delivery"), tried(subject, "drops", number=2)]

    assert row(subject, *once, repeat=2).outcome == MISSED


def test_a_racy_fault_needs_to_show_once_and_has_a_rate() -> None:
    subject = fault(racy=True)
    seen = row(subject, tried(subject, "drops", "delivery"), tried(subject, "drops", number=2), repeat=2)

    assert seen.outcome == CAUGHT
    assert seen.interval == clopper_pearson(1, 2)


def test_rounds_that_were_added_until_it_showed_make_no_rate() -> None:
    subject = fault(racy=True)
    seen = row(subject, tried(subject, "drops"), tried(subject, "drops", "delivery", number=2), repeat=1)

    assert seen.outcome == CAUGHT
    assert seen.interval is None


def test_what_was_never_played_is_never_caught() -> None:
    assert row(fault()).outcome == NOT_PLAYED
    assert row(right()).outcome == NOT_PLAYED


@pytest.mark.parametrize("outcome", ["failed", "inconclusive", "error"])
def test_whatever_is_said_against_a_right_server_is_a_false_alarm(outcome: str) -> None:
    assert row(right(), tried(right(), "drops"), tried(right(), "lobby", outcome=outcome)).outcome == FALSE_ALARM
    assert row(right(), tried(right(), "drops"), tried(right(), "lobby", outcome="not-applicable")).outcome == QUIET


def test_it_is_proved_when_all_faults_are_caught_and_nothing_right_is_blamed() -> None:
    bad, good = fault(), right()
    caught, quiet = tried(bad, "drops", "delivery"), tried(good, "drops")

    assert table([bad, good], [caught, quiet], 1).proved
    assert not table([bad, good], [tried(bad, "drops"), quiet], 1).proved
    assert not table([bad, good], [caught, tried(good, "drops", "echo")], 1).proved
    assert not table([], [], 1).proved


def test_the_properties_that_nothing_breaks_are_known() -> None:
    shown = table([fault(), right()], [], 1)

    assert "delivery" not in shown.unbroken
    assert len(shown.unbroken) == len(PROPERTIES) - 1


# --- who is played against --------------------------------------------------------------------------------------------

LISTED = {
    "name": "forgets",
    "about": "Forgets somebody.",
    "breaks": "delivery",
    "dialect": "relay",
    "dialects": ["relay", "lines"],
    "racy": False,
    "scenarios": ["storm.yaml", "drops"],
}


def test_a_fault_of_the_list_becomes_a_server() -> None:
    (subject,) = read_faults(json.dumps([LISTED, {**LISTED, "name": NO_FAULT}]))

    assert (subject.breaks, subject.shown_by) == (("delivery",), ("storm", "drops"))
    assert subject.arguments == ("--dialect", "relay", "--fault", "forgets", "--port", "{port}")
    assert subject.replay("scenarios/drops.yaml", 7) == (
        "chatsim run scenarios/drops.yaml --server 'python -m reference_server --dialect relay --fault forgets "
        "--port {port}' --profile relay --seed 7"
    )


@pytest.mark.parametrize(
    "listed",
    ["", "{}", "[]", "[{}]", json.dumps([{**LISTED, "breaks": "delivrey"}]), json.dumps([{**LISTED, "breaks": []}])],
)
def test_a_list_that_is_none_is_told_as_that(listed: str) -> None:
    with pytest.raises(ChatsimError, match="list of faults"):
        read_faults(listed)


def test_the_right_servers_are_the_reference_server_and_the_textbook_server() -> None:
    reference, textbook = right_servers(["lines"], ["echo"])

    assert reference.is_right and textbook.is_right
    assert reference.arguments == ("--dialect", "lines", "--port", "{port}")
    assert textbook.arguments == ("--dialect", "echo", "--fault", "none", "--port", "{port}")


# --- how it is told ---------------------------------------------------------------------------------------------------


def shown() -> Table:
    steady, hidden, racy, late = (
        fault(),
        fault("loses", ("roster",)),
        fault("hurries", racy=True),
        fault("dawdles", racy=True),
    )
    good, blamed = right(), right("right-relay", "relay")
    seen = [
        tried(steady, "drops", "delivery", "lets-in"),
        tried(steady, "storm", "delivery"),
        tried(hidden, "drops", "join-notice", said="join-notice: ann was never told.\nOr so."),
        tried(racy, "storm", "delivery"),
        tried(late, "storm"),
        tried(late, "storm", "delivery", number=2),
        tried(good, "drops"),
        tried(blamed, "drops", "echo", said="echo: bob heard himself \u202e\x1b[31m."),
        tried(blamed, "lobby"),
    ]
    return table([steady, hidden, racy, late, good, blamed], seen, 1)


@pytest.mark.parametrize(("name", "verbosity"), [("table", 0), ("table-quiet", -1), ("table-verbose", 1)])
def test_it_reads_as_written_down(name: str, verbosity: int) -> None:
    told = text.render(shown(), verbosity=verbosity)

    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(told, encoding="utf-8")
    assert told == golden.read_text(encoding="utf-8")


def test_what_an_interrupt_left_out_is_neither_missed_nor_blamed() -> None:
    left_out = table([fault(), right()], [], 1)

    told = text.render(left_out)
    assert told.count("NOT PLAYED") == 2
    assert "0 of 1 right server blamed" in told
    jsonschema.Draft202012Validator(SCHEMA).validate(as_plain(left_out))


def as_plain(told: Table) -> dict[str, object]:
    asked = {"repeat": 1, "seed": 7, "first": False, "patience": 1.0, "jobs": 4}
    written = as_json.render(told, seconds=1.5, **asked)
    assert written.isascii()
    plain: dict[str, object] = json.loads(written)
    return plain


def test_the_json_keeps_to_its_schema() -> None:
    plain = as_plain(shown())

    jsonschema.Draft202012Validator(SCHEMA).validate(plain)
    assert plain["proved"] is False
    rows = {one["name"]: one for one in plain["rows"]}  # type: ignore[attr-defined]
    assert rows["forgets"]["failed"] == {"delivery": 2, "lets-in": 1}
    assert rows["dawdles"]["first_caught"] == 2
    assert rows["right-relay"]["outcome"] == "false-alarm"


def test_the_documents_table_is_written_between_its_marks_and_nothing_else_is_touched() -> None:
    before = f"# A title\n\n{markdown.BEGIN}old\n{markdown.END}\nThe end.\n"
    after = markdown.refreshed(before, as_plain(shown()))

    assert after.startswith("# A title\n\n") and after.endswith("\nThe end.\n")
    assert "old" not in after
    assert markdown.refreshed(after, as_plain(shown())) == after
    lines = {line.split("`")[1]: line for line in after.splitlines() if line.startswith("| `")}
    assert lines["forgets"].count("●") == 1
    assert "`lets-in`" in lines["forgets"]
    assert "✗" in lines["loses"]


def test_a_document_says_whether_all_was_played() -> None:
    plain = as_plain(shown())

    assert "interrupted" not in markdown.render(plain)
    assert "1 round, interrupted before all was played: " in markdown.render({**plain, "interrupted": True})


def test_a_document_without_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="no place"):
        markdown.refreshed("# A title\n", as_plain(shown()))
