"""The shipped scenarios against the reference server, over real TCP: what we hand out is green wherever it applies."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatsim.checks.verdict import Outcome
from chatsim.profile.reader import dialect_names, load_profile
from chatsim.properties import PROPERTIES
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


# What each scenario is there for: these it puts to the test, in this dialect.
MADE_FOR = {
    "churn": ("lines", "no-thread-leak no-socket-leak closes-connection nickname-released"),
    "comings": ("lines", "join-notice leave-notice drop-notice membership-order delivery"),
    "crowd": ("lines", "total-order no-duplication"),
    "cuts": ("lines", "intact framing fifo-order"),
    "drops": ("lines", "drop-notice no-ghosts closes-connection no-crash-output still-serves"),
    "echo": ("echo", "echo isolation expectations"),
    "flood": ("lines", "no-memory-leak no-head-of-line-blocking"),
    "half": ("lines", "no-head-of-line-blocking drop-notice"),
    "half-close": ("lines", "drop-notice closes-connection no-thread-leak no-socket-leak nickname-released no-ghosts"),
    "lengths": ("binary-length", "survives-malformed still-serves"),
    "lobby": ("lines", "delivery attribution no-creation join-notice leave-notice drop-notice lets-in keeps-clients"),
    "long": ("lines", "intact delivery"),
    "malformed": ("lines", "survives-malformed stays-up still-serves"),
    "memory": ("lines", "no-memory-leak"),
    "nickname": ("nickname-console", "delivery expectations"),
    "operator": ("operator-desk", "delivery isolation expectations"),
    "order": ("lines", "fifo-order causal-order total-order"),
    "rejoin": ("lines", "nickname-released lets-in closes-connection"),
    "relay": ("relay", "delivery intact expectations"),
    "rename": ("lines", "attribution roster leave-notice delivery"),
    "restart": ("lines", "clean-exit stays-up"),
    "rooms": ("lines", "isolation expectations"),
    "roster": ("lines", "roster no-ghosts"),
    "silent": ("lines", "no-head-of-line-blocking lets-in"),
    "slow": ("lines", "no-head-of-line-blocking no-spin keeps-clients"),
    "storm": ("lines", "delivery drop-notice still-serves no-crash-output"),
    "twins": ("lines", "unique-nicknames nickname-released"),
    "whispers": ("lines", "isolation expectations"),
}
# A second or more each: here in one dialect only; the soak plays them in all.
HEAVY = {"churn", "flood", "half-close", "memory", "slow"}


def applying() -> list[tuple[str, str]]:
    return [
        (name, profile)
        for name, scenario in SCENARIOS.items()
        for profile in ([MADE_FOR[name][0]] if name in HEAVY else dialect_names())
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
    dialect, properties = MADE_FOR[name]
    passed = {verdict.property for verdict in played.verdicts if verdict.outcome is Outcome.PASSED}
    assert profile != dialect or set(properties.split()) <= passed


def test_together_they_put_every_property_to_the_test() -> None:
    assert set(MADE_FOR) == set(SCENARIOS)
    assert {word for _, words in MADE_FOR.values() for word in words.split()} == {known.name for known in PROPERTIES}


def test_each_says_in_a_comment_why_it_is_there_and_is_small_enough_to_be_read() -> None:
    for path in FOLDER.glob("*.yaml"):
        lines = path.read_text(encoding="utf-8").splitlines()

        assert lines[0].startswith("# ")
        assert len(lines) <= 30


def test_every_dialect_is_exercised_by_some_scenario() -> None:
    assert {profile for _, profile in applying()} == set(dialect_names())


@pytest.mark.parametrize(("name", "profile"), SEEDS)
def test_each_seed_has_a_scenario_for_its_dialect(name: str, profile: str) -> None:
    assert why_not(SCENARIOS[name], load_profile(profile)) is None


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
def test_every_scenario_says_why_where_it_does_not_apply(scenario: Scenario) -> None:
    reasons = {profile: why_not(scenario, load_profile(profile)) for profile in dialect_names()}

    assert None in reasons.values()
    assert all(reason is None or "needs" in reason for reason in reasons.values())
