"""What was handed in, found: whose it is, where it lies, and when it came, as far as anything tells.

Nothing is opened here but what tells about submissions: lists, what a learning system adds, the last commit. What belongs to
nobody is told; that a student handed in twice is a result, since only a person can say which counts.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from chatsim.errors import UsageError
from chatsim.report.printable import printable, quoted
from chatsim.submissions.handed import Handed
from chatsim.submissions.listing import LISTS, listed
from chatsim.submissions.names import Pattern, readable, students_of
from chatsim.submissions.passing_over import archive_suffix, is_document, stem_of
from chatsim.submissions.repositories import committed, is_bare
from chatsim.submissions.shelf import Shelf, shelf_of
from chatsim.submissions.submission import Class, Kind, PassedOver, Submission
from chatsim.submissions.systems import recognised

__all__ = ["WHOLE_NAME", "find"]

MOST_NAMED = 5  # of what was passed over, where there is nothing else
WHOLE_NAME = "{student}"  # the pattern of one who has not thought about names


def find(path: Path, pattern: str = WHOLE_NAME) -> Class:
    """The class whose submissions lie at `path`.

    `path`: a folder with one entry a student; the download of a learning system, as a folder or as the zip that it came in; a
    list (`.csv`, `.yaml`); or the submission of one student. `pattern`: what of an entry's name tells whose it is
    (`chatsim.submissions.names.Pattern`); with one of their own, learning systems are not asked. The same files give the
    same class, in whatever order they lie on the disk. Raises UsageError if nothing can be found there at all, or with all
    mistakes of a list.
    """
    found = _found(path, pattern)
    if not found.submissions:
        names = [f"{printable(passed.name)} ({passed.why})" for passed in found.passed_over[:MOST_NAMED]]
        raise UsageError(f"there is no submission in {path}", hint=f"Passed over: {', '.join(names)}" if names else "")
    return found


def _found(path: Path, pattern: str) -> Class:
    wanted = _pattern(pattern)
    try:
        path = path.resolve() if path.is_symlink() else path  # this one was named by whoever grades
        mode = path.stat().st_mode
    except OSError as error:
        raise UsageError(f"{path} can not be read: {(error.strerror or str(error)).lower()}") from None
    if stat.S_ISREG(mode) and path.suffix.casefold() in LISTS:
        return _class(_finished(listed(path)))
    shelf = _shelf(path, mode)
    download = recognised(shelf) if shelf is not None and pattern == WHOLE_NAME else None
    if download is not None:
        return _class(_finished(download.handed), download.passed_over, download.system)
    if shelf is None or shelf.packed:
        return _class(*_by_names([path], wanted))
    return _class(*_by_names([path / entry.name for entry in shelf.entries], wanted))


def _shelf(path: Path, mode: int) -> Shelf | None:
    """What lies at the path, if it is something in which things lie. A damaged archive is one student's affair."""
    if stat.S_ISDIR(mode):
        return None if is_bare(path) else shelf_of(path, packed=False)
    try:
        return shelf_of(path, packed=True) if zipfile.is_zipfile(path) else None
    except UsageError:
        return None


def _class(handed: Iterable[Handed], passed_over: Iterable[PassedOver] = (), system: str = "") -> Class:
    """One submission a student; of two that one student has handed in, the value that says so."""
    of: dict[str, list[Handed]] = {}
    for each in handed:
        of.setdefault(each.identity, []).append(each)
    students = students_of({identity: all_of[0].name for identity, all_of in of.items()})
    found = []
    for identity, all_of in of.items():
        first = all_of[0]
        if len(all_of) > 1:
            origins = sorted(printable(each.origin) for each in all_of)
            names = f"{', '.join(origins[:-1])} and {origins[-1]}"
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
                printable(first.origin),
                first.pieces,
                first.address,
                marked_late=first.marked_late,
            )
        )
    return Class(
        tuple(sorted(found, key=lambda submission: submission.student.key)),
        tuple(
            PassedOver(printable(passed.name), passed.why) for passed in sorted(passed_over, key=lambda each: each.name)
        ),
        system,
    )


def _pattern(pattern: str) -> Pattern:
    try:
        return Pattern(pattern)
    except ValueError as error:
        raise UsageError(f"the pattern {quoted(pattern)} can not tell whose a submission is: {error}") from None


def _by_names(paths: Iterable[Path], pattern: Pattern) -> tuple[list[Handed], list[PassedOver]]:
    handed, passed_over = [], []
    for path in paths:
        kind, why = _kind(path)
        name = None
        if kind is not None:
            name = pattern.student(stem_of(path.name, folder=kind in ("folder", "repository")), path.name)
            why = f"its name does not fit {quoted(pattern.pattern)}"
        if kind is None or name is None:
            passed_over.append(PassedOver(path.name, why))
        else:
            handed.append(Handed(readable(name), name, path, kind, path.name))
    return _finished(handed), passed_over


def _kind(path: Path) -> tuple[Kind | None, str]:
    """What lies there; or None, and why it is no submission."""
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        return None, (error.strerror or str(error)).lower()
    if stat.S_ISLNK(mode):
        return None, "it is a link, and could lead anywhere"
    if stat.S_ISDIR(mode):
        return "repository" if is_bare(path) else "folder", ""
    if not stat.S_ISREG(mode):
        return None, "it is neither a folder nor a file"
    if archive_suffix(path.name):
        return "archive", ""
    return (None, "it is a document, and no program") if is_document(path.name) else ("file", "")


def _finished(handed: Iterable[Handed]) -> list[Handed]:
    """With the time of the last commit, where nothing else tells when it was handed in."""
    return [
        replace(each, submitted=committed(repository))
        if each.submitted is None and (repository := _repository(each)) is not None
        else each
        for each in handed
    ]


def _repository(handed: Handed) -> Path | None:
    """The git repository that is handed in, or that is in the folder that is."""
    if handed.kind == "repository":
        return handed.path
    folder = handed.path
    if handed.pieces:
        folder = handed.path / handed.pieces[0][0]
        if len(handed.pieces) > 1 or folder.is_symlink():
            return None
    git = folder / ".git"
    try:
        return git if handed.kind == "folder" and git.is_dir() and not git.is_symlink() else None
    except OSError:  # the folder can not be looked into, which is told when it is unpacked
        return None
