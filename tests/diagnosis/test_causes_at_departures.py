"""What is left undone when somebody goes, or done for ever."""

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


def missed(story: Story, bot: str, how: str = "reset") -> int:
    """It is cut off, and ann waits for the news in vain."""
    dropped = story.drop(bot, how)
    story.waited(("notice", "ann", f"dropped {bot}"), purpose="drop")
    story.settled("patience")
    return dropped


def politely(story: Story, bot: str) -> None:
    """It leaves, and all are told."""
    story.leave(bot)
    for other in {"ann", "bob", "cat"} - {bot}:
        story.notice(other, "left", bot)
    story.settled()


# --- cleanup after the loop ------------------------------------------------------------------------------------------


def test_missed_when_cut_off_but_not_when_polite_is_cleanup_after_the_loop() -> None:
    story = of_ann_bob_and_cat()
    politely(story, "cat")
    missed(story, "bob")

    verdict = explained(story)["drop-notice"]
    assert verdict.hint.startswith("Probably: the loop that serves a client ends by an exception")
    assert "`finally`" in verdict.hint
    assert "notices: {dropped" not in verdict.hint


def test_without_a_polite_leaver_to_compare_it_is_less_sure_and_the_profile_is_named() -> None:
    story = of_ann_bob_and_cat()
    missed(story, "bob")

    verdict = explained(story)["drop-notice"]
    assert verdict.hint.startswith("Perhaps: ")
    assert "write `notices: {dropped: no}` into the profile" in verdict.hint


def test_who_missed_the_polite_one_too_is_told_that_nobody_is_ever_told() -> None:
    story = of_ann_bob_and_cat()
    story.leave("cat")
    story.waited(("notice", "ann", "left cat"), purpose="leave")
    story.settled("patience")
    missed(story, "bob")

    verdicts = explained(story)
    assert verdicts["leave-notice"].hint.startswith("Probably: the server tells nobody when somebody goes.")
    assert "If nobody is to be told, write `notices: {left: no}` there." in verdicts["leave-notice"].hint
    assert verdicts["drop-notice"].hint == "The cause is likely the same as for leave-notice: see there."


def test_a_close_raises_nothing_so_it_is_no_exception() -> None:
    story = of_ann_bob_and_cat()
    politely(story, "cat")
    missed(story, "bob", "close")

    verdict = explained(story)["drop-notice"]
    assert "ends by an exception" not in verdict.hint
    assert verdict.hint.startswith("Probably: the end of a connection is not taken for leaving.")


def test_that_some_were_told_means_that_it_is_done() -> None:
    story = of_ann_bob_and_cat()
    story.drop("bob")
    story.notice("cat", "dropped", "bob")
    story.waited(("notice", "ann", "dropped bob"), purpose="drop")
    story.settled("patience")

    assert explained(story)["drop-notice"].hint_sure == ""


@pytest.mark.parametrize("order", [("bob", "cat"), ("cat", "bob")])
def test_told_of_who_is_cut_off_and_not_of_who_closes_means_that_the_end_is_not_seen(order: tuple[str, str]) -> None:
    closing, cut_off = order
    story = of_ann_bob_and_cat()
    story.drop(cut_off)
    story.notice("ann", "dropped", cut_off)
    story.settled()
    missed(story, closing, "close")

    verdict = explained(story)["drop-notice"]
    assert verdict.hint.startswith("Surely: the end of a connection is not taken for leaving.")


def test_told_of_goodbyes_alone_means_that_only_the_quit_word_is_leaving() -> None:
    story = of_ann_bob_and_cat()
    story.join("dan")
    politely(story, "dan")
    missed(story, "cat", "close")
    missed(story, "bob")

    verdict = explained(story)["drop-notice"]
    assert verdict.hint.startswith("Probably: what is to be done when somebody goes is done only where the goodbye is")


def test_a_name_that_came_back_is_not_taken_for_the_news_of_the_one_before() -> None:
    story = of_ann_bob_and_cat()
    politely(story, "cat")
    missed(story, "bob")
    story.join("bob")
    story.drop("bob", "close")
    story.notice("ann", "dropped", "bob")
    story.settled()

    assert "ends by an exception" in explained(story)["drop-notice"].hint


# --- names and sockets -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [True, False])
def test_a_name_that_stays_taken_though_all_were_told_is_in_a_table_of_its_own(told: bool) -> None:
    story = of_ann_bob_and_cat()
    dropped = story.drop("bob")
    if told:
        story.notice("ann", "dropped", "bob")
    refused = story.note("refused", "bob", by="Sorry, that name is taken.", expected=False)

    verdict = explained(story, failing("nickname-released", dropped, refused))["nickname-released"]
    assert ("Surely: " in verdict.hint) is told
    assert ("the table of names" in verdict.hint) is told


def test_who_is_refused_because_the_server_is_full_is_not_refused_for_its_name() -> None:
    story = of_ann_bob_and_cat()
    dropped = story.drop("bob")
    story.notice("ann", "dropped", "bob")
    refused = story.note("refused", "bob", by="Sorry, we are full.", expected=False)

    assert (
        "table of names"
        not in explained(story, failing("nickname-released", dropped, refused))["nickname-released"].hint
    )


def test_a_socket_that_stays_though_all_were_told_was_only_not_closed() -> None:
    story = of_ann_bob_and_cat()
    dropped = story.drop("bob", "close")
    story.notice("ann", "dropped", "bob")
    story.settled()
    look = story.note("look", number=3)

    verdict = explained(story, failing("closes-connection", dropped, look))["closes-connection"]
    assert verdict.hint.startswith("Surely: the server sees that a client goes, but never closes its socket.")


def test_where_its_loop_still_goes_round_closing_is_not_what_was_forgotten() -> None:
    story = of_ann_bob_and_cat()
    dropped = story.drop("bob", "close")
    story.notice("ann", "dropped", "bob")
    look = story.note("look", number=3)
    spinning_since(story, dropped)

    verdict = explained(story, failing("closes-connection", dropped, look))["closes-connection"]
    assert "never closes its socket" not in verdict.hint


def test_an_end_that_nobody_was_told_of_and_that_is_not_closed_was_not_seen() -> None:
    story = of_ann_bob_and_cat()
    dropped = missed(story, "bob", "close")
    look = story.note("look", number=3)

    verdicts = explained(story, failing("closes-connection", dropped, look))
    assert verdicts["drop-notice"].hint.startswith("Probably: the end of a connection is not taken for leaving.")
    assert verdicts["closes-connection"].hint == "The cause is likely the same as for drop-notice: see there."


# --- spinning --------------------------------------------------------------------------------------------------------


def spinning_since(story: Story, departed: int) -> dict[str, object]:
    rest = story.note("rest", number=1, seconds=0.05, load=1.0, top=[["server", 1.0]], cpu_only=False, foreign=0.0)
    last = story.note("rest", number=2, seconds=0.05, load=1.0, top=[["server", 1.0]], cpu_only=False, foreign=0.0)
    return {"no-spin": failing("no-spin", departed, rest, last, evidence=Evidence.PROOF)}


@pytest.mark.parametrize(
    ("hows", "cause"),
    [
        (["reset"], "a loop goes round without ever waiting"),
        (["close"], "does not see the end of bob's connection"),
        (["half-close"], "does not see the end of bob's connection"),
        (["close", "reset"], "the loop that reads goes on after the connection has ended"),
    ],
)
def test_how_they_went_tells_why_it_spins(hows: list[str], cause: str) -> None:
    story = of_ann_bob_and_cat()
    departed = -1
    for bot, how in zip(("cat", "bob")[-len(hows) :], hows, strict=True):
        story.note("fault", load=0.02)
        departed = story.drop(bot, how)
    spin = spinning_since(story, departed)

    verdict = explained(story, *spin.values())["no-spin"]  # type: ignore[arg-type]
    assert verdict.hint.startswith(f"Probably: {cause}") or cause in verdict.hint.split("\n")[0]


def test_who_said_goodbye_is_not_suspected_of_a_spin() -> None:
    story = of_ann_bob_and_cat()
    politely(story, "cat")
    story.note("fault", load=0.02)
    spin = spinning_since(story, story.drop("bob"))

    assert "since bob went, a loop goes round" in explained(story, *spin.values())["no-spin"].hint  # type: ignore[arg-type]


def test_a_spin_since_a_reset_that_nobody_was_told_of_is_an_exception_that_is_swallowed() -> None:
    story = of_ann_bob_and_cat()
    story.note("fault", load=0.02)
    dropped = missed(story, "bob")
    spin = spinning_since(story, dropped)

    verdict = explained(story, *spin.values())["drop-notice"]  # type: ignore[arg-type]
    assert verdict.hint.startswith("Probably: an exception is caught inside the loop that reads")


def test_a_spin_since_a_reset_for_which_all_was_done_may_be_any_loop() -> None:
    story = of_ann_bob_and_cat()
    story.note("fault", load=0.02)
    dropped = story.drop("bob")
    story.notice("ann", "dropped", "bob")
    story.notice("cat", "dropped", "bob")
    spin = spinning_since(story, dropped)

    verdict = explained(story, *spin.values())["no-spin"]  # type: ignore[arg-type]
    assert verdict.hint_sure == "perhaps"
    assert "one that looks for those who have gone" in verdict.hint


@pytest.mark.parametrize("load", [0.9, None])
def test_who_was_as_busy_before_anybody_went_does_not_spin_because_of_that(load: float | None) -> None:
    story = of_ann_bob_and_cat()
    story.note("fault", load=load)
    spin = spinning_since(story, story.drop("bob"))

    assert explained(story, *spin.values())["no-spin"].hint_sure == ""  # type: ignore[arg-type]


def test_a_spin_that_nobodys_departure_began_has_no_such_cause() -> None:
    story = of_ann_bob_and_cat()
    first = story.note("rest", number=1, seconds=0.05, load=1.0, top=[], cpu_only=False, foreign=0.0)

    verdict = explained(story, failing("no-spin", first, first, hint="Wait for events."))["no-spin"]
    assert verdict.hint == "Wait for events."


SPIED = """\
Process 4711: python server.py
Python v3.12.3 (/usr/bin/python3.12)

Thread 4711 (idle): "MainThread"
    accept (socket.py:295)
    <module> (server.py:64)
Thread 4712 (idle): "Thread-1 (handle)"
    handle (server.py:29)
Thread 4713 (active): "Thread-2 (handle)"
    handle (server.py:33)
"""


def test_the_spinning_line_is_that_of_the_thread_at_work() -> None:
    story = of_ann_bob_and_cat()
    story.note("fault", load=0.02)
    spin = spinning_since(story, story.drop("bob"))
    story.note("stacks", text=SPIED, by="py-spy", why="spin")

    assert explained(story, *spin.values())["no-spin"].hint_where == "server.py:33, in handle"  # type: ignore[arg-type]


def test_where_two_places_may_spin_none_is_named() -> None:
    dump = (
        "Thread 0x01 (most recent call first):\n"
        '  File "/home/mia/server.py", line 33 in handle\n\n'
        "Thread 0x02 (most recent call first):\n"
        '  File "/home/mia/server.py", line 50 in keep_alive\n\n'
    )
    story = of_ann_bob_and_cat()
    story.note("fault", load=0.02)
    spin = spinning_since(story, story.drop("bob"))
    story.note("stacks", text=dump, by="faulthandler", why="spin")

    assert explained(story, *spin.values())["no-spin"].hint_where == ""  # type: ignore[arg-type]


def test_the_same_error_printed_over_and_over_is_surely_swallowed() -> None:
    story = of_ann_bob_and_cat()
    missed(story, "bob")
    prints(story, "Error: [Errno 104] Connection reset by peer\n" * 30, stream="stdout")
    story.settled("patience")

    verdict = explained(story)["drop-notice"]
    assert verdict.hint.startswith("Surely: an exception is caught inside the loop")


def test_an_empty_message_over_and_over_is_the_end_of_a_connection() -> None:
    story = of_ann_bob_and_cat()
    story.drop("bob", "close")
    story.note("unrecognised", "ann", text="bob: \n" * 40)
    story.note("flooded", "ann", bytes=2**24, surplus=0)

    verdict = explained(story)["no-creation"]
    assert verdict.hint.startswith("Surely: the server takes the end of bob's connection for an empty message")
    assert '"bob:", over and over' in verdict.hint


def test_a_flood_that_names_nobody_who_went_is_not_explained() -> None:
    story = of_ann_bob_and_cat()
    story.drop("bob", "close")
    story.note("unrecognised", "ann", text="tick\n" * 40)
    story.note("flooded", "ann", bytes=2**24, surplus=0)

    assert explained(story)["no-creation"].hint_sure == ""
