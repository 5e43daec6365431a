"""What a test fails with: an assertion that reads as the console does."""

from __future__ import annotations

import os

from chatsim.checks.verdict import Outcome
from chatsim.report import text
from chatsim.report.printable import printable, shorten
from chatsim.report.report import Report, Run

__all__ = ["ChatFailedError", "ChatInconclusiveError", "fit_to_print", "in_short"]

LONGEST = 160  # characters of the line that sums it up
WIDTH = 92  # columns: test runners put a margin before what they show


class ChatFailedError(AssertionError):
    """A property failed, or a bot could not do what the program asked of it. `report` has the verdicts and the history."""

    def __init__(self, run: Run) -> None:
        self.report = Report((run,))
        told = text.scenario((run,), self.report, text.Style(width=WIDTH)).rstrip("\n")
        super().__init__(fit_to_print(f"{in_short(run)}\n\n{told}"))


class ChatInconclusiveError(ChatFailedError):
    """Nothing failed, and nothing is proved: this machine was too busy, something came that the profile does not explain,
    or nothing put to the test what was asked for by name."""


def fit_to_print(told: str) -> str:
    """Whoever prints it in a workflow of GitHub: nothing in it is a command to the runner."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return told
    from chatsim.report.github import harmless

    return harmless(told)


def in_short(run: Run) -> str:
    """Why it did not pass, in one line."""
    if run.error is not None:
        return printable(str(run.error).split("\n")[0])
    grave = [verdict for verdict in run.verdicts if verdict.outcome is run.outcome] or [
        verdict for verdict in run.verdicts if verdict.outcome is Outcome.NOT_EXERCISED
    ]
    if not grave:
        return "nothing was put to the test"
    first = f"{grave[0].property}: {grave[0].summary or grave[0].outcome.value.replace('-', ' ')}"
    more = f" (and {len(grave) - 1} more)" if len(grave) > 1 else ""
    return printable(shorten(first, LONGEST)) + more


for error in (ChatFailedError, ChatInconclusiveError):
    error.__module__ = "chatsim"  # where programs find them, and so what a traceback calls them
