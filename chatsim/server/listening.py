"""Who listens where, seen without connecting: a trial connection would be a client, and falsify what follows.

With `datagrams`, a UDP socket that is bound to a port counts as listening there.

On Linux the kernel is asked by netlink, which costs 0.1 ms, or where it does not answer, its tables are read: those who
listen stand first in them. Elsewhere psutil is asked about the processes in question.
"""

# ruff: noqa: PTH115, PTH123, PTH208 - pathlib doubles the time of a look, and looks are taken every 2 ms
from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chatsim.network.namespace import OWN, Namespace
from chatsim.server.processes import HAS_PROC, command_of, folder_of
from chatsim.server.sockdiag import SocketDiagnosis

__all__ = ["Listener", "Occupant", "listeners", "listeners_of", "occupant_of", "owners", "reachable_host"]

LISTEN, UNCONNECTED = b"0A", b"07"


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket. `inode` names it on Linux; elsewhere it is 0."""

    host: str
    port: int
    inode: int = 0
    datagrams: bool = False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Occupant:
    """Who listens on a port. pid 0: it cannot be told (another user's process)."""

    listener: Listener
    pid: int = 0
    command: str = ""

    def __str__(self) -> str:
        if not self.pid:
            return f"another program listens on {self.listener}"
        return f"process {self.pid} ({self.command or 'unknown'}) listens on {self.listener}"


def listeners(namespace: Namespace = OWN, *, datagrams: bool = False) -> list[Listener]:
    """All listening sockets of this machine, or of a namespace (Linux)."""
    try:
        with contextlib.closing(SocketDiagnosis(namespace)) as diagnosis:
            ends = diagnosis.bound() if datagrams else diagnosis.listening()
            return [Listener(end.host, end.port, end.inode, datagrams) for end in ends]
    except OSError:
        return _listed_in_proc(namespace, datagrams=datagrams)


def _listed_in_proc(namespace: Namespace = OWN, *, datagrams: bool) -> list[Listener]:
    rows = (
        row
        for name in (("udp", "udp6") if datagrams else ("tcp", "tcp6"))
        for row in (_unconnected_rows if datagrams else _listening_rows)(f"{namespace.tables}/{name}")
    )
    return [Listener(_address(row[1]), int(row[1].rpartition(b":")[2], 16), int(row[9]), datagrams) for row in rows]


def listeners_of(pids: Sequence[int], namespace: Namespace = OWN, *, datagrams: bool = False) -> list[Listener]:
    """Those that belong to one of these processes, in the kernel's order."""
    if not HAS_PROC:
        return _ask_psutil(pids, datagrams=datagrams)
    everyone = listeners(namespace, datagrams=datagrams)
    if not everyone:
        return []
    held: set[int] = set()
    for pid in pids:
        held |= _sockets(pid)
    return [listener for listener in everyone if listener.inode in held]


def owners(listener: Listener, pids: Sequence[int]) -> list[int]:
    """Which of these processes hold the socket (a forked child holds it, too), in the given order."""
    if not HAS_PROC:
        kind = listener.datagrams
        return [pid for pid in pids if any(other.port == listener.port for other in _ask_psutil([pid], datagrams=kind))]
    return [pid for pid in pids if listener.inode in _sockets(pid)]


def occupant_of(port: int, namespace: Namespace = OWN, *, datagrams: bool = False) -> Occupant | None:
    """Who listens on this port of this machine, by whatever address; None: nobody."""
    if HAS_PROC:
        found = next(
            (listener for listener in listeners(namespace, datagrams=datagrams) if listener.port == port), None
        )
        if found is None:
            return None
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        pid = next(iter(owners(found, pids)), 0)
        return Occupant(found, pid, command_of(pid) if pid else "")
    with socket.socket(type=socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM) as probe:
        if not datagrams:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return Occupant(Listener("127.0.0.1", port))
    return None


def reachable_host(listener: Listener, namespace: Namespace = OWN) -> str:
    """Where to connect to, to reach this socket from this machine, or from within its namespace."""
    if listener.host == "0.0.0.0":
        return "127.0.0.1"
    if listener.host == "::":
        return "127.0.0.1" if _serves_both(listener, namespace) else "::1"
    return listener.host


def _serves_both(listener: Listener, namespace: Namespace) -> bool:
    """Does a socket on `::` take IPv4, too? Then nobody else can bind the port there."""
    kind = socket.SOCK_DGRAM if listener.datagrams else socket.SOCK_STREAM
    with namespace.open_socket(socket.AF_INET, kind, 0) as probe:
        try:
            probe.bind(("127.0.0.1", listener.port))
        except OSError:
            return True
    return False


def _unconnected_rows(table: str) -> Iterable[list[bytes]]:
    try:
        with open(table, "rb") as file:
            rows = [line.split(None, 10) for line in file.readlines()[1:]]
    except OSError:
        return []  # no IPv6 on this machine
    return [row for row in rows if row[3] == UNCONNECTED]


def _listening_rows(table: str) -> Iterable[list[bytes]]:
    try:
        fd = os.open(table, os.O_RDONLY)
    except OSError:
        return  # no IPv6 on this machine
    try:
        os_read, rest, first = os.read, b"", True
        while piece := os_read(fd, 65536):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines[first:]:
                row = line.split(None, 10)
                if row[3] != LISTEN:
                    return
                yield row
            first = False
    finally:
        os.close(fd)


def _address(text: bytes) -> str:
    """The kernel prints addresses as 32-bit words in the machine's own order."""
    digits = text.rpartition(b":")[0]
    words = [int(digits[at : at + 8], 16) for at in range(0, len(digits), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    host = socket.inet_ntop(socket.AF_INET if len(words) == 1 else socket.AF_INET6, packed)
    return host.removeprefix("::ffff:") if "." in host else host


def _sockets(pid: int) -> set[int]:
    """The inodes of the sockets that a process holds; none if we may not look."""
    folder = f"/proc/{pid}/fd"
    held = set()
    try:
        names = os.listdir(folder)
        if not names:  # it has closed all that it had, or its first thread has ended and no more is told of that
            folder = f"{folder_of(pid)}/fd"
            names = os.listdir(folder)
        for name in names:
            try:
                target = os.readlink(f"{folder}/{name}")
            except OSError:
                continue
            if target.startswith("socket:["):
                held.add(int(target[8:-1]))
    except OSError:
        pass
    return held


def _ask_psutil(pids: Sequence[int], *, datagrams: bool = False) -> list[Listener]:
    import psutil

    found: list[Listener] = []
    for pid in pids:
        try:
            process = psutil.Process(pid)
            connections = (process.net_connections if hasattr(process, "net_connections") else process.connections)(
                kind="udp" if datagrams else "tcp"
            )
        except psutil.Error:
            continue
        found += [
            Listener(connection.laddr.ip, connection.laddr.port, datagrams=datagrams)
            for connection in connections
            if (connection.laddr and not connection.raddr if datagrams else connection.status == psutil.CONN_LISTEN)
        ]
    return list(dict.fromkeys(found))
