"""The keys of the profile language, as tables: the reader refuses all others, the editors' schema is made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = [
    "DIALOGUE_STEP",
    "FRAMING_BY_DIRECTION",
    "FRAMING_DIGITS",
    "FRAMING_LENGTH",
    "FRAMING_PYTHON",
    "FRAMING_RECORD",
    "FRAMING_SEPARATOR",
    "FRAMING_STRUCT",
    "FRAMING_WORDS",
    "IN_PYTHON",
    "LIMITS",
    "NOTICES",
    "OPERATOR",
    "OUTPUT",
    "PROFILE",
    "ROOMS",
    "ROSTER",
    "START",
    "STOP_STDIN",
    "TEXT",
    "TLS",
    "VOICE",
    "WHENEVER",
    "WHISPER",
    "Key",
    "Keys",
    "names",
]


@dataclass(frozen=True, slots=True)
class Key:
    """`form`: a form of schema.py, words to choose from (the first is the default), or the keys of a map."""

    name: str
    form: str | tuple[str, ...] | Keys
    about: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Keys:
    keys: tuple[Key, ...]


def names(keys: Keys) -> tuple[str, ...]:
    return tuple(key.name for key in keys.keys)


def _keys(*keys: Key) -> Keys:
    return Keys(keys)


FRAMING_WORDS: Final = ("none", "newline", "crlf", "nul", "json", "json-lines")

FRAMING_SEPARATOR: Final = _keys(Key("separator", "text", "what stands after each message", required=True))
FRAMING_DIGITS: Final = _keys(
    Key("digits", "number", "the width of an ASCII length before each message", required=True),
    Key("align", ("left", "right", "zeros"), "how the length is padded"),
)
FRAMING_LENGTH: Final = _keys(
    Key("length", "text", "what stands between a decimal length of any width and the message", required=True),
    Key("end", "text", "what stands after the message; nothing by default"),
)
FRAMING_STRUCT: Final = _keys(
    Key("struct", "text", "the length as Python's module struct packs it, such as !I", required=True),
    Key("plus", "whole-number", "length = number + plus"),
)
FRAMING_RECORD: Final = _keys(
    Key(
        "record",
        "text",
        "all fields of a record as Python's module struct packs them, such as <I32s256s",
        required=True,
    ),
    Key("between", "text", "what stands between the fields in templates; | by default"),
)
FRAMING_PYTHON: Final = _keys(Key("python", "text", "module:Class, a framing in Python", required=True))
FRAMING_BY_DIRECTION: Final = _keys(
    Key("sent", "framing", "what clients send", required=True),
    Key("received", "framing", "what clients receive", required=True),
)

DIALOGUE_STEP: Final = _keys(
    Key("send", "template", "what the client sends"),
    Key("await", "templates", "what it waits for, any one of these; {end}: that the server closes"),
    Key("pause", "span", "how long it waits"),
    Key(
        "either",
        "ways",
        "a list of dialogues, each beginning with `await`: goes on in the one whose beginning comes first",
    ),
)

_SAYS = Key(
    "says", "says", "what a client sends, or a dialogue whose last step sends {text}; no: there is no such speech"
)
_HEARS = Key("hears", "templates-or-no", "what the other clients get; by default as `says`; no: nothing")
_ECHO = Key("echo", "echo", "does the sender hear itself; a template where it reads differently")
_ACK = Key("ack", "templates", "a receipt to the sender, one a message, besides any echo")
VOICE: Final = _keys(_SAYS, _HEARS, _ECHO, _ACK)
WHISPER: Final = _keys(
    Key("says", "says", "what a client sends: {to}, {text}; or a dialogue that ends so", required=True),
    _HEARS,
    _ECHO,
    _ACK,
)

ROOMS: Final = _keys(
    Key("enter", "dialogue", "how a client enters {room}"),
    Key("exit", "dialogue", "how it leaves {room}"),
    *VOICE.keys,
    Key("joined", "templates", "what those in the room are told of who enters"),
    Key("left", "templates", "what they are told of who leaves"),
    Key("default", "text", "the room that is entered as the end of `join`"),
    Key("names", "texts", "the only rooms there are"),
    Key("many", "yes-no", "a client can be in several at once; else entering one leaves the last"),
)

NOTICES: Final = _keys(
    Key("joined", "templates", "what the others are told when somebody joins"),
    Key("left", "templates", "what they are told when somebody leaves"),
    Key("dropped", "templates-or-no", "what they are told of an abrupt end; by default as `left`"),
    Key("renamed", "templates", "what they are told when {nick} takes another name, {new}"),
)

ROSTER: Final = _keys(
    Key("ask", "template", "what a client sends; without it, the server pushes the list"),
    Key("answer", "templates", "with {nicks}, or with {nick} for one a line", required=True),
    Key("end", "templates", "what ends an answer of several lines; else quiet does"),
)

OPERATOR: Final = _keys(
    Key("hears", "templates", 'what a client gets of a typed reply; by default "{text}"'),
    Key("to", ("waiting", "everyone"), "who gets it: the oldest unanswered of a client still there, or all"),
    Key("ends", "text", "the reply that ends that client's session"),
)

OUTPUT: Final = _keys(
    Key("joined", "templates", "a line on the server's console when a client comes"),
    Key("left", "templates", "... when it goes"),
    Key("said", "templates", "... for each message"),
)

WHENEVER: Final = _keys(
    Key("await", "templates", "what the server may send at any time", required=True),
    Key("send", "template", "the answer; {*} is what {*} matched", required=True),
)

TEXT: Final = _keys(
    Key("strip", "yes-no", "the server strips outer blanks by design"),
    Key("case", ("kept", "lower"), "lower: it lower-cases by design"),
)

LIMITS: Final = _keys(
    Key("nick", "number", "the longest nickname, in characters; 12 by default"),
    Key("text", "size", "the longest message"),
    Key("rate", "decimal", "most messages a second of one client"),
    Key("clients", "number", "most clients at once"),
    Key("exactly", "number", "it serves so many clients together, no fewer and no more: nobody is in before all are"),
    Key("silence", "time", "after what time a silent client is put out"),
    Key("pool", "number", "the size of a fixed thread pool"),
)

STOP_STDIN: Final = _keys(Key("stdin", "text", "the line that ends the server", required=True))

START: Final = _keys(
    Key("command", "command", "text, split as by a shell, or a list; {port} or {socket} is ours to choose"),
    Key("port", "number", "the fixed port; only where {port} is nowhere"),
    Key(
        "socket",
        "text",
        "with transport unix: the fixed path, or @ and an abstract name; only where {socket} is nowhere",
    ),
    Key("host", "text", "the address it listens at"),
    Key("build", "text", "a command that runs before the start"),
    Key("cwd", "text", "the folder to run in, below the server's"),
    Key("env", "text-map", "environment variables"),
    Key("files", "text-map", "files that must be there: name, text"),
    Key("stdin", "text", "typed at once; standard input stays open"),
    Key("ready", "template", "a line of output; by default its listening socket tells"),
    Key("stop", "stop", "how it is told to end"),
    Key("terminal", "yes-no", "run it in a pseudo-terminal"),
)

TLS: Final = _keys(
    Key("verify", "yes-no", "must its certificate be believed; yes by default, no where it is self-signed"),
    Key("ca", "text", "a file beside this one: the certificates to believe in, instead of the system's"),
    Key("name", "text", "whose certificate it must be; by default the host's, on this machine localhost's"),
)

PROFILE: Final = _keys(
    Key("profile", "name", "its name: letters, digits and -", required=True),
    Key("about", "text", "one sentence"),
    Key("extends", "text", "a built-in profile, or a file beside this one, to start from; null removes a key"),
    Key("python", "text", "module:Class, a profile in Python, instead of the keys that say what stands on the wire"),
    Key("start", START, "how to start the server; not needed with --connect or --server"),
    Key(
        "transport",
        ("tcp", "tls", "udp", "unix", "websocket"),
        "on what it is spoken",
    ),
    Key("tls", TLS, "with transport tls or websocket: how far the server's certificate is believed"),
    Key("path", "text", "of a WebSocket, such as /chat; / by default"),
    Key("framing", "framing-by-direction", "how messages are kept apart; any but none promises that they stay apart"),
    Key("encoding", "text", "any codec of Python; utf-8 by default"),
    Key("nick", "nick", "chosen by the bot, assigned by the server, none, or a template of the address"),
    Key("join", "dialogue", "after connecting"),
    Key("refuses", "templates", "heard during `join` or `enter`: refused"),
    Key("leave", "dialogue", "before closing"),
    Key("rename", "dialogue", "how a client that is there takes another name, {new}"),
    *VOICE.keys,
    Key("notices", NOTICES, "what the others are told"),
    Key("whisper", WHISPER, "direct messages"),
    Key("rooms", ROOMS, "rooms"),
    Key("roster", ROSTER, "who is there"),
    Key("operator", OPERATOR, "replies typed on the server's console"),
    Key("output", OUTPUT, "lines on the server's console"),
    Key("whenever", "whenever", "answered at any time, such as PING"),
    Key("strip", "strip", "decoration taken off the front of what arrives: ansi, templates"),
    Key("ignore", "templates", "known, without meaning"),
    Key("replays", "replays", "a newcomer is sent earlier messages: yes, no, or how many"),
    Key("text", TEXT, "what the server does to every text by design"),
    Key("slow-readers", ("may-close", "kept"), "may the server close a client that does not read"),
    Key("half-close", ("leaves", "answers"), "does a client that shuts down its writing side count as gone"),
    Key("exits", ("never", "when-empty"), "does the server end by design when the last client leaves"),
    Key("pace", "pace", "free, one-at-a-time, or the least time between the messages of one client"),
    Key("knock", "yes-no", "no: chatsim says nothing of its own; yes by default"),
    Key("limits", LIMITS, "what the server can take"),
    Key("promises", "promises", "property or prompt-notices: yes or no"),
)

# What a class says for itself, where a profile is in Python.
IN_PYTHON: Final = (
    "framing",
    "encoding",
    "nick",
    "join",
    "refuses",
    "leave",
    "rename",
    *names(VOICE),
    "notices",
    "whisper",
    "rooms",
    "roster",
    "operator",
    "whenever",
    "strip",
    "ignore",
    "replays",
)
