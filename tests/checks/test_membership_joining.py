"""`lets-in`: a newcomer with a free name, within the limits, comes in."""

from __future__ import annotations

from dataclasses import replace

from story import BROADCAST, Story

from chatsim.checks.membership import lets_in
from chatsim.checks.verdict import Cause, Evidence, Outcome
from chatsim.history import History


def refused(story: Story, bot: str, by: str = "no", *, nick: str | None = None, expected: bool = False) -> int:
    story.connect(bot, nick=nick)
    return story.note("refused", bot, by=by, expected=expected)


def test_where_nobody_joins_nothing_is_exercised() -> None:
    assert lets_in(History()).outcome is Outcome.NOT_EXERCISED


def test_all_who_were_told_and_present_were_let_in() -> None:
    story = Story()
    story.join("ann", "bob")

    verdict = lets_in(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 2)


def test_a_refusal_of_a_free_name_is_proof() -> None:
    story = Story()
    story.join("ann")
    story.step("join", "full.yaml:5:5", "- join: bob")
    index = refused(story, "bob", "Server full, sorry")

    verdict = lets_in(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert verdict.witness == (index - 2, index)
    assert verdict.where == "full.yaml:5:5"
    assert verdict.summary == (
        'bob wanted to join at 0.10 s. The server refused with "Server full, sorry", though the name was free.'
    )


def test_a_close_during_the_join_is_a_refusal() -> None:
    story = Story()
    story.join("ann")
    refused(story, "bob", "closed")

    assert "closed the connection before the join was done" in lets_in(story.history).summary


def test_a_refusal_that_the_scenario_wanted_is_none_of_its_business() -> None:
    story = Story()
    story.join("ann")
    refused(story, "twin", nick="ann", expected=True)

    verdict = lets_in(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)


def test_a_name_in_use_may_be_refused() -> None:
    """Finding 32: refusing is all right."""
    story = Story()
    story.join("ann")
    refused(story, "twin", "taken", nick="Ann")

    assert lets_in(story.history).outcome is Outcome.PASSED


def test_a_name_that_somebody_took_later_may_be_refused() -> None:
    story = Story()
    story.join("ann")
    story.rename("ann", "eve")
    refused(story, "twin", "taken", nick="Eve")

    assert lets_in(story.history).outcome is Outcome.PASSED


def test_a_name_whose_holder_has_gone_is_the_business_of_nickname_released() -> None:
    """Finding 31."""
    story = Story()
    story.join("ann", "bob")
    story.drop("bob")
    refused(story, "bob", "taken")

    assert lets_in(story.history).outcome is Outcome.PASSED


def test_the_limits_of_the_profile_are_respected() -> None:
    story = Story(replace(BROADCAST, limit_clients=2))
    story.join("ann")  # and the knocker
    refused(story, "bob")
    refused(story, "cat", nick="a-name-of-more-than-twelve")

    assert lets_in(story.history).outcome is Outcome.PASSED

    story = Story()
    story.join("ann")
    refused(story, "bob")
    assert lets_in(story.history).outcome is Outcome.FAILED


def test_who_cannot_connect_when_others_were_let_in_before_is_kept_out() -> None:
    story = Story()
    story.join("ann")
    story.session["bob"] = 7
    story.note("connect", "bob", bot="bob", nick="bob", number=1)
    story.note("unreachable", "bob", why="refused")

    assert lets_in(story.history).outcome is Outcome.FAILED


def test_a_server_that_nobody_could_ever_reach_is_a_run_error_and_no_verdict() -> None:
    """Finding 58."""
    story = Story()
    story.session["bob"] = 7
    story.note("connect", "bob", bot="bob", nick="bob", number=1)
    story.note("unreachable", "bob", why="refused")

    assert lets_in(story.history).outcome is Outcome.NOT_EXERCISED


def test_who_cannot_connect_while_we_have_the_server_down_is_not_kept_out() -> None:
    story = Story()
    story.join("ann")
    story.server("kill")
    story.session["bob"] = 7
    story.note("connect", "bob", bot="bob", nick="bob", number=1)
    story.note("unreachable", "bob", why="refused")

    assert lets_in(story.history).outcome is Outcome.PASSED


def test_a_refused_room_is_no_refused_join() -> None:
    story = Story()
    story.join("ann")
    story.note("refused", "ann", by="no such room", expected=False, room="cellar")

    assert lets_in(story.history).outcome is Outcome.PASSED


def test_a_join_that_is_never_finished_is_an_absence_and_needs_a_valid_wait() -> None:
    """Finding 51: connected and told are separate."""
    story = Story()
    story.join("ann")
    story.connect("bob")
    assert lets_in(story.history).outcome is Outcome.PASSED  # it may only have connected

    story.waited(("told", "bob", "bob"), purpose="join", valid=False)
    verdict = lets_in(story.history)
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, Cause.MACHINE)

    story.waited(("told", "bob", "bob"), purpose="join")
    verdict = lets_in(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.ABSENCE)
    assert verdict.summary == "bob connected at 0.09 s, but the server never finished the join."


def test_that_the_server_is_stopped_at_the_end_excuses_no_join_that_was_waited_for_in_vain_before() -> None:
    story = Story()
    story.join("ann")
    story.connect("bob")
    story.waited(("join", "bob", "bob"), purpose="join")
    story.server("stopping")
    story.closed("bob", declared="server")

    verdict = lets_in(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.ABSENCE)


def test_who_was_alone_and_did_not_hear_itself_is_let_in_all_the_same() -> None:
    story = Story()
    story.join("ann")
    story.connect("bob")
    story.told("bob")
    story.say("bob", "is that me?", kind="knock")
    story.waited(("knock", "bob", "bob"), purpose="knock")
    story.note("present", "bob", how="patience")

    assert lets_in(story.history).outcome is Outcome.PASSED


def test_who_is_told_but_never_hears_anybody_never_became_present() -> None:
    """Finding 4."""
    story = Story()
    story.join("ann")
    story.connect("bob")
    story.told("bob")
    story.waited(("knock", "bob", "bob"), purpose="knock")
    story.note("present", "bob", how="patience")

    verdict = lets_in(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.ABSENCE)
    assert "heard nobody after that" in verdict.summary


def test_a_server_that_ends_when_empty_by_design_lets_nobody_in_afterwards() -> None:
    """Finding 67."""
    story = Story(replace(BROADCAST, exits="when-empty"))
    story.join("ann")
    story.drop("ann")
    story.leave("the knocker")
    story.server("exited", code=0, asked=False)
    story.session["bob"] = 7
    story.note("connect", "bob", bot="bob", nick="bob", number=1)
    story.note("unreachable", "bob", why="refused")

    assert lets_in(story.history).outcome is Outcome.PASSED
