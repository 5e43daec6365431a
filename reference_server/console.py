"""Standard output that never holds anybody up, whoever reads it or does not."""

import os
import threading
from collections import deque
from select import POLLOUT, poll

# When nobody reads our output, this much waits; lines beyond it are dropped rather than kept or waited for.
MOST_WAITING = 4 * 1024 * 1024


class Console:
    """Writes whole lines, in the order in which they were shown, from a thread of its own.

    It writes to the descriptor and not to `sys.stdout`: a daemon thread that holds the lock of that file while it
    waits would crash the interpreter at its end.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._lines: deque[bytes] = deque()
        self._waiting = 0
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._write_until_closed, name="console", daemon=True)
        self._thread.start()

    def show(self, text: str) -> None:
        """Have this line written soon. Never waits, never raises."""
        data = text.encode(errors="replace") + b"\n"
        with self._changed:
            if self._descriptor is not None and self._waiting + len(data) <= MOST_WAITING:
                self._lines.append(data)
                self._waiting += len(data)
                self._changed.notify()

    def close(self, patience: float = 0.2) -> None:
        """Write what is waiting, if that can be done with a little patience."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(patience)

    def _write_until_closed(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines or self._closing)
                if not self._lines:
                    return
                data = b"".join(self._lines)
                self._lines.clear()
            try:
                self._write(data)
            except OSError:
                self._descriptor = None  # nobody will ever read it
            with self._changed:
                self._waiting -= len(data)

    def _write(self, data: bytes) -> None:
        while data and self._descriptor is not None:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                # Whoever shares the terminal or pipe with us may have made it non-blocking.
                writable = poll()
                writable.register(self._descriptor, POLLOUT)
                writable.poll()
