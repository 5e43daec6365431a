"""One connection of one bot, as a state machine that can be read aloud.

What is absent from the table is forbidden, and the error falls out of the look-up: "bob can't chat while gone".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from chatsim.engine.transition import Transition
from chatsim.profile.ear import Ear
from chatsim.profile.profile import Dialogue
from chatsim.profile.templates import Template

if TYPE_CHECKING:
    from chatsim.profile.translating import Translator

__all__ = ["TRANSITIONS", "Conversation", "Session", "State"]


class State(StrEnum):
    CONNECTING = "connecting"
    OPEN = "connected"  # the connection stands, nothing is being joined
    JOINING = "joining"
    PRESENT = "present"  # the join dialogue is done
    STALLED = "stalled"
    LEAVING = "leaving"
    HALF = "half-closed"  # we have shut down our writing side and go on reading
    VANISHED = "vanished"
    REFUSED = "refused"
    LOST = "closed by the server"
    GONE = "gone"


S = State
TRANSITIONS: dict[tuple[State, str], State] = {
    (S.CONNECTING, "opened"): S.OPEN,
    (S.CONNECTING, "failed"): S.GONE,
    (S.OPEN, "join"): S.JOINING,
    (S.JOINING, "told"): S.PRESENT,
    (S.JOINING, "refused"): S.REFUSED,
    (S.OPEN, "refused"): S.REFUSED,
    (S.PRESENT, "stall"): S.STALLED,
    (S.OPEN, "stall"): S.STALLED,
    (S.STALLED, "resume"): S.PRESENT,
    (S.STALLED, "resume unjoined"): S.OPEN,
    (S.OPEN, "leave"): S.LEAVING,
    (S.PRESENT, "leave"): S.LEAVING,
    (S.STALLED, "leave"): S.LEAVING,
    (S.LEAVING, "closed"): S.GONE,
    (S.HALF, "closed"): S.GONE,
    (S.VANISHED, "closed"): S.GONE,
    (S.REFUSED, "closed"): S.GONE,
    **{(state, "drop"): S.GONE for state in (S.CONNECTING, S.OPEN, S.JOINING, S.PRESENT, S.STALLED, S.LEAVING, S.HALF)},
    **{(state, "half-close"): S.HALF for state in (S.OPEN, S.JOINING, S.PRESENT, S.STALLED)},
    **{(state, "vanish"): S.VANISHED for state in (S.OPEN, S.JOINING, S.PRESENT, S.STALLED)},
    **{(state, "peer closed"): S.LOST for state in (S.OPEN, S.JOINING, S.PRESENT, S.STALLED)},
}

ABLE_TO_SPEAK = frozenset((S.OPEN, S.PRESENT))
READING = frozenset((S.OPEN, S.JOINING, S.PRESENT, S.LEAVING, S.HALF))
CLOSED = frozenset((S.LOST, S.GONE))


@dataclass(slots=True)
class Conversation:
    """A dialogue under way: what is still to be sent and awaited, and whom to tell when it is over."""

    lines: Dialogue
    refusals: tuple[Template, ...]
    done: Callable[[], None]
    room: str | None = None
    to: str = ""  # the nickname of whom a whisper is for
    new: str = ""  # the nickname that it wants to have
    position: int = 0
    waiting: bool = False  # for an await or a pause


@dataclass(slots=True)
class Session:
    """`first_owed`: messages with this number or a later one are owed to it (None: not there yet, or no more)."""

    id: int
    bot: str
    nick: str
    number: int
    ear: Ear
    translator: Translator | None = None  # where what stands on the wire is code of the profile's author
    wanted: str = "accepted"  # of the join: accepted | refused | either
    state: State = State.CONNECTING
    ip: str = ""
    port: int = 0
    told: bool = False
    told_before: int = 0  # the number of the first message that was said after it was told
    connected_at: float = 0.0
    first_owed: int | None = None
    seen: bytearray = field(default_factory=bytearray)  # by message number: has it been heard
    proved: bool = False  # it has been seen to be there, or waited for in vain; not only told so
    former: set[str] = field(default_factory=set)  # names that it has given up, as the server has confirmed
    rooms: set[str] = field(default_factory=set)
    new_in: set[str] = field(default_factory=set)  # those of its rooms in which it has not yet been seen to be
    conversation: Conversation | None = None
    outbox: list[Callable[[], int | None]] = field(default_factory=list)  # short: who speaks puts itself next
    unproved: int | None = None  # the message after which the next must wait (pace: one-at-a-time)
    telling: bool = False  # in the dialogue that its next message takes: nothing else of it is said meanwhile
    free_at: float = 0.0  # not before this may it speak again
    ticking: bool = False  # a timer will look at the outbox
    stalled_from: int | None = None  # first message that it may have missed by our stall; None: it was not there before
    frozen: bool = False  # stalled only because the server is frozen
    missed: list[Transition] = field(default_factory=list)  # whose notices came, or should have, during our stall
    catching_up: set[int] = field(default_factory=set)
    acted_badly: bool = False
    ended_by_operator: bool = False
    surplus: int = 0  # copies, and notices that nobody awaited
    closed_how: str | None = None
    holds_end: bool = False  # we have shut down our side and wait for the server's
    asking: bool = False
    roster: tuple[str, ...] | None = None
    script: Dialogue = ()  # its join dialogue, as far as is known in which way it goes
    spoke: list[bytes] = field(default_factory=list)  # what it has sent of its join dialogue, as it went out
    unagreed: tuple[bytes, bytes] = (b"", b"")  # both sides' first bytes, where the server does not speak on this wire
    stopped_at: int | None = None  # line of the join dialogue at which it ended without success
    last_words: int | None = None  # the last message that it sent, fences and knocks included
    last_sent: int | None = None  # its last message, whose fate the goodbye waits for

    def move(self, what: str) -> bool:
        """Take the transition, or stay: False means that the table knows no such thing in this state."""
        following = TRANSITIONS.get((self.state, what))
        if following is None:
            return False
        self.state = following
        return True

    @property
    def there(self) -> bool:
        """Counted among those who must hear what is said now."""
        return self.first_owed is not None

    def has_seen(self, message: int) -> bool:
        return message < len(self.seen) and self.seen[message] == 1
