"""The server under test, from its start to the end of its last process.

Ready is: a listening socket that belongs to the process tree that was started, on the port (or at the path) that was
asked for or, if none was, on the only one there is. It is seen, never tried. So a run cannot judge somebody else's server.

Owns: the life of the process (started, listening, stopping, exited, ended), its console in both directions, its end
in every case. Leaves to others: what its output means, and whether its end was a good one.
"""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chatsim.errors import ServerError, StartError
from chatsim.network.loop import Loop
from chatsim.network.namespace import OWN
from chatsim.network.network import Event, ServerCommand, ServerEvent, Type
from chatsim.server.guardian import Guardian
from chatsim.server.launch import Launcher
from chatsim.server.life import Failure, Life, Wish
from chatsim.server.listening import Occupant, listeners, occupant_of, place_of
from chatsim.server.output import LastWords
from chatsim.server.own_network import OwnNetwork
from chatsim.server.ports import Turn, bindable, free_port
from chatsim.server.stacks import StackDump, py_spy
from chatsim.wires import Sockets

__all__ = ["Server"]

TURN = 60.0  # seconds to wait for another run on the same fixed port
OTHERS_END = 1.0  # seconds for a former run's server on our port to be gone
TIME_WAIT = 65.0  # seconds that a port may be kept by connections that are over
RETRIES = 4  # free ports that are tried, should others be quicker
TAKEN = r"address already in use|EADDRINUSE|BindException|only one usage of each socket"
LAST_LINES = 20  # of the server's output that an error quotes


class Server:
    """One server under test on one loop. `start` first; `do` for the rest of its life; `close` always."""

    def __init__(
        self, launcher: Launcher, loop: Loop, *, sockets: Sockets = "tcp", own_network: OwnNetwork | None = None
    ) -> None:
        self._launcher = launcher
        self._sockets = sockets  # of what kind the one is at which it listens
        self._own_network = own_network  # where it is to live, open by the time of `start`; None: with everybody else
        self._namespace = OWN
        self._loop = loop
        self._marker = os.urandom(12).hex()
        self._guardian: Guardian | None = None
        self._turn: Turn | None = None
        self._life: Life | None = None
        self._stacks: StackDump | None = None
        self._frozen = False
        self._spent = 0.0  # processor seconds of earlier lives
        self._last_words = LastWords()
        self._port: int | None = None  # the one that it is to listen on, as long as that is known
        self._beginning = False  # between a start and our knowing of it: an interrupt may strike there
        self._may_tidy = True  # a socket's file is left by an earlier run, or since we have killed the server
        self._closed = False
        self._address: tuple[str, int] | None = None

    # --- the beginning, in one breath

    def start(self) -> None:
        """Start it and wait until it listens. What it prints meanwhile is told by the next `poll` of the loop.

        Raises ServerError, with its last words, if it does not; then nothing of it is left.
        """
        try:
            if self._own_network is not None:
                self._namespace = self._own_network.namespace
            if self._own_network is None or self._sockets == "unix":  # a path is the same in all namespaces
                self._take_turn()
            if self._launcher.quarters is None or self._launcher.quarters.marked:
                self._guardian = Guardian(self._marker, self._launcher.temporary)
            self._start_on_some_port()
        except BaseException:
            self.close()
            raise

    def _start_on_some_port(self) -> None:
        launcher = self._launcher
        failure = Failure("the server was not started")
        for attempt in range(RETRIES):
            if launcher.chooses_port:
                self._port = free_port(launcher.host, self._namespace, datagrams=self._sockets == "udp")
            else:
                self._port = launcher.start.port
            kept_by_the_past = self._port is not None and not self._bindable()
            self._begin()
            failed = self._wait_for_listening()
            if failed is None:
                return
            failure = failed
            self._end_life()
            if launcher.chooses_port and attempt < RETRIES - 1 and self._occupant() is not None:
                continue  # somebody was quicker
            if kept_by_the_past and failure.ended and self._wait_until_bindable():
                continue  # it does not set SO_REUSEADDR, and old connections kept its port
            break
        raise self._in_its_last_words(failure)

    def _take_turn(self) -> None:
        launcher = self._launcher
        if self._sockets == "unix":
            place: int | str | None = (
                None if launcher.chooses_socket or not launcher.socket else place_of(launcher.socket)
            )
            called = f"the socket {place}"
        else:
            place = None if launcher.chooses_port else launcher.start.port
            called = f"port {place}"
        if place is None:
            return
        self._turn = Turn(place)
        deadline = time.monotonic() + TURN * self._launcher.patience
        while not self._turn.take():
            if time.monotonic() > deadline:
                raise ServerError(f"another chatsim has been using {called} for {TURN:g} s", hint="Wait for its end.")
            time.sleep(0.01)
        deadline = time.monotonic() + OTHERS_END
        while (occupant := occupant_of(place, self._namespace, sockets=self._sockets)) is not None:
            if time.monotonic() > deadline:
                raise ServerError(
                    f"{called} is taken: {occupant}",
                    hint="End that program first: chatsim never judges a server that it has not started.",
                )
            time.sleep(0.01)

    def _bindable(self) -> bool:
        return bindable(self._port or 0, namespace=self._namespace, datagrams=self._sockets == "udp")

    def _occupant(self) -> Occupant | None:
        place = self._place
        return occupant_of(place, self._namespace, sockets=self._sockets) if place is not None else None

    @property
    def _place(self) -> int | str | None:
        """Where it is to listen, as far as that is known."""
        if self._sockets == "unix":
            return place_of(self._launcher.socket) if self._launcher.socket else None
        return self._port

    def _wait_until_bindable(self) -> bool:
        deadline = time.monotonic() + TIME_WAIT
        while not self._bindable():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _wait_for_listening(self) -> Failure | None:
        life = self._life
        assert life is not None
        told: list[Event] = []
        while not life.listening and life.failure is None:
            told += self._loop.poll(self._loop.now() + 1.0)
        for event in told:
            self._loop.emit(event)
        return life.failure

    def _in_its_last_words(self, failure: Failure) -> StartError:
        lines = self._last_words.last(LAST_LINES)
        said = "".join(f"\n  {line}" for line in lines)
        text = f"{failure.why}: {self._launcher.describe(self._port)}"
        text += f"\nIts last words:{said}" if lines else "\nIt printed nothing."
        hint = failure.hint or _hint_from(lines, self._sockets)
        return StartError(text, hint=hint, silent=failure.silent, ports=failure.ports)

    @property
    def address(self) -> tuple[str, int] | None:
        """Where it listens, or listened last; None: nowhere yet. A port that was found may be another after a restart."""
        if self._life is not None and self._life.address is not None:
            self._address = self._life.address
        return self._address

    # --- the rest of its life

    def do(self, command: ServerCommand | Type) -> None:
        """Never blocks; answers come as events of the loop."""
        if isinstance(command, Type):
            if self._life is not None:
                self._life.type(command.line.encode() + b"\n")
        elif command.what == "start":
            self._start_again()
        elif self._life is None or self._life.ended:
            self._tell("failed", {"command": command.what, "why": "the server is not running"})
        elif command.what == "stop":
            start = self._launcher.start
            self._life.stop(start.stop, self._typed_to_stop())
        elif command.what == "kill":
            self._life.kill()
        elif command.what == "abort":
            self._life.abort()
        elif command.what == "stacks":
            self._look_at_stacks(self._life)
        elif command.what == "freeze":
            self._frozen = True
            self._life.tree.freeze()
            self._tell("frozen", {})
        elif command.what == "thaw":
            self._frozen = False
            self._life.tree.signal(signal.SIGCONT)
            self._tell("thawed", {})
        else:
            self._tell("failed", {"command": command.what, "why": f'there is no server command "{command.what}"'})

    def facts(self, *, work: bool = False) -> dict[str, Any]:
        """Its processes seen from outside (`chatsim.server.inspect`)."""
        if self._life is None or self.address is None:
            return {"alive": False, "listening": False}
        host, port = self.address
        facts = self._life.onlooker.facts(port or place_of(host), self._sockets, work=work)
        return {**facts, "printed": self._life.printed} if work else facts

    def cpu(self) -> float:
        """Processor seconds that the server's tree has used so far, in all its lives."""
        return self._spent + (self._life.cpu() if self._life is not None else 0.0)

    def delay(self) -> float | None:
        """Seconds that the threads of this life of it have waited for a processor; None: that cannot be told."""
        return self._life.delay() if self._life is not None else None

    def describe(self) -> str:
        return self._launcher.describe(self._port)

    def last_output(self, number: int) -> list[str]:
        return self._last_words.last(number)

    def close(self) -> None:
        """End everything at once: every process, pipe, temporary file. May be called at any time, and again."""
        if self._closed:
            return
        self._closed = True
        self._end_life()
        if self._guardian is not None:
            self._guardian.close(in_peace=not self._beginning)
        self._launcher.close()
        if self._turn is not None:
            self._turn.close()

    def _typed_to_stop(self) -> bytes:
        return (self._launcher.start.stop_line or "").encode() + b"\n"

    def _look_at_stacks(self, life: Life) -> None:
        program = py_spy()
        pythons = life.onlooker.pythons()
        if program is None:
            why = "py-spy is not installed (pip install py-spy)"
        elif not pythons:
            why = "no process of the server is Python's"
        elif self._stacks is not None and not self._stacks.over:
            why = "its stacks are being looked at already"
        else:
            self._stacks = StackDump(program, pythons, self._loop, self._tell_stacks, frozen=self._frozen)
            return
        self._tell("failed", {"command": "stacks", "why": why})

    def _tell_stacks(self, text: str, why: str) -> None:
        if text:
            self._tell("stacks", {"text": text})
        else:
            self._tell("failed", {"command": "stacks", "why": why})

    def _start_again(self) -> None:
        if self._life is not None and not self._life.ended and self._life.failure is None:
            self._tell("failed", {"command": "start", "why": "the server is still running"})
            return
        self._end_life()
        try:
            self._begin()
        except ServerError as error:
            self._tell("failed", {"command": "start", "why": str(error)})

    def _begin(self) -> None:
        launcher, guardian = self._launcher, self._guardian
        port = self._port or 0
        known = {listener.inode for listener in listeners(self._namespace, sockets=self._sockets)}
        self._beginning = True
        try:
            launcher.prepare(port, self._marker)
            if self._sockets == "unix" and self._may_tidy:
                _remove_stale(launcher.socket)
            spawned = launcher.spawn(
                port, self._marker, self._own_network.popen if self._own_network else subprocess.Popen
            )
        except ServerError:
            self._beginning = False  # it was not started
            raise
        if guardian is not None:
            guardian.watch(spawned.process.pid)
        is_ready = self._is_ready if launcher.start.ready is not None else None
        wish = Wish(self._place, is_ready, launcher.patience, self._sockets, self._namespace)
        self._life = Life(spawned, self._loop, self._marker, known, wish, self._last_words)
        self._beginning = False
        self._tell("started", {"pid": spawned.process.pid, "command": launcher.describe(self._port)})
        self._life.type(launcher.first_typed(port))

    def _end_life(self) -> None:
        if self._stacks is not None:
            self._stacks.close()
            self._stacks = None
        self._frozen = False
        if self._life is not None:
            self._address = self.address
            self._may_tidy = self._life.was_killed
            self._spent += self._life.close()
            self._life = None
        if self._guardian is not None:
            self._guardian.watch(0)

    def _is_ready(self, line: str) -> bool:
        """Is this the line of output that the profile calls `ready`?"""
        template = self._launcher.start.ready
        slots = {"host": re.escape(self._launcher.host)}
        if self._port is not None:
            slots["port"] = str(self._port)
        if self._launcher.socket:
            slots["socket"] = re.escape(self._launcher.socket)
        return template is not None and template.matcher(slots).search(line) is not None

    def _tell(self, what: str, detail: Mapping[str, Any]) -> None:
        self._loop.emit(ServerEvent(self._loop.now(), what, detail))


def _remove_stale(path: str) -> None:
    """A Unix socket's file outlives its server, and then nobody can bind its path. What is no socket stays."""
    try:
        if path and not path.startswith("@") and stat.S_ISSOCK(Path(path).lstat().st_mode):
            Path(path).unlink()
    except OSError:
        pass  # it is not there; or not ours to remove, and the server's to complain about


def _hint_from(lines: list[str], sockets: Sockets) -> str:
    text = "\n".join(lines)
    taken = re.search(TAKEN, text, re.IGNORECASE)
    if taken and sockets == "unix":
        return "The file of its socket is there already: let it be removed at its end, or before it is bound"
    if taken:
        return "Its port is taken: by another program, or for a minute by its own last run, if it sets no SO_REUSEADDR"
    return ""
