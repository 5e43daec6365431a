"""What a scenario's step can do, a person who types a line with a slash can do, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatsim.profile.reader import read_profile
from chatsim.talking import (
    Abort,
    Close,
    Connect,
    Deed,
    HalfClose,
    HangUp,
    HoldReading,
    Phase,
    ResumeReading,
    Show,
    Talking,
    Write,
)

GOLDEN = Path(__file__).parent / "golden"
PLAIN = 'framing: newline\njoin: "{nick}"\nsays: "{text}"\nhears: "{nick}: {text}"\n'
RICH = (
    PLAIN
    + 'whisper: {says: "/msg {to} {text}", hears: "* {nick}: {text}"}\n'
    + 'rooms: {enter: [{send: "/join {room}"}, {await: "In {room}"}], exit: [{send: "/part {room}"}], '
    + 'says: "/say {room} {text}", hears: "[{room}] {nick}: {text}"}\n'
    + 'roster: {ask: "/who", answer: "Here: {nicks}"}\n'
    + 'refuses: "No"\n'
    + 'leave: [{send: "/bye"}, {await: "Bye"}]\n'
)


def there(text: str = PLAIN) -> Talking:
    talking = Talking(read_profile(f"profile: mine\n{text}", "mine.yaml"), "ann")
    talking.opened(("127.0.0.1", 4000))
    assert talking.phase is Phase.OPEN
    return talking


def ours(text: str) -> Deed:
    return Show(text, ours=True)


GONE = "/rejoin comes back, /quit ends"


@pytest.mark.parametrize(
    ("typed", "deed", "why"),
    [
        ("/drop", Abort(), "The connection is dropped"),
        ("/drop reset", Abort(), "The connection is dropped"),
        ("/drop close", Abort(gently=True), "The connection is dropped"),
        ("/drop half-close", HalfClose(), "Your writing side is shut down"),
        ("/drop vanish", HoldReading(), "You have fallen silent"),
    ],
)
def test_one_can_be_gone_without_a_word(typed: str, deed: Deed, why: str) -> None:
    talking = there()

    assert talking.typed(typed) == [deed, ours(f"{why}: {GONE}")]
    assert talking.phase is Phase.GONE
    assert talking.typed("hello") == [ours(f"You are gone: {GONE}")]
    assert talking.typed("/drop") == [ours(f"You are gone: {GONE}")]


def test_half_a_message_and_then_a_reset() -> None:
    first, then, _ = there().typed("/drop mid-message")

    assert isinstance(first, Write)
    assert b"\n" not in first.data
    assert first.more
    assert then == Abort()


def test_who_has_shut_down_writing_still_hears() -> None:
    talking = there()
    talking.typed("/drop half-close")

    assert talking.received(b"bob: hi\n") == [Show("bob: hi")]
    assert talking.closed() == [ours("The server closed the connection")]
    assert talking.phase is Phase.GONE


def test_coming_back_is_a_new_life_under_the_same_name_or_another() -> None:
    talking = there()
    talking.typed("/drop")

    assert talking.typed("/rejoin") == [Connect()]
    assert talking.opened(("127.0.0.1", 4001)) == [Write(b"ann\n")]
    assert talking.typed("/drop")[0] == Abort()
    assert talking.typed("/rejoin anna") == [Connect()]
    assert talking.opened(("127.0.0.1", 4002)) == [Write(b"anna\n")]
    assert talking.received(b"anna: hi\n") == [Show("you: hi")]
    assert talking.typed("/rejoin") == [ours("You are still here: /disconnect or /drop first")]


def test_a_connection_that_does_not_come_about_can_be_asked_for_again() -> None:
    talking = there()
    talking.typed("/drop")
    talking.typed("/rejoin")

    assert talking.failed("refused") == [ours(f"No connection: refused; {GONE}")]
    assert talking.typed("/rejoin") == [Connect()]


def test_who_comes_back_and_is_refused_may_try_another_name() -> None:
    talking = there(RICH.replace('join: "{nick}"', 'join: [{send: "{nick}"}]'))
    talking.typed("/drop")
    talking.typed("/rejoin bob")

    assert talking.closed() == [HangUp(), ours(f"The server closed the connection: {GONE}")]
    assert not talking.refused


def test_a_polite_goodbye_after_which_one_may_come_back() -> None:
    talking = there(RICH)

    assert talking.typed("/disconnect") == [Write(b"/bye\n")]
    assert talking.received(b"Bye\n") == [Show("Bye"), HangUp(), ours(f"You have left: {GONE}")]
    assert talking.typed("/quit") == [Close()]
    assert talking.phase is Phase.OVER


def test_not_reading_and_reading_again() -> None:
    talking = there()

    assert talking.typed("/resume") == [ours("You are reading")]
    assert talking.typed("/stall") == [HoldReading(), ours("You have stopped reading: /resume goes on")]
    assert talking.typed("/stall") == [ours("You have stopped reading already: /resume goes on")]
    assert talking.typed("/read") == [ResumeReading()]


def test_who_leaves_reads_what_answers_the_goodbye() -> None:
    talking = there(RICH)
    talking.typed("/stall")

    assert talking.typed("/quit") == [ResumeReading(), Write(b"/bye\n")]


@pytest.mark.parametrize("word", ["/whisper", "/pm"])
def test_a_word_to_one_only(word: str) -> None:
    assert there(RICH).typed(f"{word} bob hello you") == [Write(b"/msg bob hello you\n")]
    assert there(RICH).typed(f"{word} bob") == [ours("To whom, and what? /whisper NICK TEXT")]


@pytest.mark.parametrize("word", ["/ask", "/roster"])
def test_the_server_is_asked_who_is_there(word: str) -> None:
    talking = there(RICH)

    assert talking.typed(word) == [Write(b"/who\n")]
    assert talking.received(b"Here: ann, bob\n") == [Show("* here: ann, bob")]


def test_one_speaks_in_the_room_that_one_has_entered() -> None:
    talking = there(RICH)

    assert talking.typed("/enter den") == [Write(b"/join den\n")]
    assert talking.typed("hi") == [ours("That is said later: the server is still to say 'In {room}'")]
    assert talking.received(b"In den\n") == [Show("In den"), Write(b"/say den hi\n")]
    assert talking.typed("/exit") == [Write(b"/part den\n")]
    assert talking.typed("hi") == [Write(b"hi\n")]
    assert talking.typed("/exit") == [ours("You are in no room")]


def test_a_room_that_refuses_is_not_entered() -> None:
    talking = there(RICH)
    talking.typed("/enter den")

    assert talking.received(b"No\n") == [Show("* refused: No")]
    assert talking.typed("hi") == [Write(b"hi\n")]


def test_one_takes_another_name_and_is_you_under_it() -> None:
    text = RICH + 'rename: [{send: "/nick {new}"}, {await: "You are {new} now"}]\n'
    text += 'notices: {renamed: "{nick} is now {new}"}\n'
    talking = there(text)

    assert talking.typed("/rename anna") == [Write(b"/nick anna\n")]
    talking.received(b"You are anna now\n")
    assert talking.received(b"anna: hi\nbob is now zoe\n") == [
        Show("you: hi"),
        Show("* bob is called zoe now"),
    ]
    assert there(text).typed("/rename") == [ours("Which name? /rename NICK")]
    assert there().typed("/rename x") == [ours("There is no /rename here: nobody can take another name (`rename`)")]


def test_a_name_that_is_refused_is_not_taken() -> None:
    talking = there(RICH + 'rename: [{send: "/nick {new}"}, {await: "You are {new} now"}]\n')
    talking.typed("/rename bob")

    assert talking.received(b"No\n") == [Show("* refused: No")]
    assert talking.nick == "ann"


def test_the_default_room_is_entered_when_joining() -> None:
    text = RICH.replace("rooms: {", "rooms: {default: den, ")
    talking = Talking(read_profile(f"profile: mine\n{text}", "mine.yaml"), "ann")

    assert talking.opened(("127.0.0.1", 1)) == [Write(b"ann\n"), Write(b"/join den\n")]
    assert talking.phase is Phase.JOINING
    talking.received(b"In den\n")
    assert talking.typed("hi") == [Write(b"/say den hi\n")]


def test_a_message_that_takes_a_dialogue_waits_for_it() -> None:
    talking = there('framing: newline\nsays: [{send: "SAY"}, {await: "Text?"}, {send: "{text}"}]\nhears: "{text}"\n')

    assert talking.typed("one") == [Write(b"SAY\n")]
    assert talking.typed("two") == [ours("That is said later: the server is still to say 'Text?'")]
    assert talking.received(b"Text?\n") == [Show("Text?"), Write(b"one\n"), Write(b"SAY\n")]
    assert talking.received(b"Text?\n") == [Show("Text?"), Write(b"two\n")]


def test_a_prompt_that_came_before_is_one_all_the_same() -> None:
    talking = there('framing: newline\nsays: [{await: "Text?"}, {send: "{text}"}]\nhears: "{text}"\n')
    talking.received(b"Text?\n")

    assert talking.typed("one") == [Write(b"one\n")]


@pytest.mark.parametrize(
    ("typed", "deeds"),
    [
        ("/send in-pieces 2 abc", [Write(b"ab", more=True), Write(b"c\n", 0.001)]),
        ("/send in-pieces bytes every 2s a", [Write(b"a", more=True), Write(b"\n", 2.0)]),
        ("/send glued 2 ab", [Write(b"ab\nab\n")]),
        (r"/send raw a\nb\\", [Write(b"a\nb\\", more=True)]),
        ("/send hex 00ff 41", [Write(b"\x00\xffA", more=True)]),
        ("/send garbage empty", [Write(b"\n")]),
        ("/line /list", [Write(b"/list\n")]),
        ("//list", [Write(b"/list\n")]),
        ("/list now", [Write(b"/list now\n")]),
    ],
)
def test_bytes_in_an_unusual_way(typed: str, deeds: list[Deed]) -> None:
    assert there().typed(typed) == deeds


def test_a_line_goes_without_what_says_puts_around_it() -> None:
    talking = there('framing: newline\nsays: "MSG {text}"\nhears: "{text}"\n')

    assert talking.typed("/list") == [Write(b"MSG /list\n")]
    assert talking.typed("/line LIST") == [Write(b"LIST\n")]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("/drop dead", "There is no drop 'dead' over TCP: it is one of reset, close, half-close, mid-message, vanish"),
        ("/send", "Say /send in-pieces N TEXT, glued N TEXT, garbage KIND, raw TEXT or hex BYTES"),
        ("/send in-pieces x y", "A number of pieces from 2 to 1000 is expected, not 'x'"),
        ("/send in-pieces 2 every soon y", "A time such as 50ms or 2s is expected, not 'soon'"),
        ("/send glued ² y", "A number of messages from 2 to 1000 is expected, not '²'"),
        ("/send garbage x", "There is no garbage 'x': it is one of utf-8, nul, length, endless, half, empty"),
        ("/send hex 0g", "'0g' is not hexadecimal: two digits a byte, such as 00 FF"),
        ("/whisper bob hi", "There is no /whisper here: the profile has no direct messages (`whisper`)"),
        ("/roster", "There is no /roster here: nobody can be asked who is there (`roster: {ask}`)"),
        ("/enter den", "There is no /enter here: the profile has no rooms (`rooms`)"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(typed: str, why: str) -> None:
    assert there().typed(typed) == [ours(why)]


def test_a_slip_is_said_and_asked_about() -> None:
    assert there().typed("/drp") == [
        ours("/drp is no command of ours, and is said as it stands. Did you mean /drop?"),
        Write(b"/drp\n"),
    ]


def test_what_a_wire_lacks_is_said() -> None:
    talking = there('transport: udp\njoin: "{nick}"\nsays: "{text}"\n')

    assert talking.typed("/stall") == [ours("There is no /stall here: over UDP nobody waits for one who does not read")]
    assert talking.typed("/drop reset") == [ours("There is no drop 'reset' over UDP: it is one of vanish")]


@pytest.mark.parametrize(
    ("name", "text"), [("plain", PLAIN), ("rich", RICH), ("udp", 'transport: udp\njoin: "{nick}"\nsays: "{text}"\n')]
)
def test_help_lists_what_this_profile_and_wire_have(name: str, text: str) -> None:
    shown = [deed.text for deed in there(text).typed("/help") if isinstance(deed, Show)]

    assert "\n".join(shown) + "\n" == (GOLDEN / f"help-{name}.txt").read_text(encoding="utf-8")
