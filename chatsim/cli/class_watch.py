"""How the grading of a class goes, on standard error: a live table on a terminal, a line a submission anywhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import monotonic
from typing import TYPE_CHECKING, Any, TextIO

from chatsim.cli.terminal import hint, silence
from chatsim.report.printable import printable, shorten
from chatsim.report.progress import gauge

if TYPE_CHECKING:
    from chatsim.grading.order import Phase
    from chatsim.grading.record import SubmissionRecord

__all__ = ["ClassWatch", "in_a_word", "left"]

LONGEST_NAME = 30
WIDE = 80  # columns; where there are fewer, numbers say what a gauge would draw
BESIDE = 4  # lines of a terminal that are not for submissions: of a table that is too high, the end would be missing
TELLING = 5  # submissions of a phase that are done before anybody can tell how long the rest will take
WORDS = {
    "several-submissions": "handed in more than once",
    "not-unpacked": "can not be unpacked",
    "no-server": "no server found",
    "several-servers": "more than one server found",
    "not-built": "does not build",
    "not-started": "does not start",
    "not-understood": "is not understood",
    "stopped": "was stopped",
    "infrastructure": "could not be played here",
}


class ClassWatch:
    """A `chatsim.grader.grading.Watcher`, and a context: the table is gone when it ends. `jobs`: how many at once."""

    def __init__(self, jobs: int, *, wanted: bool = True, now: Callable[[], float] = monotonic) -> None:
        self._jobs = jobs
        self._wanted = wanted and sys.stderr is not None
        self._now = now
        self._began = now()
        self._total = self._done = 0
        self._phase: Phase = "all"
        self._doing: dict[str, str] = {}
        self._live: Any = None
        terminal = self._wanted and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._table: AbstractContextManager[Any] = self._rich() if terminal else nullcontext()

    def __enter__(self) -> ClassWatch:
        self._live = self._table.__enter__()
        return self

    def __exit__(self, *about: Any) -> None:
        self._table.__exit__(*about)
        self._live = None

    def begins(self, total: int, phase: Phase) -> None:
        self._total, self._done, self._phase = total, 0, phase
        self._began = self._now()
        self._doing.clear()
        at_once = f"{min(self._jobs, total)} at a time"
        words = {
            "all": at_once,
            "again": f"again, what is in doubt, {at_once}",
            "alone": "again alone, what is in doubt",
        }[phase]
        self._say(f"{total} submission{'s' if total != 1 else ''}, {words}")

    def doing(self, student: str, words: str) -> None:
        self._doing[student] = words
        self._refresh()

    def done(self, record: SubmissionRecord) -> None:
        self._done += 1
        self._doing.pop(record.student.name, None)
        name = shorten(printable(record.student.name), LONGEST_NAME)
        self._say(f"  {self._done} of {self._total}  {name}: {in_a_word(record)}{self._left()}")

    def _left(self) -> str:
        told = left(self._done, self._total, self._now() - self._began)
        return f"  ({told})" if told and self._live is None else ""

    def _say(self, words: str) -> None:
        if not self._wanted:
            return
        if self._live is not None:
            self._live.console.print(words, markup=False, highlight=False, emoji=False)
            self._refresh()
        else:
            hint(words)

    def _rich(self) -> AbstractContextManager[Any]:
        from rich.console import Console
        from rich.live import Live

        file: Any = _Terminal(sys.stderr)
        return Live(console=Console(file=file), refresh_per_second=8, transient=True, get_renderable=self._drawn)

    def _refresh(self) -> None:
        if self._live is not None:
            self._live.refresh()

    def _width(self) -> int:
        width: int = self._live.console.width if self._live is not None else WIDE
        return width

    def _drawn(self) -> Any:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, overflow="ellipsis", min_width=5)
        table.add_column(no_wrap=True, overflow="ellipsis")
        under_way = list(self._doing.items())
        room = max(1, self._live.console.height - BESIDE) if self._live is not None else len(under_way)
        for student, words in under_way[:room]:
            table.add_row(Text(shorten(printable(student), LONGEST_NAME)), Text(printable(words)))
        if len(under_way) > room:
            table.add_row(Text(f"… {len(under_way) - room} more"), Text(""))
        if self._total:
            told = left(self._done, self._total, self._now() - self._began)
            drawn = gauge(self._done / self._total) if self._width() >= WIDE else ""
            how_far = [drawn, f"{self._done} of {self._total}", told]
            table.add_row(Text(self._phase), Text(" · ".join(filter(None, how_far))))
        return table


class _Terminal:
    """Standard error, which may be closed while a table stands on it: then the rest is said to nobody."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with self._or_nobody():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._or_nobody():
            self._stream.flush()

    @contextmanager
    def _or_nobody(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            silence(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def in_a_word(record: SubmissionRecord) -> str:
    """What is known of a submission so far."""
    if record.state != "played":
        return WORDS[record.state]
    count = len(record.runs)
    words = [
        f"{number} {word}"
        for word, number in (
            ("passed", sum(run.outcome == "passed" for run in record.runs)),
            ("failed", sum(run.outcome in ("failed", "error") for run in record.runs)),
            ("inconclusive", sum(run.outcome == "inconclusive" for run in record.runs)),
        )
        if number
    ]
    if not count:
        return "nothing had to be played" if record.settled else "not played yet"
    told = ", ".join(words) or "nothing that could be played"
    return f"{count} run{'s' if count != 1 else ''}: {told}" + ("" if record.settled else "; some of it again")


def left(done: int, total: int, seconds: float) -> str:
    """How long the rest may take; empty while nobody knows."""
    if not TELLING <= done < total:
        return ""
    rest = seconds / done * (total - done)
    return f"about {rest:.0f} s left" if rest < 90 else f"about {rest / 60:.0f} min left"
