"""One server on a bench, and the bots that somebody lets try things on it: bytes out, bytes in, and what else was seen.

Knows nothing of dialects. All waiting is for events: so long for a first sign, and a little after the last one; whoever
knows what must come says so, and waits longer for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from chatsim.endings import exit_code
from chatsim.network.network import (
    Abort,
    Close,
    Command,
    Connect,
    HoldReading,
    Network,
    Opened,
    OpenFailed,
    Output,
    PeerClosed,
    Received,
    Send,
    ServerEvent,
    Type,
)

__all__ = ["FIRST", "QUIET", "Bench", "Bot", "OutOfTimeError"]

FIRST = 0.4  # seconds: a server that has said nothing for so long waits for us
QUIET = 0.12  # seconds after the last sign: it has said what it wanted to
RESTLESS = 1.0  # seconds after which nobody waits any longer for a server to fall silent
STRAINED = 3.0  # times its length may a wait be longer on a busy machine
CONNECTING = 2.0  # seconds until a connection must stand
PARTED = 0.1  # seconds for a server to see that somebody has gone, before somebody of the same name comes again
MOST_HEARD = 1 << 20  # bytes that one bot listens to: no chat says so much in our few seconds
MOST_PRINTED = 5_000  # lines of the server's output that are kept, the last ones


class OutOfTimeError(Exception):
    """The time that was given for everything is over."""


@dataclass(eq=False)
class Bot:
    """One connection: what came and has not been looked at yet, read by read."""

    session: int
    name: str
    chunks: list[bytes] = field(default_factory=list)
    everything: bytes = b""
    closed: str = ""  # how the server ended it: eof | reset | refused; flood: we do not listen to it any longer
    gone: bool = False  # we have gone
    ip: str = ""
    port: int = 0

    @property
    def here(self) -> bool:
        return not self.closed and not self.gone

    def take(self) -> bytes:
        """What came since the last time."""
        taken = b"".join(self.chunks)
        self.chunks.clear()
        return taken


class Bench:
    """Bots on one door. `deadline`: on the door's clock; from then on every wait raises OutOfTimeError."""

    def __init__(self, network: Network, deadline: float, *, patience: float = 1.0) -> None:
        self._network = network
        self._deadline = deadline
        self._patience = patience
        self._bots: dict[int, Bot] = {}
        self._opened: set[int] = set()
        self._signs = 0
        self.printed: deque[str] = deque(maxlen=MOST_PRINTED)  # lines of the server's output
        self.may_reset = True  # connections; many servers do not survive it, and one of somebody else's has to
        self.may_type = False  # on the server's console, to see whether that is answered
        self.last_sign = 0.0  # when something came last, on the door's clock
        self.died: str = ""  # how the server ended, if it did
        self.greets: bool | None = None  # does it say something to whoever comes? None: that is not known yet
        self.last_words: str = ""  # what was last done to it

    def now(self) -> float:
        """Seconds on the door's clock."""
        return self._network.now()

    @property
    def bots(self) -> tuple[Bot, ...]:
        """All that have come, those that have gone included."""
        return tuple(self._bots.values())

    def come(self, name: str) -> Bot:
        """Connect. The bot is `closed` if nobody let it in."""
        bot = Bot(len(self._bots) + 1, name)
        self._bots[bot.session] = bot
        self.last_words = "a client connected"
        self._network.do(Connect(bot.session))
        self.wait(lambda: bot.session in self._opened or bool(bot.closed), first=CONNECTING, quiet=0.0)
        if bot.session not in self._opened and not bot.closed:
            bot.closed = "refused"
        return bot

    def say(self, bot: Bot, data: bytes) -> None:
        if bot.here:
            self.last_words = f"a client sent {_shown(data)}"
            self._network.do(Send(bot.session, data))

    def type(self, line: str) -> None:
        """Type a line on the server's console."""
        self._network.do(Type(line))

    def go(self, bot: Bot) -> None:
        """Close in the usual way."""
        if not bot.gone:
            self.last_words = "a client closed its connection"
            bot.gone = True
            self._network.do(Close(bot.session, sparing=True))

    def reset(self, bot: Bot) -> None:
        """End its connection abruptly."""
        if not bot.gone:
            self.last_words = "a client's connection was reset"
            bot.gone = True
            self._network.do(Abort(bot.session))

    def reset_all(self) -> None:
        """End all connections so that nothing of them keeps the server's port."""
        self._part_all(lambda bot: Abort(bot.session))

    def leave(self) -> None:
        """End all connections: as clients usually do, where resets may do harm."""
        if self.may_reset:
            self.reset_all()
            return
        self._part_all(lambda bot: Close(bot.session))
        self._poll(self._network.now() + PARTED * self._patience)

    def _part_all(self, how: Callable[[Bot], Command]) -> None:
        for bot in self._bots.values():
            if not bot.gone:
                bot.gone = True
                self._network.do(how(bot))

    def wait(self, until: Callable[[], bool] | None = None, *, first: float = FIRST, quiet: float = QUIET) -> bool:
        """Until something has come and nothing has followed for `quiet` seconds; at most `first` seconds for the
        beginning, and RESTLESS for the rest. With `until`: that must be true, too; so long it may take. Gives whether it
        was. What the server prints is no sign: many print something all the time.

        Raises OutOfTimeError."""
        begin = self._network.now()
        strained = self._strained()
        signs = self._signs
        last = begin if until is not None else None  # the last sign
        met_at: float | None = None
        while True:
            met = until is None or until()
            if self.died and not met:
                self._poll(begin)
                return until is None or until()
            now = self._network.now()
            end = begin + first * self._patience
            if met and last is not None:
                met_at = now if met_at is None else met_at
                end = min(last + quiet * self._patience, met_at + RESTLESS * self._patience)
            if now >= end:
                end += min(self._strained() - strained, STRAINED * (end - begin))
            if now >= end:
                return met
            if now >= self._deadline:
                raise OutOfTimeError
            self._poll(min(end, self._deadline))
            if self._signs != signs:
                signs, last = self._signs, self._network.now()
                self.last_sign = last

    def _strained(self) -> float:
        """Seconds that the machine had no time for us or for the server, so far: no wait should count them."""
        strain = self._network.strain()
        return strain.lag + strain.foreign

    def _poll(self, deadline: float) -> None:
        for event in self._network.poll(deadline):
            if type(event) is Received:
                self._heard(self._bots[event.session], event.data)
                self._signs += 1
            elif isinstance(event, Opened):
                bot = self._bots[event.session]
                bot.ip, bot.port = event.local
                self._opened.add(event.session)
            elif isinstance(event, OpenFailed):
                self._bots[event.session].closed = "refused"
                self._signs += 1
            elif isinstance(event, PeerClosed):
                self._bots[event.session].closed = event.how
                self._signs += 1
            elif isinstance(event, Output):
                self.printed.append(event.line)
            elif isinstance(event, ServerEvent) and event.what in ("exited", "ended") and not self.died:
                code = event.detail.get("code")
                self.died = f"it ended, {exit_code(code)}" if isinstance(code, int) and code >= 0 else "it ended"
                if isinstance(code, int) and code < 0:
                    self.died = f"it was ended by signal {-code}"
                self._signs += 1

    def _heard(self, bot: Bot, data: bytes) -> None:
        bot.chunks.append(data)
        bot.everything += data
        if len(bot.everything) > MOST_HEARD and not bot.closed:
            bot.closed = "flood"
            self._network.do(HoldReading(bot.session))


def _shown(data: bytes) -> str:
    text = repr(data)[1:]
    return text if len(text) <= 60 else text[:56] + " …" + text[-1]
