"""The console of a server: what it prints is read at once, what is typed waits until it reads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable

from chatsim.network.loop import READ, WRITE, Loop, Timer
from chatsim.server.output import LastWords, Lines

__all__ = ["Printing", "Typing"]

PROMPT = 0.05  # seconds after which a beginning of a line is a prompt: Python writes a line and its end separately
READ_SIZE = 64 * 1024


class Printing:
    """One of the server's outputs, read whenever something is there: the server never waits for us."""

    def __init__(
        self,
        fd: int,
        loop: Loop,
        give: Callable[[str, bool], None],
        last_words: LastWords,
        retold: Callable[[str], str] = str,
    ) -> None:
        self._fd = fd
        self._loop = loop
        self._lines = Lines(give, last_words, retold)
        self.read = 0  # bytes, also of what is left out
        self._prompt: Timer | None = None
        self._loop.watch(fd, READ, self._ready)

    def _ready(self, readiness: int) -> None:
        self._read()

    def _read(self) -> bool:
        """One read; was there anything?"""
        if self._fd < 0:
            return False
        try:
            data = os.read(self._fd, READ_SIZE)
        except BlockingIOError:
            return False
        except OSError:
            data = b""  # a terminal whose program is gone says EIO
        if not data:
            self._lines.give_unfinished()
            self.close()
            return False
        self.read += len(data)
        self._lines.feed(data, self._loop.now())
        if self._lines.unfinished:
            if self._prompt is not None:
                self._prompt.cancel()
            self._prompt = self._loop.after(PROMPT, self._lines.give_unfinished)
        return True

    def read_what_is_there(self) -> None:
        """What it had printed before it ended, up to a few megabytes: the loop reads on if there is more."""
        for _ in range(64):
            if not self._read():
                return

    def read_to_the_end(self) -> None:
        """All writers are gone; a stranger who was handed the pipe does not keep us waiting."""
        while self._read():
            pass
        self._lines.give_unfinished()

    def close(self) -> None:
        if self._fd >= 0:
            self._loop.unwatch(self._fd)
            os.close(self._fd)
            self._fd = -1
        if self._prompt is not None:
            self._prompt.cancel()


class Typing:
    """The server's standard input: it stays open, and what it does not read is kept until it does."""

    def __init__(self, loop: Loop, fd: int) -> None:
        self._loop = loop
        self._fd = fd
        self._pending: deque[bytes] = deque()
        self._watched = False

    def write(self, data: bytes) -> None:
        if data and self._fd >= 0:
            self._pending.append(data)
            self._flush()

    def _flush(self, readiness: int = WRITE) -> None:
        while self._pending:
            data = self._pending[0]
            try:
                taken = os.write(self._fd, data)
            except BlockingIOError:
                if not self._watched:
                    self._loop.watch(self._fd, WRITE, self._flush)
                    self._watched = True
                return
            except OSError:
                self.close()  # it has closed its input
                return
            if taken == len(data):
                self._pending.popleft()
            else:
                self._pending[0] = data[taken:]
        if self._watched:
            self._loop.unwatch(self._fd)
            self._watched = False

    def close(self) -> None:
        if self._fd >= 0:
            self._loop.unwatch(self._fd)
            os.close(self._fd)
            self._fd = -1
        self._pending.clear()
