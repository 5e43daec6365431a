"""`no-head-of-line-blocking`: one client that is in the way keeps nobody waiting."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gathering import Gathering
from story import BROADCAST

from chatsim.checks.blocking import no_head_of_line_blocking
from chatsim.checks.verdict import Cause, Evidence, Outcome
from chatsim.history import History

MIB = 1024 * 1024


def of_three(terms=BROADCAST) -> Gathering:
    story = Gathering(terms)
    story.join("ann", "bob", "cat")
    story.settled()
    return story


def stall(story: Gathering, bot: str = "bob") -> int:
    story.there.remove(bot)
    story.step("stall", "slow.yaml:5:5", f"- stall: {bot}")
    return story.note("stall", bot)


def waiting(story: Gathering, bytes_: int, bot: str = "bob") -> int:
    """A look at the server, with so much that it cannot get rid of."""
    port = 40_000 + story.session[bot]
    return story.note("facts", during="stall", send_queue={port: bytes_} if bytes_ else {})


def heard(story: Gathering, text: str) -> None:
    story.say("ann", text)
    story.hear("cat", text)
    story.settled()


def unheard(story: Gathering, text: str, valid: bool = True) -> int:
    story.say("ann", text)
    wait = story.waited(("message", "cat", text), purpose="chat", valid=valid)
    story.settled("patience", valid=valid)
    return wait


def test_nothing_happened_so_nothing_was_exercised() -> None:
    assert no_head_of_line_blocking(History()).outcome is Outcome.NOT_EXERCISED
    assert no_head_of_line_blocking(of_three().history).outcome is Outcome.NOT_EXERCISED


# --- one that does not read ------------------------------------------------------------------------------------------


def test_a_stall_that_filled_no_buffer_put_nothing_to_the_test() -> None:
    """Finding 40."""
    story = of_three()
    stall(story)
    waiting(story, 0)
    heard(story, "x" * 100_000)
    waiting(story, 0)

    verdict = no_head_of_line_blocking(story.history)
    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert "only 97.7 KiB were said to it" in verdict.summary


def test_the_others_go_on_while_the_server_is_stuck_with_one() -> None:
    story = of_three()
    stall(story)
    waiting(story, 2_500_000)
    heard(story, "one")
    waiting(story, 2_500_000)

    verdict = no_head_of_line_blocking(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)
    assert verdict.summary == "bob stopped reading at 0.20 s, and 1 message of others was heard meanwhile."


def test_what_lies_at_the_server_is_found_in_a_recorded_file_as_well() -> None:
    story = of_three()
    stall(story)
    waiting(story, 2_500_000)
    heard(story, "one")
    waiting(story, 2_500_000)

    again = History.read(story.history.lines())
    assert no_head_of_line_blocking(again).outcome is Outcome.PASSED


def test_what_moves_on_between_two_looks_is_not_stuck() -> None:
    story = of_three()
    stall(story)
    waiting(story, 2_500_000)
    heard(story, "one")
    waiting(story, 2_600_000)

    assert no_head_of_line_blocking(story.history).outcome is Outcome.NOT_EXERCISED


def test_two_looks_at_which_nobody_spoke_in_between_prove_no_standstill() -> None:
    story = of_three()
    stall(story)
    heard(story, "one")
    waiting(story, 2_500_000)
    waiting(story, 2_500_000)

    assert no_head_of_line_blocking(story.history).outcome is Outcome.NOT_EXERCISED


@pytest.mark.parametrize("evicts", [True, False])
def test_a_server_that_parts_with_it_or_was_sent_sixteen_megabytes_was_put_to_the_test(evicts: bool) -> None:
    story = of_three()
    stall(story)
    heard(story, "x" if evicts else "x" * 16 * MIB)
    if evicts:
        story.closed("bob", "reset")

    assert no_head_of_line_blocking(story.history).outcome is Outcome.PASSED


def test_a_server_that_ends_closes_it_and_that_is_no_parting() -> None:
    story = of_three()
    stall(story)
    heard(story, "x")
    story.server("stopping")
    story.closed("bob", "reset")

    assert no_head_of_line_blocking(story.history).outcome is Outcome.NOT_EXERCISED


def test_others_who_wait_in_vain_while_the_server_is_stuck_were_blocked() -> None:
    story = of_three()
    stalled = stall(story)
    waiting(story, 2_500_000)
    sent = len(story.history)
    wait = unheard(story, "hello?")
    waiting(story, 2_500_000)

    verdict = no_head_of_line_blocking(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.ABSENCE)
    assert verdict.witness == (stalled, sent, wait)
    assert verdict.where == "slow.yaml:5:5"
    assert verdict.summary == (
        'bob stopped reading at 0.20 s (2.4 MiB for it waited at the server). After that, ann said "hello?" at 0.22 s, '
        "and cat did not hear it."
    )
    assert "lock" in verdict.hint


def test_what_came_only_after_it_read_again_was_blocked_as_well() -> None:
    story = of_three()
    stall(story)
    waiting(story, 2_500_000)
    unheard(story, "hello?")
    waiting(story, 2_500_000)
    story.note("resume", "bob")
    story.hear("cat", "hello?")

    assert no_head_of_line_blocking(story.history).outcome is Outcome.FAILED


def test_a_wait_that_our_machine_spoilt_proves_nothing() -> None:
    story = of_three()
    stall(story)
    waiting(story, 2_500_000)
    unheard(story, "hello?", valid=False)
    waiting(story, 2_500_000)

    verdict = no_head_of_line_blocking(story.history)
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, Cause.MACHINE)


def test_what_was_missing_before_is_not_put_down_to_it() -> None:
    story = of_three()
    unheard(story, "before")
    stall(story)
    waiting(story, 2_500_000)
    unheard(story, "hello?")
    waiting(story, 2_500_000)

    assert no_head_of_line_blocking(story.history).outcome is Outcome.NOT_EXERCISED


def test_what_is_missing_because_the_server_has_ended_is_not_put_down_to_it() -> None:
    story = of_three()
    stall(story)
    waiting(story, 2_500_000)
    heard(story, "one")
    waiting(story, 2_500_000)
    story.server("exited", code=1, asked=False)
    unheard(story, "hello?")

    assert no_head_of_line_blocking(story.history).outcome is Outcome.PASSED


# --- half a message, and silence -------------------------------------------------------------------------------------


def act(story: Gathering, what: str, bot: str = "bob") -> int:
    story.there.remove(bot)
    story.step("send", "half.yaml:5:5", f"- send: {bot}")
    return story.note("act", bot, what=what)


def test_half_a_message_keeps_nobody_waiting() -> None:
    story = of_three()
    act(story, "half")
    heard(story, "one")

    verdict = no_head_of_line_blocking(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)


def test_half_a_message_that_keeps_all_waiting_is_in_the_way() -> None:
    story = of_three()
    act(story, "half")
    unheard(story, "hello?")

    verdict = no_head_of_line_blocking(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.summary.startswith("bob sent half a message at ")
    assert "the rest of a message" in verdict.hint


def test_other_bad_input_is_no_half_message() -> None:
    story = of_three()
    act(story, "nul")
    unheard(story, "hello?")

    assert no_head_of_line_blocking(story.history).outcome is Outcome.NOT_EXERCISED


def test_one_that_has_gone_is_in_nobodys_way() -> None:
    story = of_three()
    act(story, "half")
    story.note("drop", "bob", how="reset")
    unheard(story, "hello?")

    assert no_head_of_line_blocking(story.history).outcome is Outcome.NOT_EXERCISED


def silent(story: Gathering, bot: str = "dan") -> None:
    story.step("connect", "silent.yaml:5:5", f"- connect: {bot}")
    story.connect(bot)


def join_step(story: Gathering) -> None:
    story.note("step", number=9, verb="join", place="silent.yaml:6:5", text="- join: eve", phase="begin", bots=["eve"])


def test_newcomers_come_in_while_one_is_connected_and_silent() -> None:
    story = of_three()
    silent(story)
    join_step(story)
    story.join("eve")

    verdict = no_head_of_line_blocking(story.history)
    assert verdict.outcome is Outcome.PASSED
    assert "1 newcomer came in" in verdict.summary


def test_a_newcomer_who_waits_behind_a_silent_one_is_blocked() -> None:
    story = of_three()
    silent(story)
    join_step(story)
    story.connect("eve")
    story.waited(("join", "eve", "eve"), purpose="join")

    verdict = no_head_of_line_blocking(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.where == "silent.yaml:5:5"
    assert verdict.summary == (
        "dan connected at 0.21 s and said nothing. After that, eve wanted to join at 0.23 s and was not let in."
    )


def test_where_nobody_has_to_say_anything_to_join_nobody_is_silent() -> None:
    story = of_three(replace(BROADCAST, join_dialogue=False))
    silent(story)
    unheard(story, "hello?")

    assert no_head_of_line_blocking(story.history).outcome is Outcome.NOT_EXERCISED


def test_the_one_who_came_last_is_in_the_way() -> None:
    story = of_three()
    silent(story)
    heard(story, "one")
    stall(story)
    waiting(story, 2_500_000)
    unheard(story, "hello?")
    waiting(story, 2_500_000)

    verdict = no_head_of_line_blocking(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.summary.startswith("bob stopped reading")
