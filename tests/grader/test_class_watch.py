"""How the grading of a class is told: on a terminal, on a small one, on none."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from screen import Terminal

from chatsim.cli.class_watch import WORDS, ClassWatch, in_a_word, left
from chatsim.grading.record import RunRecord, State, Student, SubmissionRecord

HERE = Path(__file__).parent
PASSED = RunRecord("talking", "two talk", "talk.yaml", 7, 1.0, "passed")
FAILED = replace(PASSED, outcome="failed")
HOSTILE = "eve\x1b\u202e[b]:bomb:\n"


def record(name: str, *runs: RunRecord, state: State = "played", settled: bool = True) -> SubmissionRecord:
    return SubmissionRecord(Student(name, name), state, runs=runs, settled=settled)


def told_on(
    columns: int, lines: int, monkeypatch: pytest.MonkeyPatch, act: Callable[[ClassWatch, Callable[[], None]], None]
) -> str:
    """All screens that `act` has looked at, and the last one."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", str(lines))
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    seen: list[str] = []
    with ClassWatch(3, now=lambda: 60.0 * len(seen)) as watch:
        act(watch, lambda: seen.append(terminal.shows(columns)))
    seen.append(terminal.shows(columns))
    return "---\n".join(seen)


def golden(name: str, told: str) -> str:
    file = HERE / f"golden/{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(told, encoding="utf-8")
    return file.read_text(encoding="utf-8")


def test_a_terminal_that_is_closed_ends_the_table_and_not_the_grading(monkeypatch: pytest.MonkeyPatch) -> None:
    pty = pytest.importorskip("pty")
    theirs, ours = pty.openpty()
    with open(ours, "w", encoding="utf-8") as terminal:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        with ClassWatch(3) as watch:
            watch.begins(2, "all")
            os.close(theirs)
            with pytest.raises(OSError, match="error"):
                os.write(ours, b"is anybody there?")
            watch.doing("Ann Lee", "unpacking")
            watch.done(record("Ann Lee", state="no-server"))
        os.write(ours, b"nobody is, and it is no error any more")


def a_morning(watch: ClassWatch, look: Callable[[], None]) -> None:
    """Seven hand in; three are played at a time; one of them again."""
    watch.begins(7, "all")
    watch.doing("Ann Lee", "unpacking")
    watch.doing("Zoë", "3 of 12 runs, 1 failed · [ann] says a lot, and nobody has ever heard of it again")
    watch.doing(HOSTILE, "building")
    look()
    watch.done(record("Ann Lee", state="no-server"))
    watch.done(record("Zoë", PASSED, FAILED, settled=False))
    watch.done(record(HOSTILE, PASSED))
    for name in ("Maximiliane Wolkenstein-Rodenegg of the Valley", "bob", "李雷"):
        watch.doing(name, "finding out how it is spoken to")
    watch.done(record("bob", PASSED))
    watch.done(record("李雷", PASSED, PASSED))
    look()
    watch.done(record("Maximiliane Wolkenstein-Rodenegg of the Valley", state="infrastructure"))
    watch.done(record("last", PASSED))
    watch.begins(1, "again")
    watch.doing("Zoë", "again, two talk")
    look()
    watch.done(record("Zoë", PASSED, PASSED))


def test_on_a_terminal_there_is_a_table_that_is_gone_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    told = told_on(100, 30, monkeypatch, a_morning)

    assert told == golden("watched", told)


def test_on_a_narrow_terminal_the_table_is_cut_and_not_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    told = told_on(40, 30, monkeypatch, a_morning)

    assert told == golden("watched narrowly", told)


def test_more_at_a_time_than_a_terminal_has_lines_and_still_one_sees_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def crowd(watch: ClassWatch, look: Callable[[], None]) -> None:
        watch.begins(200, "all")
        for number in range(64):
            watch.doing(f"student {number}", "unpacking")
        look()

    told = told_on(80, 12, monkeypatch, crowd)

    assert told == golden("a crowd watched", told)


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_where_nothing_can_be_drawn_there_is_a_line_a_submission(
    term: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", term)
    if term == "dumb":
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    with ClassWatch(3, now=lambda: 0.0) as watch:
        watch.begins(2, "all")
        watch.doing(HOSTILE, "building")
        watch.done(record(HOSTILE, PASSED))
        watch.done(record("bob", FAILED))

    assert capsys.readouterr().err == (
        "2 submissions, 2 at a time\n"
        "  1 of 2  eve\\x1b\\u202e[b]:bomb:\\n: 1 run: 1 passed\n"
        "  2 of 2  bob: 1 run: 1 failed\n"
    )


def test_who_wants_no_progress_is_told_none(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    with ClassWatch(1, wanted=False) as watch:
        a_morning_unseen(watch)

    assert terminal.getvalue() == ""


def a_morning_unseen(watch: ClassWatch) -> None:
    watch.begins(1, "all")
    watch.doing("ann", "building")
    watch.done(record("ann", PASSED))


def test_every_state_has_its_word() -> None:
    assert set(WORDS) == set(get_args(State)) - {"played"}
    assert [in_a_word(record("ann", state=state)) for state in WORDS] == list(WORDS.values())
    assert in_a_word(record("ann")) == "nothing had to be played"
    assert in_a_word(record("ann", settled=False)) == "not played yet"
    assert in_a_word(record("ann", PASSED, replace(PASSED, outcome="inconclusive"), settled=False)) == (
        "2 runs: 1 passed, 1 inconclusive; some of it again"
    )


@pytest.mark.parametrize(
    ("done", "total", "told"),
    [(0, 9, ""), (4, 9, ""), (9, 9, ""), (5, 9, "about 40 s left"), (5, 99, "about 16 min left")],
)
def test_how_long_it_takes_is_told_when_somebody_can_know(done: int, total: int, told: str) -> None:
    assert left(done, total, 50.0) == told
