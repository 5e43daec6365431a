"""The shipped scenarios against the reference server, over real TCP: what we hand out is green wherever it applies."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatsim.checks.verdict import Outcome
from chatsim.profile.reader import builtin_names, load_profile
from chatsim.runs import Target, run, why_not
from chatsim.scenario.reader import load_scenario
from chatsim.scenario.scenario import Scenario

FOLDER = Path(__file__).parents[2] / "scenarios"
SCENARIOS = {path.stem: load_scenario(path) for path in sorted(FOLDER.glob("*.yaml"))}
SEEDS = [
    ("echo", "echo"),  # 0 and 1: the life of a client that ends with a disconnect message; a server that echoes
    ("nickname", "nickname-console"),
    ("relay", "relay"),
    ("operator", "operator-desk"),
]


def applying() -> list[tuple[str, str]]:
    return [
        (name, profile)
        for name, scenario in SCENARIOS.items()
        for profile in builtin_names()
        if why_not(scenario, load_profile(profile)) is None
    ]


def bad(outcomes: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {name: told for name, told in outcomes.items() if told[0] in (Outcome.FAILED, Outcome.INCONCLUSIVE)}


@pytest.mark.parametrize(("name", "profile"), applying())
def test_it_passes_in_every_dialect_that_it_applies_to(name: str, profile: str) -> None:
    played = run(SCENARIOS[name], load_profile(profile), Target(), seed=SCENARIOS[name].seed or 7)

    assert played.error is None
    assert bad({verdict.property: (verdict.outcome, verdict.summary) for verdict in played.verdicts}) == {}
    assert played.outcome is Outcome.PASSED


def test_every_dialect_is_exercised_by_some_scenario() -> None:
    assert {profile for _, profile in applying()} == set(builtin_names())


@pytest.mark.parametrize(("name", "profile"), SEEDS)
def test_each_seed_has_a_scenario_for_its_dialect(name: str, profile: str) -> None:
    assert why_not(SCENARIOS[name], load_profile(profile)) is None


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
def test_every_scenario_says_why_where_it_does_not_apply(scenario: Scenario) -> None:
    reasons = {profile: why_not(scenario, load_profile(profile)) for profile in builtin_names()}

    assert None in reasons.values()
    assert all(reason is None or "needs" in reason for reason in reasons.values())
