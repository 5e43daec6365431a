"""What a selftest plays, in which order, and when it is enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from zoo import fault, right, saw

from chatsim.selftest.schedule import RACY_ROUNDS, Schedule, Seen, Trial
from chatsim.selftest.subjects import Subject

SCENARIOS = {"lines": ("drops", "lobby", "storm"), "echo": ("echo",)}


def played(schedule: Schedule, failed: Callable[[Trial], Mapping[str, str]] = lambda _: {}) -> list[Trial]:
    """All trials, each told to the schedule before the next is asked for."""
    trials = []
    for trial in schedule.trials():
        trials.append(trial)
        schedule.took(saw(trial, failed(trial)))
    return trials


def names(trials: list[Trial], subject: Subject) -> list[str]:
    return [trial.scenario for trial in trials if trial.subject == subject]


def test_everybody_meets_every_scenario_of_its_dialect_in_each_round_with_the_rounds_seed() -> None:
    subject = right("right-echo", "echo")
    trials = played(Schedule([right(), subject], SCENARIOS, repeat=2, seed=5))

    assert names(trials, right()) == ["drops", "lobby", "storm"] * 2
    assert [(trial.round, trial.seed) for trial in trials if trial.subject == subject] == [(1, 5), (2, 6)]


def test_the_scenarios_that_show_a_fault_come_first() -> None:
    subject = fault(shown_by=("storm", "drops"))

    assert names(played(Schedule([subject], SCENARIOS)), subject) == ["storm", "drops", "lobby"]


def test_the_subjects_take_turns() -> None:
    trials = played(Schedule([fault("a"), fault("b")], SCENARIOS))

    assert [trial.subject.name for trial in trials[:4]] == ["a", "b", "a", "b"]


def test_with_first_a_round_ends_when_all_that_is_broken_was_seen_broken() -> None:
    subject = fault(breaks=("delivery", "roster"), shown_by=("drops", "storm", "lobby"))

    def failed(trial: Trial) -> dict[str, str]:
        return {"drops": {"delivery": "proof"}, "storm": {"roster": "absence"}}.get(trial.scenario, {})

    trials = played(Schedule([subject], SCENARIOS, repeat=2, first=True), failed)

    assert names(trials, subject) == ["drops", "storm"] * 2
    assert len(played(Schedule([subject], SCENARIOS, repeat=2), failed)) == 6


def test_a_right_server_is_never_done_with_early() -> None:
    trials = played(Schedule([right()], SCENARIOS, first=True), lambda _: {"delivery": "proof"})

    assert len(trials) == 3


def test_a_racy_fault_is_looked_for_in_further_rounds_until_it_shows() -> None:
    subject = fault(racy=True, shown_by=("storm",))
    hidden = Schedule([subject], SCENARIOS, repeat=2)
    trials = played(hidden, lambda trial: {"delivery": "proof"} if trial.round == 5 else {})

    assert names(trials, subject) == ["storm", "drops", "lobby"] * 2 + ["storm"] * 3
    assert len({trial.seed for trial in trials}) == 5


def test_one_that_never_shows_is_given_up() -> None:
    subject = fault(racy=True, shown_by=("storm",))

    assert played(Schedule([subject], SCENARIOS))[-1].round == RACY_ROUNDS


@pytest.mark.parametrize("first", [True, False])
def test_how_much_is_done_goes_from_nothing_to_all(first: bool) -> None:
    schedule = Schedule([fault(), right()], SCENARIOS, first=first)
    shares = [schedule.done]
    for trial in schedule.trials():
        schedule.took(Seen(trial, "failed", {"delivery": "proof"}, {}))
        shares.append(schedule.done)

    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert schedule.done == 1.0
