"""Did a profile that was found work? Nobody may say so who has not seen it."""

from __future__ import annotations

import pytest

from chatsim.checks.verdict import Outcome, Verdict
from chatsim.detect.playing import Played, outcome_of_playing
from chatsim.errors import ServerError
from chatsim.report.report import Run
from chatsim.runs import Target

HEARS = 'profile: x\nframing: newline\njoin: "{nick}"\nsays: "{text}"\nhears: "{nick}: {text}"\n'
DEAF = 'profile: x\nframing: newline\njoin: "{nick}"\nsays: "{text}"\nhears: no\necho: "{text}"\n'


def played(
    monkeypatch: pytest.MonkeyPatch, profile: str = HEARS, error: ServerError | None = None, **verdicts: str
) -> Played:
    """What is said of a run with these verdicts, by property (with _ for -)."""
    judged = tuple(Verdict(name.replace("_", "-"), Outcome(outcome), "so") for name, outcome in verdicts.items())
    run = Run("three", "f", 1, "x", "server", Outcome.PASSED, verdicts=judged, error=error)
    monkeypatch.setattr("chatsim.detect.playing.run", lambda *args, **named: run)
    return outcome_of_playing(profile, Target("server"), "", 0, 1.0, 10.0)


def test_all_that_passed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = played(monkeypatch, lets_in="passed", delivery="passed", clean_exit="failed")

    assert outcome == Played(True, ("as described: lets-in, delivery", "clean-exit failed: so"))


@pytest.mark.parametrize("broken", ["lets_in", "delivery", "no_creation", "attribution", "echo", "intact"])
def test_what_shows_that_it_was_read_wrongly(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = {"lets_in": "passed", "delivery": "passed", "echo": "passed"} | {broken: "failed"}

    assert not played(monkeypatch, **verdicts).works


def test_a_delivery_that_nobody_has_seen_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = played(monkeypatch, lets_in="passed", stays_up="passed", delivery="inconclusive")

    assert not outcome.works
    assert outcome.lines[-1] == "whether everybody hears everything stayed open"


def test_where_nobody_hears_anybody_no_delivery_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert played(monkeypatch, DEAF, lets_in="passed", echo="passed", isolation="passed").works
    assert not played(monkeypatch, DEAF, lets_in="passed", echo="passed", isolation="failed").works


def test_a_server_that_puts_clients_out_is_at_fault_for_what_they_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    assert played(monkeypatch, lets_in="passed", keeps_clients="failed", delivery="failed").works


def test_a_run_that_did_not_begin_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = played(monkeypatch, error=ServerError("it did not listen\nIts last words: none"))

    assert outcome == Played(False, ("nobody was let in: it did not listen",))


def test_a_profile_that_can_not_be_read_is_told_with_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = played(monkeypatch, "profile: x\nframing: smoke\n")

    assert not outcome.works
    assert outcome.lines[0].startswith("the profile can not be read: what was found:2:10")
