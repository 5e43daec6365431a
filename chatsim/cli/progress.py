"""What is being done, on standard error: one line that changes on a terminal, a line now and then anywhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from chatsim.cli.terminal import hint, width
from chatsim.report.printable import encodable, fit, printable

if TYPE_CHECKING:
    from chatsim.report.progress import Doing

__all__ = ["Progress"]

NOW_AND_THEN = 10.0  # seconds between two lines of a log: often enough to see that it goes on


class Progress:
    """Nothing at all where it is not wanted (-q)."""

    def __init__(self, wanted: bool = True, now: Callable[[], float] = monotonic) -> None:
        self._wanted = wanted and sys.stderr is not None
        # A dumb one, as in an editor, shows the signs that would wipe the line.
        self._terminal = self._wanted and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._now = now
        self._began = self._last = now()

    def show(self, text: str, log: str = "") -> None:
        """`text` on a terminal, until the next one; elsewhere `log`, if the last one is some time ago."""
        if self._terminal:
            encoding = sys.stderr.encoding or "ascii"
            room = width() - len(encodable("…", encoding))
            sys.stderr.write("\r\x1b[K" + encodable(fit(encodable(printable(text), encoding), room), encoding))
            sys.stderr.flush()
        elif self._wanted and log and self._now() - self._last >= NOW_AND_THEN:
            self._last = self._now()
            hint(log)

    def tell(self, doing: Doing) -> None:
        """How far the work is."""
        if self._wanted:
            from chatsim.report.progress import bar, line

            spent = self._now() - self._began
            self.show(bar(doing, spent), line(doing, spent))

    def clear(self) -> None:
        if self._terminal:
            self.show("")
