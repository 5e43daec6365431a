"""`stays-up`, `keeps-clients`, `still-serves`, `no-crash-output`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from story import BROADCAST, ECHO, Story

from chatsim.checks.liveness import keeps_clients, no_crash_output, stays_up, still_serves
from chatsim.checks.verdict import Cause, Evidence, Outcome
from chatsim.history import Header, History

TRACE = 'Traceback (most recent call last):\n  File "server.py", line 9\nConnectionResetError: reset by peer\n'


def of_ann_and_bob(terms=BROADCAST) -> Story:
    story = Story(terms)
    story.join("ann")
    story.join("bob")
    story.settled()
    return story


def unreachable(story: Story, bot: str, why: str = "connection refused") -> int:
    story.session[bot] = 70 + len(story.session)
    story.note("connect", bot, bot=bot, nick=bot, number=1)
    return story.note("unreachable", bot, why=why)


@pytest.mark.parametrize("check", [stays_up, keeps_clients, still_serves, no_crash_output])
def test_nothing_happened_so_nothing_was_exercised(check) -> None:
    assert check(History()).outcome is Outcome.NOT_EXERCISED


@pytest.mark.parametrize("check", [stays_up, keeps_clients, no_crash_output])
def test_a_quiet_life_is_a_pass(check) -> None:
    verdict = check(of_ann_and_bob().history)

    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 3)


# --- stays-up --------------------------------------------------------------------------------------------------------


def test_a_server_that_the_first_connection_ends_has_ended_though_that_is_seen_before_the_connection_is() -> None:
    story = Story()
    story.server("listening")
    story.session["ann"] = 0
    connect = story.note("connect", "ann", bot="ann", nick="ann", number=1)
    exited = story.server("exited", code=1, asked=False)
    story.note("connected", "ann", ip="127.0.0.1", port=40_000)

    verdict = stays_up(story.history)

    assert verdict.outcome is Outcome.FAILED
    assert verdict.witness == (connect, exited)


def test_a_server_that_ends_unasked_fails_it_with_its_last_words() -> None:
    story = of_ann_and_bob()
    story.step("drop", "reset.yaml:6:5", "- drop: bob")
    dropped = story.drop("bob")
    story.note("crash", text=TRACE)
    exited = story.server("exited", code=1, asked=False)

    verdict = stays_up(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert verdict.witness == (dropped, exited)
    assert verdict.where == "reset.yaml:6:5"
    assert verdict.summary == (
        "The server ended by itself at 0.19 s (exit code 1), after bob dropped (reset) at 0.17 s. "
        "Its last words: ConnectionResetError: reset by peer"
    )


def test_the_last_line_it_printed_are_its_words_where_nothing_crashed() -> None:
    story = of_ann_and_bob()
    story.note("out", stream="stdout", line="Bye, all")
    story.server("exited", code=0, asked=False)

    assert stays_up(story.history).summary.endswith("Its last words: Bye, all")


def test_an_end_that_we_asked_for_is_no_failure() -> None:
    for what in ("stopping", "kill", "restart"):
        story = of_ann_and_bob()
        story.server(what)
        story.server("exited", code=-9, asked=True)
        unreachable(story, "late")

        assert stays_up(story.history).outcome is Outcome.PASSED


def test_a_server_that_ends_when_empty_by_design_is_excused_only_when_it_is_empty() -> None:
    """Finding 67."""
    terms = replace(BROADCAST, exits="when-empty")
    story = of_ann_and_bob(terms)
    for bot in ("ann", "bob", "the knocker"):
        story.leave(bot)
    story.server("exited", code=0, asked=False)
    unreachable(story, "late")
    assert stays_up(story.history).outcome is Outcome.PASSED

    story = of_ann_and_bob(terms)
    story.leave("bob")
    story.closed("ann")  # by its end
    story.server("exited", code=0, asked=False)
    assert stays_up(story.history).outcome is Outcome.FAILED


def test_a_server_that_ends_when_empty_undeclared_gets_a_hint() -> None:
    story = of_ann_and_bob()
    for bot in ("ann", "bob", "the knocker"):
        story.leave(bot)
    story.server("exited", code=0, asked=False)

    verdict = stays_up(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert "exits: when-empty" in verdict.hint


def test_a_refused_connection_after_somebody_was_let_in_is_proof() -> None:
    story = of_ann_and_bob()
    index = unreachable(story, "late")

    verdict = stays_up(story.history)
    assert (verdict.outcome, verdict.evidence, verdict.witness) == (Outcome.FAILED, Evidence.PROOF, (index,))


def test_a_connection_that_times_out_is_as_good_as_the_wait_for_it() -> None:
    """Finding 51."""
    story = of_ann_and_bob()
    unreachable(story, "late", "timed out")
    story.waited(("connected", "late", "late"), purpose="join", valid=False)
    verdict = stays_up(story.history)
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, Cause.MACHINE)

    story.waited(("connected", "late", "late"), purpose="join")
    verdict = stays_up(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.ABSENCE)


def test_a_server_that_was_never_reached_is_a_run_error_and_no_verdict() -> None:
    """Finding 58."""
    story = Story()
    unreachable(story, "ann")
    story.server("exited", code=1, asked=False)

    assert stays_up(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_process_that_runs_but_listens_no_longer_fails_it() -> None:
    story = of_ann_and_bob()
    index = story.note("facts", listening=False, alive=True)

    verdict = stays_up(story.history)
    assert (verdict.outcome, verdict.witness) == (Outcome.FAILED, (index,))
    assert "no longer listens" in verdict.summary


def test_a_server_that_we_have_frozen_listens_to_nobody() -> None:
    story = of_ann_and_bob()
    story.server("freeze")
    unreachable(story, "late")
    story.server("thaw")

    assert stays_up(story.history).outcome is Outcome.PASSED


# --- keeps-clients ---------------------------------------------------------------------------------------------------


def test_an_innocent_one_that_is_thrown_out_is_proof() -> None:
    """Finding 1: bob resets; the server's loop throws and closes ann, too."""
    story = of_ann_and_bob()
    story.drop("bob")
    closed = story.closed("ann", "reset")

    verdict = keeps_clients(story.history)
    assert (verdict.outcome, verdict.evidence, verdict.witness) == (Outcome.FAILED, Evidence.PROOF, (closed,))
    assert verdict.summary == (
        "The server reset ann's connection at 0.17 s. ann had done nothing wrong. Just before: bob dropped (reset)."
    )


@pytest.mark.parametrize("how", ["reset", "close", "half-close", "mid-message", "vanish"])
def test_one_that_went_by_itself_may_be_closed(how: str) -> None:
    story = of_ann_and_bob()
    story.drop("bob", how)
    story.closed("bob")

    assert keeps_clients(story.history).outcome is Outcome.PASSED


def test_one_that_left_politely_is_closed_by_right() -> None:
    story = of_ann_and_bob()
    story.note("leave", "bob")
    story.closed("bob")
    story.note("left", "bob", clean=True)

    assert keeps_clients(story.history).outcome is Outcome.PASSED


def test_one_that_sent_bad_input_may_be_closed() -> None:
    story = of_ann_and_bob()
    story.note("act", "bob", what="utf-8")
    story.closed("bob")

    assert keeps_clients(story.history).outcome is Outcome.PASSED


def test_a_close_that_the_profile_declares_is_all_right() -> None:
    story = of_ann_and_bob()
    story.closed("bob", declared="operator: {ends}")

    assert keeps_clients(story.history).outcome is Outcome.PASSED


def test_one_that_does_not_read_may_be_closed_unless_slow_readers_are_kept() -> None:
    """Finding 39."""
    for slow_readers, outcome in (("may-close", Outcome.PASSED), ("kept", Outcome.FAILED)):
        story = of_ann_and_bob(replace(BROADCAST, slow_readers=slow_readers))
        story.note("stall", "bob")
        story.note("resume", "bob")
        story.closed("bob")

        assert keeps_clients(story.history).outcome is outcome


def test_once_it_has_caught_up_a_stall_excuses_no_close() -> None:
    story = of_ann_and_bob()
    story.note("stall", "bob")
    story.note("resume", "bob")
    story.settled()
    story.closed("bob")

    assert keeps_clients(story.history).outcome is Outcome.FAILED


def test_a_refused_one_is_not_thrown_out() -> None:
    story = of_ann_and_bob()
    story.connect("twin", nick="bob")
    story.closed("twin")
    story.note("refused", "twin", by="closed", expected=False)

    assert keeps_clients(story.history).outcome is Outcome.PASSED


def test_one_may_make_way_for_another_of_its_name() -> None:
    """Finding 32."""
    story = of_ann_and_bob()
    story.connect("twin", nick="bob")
    story.closed("bob")

    assert keeps_clients(story.history).outcome is Outcome.PASSED


def test_a_server_that_ends_closes_everybody_and_that_is_judged_elsewhere() -> None:
    story = of_ann_and_bob()
    story.server("stopping")
    story.closed("ann")
    assert keeps_clients(story.history).outcome is Outcome.PASSED

    story = of_ann_and_bob()
    story.closed("ann")
    story.closed("bob")
    story.server("exited", code=1, asked=False)
    assert keeps_clients(story.history).outcome is Outcome.PASSED
    assert stays_up(story.history).outcome is Outcome.FAILED


def test_a_server_that_went_on_serving_before_it_ended_had_thrown_somebody_out() -> None:
    story = of_ann_and_bob()
    story.closed("ann")
    story.say("the knocker", "still here")
    story.hear("bob", "still here")
    story.server("exited", code=1, asked=False)

    assert keeps_clients(story.history).outcome is Outcome.FAILED


def test_a_server_that_ends_because_we_tell_it_to_had_not_been_dying_before() -> None:
    story = of_ann_and_bob()
    story.closed("ann")
    story.server("stopping")
    story.closed("bob", declared="server")
    story.server("exited", code=0, asked=True)

    assert keeps_clients(story.history).outcome is Outcome.FAILED


def test_one_that_says_more_than_the_limit_may_be_closed() -> None:
    story = of_ann_and_bob(replace(BROADCAST, limit_text=10))
    story.say("bob", "far too long a text")
    story.closed("bob")

    assert keeps_clients(story.history).outcome is Outcome.PASSED


# --- still-serves ----------------------------------------------------------------------------------------------------


def after_a_fault(terms=BROADCAST) -> Story:
    story = of_ann_and_bob(terms)
    story.drop("bob")
    story.settled()
    return story


def test_without_a_fault_nothing_is_exercised() -> None:
    assert still_serves(of_ann_and_bob().history).outcome is Outcome.NOT_EXERCISED


def test_those_who_were_there_before_prove_nothing() -> None:
    story = after_a_fault()
    story.say("ann", "hello?")
    story.hear("the knocker", "hello?")

    assert still_serves(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_newcomer_who_joins_and_is_heard_is_served() -> None:
    story = after_a_fault()
    story.join("cat")
    story.say("cat", "hello")
    story.hear("ann", "hello")
    story.settled()

    verdict = still_serves(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)
    assert verdict.summary == "After the first fault, 1 newcomer could join, and it was heard."


def test_a_newcomer_whom_nobody_hears_is_not_served() -> None:
    story = after_a_fault()
    story.join("cat")
    story.say("cat", "hello")
    story.settled("patience")

    verdict = still_serves(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.ABSENCE)
    assert verdict.summary == ('bob dropped (reset) at 0.16 s. cat joined at 0.20 s and said "hello". Nobody heard it.')


def test_a_newcomer_whom_nobody_heard_in_a_spoilt_wait_proves_nothing() -> None:
    story = after_a_fault()
    story.join("cat")
    story.say("cat", "hello")
    story.settled("patience", valid=False)

    assert still_serves(story.history).outcome is Outcome.INCONCLUSIVE


def test_a_zombie_accepts_and_serves_nobody() -> None:
    story = after_a_fault()
    story.connect("cat")
    story.waited(("told", "cat", "cat"), purpose="join")

    verdict = still_serves(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert "the server never finished the join" in verdict.summary


def test_on_an_echo_server_the_echo_is_the_service() -> None:
    for settled, outcome in (("all-heard", Outcome.PASSED), ("patience", Outcome.FAILED)):
        story = Story(ECHO)
        story.join("ann")
        story.drop("ann")
        story.settled()
        story.join("cat")
        story.say("cat", "hello")
        if outcome is Outcome.PASSED:
            story.hear("cat", "hello", "echo")
        story.settled(settled)

        assert still_serves(story.history).outcome is outcome


def test_newcomers_while_we_have_the_server_frozen_or_down_are_not_owed_anything() -> None:
    for what in ("freeze", "kill"):
        story = of_ann_and_bob()
        story.server(what)
        story.connect("cat")
        story.waited(("told", "cat", "cat"), purpose="join")

        assert still_serves(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_silent_connection_is_no_newcomer_who_was_served() -> None:
    story = of_ann_and_bob()
    story.note("fault")
    story.step("connect")
    story.connect("silent")

    assert still_serves(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_silent_connection_that_keeps_others_out_is_the_fault_that_is_named() -> None:
    story = of_ann_and_bob()
    story.note("fault")
    story.step("connect")
    story.connect("silent")
    story.step("join")
    story.connect("cat")
    story.waited(("join", "cat", "cat"), purpose="join")

    verdict = still_serves(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.summary.startswith("silent connected at ")


def test_after_a_restart_newcomers_are_served_again() -> None:
    story = of_ann_and_bob()
    for what in ("restart", "stopping", "exited", "ended", "started", "listening"):
        story.server(what, asked=True)
    story.connect("cat")
    story.waited(("told", "cat", "cat"), purpose="join")

    assert still_serves(story.history).outcome is Outcome.FAILED


# --- no-crash-output -------------------------------------------------------------------------------------------------


def test_an_unhandled_exception_is_proof() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    crash = story.note("crash", text=TRACE)

    verdict = no_crash_output(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert verdict.witness[-1] == crash
    assert verdict.summary == (
        "At 0.17 s after bob dropped (reset), the server printed an unhandled exception: "
        "ConnectionResetError: reset by peer"
    )


@pytest.mark.parametrize("what", ["stopping", "kill", "restart"])
def test_what_it_prints_after_our_signal_is_our_own_doing(what: str) -> None:
    """Finding 47: a KeyboardInterrupt at the stop."""
    story = of_ann_and_bob()
    story.server(what)
    story.note("crash", text="KeyboardInterrupt")

    assert no_crash_output(story.history).outcome is Outcome.PASSED


def test_a_trace_that_was_printed_before_our_signal_counts_though_its_end_was_known_only_later() -> None:
    story = of_ann_and_bob()
    for line in TRACE.splitlines():
        story.note("out", stream="stderr", line=line)
    story.server("stopping")
    story.note("crash", text=TRACE)

    assert no_crash_output(story.history).outcome is Outcome.FAILED


def test_after_a_restart_its_output_counts_again() -> None:
    story = of_ann_and_bob()
    for what in ("restart", "stopping", "exited", "ended", "started", "listening"):
        story.server(what, asked=True)
    story.note("crash", text=TRACE)

    assert no_crash_output(story.history).outcome is Outcome.FAILED


def test_a_freeze_is_no_stop_signal() -> None:
    story = of_ann_and_bob()
    story.server("freeze")
    story.server("thaw")
    story.note("crash", text=TRACE)

    assert no_crash_output(story.history).outcome is Outcome.FAILED


def test_the_output_of_a_server_that_is_not_ours_cannot_be_seen() -> None:
    assert no_crash_output(History(Header(attached=True))).outcome is Outcome.NOT_APPLICABLE


# --- what it is put down to -----------------------------------------------------------------------------------------------


def test_what_was_done_long_before_is_not_called_the_cause_of_a_close() -> None:
    story = of_ann_and_bob()
    story.settled()
    story.pause(5.0)
    story.closed("ann")

    assert "Just before" not in keeps_clients(story.history).summary


def test_a_death_is_put_down_to_what_the_scenario_did_and_not_to_a_visitor_of_chatsims_own() -> None:
    story = of_ann_and_bob()
    story.history.header = replace(story.history.header, bots=("ann", "bob"))
    story.drop("bob")
    story.connect("visitor")
    story.server("exited", code=1, asked=False)

    assert "after bob dropped (reset)" in stays_up(story.history).summary


def test_a_newcomer_who_is_kept_out_is_told_of_after_the_last_fault() -> None:
    story = of_ann_and_bob()
    story.note("fault", patience=2.0, round_trip=0.001)
    story.connect("hasty")
    story.drop("hasty")
    story.connect("late")
    story.waited(("join", "late", "late"), purpose="join")

    assert still_serves(story.history).summary.startswith("hasty dropped (reset) at ")
