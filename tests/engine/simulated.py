"""A network in virtual time: the door of `chatsim.network.network` with a chat server behind it, all in memory.

No socket, no thread, no sleeping: `poll` jumps the clock to the next thing that happens. The server is a dialect of the
reference server (those are pure), hosted here with latencies that are drawn from a seed, and with faults if it is to have
some. The same seed gives the same history.

Where it differs from the world: buffers are endless, so that nobody is ever blocked by a client that does not read; what
was on its way before a reset always arrives; a connection is never refused for want of room in a backlog.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chatsim.network.network import (
    Abort,
    Close,
    Command,
    Connect,
    Event,
    Facts,
    GiveUp,
    Handed,
    HoldReading,
    Inspect,
    Opened,
    OpenFailed,
    Output,
    PeerClosed,
    Received,
    ResumeReading,
    Send,
    ServerCommand,
    ServerEvent,
    ShutdownWrite,
    Strain,
    Type,
)
from reference_server.dialects.dialect import Dialect, Effects, HangUp, Show, Tell
from reference_server.wire import Framing, Malformed

__all__ = ["Faults", "SimulatedRoom", "StuckError"]

MOST_POLLS = 400_000
FIRST_PORT = 40_001
DUMP = (
    "Fatal Python error: Aborted",
    "",
    "Current thread 0x00007f1c (most recent call first):",
    '  File "server.py", line 7 in serve',
    "",
    "Extension modules: none (total: 0)",
)


class StuckError(AssertionError):
    """The director turns in circles, or waits for ever."""


@dataclass(frozen=True)
class Faults:
    """What is wrong with the server. Shares are of all deliveries to others; times are seconds."""

    lose: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    forget_notices: float = 0.0
    refuse: bool = False  # whatever a newcomer says, it hears nothing but no
    never_close: bool = False
    kick: float = 0.0  # chance, each time that somebody goes, that an innocent client is closed, too
    lists_late: float = 0.0  # up to so long after its welcome a newcomer is in no list yet
    slow: float = 0.0  # up to so much later than usual each delivery comes
    freeze_at: float = 1e9  # from then on it does nothing any more
    thaw_at: float = 1e9  # and goes on here
    crash_at: float = 1e9  # then it ends with a trace
    stubborn: bool = False  # does not end when told to
    mute: bool = False  # accepts, and never says a word
    releases_late: float = 0.0  # a name is free only so long after its holder went
    leaks_threads: float = 0.0  # of the departed, this share leaves its thread behind
    leaks_files: float = 0.0  # and this one its descriptor
    leaks_bytes: int = 0  # that each departed leaves behind
    pool: int = 0  # a new thread for each connection, until there are so many; none of them ends
    ends_late: float = 0.0  # a thread ends only so long after its client has gone
    closes_when_speaking: bool = False  # a descriptor of a departed client is closed once somebody has spoken twice
    spins_from: float = 1e9  # from then on one thread does nothing but that
    spins_until: float = 1e9
    polls: float = 0.0  # what its threads want of a processor all the time
    prints: int = 0  # bytes between one look at its work and the next
    full: int = 1_000_000  # after so many departures it accepts, and serves nobody any more


@dataclass
class Line:
    """One connection, both ends of it."""

    session: int
    port: int
    up: float  # latency towards the server
    down: float
    framing: Framing | None = None
    guest: int = 0
    up_until: float = 0.0  # when the last that is on its way will have arrived: nothing overtakes
    down_until: float = 0.0
    arrived: list[bytes] = field(default_factory=list)  # at the server, and not yet read
    reading_soon: bool = False
    held: list[bytes | str] | None = None  # at a client that does not read
    client_open: bool = True  # the client's end takes in what comes
    client_done: bool = False  # the client has closed its end, at least for writing, and the server knows it
    server_open: bool = True
    listed_at: float = 0.0
    joined: bool = False  # it has been told something


class SimulatedRoom:
    """Implements `Network`. `commands` is all that was wished, with its time; `limit`: the virtual time after which a run
    counts as one that does not end."""

    def __init__(
        self,
        dialect: Callable[[], Dialect],
        *,
        seed: int = 0,
        faults: Faults | None = None,
        latency: tuple[float, float] = (0.0005, 0.002),
        think: float = 0.0,
        cuts: bool = True,
        limit: float = 10_000.0,
        runtimes: tuple[str, ...] = ("python",),
        has_work: bool = True,
        py_spy: bool = False,
    ) -> None:
        self._make, self.dialect = dialect, dialect()
        self.faults = faults or Faults()
        self._printed = 0  # bytes
        self._runtimes, self._has_work, self._py_spy = list(runtimes), has_work, py_spy
        self._departed: list[float] = []  # when each client went
        self._spoken_since = 0  # messages heard since the last one went
        self._accepted = 0
        self._latency, self._think, self._cuts, self._limit = latency, think, cuts, limit
        self._chance = random.Random(f"room {seed}")
        self._now = 0.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._scheduled = 0
        self._events: list[Event] = []
        self._lines: dict[int, Line] = {}
        self._guests: dict[int, Line] = {}
        self._gone_names: dict[str, float] = {}
        self._life = 0  # of the server; what was scheduled in an earlier one does not happen
        self.up = True
        self.frozen = False
        self._waiting: list[Callable[[], None]] = []  # what happens when it thaws
        self.commands: list[tuple[float, Command]] = []
        self.typed: list[str] = []
        self.polls = 0
        self.strain_of: Callable[[float], Strain] = lambda now: Strain()
        self._tell_world("started", pid=1, command="simulated")
        self._tell_world("listening", host="127.0.0.1", port=1)
        if self.faults.freeze_at < 1e9:
            self._at(self.faults.freeze_at, self._freeze)
            self._at(self.faults.thaw_at, self._thaw)
        if self.faults.crash_at < 1e9:
            self._at(self.faults.crash_at, self._crash)

    # --- the door ------------------------------------------------------------------------------------------------

    def now(self) -> float:
        return self._now

    def strain(self) -> Strain:
        return self.strain_of(self._now)

    def poll(self, deadline: float) -> Sequence[Event]:
        self.polls += 1
        if self._now > self._limit or self.polls > MOST_POLLS:
            raise StuckError(f"at {self._now:.3f} s, after {self.polls} polls")
        while not self._events and self._heap and self._heap[0][0] <= deadline:
            time = self._heap[0][0]
            self._now = max(self._now, time)
            while self._heap and self._heap[0][0] <= time:
                heapq.heappop(self._heap)[2]()
        if not self._events:
            self._now = max(self._now, deadline)
        events, self._events = self._events, []
        return events

    def do(self, command: Command) -> None:
        self.commands.append((self._now, command))
        match command:
            case Connect(session):
                self._connect(session)
            case Send(session, data, tag):
                self._send(self._lines[session], data, tag)
            case ShutdownWrite(session):
                line = self._lines[session]
                self._arrive_up(line, lambda: self._client_ended(line))
            case Close(session) | Abort(session):
                line = self._lines[session]
                if line.client_open:
                    line.client_open = False
                    self._arrive_up(line, lambda: self._client_ended(line))
            case GiveUp():
                pass  # all connections stand after their latency, or are refused
            case HoldReading(session):
                self._lines[session].held = []
            case ResumeReading(session):
                self._resume(self._lines[session])
            case Type(line=text):
                self.typed.append(text)
                self._of_the_server(0.0005, lambda: self._carry_out(self.dialect.typed(text.encode()), None))
            case ServerCommand(what):
                self._command(what)
            case Inspect(tag, work):
                self._events.append(Facts(self._now, tag, self._facts() | (self._work() if work else {})))

    # --- time ----------------------------------------------------------------------------------------------------

    def _at(self, time: float, action: Callable[[], None]) -> None:
        self._scheduled += 1
        heapq.heappush(self._heap, (max(time, self._now), self._scheduled, action))

    def _of_the_server(self, delay: float, action: Callable[[], None]) -> None:
        """Happens in this life of the server only, and not while it is frozen."""
        life = self._life

        def happen() -> None:
            if life != self._life or not self.up:
                return
            if self.frozen:
                self._waiting.append(happen)
            else:
                action()

        self._at(self._now + delay, happen)

    # --- connections ---------------------------------------------------------------------------------------------

    def _connect(self, session: int) -> None:
        delay = self._chance.uniform(*self._latency)
        line = Line(session, FIRST_PORT + session, delay, self._chance.uniform(*self._latency))
        self._lines[session] = line
        if not self.up:
            self._at(self._now + delay, lambda: self._events.append(OpenFailed(self._now, session, "refused")))
            return

        def opened() -> None:
            if not self.up:
                self._events.append(OpenFailed(self._now, session, "refused"))
                return
            if line.client_open:
                self._events.append(Opened(self._now, session, ("127.0.0.1", line.port)))
            self._of_the_server(0.0, lambda: self._welcome(line))

        self._at(self._now + delay, opened)

    def _welcome(self, line: Line) -> None:
        self._accepted += 1
        if len(self._departed) >= self.faults.full:
            return
        line.guest = len(self._guests) + 1
        line.framing = self.dialect.framing()
        self._guests[line.guest] = line
        line.listed_at = self._now + self._chance.uniform(0, self.faults.lists_late)
        self._carry_out(self.dialect.arrived(line.guest, ("127.0.0.1", line.port)), line)
        self._read(line)  # what came before it was accepted

    def _send(self, line: Line, data: bytes, tag: int) -> None:
        if not line.client_open:
            return
        if tag >= 0:
            self._events.append(Handed(self._now, line.session, tag))
        self._arrive_up(line, lambda: self._arrived(line, data))

    def _arrive_up(self, line: Line, action: Callable[[], None]) -> None:
        line.up_until = max(self._now + line.up, line.up_until)
        self._of_the_server(line.up_until - self._now, action)

    def _arrived(self, line: Line, data: bytes) -> None:
        line.arrived.append(data)
        if not line.reading_soon:
            line.reading_soon = True
            self._of_the_server(self._chance.uniform(0, self._think), lambda: self._read(line))

    def _read(self, line: Line) -> None:
        """One read takes what has arrived meanwhile: two chunks become one."""
        line.reading_soon = False
        data, line.arrived = b"".join(line.arrived), []
        if not data or line.guest not in self._guests or line.framing is None or not line.server_open:
            if data and line.guest == 0:
                line.arrived = [data]
            return
        if self.faults.mute:
            return
        for message in line.framing.feed(data):
            self._spoken_since += 1
            if line.guest not in self._guests:
                return
            if self.faults.refuse and not line.joined:
                self._down(line, b"Sorry, the name is not to our taste\n")
            elif isinstance(message, Malformed):
                self._carry_out(self.dialect.malformed(line.guest, message.why), line)
            elif message.decode(errors="replace") in self._gone_names and not line.joined:
                if self._gone_names[message.decode(errors="replace")] > self._now:
                    self._down(line, b"Sorry, the name %s is taken.\n" % message)
                else:
                    self._carry_out(self.dialect.heard(line.guest, message), line)
            else:
                self._carry_out(self.dialect.heard(line.guest, message), line)

    def _client_ended(self, line: Line) -> None:
        """FIN or reset, after all that came before it."""
        self._read(line)
        if line.guest:
            self._departed.append(self._now)
            self._spoken_since = 0
        line.client_done = True
        self._part(line)
        if not self.faults.never_close:
            self._server_closes(line)

    def _part(self, line: Line) -> None:
        if self._guests.pop(line.guest, None) is None:
            return
        self._guests[-line.guest] = line  # numbers are never given twice
        room = getattr(self.dialect, "room", None)
        if room is not None and self.faults.releases_late and (nick := room.nick_of(line.guest)):
            self._gone_names[nick] = self._now + self.faults.releases_late
        self._carry_out(self.dialect.left(line.guest), line, notices=True)
        if self.faults.kick and self._chance.random() < self.faults.kick:
            innocent = [guest for guest in self._guests if guest > 0]
            if innocent:
                other = self._guests[self._chance.choice(innocent)]
                self._guests[-other.guest] = self._guests.pop(other.guest)
                self._carry_out(self.dialect.left(other.guest), other, notices=True)
                self._server_closes(other)

    def _server_closes(self, line: Line) -> None:
        if line.server_open:
            line.server_open = False
            self._down(line, "eof")

    # --- what the dialect says -------------------------------------------------------------------------------------

    def _carry_out(self, effects: Effects, speaker: Line | None, *, notices: bool = False) -> None:
        newcomer = speaker is not None and not speaker.joined
        departing: list[Line] = []
        for effect in list(effects):
            if isinstance(effect, Show):
                text = effect.text
                self._of_the_server(0.0003, lambda text=text: self._print(text))
            elif isinstance(effect, HangUp):
                if effect.guest in self._guests:
                    departing.append(self._guests[effect.guest])
            elif isinstance(effect, Tell):
                for guest in effect.to:
                    line = self._guests.get(guest)
                    if line is None:
                        continue
                    if line is speaker or speaker is None:
                        line.joined = True
                        self._down(line, effect.data)
                    elif not self._misses(line, notices or (newcomer and b"joined" in effect.data)):
                        self._news(line, effect.data)
        for line in departing:
            self._part(line)
            if not self.faults.never_close:
                self._server_closes(line)

    def _misses(self, line: Line, notice: bool) -> bool:
        chance, faults = self._chance, self.faults
        if self._now < line.listed_at:
            return True
        if notice:
            return chance.random() < faults.forget_notices
        return chance.random() < faults.lose

    def _news(self, line: Line, data: bytes) -> None:
        chance, faults = self._chance, self.faults
        if faults.reorder and chance.random() < faults.reorder:
            self._of_the_server(chance.uniform(0, 0.02), lambda: self._down(line, data))
            return
        self._down(line, data, chance.uniform(0, faults.slow))
        if faults.duplicate and chance.random() < faults.duplicate:
            self._down(line, data)

    def _down(self, line: Line, what: bytes | str, extra: float = 0.0) -> None:
        """Bytes, or an end, towards the client. They may come in pieces, and never out of order."""
        pieces: list[bytes | str] = [what]
        if self._cuts and isinstance(what, bytes) and len(what) > 1 and self._chance.random() < 0.3:
            cut = self._chance.randrange(1, len(what))
            pieces = [what[:cut], what[cut:]]
        for piece in pieces:
            line.down_until = max(self._now + line.down + extra, line.down_until)
            extra += self._chance.uniform(0, 0.0005) if len(pieces) > 1 else 0.0
            self._at(line.down_until, lambda piece=piece: self._reach(line, piece))

    def _reach(self, line: Line, what: bytes | str) -> None:
        if not line.client_open:
            return
        if line.held is not None:
            line.held.append(what)
        elif isinstance(what, bytes):
            self._events.append(Received(self._now, line.session, what))
        else:
            if what == "reset":
                line.client_open = False
            self._events.append(PeerClosed(self._now, line.session, what))

    def _resume(self, line: Line) -> None:
        held, line.held = line.held or [], None
        for what in held:
            self._at(self._now, lambda what=what: self._reach(line, what))

    def _print(self, text: str) -> None:
        for part in text.split("\n"):
            self._events.append(Output(self._now, "stdout", part))

    # --- the server ------------------------------------------------------------------------------------------------

    def _tell_world(self, what: str, **detail: object) -> None:
        self._events.append(ServerEvent(self._now, what, detail))

    def _command(self, what: str) -> None:
        match what:
            case "stop" if self.up:
                self._tell_world("stopping", how="SIGINT")
                if not self.faults.stubborn and not self.frozen:
                    self._at(self._now + 0.002, lambda: self._end(0))
            case "kill" if self.up:
                self._at(self._now + 0.001, lambda: self._end(-9))
            case "start" if not self.up:
                self._at(self._now + 0.02, self._start)
            case "freeze" if self.up:
                self._freeze()
                self._tell_world("frozen")
            case "thaw" if self.up:
                self._thaw()
                self._tell_world("thawed")
            case "stacks" if self.up and self._py_spy:
                self._at(self._now + 0.3, lambda: self._tell_world("stacks", text="Thread 1 (active): serve"))
            case "abort" if self.up:
                self._at(self._now + 0.01, self._abort)
            case _:
                self._tell_world("failed", command=what, why="it makes no sense now")

    def _freeze(self) -> None:
        self.frozen = True

    def _thaw(self) -> None:
        self.frozen = False
        waiting, self._waiting = self._waiting, []
        for action in waiting:
            self._at(self._now, action)

    def _crash(self) -> None:
        if self.up:
            for text in ("Traceback (most recent call last):", '  File "server.py", line 1', "KeyError: 7"):
                self._events.append(Output(self._now, "stderr", text))
            self._end(1)

    def _abort(self) -> None:
        if self.up and "python" in self._runtimes:
            for text in DUMP:
                self._events.append(Output(self._now, "stderr", text))
        self._end(-6)

    def _end(self, code: int) -> None:
        if not self.up:
            return
        self.up, self.frozen, self._waiting = False, False, []
        self._life += 1
        for line in self._lines.values():
            if line.server_open:
                line.server_open = False
                self._down(line, "eof")
        self._guests = {}
        self._tell_world("exited", code=code)
        self._tell_world("ended")

    def _start(self) -> None:
        self.up, self.dialect, self._gone_names = True, self._make(), {}
        self._tell_world("started", pid=2, command="simulated")
        self._tell_world("listening", host="127.0.0.1", port=1)

    def _facts(self) -> dict[str, object]:
        faults, gone = self.faults, len(self._departed)
        here = sum(1 for guest in self._guests if guest > 0)
        ending = sum(1 for at in self._departed if self._now < at + faults.ends_late)
        threads = 1 + (min(self._accepted, faults.pool) if faults.pool else here + ending)
        unclosed = gone if faults.closes_when_speaking and self._spoken_since < 2 else 0
        return {
            "alive": self.up,
            "listening": self.up,
            "threads": threads + int(gone * faults.leaks_threads),
            "children": 0,
            "fds": 5 + here + unclosed + int(gone * faults.leaks_files),
            "rss": 20_000_000 + gone * faults.leaks_bytes,
            "runtimes": self._runtimes,
            "send_queue": {line.port: len(b"".join(_bytes(line))) for line in self._lines.values() if _bytes(line)},
            "close_wait": [line.port for line in self._lines.values() if line.client_done and line.server_open],
            "established": [line.port for line in self._lines.values() if not line.client_done and line.server_open],
        }

    def _work(self) -> dict[str, object]:
        if not self._has_work:
            return {}
        spun = max(0.0, min(self._now, self.faults.spins_until) - self.faults.spins_from)
        threads = {"1/1": ["main", 0.05 + self._now * self.faults.polls], "1/2": ["serve", spun]}
        self._printed += self.faults.prints
        return {"work": threads, "cpu_only": False, "printed": self._printed}


def _bytes(line: Line) -> list[bytes]:
    """What waits for a client that does not read."""
    return [piece for piece in line.held or () if isinstance(piece, bytes)]
