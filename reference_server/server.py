"""Threads and sockets: one reader thread a client, one lock around everything that is decided and sent.

The lock is what makes the order total: whatever two clients both hear, they hear in the same order, notices
included. It is never held while waiting for a client, in either direction.
"""

import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from select import POLLIN, poll

from reference_server.connection import Connection
from reference_server.dialects import DIALECTS, Dialect
from reference_server.dialects.dialect import Effect, Effects, HangUp, Show, Tell
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
            self._perform(self.dialect.typed(line))

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
            self._perform(self.dialect.arrived(connection.guest, address))
        try:
            reader.start()
        except RuntimeError:  # the system has no more threads for us
            self._see_off(connection)

    # Listening: one thread a client.

    def _serve(self, connection: Connection) -> None:
        framing = self.dialect.framing()
        try:
            while not connection.gone and (data := connection.receive()):
                messages = framing.feed(data)
                if messages:
                    with self._lock:
                        self._perform(self._answers(connection, messages), speaker=connection.guest)
                if len(data) >= BULK:
                    self._flusher.let_readers_catch_up()
        finally:
            self._see_off(connection)

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
            self._part_with(connection.guest)
            self._perform(())
            last_words = connection.take_unsent()
        connection.close(last_words)
        with self._lock:
            del self._readers[connection]

    # Doing what the dialect says. From here on the lock is held.

    def _perform(self, effects: Effects, speaker: Guest | None = None) -> None:
        """Carry out these effects, and then what follows from people having gone by them."""
        self._carry_out(effects, speaker)
        while self._departed:
            self._carry_out(self.dialect.left(self._departed.popleft()), speaker)

    def _carry_out(self, effects: Effects, speaker: Guest | None) -> None:
        for effect in joined(effects):
            match effect:
                case Tell(to, data):
                    self._tell(to, data)
                case HangUp(guest):
                    connection = self._part_with(guest)
                    if connection is not None and guest != speaker:  # the speaker's reader is awake: it is us
                        connection.wake()
                case Show(text):
                    self._show(text)

    def _tell(self, to: tuple[Guest, ...], data: bytes) -> None:
        connections = self._connections
        for guest in to:
            connection = connections.get(guest)
            if connection is not None:
                untaken = connection.send(data)
                if untaken > MOST_UNTAKEN:
                    self._part_with(guest)
                    connection.abort()
                elif untaken:
                    self._flusher.watch(connection)

    def _part_with(self, guest: Guest) -> Connection | None:
        """Nothing reaches this guest any more, and the dialect is to be told once. None if it had gone before."""
        connection = self._connections.pop(guest, None)
        if connection is not None:
            connection.gone = True
            self._departed.append(guest)
        return connection


def joined(effects: Effects) -> Iterator[Effect]:
    """The same effects, in which words for the same guests in succession have become one `Tell`.

    A client that sends twenty lines in one piece thus costs each of the others one piece and not twenty.
    """
    pending: list[bytes] = []
    to: tuple[Guest, ...] = ()
    for effect in effects:
        if isinstance(effect, Tell) and (not pending or effect.to == to):
            to = effect.to
            pending.append(effect.data)
            continue
        if pending:
            yield Tell(to, b"".join(pending))
            pending.clear()
        if isinstance(effect, Tell):
            to = effect.to
            pending.append(effect.data)
        else:
            yield effect
    if pending:
        yield Tell(to, b"".join(pending))
