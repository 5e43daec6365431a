"""What a session meant, from what a proxy saw of it: literal sessions, and the same ones cut otherwise."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sessions import JOINED, PAIR, seen, steps, understood

from chatsim.checks.judge import judge
from chatsim.checks.verdict import Outcome
from chatsim.history import Header, History
from chatsim.profile.reader import load_profile, read_profile
from chatsim.profile.terms_of import terms_of
from chatsim.recording.observed import ClientSaid, Observed, ReadsAgain, ServerSaid, StopsReading
from chatsim.recording.steps import steps_of
from chatsim.recording.understanding import understand


def test_who_speaks_before_it_is_told_that_it_is_in_is_in_first() -> None:
    session = """
        ann> ann\\nhello
        ann< Welcome, ann!
    """
    assert steps(session) == ["- join: ann", '- chat: {ann: "hello"}']


def test_what_was_said_at_once_is_one_step() -> None:
    session = """
        ann> one
        bob> two
        ann> three
        bob< ann: one
        ann< bob: two
        bob< ann: three
    """
    assert steps(PAIR + session) == [*JOINED, '- chat: {ann: ["one", "three"], bob: "two"}']


def test_who_had_heard_it_answers_in_a_step_of_its_own() -> None:
    session = """
        ann> one
        ann> two
        bob< ann: one
        bob> and?
        bob< ann: two
        ann< bob: and?
    """
    assert steps(PAIR + session) == [*JOINED, '- chat: {ann: ["one", "two"]}', '- chat: {bob: "and?"}']


def test_what_is_said_when_all_have_heard_the_last_is_a_step_of_its_own() -> None:
    session = """
        ann> one
        bob< ann: one
        ann> two
        bob< ann: two
    """
    assert steps(PAIR + session) == [*JOINED, '- chat: {ann: "one"}', '- chat: {ann: "two"}']


def test_another_act_in_between_parts_what_was_said() -> None:
    session = """
        ann> one
        bob> /who
        ann> two
        bob< ann: one
        bob< ann: two
        bob< Here: ann, bob
    """
    assert steps(PAIR + session) == [*JOINED, '- chat: {ann: "one"}', "- ask: {bob: roster}", '- chat: {ann: "two"}']


def test_the_same_words_twice_are_two_messages_and_each_is_heard_once() -> None:
    session = """
        ann> hi
        ann> hi
        bob< ann: hi
        bob< ann: hi
        bob< ann: hi
    """
    heard = [note.ref for note in understood(PAIR + session).notes if note.kind == "heard"]
    assert heard == [0, 1, 0]  # the third is a copy of one of them


def test_an_unknown_command_that_is_answered_is_no_message() -> None:
    session = """
        ann> /dance
        ann< what do you mean, {nick}?
        ann> hello
        bob< ann: hello
    """
    assert steps(PAIR + session) == [
        *JOINED,
        "# ann sent what the profile does not know:",
        '- send: {ann: {raw: "/dance\\n"}}',
        '- expect: {ann: {line: "what do you mean, {{nick}}?"}}',
        '- chat: {ann: "hello"}',
    ]


def test_a_message_that_somebody_heard_is_one_whatever_its_sender_is_told() -> None:
    session = """
        ann> hello
        ann< MOTD: be kind
        bob< ann: hello
    """
    assert steps(PAIR + session)[2:] == [
        '- chat: {ann: "hello"}',
        "# ann read what the profile does not know: MOTD: be kind",
    ]


def test_a_message_that_nobody_is_there_to_hear_is_one_whatever_its_sender_is_told() -> None:
    session = """
        ann> ann
        ann< Welcome, ann!
        ann> hello
        ann< MOTD: be kind
    """
    assert '- chat: {ann: "hello"}' in steps(session)


def test_who_tries_another_name_after_an_answer_that_the_profile_does_not_know_was_refused() -> None:
    session = """
        ann> ann
        ann< Go away!
        ... 1.5
        ann> anna
        ann< Welcome, anna!
    """
    assert steps(session) == ["- join: {ann: refused}", "- join: anna"]


def test_a_message_that_gets_lost_stays_one() -> None:
    session = """
        ann> lost
        ann> found
        bob< ann: found
    """
    assert steps(PAIR + session) == [*JOINED, '- chat: {ann: ["lost", "found"]}']


def test_an_answer_with_digits_is_not_expected_again() -> None:
    session = """
        ann> /time
        ann< it is 17:45
    """
    assert steps(PAIR + session)[-2:] == [
        '- send: {ann: {raw: "/time\\n"}}',
        "# ann read what the profile does not know: it is 17:45",
    ]


def test_what_is_said_to_a_server_that_never_answers_is_not_lost() -> None:
    session = """
        ann> ann
        ann> hello?
        ann x
    """
    assert steps(session) == [
        "- connect: ann",
        "# ann sent what the profile does not know:",
        '- send: {ann: {raw: "hello?\\n"}}',
        "- drop: {ann: close}",
    ]


def test_what_one_says_who_was_refused_is_a_remark() -> None:
    session = """
        twin> ann
        twin< Sorry, the name ann is taken.
        twin> \\xff
    """
    assert steps(PAIR + session)[2:] == [
        "- join: {ann-2: refused}",
        "# ann-2, which was out already, sent what the profile does not know: \\udcff",
    ]


def test_who_was_refused_and_tries_the_same_name_again_joins() -> None:
    session = """
        ann> \\xff
        ann> ann
        ann< Sorry, the name ann is taken.
        ann> ann
        ann< Welcome, ann!
    """
    assert steps(session) == [
        "- connect: ann",
        "# ann sent what the profile does not know:",
        '- send: {ann: {hex: "ff 0a"}}',
        "- join: {ann: refused}",
        "- join: ann",
    ]


def test_nobody_is_called_by_blanks() -> None:
    session = """
        ann>  \\x20
        ann< Welcome,  !
    """
    assert understood(session).bots == {"client1": ""}


def test_bytes_that_are_no_text_are_kept_as_hex() -> None:
    assert steps(PAIR + "ann> \\xff\\xfe")[-1] == '- send: {ann: {hex: "ff fe 0a"}}'


def test_the_ways_of_going() -> None:
    session = """
        cat> cat
        cat< Welcome, cat!
        dan> dan
        dan< Welcome, dan!
        eve> eve
        eve< Welcome, eve!
        ann> /quit
        ann< Goodbye, ann.
        ann $
        ann x
        bob x
        cat !
        dan |
        eve> half of a
    """
    half = [*seen(PAIR + session)]
    half[-1] = replace(half[-1], data=b"half of a")  # type: ignore[call-arg]
    half += seen("eve !")[1:]
    half[-1] = replace(half[-1], at=9.0, client=4)  # type: ignore[call-arg]
    told = steps_of(understand(load_profile("lines"), half))

    assert [(step.verb, step.entries) for step in told][5:] == [
        ("disconnect", {"ann": None}),
        ("drop", {"bob": "close"}),
        ("drop", {"cat": "reset"}),
        ("drop", {"dan": "half-close"}),
        ("drop", {"eve": "mid-message"}),
    ]


def test_who_does_not_read_stalls_and_is_not_waited_for_until_it_reads_again() -> None:
    stalled = f"""{PAIR}
        bob zzz
        ann> one
        ann> two
    """
    again = f"""{stalled}
        bob awake
        bob< ann: one
        bob< ann: two
    """
    said = ["- stall: bob", '- chat: {ann: "one"}', '- chat: {ann: "two"}']

    assert steps(stalled) == [*JOINED, *said]
    assert steps(again) == [*JOINED, *said, "- resume: bob"]
    settled = [note.kind for note in understood(again).notes if note.kind in ("stall", "settled", "resume", "heard")]
    verdicts = {
        each.property: each.outcome
        for each in judge(understood(again).history(Header(terms=terms_of(load_profile("lines")).to_json())))
    }
    assert Outcome.FAILED not in verdicts.values()
    assert settled[-7:] == ["stall", "settled", "settled", "resume", "heard", "heard", "settled"]


def test_what_a_bot_can_not_do_while_it_does_not_read_makes_it_read_again() -> None:
    assert steps(f"{PAIR}\n bob zzz\n bob> hi\n bob> /who\n bob awake\n bob< Here: ann, bob") == [
        *JOINED,
        "- stall: bob",
        '- chat: {bob: "hi"}',
        "- resume: bob",
        "- ask: {bob: roster}",
    ]


def test_one_who_goes_while_it_does_not_read_has_gone() -> None:
    session = f"{PAIR}\n bob zzz\n bob !\n bob awake\n ann< * bob left\n ann> hi"

    assert steps(session) == [*JOINED, "- stall: bob", "- drop: {bob: reset}", '- chat: {ann: "hi"}']
    assert "resume" not in {note.kind for note in understood(session).notes}


def test_where_there_is_no_goodbye_a_close_is_one_and_a_half_close_is_none() -> None:
    session = """
        ann< NICK
        ann> ann
        ann< Connected to the server!
        bob< NICK
        bob> bob
        bob< Connected to the server!
        bob x
        ann |
    """
    told = understood(session, "prompted", end=b"")
    assert [(note.kind, note.session) for note in told.notes if note.kind == "left"] == [("left", 1)]
    assert steps(session, "prompted", end=b"") == [
        "- join: ann",
        "- join: bob",
        "- disconnect: bob",
        "- drop: {ann: half-close}",
    ]


def test_who_comes_again_is_the_same_bot_and_who_wants_a_name_in_use_is_another() -> None:
    session = """
        twin> ann
        twin< Sorry, the name ann is taken.
        twin> other
        twin< Welcome, other!
        bob> /quit
        bob $
        bob x
        bob-again> bob
        bob-again< Welcome, bob!
    """
    assert steps(PAIR + session) == [
        *JOINED,
        "- join: {ann-2: refused}",
        "- join: other",
        "- disconnect: bob",
        "- rejoin: bob",
    ]


def test_who_only_connects_is_a_client_and_who_is_closed_is_expected_to_be() -> None:
    session = """
        who $
        ann $
    """
    assert steps(PAIR + session) == [
        *JOINED,
        "- connect: client1",
        "- expect: {client1: {closed: yes}}",
        "- expect: {ann: {closed: yes}}",
    ]


def test_a_server_that_dies_is_a_remark_and_nobody_is_expected_to_be_closed() -> None:
    session = """
        ann $
        bob $
        died
    """
    assert steps(PAIR + session) == [*JOINED, "# Here the server ended by itself, with exit code 1."]


def test_notices_are_not_taken_for_messages_where_nothing_keeps_them_apart() -> None:
    session = """
        ann< NICK
        ann> ann
        ann< Connected to the server!
        bob< NICK
        bob> bob
        ann< bob joined the chat!
        bob< Connected to the server!
        ann> joined
        bob> o
        bob< ann: joined
        ann< bob: o
        bob x
        ann< bob left the chat!
    """
    told = understood(session, "prompted", end=b"")
    assert [note.kind for note in told.notes if note.session == 0 and note.kind in ("notice", "heard")] == [
        "notice",
        "heard",
        "notice",
    ]
    assert told.unknown == 0


def test_several_things_in_one_read_are_told_apart() -> None:
    session = """
        ann< NICK
        ann> ann
        ann< Connected to the server!bob joined the chat!
        bob< NICK
        bob> bob
        bob< Connected to the server!
        bob> hi
        bob> ho
        ann< bob joined the chat!bob: hibob: ho
    """
    told = understood(session, "prompted", end=b"")
    assert [note.ref for note in told.notes if note.kind == "heard"] == [0, 1]


def test_a_name_that_the_server_gives_is_the_bots_nowhere_but_on_the_wire() -> None:
    profile = read_profile(
        'profile: given\nframing: newline\nnick: assigned\njoin: [{await: "You are {nick}"}]\nhears: "{nick}: {text}"\n',
        "given.yaml",
    )
    session = """
        a< You are guest7
        b< You are guest8
        a> hello
        b< guest7: hello
    """
    told = understood(session, profile)
    assert told.bots == {"client1": "", "client2": ""}
    assert steps(session, profile) == ["- join: client1", "- join: client2", '- chat: {client1: "hello"}']
    assert [note.ref for note in told.notes if note.kind == "heard"] == [0]


@pytest.mark.parametrize("word", ["settled", "present"])
def test_nothing_is_said_to_have_settled_while_something_is_owed(word: str) -> None:
    session = """
        ann> one
        bob> two
        bob< ann: one
    """
    notes = understood(PAIR + session).notes
    said = next(at for at, note in enumerate(notes) if note.kind == "send")
    assert ("settled" in [note.kind for note in notes[said:]]) is False
    assert ("present" in [note.kind for note in notes[said:]]) is True


# --- however it is cut -----------------------------------------------------------------------------------------------------

TALK = (
    PAIR
    + """
    ann> one
    bob< ann: one
    bob> /msg ann psst
    ann< (private) bob: psst
    ann> /enter den
    ann< You are in den.
    ann> /who
    ann< Here: ann, bob
    bob> /quit
    ann< * bob left
    bob< Goodbye, bob.
"""
)


@given(st.randoms(use_true_random=False))
def test_however_the_bytes_are_cut_the_steps_are_the_same(chance) -> None:  # type: ignore[no-untyped-def]
    whole = seen(TALK)
    cut: list[Observed] = []
    for event in whole:
        if isinstance(event, ClientSaid | ServerSaid):
            at = sorted({0, len(event.data), *(chance.randrange(len(event.data) + 1) for _ in range(2))})
            cut += [replace(event, data=event.data[a:b]) for a, b in pairwise(at)]
        else:
            cut.append(event)
    lines = load_profile("lines")

    assert _plain(cut, lines) == _plain(whole, lines)


def _plain(events: list[Observed], profile) -> list[tuple[str, dict[str, object]]]:  # type: ignore[no-untyped-def]
    return [(step.verb, step.entries) for step in steps_of(understand(profile, events))]


@settings(max_examples=600)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.integers(0, 2),
            st.one_of(
                st.binary(max_size=40),
                st.just(b""),  # it stops reading, or reads again
                st.sampled_from(
                    [
                        b"ann\n",
                        b"bob\n",
                        b"Welcome, ann!\n",
                        b"hi\n",
                        b"ann: hi\n",
                        b"/who\n",
                        b"/quit\n",
                        b"* bob joined\n",
                        b"Sorry, the name ann is taken.\n",
                        b"NICK",
                        b"Connected to the server!",
                        b"Nickname already in use!",
                        b"/enter x\n",
                    ]
                ),
            ),
        ),
        max_size=30,
    ),
    st.sampled_from(["lines", "prompted", "json-lines", "header-10", "relay", "echo", "header-64", "websocket-text"]),
)
def test_any_bytes_make_steps_that_are_valid(said: list[tuple[bool, int, bytes]], name: str) -> None:
    from chatsim.recording.observed import Came
    from chatsim.recording.writing import written
    from chatsim.scenario.reader import read_scenario

    events: list[Observed] = [Came(0.0, number) for number in range(3)]
    for at, (by_client, number, data) in enumerate(said):
        if data:
            kind = ClientSaid if by_client else ServerSaid
            events.append(kind(at * 0.3, number, data))
        else:
            events.append((StopsReading if by_client else ReadsAgain)(at * 0.3, number))
    told = understand(load_profile(name), events)
    text = written(steps_of(told), told.bots, ["a comment"])

    assert len(read_scenario(text, "any.yaml").bots) == len(told.bots)
    lines = [*told.history(Header(terms=terms_of(load_profile(name)).to_json())).lines()]
    assert judge(History.read(lines))
