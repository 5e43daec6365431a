"""What is done by itself where the work is a step of a GitHub workflow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatsim.report.report import Report

__all__ = ["annotated", "is_github", "summarise"]


def is_github() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def annotated(report: Report) -> str:
    """The commands that annotate the code, with files as the repository names them."""
    from chatsim.report.github import commands

    root, here = os.environ.get("GITHUB_WORKSPACE", ""), Path.cwd()
    inside = bool(root) and here.is_relative_to(root)
    return commands(report, here.relative_to(root).as_posix() if inside else "")


def summarise(report: Report) -> None:
    """Add to the summary of this step, as long as there is room in it. Raises OSError."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    from chatsim.report.step_summary import MOST, render

    file = Path(path)
    written = file.stat().st_size if file.exists() else 0
    text = render(report, MOST - 1 - written)
    with file.open("a", encoding="utf-8") as summary:  # it is the step's: others may have written there, too
        summary.write(text)
