"""A plan in words, before anything is started."""

from __future__ import annotations

import pytest

from chatsim.checks.catalogue import CHECKS
from chatsim.profile.profile import Profile
from chatsim.profile.reader import builtin_names, load_profile
from chatsim.profile.terms_of import terms_of
from chatsim.report.explain import explain_plan, foretell
from chatsim.scenario.reader import read_scenario
from chatsim.scenario.scenario import Scenario

STORM = """\
scenario: "a storm: ten talk, five are reset, newcomers are served"
bots: {stay: 2, go: 2, newcomer: {}}
steps:
  - join: stay and go
  - together:
      - chat: {stay and go: {count: 50, every: 5ms}}
      - do: [{pause: 50ms..150ms}, {drop: go}]
  - join: newcomer
  - chat: {everyone: "hello"}
  - expect: {newcomer: "hello"}
  - disconnect: newcomer
"""


def read(text: str) -> Scenario:
    return read_scenario(text, "storm.yaml")


@pytest.fixture
def lines() -> Profile:
    return load_profile("lines")


def test_each_step_tells_what_it_does_and_what_it_waits_for(lines: Profile) -> None:
    told = explain_plan(read(STORM), lines, 1)

    steps = told[told.index("") + 1 :]
    assert steps[: steps.index("")] == [
        " 1. line 4: stay and go: join. Then wait until each has heard a knock, or is refused.",
        " 2. line 5: 2 branches side by side, until all have ended:",
        "    at once:",
        "     1. line 6: stay and go: say 50 drawn texts, 0.005 s apart. Then wait until all others have heard it.",
        "    at once:",
        "     1. line 7: 0.05 to 0.15 s (drawn from the seed) pass.",
        "     2. line 7: go: be cut off with a reset. Then wait until the others were told.",
        " 3. line 8: newcomer: join. Then wait until each has heard a knock, or is refused.",
        ' 4. line 9: everyone: say "hello". Then wait until all others have heard it.',
        ' 5. line 10: newcomer: to have heard "hello". Then wait until it has come.',
        " 6. line 11: newcomer: leave politely. Then wait until the connection is closed, and the others were told.",
    ]


def test_what_is_foretold_names_each_property_once(lines: Profile) -> None:
    told = foretell(read(STORM), terms_of(lines))

    assert {"delivery", "drop-notice", "leave-notice", "total-order", "expectations"} <= set(told["tested"])
    assert {"roster", "isolation"} <= set(told["untested"])
    names = [name for group in told.values() for name in group]
    assert len(names) == len(set(names))
    assert set(names) == set(CHECKS)


def test_what_a_profile_does_not_promise_is_not_applicable() -> None:
    told = foretell(read(STORM), terms_of(load_profile("relay")))

    assert {"drop-notice", "leave-notice", "roster", "total-order", "attribution"} <= set(told["not applicable"])


def test_a_scenario_that_can_not_be_played_says_why() -> None:
    rooms = 'scenario: "x"\nbots: [ann, bob]\nsteps:\n  - join: everyone\n  - enter: {ann: "kitchen"}\n'

    told = explain_plan(read(rooms), load_profile("relay"), 1)

    assert told[-1].startswith("Not applicable")
    assert "rooms" in told[-1]


@pytest.mark.parametrize("name", builtin_names())
def test_every_built_in_profile_can_be_explained(name: str) -> None:
    told = explain_plan(read(STORM), load_profile(name), 1)

    assert any("Put to the test" in line or "Not applicable" in line for line in told)
