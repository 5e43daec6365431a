"""The verb table: every step of the language, once. The reader, `chatsim steps` and the editors' schema are made of it.

Adding a verb is one entry here, its transitions in `presence`, and a function in `details` that makes its detail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

__all__ = [
    "LOCALE",
    "MAX_BOTS",
    "MAX_COUNT",
    "MAX_PAUSE",
    "MAX_SIZE",
    "MAX_TIMES",
    "OF_BOTS",
    "VERBS",
    "WORDS",
    "Key",
    "Kind",
    "Verb",
]

MAX_BOTS: Final = 20_000
MAX_COUNT: Final = 1_000_000
MAX_SIZE: Final = 16_000_000
MAX_TIMES: Final = 100_000
MAX_PAUSE: Final = 600.0
MAX_PIECES: Final = 1_000_000
MAX_GLUED: Final = 1_000

_TIME: Final = r"[0-9]+(\.[0-9]+)?(ms|s|m)"
# What an editor's YAML makes of a text without quotes may be a number or a truth value; here it is a text all the same.
_TEXT: Final[Mapping[str, Any]] = {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value is read as. `tells`: for people; `schema`: for editors, of what YAML makes of it."""

    name: str
    tells: str
    schema: Mapping[str, Any] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    low: int = 0
    high: int = 0


def _word(*words: str) -> Kind:
    return Kind("word", " | ".join(words), {"enum": list(words)}, words=words)


def _number(low: int, high: int) -> Kind:
    return Kind("number", "a number", {"type": "integer", "minimum": low, "maximum": high}, low=low, high=high)


TEXT: Final = Kind("text", "a text", _TEXT)
TEXTS: Final = Kind(
    "texts", "a text or a list of texts", {"anyOf": [_TEXT, {"type": "array", "minItems": 1, "items": _TEXT}]}
)
ROOM: Final = Kind("room", "a room", _TEXT)
LOCALE: Final = Kind(
    "locale",
    "a language such as ja or ru_RU, or `mixed`",
    {"type": "string", "pattern": "^([a-z]{2,3}([_-][A-Za-z]{2,4})?|mixed)$"},
)
YES_NO: Final = Kind("yes_no", "yes or no", {"enum": [True, False, "yes", "no"]})
YES: Final = Kind("yes", "yes", {"enum": [True, "yes"]})
SIZE: Final = Kind(
    "size", "a size: 500B 5kB 1MB", {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(B|kB|MB)$"}, low=1, high=MAX_SIZE
)
TIME: Final = Kind("time", "a time: 5ms 2s 1m", {"type": "string", "pattern": f"^{_TIME}$"})
SPAN: Final = Kind(
    "span", "a time: 5ms, or 50ms..200ms to draw one", {"type": "string", "pattern": rf"^{_TIME}(\.\.{_TIME})?$"}
)
BOT: Final = Kind("bot", "a bot", {"type": "string"})
BOTS: Final = Kind("bots", "bots", {"$ref": "#/$defs/who"})
PIECES: Final = Kind(
    "pieces", "a number, or bytes", {"anyOf": [{"type": "integer", "minimum": 2}, {"const": "bytes"}]}, low=2
)
HEX: Final = Kind("hex", "bytes as hexadecimal digits", {"type": ["string", "number"]})


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a map detail, or the short detail (then `name` is the key that it stands for)."""

    name: str
    kind: Kind
    help: str


Shape = Literal["bots", "operator", "output", "server", "together", "repeat", "for-each", "settle", "pause"]


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb. `shape`: how its value is built; "bots" is `verb: WHO` or `verb: {WHO: DETAIL}`.

    `bare`: `verb: WHO` says enough; without it every WHO needs a DETAIL.
    """

    name: str
    help: str
    waits: str
    shape: Shape = "bots"
    short: Key | None = None
    keys: tuple[Key, ...] = ()
    bare: bool = True


_CHAT_TEXT = Key("text", TEXTS, "what is said; a list: one after another. Without it texts are drawn from the seed")
_COUNT = Key("count", _number(1, MAX_COUNT), "how many messages of each bot (default: one, or as many as texts)")
_EVERY = Key("every", SPAN, "the time between two")
_SIZE = Key("size", SIZE, "of each message, encoded")
_LOCALE = Key("locale", LOCALE, "the language of the drawn texts")
_IN = Key("in", ROOM, "said in this room")
_WITHIN = Key("within", TIME, "at the latest after this time, counted from the step before")
_HEARS = Key("hears", TEXTS, "a message with this text; a list: all of these")

_EXPECTED = (
    _HEARS,
    Key("from", BOT, "with hears: who said it"),
    Key("in", ROOM, "with hears: in which room"),
    Key("private", YES_NO, "with hears: it was whispered"),
    Key("joined", BOT, "the notice that this bot has joined"),
    Key("left", BOT, "the notice that this bot has left"),
    Key("line", TEXT, "a line of the server that matches this template"),
    Key("closed", YES, "the server closes the connection"),
    Key("roster", BOTS, "the last answer of the roster names exactly these"),
    Key("refused", YES, "its join was refused"),
    _WITHIN,
    Key("in-order", YES_NO, "with a list of texts: heard in this order"),
)

_ALL: tuple[Verb, ...] = (
    Verb("connect", "Opens the connection; the bot says nothing.", "the connection stands"),
    Verb(
        "join",
        "Connects and goes through the join dialogue.",
        "present (somebody's knock is heard), or refused",
        short=Key("wanted", _word("accepted", "refused", "either"), "what the scenario wants of it"),
    ),
    Verb(
        "rejoin",
        "Joins again, with a new connection, after having gone.",
        "present, or refused",
        short=Key("wanted", _word("accepted", "refused", "either"), "what the scenario wants of it"),
    ),
    Verb(
        "chat",
        "Says something in public, or in a room.",
        "all receivers that read have heard it, echo and receipt have come",
        short=_CHAT_TEXT,
        keys=(
            _CHAT_TEXT,
            _COUNT,
            _SIZE,
            _EVERY,
            _LOCALE,
            _IN,
            Key("wait", YES_NO, "no: go on as soon as it is written"),
        ),
    ),
    Verb(
        "converse",
        "They speak in turn: each as soon as it has heard the one before.",
        "as chat",
        short=Key("count", _number(1, MAX_COUNT), "how many messages"),
        keys=(Key("count", _number(1, MAX_COUNT), "how many messages"), _LOCALE, _IN),
        bare=False,
    ),
    Verb(
        "whisper",
        "Says something to one bot only.",
        "the addressee has heard it, echo and receipt have come",
        keys=(Key("to", BOT, "the addressee"), _CHAT_TEXT, _COUNT),
        bare=False,
    ),
    Verb(
        "enter",
        "Enters a room.",
        "the dialogue is done, the notice heard, a knock in that room heard",
        short=Key("room", ROOM, "which"),
        bare=False,
    ),
    Verb("exit", "Leaves a room.", "the dialogue is done", short=Key("room", ROOM, "which"), bare=False),
    Verb(
        "rename",
        "Takes another nickname; the scenario goes on calling it as before.",
        "the server has confirmed it, where it does",
        short=Key("nick", TEXT, "the new one"),
        bare=False,
    ),
    Verb(
        "ask",
        "Asks the server who is there.",
        "it has answered",
        short=Key("what", _word("roster"), "what is asked for"),
    ),
    Verb("disconnect", "Leaves politely: says goodbye, reads to the end, closes.", "closed, and the others were told"),
    Verb(
        "drop",
        "Is gone without a word.",
        "the others were told",
        short=Key(
            "how",
            _word("reset", "close", "half-close", "mid-message", "vanish"),
            "reset: TCP reset; close: a FIN without goodbye; half-close: shuts down writing, reads on; mid-message: half "
            "a message, then a reset; vanish: falls silent",
        ),
    ),
    Verb("stall", "Stops reading.", "at once"),
    Verb("resume", "Reads again.", "caught up, or closed by the server"),
    Verb(
        "send",
        "Sends bytes in an unusual way, or bad ones.",
        "as chat for a message; otherwise written",
        short=Key("text", TEXT, "a message"),
        keys=(
            Key("text", TEXT, "a message with this text"),
            Key("size", SIZE, "a message of this size"),
            Key("in-pieces", PIECES, "in how many writes; bytes: one byte a write"),
            Key("every", SPAN, "the time between two pieces"),
            Key("glued", _number(2, MAX_GLUED), "how many messages go in one write"),
            Key("garbage", _word("utf-8", "nul", "length", "endless", "half", "empty"), "bad input of this kind"),
            Key("raw", TEXT, "these characters, unframed"),
            Key("hex", HEX, "these bytes, unframed"),
        ),
        bare=False,
    ),
    Verb(
        "expect",
        "Demands that something has come, ever, that no earlier expect took.",
        "it has come",
        short=_HEARS,
        keys=_EXPECTED,
        bare=False,
    ),
    Verb(
        "expect-nothing",
        "Demands that something does not come.",
        "the time `within` has passed, or nothing is under way",
        short=_HEARS,
        keys=_EXPECTED,
        bare=False,
    ),
    Verb(
        "operator",
        "The operator types a line on the server's console, meant for a bot or for nobody.",
        "the bot has heard it, or is closed where it ends the session",
        shape="operator",
        short=Key("text", TEXTS, "what is typed"),
    ),
    Verb(
        "expect-output",
        "Demands a line on the server's console.",
        "it has been printed",
        shape="output",
        short=Key("template", TEXT, "a template that matches the line"),
        keys=(
            Key("said", TEXT, "the line of a message with this text"),
            Key("joined", BOT, "the line that this bot has joined"),
            Key("left", BOT, "the line that this bot has left"),
            Key("by", BOT, "with said: who said it"),
            _WITHIN,
        ),
    ),
    Verb(
        "server",
        "Does something to the server. After a restart every bot is gone.",
        "done; after restart it listens again on the same port",
        shape="server",
        short=Key("action", _word("stop", "kill", "restart", "freeze", "thaw"), "what"),
    ),
    Verb(
        "together",
        "Plays its steps side by side; `do: [steps]` makes one branch of several.",
        "all have ended",
        shape="together",
    ),
    Verb(
        "repeat",
        "Plays its steps several times.",
        "all have ended",
        shape="repeat",
        keys=(
            Key("times", _number(1, MAX_TIMES), "how often"),
            Key("do", Kind("steps", "a list of steps", {"$ref": "#/$defs/steps"}), "what"),
        ),
    ),
    Verb(
        "for-each",
        "Plays its steps once for each bot or word of a list; the current one is `it`.",
        "all have ended",
        shape="for-each",
        keys=(
            Key("of", Kind("words", "bots, or a list of words", {"$ref": "#/$defs/words"}), "for each of what"),
            Key("do", Kind("steps", "a list of steps", {"$ref": "#/$defs/steps"}), "what"),
        ),
    ),
    Verb("settle", "Waits until nothing is under way.", "nothing is under way", shape="settle"),
    Verb(
        "pause",
        "Lets time pass.",
        "the time has passed",
        shape="pause",
        short=Key("time", SPAN, "how long; 50ms..200ms draws it from the seed"),
    ),
)

VERBS: Final[Mapping[str, Verb]] = {verb.name: verb for verb in _ALL}
OF_BOTS: Final[tuple[str, ...]] = tuple(verb.name for verb in _ALL if verb.shape == "bots")

WORDS: Final[frozenset[str]] = frozenset(VERBS) | {"everyone", "else", "but", "and", "it", "do", "null"}
"""No bot and no group may be called so."""
