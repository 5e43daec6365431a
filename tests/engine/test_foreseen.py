"""What is foreseen to be put to the test by no step of a scenario is put to it by no run."""

from __future__ import annotations

import pytest
from playing import play, profile_of
from random_scenarios import PROFILES

from chatsim.engine.plan import why_not
from chatsim.grading.foresight import never_tested
from chatsim.properties import PROPERTIES
from chatsim.scenario.reader import read_scenario

QUIET = {
    "nobody says a word": "- join: everyone",
    "they talk": "- join: everyone\n- chat: {everyone: {count: 3}}\n- settle:",
    "one after the other": "- join: ann and bob\n- chat: {ann: {count: 2}}\n- join: cat\n- converse: {everyone: {count: 6}}",
    "again and again": "- join: everyone\n- repeat: {times: 3, do: [{chat: {everyone: {count: 1}}}, {settle: }]}",
    "side by side": "- join: ann\n- together:\n    - join: bob\n    - do: [{pause: 1ms}, {chat: {ann: {count: 2}}}]",
    "it is asked": "- join: everyone\n- ask: ann",
    "it is heard": '- join: everyone\n- chat: {ann: "is it so?"}\n- expect: {bob: {hears: "is it so?"}}',
    "a private word": "- join: everyone\n- whisper: {ann: {to: bob, count: 2}}",
}


@pytest.mark.parametrize("steps", QUIET.values(), ids=QUIET)
@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_foreseen_is_so(profile: str, steps: str) -> None:
    text = f"scenario: quiet\nbots: [ann, bob, cat]\nsteps:\n{steps}\n"
    scenario = read_scenario(text, "quiet.yaml")
    if why_not(scenario, profile_of(profile)) is not None:
        pytest.skip("it can not be played")

    foreseen = {known.name for known in PROPERTIES if never_tested(known.name, scenario, profile_of(profile))}
    played = play(scenario, profile=profile)

    tried = {
        name for name, verdict in played.verdicts.items() if verdict.outcome in ("passed", "failed", "inconclusive")
    }
    assert foreseen & tried == set()
    assert "leave-notice" in foreseen


@pytest.mark.parametrize(
    ("steps", "name", "is_foreseen"),
    [
        ("- join: everyone", "join-notice", True),
        ("- join: ann and bob\n- join: cat", "join-notice", False),
        ("- join: everyone\n- drop: bob", "join-notice", False),  # a visitor comes
        ("- join: everyone\n- drop: bob", "leave-notice", False),  # nothing is said where anything happens
        ("- join: everyone\n- disconnect: bob", "leave-notice", False),
        ("- join: everyone\n- ask: ann", "roster", False),
        ("- join: everyone", "roster", True),
        ("- join: everyone", "expectations", True),
        ("- join: ann and bob\n- join: {cat: refused}", "expectations", False),
        ("- join: everyone", "delivery", False),
    ],
)
def test_only_what_is_certain_is_foreseen(steps: str, name: str, is_foreseen: bool) -> None:
    scenario = read_scenario(f"scenario: quiet\nbots: [ann, bob, cat]\nsteps:\n{steps}\n", "quiet.yaml")

    assert bool(never_tested(name, scenario, profile_of("lines"))) is is_foreseen


def test_where_names_are_assigned_they_join_one_after_the_other() -> None:
    scenario = read_scenario("scenario: quiet\nbots: [ann, bob]\nsteps: [join: everyone]\n", "quiet.yaml")

    assert not never_tested("join-notice", scenario, None)
    assert never_tested("leave-notice", scenario, None)
