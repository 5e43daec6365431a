"""What a server prints, as lines: never too much of it, and its last words always.

A server that prints 100 MB neither waits for us nor fills our memory: its lines are given as they come up to a budget
that is far above any talk, beyond it they are counted and left out, and one line says how many.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

__all__ = ["LONGEST_LINE", "LastWords", "Lines"]

LONGEST_LINE = 64 * 1024  # bytes; what is longer is cut
BURST = 4 * 1024 * 1024  # bytes that may be given at once,
REFILL = 1024 * 1024  # and how many more each second
TAIL = 8 * 1024  # bytes that are given of the end of a flood
OVERHEAD = 64  # bytes that a line counts for besides its own: a million empty lines are no small thing


class LastWords:
    """The end of what a server printed, whatever was left out before it."""

    def __init__(self, lines: int = 200, width: int = 1000) -> None:
        self._lines: deque[str] = deque(maxlen=lines)
        self._width = width

    def add(self, line: str) -> None:
        self._lines.append(line if len(line) <= self._width else line[: self._width] + "…")

    def last(self, number: int) -> list[str]:
        return list(self._lines)[-number:] if number > 0 else []


class Lines:
    """The lines of one stream. `give(line, whole)` is called for each; `whole` is false for one without its end. `retold`:
    how a line is put, where it is not given as it stands."""

    def __init__(
        self, give: Callable[[str, bool], None], last_words: LastWords, retold: Callable[[str], str] = str
    ) -> None:
        self._give = give
        self._retold = retold
        self._last_words = last_words
        self._open = b""  # of the line that has not ended yet
        self._cutting = False  # inside a line that is too long: its rest is dropped
        self._allowance = float(BURST)
        self._at = 0.0
        self._left_out = 0
        self._left_out_bytes = 0
        self._tail = b""

    @property
    def unfinished(self) -> bool:
        """Is there something that waits for more: a beginning of a line, such as a prompt, or a flood that may go on?"""
        return (bool(self._open) and not self._cutting) or self._left_out_bytes > 0

    def feed(self, data: bytes, now: float) -> None:
        self._allowance = min(BURST, self._allowance + (now - self._at) * REFILL)
        self._at = now
        if self._allowance <= 0:
            self._leave_out(data)
            return
        self._tell_what_was_left_out()
        *lines, last = data.split(b"\n")
        for line in lines:
            self._end_line(line)
        self._begin_line(last)

    def give_unfinished(self) -> None:
        """Nothing has followed for a moment, or ever will: tell of a flood that it is over, and its last lines; give
        what stands there without its line end. The rest of that will be a line of its own."""
        self._tell_what_was_left_out()
        if self._open and not self._cutting:
            self._send(self._open, whole=False)
            self._open = b""

    def _end_line(self, rest: bytes) -> None:
        if self._cutting:
            self._cutting = False
            self._open = b""
            return
        line = self._open + rest
        self._open = b""
        self._send(line[:LONGEST_LINE], whole=True)

    def _begin_line(self, start: bytes) -> None:
        if self._cutting:
            return
        self._open += start
        if len(self._open) > LONGEST_LINE:
            self._send(self._open[:LONGEST_LINE], whole=True)
            self._open, self._cutting = b"", True

    def _send(self, line: bytes, *, whole: bool) -> None:
        self._allowance -= len(line) + OVERHEAD
        text = self._retold(line.removesuffix(b"\r").decode("utf-8", "replace"))
        self._last_words.add(text)
        self._give(text, whole)

    def _leave_out(self, data: bytes) -> None:
        self._left_out += data.count(b"\n")
        self._left_out_bytes += len(data)
        self._tail = (self._tail + self._open + data)[-TAIL:]
        self._open = b""
        self._cutting = False

    def _tell_what_was_left_out(self) -> None:
        if not self._left_out_bytes:
            return
        pieces = self._tail.split(b"\n")
        lines, last = (
            pieces[1:-1],
            pieces[-1],
        )  # the first is seldom whole; the last goes on, also where it is the only one
        number, size = self._left_out - len(lines), self._left_out_bytes - len(self._tail)
        self._tail, self._left_out, self._left_out_bytes = b"", 0, 0
        told = f"… {max(0, number):,} lines ({max(0, size) / 1e6:,.1f} MB) left out …"
        self._last_words.add(told)
        self._give(told, True)
        for line in lines:
            self._send(line, whole=True)
        self._open = last
