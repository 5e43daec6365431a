"""`closes-connection`, `no-ghosts`, `clean-exit`: what remains of those who have gone, and of the server itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from story import BROADCAST, Story

from chatsim.checks.cleanup import clean_exit, closes_connection, no_ghosts
from chatsim.checks.verdict import Cause, Evidence, Outcome
from chatsim.history import Header, History

WITH_ROSTER = replace(BROADCAST, roster=True, roster_asked=True)


def of_ann_and_bob(terms=BROADCAST) -> Story:
    story = Story(terms)
    story.join("ann")
    story.join("bob")
    story.settled()
    return story


def look(story: Story, number: int, **facts: Any) -> int:
    story.note("look", number=number)
    return story.note("facts", look=number, **facts)


def looks(story: Story, *still_open: list[int]) -> None:
    """Three looks; `still_open`: our ports in CLOSE_WAIT at each."""
    for number, ports in enumerate(still_open, start=1):
        look(story, number, close_wait=ports)


def port(story: Story, bot: str) -> int:
    return 40_000 + story.session[bot]


# --- closes-connection -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [closes_connection, no_ghosts, clean_exit])
def test_nothing_happened_so_nothing_was_exercised(check) -> None:
    assert check(Story().history).outcome is Outcome.NOT_EXERCISED
    assert check(History()).outcome is Outcome.NOT_EXERCISED


def test_a_socket_that_is_gone_at_the_first_look_was_closed_at_once() -> None:
    story = of_ann_and_bob()
    story.drop("bob", "close")
    looks(story, [], [], [])

    verdict = closes_connection(story.history)
    assert (verdict.outcome, verdict.exercised, verdict.at) == (Outcome.PASSED, 1, "once")


def test_a_socket_that_is_closed_only_when_somebody_speaks_passes_and_says_so() -> None:
    """Finding 30."""
    story = of_ann_and_bob()
    bob = port(story, "bob")
    story.drop("bob", "close")
    looks(story, [bob], [bob], [])

    verdict = closes_connection(story.history)
    assert (verdict.outcome, verdict.at) == (Outcome.PASSED, "after speech")


def test_a_socket_in_close_wait_at_the_third_look_was_never_closed() -> None:
    story = of_ann_and_bob()
    bob = port(story, "bob")
    story.step("drop", "leak.yaml:7:5", "- drop: {bob: close}")
    dropped = story.drop("bob", "close")
    looks(story, [bob], [bob], [bob])

    verdict = closes_connection(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.ABSENCE)
    assert verdict.witness == (dropped, len(story.history) - 1)
    assert verdict.where == "leak.yaml:7:5"
    assert verdict.summary == (
        "bob dropped (close) at 0.17 s. After others had spoken twice, the server still had not closed its side of "
        "that connection."
    )
    assert "finally" in verdict.hint


def test_a_look_may_be_taken_several_times_before_it_counts() -> None:
    story = of_ann_and_bob()
    bob = port(story, "bob")
    story.drop("bob", "close")
    look(story, 3, close_wait=[bob])
    story.note("facts", look=3, close_wait=[])

    assert closes_connection(story.history).outcome is Outcome.PASSED


def test_the_third_look_lasts_as_long_as_it_is_taken_again() -> None:
    """Also where the server's end is seen as end-of-file: it has all the patience that the director has."""
    story = of_ann_and_bob()
    story.drop("bob", "half-close")
    for number in (1, 2, 3, 3):
        look(story, number)
    story.closed("bob")
    look(story, 3)

    verdict = closes_connection(story.history)
    assert (verdict.outcome, verdict.at) == (Outcome.PASSED, "after speech")


def test_somebody_elses_socket_in_close_wait_is_not_held_against_a_departure() -> None:
    story = of_ann_and_bob()
    story.drop("bob", "close")
    looks(story, [55_555], [55_555], [55_555])

    assert closes_connection(story.history).outcome is Outcome.PASSED


def test_a_reset_leaves_nothing_to_close() -> None:
    story = of_ann_and_bob()
    story.drop("bob", "reset")
    looks(story, [], [], [])

    assert closes_connection(story.history).outcome is Outcome.NOT_EXERCISED


def test_where_no_sockets_can_be_seen_it_is_not_applicable() -> None:
    story = of_ann_and_bob()
    story.drop("bob", "close")
    for number in (1, 2, 3):
        look(story, number, alive=True)

    assert closes_connection(story.history).outcome is Outcome.NOT_APPLICABLE


def test_a_polite_leaver_who_read_the_end_of_file_has_seen_it_closed() -> None:
    story = of_ann_and_bob()
    story.leave("bob", clean=True)

    assert closes_connection(story.history).outcome is Outcome.PASSED


def test_a_half_closed_client_sees_the_close_itself() -> None:
    story = of_ann_and_bob()
    story.drop("bob", "half-close")
    story.closed("bob")
    looks(story, [], [], [])

    assert closes_connection(story.history).outcome is Outcome.PASSED


def test_a_half_closed_client_that_is_never_closed_fails_it() -> None:
    story = of_ann_and_bob()
    story.drop("bob", "half-close")
    looks(story, [], [], [])

    verdict = closes_connection(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert "half-close: answers" in verdict.hint


def test_a_half_closed_client_may_be_answered_where_the_profile_says_so() -> None:
    """Finding 16."""
    story = of_ann_and_bob(replace(BROADCAST, half_close="answers"))
    story.drop("bob", "half-close")
    looks(story, [], [], [])

    assert closes_connection(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_look_that_our_machine_spoilt_proves_nothing() -> None:
    story = of_ann_and_bob()
    bob = port(story, "bob")
    story.drop("bob", "close")
    story.waited(("closed", "bob", "bob"), valid=False, purpose="look")
    looks(story, [bob], [bob], [bob])

    verdict = closes_connection(story.history)
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, Cause.MACHINE)


def test_a_vanished_client_leaves_the_server_nothing_to_notice() -> None:
    """Finding 11."""
    story = of_ann_and_bob()
    story.drop("bob", "vanish")
    looks(story, [], [], [])

    assert closes_connection(story.history).outcome is Outcome.NOT_EXERCISED


# --- no-ghosts -------------------------------------------------------------------------------------------------------


def listed(story: Story, *names: str) -> int:
    asked = story.note("ask", "ann")
    return story.note("roster", "ann", names=list(names), asked=asked)


def test_who_is_in_no_list_after_the_third_look_is_no_ghost() -> None:
    story = of_ann_and_bob(WITH_ROSTER)
    story.drop("bob")
    looks(story, [], [], [])
    listed(story, "ann")

    verdict = no_ghosts(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)


def test_who_is_still_listed_after_the_third_look_is_a_ghost() -> None:
    story = of_ann_and_bob(WITH_ROSTER)
    dropped = story.drop("bob")
    looks(story, [], [], [])
    came = listed(story, "ann", "bob")

    verdict = no_ghosts(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert (verdict.witness[0], verdict.witness[-1]) == (dropped, came)
    assert verdict.summary == (
        "bob dropped (reset) at 0.16 s and others spoke twice since. "
        "bob still stood in the list that ann got at 0.24 s."
    )


def test_a_list_asked_for_before_the_third_look_may_name_the_departed() -> None:
    """Finding 33."""
    story = of_ann_and_bob(WITH_ROSTER)
    story.drop("bob")
    looks(story, [], [])
    listed(story, "ann", "bob")
    look(story, 3, close_wait=[])

    assert no_ghosts(story.history).outcome is Outcome.NOT_EXERCISED


def test_not_to_be_listed_at_the_first_look_is_a_pass_without_any_further_look() -> None:
    story = of_ann_and_bob(WITH_ROSTER)
    story.drop("bob")
    looks(story, [])
    listed(story, "ann")

    assert no_ghosts(story.history).outcome is Outcome.PASSED


def test_who_has_come_back_under_the_name_is_no_ghost_but_one_name_twice_is() -> None:
    story = of_ann_and_bob(WITH_ROSTER)
    story.drop("bob")
    looks(story, [], [], [])
    story.join("bob")
    listed(story, "ann", "bob")
    assert no_ghosts(story.history).outcome is Outcome.PASSED

    listed(story, "ann", "bob", "bob")
    assert no_ghosts(story.history).outcome is Outcome.FAILED


def test_who_has_taken_the_name_of_one_who_has_gone_is_no_ghost() -> None:
    story = of_ann_and_bob(WITH_ROSTER)
    story.join("cat")
    story.drop("bob")
    looks(story, [], [], [])
    story.rename("cat", "bob")
    listed(story, "ann", "bob")
    assert no_ghosts(story.history).outcome is Outcome.PASSED

    listed(story, "ann", "bob", "bob")
    assert no_ghosts(story.history).outcome is Outcome.FAILED


def test_one_who_was_not_let_take_the_name_hides_no_ghost() -> None:
    story = of_ann_and_bob(WITH_ROSTER)
    story.join("cat")
    story.drop("bob")
    looks(story, [], [], [])
    story.not_renamed("cat", "bob")
    listed(story, "ann", "bob", "cat")

    assert no_ghosts(story.history).outcome is Outcome.FAILED


def test_the_ghost_of_one_who_had_taken_another_name_is_listed_under_that_one() -> None:
    story = of_ann_and_bob(WITH_ROSTER)
    story.rename("bob", "zoe")
    story.drop("bob")
    looks(story, [], [], [])
    listed(story, "ann", "zoe")

    assert no_ghosts(story.history).outcome is Outcome.FAILED


def test_those_who_were_refused_the_name_do_not_hide_the_ghost_that_holds_it() -> None:
    story = of_ann_and_bob(WITH_ROSTER)
    story.drop("bob")
    story.connect("bob")
    story.note("refused", "bob", by="taken", expected=False)
    looks(story, [], [], [])
    listed(story, "ann", "bob")

    assert no_ghosts(story.history).outcome is Outcome.FAILED


def test_who_was_let_in_under_the_name_later_is_the_ghost_and_not_who_made_room() -> None:
    story = of_ann_and_bob(WITH_ROSTER)
    story.leave("bob")
    story.join("bob")
    dropped = story.drop("bob")
    looks(story, [], [], [])
    listed(story, "ann", "bob")

    verdict = no_ghosts(story.history)
    assert (verdict.outcome, verdict.witness[0]) == (Outcome.FAILED, dropped)
    assert "The same of" not in verdict.summary


def test_of_two_entries_under_one_name_both_are_ghosts() -> None:
    story = of_ann_and_bob(WITH_ROSTER)
    story.drop("bob")
    story.join("bob")
    story.drop("bob")
    looks(story, [], [], [])
    listed(story, "ann", "bob", "bob")

    assert "The same of bob (2nd connection)." in no_ghosts(story.history).summary


def test_a_server_that_was_started_anew_knows_nobody_of_before() -> None:
    story = of_ann_and_bob(WITH_ROSTER)
    story.drop("bob")
    looks(story, [], [], [])
    for what in ("restart", "stopping", "exited", "ended", "started", "listening"):
        story.server(what, asked=True)
    story.join("ann")
    listed(story, "ann", "bob")

    assert no_ghosts(story.history).outcome is Outcome.NOT_EXERCISED


def half_closed(*, notice: bool, heard: int) -> Story:
    story = of_ann_and_bob()
    story.drop("bob", "half-close")
    if notice:
        story.notice("ann", "dropped", "bob")
        story.settled()
    for number in range(3):
        story.say("ann", f"round {number}", kind="fence")
        if number < heard:
            story.hear("bob", f"round {number}")
    story.settled()
    return story


def test_one_more_message_after_the_notice_makes_no_ghost() -> None:
    """Finding 61: the notice may go out before the client is taken off the list."""
    verdict = no_ghosts(half_closed(notice=True, heard=1).history)

    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)


def test_two_successive_messages_after_the_departure_had_settled_make_a_ghost() -> None:
    """Finding 61."""
    verdict = no_ghosts(half_closed(notice=True, heard=2).history)

    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert len(verdict.witness) == 3
    assert "bob was still sent messages" in verdict.summary


def test_without_a_notice_and_without_a_look_nobody_knows_that_the_server_has_seen_it() -> None:
    verdict = no_ghosts(half_closed(notice=False, heard=3).history)

    assert verdict.outcome is Outcome.NOT_EXERCISED


def test_without_a_notice_the_idle_look_is_when_a_departure_has_settled() -> None:
    story = of_ann_and_bob()
    story.drop("bob", "half-close")
    looks(story, [], [])
    for number in range(2):
        story.say("ann", f"round {number}", kind="fence")
        story.hear("bob", f"round {number}")
    look(story, 3)

    assert no_ghosts(story.history).outcome is Outcome.FAILED


def test_two_messages_sent_before_the_first_was_heard_are_one_round() -> None:
    """X1e: two spoken rounds, a round trip apart."""
    story = of_ann_and_bob()
    story.drop("bob", "half-close")
    story.notice("ann", "dropped", "bob")
    story.settled()
    story.say("ann", "one")
    story.say("ann", "two")
    story.hear("bob", "one")
    story.hear("bob", "two")

    assert no_ghosts(story.history).outcome is Outcome.PASSED


def test_messages_from_before_the_departure_had_settled_make_no_ghost() -> None:
    story = of_ann_and_bob()
    story.drop("bob", "half-close")
    for number in range(3):
        story.say("ann", f"round {number}")
        story.hear("bob", f"round {number}")
    story.notice("ann", "dropped", "bob")
    story.settled()

    assert no_ghosts(story.history).outcome is Outcome.NOT_EXERCISED


def test_where_half_closed_clients_are_answered_they_are_no_ghosts() -> None:
    story = of_ann_and_bob(replace(BROADCAST, half_close="answers"))
    story.drop("bob", "half-close")
    looks(story, [], [])
    for number in range(2):
        story.say("ann", f"round {number}", kind="fence")
        story.hear("bob", f"round {number}")
    look(story, 3)

    assert no_ghosts(story.history).outcome is Outcome.NOT_EXERCISED


# --- clean-exit ------------------------------------------------------------------------------------------------------


def test_a_server_that_ends_with_clients_connected_ends_cleanly() -> None:
    story = of_ann_and_bob()
    story.server("stopping")
    story.closed("ann")
    story.server("exited", code=-2, asked=True)
    story.server("ended")

    verdict = clean_exit(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)


def test_without_a_client_connected_no_server_hangs() -> None:
    """Finding 50."""
    story = of_ann_and_bob()
    for bot in ("ann", "bob", "the knocker"):
        story.leave(bot)
    story.server("stopping")
    story.server("exited", code=-2, asked=True)

    verdict = clean_exit(story.history)
    assert verdict.outcome is Outcome.NOT_EXERCISED


def test_a_kill_is_no_stop() -> None:
    story = of_ann_and_bob()
    story.server("kill")
    story.server("exited", code=-9, asked=True)

    assert clean_exit(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_server_that_does_not_end_in_time_fails_it() -> None:
    story = of_ann_and_bob()
    story.step("chat")
    story.note("step", number=0, verb="chat", place="story.yaml:3:5", phase="end")
    stopping = story.server("stopping")
    waited = story.waited(purpose="stop")
    story.server("kill")
    story.server("exited", code=-9, asked=True)

    verdict = clean_exit(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.ABSENCE)
    assert verdict.witness == (stopping, waited)
    assert verdict.where == ""
    assert verdict.summary == (
        "Told to end (SIGINT, as by Ctrl-C) with 3 clients connected, the server did not end within 2.0 s."
    )


def test_a_spoilt_wait_for_its_end_proves_nothing() -> None:
    story = of_ann_and_bob()
    story.server("stopping")
    story.waited(purpose="stop", valid=False)

    verdict = clean_exit(story.history)
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, Cause.MACHINE)


def test_processes_that_outlive_it_fail_it() -> None:
    """Finding 46: any of the tree after patience."""
    story = of_ann_and_bob()
    story.server("stopping")
    story.server("exited", code=0, asked=True)
    story.server("left-behind", pids=[4711])

    verdict = clean_exit(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert verdict.summary.endswith("the server ended but left 1 process behind.")


def test_a_server_that_cannot_be_started_again_fails_it() -> None:
    story = of_ann_and_bob()
    for what in ("restart", "stopping", "exited", "ended"):
        story.server(what, asked=True)
    failed = story.server("failed", why="Address already in use")

    verdict = clean_exit(story.history)
    assert (verdict.outcome, verdict.witness) == (Outcome.FAILED, (failed,))
    assert "SO_REUSEADDR" in verdict.hint
    assert verdict.summary == (
        "The server ended when told to, but could not be started again at once: Address already in use."
    )


def test_a_server_that_is_started_again_and_never_listens_fails_it() -> None:
    for valid, outcome in ((True, Outcome.FAILED), (False, Outcome.INCONCLUSIVE)):
        story = of_ann_and_bob()
        for what in ("stopping", "exited", "ended", "restart", "started"):
            story.server(what, asked=True)
        story.waited(purpose="restart", valid=valid)

        assert clean_exit(story.history).outcome is outcome


def test_a_polite_leaver_whom_the_server_resets_has_seen_it_closed_all_the_same() -> None:
    """Finding 14."""
    story = of_ann_and_bob()
    story.note("leave", "bob")
    story.closed("bob", "reset")
    story.note("left", "bob", clean=False)

    assert closes_connection(story.history).outcome is Outcome.PASSED


def test_a_server_that_comes_back_after_a_restart_passes() -> None:
    story = of_ann_and_bob()
    for what in ("restart", "stopping", "exited", "ended", "started", "listening"):
        story.server(what, asked=True)

    assert clean_exit(story.history).outcome is Outcome.PASSED


def test_a_server_that_is_not_ours_is_not_ours_to_stop() -> None:
    assert clean_exit(History(Header(attached=True))).outcome is Outcome.NOT_APPLICABLE


def test_a_server_that_had_to_be_killed_did_not_end() -> None:
    story = of_ann_and_bob()
    story.server("stopping")
    story.server("left-behind", processes=[{"pid": 1}, {"pid": 2}], exited=False)

    assert clean_exit(story.history).summary.endswith("the server did not end: 2 processes had to be killed.")
