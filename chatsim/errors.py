"""What can be wrong, and on whose side: every error a person may read is one of these.

An error is a small letter: what happened, where it stands, and the next thing to try. A file with five mistakes
gives one exception with five problems, so that nobody has to mend them one run at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "AssignmentError",
    "ChatsimError",
    "ConfinementError",
    "HistoryError",
    "LimitError",
    "NotApplicableError",
    "Place",
    "Problem",
    "ProfileError",
    "RecordError",
    "ScenarioError",
    "ServerError",
    "StartError",
    "UsageError",
]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file that somebody wrote. Lines and columns count from 1; columns count characters."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `excerpt` is the line as written, `width` how many characters of it are meant.

    Of a very long line the excerpt is a part; `cut` characters before it are left out.
    """

    what: str
    place: Place | None = None
    excerpt: str = ""
    width: int = 1
    hint: str = ""
    cut: int = 0

    def __str__(self) -> str:
        lines = []
        if self.place is not None:
            lines.append(str(self.place))
            if self.excerpt:
                start = self.place.column - 1 - self.cut
                blank = _columns(self.excerpt[:start]) + " " * max(0, start - len(self.excerpt))
                meant = self.excerpt[start : start + self.width]
                marker = blank + "^" * max(1, len(_columns(meant))) + " "
                lines += [f"  {self.excerpt}", f"  {marker}{self.what}"]
            else:
                lines.append(f"  {self.what}")
        else:
            lines.append(self.what)
        if self.hint:
            lines.append(self.hint)
        return "\n".join(lines)


def _columns(text: str) -> str:
    """As many blanks as the text takes on a terminal, its tabs kept: so that a caret stands below what it means."""
    if text.isascii():
        return "".join("\t" if c == "\t" else " " for c in text)
    from unicodedata import combining, east_asian_width  # late: every command imports this module

    return "".join(
        "\t" if c == "\t" else "" if combining(c) else "  " if east_asian_width(c) in "WF" else " " for c in text
    )


class ChatsimError(Exception):
    """Something chatsim can explain. `exit_code` is what the command line ends with (language.md, exit codes)."""

    exit_code = 5

    def __init__(self, problems: str | Problem | Iterable[Problem], *, hint: str = "") -> None:
        if isinstance(problems, str):
            problems = Problem(problems, hint=hint)
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class UsageError(ChatsimError):
    """The call itself is wrong: options that exclude each other, a file that is not there."""

    exit_code = 2


class ScenarioError(UsageError):
    """A scenario file that is wrong; each problem has its place."""


class ProfileError(UsageError):
    """A profile file that is wrong; each problem has its place."""


class AssignmentError(UsageError):
    """An assignment that is wrong, or a file of marks; each problem has its place, in whichever of its files it stands."""


class RecordError(UsageError):
    """A stored result of a submission that cannot be read back."""


class HistoryError(UsageError):
    """A recorded history that cannot be read back."""


class NotApplicableError(ChatsimError):
    """It can not be played with this profile, or this server does not promise it: nobody's mistake, and no verdict."""

    exit_code = 3


class ConfinementError(ChatsimError):
    """A server could not be confined as it was to be, so it was not started: the machine's trouble or ours, no server's."""


class ServerError(ChatsimError):
    """The server under test could not be started, reached or spoken to."""

    exit_code = 4


class StartError(ServerError):
    """It could not be started. `silent`: it goes on, and listens nowhere that was asked for; `ports`: it listens on
    several, and nothing says which of them is meant."""

    def __init__(self, what: str, *, hint: str = "", silent: bool = False, ports: Iterable[int] = ()) -> None:
        super().__init__(what, hint=hint)
        self.silent = silent
        self.ports = tuple(ports)


class LimitError(ServerError):
    """The server used more than it may (`chatsim.sandbox`), and was ended."""
