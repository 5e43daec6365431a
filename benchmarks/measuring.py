"""What the benchmarks share: rows of the table, servers for a while, the part of a run that counts."""

from __future__ import annotations

import contextlib
import os
import re
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

HERE = Path(__file__).parent
ROOT = HERE.parent
MINIMAL = HERE / "minimal"
Address = tuple[str, int]

CLOSING_LISTEN = 0.05  # seconds: the one stated wait of a run that passes


@dataclass(frozen=True)
class Row:
    """One line of the table. `reached` null: only told."""

    what: str
    reach: str
    found: str
    reached: bool | None

    def __str__(self) -> str:
        verdict = {True: "reached", False: "MISSED", None: ""}[self.reached]
        return f"{self.what:58} {self.reach:24} {self.found:52} {verdict}"


def alternate(sides: Mapping[str, Callable[[], float]], runs: int) -> dict[str, list[float]]:
    """Take turns, since machines have moods: each side's seconds (or rates), in the order of measuring."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values():  # until everything is warm
        time.sleep(0.02)
        side()
    for _ in range(runs):
        for name, side in sides.items():
            time.sleep(0.02)  # not measured: what the one before has left behind comes to its end
            found[name].append(side())
    return found


def median_ratio(these: Sequence[float], those: Sequence[float]) -> float:
    """The median of the ratios of neighbours in time: a mood that lasts longer than one pair cancels out."""
    return statistics.median(this / that for this, that in zip(these, those, strict=True))


def spread(seconds: Sequence[float]) -> str:
    """Median, and from least to most, in milliseconds."""
    return f"{1e3 * statistics.median(seconds):.1f} ({1e3 * min(seconds):.1f}–{1e3 * max(seconds):.1f}) ms"


def environment(cache: str) -> dict[str, str]:
    """As an installed program finds it: compiled modules are kept, and not in the checkout."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": cache, "PYTHONPATH": str(ROOT)}


@contextlib.contextmanager
def server(*command: str) -> Iterator[Address]:
    """A server that prints its port (the last number of its first line) when it listens."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            yield ("127.0.0.1", int(re.findall(r"[0-9]+", process.stdout.readline())[-1]))
        finally:
            process.kill()


class Stopwatch:
    """Seconds from the first step of the next run to its last verdict."""

    def __init__(self) -> None:
        self._began = self._ended = 0.0

    @contextlib.contextmanager
    def watching(self) -> Iterator[Stopwatch]:
        from chatsim.checks import judge
        from chatsim.engine.director import Director

        play, verdicts = Director.play, judge.judge

        def timed_play(director: Director) -> object:
            self._began = time.perf_counter()
            return play(director)

        def timed_judge(*words: object) -> object:
            found = verdicts(*words)  # type: ignore[arg-type]
            self._ended = time.perf_counter()
            return found

        with mock.patch.object(Director, "play", timed_play), mock.patch.object(judge, "judge", timed_judge):
            yield self

    @property
    def seconds(self) -> float:
        return self._ended - self._began
