"""The catalogue: in which ways people let clients into their chats and hear them speak. Data, likeliest first.

A way is tried as it stands; where a server asks for something, the question is answered whatever the way says. What the
source of a server tells (`clues`) makes further ways and moves likely ones to the front.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from chatsim.profile.framing import Framing
from chatsim.wires import Line, Tls

__all__ = ["FRAMINGS", "HTTP", "Way", "catalogue", "first_ways", "json_ways", "spelled", "verb_ways"]

# As the profile language spells them → what they are.
FRAMINGS: Final[Mapping[str, Framing]] = {
    "none": Framing.none(),
    "newline": Framing("newline"),
    "crlf": Framing("crlf"),
    "nul": Framing("nul"),
    "json": Framing("json"),
    "json-lines": Framing("json-lines"),
    "{digits: 10, align: left}": Framing("digits", digits=10, align="left"),
    "{digits: 64, align: left}": Framing("digits", digits=64, align="left"),
    "{digits: 4, align: zeros}": Framing("digits", digits=4, align="zeros"),
    "{digits: 8, align: left}": Framing("digits", digits=8, align="left"),
    '{struct: "!I"}': Framing("struct", format="!I"),
    '{struct: "!H"}': Framing("struct", format="!H"),
    '{struct: "<I"}': Framing("struct", format="<I"),
}

HTTP: Final = Line("websocket")


@dataclass(frozen=True, slots=True)
class Way:
    """One way in. `join`: what is sent where nothing is asked for, each after having listened; `says`: what may carry a
    text, likeliest first. `nick`: does anything of it carry a name?"""

    called: str  # for people: "lines, a name first"
    framing: str  # a key of FRAMINGS, or as `spelled` gives it
    join: tuple[str, ...] = ("{nick}",)
    says: tuple[str, ...] = ("{text}",)
    line: Line = field(default_factory=Line)
    why: str = ""  # where it comes from, if not from the catalogue

    @property
    def wire_framing(self) -> Framing:
        if self.line.wire.messages:
            return Framing.messages()
        return spelled(self.framing)


def spelled(framing: str) -> Framing:
    """The framing of its spelling; of one that the catalogue does not have, by reading it as a profile would."""
    known = FRAMINGS.get(framing)
    if known is not None:
        return known
    from chatsim.profile.reader import read_profile

    return read_profile(f'profile: x\nframing: {framing}\njoin: "{{nick}}"\n', "a clue").sent


def first_ways(framings: Sequence[str], line: Line = Line()) -> Iterator[Way]:  # noqa: B008 - a value
    """A name first, or nothing at all, for each framing in turn."""
    for framing in framings:
        yield Way(f"{_of(framing)}, a name first", framing, line=line)
    for framing in framings:
        yield Way(f"{_of(framing)}, no name", framing, join=(), line=line)


VERBS: Final = (
    (("/nick {nick}",), ("{text}",)),
    (("JOIN {nick}",), ("MSG {text}", "SAY {text}", "{text}", "MESSAGE {text}", "BCST {text}")),
    (("NICK {nick}",), ("MSG {text}", "{text}", "SAY {text}", "MESSAGE {text}")),
    (("/join {nick}",), ("{text}", "/msg {text}")),
    (("/name {nick}",), ("{text}",)),
    (("CONNECT {nick}",), ("MSG {text}", "{text}", "SEND {text}")),
    (("LOGIN {nick}",), ("MSG {text}", "{text}", "SEND {text}")),
    (("/login {nick} {password}",), ("{text}", "/msg {text}")),
    (("login {nick} {password}",), ("{text}", "msg {text}")),
    (("register {nick} {password}", "login {nick} {password}"), ("{text}", "msg {text}")),
    (("/username {nick}",), ("{text}",)),
    (("nick:{nick}",), ("{text}", "msg:{text}")),
    (("join|{nick}",), ("msg|{text}", "message|{text}")),
    (("JOIN:{nick}",), ("MSG:{text}", "MESSAGE:{text}", "{text}")),
    (("/nick {nick}", "/join lobby"), ("{text}",)),
)


def verb_ways(framings: Sequence[str]) -> Iterator[Way]:
    """A command that carries the name."""
    for join, says in VERBS:
        for framing in framings:
            yield Way(f"{_of(framing)}, {' then '.join(join)}", framing, join, says)


JOIN_WORDS: Final = ("join", "login", "connect", "register", "nick", "nickname", "username", "name", "hello")
SAY_WORDS: Final = ("message", "msg", "chat", "text", "say", "send", "broadcast")
TYPE_KEYS: Final = ("type", "action", "cmd", "command", "event", "kind", "op")
NAME_KEYS: Final = ("nick", "name", "username", "nickname", "user", "sender", "from")
TEXT_KEYS: Final = ("text", "message", "content", "msg", "body", "data")


def json_object(
    word: str, value: str, keys: Sequence[str], types: Sequence[str] = TYPE_KEYS, more: Mapping[str, Any] | None = None
) -> str:
    """An object with everything that a server might look for."""
    made: dict[str, Any] = dict.fromkeys(types, word) | dict.fromkeys(keys, value) | dict(more or {})
    return json.dumps(made, ensure_ascii=False)


def json_ways(
    framings: Sequence[str],
    joins: Sequence[str] = JOIN_WORDS,
    says: Sequence[str] = SAY_WORDS,
    types: Sequence[str] = TYPE_KEYS,
    line: Line = Line(),  # noqa: B008 - a value
) -> Iterator[Way]:
    """Objects that have the name, or the text, under every key that is usual: those not needed are taken out later."""
    spoken = tuple(json_object(word, "{text}", TEXT_KEYS, types, dict.fromkeys(NAME_KEYS, "{nick}")) for word in says)
    for framing in framings:
        for word in joins:
            yield Way(
                f"{_of(framing)}, {{{types[0]}: {word}}}", framing, (json_object(word, "{nick}", NAME_KEYS, types),),
                spoken, line,
            )  # fmt: skip


def catalogue(framings: Sequence[str], *, speaks_json: bool = False) -> list[Way]:
    """All ways over TCP, likeliest first. `framings`: of the plain kinds, the likeliest first."""
    plain = [framing for framing in framings if framing in ("none", "newline", "crlf", "nul")] or ["none", "newline"]
    guessed = [framing for framing in framings if framing.startswith("{")]
    lengths = [framing for framing in FRAMINGS if framing.startswith("{") and framing not in guessed]
    # A line end after an object hurts no server that needs none: which of the two it is shows in what it sends.
    by_json = list(json_ways(["json-lines"]))
    ways: list[Way] = [*first_ways(guessed), *(by_json if speaks_json else []), *first_ways(plain)]
    others = [framing for framing in ("crlf", "nul") if framing not in plain]
    ways += [way for way in first_ways([*others, *lengths]) if way.join]
    ways += _interleaved(list(verb_ways(plain[:2])), [] if speaks_json else by_json)
    ways += verb_ways(guessed)
    ways += first_ways(others)
    ways += json_ways(["json"])
    return list(dict.fromkeys(ways))


def over_websocket(path: str = "/", tls: Tls | None = None) -> list[Way]:
    """All ways over WebSocket."""
    line = Line("websocket", tls, path)
    return [
        *json_ways(["none"], ("join", "login"), ("message", "chat"), line=line),
        *first_ways(["none"], line),
        *json_ways(["none"], JOIN_WORDS[2:], SAY_WORDS, line=line),
    ]


def _interleaved(left: Sequence[Way], right: Sequence[Way]) -> Iterable[Way]:
    for index in range(max(len(left), len(right))):
        yield from left[index : index + 1]
        yield from right[index : index + 1]


def _of(framing: str) -> str:
    return {"none": "raw bytes", "newline": "lines", "crlf": "lines (CRLF)", "nul": "NUL-ended texts"}.get(
        framing, framing
    )
