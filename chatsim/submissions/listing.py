"""A list of what was handed in, written by whoever grades: for each student a repository, an archive, a file or a folder.

As a table (`.csv`; commas, semicolons or tabs, whatever its first line has) with the columns `student`, `source` and, if need
be, `submitted`; as the table of grades that GitHub Classroom gives; or as a YAML map from students to sources. Strict: all
mistakes are told at once, each with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from chatsim.document import Node, Reading, Scalar, excerpt, load
from chatsim.errors import Place, UsageError
from chatsim.submissions.handed import Handed
from chatsim.submissions.moments import moment
from chatsim.submissions.names import readable
from chatsim.submissions.passing_over import archive_suffix
from chatsim.submissions.repositories import ADDRESS, is_bare, without_password
from chatsim.submissions.submission import Kind

__all__ = ["LISTS", "listed"]

LISTS = (".csv", ".tsv", ".yaml", ".yml")
LARGEST = 4 * 1024 * 1024  # bytes: a thousand students take a hundredth of it
COLUMNS = ("student", "source", "submitted")
_CLASSROOM = ("student_repository_url", "roster_identifier", "github_username", "submission_timestamp")
_SEPARATED = {separator: re.compile(rf'"((?:[^"]|"")*)"|([^"{separator}\r\n]*)') for separator in ",;\t"}
MOMENT_HINT = "Write day, hour and zone: 2026-11-30 23:59 +01:00."


def listed(path: Path) -> list[Handed]:
    """What the list names. Paths in it are relative to it. Raises UsageError with all mistakes."""
    return _from_yaml(path) if path.suffix.casefold() in (".yaml", ".yml") else _from_table(path)


# --- YAML ------------------------------------------------------------------------------------------------------------


def _from_yaml(path: Path) -> list[Handed]:
    reading = load(path)
    found = []
    mapping = None if reading.root is None else reading.mapping(reading.root, what="a map from students to sources")
    for key, node in mapping.pairs if mapping is not None else ():
        source = reading.scalar(node, what="a text: a path, or the address of a repository")
        if source is not None:
            found += _handed(reading, path, key.text, source.text, None, key, source)
    reading.refuse(UsageError)
    return found


# --- tables ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    place: Place
    width: int


def _from_table(path: Path) -> list[Handed]:
    reading = _table(path)
    rows = list(_rows(reading)) if not reading.count else []
    if not rows and not reading.count:
        reading.wrong(f"{path} is empty")
    head, *rows = rows or [[]]
    at = {cell.text.strip(): number for number, cell in reversed(list(enumerate(head)))}
    classroom = _CLASSROOM[0] in at
    if not classroom:
        for number, cell in enumerate(head):
            scalar = Scalar(cell.text.strip(), True, cell.place, cell.width)
            if scalar.text not in COLUMNS:
                reading.unknown(f"there is no column {excerpt(scalar.text)} in such a list", scalar, COLUMNS)
            elif at[scalar.text] != number:
                reading.wrong(f"the column {excerpt(scalar.text)} is there twice", scalar)
        for name in COLUMNS[:2]:
            if name not in at and head and not any(problem.hint or "?" in problem.what for problem in reading.problems):
                reading.wrong(f'the column "{name}" is missing', head[0].place)
    found = []
    for row in rows if not reading.count else []:
        found += _from_row(reading, path, row, at, len(head), classroom=classroom)
    reading.refuse(UsageError)
    return found


def _from_row(
    reading: Reading, path: Path, row: list[_Cell], at: dict[str, int], width: int, *, classroom: bool
) -> list[Handed]:
    if len(row) != width:
        reading.wrong(f"there are {len(row)} columns in this line, and {width} in the first one", row[0].place)
        return []

    def cell(*names: str) -> _Cell | None:
        cells = [row[at[name]] for name in names if name in at]
        return next((each for each in cells if each.text.strip()), cells[0] if cells else None)

    student, source, submitted = (
        (cell("roster_identifier", "github_username"), cell(_CLASSROOM[0]), cell("submission_timestamp"))
        if classroom
        else (cell("student"), cell("source"), cell("submitted"))
    )
    if classroom and submitted is not None and not submitted.text.strip():
        submitted = None
    if student is None or source is None:
        reading.wrong("nothing in the first line says which column names the students", row[0].place)
        return []
    when = None
    if submitted is not None and submitted.text.strip():
        when = moment(submitted.text)
        if when is None:
            reading.wrong(
                f"{excerpt(submitted.text)} is no time", submitted.place, hint=MOMENT_HINT, width=submitted.width
            )
    places = (Scalar(each.text, True, each.place, each.width) for each in (student, source))
    return _handed(reading, path, student.text, source.text, when, *places)


def _table(path: Path) -> Reading:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path} can not be read: {(error.strerror or str(error)).lower()}") from None
    reading = Reading(str(path), data.decode("utf-8-sig", "replace"))
    if len(data) > LARGEST:
        raise UsageError(f"{path} is larger than {LARGEST // 1024**2} MiB: no class is so large")
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        reading.wrong("there are letters here that are not UTF-8: save the table as UTF-8", Place(str(path), line, 1))
    return reading


def _rows(reading: Reading) -> Iterator[list[_Cell]]:
    """The lines of the table that are not blank, each cell with its place."""
    text = reading.text_read
    first = text.partition("\n")[0]
    separator = max(",;\t", key=lambda character: (first.count(character), character == ","))
    cell = _SEPARATED[separator]
    at, row = 0, []
    line, line_start = 1, 0
    while at < len(text):
        found = cell.match(text, at)
        assert found is not None  # the second way may be empty
        quoted = found[1]
        place = Place(reading.file, line, at - line_start + 1)
        row.append(_Cell(found[2] if quoted is None else quoted.replace('""', '"'), place, max(1, found.end() - at)))
        line += found[0].count("\n")
        if "\n" in found[0]:
            line_start = at + found[0].rindex("\n") + 1
        at = found.end()
        following = text[at : at + 1]
        if following == separator:
            at += 1
            if at < len(text) and text[at] not in "\r\n":
                continue
            row.append(_Cell("", Place(reading.file, line, at - line_start + 1), 1))
        elif following and following not in "\r\n":
            reading.wrong("a quotation mark stands where it can not", Place(reading.file, line, at - line_start + 1))
            return
        if any(each.text.strip() for each in row):
            yield row
        row = []
        if text[at : at + 2] == "\r\n":
            at += 1
        at += 1
        line, line_start = line + 1, at


# --- one line --------------------------------------------------------------------------------------------------------


def _handed(
    reading: Reading, path: Path, student: str, source: str, submitted: float | None, name_at: Node, source_at: Node
) -> list[Handed]:
    """One thing that was handed in; nothing, and a problem noted, where the line is wrong."""
    name = readable(student)
    if not name:
        reading.wrong("the student's name is missing here", name_at)
    source = source.strip()
    if not source:
        reading.wrong("where it was handed in is missing here", source_at)
    elif ADDRESS.fullmatch(source):
        shown = without_password(source)
        return [Handed(name, student.strip(), Path(), "remote", shown, submitted, address=source)] if name else []
    elif ("://" in source and not source.startswith("file://")) or "::" in source:
        hint = "Possible are https://…, ssh://…, git@host:…, and paths."
        reading.wrong(f"{excerpt(source)} is no address from which anything is fetched", source_at, hint=hint)
    else:
        local = unquote(urlsplit(source).path) if source.startswith("file://") else source
        there = path.parent / local
        kind = _kind(there)
        if kind is None:
            reading.wrong(f"there is no such file or folder: {there}", source_at)
        elif name:
            return [Handed(name, student.strip(), there.resolve(), kind, source, submitted)]
    return []


def _kind(path: Path) -> Kind | None:
    try:
        if path.is_dir():
            return "repository" if is_bare(path) else "folder"
        if path.is_file():
            return "archive" if archive_suffix(path.name) else "file"
    except (OSError, ValueError):
        pass  # a name that no file can have
    return None
