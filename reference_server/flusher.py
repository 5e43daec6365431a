"""The one thread that goes on sending to clients who are slow to read, as soon as they can take more."""

import select
import socket
import threading
import time

from reference_server.connection import Connection

# A client further behind than this is waited for by those who send much, if it is reading at all.
FAR_BEHIND = 1024 * 1024

# It is reading if it has taken something within this time. TCP opens its window by megabytes, so somebody who reads
# ten of them a second takes nothing for a tenth of a second at a time; on a busy machine for longer.
STILL_READING_SECONDS = 0.5

# How long somebody who sends much waits, at most, before more is read from it: over a megabyte a second always gets
# through, however slow the slowest is.
PAUSE_SECONDS = 0.05


class Flusher:
    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._lagging: dict[int, Connection] = {}  # by descriptor
        self._moved = threading.Condition(lock)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="flusher", daemon=True)

    def start(self) -> None:
        self._bell, self._rope = socket.socketpair()  # pulling the rope ends the thread's waiting
        self._bell.setblocking(False)
        self._rope.setblocking(False)
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._ring()
        self._thread.join()
        self._bell.close()
        self._rope.close()

    def watch(self, connection: Connection) -> None:
        """From now on send what this connection keeps. Lock held."""
        descriptor = connection.fileno()
        if self._lagging.get(descriptor) is not connection:
            self._lagging[descriptor] = connection
            self._ring()

    def let_readers_catch_up(self) -> None:
        """Wait a moment for clients that are far behind, yet reading.

        For those who send in bulk: a healthy client must not be taken for one that does not read, only because
        another sends faster than it can read. One that takes nothing is not waited for.
        """
        if self._lagging:
            with self._lock:
                self._moved.wait_for(self._all_near, PAUSE_SECONDS)

    def _all_near(self) -> bool:
        horizon = time.monotonic() - STILL_READING_SECONDS
        return not any(c.waiting > FAR_BEHIND and c.moved_at > horizon for c in self._lagging.values())

    def _ring(self) -> None:
        try:
            self._rope.send(b"!")
        except BlockingIOError:
            pass  # it is ringing already

    def _run(self) -> None:
        while not self._stopping:
            # A new poll each time: a descriptor that was closed and given to another client meanwhile at worst
            # makes us look once in vain.
            poll = select.poll()
            poll.register(self._bell, select.POLLIN)
            with self._lock:
                self._lagging = {d: c for d, c in self._lagging.items() if c.waiting}
                for descriptor in self._lagging:
                    poll.register(descriptor, select.POLLOUT)
            for descriptor, _ in poll.poll():
                if descriptor == self._bell.fileno():
                    self._bell.recv(4096)
                    continue
                with self._lock:
                    connection = self._lagging.get(descriptor)
                    if connection is not None:
                        connection.flush()
                        self._moved.notify_all()
