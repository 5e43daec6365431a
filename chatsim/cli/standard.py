"""`--baseline`: the stored report that runs are measured by, and its renewal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from chatsim.errors import UsageError

if TYPE_CHECKING:
    from chatsim.cli.files import Problems
    from chatsim.report.baseline import Baseline
    from chatsim.report.report import Report
    from chatsim.report.text import Style

__all__ = ["Standard", "standard"]


@dataclass
class Standard:
    """`baseline`: null where the file is to be written for the first time."""

    path: str
    baseline: Baseline | None
    update: bool
    noise: float

    def weigh(self, report: Report, style: Style) -> tuple[Report, str]:
        """The report with what is otherwise than in the baseline, and what is said of it.

        Where the baseline is renewed, what is wrong now is known from now on.
        """
        from chatsim.report.baseline import compare
        from chatsim.report.baseline_text import render

        comparison = compare(self.baseline, report, self.noise, self.path)
        told = render(comparison, style) if self.baseline is not None else ""
        if not self.update:
            return replace(report, comparison=comparison), told
        if (why := _why_not_kept(report)) is not None:
            kept = "left as it was" if self.baseline is not None else "not written"
            return replace(report, comparison=comparison), f"{told}\nThe baseline {self.path} is {kept}: {why}.\n"
        done = "renewed" if self.baseline is not None else "written"
        return replace(report, comparison=comparison.accepted()), f"{told}\nThe baseline {self.path} is {done}.\n"

    def keep(self, report: Report) -> None:
        """Write it anew, if that was asked for and the report is whole. Raises UsageError."""
        if not self.update or _why_not_kept(report) is not None:
            return
        from chatsim.cli.terminal import whole_file
        from chatsim.report.baseline import merged
        from chatsim.report.json import dumped, plain

        with whole_file(self.path) as file:
            file.write(dumped(merged(self.baseline, {**plain(report), "baseline": None})) + "\n")


def _why_not_kept(report: Report) -> str | None:
    if report.interrupted or any(run.interrupted for run in report.runs):
        return "the runs were interrupted"
    if report.stopped_early:
        return "the runs stopped at the first failure"
    if any(run.error is not None for run in report.runs):
        return "not every scenario could be played"
    return None if report.runs else "nothing was played"


def standard(path: str | None, update: bool, noise: float, problems: Problems) -> Standard | None:
    """What was asked for; null if nothing was."""
    if path is None:
        if update:
            problems.add("--update-baseline needs to know which: --baseline F")
        return None
    if not 1 < noise < float("inf"):
        problems.add(f"--noise {noise:g} makes no sense: it is a number above 1, so many times as long")
    if update:
        from chatsim.cli.terminal import unwritable

        if path == "-" or (why := unwritable(path)):
            problems.add("--baseline: standard output can not be kept" if path == "-" else f"--baseline: {why}")
            return None
    baseline = problems.attempt(lambda: _read(path, update))
    return Standard(path, baseline, update, noise)


def _read(path: str, update: bool) -> Baseline | None:
    from chatsim.report.baseline import read_baseline

    file = Path(path)
    try:
        if update and not file.exists():
            return None
        return read_baseline(file.read_text(encoding="utf-8"), path)
    except FileNotFoundError:
        raise UsageError(f"there is no baseline {path}", hint="--update-baseline writes one.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} can not be compared with: it is no text") from None
    except (OSError, ValueError) as problem:
        raise UsageError(f"{path} could not be read: {getattr(problem, 'strerror', None) or problem}") from None
