"""One life of a server: its process tree from the start to the end of the last process.

The stages: starting (it does not listen yet), listening, told to end, ended. A start that does not succeed has a
`failure` instead. All that happens is told as events of the loop.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chatsim.endings import exit_code
from chatsim.network.loop import READ, Loop, Timer
from chatsim.network.namespace import OWN, Namespace
from chatsim.network.network import Output, ServerEvent
from chatsim.server.console import Printing, Typing
from chatsim.server.inspect import Onlooker
from chatsim.server.launch import Spawned
from chatsim.server.listening import Listener, listeners, listeners_of, owners, reachable_host, seen_from_here
from chatsim.server.output import LastWords
from chatsim.server.processes import HAS_PROC, ProcessTree, command_of, delay_of
from chatsim.wires import Sockets

__all__ = ["START_PATIENCE", "STOP_PATIENCE", "Failure", "Life", "Wish"]

START_PATIENCE = 10.0  # seconds until it must listen; a JVM on a busy machine takes three
STOP_PATIENCE = 5.0  # seconds from being told to end until it is made to
ELSEWHERE = 2.0  # seconds that a server may listen on another port than the profile's before it must have that one
ORPHANS = 1.0  # seconds that the rest of the tree has after the server itself has ended
TESTIMONY = (
    0.3  # seconds that a Python server which is ended has to say where its threads are; it takes some milliseconds
)
KINDS: Mapping[Sockets, str] = {"tcp": "TCP port", "udp": "UDP port", "unix": "Unix socket"}
LONG_TESTIMONY = 1.0  # the same, where that is what it is ended for


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a start did not succeed. `ended`: the server has ended by itself; `silent`: it goes on, and listens nowhere that
    was asked for; `ports`: it listens on several, and nothing says which of them is meant."""

    why: str
    hint: str = ""
    ended: bool = False
    silent: bool = False
    ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What makes a start a success: the port, or a Unix socket's path (None: whichever there is), and the line of output
    to wait for (None: no such line), how many times the usual patience to have, at what kind of socket it is to listen,
    and where."""

    place: int | str | None
    is_ready: Callable[[str], bool] | None
    patience: float
    sockets: Sockets = "tcp"
    namespace: Namespace = OWN


class Life:
    """`listening`, `failure` and `ended` tell the stage. `close` ends it at any of them."""

    def __init__(
        self, spawned: Spawned, loop: Loop, marker: str, known: set[int], wish: Wish, last_words: LastWords
    ) -> None:
        self._loop = loop
        self._process = spawned.process
        self.tree = ProcessTree(spawned.process.pid, marker, within=spawned.within)
        self._quarters = spawned.quarters
        self._retold: Callable[[str], str] = spawned.quarters.retold if spawned.quarters is not None else str
        self.onlooker = Onlooker(self.tree, wish.namespace, spawned.quarters.outside if spawned.quarters else None)
        self._known = known  # listening sockets that were there before: nobody we start can hold one of these
        self._wish = wish
        self._began = loop.now()
        self._main = spawned.process.pid  # whose end is the server's end
        self._main_watch = -1
        self._listener: Listener | None = None
        self._announced = wish.is_ready is None
        self._elsewhere: float | None = None  # since when it listens, but not on the port that it should
        self._asked = ""  # how we asked it to end
        self._exited = False
        self._deadline = 0.0  # until when the tree may take to end
        self._killed = False
        self._witnesses: list[int] = []  # Python processes that say where their threads are before they are killed
        self._witness = 0  # the one whose turn it is: two at once would talk into each other's lines
        self._testimony = 0.0  # until when they may
        self._cpu = 0.0
        self._delay = 0.0
        self._timer: Timer | None = None
        self.address: tuple[str, int] | None = None
        self.ended = False
        self.failure: Failure | None = None
        self._typing = Typing(loop, spawned.typing)
        self._printing = [
            Printing(fd, loop, give, last_words, self._retold)
            for fd, give in ((spawned.output, self._on_stdout), (spawned.errors, self._on_stderr))
            if fd >= 0
        ]
        self._watch_main()
        self._again(0.002, self._look)

    @property
    def listening(self) -> bool:
        return self.address is not None

    @property
    def was_killed(self) -> bool:
        """It had no chance to tidy up."""
        return self._killed

    # --- starting

    def _look(self) -> None:
        """Does it listen yet?"""
        if self._is_decided():
            return
        now = self._loop.now() - self._began
        found = self._new_listeners()
        if found:
            self._consider(found)
        if self._is_decided():
            return
        if self._exited and not self.tree.members():
            self._read_to_the_end()
            code = self._process.returncode
            self._fail(Failure(f"the server ended {_how(code)} before it listened", ended=True))
        elif now > START_PATIENCE * self._wish.patience:
            self._fail(self._never_listened(found))
        else:
            self._again(min(0.025, max(0.002, now / 20)), self._look)

    def _is_decided(self) -> bool:
        return self.listening or self.failure is not None

    def _new_listeners(self) -> list[Listener]:
        kind, where = self._wish.sockets, self._wish.namespace
        if HAS_PROC and not self._exited and all(each.inode in self._known for each in listeners(where, sockets=kind)):
            return []  # the usual case while it is starting, and a cheap one
        found = listeners_of(self._pids(), where, sockets=kind)
        return found if self._quarters is None else seen_from_here(found, self._quarters.outside)

    def _pids(self) -> list[int]:
        return [process.pid for process in self.tree.members()]

    def _consider(self, found: list[Listener]) -> None:
        wanted = self._wish.place
        if wanted is not None:
            fitting = [listener for listener in found if listener.place == wanted]
            if not fitting:
                now = self._loop.now()
                self._elsewhere = self._elsewhere if self._elsewhere is not None else now
                if now - self._elsewhere > ELSEWHERE * self._wish.patience:
                    self._fail(self._never_listened(found))
                return
            found = fitting
        elif len({listener.place for listener in found}) > 1:
            unix = self._wish.sockets == "unix"
            self._fail(
                Failure(
                    f"the server listens on several {'Unix sockets' if unix else 'ports'}, {', '.join(map(str, found))}",
                    "Name the one that clients connect to in the profile: start: "
                    + ("{socket: PATH}" if unix else "{port: NUMBER}"),
                    ports=tuple(listener.port for listener in found if listener.port),
                )
            )
            return
        if self._announced:
            self._listener = min(found, key=lambda listener: ":" in listener.host)  # IPv4 first
            self.address = (reachable_host(self._listener, self._wish.namespace), self._listener.port)
            self._follow()
            host, port = self.address
            self._tell("listening", {"host": host, "port": port} if port else {"socket": host})

    def _never_listened(self, found: list[Listener]) -> Failure:
        seconds = f"{START_PATIENCE * self._wish.patience:g} s"
        wanted = self._wish.place
        if wanted is not None and found and all(listener.place != wanted for listener in found):
            where = ", ".join(map(str, found))
            what, key = ("port", f"port: {found[0].port}") if found[0].port else ("socket", f"socket: {found[0].host}")
            return Failure(
                f"the server listens on {where}, not on {'port ' if isinstance(wanted, int) else ''}{wanted}",
                f"Say so in the profile, start: {{{key}}}, or leave the {what} out to have it found",
            )
        if found:
            return Failure(f"the server listens, but did not print its `ready` line within {seconds}")
        nothing = f"the server did not listen on any {KINDS[self._wish.sockets]} within {seconds}"
        for kind in (each for each in KINDS if each != self._wish.sockets):
            if elsewhere := listeners_of(self._pids(), self._wish.namespace, sockets=kind):
                at = f"{KINDS[kind]} {elsewhere[0].place}"
                return Failure(
                    f"{nothing}: it listens on {at}",
                    "Compare `transport` in the profile with what it speaks",
                    silent=True,
                )
        return Failure(
            nothing,
            "Does it need an argument on its command line, a file, or an answer on its console?\n"
            "If it only needs more time: --patience 3",
            silent=True,
        )

    def _fail(self, failure: Failure) -> None:
        self.failure = failure
        self._tell("failed", {"command": "start", "why": failure.why})
        self._kill_tree()
        self._again(0.002, self._await_end)

    # --- ending

    def stop(self, how: str, line: bytes) -> None:
        if self._asked:
            return
        self._asked = how
        self.tree.members()  # a last look at whose child is whose: those that it leaves behind have no parent any more
        self._deadline = self._loop.now() + STOP_PATIENCE * self._wish.patience
        self._tell("stopping", {"how": how})
        if how == "stdin":
            self.type(line)
        elif how == "SIGTERM":
            for pid in self._owners()[:1] or [self._main]:
                _signal(pid, signal.SIGTERM)
        else:
            try:
                os.killpg(self._process.pid, signal.SIGINT)  # to the whole group, as a terminal does
            except (ProcessLookupError, PermissionError):
                pass  # nobody is left in it
        self._again(0.002, self._await_end)

    def kill(self) -> None:
        self._asked = self._asked or "kill"
        self._kill_tree()
        self._again(0.001, self._await_end)

    def abort(self) -> None:
        """As `kill`, but its Python processes first print where each of their threads is."""
        self._asked = self._asked or "abort"
        self._kill_after_testimony(LONG_TESTIMONY)
        self._again(0.001, self._await_end)

    def _kill_after_testimony(self, patience: float) -> None:
        """SIGABRT makes `faulthandler`, which every Python server is started with, print the stacks of all threads."""
        if self._killed:
            return
        self._killed = True
        pythons = self.onlooker.pythons()
        owners = self._owners()
        self._witnesses = sorted(pythons, key=lambda pid: pid not in owners)  # who serves has most to tell
        self._testimony = self._loop.now() + patience
        self._hear_witnesses([])

    def _hear_witnesses(self, alive: list[int]) -> None:
        """Let the next one speak when the one before has ended; kill when all have, or the time is over."""
        if self._witness in alive and self._loop.now() < self._testimony:
            return
        while self._witnesses and self._loop.now() < self._testimony:
            self._witness = self._witnesses.pop(0)
            if _signal(self._witness, signal.SIGABRT):
                _signal(self._witness, signal.SIGCONT)  # one that is frozen could not speak
                return
        self._witness = 0
        self._kill_tree()

    def _await_end(self) -> None:
        """After it was told to end, or has ended: until the whole tree is gone and the last word is read."""
        if self.ended:
            return
        members = self.tree.members()
        now = self._loop.now()
        if not members and self._exited:
            self._read_to_the_end()
            self.ended = True
            self._tell("ended", {"asked": bool(self._asked), "killed": self._killed})
            return
        if members and now > self._deadline and not self._killed:
            left = [{"pid": process.pid, "command": self._retold(command_of(process.pid))} for process in members]
            self._tell("left-behind", {"processes": left, "exited": self._exited})
            self._kill_after_testimony(TESTIMONY)
        elif self._witness:
            self._hear_witnesses([process.pid for process in members])
        self._again(0.002, self._await_end)

    def close(self) -> float:
        """End it whatever it is doing; the processor seconds that it used."""
        used = self.cpu()
        if self._timer is not None:
            self._timer.cancel()
        if self._quarters is not None:
            self._quarters.end()
        self._kill_tree()
        self.tree.kill()
        if self._main_watch >= 0:
            self._loop.unwatch(self._main_watch)
            os.close(self._main_watch)
            self._main_watch = -1
        self._process.wait()
        for stream in self._printing:
            stream.read_to_the_end()
            stream.close()
        self._typing.close()
        self.ended = True
        return used

    @property
    def printed(self) -> int:
        """Bytes that it has printed so far, also those that nobody was given."""
        return sum(stream.read for stream in self._printing)

    def cpu(self) -> float:
        # A sum over those who are there: one that ends without being waited for by its parent takes its share along.
        self._cpu = max(self._cpu, sum(process.cpu for process in self.tree.members()))
        return self._cpu

    def delay(self) -> float | None:
        """Seconds that its threads have waited for a processor; None where the platform does not tell."""
        delays = [delay for process in self.tree.members() if (delay := delay_of(process.pid)) is not None]
        self._delay = max(self._delay, sum(delays))
        return self._delay if delays else None

    def _kill_tree(self) -> None:
        self._killed = True
        self._witness = 0
        self._witnesses.clear()
        self.tree.signal(signal.SIGKILL)

    # --- the process whose end is the server's end

    def _follow(self) -> None:
        """A server that has put itself into the background is the one who holds the listening socket."""
        if self._exited and self._process.returncode is not None:
            self._exited = False
            self._main = next(iter(self._owners()), self._main)
            self._watch_main()

    def _watch_main(self) -> None:
        try:
            self._main_watch = os.pidfd_open(self._main)
        except (AttributeError, OSError):
            self._loop.after(0.02, self._check_main)  # no pidfd here: look every now and then
            return
        self._loop.watch(self._main_watch, READ, self._main_ended)

    def _check_main(self) -> None:
        if self.ended:
            return
        if self._main == self._process.pid:
            gone = self._process.poll() is not None
        else:
            gone = all(process.pid != self._main for process in self.tree.members())
        if gone:
            self._main_ended(READ)
        else:
            self._loop.after(0.02, self._check_main)

    def _main_ended(self, readiness: int) -> None:
        if self._main_watch >= 0:
            self._loop.unwatch(self._main_watch)
            os.close(self._main_watch)
            self._main_watch = -1
        code = self._process.poll() if self._main == self._process.pid else None
        self._exited = True
        if not self.listening:
            return  # the look for its listening socket goes on among those that it has left
        if not self._asked and self._owners():
            self._follow()
            if not self._exited:
                return
        self._read_what_is_there()
        self._tell("exited", {"code": code, "asked": bool(self._asked)})
        rest = self._loop.now() + ORPHANS * self._wish.patience
        self._deadline = min(self._deadline, rest) if self._asked else rest
        self._again(0.0, self._await_end)

    def _owners(self) -> list[int]:
        """Who holds the listening socket, the oldest first."""
        if self._listener is None:
            return []
        return owners(self._listener, [process.pid for process in self.tree.members()])

    # --- the console

    def type(self, data: bytes) -> None:
        self._typing.write(data)

    def _on_stdout(self, line: str, whole: bool) -> None:
        self._printed("stdout", line, whole)

    def _on_stderr(self, line: str, whole: bool) -> None:
        self._printed("stderr", line, whole)

    def _printed(self, stream: str, line: str, whole: bool) -> None:
        self._loop.emit(Output(self._loop.now(), stream, line, whole))
        if not self._announced and self._wish.is_ready is not None:
            self._announced = self._wish.is_ready(line)

    def _read_what_is_there(self) -> None:
        for stream in self._printing:
            stream.read_what_is_there()

    def _read_to_the_end(self) -> None:
        for stream in self._printing:
            stream.read_to_the_end()

    def _tell(self, what: str, detail: Mapping[str, Any]) -> None:
        self._loop.emit(ServerEvent(self._loop.now(), what, detail))

    def _again(self, delay: float, callback: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.after(delay, callback)


def _signal(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False  # it has just ended
    return True


def _how(code: int | None) -> str:
    """How a process ended, in words."""
    if code is None:
        return "in the background"
    if code >= 0:
        return f"at once, with {exit_code(code)},"
    try:
        return f"by the signal {signal.Signals(-code).name}"
    except ValueError:
        return f"by the signal {-code}"
