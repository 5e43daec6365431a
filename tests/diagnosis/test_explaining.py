"""One cause is told once; and of what is right there is nothing to tell."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import pytest

from chatsim.checks.verdict import Outcome, Verdict
from chatsim.diagnosis import (
    addressing,
    arriving,
    crashing,
    declaring,
    departing,
    ending,
    keeping,
    listing,
    reading,
    sharing,
    standing_still,
    throwing_out,
)
from chatsim.diagnosis.evidence import Evidence
from chatsim.diagnosis.explain import RULES, RuleFault, explain
from chatsim.diagnosis.hint import Hint, Sure
from chatsim.properties import PROPERTIES
from tests.checks.story import Story
from tests.diagnosis.judged import explained, failing, prints, silent_about

sys.path.insert(0, str(Path(__file__).parent.parent / "engine"))
from playing import play

ROOMS = (
    *(addressing, arriving, crashing, declaring, departing, ending, keeping, listing, reading, sharing),
    *(standing_still, throwing_out),
)
SAME = "Close the socket in `finally`."


def of_ann_and_bob() -> Story:
    story = Story()
    story.join("ann", "bob")
    story.settled()
    return story


# --- of what is right ------------------------------------------------------------------------------------------------

RIGHT = {
    "a talk": "- chat: {ann: hello}\n- chat: {bob: 5}\n- chat: {everyone: 3}",
    "departures": "- chat: {ann: hello}\n- drop: bob\n- disconnect: cat\n- rejoin: bob\n- chat: {bob: I am back}",
    "each way of dropping": "- drop: ann\n- rejoin: ann\n- drop: {bob: close}\n- rejoin: bob\n- drop: {cat: half-close}",
    "a slow reader": "- stall: cat\n- chat: {ann: 20}\n- resume: cat\n- chat: {bob: hello}",
    "odd input": "- send: {ann: {garbage: nul}}\n- chat: {bob: still here}",
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_rule_has_anything_to_say_of_a_right_server(name: str, seed: int) -> None:
    played = play(f"- join: everyone\n{RIGHT[name]}", seed=seed)

    assert silent_about(played.history) == []


def test_a_run_without_failures_is_not_even_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    story = of_ann_and_bob()
    verdicts = [Verdict("delivery", Outcome.PASSED, exercised=3), Verdict("echo", Outcome.NOT_EXERCISED)]
    monkeypatch.setattr(Evidence, "__init__", None)

    assert explain(story.history, verdicts) == verdicts


# --- told once -------------------------------------------------------------------------------------------------------


def test_one_cause_is_told_once_and_the_others_refer_to_it() -> None:
    story = of_ann_and_bob()
    dropped = story.drop("bob")
    waited = story.waited()

    verdicts = explained(
        story,
        failing("drop-notice", dropped, waited),
        failing("no-ghosts", dropped, waited),
        failing("nickname-released", dropped, waited),
    )
    assert verdicts["drop-notice"].hint.startswith("Perhaps: the loop that serves a client ends by an exception")
    for name in ("no-ghosts", "nickname-released"):
        assert verdicts[name].hint == "The cause is likely the same as for drop-notice: see there."


def test_the_same_words_of_two_checks_are_told_once() -> None:
    story = of_ann_and_bob()
    verdicts = explained(story, failing("closes-connection", hint=SAME), failing("no-socket-leak", hint=SAME))

    assert verdicts["closes-connection"].hint == SAME
    assert verdicts["no-socket-leak"].hint == "See closes-connection."


def test_what_may_follow_from_a_crash_refers_to_it_and_less_surely() -> None:
    story = of_ann_and_bob()
    prints(
        story,
        "Exception in thread Thread-1:\nTraceback (most recent call last):\n"
        '  File "server.py", line 3, in handle\n    words[1]\nIndexError: list index out of range',
        crash=True,
    )
    story.say("ann", "hello")
    story.waited(("heard", "bob", "hello"))
    story.settled("patience")

    verdict = explained(story)["delivery"]
    assert verdict.hint == "Perhaps this follows from what is told at no-crash-output: see there."
    assert verdict.hint_sure == "perhaps"


def test_nothing_but_the_hints_is_changed_nor_the_order() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    story.waited(("notice", "ann", "dropped bob"), purpose="drop")
    story.settled("patience")
    from chatsim.checks.judge import judge

    before = judge(story.history)
    after = explain(story.history, before)
    assert [v.hinted("") for v in after] == [v.hinted("") for v in before]
    assert after != before


# --- the table -------------------------------------------------------------------------------------------------------


def test_every_rule_stands_in_the_table() -> None:
    written = {getattr(room, name) for room in ROOMS for name in room.__all__}

    assert set(RULES) == written
    assert len(RULES) == len(written)


def test_rules_speak_of_properties_that_there_are() -> None:
    known = {each.name for each in PROPERTIES}
    for room in ROOMS:
        source = inspect.getsource(room)
        for name in known:
            source = source.replace(f'"{name}"', "")
        for word in ("-notice", "-released", "-order", "-leak"):
            assert word not in source.replace("`", ""), f"{room.__name__} speaks of a {word} that nobody knows"


def test_a_hint_is_told_in_this_order() -> None:
    hint = Hint(
        "it is so.", "do this.", Sure.PROBABLY, ("echo",), seen="that.", where="server.py:3, in f", source="x()"
    )

    assert hint.text == "Probably: it is so.\nSeen: that.\nTry: do this.\nLook at: server.py:3, in f: x()"


# --- a rule that goes wrong ------------------------------------------------------------------------------------------


def goes_wrong(evidence: Evidence) -> Hint | None:
    raise KeyError(-2)


def test_a_rule_that_goes_wrong_is_an_error_here() -> None:
    story = of_ann_and_bob()
    with pytest.MonkeyPatch.context() as patch, pytest.raises(RuleFault, match="goes_wrong went wrong"):
        patch.setattr("chatsim.diagnosis.explain.RULES", (goes_wrong,))
        explain(story.history, [failing("delivery", 0)])


def test_and_costs_others_only_its_own_hint() -> None:
    story = of_ann_and_bob()
    with pytest.MonkeyPatch.context() as patch, pytest.warns(RuleFault):
        patch.setattr(
            "chatsim.diagnosis.explain.RULES", (goes_wrong, lambda _: Hint("so.", "do.", Sure.SURELY, ("delivery",)))
        )
        verdict = explain(story.history, [failing("delivery", 0)])[0]

    assert verdict.hint == "Surely: so.\nTry: do."
