"""A threaded chat server that is right, and that one can read in an afternoon.

    wire.py     bytes <-> messages: framing, however the network cuts the bytes       pure
    room.py     who is here and by what name, who hears whom                          pure
    dialects/   what is said on the wire and when: one small file a dialect           pure
    connection.py  one client's socket and what it has not taken yet
    flusher.py  the one thread that helps slow readers along
    server.py   threads and sockets: one lock, one reader thread a client
    console.py  standard output that never holds anybody up

It needs POSIX (Linux, macOS): `MSG_DONTWAIT`, `poll` and `sigwait` have no equal on Windows.

    >>> with Server(dialect="lines") as server:
    ...     host, port = server.address
"""

from reference_server.dialects import DIALECTS
from reference_server.server import Server

__all__ = ["DIALECTS", "Server"]
