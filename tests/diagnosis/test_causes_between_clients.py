"""What one client does to others: those who come after it, stand behind it, or wait for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatsim.checks.verdict import Evidence
from tests.checks.story import BROADCAST, Story, promising
from tests.diagnosis.judged import explained, failing, prints

MAIN_READS = """\
Thread 0x01 (most recent call first):
  File "/home/mia/server.py", line 24 in main
  File "/home/mia/server.py", line 40 in <module>
"""
MAIN_ACCEPTS = """\
Thread 0x01 (most recent call first):
  File "/usr/lib/python3.12/socket.py", line 295 in accept
  File "/home/mia/server.py", line 22 in main
  File "/home/mia/server.py", line 40 in <module>
"""


# --- newcomers -------------------------------------------------------------------------------------------------------


def of_a_silent_one(stacks: str = "") -> Story:
    """shy has only connected; bob comes after it, and is never answered."""
    story = Story()
    story.join("ann")
    story.step("connect", text="- connect: shy")
    story.connect("shy")
    story.note("step", number=1, verb="join", place="story.yaml:4:5", text="- join: bob", phase="begin", bots=["bob"])
    story.connect("bob")
    story.waited(("told", "bob", "bob"), purpose="join")
    if stacks:
        story.note("stacks", text=stacks, by="faulthandler", why="hung")
    return story


def test_a_silent_newcomer_before_whom_all_got_in_holds_up_the_next() -> None:
    verdict = explained(of_a_silent_one())["lets-in"]

    assert verdict.hint.startswith("Probably: the server waits for what shy has to say before it lets in anybody else")


def test_the_line_in_which_the_main_thread_reads_makes_it_sure() -> None:
    verdict = explained(of_a_silent_one(MAIN_READS))["lets-in"]

    assert (verdict.hint_sure, verdict.hint_where) == ("surely", "server.py:24, in main")


def test_a_main_thread_that_accepts_is_not_the_one_that_waits() -> None:
    assert explained(of_a_silent_one(MAIN_ACCEPTS))["lets-in"].hint_where == ""


def test_where_nobody_is_silent_nobody_is_said_to_be() -> None:
    story = Story()
    story.join("ann", "cat")
    story.connect("bob")
    story.waited(("told", "bob", "bob"), purpose="join")

    assert explained(story)["lets-in"].hint_sure == ""


def of_a_hasty_one(printed: str = "") -> Story:
    story = Story()
    story.join("ann")
    story.connect("hasty")
    story.drop("hasty")
    if printed:
        prints(story, printed)
    story.connect("bob")
    story.waited(("told", "bob", "bob"), purpose="join")
    return story


def test_nobody_after_one_who_broke_off_means_an_accept_loop_that_ended() -> None:
    verdict = explained(of_a_hasty_one())["lets-in"]

    assert verdict.hint.startswith("Probably: an error with hasty, who broke off before it had joined, ended the loop")


def test_a_traceback_shows_where_the_accept_loop_ended() -> None:
    trace = (
        "Traceback (most recent call last):\n"
        '  File "/home/mia/server.py", line 40, in <module>\n    main()\n'
        '  File "/home/mia/server.py", line 24, in main\n    nick = connection.recv(1024)\n'
        "ConnectionResetError: [Errno 104] Connection reset by peer"
    )
    verdict = explained(of_a_hasty_one(trace))["lets-in"]

    assert verdict.hint_sure == "surely"
    assert verdict.hint.endswith("Look at: server.py:24, in main: nick = connection.recv(1024)")


def test_somebody_who_came_in_since_shows_that_the_loop_goes_on() -> None:
    story = Story()
    story.join("ann")
    story.connect("hasty")
    story.drop("hasty")
    story.join("cat")
    story.connect("bob")
    story.waited(("told", "bob", "bob"), purpose="join")

    assert "ended the loop" not in explained(story)["lets-in"].hint


@pytest.mark.parametrize(("threads", "told"), [(1, True), (3, False)])
def test_never_two_at_once_is_one_at_a_time_unless_there_are_threads(threads: int, told: bool) -> None:
    story = Story(replace(BROADCAST, knock=False))
    story.connect("ann")
    story.told("ann")
    story.connect("bob")
    story.waited(("told", "bob", "bob"), purpose="join")
    story.note("facts", threads=threads)

    assert ("serves one client at a time" in explained(story)["lets-in"].hint) is told


# --- slow readers ----------------------------------------------------------------------------------------------------


def of_a_slow_reader(threads: int = 4, stacks: str = "") -> tuple[Story, int, int]:
    story = Story()
    story.join("ann", "bob", "slow")
    story.settled()
    stalled = story.note("stall", "slow")
    story.say("ann", "still there?")
    story.note("facts", threads=threads, during="stall")
    waited = story.waited(("heard", "bob", "still there?"))
    if stacks:
        story.note("stacks", text=stacks, by="faulthandler", why="hung")
    return story, stalled, waited


def blocked(stalled: int, waited: int) -> object:
    return failing("no-head-of-line-blocking", stalled, waited)


def test_a_slow_reader_holds_up_whoever_sends() -> None:
    story, *at = of_a_slow_reader()

    verdict = explained(story, blocked(*at))["no-head-of-line-blocking"]  # type: ignore[arg-type]
    assert verdict.hint.startswith("Probably: sending to all waits until a client that does not read")
    assert "hold no lock while you send" in verdict.hint


def test_without_threads_it_holds_up_the_loop() -> None:
    story, *at = of_a_slow_reader(threads=1)

    verdict = explained(story, blocked(*at))["no-head-of-line-blocking"]  # type: ignore[arg-type]
    assert "the loop that serves all waits" in verdict.hint
    assert "thread" not in verdict.hint


def test_the_line_that_sends_makes_it_sure() -> None:
    dump = 'Thread 0x01 (most recent call first):\n  File "/home/mia/server.py", line 17 in broadcast\n'
    story, *at = of_a_slow_reader(stacks=dump)

    verdict = explained(story, blocked(*at))["no-head-of-line-blocking"]  # type: ignore[arg-type]
    assert (verdict.hint_sure, verdict.hint_where) == ("surely", "server.py:17, in broadcast")


def test_half_a_message_is_no_slow_reader() -> None:
    story = Story()
    story.join("ann", "bob")
    acted = story.note("act", "bob", what="half")
    waited = story.waited()

    assert (
        "does not read"
        not in explained(story, failing("no-head-of-line-blocking", acted, waited))["no-head-of-line-blocking"].hint
    )


# --- passed over -----------------------------------------------------------------------------------------------------


def of_a_gap(missing: str, *, later: bool = True) -> Story:
    """ann, bob, cat and dan joined in this order; bob left, and of the next message one hears nothing."""
    story = Story()
    story.join("ann", "bob", "cat", "dan", "eve")
    story.settled()
    story.leave("bob")
    for other in ("ann", "cat", "dan", "eve"):
        story.notice(other, "left", "bob")
    story.settled()
    story.say("ann", "where is bob?")
    story.all_hear("where is bob?", *({"cat", "dan", "eve"} - {missing}))
    story.waited(("heard", missing, "where is bob?"))
    story.settled("patience")
    if later:
        story.say("ann", "gone, it seems")
        story.all_hear("gone, it seems", "cat", "dan", "eve")
        story.settled()
    return story


def test_who_stood_behind_a_leaver_was_passed_over() -> None:
    verdict = explained(of_a_gap("cat"))["delivery"]

    assert verdict.hint.startswith("Probably: bob was taken out of a list while a loop went through that list")
    assert "cat, who had joined right after bob" in verdict.hint


def gone_wrong(*lost: str, of: tuple[str, ...] = ("cat", "dan")) -> Story:
    """ann and bob were there before these; bob closes, and of the next message these hear nothing."""
    story = Story()
    story.join("ann", "bob", *of)
    story.settled()
    story.drop("bob", "close")
    for other in ("ann", *of):
        story.notice(other, "dropped", "bob")
    story.settled()
    story.say("ann", "where is bob?")
    story.all_hear("where is bob?", *(bot for bot in of if bot not in lost))
    story.waited(*(("heard", bot, "where is bob?") for bot in lost))
    story.settled("patience")
    return story


def test_all_who_stood_behind_the_dead_missed_it_because_the_sending_ended_there() -> None:
    verdict = explained(gone_wrong("cat", "dan"))["delivery"]

    assert verdict.hint.startswith("Probably: sending to bob, who had gone, raises and ends the loop that sends")


def test_where_only_one_stood_behind_both_are_told_and_neither_surely() -> None:
    verdict = explained(gone_wrong("cat", of=("cat",)))["delivery"]

    assert verdict.hint.startswith("Perhaps: the loop that sends to all goes wrong at bob")
    assert "list(clients)" in verdict.hint and "catch OSError" in verdict.hint


# --- lists and names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("notices", [1, 2])
def test_who_gets_messages_and_notices_twice_is_listed_twice(notices: int) -> None:
    story = Story()
    story.join("ann")
    for _ in range(2):
        story.hear("ann", "knock 0")
    story.join("bob")
    for _ in range(notices):
        story.notice("ann", "joined", "bob")
    story.hear("ann", "knock 1")
    story.hear("ann", "knock 1")
    story.say("bob", "hello")
    story.all_hear("hello", "ann", "ann")
    story.settled()

    verdict = explained(story)["no-duplication"]
    assert ("stands in the list of clients twice" in verdict.hint) is (notices == 2)


@pytest.mark.parametrize("name", ["cat", "bob"])
def test_the_name_of_the_last_newcomer_is_the_one_variable_for_all(name: str) -> None:
    story = Story()
    story.join("ann", "bob", "cat")
    story.say("ann", "hello")
    story.all_hear("hello", "bob", "cat")
    story.named("bob", "hello", name)
    story.settled()

    assert ("one variable for all" in explained(story)["attribution"].hint) is (name == "cat")


@pytest.mark.parametrize(("shared", "said"), [(True, "never `pop()`"), (False, "in the loop that reads them")])
def test_the_order_of_one_client_is_lost_in_a_read_or_between_threads(shared: bool, said: str) -> None:
    story = Story()
    story.join("ann", "bob")
    story.say("ann", "one", shared=shared)
    story.say("ann", "two", shared=shared)
    story.all_hear("two", "bob")
    story.all_hear("one", "bob")
    story.settled()

    verdict = explained(story)["fifo-order"]
    assert said in verdict.hint and verdict.hint_sure == "perhaps"


@pytest.mark.parametrize(("missing", "later"), [("dan", True), ("cat", False)])
def test_anybody_else_and_who_hears_nothing_any_more_was_not(missing: str, later: bool) -> None:
    assert explained(of_a_gap(missing, later=later))["delivery"].hint_sure == ""


# --- orders ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"threads": 5, "runtimes": ["python"]}, "Probably: two threads send to all clients at the same time"),
        ({"threads": 1, "runtimes": ["python"]}, "Perhaps: while one message is being sent to all"),
        ({"threads": 11, "runtimes": ["node"]}, "Perhaps: while one message is being sent to all"),
    ],
)
def test_threads_are_spoken_of_where_there_are_some(facts: dict[str, object], said: str) -> None:
    story = Story(promising("total-order"))
    story.join("ann", "bob")
    first = story.note("facts", **facts)

    verdict = explained(story, failing("total-order", first, evidence=Evidence.PROOF))["total-order"]
    assert verdict.hint.startswith(said)
    assert ("thread" in verdict.hint) is (facts["threads"] == 5)


def test_where_the_server_tells_of_nobody_two_of_each_message_may_be_two_places_that_send() -> None:
    story = Story(replace(BROADCAST, notices=frozenset()))
    story.join("ann", "bob")
    story.settled()
    at = -1
    for text in ("hello", "anybody?"):
        story.say("ann", text)
        story.hear("bob", text)
        at = story.hear("bob", text)
    story.hear("bob", "knock 0")
    story.settled()

    hint = explained(story, failing("no-duplication", at, evidence=Evidence.PROOF))["no-duplication"].hint
    assert hint.startswith("Perhaps: a client stands in the list of clients twice")
    assert "Or two places in the server send each message." in hint
