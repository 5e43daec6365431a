"""Tells from a server's output that an exception was unhandled (soundness: only unhandled forms count).

A trace that the server printed for a fault that it handled is no crash: `traceback.print_exc()` in an `except` looks
like one until the process goes on living. So a bare traceback counts only as the last words of a dying process.
"""

from __future__ import annotations

import re
from collections import deque

__all__ = ["CrashReader", "DumpReader"]

UNHANDLED = re.compile(
    r"^(?:Exception in thread |Exception ignored in|Task exception was never retrieved|Future exception was never retrieved"
    r"|Exception occurred during processing of request|panic: |thread '.*' panicked at|fatal error: "
    r"|terminate called|Segmentation fault|\*\*\* stack smashing|==\d+==ERROR: |Unhandled exception|Unhandled rejection"
    r"|Uncaught |node:internal/process/|\[UnhandledPromiseRejection|Exception in callback |Fatal Python error)"
)
# A trace of Python's follows. The last is asyncio's: a handler of a client's connection that ended by an exception.
ANNOUNCED = (
    *("Exception in thread", "Task exc", "Future exc", "Exception occ", "Exception in call"),
    "Unhandled exception in client_connected_cb",
)
TRACEBACK = "Traceback (most recent call last):"
MOST_LINES = 60
NODE_HEAD = re.compile(
    r"(?:(?:/|[A-Za-z]:\\|file://|node:)\S*|\S+\.[cm]?[jt]s):\d+$"
)  # where the exception was thrown; a sandbox tells it from its folder on
NODE_LAST = re.compile(r"Node\.js v\d+\.\d+")  # printed by Node only when an exception ends it

# What Python's faulthandler prints of an aborted process: a head for each thread, then its frames, the innermost first.
DUMP_HEAD = re.compile(
    r"Fatal Python error: Aborted|(?:Current thread|Thread) 0x[0-9a-f]+ .*\(most recent call first\):|Extension modules: "
    r"|Current thread's C stack trace"
)
DUMP_LINE = re.compile(r"  File \"|  Binary file \"|  <|  \.\.\.|\s*$")
MOST_DUMPED = 600  # lines


class CrashReader:
    """Fed with the output's lines in order. `crashes` are complete texts; `dying()` is asked when the process ended."""

    def __init__(self) -> None:
        self._open: list[str] | None = None
        self._counts = False
        self._last_trace: list[str] = []
        self._recent: deque[str] = deque(maxlen=MOST_LINES)

    def take(self, line: str) -> str | None:
        """Returns the text of an unhandled exception once its last line is there."""
        self._recent.append(line)
        if NODE_LAST.match(line):
            return self._of_node()
        if UNHANDLED.match(line) and self._open is None:
            self._open, self._counts = [line], True
            if not line.startswith(ANNOUNCED):
                return self._close()  # one line says it all; what follows is a stack
            return None
        if line.startswith(TRACEBACK):
            if self._open is None:
                self._open, self._counts = [line], False
            else:
                self._open.append(line)
            return None
        if self._open is not None:
            self._open.append(line)
            if line.startswith("lost sys.stderr"):  # Python could not print the trace itself: nothing of it follows
                return self._close()
            inside = (
                line.startswith((" ", "\t", "future:", "---", "During handling", "The above exc")) or not line.strip()
            )
            if TRACEBACK not in self._open and len(self._open) > 3 and line.startswith("----"):
                return self._close()
            if not inside and TRACEBACK not in self._open and '"' in self._open[0]:
                self._open.pop()  # a Java trace has no last line of its own: this one is about something else
                return self._close()
            if (TRACEBACK in self._open and not inside) or len(self._open) >= MOST_LINES:
                return self._close()
        elif line.strip():
            self._last_trace = []  # it went on talking: the trace before was no last word
        return None

    def _of_node(self) -> str | None:
        """Its last line alone tells that it was unhandled; where the trace began is looked for backwards."""
        lines = list(self._recent)
        heads = [number for number, line in enumerate(lines) if NODE_HEAD.match(line)]
        self._recent.clear()
        self._open, self._last_trace = None, []
        return "\n".join(lines[heads[-1] :]) if heads else None

    def finish(self) -> str | None:
        """No more output is read: an unhandled exception whose end never came is told as far as it goes."""
        if self._open is not None and self._counts:
            return self._close()
        return None

    def dying(self) -> str | None:
        """The process ended unasked: a traceback at the very end of its output was unhandled."""
        if self._open is not None:
            self._counts = True
            return self._close()
        if self._last_trace:
            text, self._last_trace = "\n".join(self._last_trace), []
            return text
        return None

    def _close(self) -> str | None:
        assert self._open is not None
        lines, self._open = self._open, None
        if self._counts:
            return "\n".join(lines)
        self._last_trace = lines
        return None


class DumpReader:
    """Gathers, out of the output's lines, the dump of the threads of a Python process that *we* have aborted."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._open = False

    def take(self, line: str) -> None:
        self._open = bool(DUMP_HEAD.match(line) or (self._open and DUMP_LINE.match(line)))
        if self._open and len(self._lines) < MOST_DUMPED:
            self._lines.append(line)

    def finish(self) -> str | None:
        """The dump, if there was one; what comes after it is another."""
        text, self._lines, self._open = "\n".join(self._lines).strip(), [], False
        return text if "most recent call first" in text else None
