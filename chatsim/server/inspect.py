"""The server seen from outside: its processes, and its ends of our connections. Nothing is asked of the server.

Where something cannot be observed (another machine, another platform), its key is missing.
"""

# ruff: noqa: PTH123, PTH208 - pathlib doubles the time of a look
from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chatsim.network.namespace import OWN, Namespace
from chatsim.server.listening import Listener, listeners_of, seen_from_here
from chatsim.server.processes import HAS_PROC, PAGE, Process, ProcessTree
from chatsim.server.runtimes import Runtimes
from chatsim.server.sockdiag import CLOSE_WAIT, ESTABLISHED, SocketDiagnosis, SocketEnd
from chatsim.server.work import Workbook
from chatsim.wires import Sockets

__all__ = ["Onlooker", "connection_facts", "has_let_go"]

Address = tuple[str, int]

FEW = 200  # connections up to which asking for each is cheaper than walking the kernel's table


class Onlooker:
    """Looks at the processes of one tree, again and again; remembers what need not be told twice."""

    def __init__(
        self, tree: ProcessTree, namespace: Namespace = OWN, outside: Callable[[str], str] | None = None
    ) -> None:
        self._tree = tree
        self._outside = outside  # a path, as its processes see it, from here (`seen_from_here`)
        self._namespace = namespace
        self._runtimes = Runtimes()
        self._workbook = Workbook()

    def facts(self, place: int | str, sockets: Sockets = "tcp", *, work: bool = False) -> dict[str, Any]:
        """`alive`, `children`, `threads`, `rss`, `cpu`, `fds`, `runtimes` and `listening` over the tree; with `work`
        also `work` and `cpu_only`.

        The numbers are sums over all living processes, whatever their language: also over daemons and those that have
        left the group. `children` are also those that have ended and that the server has not waited for.

        What processes share is counted for each of them: a page that a forked child has not written to, a descriptor
        that it inherited, and all of its parent's for the moment between fork and exec. So are a process and a thread
        that are about to end. One look is one moment; the least of several is what stays.
        """
        members = self._tree.members()
        pids = [process.pid for process in members]
        facts: dict[str, Any] = {
            "alive": bool(members),
            "children": max(0, len(members) - 1) + self._tree.uncollected,
            "threads": sum(process.threads for process in members),
            "rss": sum(map(_resident, members)),
            "cpu": round(sum(process.cpu for process in members), 3),
            "listening": any(each.place == place for each in self._listeners(pids, sockets)),
        }
        fds = _descriptors(members)
        if fds is not None:
            facts["fds"] = fds
        runtimes = self._runtimes.those(members)
        if runtimes is not None:
            facts["runtimes"] = runtimes
        done = self._workbook.of(members) if work else None
        if done is not None:
            facts["work"] = done.threads
            facts["cpu_only"] = done.cpu_only
        return facts

    def _listeners(self, pids: list[int], sockets: Sockets) -> list[Listener]:
        found = listeners_of(pids, self._namespace, sockets=sockets)
        return found if self._outside is None else seen_from_here(found, self._outside)

    def pythons(self) -> list[int]:
        """The processes that are CPython, parents before their children."""
        return [process.pid for process in self._tree.members() if self._runtimes.of(process) == "python"]


def connection_facts(connections: Mapping[Address, Address], namespace: Namespace = OWN) -> dict[str, Any]:
    """`established`, `close_wait` and `send_queue`: the server's ends of our connections, by *our* port.

    `connections` maps our ends to the server's, also of connections that we have closed. Only for a server on this
    machine: elsewhere nothing is known. A few connections take some microseconds each, 20,000 a tenth of a second.
    """
    ends = _ends(connections, namespace)
    if ends is None:
        return {}
    return {
        "established": sorted(end.peer_port for end in ends if end.state == ESTABLISHED),
        "close_wait": sorted(end.peer_port for end in ends if end.state == CLOSE_WAIT),
        "send_queue": {end.peer_port: end.unsent for end in ends if end.unsent},
    }


def has_let_go(our_end: Address, its_end: Address, namespace: Namespace = OWN) -> bool:
    """Has the server's process closed its end of this connection, so that only the kernel still knows it? False if that
    cannot be told."""
    try:
        with contextlib.closing(SocketDiagnosis(namespace)) as diagnosis:
            end = diagnosis.end(its_end, our_end)
    except OSError:
        return False
    return end is not None and end.inode == 0


def _ends(connections: Mapping[Address, Address], namespace: Namespace) -> list[SocketEnd] | None:
    ports = {port for _, port in connections.values()}
    try:
        with contextlib.closing(SocketDiagnosis(namespace)) as diagnosis:
            if len(connections) <= FEW:
                asked = (diagnosis.end(server, client) for client, server in connections.items())
                return [end for end in asked if end is not None]
            found = (end for port in ports for end in diagnosis.ends_at(port))
            return [end for end in found if (end.peer_host, end.peer_port) in connections]
    except OSError:
        return _ends_in_proc(ports, {port for _, port in connections}, namespace)


def _ends_in_proc(ports: set[int], clients: set[int], namespace: Namespace) -> list[SocketEnd] | None:
    """The same from the kernel's table, where netlink is not to be had."""
    if not HAS_PROC:
        return None
    found = []
    for table in ("tcp", "tcp6"):
        try:
            text = Path(namespace.tables, table).read_bytes()
        except OSError:
            continue
        for line in text.splitlines()[1:]:
            row = line.split(None, 5)
            port, client, state = int(row[1][-4:], 16), int(row[2][-4:], 16), int(row[3], 16)
            if port in ports and client in clients and state in (ESTABLISHED, CLOSE_WAIT):
                unsent = int(row[4].partition(b":")[0], 16)
                found.append(SocketEnd(state, "", port, "", client, unsent, 0))
    return found


def _resident(process: Process) -> int:
    """Bytes of memory that it holds. `statm` tells it exactly on new kernels, where `stat` may miss a megabyte."""
    if not process.folder:
        return process.rss
    try:
        with open(f"{process.folder}/statm", "rb") as file:
            return int(file.read().split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return process.rss


def _descriptors(members: Sequence[Process]) -> int | None:
    """None: some of them may not be looked at, and a sum without them would be wrong."""
    if HAS_PROC:
        count = 0
        for process in members:
            try:
                count += len(os.listdir(f"{process.folder}/fd"))
            except PermissionError:
                return None
            except OSError:
                continue  # it has just ended
        return count
    import psutil

    try:
        return sum(psutil.Process(process.pid).num_fds() for process in members)
    except (psutil.Error, AttributeError):
        return None
