"""The world of one run behind one door: connections and the server's process, one loop, one clock.

A `World` is a `Network` (see `chatsim.network.network`): what happens to connections and to the process comes out of
one `poll`, in the order in which it was observed. Attached to a server that somebody else has started, it has no
process: commands to it are answered by `failed`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from chatsim.errors import ConfinementError, ServerError
from chatsim.network.loop import Loop
from chatsim.network.namespace import OWN
from chatsim.network.network import (
    Abort,
    Close,
    Command,
    Connect,
    Event,
    Facts,
    Inspect,
    ServerCommand,
    ServerEvent,
    Strain,
    Type,
)
from chatsim.network.tcp import Address
from chatsim.network.wires import network_on
from chatsim.server.inspect import connection_facts, has_let_go
from chatsim.server.launch import Launcher
from chatsim.server.listening import occupant_of, place_of
from chatsim.server.load import ForeignLoad
from chatsim.server.own_network import OwnNetwork
from chatsim.server.processes import ProcessTree, delay_of
from chatsim.server.server import Server
from chatsim.server.unix_ends import UnixEnds
from chatsim.wires import Line, named

if TYPE_CHECKING:
    from chatsim.sandbox.sandbox import Cell

__all__ = ["World"]

TCP = Line()


class World:
    """Either a launcher, whose server is started by `start`, or the address of a server that is there already; and the
    line on which it is spoken to. `isolated`: a server that is started lives in a network namespace of its own. `cell`: where
    it is put, which the launcher has to know; it ends with the world.

    Use as a context manager: leaving it ends everything, connections first, then the server's whole tree.
    """

    def __init__(
        self, server: Launcher | Address, line: Line = TCP, *, isolated: bool = False, cell: Cell | None = None
    ) -> None:
        self._loop = Loop()
        self._cell = cell
        self._own_network = OwnNetwork() if isolated and isinstance(server, Launcher) else None
        if cell is not None and cell.network is not None:
            self._own_network = cell.network
        self._namespace = OWN
        open_socket = OWN.open_socket if self._own_network is None else self._own_network.open_socket
        self._network = network_on(line, self._loop, open_socket)
        self._wire = line.wire
        self._unix_ends = UnixEnds() if self._wire.sockets == "unix" else None
        self._server = (
            Server(server, self._loop, sockets=self._wire.sockets, own_network=self._own_network)
            if isinstance(server, Launcher)
            else None
        )
        self._address = None if isinstance(server, Launcher) else server
        self._aimed_at: Address | None = None
        self._theirs: ProcessTree | None = None  # the processes of a server that we have not started
        self._load = ForeignLoad(self._our_cpu, self._delay)
        self._closed = False
        self.now = self._loop.now

    def start(self) -> None:
        """Start the server and wait until it listens; where there is none to start: look its name up.

        Raises ServerError. Nothing is connected to the server by this.
        """
        if self._own_network is not None:
            try:
                self._own_network.open()
            except ServerError as error:
                if self._cell is None:
                    raise
                raise ConfinementError(error.problems) from None  # of no server's making
            self._namespace = self._own_network.namespace
        if self._server is not None:
            if self._cell is not None:
                self._loop.after(self._cell.pause, self._look)
            self._server.start()
        elif self._address is not None and _is_here(self._address):
            host, port = self._address
            occupant = occupant_of(port or place_of(host), sockets=self._wire.sockets)
            if occupant is not None and occupant.pid:
                self._theirs = ProcessTree(occupant.pid, "nobody's")
        self._aim()

    @property
    def loop(self) -> Loop:
        """What all this waits on: for whoever has sockets of its own to watch besides. Ends with the world."""
        return self._loop

    @property
    def address(self) -> Address | None:
        """Where the server listens; None before it does."""
        return self._address if self._server is None else self._server.address

    def describe(self) -> str:
        """The server in a few words: its command, or where it is."""
        if self._server is not None:
            return self._server.describe()
        assert self._address is not None
        return named(self._address)

    def last_output(self, number: int = 20) -> list[str]:
        """The last lines that the server printed, both streams together; none if it is not ours."""
        return [] if self._server is None else self._server.last_output(number)

    def cut_off(self) -> bool:
        """Has the server looked for something that cannot be reached from the namespace in which it was isolated?"""
        return self._own_network is not None and self._own_network.reached_out(
            self._network.refused, datagrams=not self._wire.connects
        )

    def exceeded(self) -> str:
        """What the server used too much of, so that it was ended, in words that follow "the server"; empty: nothing."""
        return "" if self._cell is None else self._cell.exceeded

    def _look(self) -> None:
        assert self._cell is not None
        self._cell.look()
        self._loop.after(self._cell.pause, self._look)

    def do(self, command: Command) -> None:
        if isinstance(command, (ServerCommand, Type, Inspect)):
            self._do_with_server(command)
        else:
            if type(command) is Connect:
                self._before_connecting()
            elif type(command) is Close and command.sparing and self._has_let_go(command.session):
                command = Abort(command.session)
            elif self._unix_ends is not None and isinstance(command, (Close, Abort)):
                self._unix_ends.part(self._network.our_end.get(command.session), self._namespace)
            self._network.do(command)

    def poll(self, deadline: float) -> Sequence[Event]:
        return self._loop.poll(deadline)

    def strain(self) -> Strain:
        return Strain(lag=self._loop.lag(), foreign=self._load.seconds())

    def close(self) -> None:
        """End everything at once. May be called at any time, and again."""
        if self._closed:
            return
        self._closed = True
        self._network.close()
        try:
            if self._server is not None:
                self._server.close()
        finally:
            self._loop.close()
            if self._cell is not None:
                self._cell.close()
            if self._own_network is not None:
                self._own_network.close()

    def __enter__(self) -> World:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _before_connecting(self) -> None:
        if self._own_network is not None:
            self._own_network.check()
        if self.address != self._aimed_at:
            self._aim()  # after a restart the server may listen elsewhere

    def _aim(self) -> None:
        address = self.address
        assert address is not None
        try:
            self._network.aim(address)
            self._aimed_at = address
        except OSError as error:
            raise ServerError(f"there is no host {address[0]}: {error.strerror or error}") from None

    def _has_let_go(self, session: int) -> bool:
        ours = self._network.our_end.get(session)
        its = self._network.ends.get(ours) if ours is not None else None
        return ours is not None and its is not None and has_let_go(ours, its, self._namespace)

    def _do_with_server(self, command: ServerCommand | Type | Inspect) -> None:
        if isinstance(command, Inspect):
            self._loop.emit(Facts(self.now(), command.tag, self._facts(work=command.work)))
        elif self._server is not None:
            self._server.do(command)
        else:
            what = command.what if isinstance(command, ServerCommand) else "type"
            why = "chatsim is only attached to this server and has not started it"
            self._loop.emit(ServerEvent(self.now(), "failed", {"command": what, "why": why}))

    def _facts(self, *, work: bool) -> dict[str, object]:
        if self._own_network is not None:
            self._own_network.check()
        facts = {} if self._server is None else self._server.facts(work=work)
        if self._unix_ends is not None:
            facts |= self._unix_ends.facts(self._network.our_end.values(), self.address, self._namespace)
        elif self._wire.connects and (self._server is not None or _is_here(self._address)):
            facts |= connection_facts(self._network.ends, self._namespace)
        return facts

    def _our_cpu(self) -> float:
        """Processor seconds that we and the server have used: nobody else's load."""
        times = os.times()
        ours = times.user + times.system
        if self._server is not None:
            return ours + self._server.cpu()
        return ours + (sum(process.cpu for process in self._theirs.members()) if self._theirs is not None else 0.0)

    def _delay(self) -> float | None:
        """Seconds that the server's threads have waited for a processor: ours, or one that runs on this machine."""
        if self._server is not None:
            return self._server.delay()
        if self._theirs is None:
            return None
        delays = [delay for process in self._theirs.members() if (delay := delay_of(process.pid)) is not None]
        return sum(delays) if delays else None


def _is_here(address: Address | None) -> bool:
    """On this machine: its loopback, or a Unix socket, which has no port."""
    if address is None:
        return False
    host, port = address
    return not port or host in ("localhost", "::1") or host.startswith("127.")
