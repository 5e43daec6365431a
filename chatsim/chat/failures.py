"""What a test fails with: an assertion that reads as the console does."""

from __future__ import annotations

from chatsim.report import text
from chatsim.report.report import Report, Run

__all__ = ["ChatFailedError", "ChatInconclusiveError"]

WIDTH = 92  # columns: test runners put a margin before what they show


class ChatFailedError(AssertionError):
    """A property failed, or a bot could not do what the program asked of it. `report` has the verdicts and the history."""

    def __init__(self, run: Run) -> None:
        self.report = Report((run,))
        super().__init__("\n" + text.scenario((run,), self.report, text.Style(width=WIDTH)).rstrip("\n"))


class ChatInconclusiveError(ChatFailedError):
    """Nothing failed, and nothing is proved: this machine was too busy, something came that the profile does not explain,
    or nothing put to the test what was asked for by name."""


for error in (ChatFailedError, ChatInconclusiveError):
    error.__module__ = "chatsim"  # where programs find them, and so what a traceback calls them
