"""A person's conversation in any dialect, without a socket: what happened goes in, what to do comes out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.profile.profile import Profile
from chatsim.profile.reader import builtin_names, load_profile, read_profile
from chatsim.talking import Close, Deed, Phase, Show, Talking, Wait, Write


def profile(text: str) -> Profile:
    return read_profile(f"profile: mine\n{text}", "mine.yaml")


def begun(text: str, nick: str = "ann") -> tuple[Talking, list[Deed]]:
    talking = Talking(profile(text), nick)
    return talking, talking.opened(("127.0.0.1", 4000), "2026-01-01T00:00:00")


DIALOGUE = """\
framing: newline
join: [{await: "Name?"}, {send: "{nick}"}, {await: "Hi {nick}"}]
refuses: "Taken"
says: "{text}"
leave: [{send: "/bye"}, {await: "Bye"}]
"""


def test_the_join_dialogue_is_played_as_its_lines_come() -> None:
    talking, first = begun(DIALOGUE)

    assert first == []
    assert talking.received(b"Name?\n") == [Show("Name?"), Write(b"ann\n")]
    assert talking.phase is Phase.JOINING
    assert talking.received(b"Hi a") == []
    assert talking.received(b"nn\n") == [Show("Hi ann")]
    assert talking.phase is Phase.OPEN


def test_a_prompt_without_a_line_end_counts_and_is_shown_once() -> None:
    talking, _ = begun(DIALOGUE)

    assert talking.received(b"Name?") == [Write(b"ann\n")]
    assert talking.quiet() == [Show("Name?")]
    assert talking.quiet() == []
    assert talking.received(b" ok\n") == [Show(" ok")]


def test_what_is_typed_too_early_is_said_after_the_join() -> None:
    talking, _ = begun(DIALOGUE)

    assert talking.typed("hello") == []
    assert talking.received(b"Name?\nHi ann\n")[-2:] == [Write(b"ann\n"), Write(b"hello\n")]


@pytest.mark.parametrize("word", ["/quit", "/bye"])
def test_the_goodbye_typed_as_it_is_or_quit_ends_it(word: str) -> None:
    talking, _ = begun(DIALOGUE)
    talking.received(b"Name?\nHi ann\n")

    assert talking.typed(word) == [Write(b"/bye\n")]
    assert talking.phase is Phase.LEAVING
    assert talking.received(b"Bye\n") == [Show("Bye"), Close()]
    assert talking.typed("more") == []


def test_without_a_goodbye_leaving_is_closing() -> None:
    talking, _ = begun('says: "{text}"\n')

    assert talking.typed("/quit") == [Close()]
    assert talking.phase is Phase.OVER


def test_a_refusal_ends_it() -> None:
    talking, _ = begun(DIALOGUE)

    deeds = talking.received(b"Taken\n")

    assert deeds == [Show("* refused: Taken"), Show("The server refused us", ours=True), Close()]
    assert talking.refused


def test_a_server_that_closes_before_we_are_in_has_refused_us() -> None:
    talking, _ = begun(DIALOGUE)

    talking.closed()

    assert talking.refused


def test_a_server_that_closes_later_ends_it() -> None:
    talking, _ = begun('says: "{text}"\n')

    assert talking.closed() == [Show("The server closed the connection", ours=True), Close()]
    assert not talking.refused


def test_a_name_that_the_server_assigns_is_used_from_then_on() -> None:
    talking, _ = begun('framing: newline\nnick: assigned\njoin: [{await: "You are {nick}"}]\nsays: "{nick}: {text}"\n')

    talking.received(b"You are guest7\n")

    assert talking.typed("hi") == [Write(b"guest7: hi\n")]


def test_a_name_by_address_is_known_at_once() -> None:
    talking, _ = begun('nick: "{ip}:{client-port}"\nsays: "{nick}> {text}"\n')

    assert talking.typed("hi") == [Write(b"127.0.0.1:4000> hi")]


def test_a_ping_is_answered_at_any_time() -> None:
    talking, _ = begun('framing: newline\nsays: "{text}"\nwhenever: [{await: "PING {*}", send: "PONG {*}"}]\n')

    assert talking.received(b"PING 77\n") == [Show("PING 77"), Write(b"PONG 77\n")]


def test_a_pause_of_the_dialogue_is_asked_for() -> None:
    talking, first = begun('join: [{pause: 50ms}, {send: "{nick}"}]\nsays: "{text}"\n')

    assert first == [Wait(0.05)]
    assert talking.waited() == [Write(b"ann")]


def test_an_encoding_that_can_not_carry_it_is_said() -> None:
    talking, _ = begun('encoding: ascii\nsays: "{text}"\n')

    assert talking.typed("привет") == [Show("That can not be said in ascii", ours=True)]


def test_a_character_cut_in_two_by_a_read_is_shown_whole() -> None:
    talking, _ = begun('says: "{text}"\n')

    deeds = [*talking.received("я".encode()[:1]), *talking.received("я".encode()[1:])]

    assert deeds == [Show("я")]


@pytest.mark.parametrize("name", builtin_names())
@given(data=st.binary(max_size=200), cut=st.integers(min_value=0, max_value=200))
def test_whatever_a_server_sends_it_is_no_exception(name: str, data: bytes, cut: int) -> None:
    talking = Talking(load_profile(name), "ann")
    talking.opened(("127.0.0.1", 4000))

    for part in (data[:cut], data[cut:]):
        talking.received(part)
        talking.quiet()
    talking.typed("hello")
    talking.leave()

    assert talking.closed() == [] or talking.phase is Phase.OVER


def test_the_way_that_the_server_takes_is_gone() -> None:
    talking, _ = begun(
        "framing: newline\n"
        'join: [{either: [[{await: "Hi"}], [{await: "Who?"}, {send: "{nick}"}, {await: "Ok"}]]}, {send: "here"}]\n'
    )

    assert talking.received(b"Who?\n") == [Show("Who?"), Write(b"ann\n")]
    assert talking.received(b"Ok\n") == [Show("Ok"), Write(b"here\n")]
    assert talking.phase is Phase.OPEN


def test_a_profile_in_python_is_spoken_and_its_events_are_shown_in_words(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from chatsim.profile.python import *\n"
        "class Mine(Connection):\n"
        "    def opened(self): return b'I am ' + self.me.nick.encode()\n"
        "    def say(self, text): return text.upper().encode()\n"
        "    def received(self, data): return [Reply(b'pong'), Welcome(), Said(data.decode(), 'bob')]\n",
        encoding="utf-8",
    )
    (tmp_path / "mine.yaml").write_text('profile: mine\npython: "mine:Mine"\n', encoding="utf-8")
    talking = Talking(load_profile(str(tmp_path / "mine.yaml")), "ann")

    assert talking.opened(("127.0.0.1", 4000)) == [Write(b"I am ann")]
    assert talking.received(b"hi") == [Write(b"pong"), Show("welcome"), Show("bob: hi")]
    assert talking.typed("so") == [Write(b"SO")]
