"""The steps of a scenario as values. The reader makes only such as make sense; nothing further in checks again.

`for-each` does not appear here: the reader unrolls it, reading its `do` once for each word that `it` stands for.
Times are seconds, sizes are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from chatsim.errors import Place

__all__ = [
    "Act",
    "Crossing",
    "Departure",
    "Detail",
    "ExpectOutput",
    "Expectation",
    "Join",
    "Naming",
    "OperatorSays",
    "Pause",
    "Raw",
    "Repeat",
    "ServerStep",
    "Settle",
    "Span",
    "Step",
    "Talk",
    "Tell",
    "Together",
    "Who",
]


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time, or two between which one is drawn from the seed. Seconds."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Who:
    """Which bots. `everyone`: all who are not present (join, rejoin, connect) or all present (any other verb), minus `but`;
    then `bots` is empty. Otherwise `bots`, groups already spelled out, in the cast's order, minus nobody."""

    bots: tuple[str, ...] = ()
    everyone: bool = False
    but: tuple[str, ...] = ()
    text: str = ""  # as the author wrote it
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Join:
    """join, rejoin: what the scenario wants of it."""

    wanted: Literal["accepted", "refused", "either"] = "accepted"


@dataclass(frozen=True, slots=True)
class Talk:
    """chat, converse. `texts` empty: drawn from the seed in `locale` (null: English); `size`: encoded bytes of each.
    `count` messages of each bot (texts repeated in turn). `room`: in that room instead of in public."""

    texts: tuple[str, ...] = ()
    count: int = 1
    size: int | None = None
    every: Span | None = None
    locale: str | None = None
    room: str | None = None
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Tell:
    """whisper."""

    to: str  # a bot
    texts: tuple[str, ...] = ()
    count: int = 1


@dataclass(frozen=True, slots=True)
class Crossing:
    """enter, exit."""

    room: str


@dataclass(frozen=True, slots=True)
class Naming:
    nick: str


@dataclass(frozen=True, slots=True)
class Departure:
    """drop."""

    how: Literal["reset", "close", "half-close", "mid-message", "vanish"] = "reset"


@dataclass(frozen=True, slots=True)
class Raw:
    """send. Exactly one of `text`/`size` (a message, maybe cut or glued), `garbage`, `raw`, `data` is set.

    `pieces`: in how many writes; 0 means one byte a write; null: one write. `glued`: how many copies... of
    distinct messages go in one write.
    """

    text: str | None = None
    size: int | None = None
    pieces: int | None = None
    glued: int = 1
    every: Span | None = None
    garbage: Literal["utf-8", "nul", "length", "endless", "half", "empty"] | None = None
    raw: str | None = None
    data: bytes | None = None  # `hex`, decoded


@dataclass(frozen=True, slots=True)
class Expectation:
    """expect, expect-nothing. Exactly one of the first group is set; `line` and texts are as the author wrote them.

    hears: a text (with `sender` a bot, `room`, `private`) · joined, left: a bot · line: a template found in what came
    unrecognised or whole · closed: the server closed it · roster: the bots in the last answer · refused: its join was.
    """

    hears: str | None = None
    sender: str | None = None
    room: str | None = None
    private: bool = False
    joined: str | None = None
    left: str | None = None
    line: str | None = None
    closed: bool = False
    roster: tuple[str, ...] | None = None
    refused: bool = False
    within: float | None = None
    in_order: bool = False
    texts: tuple[str, ...] = ()  # a list of texts to be heard, in order if `in_order`


Detail = Join | Talk | Tell | Crossing | Naming | Departure | Raw | Expectation | None


@dataclass(frozen=True, slots=True)
class Act:
    """A step of bots: connect join rejoin chat converse whisper enter exit ask disconnect drop stall resume send
    expect expect-nothing. The entries go at once."""

    verb: str
    place: Place
    entries: tuple[tuple[Who, Detail], ...]
    text: str = ""  # the line as written


@dataclass(frozen=True, slots=True)
class OperatorSays:
    """operator: typed on the server's console; `to` is whom it is meant for (null: nobody in particular)."""

    place: Place
    entries: tuple[tuple[str | None, str], ...]
    text: str = ""
    verb: str = "operator"


@dataclass(frozen=True, slots=True)
class ExpectOutput:
    """expect-output: exactly one of `template`, `said`, `joined`, `left`. `said` may come with `sender`."""

    place: Place
    template: str | None = None
    said: str | None = None
    sender: str | None = None
    joined: str | None = None
    left: str | None = None
    within: float | None = None
    text: str = ""
    verb: str = "expect-output"


@dataclass(frozen=True, slots=True)
class ServerStep:
    place: Place
    action: Literal["stop", "kill", "restart", "freeze", "thaw"]
    text: str = ""
    verb: str = "server"


@dataclass(frozen=True, slots=True)
class Together:
    """Each branch is a list of steps; all branches go side by side."""

    place: Place
    branches: tuple[tuple[Step, ...], ...]
    text: str = ""
    verb: str = "together"


@dataclass(frozen=True, slots=True)
class Repeat:
    """`cycle`: the kind of departure if all who join in it also go, in one way (a leak cycle); else null."""

    place: Place
    times: int
    steps: tuple[Step, ...]
    cycle: str | None = None
    text: str = ""
    verb: str = "repeat"


@dataclass(frozen=True, slots=True)
class Settle:
    place: Place
    text: str = ""
    verb: str = "settle"


@dataclass(frozen=True, slots=True)
class Pause:
    place: Place
    span: Span
    text: str = ""
    verb: str = "pause"


Step = Act | OperatorSays | ExpectOutput | ServerStep | Together | Repeat | Settle | Pause
