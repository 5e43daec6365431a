"""How the textbook server puts things, dialect by dialect. Pure: bytes to requests, happenings to bytes.

They speak like the dialects of the reference server, and are written apart from them: those decide who hears what,
and here that is the server's business, since that is where students go wrong.
"""

import json
from typing import Any, ClassVar, NamedTuple

from reference_server import wire


class Request(NamedTuple):
    """What a client wants: join, say, rename, tell, who, enter, exit, in (say in a room), bye, nothing; or it is not
    understood."""

    kind: str
    text: str = ""
    to: str = ""  # the addressee, or the room


NOT_UNDERSTOOD = Request("")


class Speech:
    """One dialect. What has no words in it is not said."""

    name: ClassVar[str]
    words: ClassVar[dict[str, str]] = {}  # what is sent, by occasion
    shows: ClassVar[dict[str, str]] = {}  # what is printed, by occasion
    opening: ClassVar[str] = ""  # what is printed once the server listens
    asks_nick: ClassVar[bool] = True  # whether one has to give a nickname before one is in
    names_are_unique: ClassVar[bool] = True
    heard_by: ClassVar[str] = "others"  # others, all, self, nobody, or operator: by a person who answers
    between_nicks: ClassVar[str] = ", "
    refused_must_go: ClassVar[bool] = False  # or else may try another name

    def framing(self) -> wire.Framing:
        return wire.Chunks()

    def text_in(self, message: bytes) -> str | None:
        """The text of a message, or None if it is no text."""
        return wire.text_of(message)

    def frame(self, text: str) -> bytes:
        return text.encode("utf-8", "surrogateescape")

    def understand(self, text: str, joined: bool) -> Request:
        return Request("say" if joined else "join", text)

    def encode(self, occasion: str, **what: str) -> bytes:
        """What is sent on this occasion; nothing where the dialect has no words for it."""
        template = self.words.get(occasion)
        return b"" if template is None else self.frame(template.format(**what))

    def roster(self, nicks: list[str]) -> bytes:
        return self.encode("roster", nicks=self.between_nicks.join(nicks))


class LinesSpeech(Speech):
    name = "lines"
    words: ClassVar[dict[str, str]] = {
        "welcome": "Welcome, {nick}!",
        "taken": "Sorry, the name {nick} is taken.",
        "not allowed": "Sorry, the name {nick} is not allowed.",
        "said": "{nick}: {text}",
        "joined": "* {nick} joined",
        "left": "* {nick} left",
        "you are": "You are {nick} now.",
        "renamed": "* {old} is now {nick}",
        "whispered": "(private) {nick}: {text}",
        "nobody": "? nobody here is called {nick}",
        "roster": "Here: {nicks}",
        "you entered": "You are in {room}.",
        "you left": "You left {room}.",
        "entered": "* {nick} entered {room}",
        "left room": "* {nick} left {room}",
        "said in room": "[{room}] {nick}: {text}",
        "not in room": "? you are not in {room}",
        "farewell": "Goodbye, {nick}.",
        "not understood": "? that is not understood",
    }

    def framing(self) -> wire.Framing:
        return wire.Lines()

    def frame(self, text: str) -> bytes:
        return wire.line(text)

    def understand(self, text: str, joined: bool) -> Request:
        if not joined:
            return Request("join", text)
        if not text.startswith("/"):
            return Request("say", text) if text else Request("nothing")
        command, _, rest = text.partition(" ")
        match command:
            case "/who":
                return Request("who")
            case "/quit":
                return Request("bye")
            case "/nick":
                return Request("rename", rest)
            case "/enter" | "/exit":
                return Request(command[1:], to=rest)
            case "/msg" | "/in":
                to, blank, words = rest.partition(" ")
                return Request("tell" if command == "/msg" else "in", words, to) if blank else NOT_UNDERSTOOD
        return Request("say", text[1:]) if command.startswith("//") else NOT_UNDERSTOOD


class PromptedSpeech(Speech):
    name = "prompted"
    refused_must_go = True
    words: ClassVar[dict[str, str]] = {
        "prompt": "NICK",
        "welcome": "Connected to the server!",
        "taken": "Nickname already in use!",
        "not allowed": "Nickname not allowed!",
        "said": "{nick}: {text}",
        "joined": "{nick} joined the chat!",
        "left": "{nick} left the chat!",
    }

    def framing(self) -> wire.Framing:
        return wire.WholeCharacters()

    def understand(self, text: str, joined: bool) -> Request:
        return Request("say", text) if joined else Request("join", text.strip())


class Header64Speech(Speech):
    name = "header-64"
    refused_must_go = True
    words: ClassVar[dict[str, str]] = {
        "welcome": "Connected",
        "taken": "Name taken",
        "not allowed": "Name not allowed",
        "said": "{nick}: {text}",
        "joined": "{nick} has joined",
        "left": "{nick} has left",
    }

    def framing(self) -> wire.Framing:
        return wire.DecimalHeader(64)

    def frame(self, text: str) -> bytes:
        return wire.with_decimal_header(text, 64)

    def understand(self, text: str, joined: bool) -> Request:
        return Request("bye") if text == "!DISCONNECT" else super().understand(text, joined)


class Header10Speech(Speech):
    name = "header-10"
    names_are_unique = False
    refused_must_go = True
    words: ClassVar[dict[str, str]] = {"said": "{nick}"}

    def framing(self) -> wire.Framing:
        return wire.DecimalHeader(10)

    def frame(self, text: str) -> bytes:
        return wire.with_decimal_header(text, 10)

    def encode(self, occasion: str, **what: str) -> bytes:
        words = super().encode(occasion, **what)
        return words + self.frame(what["text"]) if occasion == "said" else words


class BinaryLengthSpeech(Speech):
    name = "binary-length"
    between_nicks = " "
    heard_by = "all"
    words: ClassVar[dict[str, str]] = {
        "welcome": "OK",
        "taken": "ERROR name taken",
        "not allowed": "ERROR name not allowed",
        "said": "{nick}: {text}",
        "joined": "+ {nick}",
        "left": "- {nick}",
        "roster": "NAMES {nicks}",
        "farewell": "BYE",
        "not understood": "ERROR not understood",
    }

    def framing(self) -> wire.Framing:
        return wire.BinaryHeader()

    def frame(self, text: str) -> bytes:
        return wire.with_binary_header(text)

    def understand(self, text: str, joined: bool) -> Request:
        if text == "/bye":
            return Request("bye")
        if not joined:
            nick = text.removeprefix("/nick ")
            return Request("join", nick) if nick != text else NOT_UNDERSTOOD
        return Request("who") if text == "/names" else Request("say", text)


class JsonLinesSpeech(Speech):
    name = "json-lines"
    words: ClassVar[dict[str, str]] = {
        "welcome": '{"type":"welcome","nick":"{nick}"}',
        "taken": '{"type":"error","reason":"name taken"}',
        "not allowed": '{"type":"error","reason":"name not allowed"}',
        "said": '{"type":"message","from":"{nick}","text":"{text}"}',
        "receipt": '{"type":"ok","text":"{text}"}',
        "joined": '{"type":"joined","nick":"{nick}"}',
        "left": '{"type":"left","nick":"{nick}"}',
        "whispered": '{"type":"private","from":"{nick}","text":"{text}"}',
        "nobody": '{"type":"error","reason":"nobody here has that name"}',
        "not understood": '{"type":"error","reason":"not understood"}',
    }

    def framing(self) -> wire.Framing:
        return wire.Lines()

    def frame(self, text: str) -> bytes:
        return wire.line(text)

    def encode(self, occasion: str, **what: str) -> bytes:
        template: dict[str, str] = json.loads(self.words.get(occasion, "{}"))
        return self._line({key: value.format(**what) for key, value in template.items()}) if template else b""

    def roster(self, nicks: list[str]) -> bytes:
        return self._line({"type": "members", "nicks": nicks})

    def _line(self, members: dict[str, Any]) -> bytes:
        return self.frame(json.dumps(members, ensure_ascii=False))

    def understand(self, text: str, joined: bool) -> Request:
        try:
            wanted = json.loads(text)
            text.encode()
        except (ValueError, RecursionError):
            return NOT_UNDERSTOOD
        if not isinstance(wanted, dict):
            return NOT_UNDERSTOOD
        kind = wanted.get("type")
        said, to = wanted.get("nick" if kind == "join" else "text", ""), wanted.get("to", "")
        if kind not in ("join", "say", "tell", "who", "bye") or not is_text(said) or not is_text(to):
            return NOT_UNDERSTOOD
        if kind != "bye" and joined == (kind == "join"):
            return NOT_UNDERSTOOD  # in already, or not yet
        return Request(str(kind), said, to)


def is_text(value: object) -> bool:
    """Whether it can be sent on. JSON can spell half a character."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class RawSpeech(Speech):
    """Bytes go on as they are, whatever they are; who only connects is in."""

    asks_nick = False

    def text_in(self, message: bytes) -> str | None:
        return message.decode("utf-8", "surrogateescape")


class RelaySpeech(RawSpeech):
    name = "relay"
    opening = "Сервер ожидает подключения клиентов..."
    words: ClassVar[dict[str, str]] = {"said": "{text}"}
    shows: ClassVar[dict[str, str]] = {
        "arrived": "Подключен клиент: {address}",
        "said": "Получено сообщение: {text}",
    }


class EchoSpeech(RawSpeech):
    name = "echo"
    heard_by = "self"
    opening = "[STARTING] Server is starting..."
    words: ClassVar[dict[str, str]] = {"said": "{text}"}
    shows: ClassVar[dict[str, str]] = {
        "arrived": "[New Connection] Client connected from {address}",
        "left": "[Client disconnected]",
    }

    def understand(self, text: str, joined: bool) -> Request:
        return Request("bye") if text == "!DISCONNECT" else Request("say", text)


class NicknameConsoleSpeech(Speech):
    name = "nickname-console"
    heard_by = "nobody"
    names_are_unique = False
    words: ClassVar[dict[str, str]] = {"welcome": "Welcome to this chatroom!"}
    shows: ClassVar[dict[str, str]] = {"said": "Message from client:  {text}"}

    def framing(self) -> wire.Framing:
        return wire.WholeCharacters()


class OperatorDeskSpeech(Speech):
    name = "operator-desk"
    asks_nick = False
    heard_by = "operator"
    opening = "Waiting for connection from clients"
    words: ClassVar[dict[str, str]] = {"answer": "{text}"}
    shows: ClassVar[dict[str, str]] = {
        "arrived": "New Server socket thread {address}",
        "said": "Server received data  {text}\nEnter the response from the server and end with .: ",
    }

    def framing(self) -> wire.Framing:
        return wire.WholeCharacters()


SPEECHES: dict[str, type[Speech]] = {
    speech.name: speech
    for speech in (
        LinesSpeech,
        EchoSpeech,
        NicknameConsoleSpeech,
        RelaySpeech,
        OperatorDeskSpeech,
        PromptedSpeech,
        Header64Speech,
        Header10Speech,
        BinaryLengthSpeech,
        JsonLinesSpeech,
    )
}
