"""`no-spin`: one quiet window is rest; a second without any is none."""

from __future__ import annotations

from typing import Any

import pytest
from story import Story

from chatsim.checks.spin import no_spin
from chatsim.checks.verdict import Cause, Evidence, Outcome
from chatsim.history import Header, History


def of_ann_and_bob() -> Story:
    story = Story()
    story.join("ann")
    story.join("bob")
    story.settled()
    return story


def rests(story: Story, *loads: float, **changes: Any) -> int:
    """The windows of one time of watching."""
    index = -1
    detail = {"seconds": 0.05, "top": [["server.py", loads[0]]], "cpu_only": False, "foreign": 0.0, **changes}
    for number, load in enumerate(loads, start=1):
        index = story.note("rest", number=number, load=load, **detail)
    return index


def test_nothing_happened_so_nothing_was_exercised() -> None:
    assert no_spin(History()).outcome is Outcome.NOT_EXERCISED


def test_a_server_that_we_only_connect_to_cannot_be_looked_into() -> None:
    assert no_spin(History(Header(attached=True))).outcome is Outcome.NOT_APPLICABLE


def test_one_quiet_window_is_rest() -> None:
    """Finding 44: fifty threads that poll are quiet now and then."""
    story = of_ann_and_bob()
    rests(story, 0.74, 0.6, 0.55, 0.29)

    verdict = no_spin(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)
    assert verdict.summary == "It was at rest while nothing went on (29 % of a processor)."


def test_a_second_without_any_rest_is_a_spin() -> None:
    story = of_ann_and_bob()
    story.step("drop", "gone.yaml:6:5", "- drop: bob")
    story.note("fault", patience=2.0, round_trip=0.001, load=0.02)
    dropped = story.drop("bob", "close")
    first = len(story.history)
    last = rests(story, *[1.0] * 20, top=[["Thread-2", 0.99], ["server.py", 0.01]])

    verdict = no_spin(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert verdict.witness == (dropped, first, last)
    assert verdict.where == "gone.yaml:6:5"
    assert verdict.summary == (
        "Nothing went on at 0.19 s, and yet the server never rested for 1.0 s: it wanted 100 % of a processor all the "
        'time, most of it in the thread "Thread-2". Before that: bob dropped (close) at 0.18 s. '
        "Before anything went wrong it had not been so busy."
    )
    assert "recv" in verdict.hint


def test_of_a_server_that_was_as_busy_before_it_is_said_that_perhaps_it_always_is() -> None:
    story = of_ann_and_bob()
    story.note("fault", patience=2.0, round_trip=0.001, load=0.98)
    story.drop("bob")
    rests(story, *[0.97] * 20)

    verdict = no_spin(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.summary.endswith("It had been as busy before anything went wrong: perhaps it always is.")
    assert "Wait for events" in verdict.hint


def test_a_server_that_was_busy_with_its_start_and_with_the_joins_is_not_said_to_spin_always() -> None:
    story = of_ann_and_bob()
    story.note("fault", patience=2.0, round_trip=0.001, load=0.65)
    story.drop("bob")
    rests(story, *[1.0] * 20)

    assert "perhaps" not in no_spin(story.history).summary


def test_nineteen_windows_are_no_second() -> None:
    story = of_ann_and_bob()
    rests(story, *[1.0] * 19)

    assert no_spin(story.history).outcome is Outcome.NOT_EXERCISED


def test_windows_of_two_times_of_watching_are_not_in_a_row() -> None:
    story = of_ann_and_bob()
    rests(story, *[1.0] * 12)
    rests(story, *[1.0] * 12)

    assert no_spin(story.history).outcome is Outcome.NOT_EXERCISED


def said(*texts: str) -> Story:
    story = of_ann_and_bob()
    for text in texts:
        story.say("ann", text)
    return story


def busy(story: Story, *heard: str, after: int = 0) -> None:
    """A server that wants the processors in each window of watching, in which bob hears something."""
    for number, text in enumerate(heard, start=after + 1):
        story.note("rest", number=number, load=7.0, seconds=0.05, top=[["python", 1.4]], cpu_only=False, foreign=0.0)
        if text:
            story.hear("bob", text)


def test_a_slow_server_that_still_delivers_is_at_work() -> None:
    """Seen of one that checked each message for long, beside thirty busy programs, when our patience had ended."""
    texts = [f"message {number}" for number in range(40)]
    story = said(*texts)
    busy(story, *texts)

    assert no_spin(story.history).outcome is Outcome.NOT_EXERCISED


def test_it_spins_when_it_has_gone_silent_after_its_work() -> None:
    story = said("one", "two", "three")
    busy(story, "one", "two", "three")
    silent = len(story.history)
    busy(story, *[""] * 21, after=3)

    verdict = no_spin(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.witness[0] > silent


def test_one_message_told_again_and_again_is_no_work() -> None:
    story = said("once")
    story.hear("bob", "once")
    busy(story, *["once"] * 40)

    assert no_spin(story.history).outcome is Outcome.FAILED


def test_it_spins_though_it_was_at_rest_before() -> None:
    story = of_ann_and_bob()
    rests(story, 0.01)
    story.drop("bob")
    rests(story, *[1.0] * 20)

    assert no_spin(story.history).outcome is Outcome.FAILED


def test_where_others_keep_the_processors_twenty_windows_are_not_enough() -> None:
    story = of_ann_and_bob()
    rests(story, *[1.0] * 30, foreign=0.04)
    assert no_spin(story.history).outcome is Outcome.NOT_EXERCISED

    story = of_ann_and_bob()
    rests(story, *[1.0] * 40, foreign=0.04)
    assert no_spin(story.history).outcome is Outcome.FAILED


def test_where_others_keep_the_processors_the_waits_of_many_who_poll_are_no_spin() -> None:
    """Seen of a right server with fifty threads, each waking a hundred times a second, beside a dozen busy programs."""
    many = [["python", 0.12]] * 8
    story = of_ann_and_bob()
    rests(story, *[0.6, 2.3, 3.7, 5.5] * 10, foreign=0.045, top=many)

    verdict = no_spin(story.history)
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, Cause.MACHINE)

    story = of_ann_and_bob()
    rests(story, *[0.6, 2.3, 3.7, 5.5] * 10, foreign=0.0, top=many)

    assert no_spin(story.history).outcome is Outcome.FAILED


def test_one_that_neither_rests_nor_spins_polls_and_passes() -> None:
    story = of_ann_and_bob()
    rests(story, *[0.4, 0.6] * 10)

    verdict = no_spin(story.history)
    assert verdict.outcome is Outcome.PASSED
    assert verdict.summary == "It polls: 50 % of a processor, while nothing goes on."


@pytest.mark.parametrize(
    ("load", "outcome"), [(0.05, Outcome.PASSED), (0.2, Outcome.INCONCLUSIVE), (0.7, Outcome.FAILED)]
)
def test_where_waiting_for_a_processor_cannot_be_seen_less_is_sure(load: float, outcome: Outcome) -> None:
    story = of_ann_and_bob()
    rests(story, *[load] * 20, cpu_only=True)

    verdict = no_spin(story.history)
    assert verdict.outcome is outcome
    assert verdict.cause is (Cause.MACHINE if outcome is Outcome.INCONCLUSIVE else None)


def test_where_nobody_has_gone_no_loop_reads_from_one_who_has() -> None:
    story = of_ann_and_bob()
    rests(story, *[1.0] * 20)

    hint = no_spin(story.history).hint
    assert hint.startswith("Somewhere a loop goes round without waiting.")
    assert "gone" not in hint


def test_one_that_prints_without_end_is_told_that_also_where_it_waits_for_us_to_read() -> None:
    story = of_ann_and_bob()
    rests(story, *[1.0, 0.1] * 10, printed=60_000)

    verdict = no_spin(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.summary.endswith("It printed 1.2 MB meanwhile.")
    assert verdict.hint.startswith("Somewhere a loop prints")


def test_where_others_keep_the_processors_it_has_printed_all_the_same() -> None:
    story = of_ann_and_bob()
    rests(story, *[0.1] * 40, printed=60_000, foreign=0.04, top=[])

    assert no_spin(story.history).outcome is Outcome.FAILED


def test_one_who_prints_a_line_now_and_then_is_at_rest() -> None:
    story = of_ann_and_bob()
    rests(story, 0.1, printed=9_000)

    assert no_spin(story.history).outcome is Outcome.PASSED


def test_a_flood_is_told_of_beside_the_spin() -> None:
    """Finding 45: the flood itself is the business of `no-creation`."""
    story = of_ann_and_bob()
    story.note("flooded", "ann", bytes=16 * 1024 * 1024)
    rests(story, *[1.0] * 20)

    verdict = no_spin(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert "It floods ann: see `no-creation`." in verdict.summary


def test_a_server_that_has_ended_was_not_put_to_the_test() -> None:
    story = of_ann_and_bob()
    story.server("exited", code=1, asked=False)
    story.ended()

    assert no_spin(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_platform_that_does_not_tell_leaves_it_unjudged() -> None:
    story = of_ann_and_bob()
    story.ended()

    assert no_spin(story.history).outcome is Outcome.NOT_APPLICABLE
