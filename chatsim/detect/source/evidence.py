"""What a server's source says about how it is spoken to: the values.

Each is something that stands in the source, with its place. Nothing here was tried; the same server may do otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

__all__ = [
    "Clue",
    "Clues",
    "Header",
    "Hole",
    "Key",
    "Need",
    "NeedKind",
    "Role",
    "Text",
    "Told",
    "Written",
    "is_notice",
    "once",
]

Role = Literal["nick", "text", "to", "room", "nicks", "time", "id", "ip", "client-port", "length", "colour", "*"]

NeedKind = Literal[
    "display",  # opens a window
    "database",
    "network",  # calls out: an API, a message broker
    "cipher",
    "pickle",
    "arguments",  # of the command line; `what` is how many it reads, or the name of a required one
    "input",  # asks something at the console
    "file",  # opens it for reading; `what` is its name
    "environment",  # reads a variable
    "package",  # imports something that is neither Python's own nor beside it
    "address",  # binds an address that need not exist here
]

_PLACEHOLDER_LIKE = re.compile(r"\{(?:[a-z][a-z-]*|\*)\}")
_LONGEST_LITERAL: Final = 80


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing that the source says, and where. `line` counts from 1; 0 if it follows from the whole file. `why` is a
    reason in words, for a person; it may be empty."""

    value: str | int
    file: str
    line: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Hole:
    """Where something is put into a text: what the source calls it, and what that seems to be."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Text:
    """A text with holes: `pieces` stand around and between them, so there is always one piece more than holes."""

    pieces: tuple[str, ...]
    holes: tuple[Hole, ...] = ()

    def __str__(self) -> str:
        return "{}".join(self.pieces)

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(hole.role for hole in self.holes)

    @property
    def bare(self) -> bool:
        """Is it one hole, with nothing around it but line ends?"""
        return len(self.holes) == 1 and not "".join(self.pieces).strip()

    def template(self) -> str:
        """As a profile writes it: `{nick} joined the chat!`. Colours are left out, whatever nobody knows is `{*}`."""
        out = [_escaped(self.pieces[0])]
        for hole, piece in zip(self.holes, self.pieces[1:], strict=True):
            if hole.role == "length":
                out.append("{id}")
            elif hole.role != "colour":
                out.append(f"{{{hole.role}}}")
            out.append(_escaped(piece))
        return "".join(out)


def _escaped(piece: str) -> str:
    return _PLACEHOLDER_LIKE.sub(lambda found: f"{{{found[0]}}}", piece)


@dataclass(frozen=True, slots=True)
class Told:
    """A text that the server sends.

    `to`: one client, or many (in a loop over clients, or by a function that does so). `but_sender`: the loop leaves
    somebody out. `receipts`: how often that client was read from before, as the source is written; 0 is before it has
    said anything. `looped`: in the loop that also reads. `parting`: where a client is taken away: in an `except`, in a
    `finally`, or after a `break`, a `return`, a `close`. `retry`: before a read in a loop that reads a name, so it may
    be an answer to a bad one. `answers`: the literal that what was received was compared with, on the way here.
    """

    text: Text
    file: str
    line: int
    to: Literal["one", "many"] = "one"
    but_sender: bool = False
    receipts: int = 0
    looped: bool = False
    parting: bool = False
    function: str = ""
    answers: str = ""

    @property
    def about(self) -> Literal["message", "joined", "left", "prompt", "welcome", "reply"]:
        """What it is, as far as place and words tell."""
        words = "".join(self.text.pieces)
        if "text" in self.text.roles:
            return "message" if self.to == "many" or self.text.bare else "reply"
        if self.to == "many":
            if _LEAVING.search(words) and not _JOINING.search(_LEAVING.sub("", words)):
                return "left"
            if _JOINING.search(words):
                return "left" if self.parting and _LEAVING.search(words) else "joined"
            return "left" if self.parting else ("reply" if self.looped and self.answers else "joined")
        if _WELCOME.search(words) and not self.parting:
            return "welcome"
        if self.receipts == 0:
            return "prompt"
        return "reply" if self.looped or self.parting else "welcome"


def is_notice(text: Text) -> bool:
    """Do its words tell of coming or going?"""
    words = "".join(text.pieces)
    return bool(_LEAVING.search(words) or _JOINING.search(words)) and not _WELCOME.match(words.strip())


_LEAVING: Final = re.compile(
    r"\bleft|\bleav|lefted|dis-?connect|\bquit|\bexit|\bgone\b|\bgoodbye|\bbye\b|log(?:ged)? ?out|part(?:ed|s)\b|drop+ed"
    r"|saiu|\bsai\b|sali[oó]|abandon|desconect|lasciato|uscit|disconness|d[ée]connect|quitt|verlass|getrennt|verl[aä]sst"
    r"|вышел|покину|отключ|ушел|ушёл|вийшов|离开|退出|下线|離開|나갔|퇴장|退室|ayr[ıi]l|keluar|rời",
    re.IGNORECASE,
)
_JOINING: Final = re.compile(
    r"join|connect|enter|arriv|welcome|online|log(?:ged)? ?in|is here|\bhas come|\bnew "
    r"|entr[oóae]|conect|se uni|unito|beigetreten|betreten|rejoint|присоедин|вош[её]л|подключ|приєдна"
    r"|进入|加入|登入|上线|입장|参加|入室"
    r"|kat[ıi]ld|bergabung|tham gia",
    re.IGNORECASE,
)
_WELCOME: Final = re.compile(
    r"welcome|connected|hello|\bhi\b|bem[- ]?vind|bienven|benvenut|willkommen|добро|привет|欢迎|conectado|connecté|hoş",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Header:
    """A length before each message. `digits`: decimal, in `width` characters; `align` says where in them, where that is
    seen. `binary`: `width` bytes; `format` is the struct that reads it, empty where there is none (three bytes). A width
    of 0 is not in the source: it is configured, or worked out."""

    kind: Literal["digits", "binary"]
    width: int
    read: bool
    written: bool
    file: str
    line: int
    align: Literal["left", "right", "zeros"] | None = None
    format: str = ""

    @property
    def framing(self) -> str:
        """As a profile spells it; empty where the language has no word for it."""
        if not self.width:
            return ""
        if self.kind == "digits":
            return f"{{digits: {self.width}, align: {self.align or 'left'}}}"
        return f'{{struct: "{self.format}"}}' if self.format else ""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that is read from an object that a client sent, and the literals that its value is compared with."""

    name: str
    values: tuple[str, ...]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Written:
    """An object that the server makes to be sent: its keys, each with its text where that is known."""

    pairs: tuple[tuple[str, Text | None], ...]
    file: str
    line: int

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for key, _ in self.pairs)


@dataclass(frozen=True, slots=True)
class Need:
    """Why it cannot simply be started or spoken to."""

    kind: NeedKind
    what: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Clues:
    """All that was found. In each tuple the most promising comes first; the same value stands there once.

    `framings` are spelt as a profile spells them, to stand after `framing: `, best guess first; the reason is in `why`.
    Two of them are no words of the language, but say what is needed instead: `pickle` and `python` (a framing that
    only code can read). `wires`: tcp, udp, websocket, tls, unix, http. `port_argument`: where on the command line the
    port stands: a position ("1") or an option ("--port").
    """

    wires: tuple[Clue, ...] = ()
    ports: tuple[Clue, ...] = ()
    port_argument: Clue | None = None
    sizes: tuple[Clue, ...] = ()
    formats: tuple[Clue, ...] = ()
    header: Header | None = None
    framings: tuple[Clue, ...] = ()
    encodings: tuple[Clue, ...] = ()
    sent: tuple[Told, ...] = ()
    compared: tuple[Clue, ...] = ()
    quit_words: tuple[Clue, ...] = ()
    commands: tuple[Clue, ...] = ()
    roster_words: tuple[Clue, ...] = ()
    json_read: tuple[Key, ...] = ()
    json_written: tuple[Written, ...] = ()
    needs: tuple[Need, ...] = ()
    strings: tuple[Clue, ...] = ()
    unread: tuple[Clue, ...] = ()  # files, and lines of them, that could not be understood

    def about(self, what: str) -> tuple[Told, ...]:
        """The sent texts that seem to be this: message, joined, left, prompt, welcome, reply."""
        return tuple(told for told in self.sent if told.about == what)

    def literals(self) -> tuple[str, ...]:
        """All short texts of the source, each once, the most promising first: what was received is compared with them,
        or they are sent, or they stand there."""

        def known() -> Iterator[str | int]:
            for clues in (self.quit_words, self.roster_words, self.commands, self.compared):
                yield from (clue.value for clue in clues)
            for key in self.json_read:
                yield from (key.name, *key.values)
            for told in self.sent:
                yield from told.text.pieces
            yield from (clue.value for clue in self.strings)

        return tuple(dict.fromkeys(_short(known())))


def once(clues: Iterable[Clue]) -> list[Clue]:
    """Each value once, at its first place."""
    unique: dict[str | int, Clue] = {}
    for clue in clues:
        unique.setdefault(clue.value, clue)
    return list(unique.values())


def _short(values: Iterable[str | int]) -> Iterator[str]:
    return (value for value in values if isinstance(value, str) and value.strip() and len(value) <= _LONGEST_LITERAL)
