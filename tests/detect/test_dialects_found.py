"""What `detect` makes of right chats in many dialects, each from what it can see alone: nobody reads their source.

The whole of it is played in virtual time, the proof at the end included.
"""

from __future__ import annotations

import pytest
from dialects import (
    Addresses,
    Assigned,
    AtAPath,
    Coloured,
    CountsInNotices,
    CutsNames,
    Datagrams,
    DiesOfPlainText,
    EchoesOneTakesTheFirstForAName,
    EchoesOnly,
    EndsWhenItListens,
    EndsWithTheSecond,
    Floods,
    HarmedByResets,
    Headers,
    Hostile,
    Hurries,
    LooksLate,
    Menu,
    NameFirst,
    Nul,
    Numbered,
    Objects,
    OverWebSocket,
    PassesObjectsOn,
    PassesOn,
    Prompt,
    Remembers,
    ServesTwo,
    ShoutsNames,
    Ticks,
    Verbs,
)
from simulated_rooms import Room, detected

from chatsim.detect.hints import Hints
from chatsim.detect.playing import Played
from chatsim.errors import ServerError
from chatsim.profile.reader import read_profile

FOUND: list[tuple[type[Room], str]] = [
    (
        Prompt,
        """
        framing: {sent: none, received: newline}
        join: [{await: "Enter your name: "}, {send: "{nick}"}, {await: "Welcome to the chat, {nick}!"}]
        says: "{text}"
        hears: "[{nick}] {text}"
        echo: no
        joined: "*** {nick} joined the chat ***"
        left: "*** {nick} left the chat ***"
        """,
    ),
    (
        NameFirst,
        """
        framing: newline
        join: [{send: "{nick}"}, {await: "{nick} has joined"}]
        refuses: "The name {nick} is already taken"
        says: "{text}"
        hears: "<{nick}> {text}"
        echo: yes
        joined: "{nick} has joined"
        left: "{nick} has left"
        leave: [{send: "/quit"}, {await: "Goodbye!"}]
        """,
    ),
    (
        Assigned,
        """
        framing: newline
        nick: assigned
        join: [{await: "You are {nick}"}]
        hears: "{nick}: {text}"
        joined: "{nick} has come"
        left: "{nick} has gone"
        """,
    ),
    (
        Addresses,
        """
        framing: none
        nick: "{ip}:{client-port}"
        hears: "{nick} says {text}"
        """,
    ),
    (
        Objects,
        """
        framing: json-lines
        join: [{send: '{"type": "login", "username": "{nick}"}'}, {await: '{"type": "welcome", "user": "{nick}"}'}]
        says: '{"type": "message", "text": "{text}"}'
        hears: '{"type": "message", "from": "{nick}", "text": "{text}"}'
        joined: '{"type": "joined", "user": "{nick}"}'
        left: '{"type": "left", "user": "{nick}"}'
        """,
    ),
    (
        Headers,
        """
        framing: {digits: 10, align: left}
        join: [{send: "{nick}"}, {await: "Hello {nick}"}]
        hears: "{nick}: {text}"
        """,
    ),
    (
        Nul,
        """
        framing: nul
        join: [{send: "{nick}"}, {await: "Hi {nick}"}]
        hears: "{nick}: {text}"
        """,
    ),
    (
        Verbs,
        """
        framing: newline
        join: [{send: "JOIN {nick}"}, {await: "OK"}]
        says: "MSG {text}"
        hears: "MSG {nick} {text}"
        joined: "JOINED {nick}"
        left: "LEFT {nick}"
        """,
    ),
    (
        OverWebSocket,
        """
        transport: websocket
        join: [{send: '{"type": "login", "username": "{nick}"}'}, {await: '{"type": "welcome", "user": "{nick}"}'}]
        says: '{"type": "message", "text": "{text}"}'
        hears: '{"type": "message", "from": "{nick}", "text": "{text}"}'
        """,
    ),
    (
        Datagrams,
        """
        transport: udp
        join: [{send: "{nick}"}, {await: "Welcome to the chat, {nick}!"}]
        hears: "[{nick}] {text}"
        joined: "*** {nick} joined the chat ***"
        """,
    ),
    (
        AtAPath,
        """
        start: {command: "simulated {socket}"}
        transport: unix
        join: [{send: "{nick}"}, {await: "{nick} has joined"}]
        hears: "<{nick}> {text}"
        """,
    ),
    (
        PassesOn,
        """
        framing: none
        says: "{nick}: {text}"
        hears: "{nick}: {text}"
        # Not tried, only guessed:
        """,
    ),
]  # fmt: skip


def lines_of(profile: str) -> list[str]:
    """Without what was seen."""
    return [line.split("  # ")[0].strip() for line in profile.splitlines()]


@pytest.mark.parametrize(("house", "expected"), FOUND, ids=[house.__name__ for house, _ in FOUND])
def test_what_is_found_has_these_keys_can_be_read_and_plays(
    house: type[Room], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = "simulated {socket}" if house is AtAPath else "simulated {port}"

    made = detected(house, monkeypatch, command=command)

    wanted = [line.strip() for line in expected.strip().splitlines()]
    assert [line for line in lines_of(made.profile) if line in wanted] == wanted, made.profile
    assert read_profile(made.profile, "found.yaml").name == "simulated"
    assert made.works
    assert "as described: " in made.profile
    assert "failed" not in made.profile


def test_a_comment_says_what_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = detected(NameFirst, monkeypatch).profile

    assert "# without a line end nothing was passed on" in profile
    assert (
        """# ottokar got '<zephine> heliotrope 417 sonata' when zephine had said 'heliotrope 417 sonata'""" in profile
    )
    assert "# zephine got 'wilbrod has left' when a client closed" in profile
    assert "# upon '/quit' the server closed the connection" in profile
    assert "# somebody came with a name that was in use" in profile


def test_what_was_not_tried_is_not_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    lines_first = Hints(framings=("newline", "none"))

    profile = detected(NameFirst, monkeypatch, lines_first).profile

    assert "framing: newline  # lines are understood" in profile


def test_a_server_that_answers_the_speaker_alone_has_a_profile_in_which_nobody_hears_anybody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = detected(EchoesOnly, monkeypatch)

    assert "hears: no  # the others heard nothing" in made.profile
    assert 'echo: "You said: {text}"' in made.profile


def test_the_same_server_gives_the_same_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    assert detected(Objects, monkeypatch) == detected(Objects, monkeypatch)


def test_a_name_that_is_cut_short_is_a_limit_of_names(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(CutsNames, monkeypatch)

    assert "limits: {nick: 5}  # the server made 'zephi' of 'zephine'" in made.profile
    assert 'left: "{nick} has left"' in made.profile
    assert made.works


def test_no_name_of_our_bots_is_taken_for_the_servers_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(ShoutsNames, monkeypatch)

    keys = "\n".join(lines_of(made.profile.partition("\n\n")[0]))
    assert "WILBROD" not in keys
    assert 'left: "{*} has left"' in keys
    assert "the server made 'ZEPHINE' of 'zephine'" in made.profile


def test_a_server_that_is_full_has_not_refused_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(ServesTwo, monkeypatch)

    assert "limits: {clients: 2}" in made.profile
    assert "refuses:" not in made.profile
    assert "a name in use: no further client was let in" in made.profile
    assert made.works


def test_what_one_hears_of_another_shows_that_it_is_no_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(EchoesOneTakesTheFirstForAName, monkeypatch)

    assert not made.works, made.profile


def test_colours_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(Coloured, monkeypatch)

    assert "strip: ansi" in made.profile
    assert 'hears: "[{nick}] {text}"' in made.profile
    assert made.works


def test_a_server_that_always_talks_is_a_chat_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(Ticks, monkeypatch)

    assert 'hears: "<{nick}> {text}"' in made.profile
    assert made.works


def test_whatever_a_server_sends_its_profile_is_one_and_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(Hostile, monkeypatch)

    assert [sign for sign in made.profile if not sign.isprintable() and sign != "\n"] == []
    assert read_profile(made.profile, "found.yaml").name == "simulated"
    assert made.works, made.profile


def test_a_server_that_talks_without_end_is_not_listened_to_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(Floods, monkeypatch)

    assert made.profile == ""
    assert "talks without end to whoever connects" in made.why


def test_a_server_that_a_probe_ends_is_started_again_and_the_probe_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    made = detected(DiesOfPlainText, monkeypatch, told=told)

    assert made.works, made.profile
    assert r"a client sent 'zephine\n': it ended, exit code 3" in made.killed
    assert r"#   - a client sent 'zephine\n': it ended, exit code 3" in made.profile
    assert r"the server ended (a client sent 'zephine\n': it ended, exit code 3); it is started again" in told


def test_a_server_that_is_never_silent_is_a_chat_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(Hurries, monkeypatch)

    assert 'hears: "<{nick}> {text}"' in made.profile
    assert len(made.tried) <= 2


def test_a_server_that_looks_for_newcomers_once_a_second_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(LooksLate, monkeypatch)

    assert 'join: [{await: "Name?"}, {send: "{nick}"}, {await: "Welcome to the chat, {nick}!"}]' in made.profile
    assert (made.works, len(made.tried)) == (True, 1)


def test_who_has_gone_unnoticed_is_no_word_of_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(Remembers, monkeypatch)

    assert 'roster: {ask: "/who", answer: "Here: {nicks}"}' in made.profile


def test_a_server_that_ends_as_soon_as_it_listens_was_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServerError, match="the server ended as soon as it listened: simulated"):
        detected(EndsWhenItListens, monkeypatch)


def test_a_server_that_every_try_ends_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(EndsWithTheSecond, monkeypatch)

    assert made.profile == ""
    assert made.why == "the server ended while it was tried, after a client connected: it ended, exit code 1"


def test_a_server_that_ends_while_nobody_may_start_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServerError, match="nobody answers there any more; the last try was: raw bytes, a name first"):
        detected(EndsWithTheSecond, monkeypatch, connect=True)


def test_a_number_in_a_notice_is_another_one_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(CountsInNotices, monkeypatch)

    assert 'joined: "{nick} has joined, {*} online"' in made.profile
    assert 'left: "{nick} has left, {*} online"' in made.profile
    assert made.works


def test_a_number_of_its_own_is_no_part_of_an_object(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(Numbered, monkeypatch)

    assert """left: '{"type": "left", "user": "{nick}"}'""" in made.profile
    assert """joined: '{"type": "joined", "user": "{nick}"}'""" in made.profile
    assert made.works


def test_of_a_menu_the_first_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(Menu, monkeypatch)

    assert (
        'join: [{await: "Your choice: "}, {send: "1"}, {await: "Name: "}, {send: "{nick}"}, {await: "Welcome {nick}"}]'
        in (made.profile)
    )
    assert made.works


@pytest.mark.parametrize(("connect", "resets"), [(True, False), (False, True)])
def test_only_a_server_of_our_own_is_left_by_resets(
    connect: bool, resets: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HarmedByResets, "ends", [])
    monkeypatch.setattr("chatsim.detect.detecting.outcome_of_playing", lambda *args: Played())

    detected(HarmedByResets, monkeypatch, connect=connect)

    assert ("Abort" in HarmedByResets.ends, "Close" in HarmedByResets.ends) == (resets, True)


def test_a_name_that_stands_in_each_message_is_one_though_nobody_comes_in_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = detected(PassesObjectsOn, monkeypatch)

    assert "the profile can not be read" not in made.profile
    assert "says: the server passes on what it gets, in whatever form" in made.profile
    assert made.works, made.profile
