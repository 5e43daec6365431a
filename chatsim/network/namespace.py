"""Where sockets are made: on this machine's own network, or in a network namespace.

A socket belongs for good to the namespace of whoever made it, whoever uses it later: what is bound, connected or asked
with it is bound, connected or asked there. So who speaks to a server in a namespace needs nothing but its sockets from
there, and everything else stays as it is.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["OWN", "Namespace", "OpenSocket"]

OpenSocket = Callable[[int, int, int], socket.socket]  # family, type, protocol; raises OSError


@dataclass(frozen=True, slots=True)
class Namespace:
    """One network: `open_socket` makes a socket there, `tables` is the folder of the kernel's tables about it (Linux)."""

    open_socket: OpenSocket
    tables: str


OWN = Namespace(socket.socket, "/proc/net")
