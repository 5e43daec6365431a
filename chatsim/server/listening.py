"""Who listens where, seen without connecting: a trial connection would be a client, and falsify what follows.

A UDP socket that is bound to a port counts as listening there. A Unix socket listens at a path, and has no port: 0.

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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chatsim.network.namespace import OWN, Namespace
from chatsim.server.processes import HAS_PROC, command_of, folder_of
from chatsim.server.sockdiag import LISTEN as LISTENING
from chatsim.server.sockdiag import SocketDiagnosis
from chatsim.wires import Sockets, named

__all__ = [
    "Listener",
    "Occupant",
    "listeners",
    "listeners_of",
    "occupant_of",
    "owners",
    "place_of",
    "reachable_host",
    "seen_from_here",
]

LISTEN, UNCONNECTED = b"0A", b"07"
ACCEPTS = 0x10000  # the flag of a Unix socket that listens
STREAM = b"0001"


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket. `inode` names it on Linux; elsewhere it is 0. A Unix socket's `host` is its path, or @ and its
    abstract name."""

    host: str
    port: int
    inode: int = 0
    sockets: Sockets = "tcp"

    @property
    def place(self) -> int | str:
        """What tells it from others of its kind: its port, or its path."""
        return self.port if self.sockets != "unix" else place_of(self.host)

    def __str__(self) -> str:
        return named((self.host, self.port))


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


def place_of(path: str) -> str:
    """The path of a Unix socket by which it can be told from others; abstract names are such."""
    return path if path.startswith("@") else os.path.realpath(path)


def listeners(namespace: Namespace = OWN, *, sockets: Sockets = "tcp") -> list[Listener]:
    """All listening sockets of this machine, or of a namespace (Linux). Unix sockets stand here under the paths with which
    they were bound, which may be relative to a folder that is not told."""
    try:
        with contextlib.closing(SocketDiagnosis(namespace)) as diagnosis:
            if sockets == "unix":
                unix = diagnosis.unix_ends(LISTENING)
                return [Listener(end.name, 0, end.inode, sockets) for end in unix]
            ends = diagnosis.bound() if sockets == "udp" else diagnosis.listening()
            return [Listener(end.host, end.port, end.inode, sockets) for end in ends]
    except OSError:
        return _listed_in_proc(namespace, sockets=sockets)


def _listed_in_proc(namespace: Namespace = OWN, *, sockets: Sockets) -> list[Listener]:
    if sockets == "unix":
        return list(_unix_listeners_in_proc(f"{namespace.tables}/unix"))
    datagrams = sockets == "udp"
    rows = (
        row
        for name in (("udp", "udp6") if datagrams else ("tcp", "tcp6"))
        for row in (_unconnected_rows if datagrams else _listening_rows)(f"{namespace.tables}/{name}")
    )
    return [Listener(_address(row[1]), int(row[1].rpartition(b":")[2], 16), int(row[9]), sockets) for row in rows]


def _unix_listeners_in_proc(table: str) -> Iterator[Listener]:
    try:
        with open(table, "rb") as file:
            rows = [line.rstrip(b"\n").split(None, 7) for line in file.readlines()[1:]]
    except OSError:
        return
    for row in rows:  # number, references, protocol, flags, type, state, inode, and a path where it has one
        if len(row) == 8 and int(row[3], 16) & ACCEPTS and row[4] == STREAM:
            yield Listener(os.fsdecode(row[7]), 0, int(row[6]), "unix")


def listeners_of(pids: Sequence[int], namespace: Namespace = OWN, *, sockets: Sockets = "tcp") -> list[Listener]:
    """Those that belong to one of these processes, in the kernel's order."""
    if not HAS_PROC:
        return _ask_psutil(pids, sockets)
    everyone = listeners(namespace, sockets=sockets)
    if not everyone:
        return []
    held = {inode: pid for pid in reversed(pids) for inode in _sockets(pid)}
    return [_reachable(listener, held[listener.inode]) for listener in everyone if listener.inode in held]


def _reachable(listener: Listener, pid: int) -> Listener:
    """A path that is relative is so to the folder in which its process was when it bound it: that in which it is."""
    path = listener.host
    if listener.sockets != "unix" or path.startswith(("/", "@")):
        return listener
    try:
        folder = os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return listener
    return replace(listener, host=str(Path(folder, path)))


def seen_from_here(found: Iterable[Listener], outside: Callable[[str], str]) -> list[Listener]:
    """Those of a server that has another view of the machine: where its Unix sockets are from here. `outside` tells that of a
    path; nothing: it cannot be reached, and is left out."""
    seen = (replace(each, host=outside(each.host)) if each.sockets == "unix" else each for each in found)
    return [each for each in seen if each.host]


def owners(listener: Listener, pids: Sequence[int]) -> list[int]:
    """Which of these processes hold the socket (a forked child holds it, too), in the given order."""
    if not HAS_PROC:
        kind, place = listener.sockets, listener.place
        return [pid for pid in pids if any(other.place == place for other in _ask_psutil([pid], kind))]
    return [pid for pid in pids if listener.inode in _sockets(pid)]


def occupant_of(place: int | str, namespace: Namespace = OWN, *, sockets: Sockets = "tcp") -> Occupant | None:
    """Who listens on this port of this machine, by whatever address, or at this path; None: nobody."""
    if HAS_PROC and isinstance(place, str):
        return _occupant_of_path(place, listeners(namespace, sockets=sockets))
    if HAS_PROC:
        found = next((listener for listener in listeners(namespace, sockets=sockets) if listener.place == place), None)
        if found is None:
            return None
        pid = _owner(found)
        return Occupant(found, pid, command_of(pid) if pid else "")
    if isinstance(place, str):
        return None  # to try it would be to be a client
    with socket.socket(type=socket.SOCK_DGRAM if sockets == "udp" else socket.SOCK_STREAM) as probe:
        if sockets == "tcp":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", place))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return Occupant(Listener("127.0.0.1", place))
    return None


def _occupant_of_path(place: str, everyone: list[Listener]) -> Occupant | None:
    for listener in everyone:
        if Path(listener.host).name == Path(place).name:
            pid = _owner(listener)
            found = _reachable(listener, pid)
            if found.place == place and (pid or found.host.startswith(("/", "@"))):
                return Occupant(found, pid, command_of(pid) if pid else "")
    return None


def _owner(listener: Listener) -> int:
    """0: it cannot be told."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return next(iter(owners(listener, pids)), 0)


def reachable_host(listener: Listener, namespace: Namespace = OWN) -> str:
    """Where to connect to, to reach this socket from this machine, or from within its namespace."""
    if listener.host == "0.0.0.0":
        return "127.0.0.1"
    if listener.host == "::":
        return "127.0.0.1" if _serves_both(listener, namespace) else "::1"
    return listener.host


def _serves_both(listener: Listener, namespace: Namespace) -> bool:
    """Does a socket on `::` take IPv4, too? Then nobody else can bind the port there."""
    kind = socket.SOCK_DGRAM if listener.sockets == "udp" else socket.SOCK_STREAM
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


def _ask_psutil(pids: Sequence[int], sockets: Sockets) -> list[Listener]:
    import psutil

    found: list[Listener] = []
    for pid in pids:
        try:
            process = psutil.Process(pid)
            connections = (process.net_connections if hasattr(process, "net_connections") else process.connections)(
                kind=sockets
            )
        except psutil.Error:
            continue
        if sockets == "unix":  # one that listens cannot be told from its ends, which have its path, too
            found += [Listener(str(connection.laddr), 0, 0, sockets) for connection in connections if connection.laddr]
            continue
        found += [
            Listener(connection.laddr.ip, connection.laddr.port, sockets=sockets)
            for connection in connections
            if (
                connection.laddr and not connection.raddr
                if sockets == "udp"
                else connection.status == psutil.CONN_LISTEN
            )
        ]
    return list(dict.fromkeys(found))
