"""What is said in each dialect, and to whom: effects as values, no socket in sight."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server import DIALECTS, wire
from reference_server.dialects.binary_length import BinaryLength
from reference_server.dialects.dialect import Dialect, Effect, HangUp, Show, Tell
from reference_server.dialects.echo import Echo
from reference_server.dialects.header_10 import Header10
from reference_server.dialects.header_64 import Header64
from reference_server.dialects.json_lines import JsonLines
from reference_server.dialects.lines import HELP, MAX_ROOMS, Lines
from reference_server.dialects.nickname_console import NicknameConsole
from reference_server.dialects.operator_desk import PROMPT, OperatorDesk, time_of_day
from reference_server.dialects.prompted import Prompted
from reference_server.dialects.relay import Relay

ANN, BOB, CAT, DAN = 1, 2, 3, 4
ADDRESS = ("127.0.0.1", 4711)


def hears(dialect: Dialect, guest: int, message: str | bytes) -> list[Effect]:
    return list(dialect.heard(guest, message.encode() if isinstance(message, str) else message))


def with_guests(dialect: Dialect, introduction: str = "{nick}") -> Dialect:
    """ann, bob and cat have joined; dan has connected and says nothing."""
    for guest, nick in ((ANN, "ann"), (BOB, "bob"), (CAT, "cat"), (DAN, None)):
        list(dialect.arrived(guest, ADDRESS))
        if nick:
            hears(dialect, guest, introduction.replace("{nick}", nick))
    return dialect


def told(text: str, *guests: int) -> Tell:
    return Tell(guests, text.encode() + b"\n")


class TestLines:
    @pytest.fixture
    def room(self) -> Dialect:
        return with_guests(Lines())

    def test_the_first_line_is_the_nickname(self, room: Dialect) -> None:
        assert hears(room, DAN, "dan") == [told("Welcome, dan!", DAN), told("* dan joined", ANN, BOB, CAT)]

    def test_who_is_refused_its_name_may_try_again(self, room: Dialect) -> None:
        assert hears(room, DAN, "bob") == [told("Sorry, the name bob is taken.", DAN)]
        assert hears(room, DAN, "") == [told("Sorry, the name  is not allowed.", DAN)]
        assert hears(room, DAN, "/who") == [told("Sorry, the name /who is not allowed.", DAN)]
        assert hears(room, DAN, "x" * 99) == [told(f"Sorry, the name {'x' * 32}… is not allowed.", DAN)]
        assert hears(room, DAN, "Дан")[0] == told("Welcome, Дан!", DAN)

    def test_a_line_is_heard_by_all_others(self, room: Dialect) -> None:
        assert hears(room, BOB, " naïve 漢字 👨‍👩‍👧\r ") == [told("bob:  naïve 漢字 👨‍👩‍👧\r ", ANN, CAT)]

    def test_a_line_with_two_slashes_says_one(self, room: Dialect) -> None:
        assert hears(room, BOB, "//who is it?") == [told("bob: /who is it?", ANN, CAT)]
        assert hears(room, BOB, "///") == [told("bob: //", ANN, CAT)]

    def test_an_empty_line_says_nothing(self, room: Dialect) -> None:
        assert hears(room, BOB, "") == []

    def test_what_is_not_text_is_answered_and_not_relayed(self, room: Dialect) -> None:
        refusal = [told("? that line is not UTF-8 text", BOB)]

        assert hears(room, BOB, b"\xff") == refusal
        assert hears(room, BOB, b"a\0b") == refusal

    def test_who_lists_everyone_in_order_of_joining(self, room: Dialect) -> None:
        assert hears(room, BOB, "/who") == [told("Here: ann, bob, cat", BOB)]

    def test_a_private_word_is_heard_by_one(self, room: Dialect) -> None:
        assert hears(room, BOB, "/msg cat psst  you") == [told("(private) bob: psst  you", CAT)]
        assert hears(room, BOB, "/msg eve psst") == [told("? nobody here is called eve", BOB)]
        assert hears(room, BOB, "/msg cat") == [told("? say it like this: /msg NAME TEXT", BOB)]

    def test_a_side_room_is_entered_spoken_in_and_left(self, room: Dialect) -> None:
        assert hears(room, ANN, "/enter kitchen") == [told("You are in kitchen.", ANN), told("* ann entered kitchen")]
        assert hears(room, CAT, "/enter kitchen") == [
            told("You are in kitchen.", CAT),
            told("* cat entered kitchen", ANN),
        ]
        assert hears(room, ANN, "/enter garden")[0] == told("You are in garden.", ANN)
        assert hears(room, ANN, "/in kitchen soup?") == [told("[kitchen] ann: soup?", CAT)]
        assert hears(room, BOB, "/in kitchen soup!") == [told("? you are not in kitchen", BOB)]
        assert hears(room, ANN, "/exit kitchen") == [told("You left kitchen.", ANN), told("* ann left kitchen", CAT)]
        assert hears(room, ANN, "/exit kitchen") == [told("? you are not in kitchen", ANN)]
        assert hears(room, ANN, "/in garden hello") == [told("[garden] ann: hello")]

    def test_a_side_room_is_not_entered_twice_nor_nameless_nor_beyond_measure(self, room: Dialect) -> None:
        for number in range(MAX_ROOMS):
            hears(room, ANN, f"/enter room{number}")

        assert hears(room, ANN, "/enter one-more") == [told("? nobody can be in more than 100 rooms", ANN)]
        assert hears(room, BOB, "/enter") == [told("? say it like this: /enter ROOM", BOB)]
        hears(room, BOB, "/enter kitchen")
        assert hears(room, BOB, "/enter kitchen") == [told("? you are already in kitchen", BOB)]

    def test_who_leaves_is_missed_once_whatever_rooms_it_was_in(self, room: Dialect) -> None:
        for guest in (ANN, BOB):
            hears(room, guest, "/enter kitchen")

        assert list(room.left(ANN)) == [told("* ann left", BOB, CAT)]
        assert hears(room, BOB, "/in kitchen anyone?") == [told("[kitchen] bob: anyone?")]

    def test_who_never_joined_is_not_missed(self, room: Dialect) -> None:
        assert list(room.left(DAN)) == []

    def test_quit_is_answered(self, room: Dialect) -> None:
        assert hears(room, ANN, "/quit") == [told("Goodbye, ann.", ANN), HangUp(ANN)]

    def test_help_names_every_command(self, room: Dialect) -> None:
        assert hears(room, ANN, "/help") == [told(HELP, ANN)]
        assert isinstance(room, Lines)
        assert set(re.findall(r"(?<!/)/([a-z]+)", HELP)) == set(room._commands)

    def test_an_unknown_command_is_said_to_be_unknown(self, room: Dialect) -> None:
        assert hears(room, ANN, "/x y") == [told("? there is no command /x", ANN)]
        assert hears(room, ANN, "/") == [told("? there is no command /", ANN)]

    def test_an_endless_line_ends_the_connection(self, room: Dialect) -> None:
        assert list(room.malformed(ANN, "too long")) == [told("? too long", ANN), HangUp(ANN)]


def test_echo_is_heard_by_the_speaker_only_until_it_disconnects() -> None:
    echo = Echo()

    assert echo.opening("127.0.0.1", 56011) == [
        "[STARTING] Server is starting...",
        "[LISTENING] Server is listening on port 56011",
    ]
    assert list(echo.arrived(ANN, ADDRESS)) == [Show("[New Connection] Client connected from ('127.0.0.1', 4711)")]
    assert hears(echo, ANN, b"any\xff\n") == [Tell((ANN,), b"any\xff\n")]
    assert hears(echo, ANN, "!DISCONNECT") == [HangUp(ANN)]
    assert hears(echo, ANN, "!DISCONNECT\n") == [Tell((ANN,), b"!DISCONNECT\n")]
    assert list(echo.left(ANN)) == [Show("[Client disconnected]")]


def test_nickname_console_prints_what_is_said_and_relays_nothing() -> None:
    console = with_guests(NicknameConsole())

    assert hears(console, DAN, "dan") == [Tell((DAN,), b"Welcome to this chatroom!")]
    assert hears(console, DAN, "dan: привет") == [Show("Message from client:  dan: привет")]


def test_relay_passes_chunks_on_as_they_are_and_prints_them() -> None:
    relay = Relay()

    assert relay.opening("127.0.0.1", 12413) == ["Сервер ожидает подключения клиентов..."]
    assert list(relay.arrived(ANN, ADDRESS)) == [Show("Подключен клиент: ('127.0.0.1', 4711)")]
    list(relay.arrived(BOB, ADDRESS))
    assert hears(relay, ANN, b"\xd0") == [Show("Получено сообщение: \ufffd"), Tell((BOB,), b"\xd0")]
    assert list(relay.left(BOB)) == []
    assert hears(relay, ANN, "hi") == [Show("Получено сообщение: hi"), Tell((), b"hi")]


class TestOperatorDesk:
    @pytest.fixture
    def desk(self) -> Dialect:
        return with_guests(OperatorDesk(clock=lambda: "12:34:56.123456"), introduction="hello")

    def test_each_message_is_shown_and_asks_for_an_answer(self) -> None:
        desk = OperatorDesk(clock=lambda: "12:34:56.123456")

        assert list(desk.arrived(ANN, ADDRESS)) == [Show("New Server socket thread 127.0.0.1: 4711")]
        assert hears(desk, ANN, "anyone?") == [
            Show("TIME:  12:34:56.123456"),
            Show("Server received data  anyone?"),
            Show(PROMPT),
        ]

    def test_each_typed_line_answers_the_oldest_message(self, desk: Dialect) -> None:
        hears(desk, ANN, "again")

        assert list(desk.typed(b"yes?")) == [Tell((ANN,), b"yes?")]
        assert list(desk.typed(b"no")) == [Tell((BOB,), b"no")]
        assert list(desk.typed(b"perhaps")) == [Tell((CAT,), b"perhaps")]
        assert list(desk.typed(b"again!")) == [Tell((ANN,), b"again!")]

    def test_a_full_stop_ends_the_session_and_the_gone_are_passed_over(self, desk: Dialect) -> None:
        list(desk.left(BOB))

        assert list(desk.typed(b".")) == [HangUp(ANN)]
        assert list(desk.typed(b"yes?")) == [Tell((CAT,), b"yes?")]

    def test_a_line_that_answers_nothing_is_forgotten(self, desk: Dialect) -> None:
        for _ in range(3):
            list(desk.typed(b"yes?"))

        assert list(desk.typed(b"too early")) == []
        hears(desk, BOB, "well?")
        assert list(desk.typed(b"now")) == [Tell((BOB,), b"now")]

    def test_the_time_of_day_is_written_as_datetime_writes_it(self) -> None:
        assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{6}", time_of_day())


class TestPrompted:
    @pytest.fixture
    def room(self) -> Dialect:
        return with_guests(Prompted())

    def test_the_newcomer_is_asked_greeted_and_announced(self, room: Dialect) -> None:
        assert list(room.arrived(5, ADDRESS)) == [Tell((5,), b"NICK")]
        assert hears(room, 5, "eve\n") == [
            Tell((5,), b"Connected to the server!"),
            Tell((ANN, BOB, CAT), b"eve joined the chat!"),
        ]

    def test_a_name_in_use_or_not_allowed_ends_the_connection(self, room: Dialect) -> None:
        assert hears(room, DAN, "ann") == [Tell((DAN,), b"Nickname already in use!"), HangUp(DAN)]
        assert hears(room, DAN, "an n") == [Tell((DAN,), b"Nickname not allowed!"), HangUp(DAN)]

    def test_the_server_writes_names_and_notices(self, room: Dialect) -> None:
        assert hears(room, ANN, "hi") == [Tell((BOB, CAT), b"ann: hi")]
        assert list(room.left(ANN)) == [Tell((BOB, CAT), b"ann left the chat!")]
        assert list(room.left(DAN)) == []


def headed(text: str, width: int) -> bytes:
    return f"{len(text.encode()):<{width}}{text}".encode()


def test_header_64_frames_everything() -> None:
    room = with_guests(Header64())

    assert hears(room, DAN, "ann") == [Tell((DAN,), headed("Name taken", 64)), HangUp(DAN)]
    assert hears(room, DAN, "") == [Tell((DAN,), headed("Name not allowed", 64)), HangUp(DAN)]
    assert hears(room, DAN, "Дан") == [
        Tell((DAN,), headed("Connected", 64)),
        Tell((ANN, BOB, CAT), headed("Дан has joined", 64)),
    ]
    assert hears(room, ANN, "hi") == [Tell((BOB, CAT, DAN), headed("ann: hi", 64))]
    assert hears(room, ANN, "!DISCONNECT") == [HangUp(ANN)]
    assert hears(room, BOB, b"\xff") == [HangUp(BOB)]
    assert list(room.left(ANN)) == [Tell((BOB, CAT, DAN), headed("ann has left", 64))]


def test_header_10_gives_name_and_text_as_two_frames_and_no_notices() -> None:
    room = with_guests(Header10())

    assert hears(room, DAN, "ann") == []
    assert hears(room, DAN, "hi") == [Tell((ANN, BOB, CAT), b"3         ann2         hi")]
    assert list(room.left(DAN)) == []
    assert hears(room, BOB, "hi") == [Tell((ANN, CAT), b"3         bob2         hi")]
    assert hears(room, BOB, b"\xff") == [HangUp(BOB)]


def test_binary_length_echoes_to_the_speaker_too() -> None:
    def framed(text: str, *guests: int) -> Tell:
        return Tell(guests, bytes([0, 0, 0, len(text)]) + text.encode())

    room = with_guests(BinaryLength(), introduction="/nick {nick}")

    assert hears(room, DAN, "hello?") == [framed("ERROR first say /nick NAME", DAN)]
    assert hears(room, DAN, "/nick ann") == [framed("ERROR name taken", DAN)]
    assert hears(room, DAN, "/nick ") == [framed("ERROR name not allowed", DAN)]
    assert hears(room, DAN, "/nick dan") == [framed("OK", DAN), framed("+ dan", ANN, BOB, CAT)]
    assert hears(room, DAN, "/nick eve") == [framed("ERROR you are dan", DAN)]
    assert hears(room, ANN, "hi") == [framed("ann: hi", ANN, BOB, CAT, DAN)]
    assert hears(room, ANN, b"\xff") == [framed("ERROR not UTF-8 text", ANN)]
    assert hears(room, ANN, "/names") == [framed("NAMES ann bob cat dan", ANN)]
    assert hears(room, ANN, "/bye") == [framed("BYE", ANN), HangUp(ANN)]
    assert list(room.left(ANN)) == [framed("- ann", BOB, CAT, DAN)]
    assert list(room.malformed(BOB, "too long")) == [framed("ERROR too long", BOB), HangUp(BOB)]


class TestJsonLines:
    @pytest.fixture
    def room(self) -> Dialect:
        return with_guests(JsonLines(), introduction='{"type":"join","nick":"{nick}"}')

    def test_joining(self, room: Dialect) -> None:
        assert hears(room, DAN, '{"type":"join","nick":"ann"}') == [told('{"type":"error","reason":"name taken"}', DAN)]
        assert hears(room, DAN, '{"type":"join"}') == [told('{"type":"error","reason":"name not allowed"}', DAN)]
        assert hears(room, DAN, '{"type":"say","text":"hi"}') == [told('{"type":"error","reason":"join first"}', DAN)]
        assert hears(room, DAN, '{"type":"join","nick":"Дан"}') == [
            told('{"type":"welcome","nick":"Дан"}', DAN),
            told('{"type":"joined","nick":"Дан"}', ANN, BOB, CAT),
        ]
        assert hears(room, DAN, '{"type":"join","nick":"eve"}') == [
            told('{"type":"error","reason":"already joined"}', DAN)
        ]

    def test_saying_is_acknowledged(self, room: Dialect) -> None:
        assert hears(room, ANN, '{"type":"say","text":"漢字"}') == [
            told('{"type":"message","from":"ann","text":"漢字"}', BOB, CAT),
            told('{"type":"ok","text":"漢字"}', ANN),
        ]

    def test_asking_telling_and_leaving(self, room: Dialect) -> None:
        assert hears(room, ANN, '{"type":"who"}') == [told('{"type":"members","nicks":["ann","bob","cat"]}', ANN)]
        assert hears(room, ANN, '{"type":"tell","to":"bob","text":"psst"}') == [
            told('{"type":"private","from":"ann","text":"psst"}', BOB)
        ]
        assert hears(room, ANN, '{"type":"tell","to":"eve","text":"psst"}') == [
            told('{"type":"error","reason":"nobody here has that name"}', ANN)
        ]
        assert hears(room, ANN, '{"type":"bye"}') == [HangUp(ANN)]
        assert list(room.left(ANN)) == [told('{"type":"left","nick":"ann"}', BOB, CAT)]

    @pytest.mark.parametrize("line", ["", "hello", "[]", "3", "{", '{"a":1}}', "[" * 100_000, "1" * 5_000, "null"])
    def test_what_is_no_object_is_refused_and_forgiven(self, room: Dialect, line: str) -> None:
        assert hears(room, ANN, line) == [told('{"type":"error","reason":"not a JSON object"}', ANN)]

    @pytest.mark.parametrize("text", ['"\\ud800"', "3", "null", '{"a":[]}'])
    def test_what_is_no_text_is_refused_and_forgiven(self, room: Dialect, text: str) -> None:
        refusal = told('{"type":"error","reason":"text must be a string"}', ANN)

        assert hears(room, ANN, f'{{"type":"say","text":{text}}}') == [refusal]
        assert hears(room, ANN, f'{{"type":"tell","to":"bob","text":{text}}}') == [refusal]

    @pytest.mark.parametrize("line", ["{}", '{"type":"dance"}', '{"type":[]}', '{"type":null}'])
    def test_an_unknown_type_is_refused_and_forgiven(self, room: Dialect, line: str) -> None:
        assert hears(room, ANN, line) == [told('{"type":"error","reason":"unknown type"}', ANN)]


SAYINGS = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=40).map(str.encode),
    st.sampled_from(
        ["ann", "bob", "/nick ann", "/nick bob", "/who", "/quit", "/bye", "/names", "!DISCONNECT", "//"]
    ).map(str.encode),
    st.sampled_from(["msg", "enter", "exit", "in", "help"]).map(lambda word: f"/{word} ann bob".encode()),
    st.builds(
        lambda word, nick, text: json.dumps({"type": word, "nick": nick, "to": nick, "text": text}).encode(),
        st.sampled_from(["join", "say", "who", "tell", "bye"]),
        st.sampled_from(["ann", "bob", "", 3, None]),
        st.one_of(st.text(st.characters(), max_size=10), st.integers(), st.none()),
    ),
)


@pytest.mark.parametrize("name", DIALECTS)
@given(doings=st.lists(st.tuples(st.sampled_from([ANN, BOB, CAT]), st.one_of(st.none(), SAYINGS)), max_size=30))
def test_whatever_guests_do_every_dialect_bears_it_and_speaks_only_to_those_present(
    name: str, doings: list[tuple[int, bytes | None]]
) -> None:
    """A `None` is a coming or a going; after a `HangUp` the guest goes, as the server sees to."""
    dialect = DIALECTS[name]()
    present: set[int] = set()
    for guest, saying in doings:
        if guest not in present:
            effects = list(dialect.arrived(guest, ADDRESS))
            present.add(guest)
        elif saying is None:
            present.remove(guest)
            effects = list(dialect.left(guest))
        elif dialect.asks_operator and saying.startswith(b"/"):
            effects = list(dialect.typed(saying))
        else:
            # Chunks are given as their framing gives them; the other framings could give any bytes as a message.
            framing = dialect.framing()
            messages = framing.feed(saying) if isinstance(framing, wire.WholeCharacters) else [saying]
            effects = [e for m in messages if isinstance(m, bytes) for e in dialect.heard(guest, m)]
        assert all(set(effect.to) <= present for effect in effects if isinstance(effect, Tell))
        for leaver in {effect.guest for effect in effects if isinstance(effect, HangUp)}:
            present.remove(leaver)
            list(dialect.left(leaver))
