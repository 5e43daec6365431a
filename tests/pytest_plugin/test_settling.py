"""Which scenarios of a pytest are played twice, and what counts then."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.errors import ServerError
from chatsim.history import History
from chatsim.pytest_plugin.items import ScenarioItem
from chatsim.report.report import Run

PASSED = Run("s", "s.yaml", 1, "lines", "server", Outcome.PASSED, history=History())
ABSENT = replace(
    PASSED,
    outcome=Outcome.FAILED,
    verdicts=(Verdict("delivery", Outcome.FAILED, evidence=Evidence.ABSENCE, exercised=1),),
)
PROVED = replace(
    PASSED,
    outcome=Outcome.FAILED,
    verdicts=(Verdict("fifo-order", Outcome.FAILED, evidence=Evidence.PROOF, exercised=1),),
)
TOO_BUSY = replace(
    PASSED,
    outcome=Outcome.INCONCLUSIVE,
    verdicts=(Verdict("delivery", Outcome.INCONCLUSIVE, cause=Cause.MACHINE, exercised=1),),
)
NOT_STARTED = replace(PASSED, outcome=Outcome.INCONCLUSIVE, error=ServerError("no"), history=None)
INTERRUPTED = replace(PASSED, interrupted=True)


def settled(run: Run, again: Run, *, beside: bool) -> tuple[Outcome, int]:
    """What it is in the end, and how often it was played once more."""
    played: list[Run] = []

    def play() -> Run:
        played.append(again)
        return again

    config = SimpleNamespace(workerinput={}) if beside else SimpleNamespace()
    item: Any = SimpleNamespace(config=config, _play=play)
    return ScenarioItem._settled(item, run).outcome, len(played)


@pytest.mark.parametrize("beside", [False, True])
def test_what_was_seen_counts_at_once(beside: bool) -> None:
    assert settled(PASSED, PROVED, beside=beside) == ("passed", 0)
    assert settled(PROVED, PASSED, beside=beside) == ("failed", 0)


def test_what_did_not_come_counts_at_once_where_nothing_is_played_beside_it() -> None:
    assert settled(ABSENT, PASSED, beside=False) == ("failed", 0)
    assert settled(NOT_STARTED, PASSED, beside=False) == ("inconclusive", 0)


def test_beside_others_it_has_to_be_seen_again() -> None:
    assert settled(ABSENT, ABSENT, beside=True) == ("failed", 1)
    assert settled(ABSENT, PASSED, beside=True) == ("inconclusive", 1)
    assert settled(NOT_STARTED, PASSED, beside=True) == ("passed", 1)


@pytest.mark.parametrize("beside", [False, True])
def test_what_a_busy_machine_has_spoilt_is_played_again(beside: bool) -> None:
    assert settled(TOO_BUSY, PASSED, beside=beside) == ("passed", 1)
    assert settled(TOO_BUSY, TOO_BUSY, beside=beside) == ("inconclusive", 1)


def test_an_interrupt_is_one_in_whichever_of_the_two() -> None:
    assert settled(INTERRUPTED, PASSED, beside=True) == ("passed", 0)
    with pytest.raises(KeyboardInterrupt):
        settled(ABSENT, INTERRUPTED, beside=True)
