"""What the exit code tells a script, in one table; and which of several outcomes counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatsim.report.comparison import Comparison
    from chatsim.report.report import Report, Run

__all__ = ["EXIT_CODES", "exit_code", "exit_code_of", "table"]

PASSED, FAILED, USAGE, INCONCLUSIVE, SERVER, FAULT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

EXIT_CODES = {
    PASSED: "all exercised properties passed",
    FAILED: "a property failed",
    USAGE: "usage, or a scenario or profile that is wrong",
    INCONCLUSIVE: "nothing failed, and nothing is proved: inconclusive, or none was applicable",
    SERVER: "the server could not be started, reached or spoken to",
    FAULT: "a fault of chatsim itself",
    INTERRUPTED: "interrupted; what was finished is reported",
}

# Of several runs the first of these that occurred counts: what makes the other results doubtful comes first.
GRAVEST_FIRST = (FAULT, USAGE, FAILED, SERVER, INCONCLUSIVE, PASSED)


def exit_code(report: Report) -> int:
    """The exit code of everything that ran. Scenarios that were not applicable are left out."""
    if report.interrupted or any(run.interrupted for run in report.runs):
        return INTERRUPTED
    codes = {code for runs in report.scenarios() if (code := _code_of(runs, report.comparison)) is not None}
    return next((code for code in GRAVEST_FIRST if code in codes), INCONCLUSIVE)


def exit_code_of(runs: Iterable[Run]) -> int | None:
    """The exit code of one scenario, played once or many times; null where it was not applicable.

    Inconclusive repeats are left out, unless there are so many of them that nothing is known.
    """
    from chatsim.report.report import VALID_ENOUGH

    codes = [code for run in runs if (code := _code_of_one(run)) is not None]
    if not codes:
        return None
    gravest = next(code for code in GRAVEST_FIRST if code in codes)
    if gravest == INCONCLUSIVE and codes.count(PASSED) >= VALID_ENOUGH * len(codes):
        return PASSED
    return gravest


def _code_of(runs: Sequence[Run], comparison: Comparison | None) -> int | None:
    """With a baseline, what it has as wrong is forgiven; a server that could not be reached is not."""
    own = exit_code_of(runs)
    if comparison is None or own is None:
        return own
    first = runs[0]
    kinds = {change.kind.value for change in comparison.about(first.file, first.scenario, first.profile)}
    codes = {run.error.exit_code for run in runs if run.error is not None}
    codes |= {FAILED} if kinds & {"worse", "new"} else {INCONCLUSIVE} if "doubtful" in kinds else {PASSED}
    return next(code for code in GRAVEST_FIRST if code in codes)


def _code_of_one(run: Run) -> int | None:
    if run.error is not None:
        return run.error.exit_code
    return {"passed": PASSED, "failed": FAILED, "not-applicable": None}.get(run.outcome.value, INCONCLUSIVE)


def table() -> str:
    """The table for `--help`, one line a code."""
    return "\n".join(f"{code:>5}  {meaning}" for code, meaning in EXIT_CODES.items())
