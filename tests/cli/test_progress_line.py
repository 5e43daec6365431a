"""What is being done, on standard error: drawn on a terminal, a line now and then in a log, nothing with -q."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from chatsim.cli.progress import NOW_AND_THEN, Progress
from chatsim.report.progress import Doing


class Screen(io.StringIO):
    def __init__(self, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal, self._encoding = terminal, encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Screen]:
    """`screen(terminal)`: from now on standard error is one."""

    def made(terminal: bool, encoding: str = "utf-8") -> Screen:
        stderr = Screen(terminal, encoding)
        monkeypatch.setattr(sys, "stderr", stderr)
        monkeypatch.setenv("COLUMNS", "60")
        monkeypatch.setenv("TERM", "xterm")
        return stderr

    return made


def test_on_a_terminal_one_line_is_drawn_again_and_again_and_wiped(screen: Callable[..., Screen]) -> None:
    shown = screen(True, "utf-8")
    progress = Progress(now=lambda: 0.0)

    progress.tell(Doing(0, 2))
    progress.tell(Doing(1, 2, 1, "x" * 100))
    progress.clear()

    first, second, last = shown.getvalue().split("\r\x1b[K")[1:]
    assert first == "[------------------------]   0 % · 0 of 2 runs"
    assert second == "[############------------]  50 % · 1 of 2 runs · 1 failed ·…"[:58] + "…"
    assert len(second) == 59
    assert last == ""


def test_it_is_written_in_what_the_terminal_can_show_and_can_not_move_its_cursor(screen: Callable[..., Screen]) -> None:
    shown = screen(True, "ascii")
    Progress(now=lambda: 0.0).tell(Doing(0, 2, words="a\x1b[2J…"))

    assert shown.getvalue() == "\r\x1b[K[------------------------]   0 % - 0 of 2 runs - a\\x1b[2..."


def test_a_terminal_that_can_not_wipe_a_line_is_as_a_log(
    screen: Callable[..., Screen], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = screen(True)
    monkeypatch.setenv("TERM", "dumb")
    now = 0.0
    progress = Progress(now=lambda: now)

    now += NOW_AND_THEN
    progress.tell(Doing(1, 2))
    progress.clear()

    assert shown.getvalue() == "1 of 2 runs after 10 s\n"


def test_in_a_log_there_is_a_line_now_and_then(screen: Callable[..., Screen]) -> None:
    shown = screen(False, "utf-8")
    now = 0.0
    progress = Progress(now=lambda: now)

    for done in range(60):
        progress.tell(Doing(done, 60))
        now += 1.0
    progress.clear()

    assert NOW_AND_THEN == 10
    assert shown.getvalue().splitlines() == [f"{n} of 60 runs after {n} s" for n in (10, 20, 30, 40, 50)]


@pytest.mark.parametrize("terminal", [True, False])
def test_where_it_is_not_wanted_there_is_nothing(screen: Callable[..., Screen], terminal: bool) -> None:
    shown = screen(terminal)
    now = 0.0
    progress = Progress(wanted=False, now=lambda: now)

    for done in range(9):
        progress.tell(Doing(done, 9))
        now += 100.0
    progress.clear()

    assert shown.getvalue() == ""
