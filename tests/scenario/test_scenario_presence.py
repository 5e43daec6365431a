"""A step that certainly makes no sense is told at its place; one that may make sense is let be."""

from __future__ import annotations

import pytest

from chatsim.errors import ScenarioError
from chatsim.scenario.presence import TRANSITIONS
from chatsim.scenario.reader import read_scenario
from chatsim.scenario.verbs import OF_BOTS


def complaints(*steps: str) -> list[str]:
    text = "scenario: test\nbots: [ann, bob, cat]\nsteps:\n" + "".join(f"  - {step}\n" for step in steps)
    try:
        read_scenario(text)
    except ScenarioError as error:
        return [problem.what for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        (["join: bob", "chat: ann"], "ann can't chat: ann never joined"),
        (["join: bob", "join: bob"], "bob can't join: bob is already there"),
        (["join: bob", "drop: bob", "chat: bob"], "bob can't chat: bob has gone"),
        (["join: bob", "disconnect: bob", "drop: bob"], "bob can't drop: bob has gone"),
        (["rejoin: bob"], "bob can't rejoin: bob was never here"),
        (["join: bob", "rejoin: bob"], "bob can't rejoin: bob is already there"),
        (["connect: bob", "chat: bob"], "bob can't chat: bob has only connected, not joined"),
        (["join: bob", "resume: bob"], "bob can't resume: bob was not stalled"),
        (["join: bob and ann", "stall: bob", "converse: {ann and bob: 3}"], "bob can't converse: bob is stalled"),
        (["expect: {bob: hi}"], "bob can't be expected to hear anything: bob never joined"),
        (["chat: everyone"], '"everyone" is nobody here: no such bot is there'),
        (["join: everyone", "join: everyone"], '"everyone" is nobody here: no such bot has yet to join'),
        (["join: {bob: refused}", "chat: bob"], "bob can't chat: bob has gone"),
        (["server: stop", "join: bob"], "the server was stopped before: nobody can join"),
        (["server: thaw"], "thaw makes no sense: the server runs"),
        (["join: bob", "server: restart", "chat: bob"], "bob can't chat: bob has gone"),
        (["repeat: {times: 2, do: [join: bob]}"], "bob can't join: bob is already there"),
        (["join: bob", "repeat: {times: 2, do: [drop: bob]}"], "bob can't drop: bob has gone"),
        (["operator: {ann: hello}"], "the operator can't answer ann: ann never joined"),
        (["together: [join: ann, chat: bob]"], "bob can't chat: bob never joined"),
        (["together: [join: ann, join: bob]", "join: ann"], "ann can't join: ann is already there"),
    ],
)
def test_nonsense_is_told(steps: list[str], complaint: str) -> None:
    assert complaints(*steps) == [complaint]


@pytest.mark.parametrize(
    "steps",
    [
        ["join: bob", "drop: bob", "join: bob", "disconnect: bob", "rejoin: bob", "chat: bob"],
        ["connect: bob", "join: bob", "chat: bob"],
        ["join: {bob: either}", "chat: bob"],
        ["join: {bob: either}", "join: bob"],
        ["join: bob", "send: {bob: {garbage: half}}", "join: bob"],
        ["join: bob", "stall: bob", "chat: bob", "resume: bob", "chat: bob"],
        ["join: bob", "together: [chat: {bob: {count: 50}}, drop: bob]", "join: bob"],
        ["together: [join: ann, do: [pause: 1s, chat: ann]]"],
        ["join: bob", "operator: {bob: '.'}", "join: bob"],
        ["join: bob", "expect: {bob: {closed: yes}}", "join: bob"],
        ["join: {bob: refused}", "expect: {bob: {refused: yes}}", "join: bob"],
        ["server: stop", "server: restart", "join: bob"],
        ["server: freeze", "server: thaw", "join: bob"],
        ["repeat: {times: 9, do: [{join: bob}, {drop: bob}]}", "join: bob"],
        ["join: ann", "join: everyone", "chat: everyone", "drop: everyone but ann", "join: everyone", "chat: bob"],
    ],
)
def test_what_may_make_sense_is_let_be(steps: list[str]) -> None:
    assert complaints(*steps) == []


def test_every_verb_of_bots_has_its_transitions() -> None:
    assert set(TRANSITIONS) == set(OF_BOTS)
