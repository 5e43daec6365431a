"""What lies among the submissions and is none: what a grading goes by, and what it has put there itself."""

from __future__ import annotations

from pathlib import Path

from chatsim.errors import UsageError
from chatsim.grader.store import Store
from chatsim.grading.assignment import Assignment
from chatsim.submissions.submission import Submission

__all__ = ["why_ours"]


def why_ours(submission: Submission, assignment: Assignment, results: Path) -> str:
    """Why this is no student's, in a few words; empty: it is one's."""
    if submission.kind not in ("folder", "file") or submission.pieces:
        return ""
    path = submission.path.resolve()
    if path == results.resolve() or (submission.kind == "folder" and _holds_results(path)):
        return "results are kept there"
    if any(file.resolve().is_relative_to(path) for file in _files(assignment)):
        return "it is part of the assignment"
    return ""


def _holds_results(folder: Path) -> bool:
    try:
        return Store(folder).terms() is not None
    except (UsageError, OSError):  # it holds something else
        return False


def _files(assignment: Assignment) -> list[Path]:
    named = [assignment.file, *(profile.file for profile in assignment.server.profiles)]
    named += [scenario.file for part in assignment.parts for scenario in part.scenarios]
    return [Path(file) for file in named if file]
