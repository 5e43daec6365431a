"""Ports: a free one for a server that lets us choose, and turns on one that is fixed.

A chosen port lies below the range from which the kernel draws the client's ports, so that a bot's own connection never
takes it while the server is being restarted. It is found by binding and let go again: a server that does not set
SO_REUSEADDR could not bind a port that we kept reserved. If somebody is quicker than the server, another one is tried.
"""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import IO

from chatsim.network.namespace import OWN, Namespace

__all__ = ["Turn", "bindable", "free_port"]

FIRST, LAST = 20_000, 32_000  # below 32,768, where Linux begins to draw client ports (others: 49,152)


def free_port(host: str = "127.0.0.1", namespace: Namespace = OWN, *, datagrams: bool = False) -> int:
    """A port that could be bound a moment ago."""
    for _ in range(200):
        port = FIRST + int.from_bytes(os.urandom(4)) % (LAST - FIRST)
        if all(bindable(port, address, namespace, datagrams=datagrams) for address in (host, "0.0.0.0")):
            return port
    # A machine with other habits: let the kernel choose.
    with namespace.open_socket(socket.AF_INET, _kind(datagrams), 0) as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def bindable(
    port: int, host: str = "0.0.0.0", namespace: Namespace = OWN, *, reuse: bool = False, datagrams: bool = False
) -> bool:
    """Could a server that sets no option (or, with `reuse`, SO_REUSEADDR) bind this port now?"""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with namespace.open_socket(family, _kind(datagrams), 0) as probe:
        if reuse:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE  # an odd host is the server's to complain about
    return True


def _kind(datagrams: bool) -> socket.SocketKind:
    return socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM


class Turn:
    """Runs of chatsim on one fixed port, or one path of a Unix socket, take turns, also those of other chatsims of this
    user. Given up when we die."""

    def __init__(self, place: int | str) -> None:
        import tempfile
        import zlib

        user = os.getuid() if hasattr(os, "getuid") else 0
        what = f"port-{place}" if isinstance(place, int) else f"socket-{zlib.crc32(os.fsencode(place)):08x}"
        self._path = Path(tempfile.gettempdir()) / f"chatsim-{user}-{what}.lock"
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """Is it our turn? False: not yet. True for good where files cannot be locked."""
        if self._file is not None:
            return True
        try:
            import fcntl

            file = self._path.open("ab")
        except (ImportError, OSError):
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file.fileno()).st_ino != self._path.stat().st_ino:
                raise OSError  # whoever had it before has removed it meanwhile: this one locks out nobody
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def close(self) -> None:
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            self._file.close()
            self._file = None
