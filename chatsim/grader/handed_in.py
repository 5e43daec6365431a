"""From what was handed in to a server that can be started: unpacked, found, built. Each way to fail is a result."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from chatsim.endings import exit_code
from chatsim.errors import ConfinementError
from chatsim.grading.assignment import Assignment
from chatsim.grading.record import State
from chatsim.jobs import Tell
from chatsim.report.printable import printable, printable_lines
from chatsim.sandbox.sandbox import Sandbox
from chatsim.submissions.locating import Located, NotFound, Several, locate
from chatsim.submissions.submission import Refused, Submission, Unpacked
from chatsim.submissions.unpacking import unpack

__all__ = ["BuiltServer", "CannotBePlayedError", "made_ready"]

LAST_LINES = 30  # of what a build printed
LEAST_ROOM = 1024 * 1024  # bytes of a disk that is not full, and
LEAST_FILES = 16  # how many more files it takes at least


class CannotBePlayedError(Exception):
    """Why there is no server to be played with: a state, and sentences for the student. `doubtful`: it rests on waiting."""

    def __init__(self, state: State, told: str, output: str = "", *, doubtful: bool = False) -> None:
        super().__init__(told)
        self.state = state
        self.doubtful = doubtful
        self.told = told
        self.output = output


@dataclass(frozen=True, slots=True)
class BuiltServer:
    """`command` starts it in `folder`, which holds what was built; `cwd` is relative to that. `notes`: what was left out of
    the submission. `submitted`: where only what was fetched tells it."""

    folder: Path
    cwd: str
    command: tuple[str, ...]
    notes: tuple[str, ...] = ()
    submitted: float | None = None


def made_ready(
    assignment: Assignment, submission: Submission, folder: Path, sandbox: Sandbox, tell: Tell, patience: float = 1.0
) -> BuiltServer:
    """Raises CannotBePlayedError. Whatever of the student's runs here, runs in the sandbox. `patience`: in times of the usual;
    a build may take so many times as long."""
    if submission.kind == "several":
        raise CannotBePlayedError("several-submissions", submission.told)
    tell("unpacking")
    unpacked = _unpacked(submission, folder)
    rules = assignment.server
    located = locate(unpacked.folder, rules)
    if isinstance(located, NotFound):
        raise CannotBePlayedError("no-server", _with_notes(located.told, unpacked))
    if isinstance(located, Several):
        raise CannotBePlayedError("several-servers", _with_notes(located.told, unpacked))
    with sandbox.as_slow_as(patience):
        _build(assignment, located, unpacked, sandbox, tell, max(1.0, patience))
    cwd = located.folder.relative_to(unpacked.folder).as_posix()
    return BuiltServer(unpacked.folder, "" if cwd == "." else cwd, located.command, unpacked.notes, unpacked.submitted)


def _unpacked(submission: Submission, folder: Path) -> Unpacked:
    found = unpack(submission, folder)
    if isinstance(found, Refused):
        raise CannotBePlayedError("infrastructure" if found.ours else "not-unpacked", found.told)
    return found


def _build(
    assignment: Assignment, located: Located, unpacked: Unpacked, sandbox: Sandbox, tell: Tell, times: float
) -> None:
    if not located.build:
        return
    tell("building")
    seconds = assignment.limits.build * times
    cwd = located.folder.relative_to(unpacked.folder).as_posix()
    try:
        built = sandbox.run(f"cd {shlex.quote(cwd)} && {located.build}", unpacked.folder, seconds)
    except ConfinementError as error:
        raise CannotBePlayedError("infrastructure", str(error)) from None
    if built.code == 0 and not built.why:
        return
    if _is_full(unpacked.folder):
        raise CannotBePlayedError("infrastructure", "There was no room left on this machine for what the build writes.")
    how = f"it {built.why}" if built.why else f"it ended {_how(built.code)}"
    raise CannotBePlayedError(
        "not-built",
        _with_notes(f"The build failed: {how}{_shown(located.build)}", unpacked),
        printable_lines("\n".join(built.output.decode("utf-8", "replace").splitlines()[-LAST_LINES:])),
        doubtful=bool(built.why),
    )


def _is_full(folder: Path) -> bool:
    """Is there no room where it lies? Then nobody's build would have come to its end."""
    about = os.statvfs(folder)
    return about.f_bavail * about.f_frsize < LEAST_ROOM or (about.f_files > 0 and about.f_favail < LEAST_FILES)


def _shown(script: str) -> str:
    """Behind a sentence: of several lines, each has its own."""
    lines = script.strip().splitlines()
    return f": {printable(script.strip())}" if len(lines) == 1 else "".join(f"\n  {printable(line)}" for line in lines)


def _how(code: int) -> str:
    return f"with {exit_code(code)}" if code >= 0 else f"by signal {-code}"


def _with_notes(told: str, unpacked: Unpacked) -> str:
    return "\n".join((told, *unpacked.notes))
