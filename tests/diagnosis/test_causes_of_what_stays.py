"""What a server keeps of those who have gone, and whom it throws out or leaves standing without cause."""

from __future__ import annotations

import pytest

from chatsim.checks.verdict import Evidence
from tests.checks.story import Story
from tests.diagnosis.judged import explained, failing, prints


def of_ann_bob_and_cat() -> Story:
    story = Story()
    story.join("ann", "bob", "cat")
    story.settled()
    return story


def leaking(name: str, summary: str, *witness: int) -> object:
    from dataclasses import replace

    return replace(failing(name, *witness, evidence=Evidence.PROOF, hint="The check's own."), summary=summary)


# --- leaks -----------------------------------------------------------------------------------------------------------


def cycle(story: Story, how: str = "polite", close_wait: int = 0) -> int:
    return story.note("cycle", how=how, threads=9, fds=20, close_wait=close_wait, departed=10, size=5)


def test_threads_of_those_who_went_and_were_closed_are_not_the_ones_that_read() -> None:
    story = of_ann_bob_and_cat()
    at = cycle(story)

    verdict = explained(story, leaking("no-thread-leak", "The server keeps one thread.", at))["no-thread-leak"]  # type: ignore[arg-type]
    assert verdict.hint.startswith(
        "Probably: the thread that reads from a client ends when it goes, but another thread"
    )


@pytest.mark.parametrize("why", ["close_wait", "closes-connection"])
def test_where_connections_stay_too_the_thread_that_reads_may_be_the_one(why: str) -> None:
    story = of_ann_bob_and_cat()
    at = cycle(story, close_wait=3 if why == "close_wait" else 0)
    others = [failing("closes-connection", at)] if why == "closes-connection" else []
    leak = leaking("no-thread-leak", "The server keeps one thread.", at)

    assert explained(story, leak, *others)["no-thread-leak"].hint == "The check's own."  # type: ignore[arg-type]


def test_descriptors_that_grow_while_all_connections_are_closed_are_no_connections() -> None:
    story = of_ann_bob_and_cat()
    leak = leaking("no-socket-leak", "The server keeps one file descriptor.", cycle(story))

    hint = explained(story, leak)["no-socket-leak"].hint  # type: ignore[arg-type]
    assert "It is not the connection itself" in hint


@pytest.mark.parametrize(("how", "close_wait"), [("reset", 0), ("polite", 5)])
def test_after_a_reset_or_in_close_wait_they_may_be_connections(how: str, close_wait: int) -> None:
    story = of_ann_bob_and_cat()
    leak = leaking("no-socket-leak", "The server keeps one file descriptor.", cycle(story, how, close_wait))

    assert explained(story, leak)["no-socket-leak"].hint == "The check's own."  # type: ignore[arg-type]


# --- full ------------------------------------------------------------------------------------------------------------


def refused(story: Story, *bots: str) -> int:
    index = -1
    for bot in bots:
        index = story.connect(bot)
        story.note("refused", bot, by="closed")
    return index


def test_nobody_gets_in_any_more_after_some_have_gone_so_it_counts_only_up() -> None:
    story = of_ann_bob_and_cat()
    story.drop("bob")
    came = refused(story, "dan", "eve", "fay")

    hint = explained(story, failing("lets-in", came, evidence=Evidence.PROOF))["lets-in"].hint
    assert hint.startswith("Probably: the server takes itself for full")


def test_nobody_gets_in_beside_those_who_are_there_so_it_may_be_full_by_design() -> None:
    story = of_ann_bob_and_cat()
    came = refused(story, "dan", "eve", "fay")

    hint = explained(story, failing("lets-in", came, evidence=Evidence.PROOF))["lets-in"].hint
    assert hint.startswith("Perhaps: the server takes no more than 3 clients at a time.")
    assert "`limits: {clients: 3}`" in hint


def test_one_name_that_is_refused_again_and_again_is_no_sign_of_a_full_server() -> None:
    story = of_ann_bob_and_cat()
    story.drop("bob")
    came = refused(story, "bob", "bob", "bob")

    assert explained(story, failing("lets-in", came, evidence=Evidence.PROOF))["lets-in"].hint_sure == ""


# --- thrown out ------------------------------------------------------------------------------------------------------


def of_a_speaker_thrown_out(*, spoke: bool = True) -> tuple[Story, int]:
    story = of_ann_bob_and_cat()
    story.drop("bob")
    if spoke:
        story.say("cat", "is bob gone?")
    return story, story.closed("cat")


def test_who_speaks_after_somebody_was_cut_off_and_is_thrown_out_met_the_error_of_sending() -> None:
    story, closed = of_a_speaker_thrown_out()

    hint = explained(story, failing("keeps-clients", closed, evidence=Evidence.PROOF))["keeps-clients"].hint
    assert hint.startswith("Probably: sending to bob, who had gone, raises")
    assert "bob dropped (reset); cat spoke after that, and was thrown out." in hint


def test_where_nobody_is_answered_any_more_the_lock_is_named_with_it() -> None:
    story, closed = of_a_speaker_thrown_out()
    story.connect("dan")
    story.waited(("told", "dan", "dan"), purpose="join")

    hint = explained(story, failing("keeps-clients", closed, evidence=Evidence.PROOF))["lets-in"].hint
    assert hint.startswith("Probably: sending to bob, who had gone, raises")
    assert "It held a lock, it seems" in hint
    assert "`with lock:`" in hint


def test_who_speaks_after_a_polite_goodbye_met_no_error_of_sending() -> None:
    story = of_ann_bob_and_cat()
    story.leave("bob")
    story.say("cat", "is bob gone?")
    closed = story.closed("cat")

    hint = explained(story, failing("keeps-clients", closed, evidence=Evidence.PROOF))["keeps-clients"].hint
    assert hint.startswith("Perhaps: the server closes connections of clients that are still there")


def test_who_said_nothing_did_not_and_what_it_missed_refers_to_that() -> None:
    story, closed = of_a_speaker_thrown_out(spoke=False)
    said = story.say("ann", "hello")

    verdicts = explained(
        story,
        failing("keeps-clients", closed, evidence=Evidence.PROOF, hint="The profile must say so."),
        failing("delivery", said, closed),
    )
    assert verdicts["keeps-clients"].hint.startswith("Perhaps: the server closes connections of clients")
    assert verdicts["keeps-clients"].hint.endswith("The profile must say so.")
    assert verdicts["delivery"].hint == "Perhaps this follows from what is told at keeps-clients: see there."


def test_those_who_are_thrown_out_after_the_same_silence_met_a_time_limit() -> None:
    story = of_ann_bob_and_cat()
    story.say("ann", "hello")
    story.say("bob", "hello, too")
    story.pause(2.0)
    first = story.closed("ann")
    story.closed("bob")

    hint = explained(story, failing("keeps-clients", first, evidence=Evidence.PROOF))["keeps-clients"].hint
    assert "a time limit on its socket" in hint


def test_different_silences_are_no_time_limit() -> None:
    story = of_ann_bob_and_cat()
    story.say("ann", "hello")
    story.pause(2.0)
    story.say("bob", "hello, too")
    story.pause(2.0)
    first = story.closed("ann")
    story.closed("bob")

    hint = explained(story, failing("keeps-clients", first, evidence=Evidence.PROOF))["keeps-clients"].hint
    assert "on its socket" not in hint


# --- standing still --------------------------------------------------------------------------------------------------


def test_half_a_message_before_all_stood_still_is_what_they_wait_for() -> None:
    story = of_ann_bob_and_cat()
    half = story.note("act", "cat", what="half")
    said = story.say("ann", "hello")
    waited = story.waited(("heard", "bob", "hello"))
    verdicts = explained(story, failing("no-head-of-line-blocking", half, said, waited), failing("lets-in", waited))

    assert verdicts["lets-in"].hint.startswith("Probably: the server waits for the rest of cat's message")
    assert verdicts["no-head-of-line-blocking"].hint == "The cause is likely the same as for lets-in: see there."


def of_a_lost_lock(*, thrown_out: bool = True, heard: bool = False) -> Story:
    """cat was cut off; ann, who spoke next, was thrown out; nobody is heard or let in any more."""
    story = of_ann_bob_and_cat()
    story.drop("cat")
    story.say("ann", "hello")
    if thrown_out:
        story.closed("ann")
    story.say("bob", "anybody?")
    if heard:
        story.hear("ann", "anybody?")
    story.waited(("heard", "bob", "hello"))
    story.settled("patience")
    story.connect("dan")
    story.waited(("told", "dan", "dan"), purpose="join")
    return story


def test_all_stand_still_since_one_was_cut_off_and_the_speaker_thrown_out_so_a_lock_is_lost() -> None:
    story = of_a_lost_lock()
    verdict = explained(story)["lets-in"]

    hint = next(v.hint for v in explained(story).values() if v.hint.startswith("Probably: an error with cat"))
    assert "`with lock:`" in hint
    assert verdict.hint == hint or "see there" in verdict.hint


@pytest.mark.parametrize("other", [{"thrown_out": False}, {"thrown_out": False, "heard": True}])
def test_without_a_thrown_out_speaker_or_where_people_are_heard_nobody_speaks_of_a_lock(other: dict[str, bool]) -> None:
    assert not any("lock" in v.hint for v in explained(of_a_lost_lock(**other)).values())


# --- lists -----------------------------------------------------------------------------------------------------------


def test_a_name_that_stays_in_the_list_though_all_were_told_is_kept_in_a_list_of_its_own() -> None:
    story = of_ann_bob_and_cat()
    dropped = story.drop("bob")
    story.notice("ann", "dropped", "bob")
    story.note("ask", "ann")
    listed = story.note("roster", "ann", names=["ann", "bob", "cat"], asked=True)

    hint = explained(story, failing("no-ghosts", dropped, listed, evidence=Evidence.PROOF))["no-ghosts"].hint
    assert hint.startswith("Probably: the list of who is there is kept apart from the list of clients")


# --- the end ---------------------------------------------------------------------------------------------------------


def test_a_process_that_stays_behind_is_named() -> None:
    story = of_ann_bob_and_cat()
    stop = story.server("stopping", how="SIGINT")
    left = story.server("left-behind", processes=[{"pid": 7, "command": "tail -f log"}], exited=True)

    hint = explained(story, failing("clean-exit", stop, left, evidence=Evidence.PROOF))["clean-exit"].hint
    assert hint.startswith("Surely: the server has started another process")
    assert '"tail -f log" was still there.' in hint


@pytest.mark.parametrize(("code", "said"), [(0, True), (1, False)])
def test_an_end_with_code_0_and_without_words_was_its_own_will(code: int, said: bool) -> None:
    story = of_ann_bob_and_cat()
    ended = story.server("exited", code=code, asked=False)

    hint = explained(story, failing("stays-up", ended, evidence=Evidence.PROOF))["stays-up"].hint
    assert hint.startswith("Surely: no exception ended the server") is said


def test_the_stacks_of_a_server_that_was_ended_by_force_are_read_from_what_it_printed() -> None:
    story = of_ann_bob_and_cat()
    stop = story.server("stopping", how="SIGINT")
    left = story.server("left-behind", processes=[{"pid": 7, "command": "python server.py"}], exited=False)
    prints(
        story,
        "Fatal Python error: Aborted\n"
        "Current thread 0x01 (most recent call first):\n"
        '  File "/usr/lib/python3.12/socket.py", line 295 in accept\n'
        '  File "/home/mia/server.py", line 22 in main\n'
        '  File "/home/mia/server.py", line 40 in <module>',
    )
    verdict = explained(story, failing("clean-exit", stop, left))["clean-exit"]

    assert verdict.hint.startswith("Perhaps: the main thread went on after the signal to end")
    assert verdict.hint_where == "server.py:22, in main"
