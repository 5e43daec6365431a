"""The space-time diagram as a value: who has a line, what happened on it, and which message went from where to where.

Every text in it has been made fit to be shown in one line (`printable`); whoever draws it escapes for its own language.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Arrow", "Diagram", "Fate", "Lane", "Life", "Mark", "Row", "RowKind", "Said", "Sign"]


class Sign(StrEnum):
    """What a mark stands for."""

    CONNECT = "connect"
    JOINED = "joined"
    REFUSED = "refused"
    SEND = "send"
    HEARD = "heard"
    RECEIPT = "receipt"
    DAMAGED = "damaged"
    NOTICE = "notice"
    ODD = "odd"  # nobody sent it, or nobody can say what it is
    LEAVE = "leave"
    DROP = "drop"
    CLOSED = "closed"  # by the server
    STALL = "stall"
    RESUME = "resume"
    BAD = "bad input"
    MISSING = "missing"  # waited for in vain
    MET = "met"  # an expectation
    UNMET = "unmet"
    SERVER = "server"
    CRASH = "crash"
    OTHER = "other"


class Fate(StrEnum):
    """What became of a message on its way to one receiver."""

    HEARD = "heard"
    OWN = "own"  # its sender heard itself
    DAMAGED = "damaged"
    LOST = "lost"  # waited for in vain


class RowKind(StrEnum):
    ONE = "one"  # one entry of the history, told in words
    MANY = "many"  # what several bots got, in no order between them
    STEP = "step"  # a step of the scenario begins
    GAP = "gap"  # entries left out


@dataclass(frozen=True, slots=True)
class Lane:
    """One vertical line. `kind`: "bot", "operator" or "server"."""

    name: str
    kind: str = "bot"


@dataclass(frozen=True, slots=True)
class Said:
    """A message that is drawn; `number` counts from 1 in the order in which they were sent, `lane` is its sender's."""

    number: int
    lane: int
    words: str
    own: bool = False  # chatsim's own: a knock or a fence


@dataclass(frozen=True, slots=True)
class Row:
    """One rank: everything in it came after all that is above it in the same lane.

    `words` is what a reader is told beside it, "" where the arrows say all. `t` in seconds. `witness` names the
    properties that something in it proves.
    """

    kind: RowKind
    t: float = 0.0
    words: str = ""
    witness: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """One entry of the history on one lane; a wait in vain has one for each bot that was waited for.

    `index` is the entry's number in the history, `message` a number of `Said` or 0.
    """

    index: int
    row: int
    lane: int
    sign: Sign
    words: str
    t: float
    message: int = 0
    witness: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrow:
    """From where a message was sent to where it arrived, or should have. `index` is the entry of the arrival."""

    message: int
    index: int
    start: tuple[int, int]  # row, lane
    end: tuple[int, int]
    fate: Fate = Fate.HEARD
    witness: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Life:
    """The rows through which one connection lasted. `silent`: parts of it in which the bot did not read."""

    lane: int
    first: int
    last: int
    silent: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Diagram:
    """`marks` stand in the order in which they were observed.

    `drawn` of the `events` that tell something about the bots in `lanes` are in it. Of `bots` bots not all may have a
    lane. `own`: so many messages of chatsim's own are not in it.
    """

    lanes: tuple[Lane, ...] = ()
    rows: tuple[Row, ...] = ()
    marks: tuple[Mark, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    lives: tuple[Life, ...] = ()
    messages: tuple[Said, ...] = ()
    drawn: int = 0
    events: int = 0
    bots: int = 0
    own: int = 0

    def left_out(self) -> str:
        """What a reader has to know of what is not drawn, in sentences; "" if everything is."""
        told = []
        lanes = sum(lane.kind == "bot" for lane in self.lanes)
        crowd = lanes < self.bots
        if crowd:
            told.append(f"{lanes:,} of {self.bots:,} bots have a line.")
        if self.drawn < self.events:
            about = "what proves a failure, and what happened around it" if self._has_witness() else "the first of them"
            whose = "their " if crowd else ""
            told.append(f"{self.drawn:,} of {whose}{self.events:,} events are drawn: {about}.")
        if self.own:
            what = (
                "message of chatsim's own (a knock or a fence) is"
                if self.own == 1
                else ("messages of chatsim's own (knocks and fences) are")
            )
            told.append(f"{self.own:,} {what} not drawn.")
        return " ".join(told)

    def _has_witness(self) -> bool:
        return any(row.witness for row in self.rows)
