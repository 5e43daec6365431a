"""The only door between deciding and doing.

A director hands over *commands* (wishes) and is handed *events* (what happened). It never sees a socket, a thread, a
process or a clock. The real network, a simulated one and a load engine all stand behind the same four methods and pass
the same contract suite (tests/contracts/network.py).

Connections are named by small integers that the director chooses (its session numbers), never reused within a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

__all__ = [
    "Abort",
    "Close",
    "Command",
    "Connect",
    "Event",
    "Facts",
    "GiveUp",
    "Handed",
    "HoldReading",
    "Inspect",
    "Network",
    "OpenFailed",
    "Opened",
    "Output",
    "PeerClosed",
    "Received",
    "ResumeReading",
    "Send",
    "ServerCommand",
    "ServerEvent",
    "ShutdownWrite",
    "Strain",
    "Type",
]


# --- commands: what the director wishes -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a connection to the server under test. Answered by `Opened` or `OpenFailed`."""

    session: int


@dataclass(frozen=True, slots=True)
class Send:
    """Write bytes, in order, after everything sent before. When the kernel has the last byte: `Handed(tag)`.

    The write is attempted at once, within `do`; what the kernel does not take is kept and written when it can be.
    A tag of -1 asks for no `Handed`. On a wire of messages each is a message of its own, unless there is `more` of it
    to come with the next; on any other wire, `more` means nothing.
    """

    session: int
    data: bytes
    tag: int = -1
    more: bool = False


@dataclass(frozen=True, slots=True)
class ShutdownWrite:
    """Half-close: after all bytes handed over, send FIN; reading goes on."""

    session: int


@dataclass(frozen=True, slots=True)
class Close:
    """Close at once. A FIN if nothing unread lies in our buffer; it is the director's business to read to the end first.

    `sparing`: the server has closed first. Our FIN would leave its end in TIME_WAIT, which keeps a fixed port from the
    next run. So if its process has let go of that end for good, and nobody there can notice any more, it is a reset; if
    it only shut down its writing side, or that cannot be told, it is a FIN all the same.
    """

    session: int
    sparing: bool = False


@dataclass(frozen=True, slots=True)
class Abort:
    """Reset: linger 0 and close. Bytes not yet handed over are torn away."""

    session: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Wait no longer for a connection that does not stand: `OpenFailed` tells how far it came. One that stands is left as
    it is."""

    session: int


@dataclass(frozen=True, slots=True)
class HoldReading:
    """Stop reading from this connection (the kernel's buffers fill up)."""

    session: int


@dataclass(frozen=True, slots=True)
class ResumeReading:
    session: int


@dataclass(frozen=True, slots=True)
class Type:
    """Type a line on the server's console (its standard input); the line end is added."""

    line: str


@dataclass(frozen=True, slots=True)
class ServerCommand:
    """`stop`: ask it to end as its profile says · `kill` · `start`: start it again on the same port ·
    `freeze` (SIGSTOP; when it is told, every thread stands still) · `thaw` (SIGCONT) · `stacks`: tell what the threads
    of a Python server are doing, without ending it (needs py-spy) · `abort`: kill it within a second or so, but let its
    Python processes first print what their threads are doing (SIGABRT; on stderr, as Output before `ended`). Answered by
    `ServerEvent`s; one that cannot be done by `failed`."""

    what: str


@dataclass(frozen=True, slots=True)
class Inspect:
    """Look at the server from outside (its sockets, threads, descriptors). Answered by one `Facts(tag)`.

    `work`: also at what each of its threads has used so far; that is a file a thread to read.
    """

    tag: int
    work: bool = False


Command = (
    Connect
    | Send
    | ShutdownWrite
    | Close
    | Abort
    | GiveUp
    | HoldReading
    | ResumeReading
    | Type
    | ServerCommand
    | Inspect
)


# --- events: what happened; `at` is the door's own clock, in seconds ----------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """The connection stands; `local` is our address as the server sees it (ip, port). On a wire without addresses, no
    ip, and in the place of the port the number of our socket."""

    at: float
    session: int
    local: tuple[str, int]


@dataclass(frozen=True, slots=True)
class OpenFailed:
    """`sent`, `got`: the first bytes of both sides, where the server was reached and does not speak what it should."""

    at: float
    session: int
    why: str
    sent: bytes = b""
    got: bytes = b""


class Received(NamedTuple):
    """One read's bytes (at most 64 KiB), or on a wire of messages one whole message; never empty.

    The only event that is no dataclass: it is made once for every read of every bot, and a frozen dataclass takes
    four times as long to make as a tuple, which costs a fleet a tenth of its speed.
    """

    at: float
    session: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Handed:
    """The kernel has taken the last byte of the `Send` with this tag."""

    at: float
    session: int
    tag: int


@dataclass(frozen=True, slots=True)
class PeerClosed:
    """The server's side ended: `eof` (it closed or half-closed; our side is still open) or `reset` (the connection is
    gone). Comes once, after all bytes that arrived before it. Never for a connection that we closed or aborted."""

    at: float
    session: int
    how: str


@dataclass(frozen=True, slots=True)
class Output:
    """One line that the server printed, without its line end (`stream`: stdout | stderr). A prompt without a line end
    is given once nothing has followed it for a moment, with `whole=False`; its remainder comes as the next Output."""

    at: float
    stream: str
    line: str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """What became of the server: `started` (pid, command) · `listening` (host, port) · `stopping` (our signal went
    out) · `exited` (code; negative = signal; null: it had put itself into the background) · `ended` (its whole process
    tree is gone, pipes read to the end) · `left-behind` (processes that outlived it, and are killed now) · `frozen` ·
    `thawed` · `stacks` (`text`: the stacks of its threads, as py-spy tells them) · `failed` (a command, such as a start,
    did not succeed; `command`, `why`). `detail` is plain JSON data, e.g. {"code": -2} or {"why": "..."}."""

    at: float
    what: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """The answer to `Inspect`: plain JSON data; a key that cannot be observed here is missing.

    For "port" read "number of our socket" on a wire without ports.

    Keys: `threads`, `fds`, `children` (numbers over the process tree; also children that have ended and that the server has
    not waited for), `rss` (bytes), `close_wait` (list of *our* local ports whose server end is in CLOSE_WAIT, that is: we
    have closed and the server has not), `established` (list of our local ports whose server end is ESTABLISHED),
    `listening` (bool), `send_queue` (map our local port -> bytes that the server's kernel could not yet deliver), `alive`
    (bool), `runtimes` (list of the runtimes that its processes are, as far as their programs tell: python, pypy, java, node,
    dotnet, mono, deno, bun, ruby, erlang, dart, go; empty for a native program), and on
    demand `printed` (bytes so far), and `work`: map "pid/thread" -> [its name, seconds on or waiting for a processor so far],
    with `cpu_only` (bool): the platform does not tell the waiting.
    """

    at: float
    tag: int
    facts: Mapping[str, Any]


Event = Opened | OpenFailed | Received | Handed | PeerClosed | Output | ServerEvent | Facts


@dataclass(frozen=True, slots=True)
class Strain:
    """How much of the time since the network began was not ours to use, in seconds, cumulative:
    `lag`: our own loop was late; `foreign`: the processors were busy with neither us nor the server."""

    lag: float = 0.0
    foreign: float = 0.0


class Network(Protocol):
    """The door. Not thread-safe; one director, one door."""

    def now(self) -> float:
        """Seconds on the door's own monotonic clock, 0 at its beginning."""
        ...

    def do(self, command: Command) -> None:
        """Carry out a wish. Never blocks, never raises for what the peer does: consequences arrive as events."""
        ...

    def poll(self, deadline: float) -> Sequence[Event]:
        """Wait until something happened or the clock reads `deadline`; return what happened (perhaps nothing)."""
        ...

    def strain(self) -> Strain:
        """How strained the machine has been since the beginning."""
        ...
