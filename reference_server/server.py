"""Threads and sockets: one reader thread a client, one lock around everything that is decided and sent.

The lock is what makes the order total: whatever two clients both hear, they hear in the same order, notices
included. It is never held while waiting for a client, in either direction.
"""

import socket
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from itertools import count
from select import POLLIN, poll

from reference_server.connection import Connection
from reference_server.dialects import DIALECTS, Dialect
from reference_server.dialects.dialect import Effect, Effects, HangUp, Tell
from reference_server.flusher import Flusher
from reference_server.room import Guest
from reference_server.wire import Malformed

# The kernel has its own limit, and takes the smaller one.
BACKLOG = 4096

# A client that leaves so much untaken is not reading, and is disconnected. A dozen lines of a megabyte fit in.
MOST_UNTAKEN = 16 * 1024 * 1024

# Who sends so much at once sends in bulk.
BULK = 32 * 1024

# When descriptors or memory have run out: how long until the next try to accept.
ACCEPT_PAUSE_SECONDS = 0.05


def show_nothing(text: str) -> None:
    pass


class Server:
    """A chat server in one dialect, on one port.

    `show` gets each line for the console, under the lock: it must be quick and must not call back. Port 0 is any
    free port. `start` and `stop` may each be called once; a server that is not stopped ends with its process.
    """

    def __init__(
        self,
        dialect: str | Dialect = "lines",
        host: str = "127.0.0.1",
        port: int = 0,
        show: Callable[[str], None] = show_nothing,
    ) -> None:
        self.dialect = DIALECTS[dialect]() if isinstance(dialect, str) else dialect
        self.address: tuple[str, int] = (host, port)  # once started, with the true port
        self._show = show
        self._lock = threading.Lock()
        self._flusher = Flusher(self._lock)
        self._connections: dict[Guest, Connection] = {}  # those whom words still reach
        self._inbox: deque[tuple[Connection, list[bytes | Malformed]]] = deque()  # heard, and not answered yet
        self._outbox: defaultdict[Guest, list[bytes]] = defaultdict(list)  # said, and not handed over yet
        self._departed: deque[Guest] = deque()  # those who have gone, and nobody has been told yet
        self._readers: dict[Connection, threading.Thread] = {}
        self._guests = count(1)
        self._stopping = threading.Event()
        self._accepting = threading.Thread(target=self._accept_until_stopped, name="accept", daemon=True)

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen. When this returns, clients can connect. OSError if the address cannot be had."""
        family = socket.AF_INET6 if ":" in self.address[0] else socket.AF_INET
        # create_server sets SO_REUSEADDR, so that we can be restarted while old connections still fade away.
        self._listener = socket.create_server(self.address, family=family, backlog=BACKLOG)
        self._listener.setblocking(False)
        self._doorbell, self._rope = socket.socketpair()
        self.address = (self.address[0], self._listener.getsockname()[1])
        for text in self.dialect.opening(*self.address):
            self._show(text)
        self._flusher.start()
        self._accepting.start()

    def stop(self) -> None:
        """End everything: when this returns, no thread and no socket of this server is left."""
        self._stopping.set()
        self._rope.send(b"!")
        self._accepting.join()
        self._listener.close()
        self._doorbell.close()
        self._rope.close()
        with self._lock:
            for connection in self._connections.values():
                connection.gone = True
            self._connections.clear()
            for connection in self._readers:
                connection.cut()
            readers = list(self._readers.values())
        for reader in readers:
            reader.join()
        self._flusher.stop()

    def typed(self, line: bytes) -> None:
        """The operator has typed this at the console."""
        with self._lock:
            self._carry_out(self.dialect.typed(line))
            self._deliver()

    # Arriving: the accepting thread.

    def _accept_until_stopped(self) -> None:
        waiting = poll()
        waiting.register(self._listener, POLLIN)
        waiting.register(self._doorbell, POLLIN)
        while not self._stopping.is_set():
            try:
                sock, address = self._listener.accept()
            except BlockingIOError:
                waiting.poll()
            except ConnectionError:
                pass  # it went away before we came
            except OSError:
                # Most likely no descriptors are left. Those who wait at the door get in when others have gone.
                self._stopping.wait(ACCEPT_PAUSE_SECONDS)
            else:
                self._welcome(sock, address[:2])

    def _welcome(self, sock: socket.socket, address: tuple[str, int]) -> None:
        try:
            sock.setblocking(True)  # some systems hand on what the listener is
            connection = Connection(sock, next(self._guests))
        except OSError:
            sock.close()  # some systems say only now that it has gone
            return
        reader = threading.Thread(
            target=self._serve, args=(connection,), name=f"client {connection.guest}", daemon=True
        )
        with self._lock:
            self._connections[connection.guest] = connection
            self._readers[connection] = reader
            self._carry_out(self.dialect.arrived(connection.guest, address))
            self._deliver()
        try:
            reader.start()
        except RuntimeError:  # the system has no more threads for us
            self._see_off(connection)

    # Listening: one thread a client.

    def _serve(self, connection: Connection) -> None:
        framing = self.dialect.framing()
        try:
            while not connection.gone and (data := connection.receive()):
                if messages := framing.feed(data):
                    self._inbox.append((connection, messages))
                    self._answer_all()
                if len(data) >= BULK:
                    self._flusher.let_readers_catch_up()
        finally:
            self._see_off(connection)

    def _answer_all(self) -> None:
        """Answer whatever is in the inbox, unless another thread was quicker.

        While one thread sends, others lay down what they have received and wait for the lock. The next one
        answers it all, so that each client gets one piece and not one for each message. Nobody waits for that: a
        message that comes alone is answered alone. It makes the server several times faster when many speak.
        """
        with self._lock:
            while self._inbox:
                connection, messages = self._inbox.popleft()
                self._carry_out(self._answers(connection, messages), speaker=connection)
            self._deliver()

    def _answers(self, connection: Connection, messages: list[bytes | Malformed]) -> Iterator[Effect]:
        for message in messages:
            if connection.gone:
                return  # what it said after its farewell, or after it was thrown out
            if isinstance(message, Malformed):
                yield from self.dialect.malformed(connection.guest, message.why)
            else:
                yield from self.dialect.heard(connection.guest, message)

    def _see_off(self, connection: Connection) -> None:
        """The client is gone, whatever the reason. The others hear of it first; then the socket has its time."""
        with self._lock:
            self._part_with(connection)
            self._deliver()
            last_words = connection.take_unsent()
        connection.close(last_words)
        with self._lock:
            del self._readers[connection]

    # Doing what the dialect says. From here on the lock is held.

    def _carry_out(self, effects: Effects, speaker: Connection | None = None) -> None:
        for effect in effects:
            if isinstance(effect, Tell):
                for guest in effect.to:
                    self._outbox[guest].append(effect.data)
            elif isinstance(effect, HangUp):
                connection = self._connections.get(effect.guest)
                if connection is not None:
                    self._hand_over(connection, self._outbox.pop(effect.guest, []))
                    self._part_with(connection)
                    if connection is not speaker:  # whose reader is not waiting for more
                        connection.wake()
            else:
                self._show(effect.text)

    def _deliver(self) -> None:
        """Hand over all that is in the outbox, and then what follows from people having gone."""
        while self._outbox or self._departed:
            outbox, self._outbox = self._outbox, defaultdict(list)
            for guest, pieces in outbox.items():
                connection = self._connections.get(guest)
                if connection is not None:
                    self._hand_over(connection, pieces)
            while self._departed:
                self._carry_out(self.dialect.left(self._departed.popleft()))

    def _hand_over(self, connection: Connection, pieces: list[bytes]) -> None:
        # For one that lags the pieces are not joined: all who lag share them, and the flusher sends many at once.
        if self.dialect.may_join_pieces and not connection.waiting:
            pieces = [b"".join(pieces)]
        untaken = 0
        for piece in pieces:
            untaken = connection.send(piece)
        if untaken > MOST_UNTAKEN:
            self._part_with(connection)
            connection.abort()
        elif untaken:
            self._flusher.watch(connection)

    def _part_with(self, connection: Connection) -> None:
        """Nothing reaches this client any more, and the dialect is to be told; nothing happens the second time."""
        if self._connections.pop(connection.guest, None) is not None:
            connection.gone = True
            self._departed.append(connection.guest)
