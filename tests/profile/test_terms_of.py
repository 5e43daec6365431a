"""What of a profile the checks judge by."""

from __future__ import annotations

from chatsim.profile.reader import load_profile, read_profile
from chatsim.profile.terms_of import terms_of
from chatsim.terms import Speech, Terms


def terms(text: str) -> Terms:
    return terms_of(read_profile("profile: p\n" + text, "p.yaml"))


def test_the_terms_of_the_lines_dialect() -> None:
    found = terms_of(load_profile("lines"))

    assert found == Terms(
        framed_sent=True,
        framed_received=True,
        join_dialogue=True,
        leave_dialogue=True,
        public=Speech(possible=True, heard=True),
        whisper=Speech(possible=True, heard=True),
        room=Speech(possible=True, heard=True),
        rooms=True,
        rooms_many=True,
        notices=frozenset({"joined", "left", "dropped"}),
        room_notices=frozenset({"joined", "left"}),
        roster=True,
        roster_asked=True,
        limit_nick=32,
        limit_text=1_000_000,
        promises={"total-order": True, "causal-order": True, "unique-nicknames": True, "prompt-notices": True},
    )


def test_a_bare_profile_has_the_terms_of_the_language() -> None:
    assert terms("") == Terms(public=Speech(possible=True, heard=True))


def test_the_demands_of_a_scenario_go_before_the_promises_of_a_profile() -> None:
    found = terms_of(load_profile("lines"), {"total-order": False, "delivery": True})

    assert not found.promised("total-order")
    assert found.promised("causal-order")
    assert found.promises["delivery"]


def test_the_console_receives_where_nobody_else_does() -> None:
    console = terms_of(load_profile("nickname-console"))

    assert console.console_receives
    assert not console.others_hear
    assert console.public == Speech(possible=True, composed=True)
    assert not terms_of(load_profile("relay")).console_receives


def test_an_echo_server_is_heard_by_the_speaker_alone() -> None:
    assert terms_of(load_profile("echo")).public == Speech(possible=True, echo=True)


def test_notices_without_a_name_are_nameless() -> None:
    found = terms('notices: {joined: "somebody came", left: "{nick} left"}')

    assert found.nameless_notices == {"joined"}
    assert found.notices == {"joined", "left", "dropped"}


def test_an_operator_and_how_a_session_ends() -> None:
    found = terms_of(load_profile("operator-desk"))

    assert (found.operator, found.operator_ends) == ("waiting", True)
    assert terms("operator: {to: everyone}").operator == "everyone"


def test_a_profile_that_is_in_a_room_from_the_start_has_no_public_chat() -> None:
    found = terms('rooms: {default: lobby, enter: "/join {room}", hears: "{nick} {text}"}')

    assert found.default_room == "lobby"
    assert found.public == Speech()
    assert found.others_hear


def test_the_terms_come_back_from_a_history() -> None:
    found = terms_of(load_profile("json-lines"))

    assert Terms.from_json(found.to_json()) == found


def test_who_says_nothing_in_order_to_join_has_joined_when_connected() -> None:
    named = terms('framing: newline\nnick: assigned\njoin: [{await: "You are {nick}"}]\nhears: "{nick}: {text}"\n')
    asked = terms('framing: newline\njoin: [{await: "Who?"}, {send: "{nick}"}]\nhears: "{nick}: {text}"\n')

    assert not named.join_dialogue
    assert asked.join_dialogue
