"""How a test's run is shown: the console's own report, in the colours and the width of pytest's terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from chatsim.chat.failures import ChatFailedError, fit_to_print, in_short
from chatsim.history import History
from chatsim.report import text
from chatsim.report.report import Report, Run
from chatsim.report.timeline import step_lines

__all__ = ["Retold", "Told", "shorten_crash", "steps_of"]


@dataclass(frozen=True, slots=True)
class _Crash:
    """What the short summary and the JUnit file show of a failure: one line, and where."""

    path: str
    lineno: int
    message: str


class Told:
    """A run that did not pass, as pytest asks for it: `toterminal` for the terminal, `str` for everything else."""

    def __init__(self, run: Run, path: str, line: int, verbosity: int) -> None:
        self._run, self._verbosity = run, max(0, verbosity - 1)  # pytest's -v tells each test, -vv tells all of it
        self.reprcrash = _Crash(path, line, fit_to_print(in_short(run)))

    def __str__(self) -> str:
        return self._text(text.Style(self._verbosity))

    def toterminal(self, writer: Any) -> None:
        encoding = getattr(getattr(writer, "_file", None), "encoding", None) or "utf-8"
        style = text.Style(self._verbosity, bool(writer.hasmarkup), int(writer.fullwidth), encoding)
        writer.line(self._text(style))

    def _text(self, style: text.Style) -> str:
        return fit_to_print(text.scenario((self._run,), Report((self._run,)), style).rstrip("\n"))


class Retold:
    """A run that did not pass, as a worker told it."""

    def __init__(self, told: str, path: str, line: int, message: str) -> None:
        self._told = told
        self.reprcrash = _Crash(path, line, message)

    def __str__(self) -> str:
        return self._told

    def toterminal(self, writer: Any) -> None:
        writer.line(self._told)


def shorten_crash(report: pytest.TestReport, problem: BaseException) -> None:
    """Of what a plain test failed with, the first line is the short one (`in_short`)."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if isinstance(problem, ChatFailedError) and crash is not None:
        crash.message = crash.message.split("\n")[0]


def steps_of(history: History) -> str:
    """What was done, one line a step."""
    return fit_to_print("\n".join(step_lines(history)))
