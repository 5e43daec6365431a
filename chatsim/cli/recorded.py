"""Recorded histories: read from files, and judged as they were when they were played."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import IO, TYPE_CHECKING

from chatsim.cli.nearest import did_you_mean

if TYPE_CHECKING:
    from chatsim.cli.files import Problems
    from chatsim.history import History
    from chatsim.report.report import Run

__all__ = ["judged", "properties_named", "read_histories"]

LONGEST_LINE = 32 * 1024 * 1024  # characters: no scenario lets a bot say as much at once


def properties_named(words: list[str], problems: Problems) -> tuple[str, ...] | None:
    """What `--only` asks for; null for what the histories themselves ask for."""
    from chatsim.properties import GROUPS, PROPERTIES, named

    known = [*GROUPS, *(known.name for known in PROPERTIES), "everything"]
    for word in words:
        if word not in known:
            hint = did_you_mean(word, known, "`chatsim properties` lists them all.")
            problems.add(f'--only: there is no property "{word}"', hint)
            return None
    return named(tuple(words)) if words else None


def read_histories(paths: list[str], problems: Problems) -> list[tuple[str, History]]:
    """Those that can be read, each with its path; what is wrong with the others is noted."""
    read = [(path, problems.attempt(partial(_read, path))) for path in paths]
    return [(path, history) for path, history in read if history is not None]


def _read(path: str) -> History:
    """The history in that file; `-` is standard input. Raises HistoryError, with the line, for what is none."""
    from chatsim.errors import HistoryError
    from chatsim.history import History

    if path == "-":
        import sys

        if sys.stdin is None:
            raise HistoryError("standard input is closed: there is no history in it")
        return History.read(_lines(sys.stdin, "standard input"), "standard input")
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123 (pathlib costs more here)
            return History.read(_lines(file, path), path)
    except OSError as problem:
        raise HistoryError(f"{path} could not be read: {problem.strerror or problem}") from problem


def _lines(file: IO[str], name: str) -> Iterator[str]:
    """The file's lines; one without end (a device, a disk image) is no history, and is not read to its end."""
    from chatsim.errors import HistoryError

    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) >= LONGEST_LINE:
            raise HistoryError(f"{name}, line {number}: this is not an entry of a chatsim history (it does not end)")
        yield line


def judged(history: History, path: str, names: tuple[str, ...] | None) -> Run:
    """The run that the history tells of, with the verdicts that it had when it was played (or `names` alone)."""
    from chatsim.checks.judge import judge, outcome_of
    from chatsim.checks.verdict import Outcome
    from chatsim.diagnosis.explain import explain
    from chatsim.errors import ServerError
    from chatsim.report.last_words import server_words
    from chatsim.report.report import Run

    header = history.header
    ended = history.last("ended")
    why = str(ended.detail.get("why", "")) if ended is not None else ""
    error: ServerError | None = None
    if why == "nobody got in":
        error = ServerError("the server could not be started, reached or spoken to when this was recorded")
    verdicts = () if error is not None else tuple(explain(history, judge(history, names)))
    outcome = Outcome.INCONCLUSIVE if error is not None else outcome_of(verdicts, header)
    if outcome is Outcome.PASSED and why in ("", "interrupted"):
        outcome = Outcome.INCONCLUSIVE  # it was not over: the rest might have failed
    return Run(
        scenario=header.scenario,
        file=header.file or path,
        seed=header.seed,
        profile=header.profile,
        server=header.server,
        outcome=outcome,
        duration_s=_seconds(history),
        verdicts=verdicts,
        history=history,
        error=error,
        server_words=server_words(history),
        notes=_notes(why, ended is None),
        replay=header.replay,
    )


def _notes(why: str, broken_off: bool) -> tuple[str, ...]:
    if broken_off:
        return ("the history breaks off before the run was over; what it holds is judged",)
    if why == "interrupted":
        return ("the run was interrupted; what was finished is judged",)
    return ()


def _seconds(history: History) -> float:
    """From the first step to the end: the server's start is no part of a run."""
    begun = next(history.of("step"), None)
    return history[len(history) - 1].t - begun.t if begun is not None else 0.0
