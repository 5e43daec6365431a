"""A profile is read whole, or refused with every mistake at its place."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.errors import ProfileError
from chatsim.profile.framing import Framing
from chatsim.profile.profile import Await, Either, Limits, PauseFor, Profile, SendThis
from chatsim.profile.reader import builtin_names, load_profile, read_profile
from chatsim.profile.templates import Template


def profile(text: str) -> Profile:
    return read_profile("profile: p\n" + dedent(text), "p.yaml")


def complaint(text: str) -> str:
    with pytest.raises(ProfileError) as caught:
        profile(text)
    return str(caught.value)


def templates(*sources: str) -> tuple[Template, ...]:
    return tuple(map(Template, sources))


# --- the profiles of the language's own description ---------------------------------------------------------------

EIGHT = """\
profile: relay                      # bytes go to the others as they are
start: {command: "python server.py", port: 12413}
says: "{nick}: {text}"
output: {joined: "Подключен клиент: {*}", said: "Получено сообщение: {nick}: {text}"}
limits: {text: 1000B}
---
profile: echo
start: {command: "python server.py", port: 56011}
hears: no
echo: yes
leave: "!DISCONNECT"
output: {joined: "[New Connection] Client connected from {*}", left: "[Client disconnected]"}
---
profile: nickname-console
start: {command: "python server.py", port: 5000}
join: [{send: "{nick}"}, {await: "Welcome to this chatroom!"}]
says: "{nick}: {text}"
hears: no
output: {said: "Message from client: {*}{nick}: {text}"}
limits: {text: 2000B}
---
profile: nick-prompt
start: {command: "python server.py", port: 55555}
join: [{await: "APELIDO"}, {send: "{nick}"}, {await: "Conectado ao servidor."}]
says: "{nick}: {text}"
echo: yes
notices: {joined: "{nick} entrou no chat.", left: "{nick} saiu do chat."}
---
profile: two-frames
start: {command: "python chat_server.py", port: 1234}
framing: {digits: 10, align: left}
join: "{nick}"
hears: "{nick}{next}{text}"
---
profile: named-by-address
start: {command: "go run main.go", port: 8000}
framing: newline
nick: "{ip}:{client-port}"
join: [{await: "You are {nick}"}]
hears: "{nick}: {text}"
echo: yes
notices: {joined: "{nick} has arrived", left: "{nick} has left"}
---
profile: slash-rooms
start: {command: "java ChatServer {port}", build: "javac -d . src/ChatServer.java"}
framing: newline
join: [{send: "/nick {nick}"}, {await: "OK"}]
refuses: "ERROR"
rooms:
  default: "lobby"
  enter: [{send: "/join {room}"}, {await: "OK"}]
  hears: "MESSAGE {nick} {text}"
  echo: yes
  joined: "JOINED {nick}"
  left: "LEFT {nick}"
whisper: {says: "/priv {to} {text}", hears: "PRIVATE {nick} {text}", ack: "OK"}
leave: [{send: "/bye"}, {await: "BYE"}]
---
profile: operator-desk
start: {command: "python server.py", port: 2005, ready: "Waiting for connection"}
hears: no
operator: {hears: "{text}", ends: "."}
output: {joined: "New Server socket thread {*}", said: "Server received data {*}{text}{*}"}
limits: {text: 2000B}
"""


@pytest.fixture(scope="module")
def eight() -> dict[str, Profile]:
    read = [read_profile(text, "eight.yaml") for text in EIGHT.split("---\n")]
    return {each.name: each for each in read}


def test_all_eight_are_read(eight: dict[str, Profile]) -> None:
    assert list(eight) == [
        "relay",
        "echo",
        "nickname-console",
        "nick-prompt",
        "two-frames",
        "named-by-address",
        "slash-rooms",
        "operator-desk",
    ]


def test_what_others_hear_is_what_is_said_unless_stated(eight: dict[str, Profile]) -> None:
    relay = eight["relay"]

    assert relay.public.says == Template("{nick}: {text}")
    assert relay.public.hears == templates("{nick}: {text}")
    assert relay.public.echo == ()
    assert relay.limits == Limits(text=1000)


def test_an_echo_server_gives_back_what_is_said_and_nobody_else_hears(eight: dict[str, Profile]) -> None:
    echo = eight["echo"]

    assert echo.public.hears == ()
    assert echo.public.echo == templates("{text}")
    assert echo.leave == (SendThis(Template("!DISCONNECT")),)


def test_the_echo_of_a_chat_is_what_others_hear(eight: dict[str, Profile]) -> None:
    assert eight["nick-prompt"].public.echo == templates("{nick}: {text}")
    assert eight["nick-prompt"].dropped == templates("{nick} saiu do chat.")


def test_only_unframed_servers_are_spoken_to_one_message_at_a_time(eight: dict[str, Profile]) -> None:
    assert eight["nick-prompt"].pace == "one-at-a-time"
    assert eight["two-frames"].pace == "free"
    assert eight["two-frames"].sent == eight["two-frames"].received == Framing("digits", digits=10)


def test_a_name_by_address(eight: dict[str, Profile]) -> None:
    named = eight["named-by-address"]

    assert (named.nick, named.nick_template) == ("address", Template("{ip}:{client-port}"))
    assert named.join == (Await(templates("You are {nick}")),)


def test_who_is_always_in_a_room_speaks_there_and_nowhere_else(eight: dict[str, Profile]) -> None:
    slash = eight["slash-rooms"]

    assert slash.public.says is None
    assert slash.rooms is not None
    assert slash.rooms.voice.says == Template("{text}")
    assert slash.rooms.voice.echo == templates("MESSAGE {nick} {text}")
    assert slash.rooms.default == "lobby"
    assert slash.whisper.ack == templates("OK")
    assert slash.start is not None
    assert slash.start.command == ("java", "ChatServer", "{port}")
    assert slash.start.chooses_port


def test_an_operator_answers_those_who_wait(eight: dict[str, Profile]) -> None:
    operator, start = eight["operator-desk"].operator, eight["operator-desk"].start

    assert operator is not None
    assert (operator.hears, operator.to, operator.ends) == (templates("{text}"), "waiting", ".")
    assert start is not None
    assert (start.port, start.ready) == (2005, Template("Waiting for connection"))


# --- single keys --------------------------------------------------------------------------------------------------


def test_a_profile_needs_nothing_but_a_name() -> None:
    bare = profile("")

    assert (bare.name, bare.nick, bare.encoding, bare.limits.nick, bare.knock) == ("p", "chosen", "utf-8", 12, True)
    assert bare.public.says == Template("{text}")
    assert bare.source == {"profile": "p"}


@pytest.mark.parametrize(
    ("written", "framing"),
    [
        ("none", Framing()),
        ("newline", Framing("newline")),
        ("crlf", Framing("crlf")),
        ("nul", Framing("nul")),
        ('{separator: "###"}', Framing("separator", separator=b"###")),
        ('{length: "|"}', Framing("length", separator=b"|")),
        ('{length: ":", end: ","}', Framing("length", separator=b":", end=b",")),
        ("{digits: 10, align: zeros}", Framing("digits", digits=10, align="zeros")),
        ('{struct: "<H", plus: -2}', Framing("struct", format="<H", plus=-2)),
    ],
)
def test_framings(written: str, framing: Framing) -> None:
    read = profile(f"framing: {written}")

    assert read.sent == read.received == framing


def test_framings_may_differ_by_direction() -> None:
    read = profile('framing: {sent: newline, received: {separator: "\\0\\0"}}')

    assert (read.sent, read.received) == (Framing("newline"), Framing("separator", separator=b"\0\0"))


def test_a_separator_is_written_in_the_encoding() -> None:
    assert profile('encoding: utf-16-le\nframing: {separator: "|"}').sent.separator == b"|\0"


def test_a_dialogue() -> None:
    read = profile(
        """
        join: [{await: ["Name?", "re:^Who"]}, {pause: 50ms..1s}, {send: "{nick} {password}"}]
        leave: [{send: "bye"}, {await: "{end}"}]
        """
    )

    assert read.join == (
        Await(templates("Name?", "re:^Who")),
        PauseFor(0.05, 1.0),
        SendThis(Template("{nick} {password}")),
    )
    assert read.leave == (SendThis(Template("bye")), Await(closes=True))


def test_line_ends_around_what_is_received_do_not_count() -> None:
    assert profile('framing: newline\nhears: "{nick}: {text}\\n"').public.hears == templates("{nick}: {text}\n")


def test_a_word_in_quotes_is_a_text() -> None:
    assert profile('says: "no {text}"\nack: "no"').public.ack == templates("no")
    assert profile("says: no").public.says is None


def test_pace_may_be_a_time() -> None:
    assert (profile("pace: 20ms").pace, profile("pace: 20ms").pace_gap) == ("free", 0.02)
    assert profile("framing: newline\npace: one-at-a-time").pace == "one-at-a-time"


def test_the_rest_of_the_keys() -> None:
    read = profile(
        """
        about: 12:30
        strip: [ansi, "[{time}] "]
        ignore: ["---", "*** {*}"]
        replays: 20
        text: {strip: yes, case: lower}
        slow-readers: kept
        half-close: answers
        exits: when-empty
        knock: no
        whenever: [{await: "PING {*}", send: "PONG {*}"}]
        roster: {answer: "> {nick}", end: "end"}
        notices: {left: "{nick} left", dropped: ["{nick} lost", "{nick} gone"]}
        limits: {nick: 8, text: 1kB, rate: 2.5, clients: 4, silence: 1m, pool: 50}
        promises: {delivery: no, total-order: yes, prompt-notices: yes}
        """
    )

    assert read.about == "12:30"
    assert (read.strip_ansi, read.strip, read.ignore) == (True, templates("[{time}] "), templates("---", "*** {*}"))
    assert (read.replays, read.text_strip, read.text_lower, read.knock) == (True, True, True, False)
    assert (read.slow_readers, read.half_close, read.exits) == ("kept", "answers", "when-empty")
    assert (read.whenever[0].awaited, read.whenever[0].send) == (templates("PING {*}"), Template("PONG {*}"))
    assert read.roster is not None
    assert (read.roster.ask, read.roster.answer, read.roster.end) == (None, templates("> {nick}"), templates("end"))
    assert read.dropped == templates("{nick} lost", "{nick} gone")
    assert read.limits == Limits(8, 1000, 2.5, 4, 60.0, 50)
    assert read.promises == {"delivery": False, "total-order": True, "prompt-notices": True}


def test_a_start_in_full(tmp_path: Path) -> None:
    read = read_profile(
        dedent(
            """
            profile: p
            start:
              command: [python, "my server.py", "--port={port}"]
              build: "make all"
              cwd: "src"
              env: {MODE: no, PORT: "{port}"}
              files: {"users.txt": "ann\\n", "conf/a.ini": "port={port}"}
              stdin: "yes\\n"
              host: 127.0.0.1
              stop: {stdin: "/stop"}
              terminal: yes
            """
        ),
        str(tmp_path / "p.yaml"),
    )

    start = read.start
    assert start is not None
    assert start.command == ("python", "my server.py", "--port={port}")
    assert (start.build, start.cwd, start.stdin, start.host) == ("make all", "src", "yes\n", "127.0.0.1")
    assert start.env == {"MODE": "no", "PORT": "{port}"}
    assert start.files == {"users.txt": "ann\n", "conf/a.ini": "port={port}"}
    assert (start.stop, start.stop_line, start.terminal) == ("stdin", "/stop", True)
    assert start.folder == str(tmp_path)


def test_a_command_is_split_as_by_a_shell() -> None:
    start = profile("start: {command: \"python 'my server.py' --x=a\\\\ b\"}").start

    assert start is not None
    assert start.command == ("python", "my server.py", "--x=a b")


# --- extends ------------------------------------------------------------------------------------------------------


def test_maps_are_merged_lists_are_replaced_and_null_removes() -> None:
    read = profile(
        """
        extends: lines
        framing: {separator: "|"}
        notices: {left: "bye {nick}"}
        rooms: {exit: null, many: no}
        whisper: null
        join: "{nick}"
        """
    )

    assert read.name == "p"
    assert read.sent == Framing("separator", separator=b"|")
    assert (read.joined, read.left) == (templates("* {nick} joined"), templates("bye {nick}"))
    assert read.rooms is not None
    assert (read.rooms.exit, read.rooms.many) == ((), False)
    assert read.rooms.joined == templates("* {nick} entered {room}")
    assert read.whisper.says is None
    assert read.join == (SendThis(Template("{nick}")),)
    assert "extends" not in read.source
    assert read.source["notices"] == {
        "joined": "* {nick} joined",
        "left": "bye {nick}",
        "renamed": "* {nick} is now {new}",
    }


def test_a_framing_is_replaced_whole_though_it_is_a_map() -> None:
    assert profile("extends: header-64\nframing: {struct: '!H'}").sent == Framing("struct", format="!H")


def test_a_name_is_never_inherited() -> None:
    with pytest.raises(ProfileError, match='the key "profile" is missing here'):
        read_profile("extends: lines\n", "p.yaml")


def test_a_profile_extends_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text('profile: base\nextends: lines\nhears: "<{nick}> {text}"\n', encoding="utf-8")
    (tmp_path / "mine.yaml").write_text("profile: mine\nextends: base\necho: yes\n", encoding="utf-8")

    mine = load_profile(str(tmp_path / "mine.yaml"))

    assert mine.public.echo == templates("<{nick}> {text}")
    assert mine.left == templates("* {nick} left")


def test_profiles_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("profile: a\nextends: b\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("profile: b\nextends: a.yaml\n", encoding="utf-8")

    with pytest.raises(ProfileError) as caught:
        load_profile(str(tmp_path / "a.yaml"))

    assert "this profile extends itself: a.yaml → b.yaml → a.yaml" in str(caught.value)


def test_the_mistake_of_a_base_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("profile: base\nechoo: yes\n", encoding="utf-8")

    with pytest.raises(ProfileError) as caught:
        read_profile("profile: a\nextends: base\n", str(tmp_path / "a.yaml"))

    (problem,) = caught.value.problems
    assert (
        problem.what
        == f'"base" is wrong itself ({tmp_path}/base.yaml:2:1): "echoo" is no key of a profile. Did you mean "echo"?'
    )
    assert problem.place is not None
    assert (problem.place.line, problem.place.column) == (2, 10)


# --- golden letters -----------------------------------------------------------------------------------------------

GOLDEN = Path(__file__).parent / "golden"


def test_all_mistakes_at_once_each_at_its_place() -> None:
    with pytest.raises(ProfileError) as caught:
        read_profile((GOLDEN / "mistakes.yaml").read_text(encoding="utf-8"), "mistakes.yaml")

    assert str(caught.value) + "\n" == (GOLDEN / "mistakes.txt").read_text(encoding="utf-8")


def test_what_does_not_fit_what_is_extended_is_told_once_at_extends() -> None:
    assert complaint("extends: lines\nnick: none").splitlines() == [
        "p.yaml:2:10",
        "  extends: lines",
        "           ^^^^^ inherited from lines (built in):9:44: "
        "{nick} stands here, and `nick: none` says that there are no names",
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("transport: udp", "`join` sends nothing: over UDP a server knows nobody who has said nothing"),
        ("transport: utp", 'tcp, tls, udp, unix or websocket is expected here, not "utp". Did you mean "udp"?'),
        ("tls: {verify: no}", "`tls` is for `transport: tls` and `transport: websocket`"),
        ('transport: websocket\npath: "chat"', "a path begins with / and is written as in an address: /chat?room=1"),
        ('transport: websocket\npath: "/a b"', "a path begins with / and is written as in an address: /chat?room=1"),
        (
            "transport: websocket\nframing: newline",
            "over WebSocket each message is a frame by itself, and `framing` is not needed",
        ),
        ("transport: websocket\nencoding: latin-1", "the texts of a WebSocket are UTF-8"),
        (
            'transport: websocket\nsays: "{nick}{next}{text}"',
            "{next} is of no use here: over WebSocket one text is one message",
        ),
        (
            'transport: tls\ntls: {verify: no, ca: "a.pem"}',
            "`verify: no` believes any certificate: `ca` would not be asked",
        ),
        ("transport: tls\ntls: {verfy: no}", '"verfy" is no key of tls. Did you mean "verify"?'),
        ('path: "/ws"', "`path` is for `transport: websocket`"),
        ("framing: {digits: 10, plus: 3}", '"plus" is no key of a framing by digits'),
        ("framing: {struct: II}", "this struct format is not one integer"),
        ("framing: {separator: ''}", "an empty separator keeps nothing apart"),
        ("framing: {length: '0x'}", "a length ends where something comes that is no digit"),
        ("framing: {length: ''}", "a length ends where something comes that is no digit"),
        ("encoding: utf-16\nframing: {length: ':'}", "a length in digits cannot be told apart in utf-16"),
        ("framing: {sent: newline}", 'the key "received" is missing here'),
        ("encoding: utf-16\nframing: newline", "newline cannot be told apart in utf-16"),
        ("encoding: utf8x", 'Python knows no encoding "utf8x". Did you mean "utf-8"?'),
        ('encoding: ascii\njoin: "привет"', "ascii cannot carry this text"),
        ('framing: newline\nleave: "/quit\\n"', "this holds what ends a frame, so it is never inside one"),
        ('framing: json\nsays: "{text}"', "with `framing: json` only a JSON object can be sent, and this is none"),
        ("framing: json", "with `framing: json` the JSON object that a client sends is needed: `says`"),
        ('hears: "{nick}{next}{text}"', "{next} ends a frame, and without `framing` there are none"),
        ("says: yes", 'a template, or no, is expected here, not "yes"'),
        ('says: "hello"', "{text} is missing in `says`: without it no message can be told from another"),
        ("whisper: {hears: '{text}'}", 'the key "says" is missing here'),
        (
            "whisper: {says: '{text}'}",
            "{to} is missing in `whisper.says`: without it the server cannot know whom it is for",
        ),
        ('join: "{nick} {text}"', "{text} has no meaning in `join`"),
        ('says: "{room} {text}"', "{room} has no meaning in `says`: what is said in a room is `rooms: {says}`"),
        ("rooms: {exit: '/exit'}", "nothing tells the server which room is meant"),
        ("rooms: {enter: '/e {room}', default: a, names: [b, c]}", 'the room "a" is none of `names`'),
        ("nick: none\njoin: '{nick}'", "{nick} stands here, and `nick: none` says that there are no names"),
        ("nick: assigned", "`nick: assigned`, and no `await` in `join` holds {nick}: nothing would tell the name"),
        (
            "nick: assigned\njoin: [{send: '{nick}'}, {await: '{nick}'}]",
            "this sends {nick} before the server has assigned one",
        ),
        ("nick: '{nick}'", "`{nick}` has no meaning in a name by address"),
        ("roster: {ask: '/who'}", 'the key "answer" is missing here'),
        ("whenever: [{await: PING, send: 'PONG {*}'}]", "{*} is what {*} matched, and there is none in this `await`"),
        ("whenever: {await: PING, send: PONG}", "a list of await and send is expected here, and this is a map"),
        (
            "output: {said: 'a message'}",
            "{text} is missing in `output.said`: without it no message can be told from another",
        ),
        ("promises: {roster: yes}", "`roster` is promised, and no `roster` says how it reads"),
        ("join: {send: x}", "a list is expected here, and this is a map"),
        ("join: [{send: x, await: y}]", "one step, one key: each of these needs a list entry of its own"),
        ("join: [{}]", "this step is empty"),
        ("start: {command: 'x {port}', port: 5000}", "a fixed port, and {port}: only one of them can be meant"),
        ("start: {command: 'x {prot}'}", "there is no placeholder `{prot}`. Did you mean `{port}`?"),
        ("start: {command: ''}", "a command is missing here"),
        ("start: {files: {'../x': a}}", "a file below the server's folder is expected here"),
        ("start: {cwd: '/etc'}", "a folder below the server's is expected here"),
        ("extends: line", 'there is no profile "line", built in or as a file beside p.yaml. Did you mean "lines"?'),
        ("extends: ../secret", 'there is no profile "../secret", built in or as a file beside p.yaml'),
        ("extends: p.yaml", 'there is no profile "p.yaml", built in or as a file beside p.yaml'),
    ],
)
def test_what_is_refused(text: str, what: str) -> None:
    with pytest.raises(ProfileError) as caught:
        profile(text)

    assert [problem.what for problem in caught.value.problems] == [what]
    assert all(problem.place is not None for problem in caught.value.problems)


# --- loading ------------------------------------------------------------------------------------------------------


def test_an_unknown_name_offers_the_nearest_and_the_list() -> None:
    with pytest.raises(ProfileError) as caught:
        load_profile("relais")

    assert str(caught.value) == (
        'there is no profile "relais". Did you mean "relay"?\n'
        f"Built in: {', '.join(builtin_names())}. A file of yours: its path, such as ./my-server.yaml"
    )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="there is no such file"):
        load_profile(str(tmp_path / "mine.yaml"))


def test_a_built_in_profile_has_no_start_and_no_file() -> None:
    for name in builtin_names():
        read = load_profile(name)

        assert (read.name, read.start, read.file) == (name, None, "")
        assert read.about


# --- anything -----------------------------------------------------------------------------------------------------

KEYS = [
    "profile", "extends", "start", "framing", "encoding", "nick", "join", "refuses", "leave", "says", "hears", "echo",
    "ack", "notices", "whisper", "rooms", "roster", "operator", "output", "whenever", "strip", "ignore", "replays",
    "text", "pace", "knock", "limits", "promises", "send", "await", "pause", "command", "stop", "files", "digits",
    "length", "end", "struct", "sent", "received", "answer", "joined", "left", "said", "case", "default", "names", "env",
    "plus",
]  # fmt: skip
VALUES = [
    "no", "yes", "null", "p", "lines", "newline", "json", "{nick}: {text}", "{nik}", "{next}", "{end}", "{*}", "re:(", "5ms",
    "1kB", "10", "-1", "!I", "", "assigned", "none", "{ip}", "utf-16", "undefined", "idna", "hex", "total-order", "\\n",
    "{port}",
]  # fmt: skip
scalars = st.one_of(
    st.sampled_from(VALUES).map(lambda text: f'"{text}"'), st.sampled_from(["no", "yes", "null", "10", "5ms"])
)
nodes = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=4).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}"
        ),
    ),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from(KEYS), nodes, max_size=8).map(
    lambda pairs: "\n".join(f"{key}: {value}" for key, value in {"profile": "p", **pairs}.items())
)


@given(text=st.one_of(documents, st.text(max_size=60)))
def test_any_text_is_a_profile_or_a_profile_error(text: str) -> None:
    try:
        read = read_profile(text, "any.yaml")
    except ProfileError as error:
        assert error.problems
        assert str(error)
    else:
        assert read.name


# --- several ways on ----------------------------------------------------------------------------------------------


def test_either_waits_for_the_beginnings_of_all_its_ways() -> None:
    join = profile(
        """\
        join:
          - either:
              - - await: ["A", "B"]
              - - await: "C"
                - send: "{nick}"
        """
    ).join

    (either,) = join
    assert isinstance(either, Either)
    assert either.templates == templates("A", "B", "C")
    assert either.after(Template("B")) == ()
    assert either.after(Template("C")) == (SendThis(Template("{nick}")),)


@pytest.mark.parametrize(
    ("ways", "told"),
    [
        ('[[{await: "A"}]]', "one way alone is no choice"),
        ('[[{await: "A"}], [{send: "B"}]]', "each way of `either` begins with `await`"),
        ('[[{await: "A"}], "B"]', "each way of `either` begins with `await`"),
        ('[[{await: "A"}], [{await: "{end}"}]]', "each way of `either` begins with `await`, and with a text"),
        ('[[{await: "A"}], [{await: ["B", "A"]}]]', "two ways of this `either` begin alike"),
        ('{await: "A"}', "a list"),
    ],
)
def test_ways_that_lead_nowhere_are_refused(ways: str, told: str) -> None:
    assert told in complaint(f"join: [{{either: {ways}}}]")


# --- records ------------------------------------------------------------------------------------------------------


def test_a_framing_by_records() -> None:
    read = profile('framing: {record: "<I32s256s"}\njoin: "1|{nick}|"\nsays: "2|{nick}|{text}"\nlimits: {text: 255B}')

    assert read.sent == read.received == Framing("record", format="<I32s256s", separator=b"|")


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('framing: {record: "<I32s"}', "the record that a client sends is needed"),
        ('framing: {record: "<I32q"}\nsays: "{text}"', "a record has 33 fields, and this has 1"),
        ('framing: {record: "<f32s"}', "this struct format is no record"),
        ('framing: {record: "nonsense"}', "this struct format is no record"),
        ('framing: {record: "<I32s256s"}\nsays: "2|{text}"', "a record has 3 fields, and this has 2"),
        ('framing: {record: "<I32s256s"}\nsays: "SAY|{nick}|{text}"', '"SAY" stands where the record has a number'),
    ],
)
def test_records_that_do_not_fit_are_refused(keys: str, told: str) -> None:
    assert told in complaint(keys)


# --- messages that take a dialogue --------------------------------------------------------------------------------


def test_what_is_said_before_a_text_can_be_is_a_dialogue() -> None:
    read = profile(
        """\
        says: [{send: "SAY"}, {await: "TEXT?"}, {send: "{text}"}]
        whisper: {says: [{send: "TELL {to}"}, {send: "{text}"}]}
        """
    )

    assert read.public.before == (SendThis(Template("SAY")), Await(templates("TEXT?")))
    assert (read.public.says, read.public.hears) == (Template("{text}"), templates("{text}"))
    assert read.whisper.before == (SendThis(Template("TELL {to}")),)


def test_the_addressee_may_be_named_in_one_way_of_a_dialogue_only() -> None:
    """A server that pairs two clients asks for the other's name once."""
    read = profile(
        """\
        whisper:
          says:
            - either: [[{await: "whom?"}, {send: "{to}"}], [{await: "you talk to {to}"}]]
            - {send: "{text}"}
        """
    )

    assert read.whisper.says == Template("{text}")


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('says: [{send: "{text}"}, {await: "ok"}]', "the last step of `says` sends the text"),
        ("says: []", "the last step of `says` sends the text"),
        ('says: [{send: "SAY"}, {send: "now"}]', "{text} is missing in `says`"),
        ('says: [{send: "{text}"}, {send: "{text}"}]', "{text} has no meaning in `says.before`"),
        ('whisper: {says: [{send: "TELL"}, {send: "{text}"}]}', "{to} is missing in `whisper.says`"),
        (
            'whisper: {says: [{either: [[{await: "a {to}"}], [{await: "b"}, {send: "c"}]]}, {send: "{text}"}]}',
            "{to} is missing in `whisper.says`",
        ),
    ],
)
def test_a_message_that_never_says_its_text_is_refused(keys: str, told: str) -> None:
    assert told in complaint(keys)
