"""A run that is led from outside, step by step, is the run that a scenario plays; and it may be judged on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playing import keeps_its_promises, play, profile_of, scenario_of
from random_scenarios import Drawn, scenarios
from simulated import Faults, SimulatedRoom

from chatsim.checks.judge import judge
from chatsim.checks.verdict import Outcome
from chatsim.engine.director import Director
from chatsim.engine.plan import make_plan
from chatsim.errors import Place, ScenarioError
from chatsim.history import Header, History
from chatsim.scenario.scenario import Bot, Scenario
from chatsim.scenario.steps import Settle
from reference_server.dialects import DIALECTS

SLOWLY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
HERE = Settle(Place("test.py", 3, 1), "chat.holds()")
DROP = """
    - join: everyone
    - chat: {ann: {count: 2}}
    - drop: bob
    - chat: {cat: "is anybody here at all?"}
    - expect: {ann: "is anybody here at all?"}
    - disconnect: cat
"""


class Led:
    """A simulated room, and a director that is told each step; all bots are admitted before the first, or as they come."""

    def __init__(self, scenario: Scenario, profile: str, *, seed: int = 1, faults: Faults | None = None) -> None:
        spoken = profile_of(profile)
        # The texts of a scenario are known before: what it may say without a mark, it does.
        plan = replace(make_plan(scenario, spoken, seed), keeps_lines=True)
        header = Header(scenario=scenario.name, seed=seed, profile=spoken.name, terms=plan.terms.to_json())
        self.scenario, self.history = scenario, History(header)
        self.room = SimulatedRoom(DIALECTS[spoken.name], seed=seed, faults=faults)
        self.director = Director(plan, self.room, self.history)

    def play(self, *, stock_after_each: bool = False) -> Led:
        self.director.begin()
        for step in self.scenario.steps:
            if not self.director.take(step):
                return self
            if stock_after_each:
                self.director.take_stock(HERE)
        self.director.finish()
        keeps_its_promises(self.history)
        return self

    def bad(self) -> dict[str, str]:
        return {
            v.property: v.summary for v in judge(self.history) if v.outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE)
        }


def told(history: History) -> list[tuple[Any, ...]]:
    """What happened to whom; not when, and what of the server: that depends on how often it is asked."""
    return [(e.kind, e.session, e.ref, e.form) for e in history if e.kind not in ("server", "facts", "rest")]


def test_led_from_outside_a_scenario_is_the_same_run() -> None:
    scenario = scenario_of(DROP)

    led = Led(scenario, "lines").play()

    assert told(led.history) == told(play(scenario, profile="lines").history)
    assert led.bad() == {}


@SLOWLY
@given(drawn=scenarios(), seed=st.integers(0, 2**32))
def test_a_right_server_passes_however_often_it_is_looked_at(drawn: Drawn, seed: int) -> None:
    scenario = scenario_of(drawn.steps, bots=drawn.cast)

    led = Led(scenario, drawn.profile, seed=seed).play(stock_after_each=True)

    assert led.bad() == {}


def test_who_was_connected_and_silent_for_long_has_not_joined_late() -> None:
    scenario = scenario_of("- join: ann\n- connect: bob\n- settle:\n- join: bob")

    led = Led(scenario, "lines", seed=0).play(stock_after_each=True)

    assert led.bad() == {}


def test_the_looks_of_the_middle_prove_as_much_as_those_of_the_end() -> None:
    led = Led(scenario_of(DROP), "lines", faults=Faults(forget_notices=1.0))
    led.director.begin()
    for step in led.scenario.steps[:3]:
        led.director.take(step)

    led.director.take_stock(HERE)

    assert led.bad().keys() == {"join-notice", "drop-notice", "leave-notice"}  # the last of its visitor
    assert "told" in led.bad()["drop-notice"]


def test_a_visitor_of_the_middle_takes_its_leave() -> None:
    led = Led(scenario_of(DROP), "lines")
    led.director.begin()
    for step in led.scenario.steps[:3]:
        led.director.take(step)

    led.director.take_stock(HERE)

    visitors = [e.session for e in led.history.of("connect") if e.detail["bot"].startswith("visitor")]
    assert len(visitors) == 1
    assert [e.session for e in led.history.of("left")] == visitors
    assert [each.bot for each in led.director.stage.there()] == ["ann", "cat"]


def test_nobody_visits_where_nothing_went_wrong() -> None:
    led = Led(scenario_of("- join: everyone"), "lines")
    led.director.begin()
    led.director.take(led.scenario.steps[0])

    led.director.take_stock(HERE)

    assert [e.detail["bot"] for e in led.history.of("connect")] == ["ann", "bob", "cat"]


def test_of_a_frozen_server_there_is_nothing_to_see() -> None:
    led = Led(scenario_of("- join: everyone\n- server: freeze\n- server: thaw"), "lines")
    led.director.begin()
    led.director.take(led.scenario.steps[0])
    led.director.take(led.scenario.steps[1])

    known = len(led.history)
    led.director.take_stock(HERE)
    seen = {led.history[index].kind for index in range(known, len(led.history))}
    assert seen.isdisjoint({"rest", "look", "facts", "send"})
    led.director.take(led.scenario.steps[2])
    led.director.finish()

    assert led.bad() == {}


# --- more bots, as they come -----------------------------------------------------------------------------------------


def admitted(*bots: Bot, profile: str = "lines", first: str = "[ann]") -> Director:
    led = Led(scenario_of("- join: everyone", bots=first), profile)
    led.director.begin()
    for bot in bots:
        led.director.admit([bot])
    return led.director


def test_who_comes_later_is_called_as_it_wishes() -> None:
    assert admitted(Bot("bob"), Bot("eve", nick="Eve K")).stage.plan.nicks == {
        "ann": "ann",
        "bob": "bob",
        "eve": "Eve K",
    }


@pytest.mark.parametrize("name", ["anna", "joann", "an"])
def test_a_name_that_is_part_of_another_is_changed_for_who_comes_later(name: str) -> None:
    director = admitted(Bot(name))

    nick = director.stage.plan.nicks[name]
    assert director.stage.plan.nicks["ann"] == "ann"
    assert "ann" not in nick and nick not in "ann"
    assert [e.detail["text"] for e in director.stage.history.of("note")] == [
        f"{name} is called {nick!r} here: {name!r} is part of another name or of the profile's own words"
    ]


def test_the_same_name_twice_is_the_authors_wish() -> None:
    assert admitted(Bot("twin", nick="ann")).stage.plan.nicks == {"ann": "ann", "twin": "ann"}


def test_a_nickname_that_the_encoding_can_not_carry_is_refused() -> None:
    latin = (
        'profile: p\nencoding: latin-1\nframing: newline\njoin: [{send: "{nick}"}]\nsays: "{text}"\nhears: "{text}"\n'
    )
    spoken = profile_of(latin)
    plan = make_plan(scenario_of("- join: everyone"), spoken, 1)
    director = Director(plan, SimulatedRoom(DIALECTS["lines"], seed=1), History())

    with pytest.raises(ScenarioError, match="cannot be written in latin-1"):
        director.admit([Bot("bob", nick="Боб", place=Place("test.py", 1, 1))])
