"""A server that ends is failed for that, once: what nobody was there to do any more is not counted against it again."""

from __future__ import annotations

from gathering import Gathering

from chatsim.checks.judge import judge
from chatsim.checks.verdict import Outcome, Verdict

EVERYTHING = ("everything",)


def of_three() -> Gathering:
    story = Gathering()
    story.join("ann", "bob", "cat")
    story.settled()
    return story


def dies_of_a_drop(story: Gathering) -> int:
    story.drop("bob")
    for bot in ("cat", "ann"):
        story.closed(bot)
    return story.server("exited", code=1, asked=False)


def goes_on_in_vain(story: Gathering) -> None:
    """The notice, a message and a newcomer are waited for."""
    story.waited(("notice", "ann", "left bob"), ("notice", "cat", "left bob"), purpose="drop")
    story.settled("patience")
    story.say("ann", "anybody?")
    story.waited(("message", "cat", "anybody?"), purpose="chat")
    story.settled("patience")
    story.session["dan"] = 99
    story.note("connect", "dan", bot="dan", nick="dan", number=1)
    story.note("unreachable", "dan", why="connection refused")
    story.settled()
    story.ended()


def verdicts(story: Gathering, *names: str) -> dict[str, Verdict]:
    return {verdict.property: verdict for verdict in judge(story.history, names or EVERYTHING)}


def failing(judged: dict[str, Verdict]) -> set[str]:
    return {name for name, verdict in judged.items() if verdict.outcome is Outcome.FAILED}


def test_only_its_end_is_counted_against_it() -> None:
    story = of_three()
    dies_of_a_drop(story)
    goes_on_in_vain(story)

    judged = verdicts(story)
    assert failing(judged) == {"stays-up"}
    assert judged["drop-notice"].outcome is Outcome.NOT_EXERCISED
    assert judged["drop-notice"].summary == (
        "The server ended at 0.22 s, before it was put to the test: see `stays-up`."
    )
    assert judged["lets-in"].outcome is Outcome.PASSED
    assert judged["lets-in"].summary == (
        "All 3 who joined were let in. Judged up to the server's end at 0.22 s: see `stays-up`."
    )


def test_what_was_wrong_before_its_end_still_counts() -> None:
    story = of_three()
    story.say("ann", "hello")
    story.hear("bob", "hello")
    wait = story.waited(("message", "cat", "hello"), purpose="chat")
    story.settled("patience")
    dies_of_a_drop(story)
    goes_on_in_vain(story)

    judged = verdicts(story)
    assert failing(judged) == {"stays-up", "delivery"}
    assert judged["delivery"].witness[-1] == wait


def test_what_was_proved_is_proved_whenever_it_was_heard() -> None:
    story = of_three()
    story.say("ann", "hello")
    story.all_hear("hello", "bob", "cat")
    dies_of_a_drop(story)
    story.hear("cat", "hello")
    story.settled()

    assert failing(verdicts(story)) == {"stays-up", "no-duplication"}


def test_a_server_does_not_excuse_itself_where_its_end_is_not_judged() -> None:
    story = of_three()
    dies_of_a_drop(story)
    goes_on_in_vain(story)

    assert failing(verdicts(story, "drop-notice", "lets-in")) == {"drop-notice", "lets-in"}


def test_who_was_turned_away_while_it_was_dying_met_its_end() -> None:
    story = of_three()
    story.drop("bob")
    story.connect("dan")
    story.note("refused", "dan", by="closed", expected=False)
    story.server("exited", code=1, asked=False)
    story.ended()

    assert failing(verdicts(story)) == {"stays-up"}


def test_who_was_turned_away_while_it_still_served_others_was_not() -> None:
    story = of_three()
    story.connect("dan")
    story.note("refused", "dan", by="closed", expected=False)
    story.say("ann", "hello")
    story.all_hear("hello", "bob", "cat")
    story.server("exited", code=1, asked=False)
    story.ended()

    assert failing(verdicts(story)) == {"stays-up", "lets-in"}


def test_the_witness_is_its_end_and_not_that_nobody_can_connect_any_more() -> None:
    story = of_three()
    dropped = story.drop("bob")
    story.session["dan"] = 99
    story.note("connect", "dan", bot="dan", nick="dan", number=1)
    story.note("unreachable", "dan", why="connection refused")
    exited = story.server("exited", code=1, asked=False)

    assert verdicts(story)["stays-up"].witness[-1] == exited
    assert dropped < exited


def test_a_server_that_takes_nobody_any_more_and_ends_much_later_is_failed_for_the_first() -> None:
    story = of_three()
    story.session["dan"] = 99
    story.note("connect", "dan", bot="dan", nick="dan", number=1)
    unreachable = story.note("unreachable", "dan", why="connection refused")
    story.say("ann", "hello")
    story.all_hear("hello", "bob", "cat")
    story.server("exited", code=1, asked=False)

    assert verdicts(story)["stays-up"].witness == (unreachable,)


def test_what_was_known_before_an_index_is_a_history_of_its_own() -> None:
    story = of_three()
    length = len(story.history)
    story.drop("bob")

    earlier = story.history.until(length)
    assert [entry.kind for entry in earlier] == [entry.kind for entry in story.history][:length]
    assert earlier.messages == story.history.messages
    earlier.note(9.0, "note", text="apart")
    assert story.history[length].kind == "drop"
