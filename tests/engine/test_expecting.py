"""expect and expect-nothing: each event meets one expectation at the most, whenever it came."""

from __future__ import annotations

import pytest
from playing import Played, play
from simulated import Faults


def met(played: Played) -> list[bool]:
    return [d["met"] for d in played.details("expected")]


def expecting(detail: str, *, before: str = "", bot: str = "bob", **more: object) -> Played:
    steps = f"""
- join: ann and bob
- join: cat
- chat: {{ann: "the words of ann", cat: "the words of cat"}}
- whisper: {{ann: {{to: bob, text: "whispered to bob"}}}}
- enter: {{ann and bob: "kitchen"}}
- chat: {{ann: {{text: "said in the kitchen", in: "kitchen"}}}}
- disconnect: cat
- ask: {{bob: roster}}
{before}
- expect: {{{bot}: {detail}}}
"""
    return play(steps, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "detail",
    [
        '"the words of ann"',
        '{hears: "the words of ann", from: ann}',
        '{hears: "said in the kitchen", in: "kitchen"}',
        '{hears: "whispered to bob", private: yes, from: ann}',
        "{joined: cat}",
        "{left: cat}",
        "{roster: [ann, bob]}",
        '{hears: ["the words of cat", "said in the kitchen"], in-order: yes}',
        '{line: "Here: {nicks}"}',
        '{line: "{nick}: the words of {*}"}',
        '{line: "re:words of (ann|cat)"}',
    ],
)
def test_what_has_come_is_found(detail: str) -> None:
    played = expecting(detail)

    assert set(met(played)) == {True}
    assert all(d["by"] is not None for d in played.details("expected"))
    assert not played.bad()


@pytest.mark.parametrize(
    "detail",
    [
        '{hears: "nobody said this", within: 10ms}',
        '{hears: "the words of ann", from: cat, within: 10ms}',
        '{hears: "the words of ann", in: "kitchen", within: 10ms}',
        '{hears: "the words of ann", private: yes, within: 10ms}',
        "{joined: ann, within: 10ms}",
        "{left: ann, within: 10ms}",
        "{closed: yes, within: 10ms}",
        "{refused: yes, within: 10ms}",
        "{roster: [ann, bob, cat], within: 10ms}",
        '{line: "There: {*}", within: 10ms}',
    ],
)
def test_what_has_not_come_fails_once_its_time_is_over(detail: str) -> None:
    played = expecting(detail)

    assert met(played) == [False]
    assert played.outcome("expectations") == "failed"


def test_without_a_time_it_is_waited_for_with_patience() -> None:
    played = expecting('"nobody said this"')

    assert [(w["for"], w["patience"], w["valid"]) for w in played.details("wait")] == [("expect", 2.0, True)]


def test_each_event_meets_one_expectation_only() -> None:
    steps = """
        - join: ann and bob
        - chat: {ann: {text: "said three times", count: 3}}
        - expect: {bob: "said three times"}
        - expect: {bob: "said three times"}
        - expect: {bob: "said three times"}
        - expect: {bob: {hears: "said three times", within: 10ms}}
    """
    assert met(play(steps)) == [True, True, True, False]


def test_each_line_meets_one_expectation_only_and_takes_nothing_else() -> None:
    steps = """
        - join: ann and bob
        - chat: {ann: ["line number one", "line number two"]}
        - expect: {bob: {line: "ann: line number {*}"}}
        - expect: {bob: {line: "ann: line number {*}"}}
        - expect: {bob: {line: "ann: line number {*}", within: 10ms}}
        - expect: {bob: ["line number one", "line number two"]}
    """
    assert met(play(steps)) == [True, True, False, True, True]


def test_texts_in_order_are_no_others() -> None:
    steps = """
        - join: ann and bob
        - chat: {ann: ["first of the two", "second of the two"]}
        - expect: {bob: {hears: ["second of the two", "first of the two"], in-order: yes, within: 10ms}}
    """
    assert met(play(steps)) == [True, False]


def test_the_roster_that_counts_is_the_last_answer() -> None:
    steps = """
        - join: everyone
        - ask: {ann: roster}
        - disconnect: cat
        - ask: {ann: roster}
        - expect: {ann: {roster: [ann, bob, cat], within: 10ms}}
        - expect: {ann: {roster: [ann, bob]}}
    """
    assert met(play(steps)) == [False, True]


def test_nothing_is_expected_from_the_step_before_on() -> None:
    steps = """
        - join: everyone
        - chat: {ann: "said long before"}
        - chat: {cat: {count: 1}}
        - expect-nothing: {bob: "said long before"}
        - chat: {ann: "said just before"}
        - expect-nothing: {bob: "said just before"}
    """
    played = play(steps)

    assert met(played) == [True, False]
    assert [d["negative"] for d in played.details("expected")] == [True, True]


def test_nothing_like_a_line_is_expected_from_the_step_before_on() -> None:
    steps = """
        - join: everyone
        - chat: {ann: "said long before"}
        - chat: {cat: {count: 1}}
        - expect-nothing: {bob: {line: "{nick}: said long {*}"}}
        - chat: {ann: "said just before"}
        - expect-nothing: {bob: {line: "{nick}: said just {*}"}}
    """
    assert met(play(steps)) == [True, False]


def test_nothing_is_expected_until_a_fence_unless_a_time_is_given() -> None:
    fenced = play("- join: everyone\n- chat: {ann: 'some words to all'}\n- expect-nothing: {bob: 'not these words'}")
    timed = play("- join: everyone\n- expect-nothing: {bob: {hears: 'not these words', within: 300ms}}")

    assert fenced.said("fence")
    assert "fence" in [d["how"] for d in fenced.details("settled")]
    begun, ended = timed.steps()[1]
    assert ended - begun == pytest.approx(0.3)
    assert not timed.said("fence")


def test_a_refusal_and_a_close_can_be_expected() -> None:
    steps = "- join: ann\n- join: {twin: refused}\n- expect: {twin: {refused: yes}}\n- expect: {twin: {closed: yes}}"
    played = play(steps, bots='{ann: {}, twin: {nick: "ann"}}', faults=Faults())

    assert met(played)[:2] == [True, True]
