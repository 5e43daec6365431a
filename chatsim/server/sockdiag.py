"""The kernel's sockets, asked for by netlink (Linux): only those in question, and quickly.

Reading /proc/net/tcp walks the whole table of connections, 5 ms for an empty one on a large machine. The same
questions by netlink take microseconds: who listens (a table of its own), and in which state one given end is.
Every function raises OSError where the kernel does not answer; callers then read /proc.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from chatsim.network.namespace import OWN, Namespace

__all__ = ["CLOSE_WAIT", "ESTABLISHED", "LISTEN", "SocketDiagnosis", "SocketEnd", "UnixEnd"]

ESTABLISHED, CLOSE, CLOSE_WAIT, LISTEN = 1, 7, 8, 10  # a UDP socket without a peer is "closed"

SOCK_DIAG = 4  # NETLINK_SOCK_DIAG
BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY
ERROR, DONE = 2, 3  # message types of netlink
REQUEST, DUMP = 1, 0x300
NO_COOKIE = b"\xff" * 8
BYTECODE = 1  # the attribute that holds a filter
SOURCE_GE, SOURCE_LE = 2, 3  # its operations on the source port

HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, pid
QUERY = struct.Struct("=BBBxI")  # family, protocol, extensions, states; then the identity
IDENTITY = struct.Struct("!HH16s16s4x8s")  # source port, destination port, addresses, interface, cookie
ANSWER = struct.Struct("=BBBB")  # family, state, timer, retransmits; then the identity
AFTER = struct.Struct("=IIIII")  # expires, read queue, write queue, uid, inode

# The same of Unix sockets.
UNIX_QUERY = struct.Struct("=BBHIII8s")  # family, protocol, padding, states, inode, what to show, cookie
UNIX_ANSWER = struct.Struct("=BBBxI8x")  # family, type, state, inode, cookie; then attributes
SHOWN = 1 | 4 | 16  # its name, its peer, its queues
NAME, PEER, QUEUES, SHUT = 0, 2, 4, 6  # attributes


@dataclass(frozen=True, slots=True)
class SocketEnd:
    """One socket as the kernel knows it. `unsent`: bytes that the peer has not acknowledged (not of a listening one)."""

    state: int
    host: str
    port: int
    peer_host: str
    peer_port: int
    unsent: int
    inode: int


@dataclass(frozen=True, slots=True)
class UnixEnd:
    """One Unix stream socket as the kernel knows it.

    `name`: the path as it was bound, or @ and an abstract name; of an end that was accepted, its listener's. `peer`: the
    inode of the other end, 0 where that has closed or has not been accepted yet. `unread`: bytes that wait in it to be
    read; of a listening one, connections that wait to be accepted. `shut`: 1 nothing comes any more, 2 nothing goes out
    any more, 3 both.
    """

    state: int
    name: str
    inode: int
    peer: int
    unread: int
    shut: int


class SocketDiagnosis:
    """One netlink socket; `close` it. It tells of the namespace in which it was made."""

    def __init__(self, namespace: Namespace = OWN) -> None:
        if not hasattr(socket, "AF_NETLINK"):
            raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
        self._socket = namespace.open_socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG)
        self._socket.settimeout(1.0)  # it answers within the call or never
        self._sequence = 0

    def listening(self) -> list[SocketEnd]:
        """All listening TCP sockets, IPv4 first."""
        return [
            end for family in (socket.AF_INET, socket.AF_INET6) for end in self._ask(family, 1 << LISTEN, dump=True)
        ]

    def bound(self) -> list[SocketEnd]:
        """All UDP sockets that are bound to a port and to no peer, IPv4 first."""
        families, udp = (socket.AF_INET, socket.AF_INET6), socket.IPPROTO_UDP
        return [end for family in families for end in self._ask(family, 1 << CLOSE, dump=True, protocol=udp)]

    def ends_at(self, port: int) -> list[SocketEnd]:
        """All ends of connections that are bound to this port and are established or waiting to be closed."""
        states = 1 << ESTABLISHED | 1 << CLOSE_WAIT
        equal = struct.pack("=BBHHHBBHHH", SOURCE_GE, 8, 20, 0, port, SOURCE_LE, 8, 12, 0, port)
        attribute = struct.pack("=HH", 4 + len(equal), BYTECODE) + equal
        return [
            end
            for family in (socket.AF_INET, socket.AF_INET6)
            for end in self._ask(family, states, dump=True, more=attribute)
        ]

    def end(self, here: tuple[str, int], peer: tuple[str, int]) -> SocketEnd | None:
        """The end of a connection at `here` towards `peer`; None: there is no such end any more."""
        family = socket.AF_INET6 if ":" in here[0] else socket.AF_INET
        addresses = (socket.inet_pton(family, here[0]), socket.inet_pton(family, peer[0]))
        identity = IDENTITY.pack(here[1], peer[1], *addresses, NO_COOKIE)
        try:
            found = next(iter(self._ask(family, 0xFFFFFFFF, dump=False, identity=identity)), None)
        except FileNotFoundError:
            return None
        # Where there is no such connection, the kernel offers whoever listens there.
        return None if found is None or found.state == LISTEN else found

    def unix_ends(self, *states: int) -> list[UnixEnd]:
        """All Unix stream sockets in one of these states."""
        query = UNIX_QUERY.pack(socket.AF_UNIX, 0, 0, sum(1 << state for state in states), 0, SHOWN, NO_COOKIE)
        ends = (_unix_end(answer) for answer in self._answers(query, dump=True))
        return [end for end in ends if end is not None]

    def unix_end(self, inode: int) -> UnixEnd | None:
        """The Unix stream socket of this number; None: there is no such socket any more."""
        query = UNIX_QUERY.pack(socket.AF_UNIX, 0, 0, 0xFFFFFFFF, inode, SHOWN, NO_COOKIE)
        try:
            return next((_unix_end(answer) for answer in self._answers(query, dump=False)), None)
        except FileNotFoundError:
            return None

    def close(self) -> None:
        self._socket.close()

    def _ask(
        self,
        family: int,
        states: int,
        *,
        dump: bool,
        identity: bytes = b"",
        more: bytes = b"",
        protocol: int = socket.IPPROTO_TCP,
    ) -> Iterator[SocketEnd]:
        query = QUERY.pack(family, protocol, 0, states) + (identity or bytes(IDENTITY.size)) + more
        return (_socket_end(answer) for answer in self._answers(query, dump=dump))

    def _answers(self, query: bytes, *, dump: bool) -> Iterator[bytes]:
        """What the kernel tells of each socket, as it tells it."""
        self._sequence += 1
        flags = REQUEST | (DUMP if dump else 0)
        self._socket.send(HEADER.pack(HEADER.size + len(query), BY_FAMILY, flags, self._sequence, 0) + query)
        while True:
            data = self._socket.recv(256 * 1024)
            at = 0
            while at + HEADER.size <= len(data):
                length, kind, _, sequence, _ = HEADER.unpack_from(data, at)
                if sequence == self._sequence:  # else: the rest of an answer that nobody waits for any more
                    if kind == ERROR:
                        code = -struct.unpack_from("=i", data, at + HEADER.size)[0]
                        raise OSError(code, os.strerror(code))
                    if kind == DONE:
                        return
                    yield data[at + HEADER.size : at + length]
                    if not dump:
                        return
                at += (length + 3) & ~3


def _socket_end(data: bytes) -> SocketEnd:
    family, state, _, _ = ANSWER.unpack_from(data)
    port, peer_port, host, peer_host, _ = IDENTITY.unpack_from(data, ANSWER.size)
    _, _, unsent, _, inode = AFTER.unpack_from(data, ANSWER.size + IDENTITY.size)
    return SocketEnd(state, _host(family, host), port, _host(family, peer_host), peer_port, unsent, inode)


def _unix_end(data: bytes) -> UnixEnd | None:
    _, kind, state, inode = UNIX_ANSWER.unpack_from(data)
    if kind != socket.SOCK_STREAM:
        return None
    told: dict[int, bytes] = {}
    at = UNIX_ANSWER.size
    while at < len(data):
        length, attribute = struct.unpack_from("=HH", data, at)
        told[attribute] = data[at + 4 : at + length]
        at += (length + 3) & ~3
    (peer,) = struct.unpack("=I", told.get(PEER, bytes(4)))
    unread, _ = struct.unpack("=II", told.get(QUEUES, bytes(8)))
    return UnixEnd(state, _name(told.get(NAME, b"")), inode, peer, unread, told.get(SHUT, b"\0")[0])


def _name(raw: bytes) -> str:
    if raw.startswith(b"\0"):
        return "@" + os.fsdecode(raw[1:])
    return os.fsdecode(raw.rstrip(b"\0"))


def _host(family: int, packed: bytes) -> str:
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, packed[:4])
    return socket.inet_ntop(socket.AF_INET6, packed).removeprefix("::ffff:")  # IPv4 within IPv6 is IPv4 to us
