"""What a dialogue waits for is found wherever it stands, once; lists and things answered at any time, too."""

from __future__ import annotations

from overheard import Await, Roster, SendThis, T, Talk, Voice, Whenever, lines, prompted, two_frames

from chatsim.profile.framing import Framing
from chatsim.profile.phrases import (
    Awaited,
    NoticeHeard,
    Refusal,
    RosterHeard,
    Unrecognised,
    WheneverHeard,
    Whole,
)


def test_what_came_before_it_was_awaited_is_found_at_once() -> None:
    talk = Talk(prompted())
    ear = talk.ear(joined=False)
    ear.hear(b"NICK")

    assert ear.await_([T("NICK")]) == [Awaited({}, "NICK")]

    assert ear.await_([T("NICK")]) == [], "and not found twice"


def test_a_finished_line_that_came_too_early_is_found() -> None:
    talk = Talk(lines())
    ear = talk.ear(joined=False)

    assert ear.hear(b"Hello there\nWelcome, ann!\n") == []
    assert ear.await_([T("Welcome, {nick}!")]) == [Awaited({"nick": "ann"}, "Welcome, ann!")]
    ear.await_none()
    assert ear.rest() == [Unrecognised("Hello there")]


def test_a_prompt_without_a_line_end_is_found_and_not_told_again() -> None:
    talk = Talk(lines())
    ear = talk.ear(joined=False)
    ear.await_([T("Your name? ")])

    assert ear.hear(b"Your na") == []
    assert ear.hear(b"me? ") == [Awaited({}, "Your name? ")]

    ear.await_([T("Welcome, {nick}!")])
    assert ear.hear(b"Welcome, ann!\n* bob joined\n") == [
        Awaited({"nick": "ann"}, "Welcome, ann!"),
        NoticeHeard("joined", "bob", None, "* bob joined"),
    ]
    assert ear.rest() == []


def test_an_unfinished_line_is_not_believed_where_it_may_grow() -> None:
    talk = Talk(lines(nick="assigned"))
    ear = talk.ear("", joined=False)
    ear.await_([T("You are {nick}")])

    assert ear.hear(b"You are 127.0.0.1:50") == []
    assert ear.hear(b"000\n") == [Awaited({"nick": "127.0.0.1:50000"}, "You are 127.0.0.1:50000")]


def test_a_welcome_glued_behind_a_notice_is_found() -> None:
    talk = Talk(prompted())
    data = b"ann joined the chat!Connected to the server!bob joined the chat!"
    for cut in range(len(data)):
        ear = talk.ear(joined=False)
        ear.await_([T("Connected to the server!")])

        assert ear.hear(data[:cut]) + ear.hear(data[cut:]) == [
            NoticeHeard("joined", "ann", None, "ann joined the chat!"),
            Awaited({}, "Connected to the server!"),
            NoticeHeard("joined", "bob", None, "bob joined the chat!"),
        ]


def test_another_bots_welcome_is_not_mine() -> None:
    talk = Talk(prompted())
    ear = talk.ear(joined=False)
    ear.await_([T("Welcome, {nick}!")])

    assert ear.hear(b"Welcome, bob!") == []
    assert ear.hear(b"Welcome, ann!") == [Awaited({"nick": "ann"}, "Welcome, ann!")]


def test_a_refusal_is_what_refuses_and_is_not_awaited() -> None:
    for profile, refusal in ((prompted(), b"Nickname already in use!"), (lines(), b"Nickname already in use!\n")):
        ear = Talk(profile).ear(joined=False)
        ear.await_([T("Connected to the server!")], [T("Nickname already in use!")])

        assert ear.hear(refusal) == [Refusal("Nickname already in use!")]


def test_a_refusal_that_is_awaited_is_what_was_awaited() -> None:
    ear = Talk(lines()).ear(joined=False)
    ear.await_([T("ERROR")], [T("ERROR")])

    assert ear.hear(b"ERROR\n") == [Awaited({}, "ERROR")]


def test_a_messages_front_hides_nothing_else_from_a_dialogue() -> None:
    talk = Talk(prompted())
    one = talk.said("HEAD such a long text TAIL")
    ear = talk.ear(joined=False)
    ear.hear(b"Connected to the server!" + talk.rendered(one)[:20])

    assert ear.await_([T("Connected to the server!")]) == [Awaited({}, "Connected to the server!")]
    assert ear.hear(talk.rendered(one)[20:]) == [Whole(one, "hears")]


def test_frames_of_several_are_awaited_one_by_one() -> None:
    talk = Talk(two_frames())
    ear = talk.ear(joined=False)
    ear.await_([T("hello")])

    assert ear.hear(talk.framed("hello")) == [Awaited({}, "hello")]


def test_a_list_of_names_is_an_answer_whenever_it_comes() -> None:
    talk = Talk(lines())

    assert talk.heard("Here: ann, @bob, ghost") == [RosterHeard(("ann", "bob", "ghost"), True)]


def test_names_one_a_line_are_an_answer_while_it_is_expected() -> None:
    talk = Talk(lines(roster=Roster(T("/who"), (T("- {nick}"),), (T("."),))))
    ear = talk.ear()
    assert ear.hear(b"- bob\n") == [Unrecognised("- bob")]

    ear.await_roster()

    assert ear.hear(b"- bob\n- ghost\n.\n- bob\n") == [
        RosterHeard(("bob",), False),
        RosterHeard(("ghost",), False),
        RosterHeard((), True),
        Unrecognised("- bob"),
    ]


def test_lists_that_come_in_several_lines_are_complete_at_their_end() -> None:
    talk = Talk(lines(roster=Roster(T("/who"), (T("Here: {nicks}"),), (T("That is all."),))))
    ear = talk.ear()
    ear.await_roster()

    assert ear.hear(b"Here: ann, bob\nHere: ghost\nThat is all.\n") == [
        RosterHeard(("ann", "bob"), False),
        RosterHeard(("ghost",), False),
        RosterHeard((), True),
    ]


def test_what_may_be_ignored_is_looked_for_last() -> None:
    talk = Talk(lines(ignore=(T("{*}"),)))

    assert talk.heard("Here: ann, bob", "* ann joined", "noise") == [
        RosterHeard(("ann", "bob"), True),
        NoticeHeard("joined", "ann", None, "* ann joined"),
    ]


def test_a_list_on_a_stream_waits_for_the_end_of_a_name() -> None:
    talk = Talk(prompted(roster=Roster(T("/who"), (T("Here: {nicks}"),))))
    ear = talk.ear()
    ear.await_roster()

    assert ear.hear(b"Here: ann, bo") == []
    assert [phrase.names for phrase in ear.hear(b"b") if isinstance(phrase, RosterHeard)] == [("ann", "bob")]


def test_what_is_answered_at_any_time_is_found() -> None:
    rules = (Whenever((T("PING {*}"),), T("PONG {*}")),)

    for profile in (lines(whenever=rules), prompted(whenever=(Whenever((T("PING"),), T("PONG")),))):
        heard = Talk(profile).heard("PING 17")
        assert isinstance(heard[0], WheneverHeard)
        assert heard[0].rule == 0
    assert Talk(lines(whenever=rules)).heard("PING 17") == [WheneverHeard(0, {"*": "17"})]


def test_what_is_ignored_is_passed_over() -> None:
    talk = Talk(lines(ignore=(T("Tip of the day: {*}"),)))

    assert talk.heard("Tip of the day: sleep", "", "  ") == []


def test_rest_may_be_called_again_and_later_bytes_may_come() -> None:
    for profile in (lines(), prompted()):
        talk = Talk(profile)
        one = talk.said("HEAD what is this TAIL")
        ear = talk.ear()
        ear.hear(talk.rendered(one)[:20])

        first = ear.rest()

        assert len(first) == 1
        assert ear.rest() == []
        later = ear.hear(talk.rendered(one)[20:])
        assert [phrase for phrase in later + ear.rest() if isinstance(phrase, Whole)] == []


def test_the_last_words_of_a_server_can_be_asked_for() -> None:
    for profile in (lines(), prompted(), lines(received=Framing("nul"))):
        talk = Talk(profile)
        ear = talk.ear(joined=False)
        ear.hear(talk.framed("Server is full.") + b"Bye")

        assert "Server is full." in ear.unclaimed
        assert "Bye" in ear.unclaimed
        assert ear.tail.endswith(b"Bye")


def test_a_dialogue_may_await_what_two_frames_say() -> None:
    talk = Talk(lines(join=(Await((T("A"),)), SendThis(T("x"))), public=Voice()))
    ear = talk.ear(joined=False)
    ear.await_([T("A"), T("B")])

    assert ear.hear(b"B\nA\n") == [Awaited({}, "B")]
    assert ear.await_([T("A")]) == [Awaited({}, "A")]


def test_a_notice_of_somebody_whose_name_was_not_known_yet_is_found_when_it_is() -> None:
    """Servers that give names may tell the others before we have read the name ourselves."""
    talk = Talk(lines(nick="assigned"))
    ear = talk.ear()

    assert ear.hear(b"* guest7 joined\n") == [Unrecognised("* guest7 joined")]
    assert ear.look_for_notices("* guest7 joined") == []

    talk.vocabulary.meet("guest7")
    assert ear.look_for_notices("* guest7 joined") == [NoticeHeard("joined", "guest7", None, "* guest7 joined")]


def test_so_is_one_that_a_dialogue_has_kept() -> None:
    talk = Talk(lines(nick="assigned"))
    ear = talk.ear("", joined=False)

    assert ear.hear(b"* guest7 joined\nHello there\n") == []

    talk.vocabulary.meet("guest7")
    assert ear.look_for_notices() == [NoticeHeard("joined", "guest7", None, "* guest7 joined")]
    assert ear.look_for_notices() == []
    assert ear.rest() == [Unrecognised("Hello there")]


def test_so_is_one_in_a_stream_without_frames() -> None:
    talk = Talk(prompted(nick="assigned"))
    ear = talk.ear()

    assert ear.hear(b"guest7 joined the chat!") == []

    talk.vocabulary.meet("guest7")
    assert ear.look_for_notices() == [NoticeHeard("joined", "guest7", None, "guest7 joined the chat!")]
