"""One client's socket, and what it has been told but not taken yet.

Sending never waits: what the kernel does not take at once is kept here, and the flusher sends it later. So a client
that does not read costs nobody else any time. All methods but `receive` and `close` want the server's lock held;
those two belong to the client's own reader thread.
"""

import socket
import time
from collections import deque
from itertools import islice

from reference_server.room import Guest

RECEIVE_SIZE = 64 * 1024

# How long we stay for a client that we hang up on: it may still read its last words, and it may still be sending.
LINGER_SECONDS = 1.0

# sendmsg takes at most IOV_MAX pieces, which is 1,024 on Linux and macOS.
PIECES_AT_ONCE = 512

# What a kept piece costs besides its bytes, roughly; else a flood of tiny messages would pass under the bound.
PIECE_OVERHEAD = 64


class Connection:
    __slots__ = ("_broken", "_socket", "_unsent", "gone", "guest", "moved_at", "waiting")

    def __init__(self, sock: socket.socket, guest: Guest) -> None:
        self._socket = sock
        self._unsent: deque[bytes | memoryview] = deque()
        self._broken = False
        self.guest = guest
        self.waiting = 0  # how much memory the unsent bytes take
        self.moved_at = 0.0  # when the client last took some of them
        self.gone = False  # no longer in the room: its thread is to end
        # A chat is made of small messages that somebody is waiting for.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> int:
        """Send what can be sent without waiting and keep the rest, in order. Tells how much is kept."""
        if self.waiting:
            self._keep(data)
        elif not self._broken:
            try:
                sent = self._socket.send(data, socket.MSG_DONTWAIT)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._break()
                return 0
            if sent < len(data):
                self.moved_at = time.monotonic()
                self._keep(memoryview(data)[sent:])
        return self.waiting

    def flush(self) -> None:
        """Send of what is kept as much as the client takes now."""
        try:
            while self.waiting:
                pieces = list(islice(self._unsent, PIECES_AT_ONCE))
                self._forget(self._socket.sendmsg(pieces, [], socket.MSG_DONTWAIT))
                self.moved_at = time.monotonic()
        except BlockingIOError:
            pass
        except OSError:
            self._break()

    def _keep(self, piece: bytes | memoryview) -> None:
        # The bytes themselves are shared by all who have not taken them.
        self._unsent.append(piece)
        self.waiting += len(piece) + PIECE_OVERHEAD

    def _forget(self, sent: int) -> None:
        while self._unsent and sent >= len(self._unsent[0]):
            size = len(self._unsent.popleft())
            sent -= size
            self.waiting -= size + PIECE_OVERHEAD
        if sent:
            self._unsent[0] = memoryview(self._unsent[0])[sent:]
            self.waiting -= sent

    def _break(self) -> None:
        # The client has reset the connection. That it has left is for its reader to say, after its last words.
        self._broken = True
        self.take_unsent()
        self.wake()

    def wake(self) -> None:
        """Let the reader thread come back from `receive`."""
        self._shut(socket.SHUT_RD)

    def abort(self) -> None:
        """Make the coming close a reset, and let the reader thread come to it."""
        self.take_unsent()
        self._broken = True
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.wake()

    def cut(self) -> None:
        """End the connection now, whoever is waiting for it."""
        self._broken = True
        self._shut(socket.SHUT_RDWR)

    def _shut(self, how: int) -> None:
        try:
            self._socket.shutdown(how)
        except OSError:
            pass  # it has ended by itself

    def take_unsent(self) -> bytes:
        """What is kept, which is then kept no longer."""
        unsent = b"".join(self._unsent)
        self._unsent.clear()
        self.waiting = 0
        return unsent

    def fileno(self) -> int:
        return self._socket.fileno()

    def receive(self) -> bytes:
        """What has come, once something has; nothing when the client has closed, half-closed or reset."""
        try:
            return self._socket.recv(RECEIVE_SIZE)
        except OSError:
            return b""

    def close(self, last_words: bytes) -> None:
        """Say the last words and close; may take `LINGER_SECONDS` if the client neither reads nor closes."""
        deadline = time.monotonic() + LINGER_SECONDS
        try:
            if not self._broken:
                self._socket.settimeout(LINGER_SECONDS)
                self._socket.sendall(last_words)
                self._socket.shutdown(socket.SHUT_WR)
                # Closing while the client's words lie here unread would be a reset, which can overtake our
                # last words and destroy them. So they are read, and thrown away.
                while (patience := deadline - time.monotonic()) > 0:
                    self._socket.settimeout(patience)
                    if not self._socket.recv(RECEIVE_SIZE):
                        break
        except OSError:
            pass  # it went first, or its time is over
        finally:
            self._socket.close()
