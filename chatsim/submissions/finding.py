"""What was handed in, found: whose it is, where it lies, and when it came, as far as anything tells.

Nothing is opened here but what tells about submissions. What belongs to nobody is told; that a student handed in twice is a
result, since only a person can say which counts.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chatsim.errors import UsageError
from chatsim.report.printable import printable, quoted
from chatsim.submissions.names import Pattern, readable, students_of
from chatsim.submissions.passing_over import archive_suffix, is_document, is_hidden, stem_of
from chatsim.submissions.submission import Class, Kind, PassedOver, Submission

__all__ = ["WHOLE_NAME", "Handed", "find"]

WHOLE_NAME = "{student}"  # the pattern of one who has not thought about names


@dataclass(frozen=True, slots=True)
class Handed:
    """One thing that was handed in. `identity` tells its student from others, `name` is what people call them."""

    identity: str
    name: str
    path: Path
    kind: Kind
    origin: str
    submitted: float | None = None
    pieces: tuple[tuple[str, str], ...] = ()
    address: str = ""
    marked_late: bool = False


def find(path: Path, pattern: str = WHOLE_NAME) -> Class:
    """The class whose submissions lie at `path`.

    `path`: a folder with one entry a student, or the submission of one student. `pattern`: what of an entry's name tells whose
    it is (`chatsim.submissions.names.Pattern`). The same files give the same class, in whatever order they lie on the disk.
    Raises UsageError if nothing can be found there at all.
    """
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            mode = path.stat().st_mode  # this one was named by whoever grades
    except OSError as error:
        raise UsageError(f"{path} can not be read: {(error.strerror or str(error)).lower()}") from None
    if stat.S_ISDIR(mode):
        return _in_folder(path, _pattern(pattern))
    if not stat.S_ISREG(mode):
        raise UsageError(f"{path} is neither a folder nor a file")
    handed, passed_over = _by_names([path], _pattern(pattern))
    return class_of(handed, passed_over)


def class_of(handed: Iterable[Handed], passed_over: Iterable[PassedOver] = (), system: str = "") -> Class:
    """One submission a student; of two that one student has handed in, the value that says so."""
    of: dict[str, list[Handed]] = {}
    for each in handed:
        of.setdefault(each.identity, []).append(each)
    students = students_of({identity: all_of[0].name for identity, all_of in of.items()})
    found = []
    for identity, all_of in of.items():
        first = all_of[0]
        if len(all_of) > 1:
            origins = sorted(each.origin for each in all_of)
            names = f"{', '.join(printable(origin) for origin in origins[:-1])} and {printable(origins[-1])}"
            count = {2: "two", 3: "three"}.get(len(origins), str(len(origins)))
            told = f"There are {count} submissions: {names}. Which of them counts?"
            found.append(Submission(students[identity], first.path, "several", origin=", ".join(origins), told=told))
            continue
        found.append(
            Submission(
                students[identity],
                first.path,
                first.kind,
                first.submitted,
                first.origin,
                first.pieces,
                first.address,
                marked_late=first.marked_late,
            )
        )
    return Class(
        tuple(sorted(found, key=lambda submission: submission.student.key)),
        tuple(sorted(passed_over, key=lambda passed: passed.name)),
        system,
    )


def _pattern(pattern: str) -> Pattern:
    try:
        return Pattern(pattern)
    except ValueError as error:
        raise UsageError(f"the pattern {quoted(pattern)} can not tell whose a submission is: {error}") from None


def _in_folder(folder: Path, pattern: Pattern) -> Class:
    try:
        with os.scandir(folder) as entries:
            paths = sorted(folder / entry.name for entry in entries)
    except OSError as error:
        raise UsageError(f"{folder} can not be read: {(error.strerror or str(error)).lower()}") from None
    handed, passed_over = _by_names(paths, pattern)
    return class_of(handed, passed_over)


def _by_names(paths: Iterable[Path], pattern: Pattern) -> tuple[list[Handed], list[PassedOver]]:
    handed, passed_over = [], []
    for path in paths:
        if is_hidden(path.name):
            continue
        kind, why = _kind(path)
        name = None
        if kind is not None:
            name = pattern.student(stem_of(path.name, folder=kind in ("folder", "repository")), path.name)
            why = f"its name does not fit {quoted(pattern.pattern)}"
        if kind is None or name is None:
            passed_over.append(PassedOver(path.name, why))
        else:
            handed.append(Handed(readable(name), name, path, kind, path.name))
    return handed, passed_over


def _kind(path: Path) -> tuple[Kind | None, str]:
    """What lies there; or None, and why it is no submission."""
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        return None, (error.strerror or str(error)).lower()
    if stat.S_ISLNK(mode):
        return None, "it is a link, and could lead anywhere"
    if stat.S_ISDIR(mode):
        return "folder", ""
    if not stat.S_ISREG(mode):
        return None, "it is neither a folder nor a file"
    if archive_suffix(path.name):
        return "archive", ""
    return (None, "it is a document, and no program") if is_document(path.name) else ("file", "")
