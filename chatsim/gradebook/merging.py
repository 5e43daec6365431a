"""Points into a learning system's own table: whose row is whose, and what could not be written is told, each by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chatsim.gradebook.exported import Exported
from chatsim.gradebook.graded import Graded
from chatsim.gradebook.wording import counted, listed, number, score
from chatsim.report.printable import printable

__all__ = ["Merged", "Row", "merged"]

# How Moodle and Canvas call what they hand out: the number is the student's own there.
_MOODLE = re.compile(r"_([0-9]+)_assign(?:submission|feedback)_")
_CANVAS = re.compile(r"^[^_]+(?:_LATE)?_([0-9]+)_[0-9]+_")


@dataclass(frozen=True, slots=True)
class Row:
    """A student's row. `sure`: what is unique in a course (numbers, logins); `names`: what people are called."""

    number: int
    name: str
    sure: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """The file to import, and what to tell of it."""

    content: bytes
    written: int
    unknown: tuple[str, ...]  # graded, and not in the table
    missing: tuple[str, ...]  # in the table, and not graded: their cells stay as they are
    unclear: tuple[str, ...]  # sentences: it could not be told whose row it is
    without: tuple[str, ...]  # there are no points for them because of trouble of ours: their cells stay as they are
    notes: tuple[str, ...]
    undecided: tuple[str, ...] = ()  # written as the assignment says, though a person has to decide

    def told(self) -> str:
        """All that in lines, for the person who imports the file; without a line end."""
        lines = [f"{counted(self.written, 'student')} written."]
        if self.unknown:
            lines.append(f"Not in the table: {_names(self.unknown)}.")
        if self.missing:
            lines.append(f"In the table, and not graded; left as it was: {_names(self.missing)}.")
        if self.undecided:
            lines.append(f"Nobody has decided yet, and these points may change: {_names(self.undecided)}.")
        if self.without:
            lines.append(
                f"Without points because of trouble that was not theirs; left as it was: {_names(self.without)}."
            )
        return "\n".join((*lines, *self.unclear, *self.notes))


def merged(
    exported: Exported, column: int, rows: Sequence[Row], results: Sequence[Graded], comma: bool, notes: Iterable[str]
) -> Merged:
    """`column`: of the points. `comma`: numbers have a decimal comma in this table."""
    owners, unknown, unclear = _owners(rows, results)
    cells, without, undecided, notes = {}, [], [], list(notes)
    for row in rows:
        graded = owners.get(row.number)
        if graded is None:
            continue
        if graded.grade.points is None:
            without.append(_name(graded))
        elif column >= len(exported.rows[row.number][1]):
            notes.append(f"The row of {printable(row.name)} ends before that column; nothing was written there.")
        else:
            if graded.grade.needs_review:
                undecided.append(f"{_name(graded)} ({score(graded.grade)})")
            told = number(graded.grade.points)
            cells[row.number, column] = told.replace(".", ",") if comma else told
    disputed = {row.number for row in rows if row.number in owners and owners[row.number] is None}
    return Merged(
        exported.changed(cells),
        len(cells),
        tuple(_name(one) for one in unknown),
        tuple(printable(row.name) for row in rows if row.number not in owners and row.number not in disputed),
        tuple(unclear),
        tuple(without),
        tuple(notes),
        tuple(undecided),
    )


def _owners(
    rows: Sequence[Row], results: Sequence[Graded]
) -> tuple[Mapping[int, Graded | None], list[Graded], list[str]]:
    """Row → whose it is (None: nobody can tell); who has no row; what to say of those of whom nobody can tell."""
    sure, names = _index(rows, "sure"), _index(rows, "names")
    claims: dict[int, list[Graded]] = {}
    unknown, unclear = [], []
    disputed: set[int] = set()
    for one in sorted(results, key=lambda one: one.student.key):
        found = {row for word in _sure(one) for row in sure.get(word, ())} or {
            row for word in _called(one) for row in names.get(word, ())
        }
        if not found:
            unknown.append(one)
        elif len(found) > 1:
            disputed |= found
            told = listed([printable(row.name) for row in rows if row.number in found])
            unclear.append(f"{_name(one)} may be any of {told}; nothing was written.")
        else:
            claims.setdefault(found.pop(), []).append(one)
    owners: dict[int, Graded | None] = dict.fromkeys(disputed)
    for row, students in claims.items():
        if len(students) > 1:
            who = listed([_name(one) for one in students])
            unclear.append(f"One row of the table fits {who}; nothing was written.")
        elif row in disputed:
            unclear.append(f"The row of {_name(students[0])} may be somebody else's; nothing was written.")
        owners[row] = students[0] if len(students) == 1 and row not in disputed else None
    return owners, unknown, unclear


def _index(rows: Sequence[Row], what: str) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for row in rows:
        words: tuple[str, ...] = row.sure if what == "sure" else row.names
        for word in words:
            if key := _plain(word):
                found.setdefault(key, set()).add(row.number)
    return found


def _sure(graded: Graded) -> Iterator[str]:
    """What the system itself may have called this student by."""
    origin = graded.record.origin.replace("\\", "/")
    for name in origin.split("/"):
        for pattern in (_MOODLE, _CANVAS):
            if found := pattern.search(name):
                yield found[1]
    yield _plain(graded.student.key)
    yield _plain(graded.student.name)


def _called(graded: Graded) -> Iterator[str]:
    yield from filter(None, (_plain(graded.student.name), _plain(graded.student.key)))


def _plain(text: str) -> str:
    """Letters and digits alone, without a difference between large and small: `Doe, Jane` is `doejane` in Canvas' files."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


def _name(graded: Graded) -> str:
    return printable(graded.student.name or graded.student.key)


def _names(names: Sequence[str]) -> str:
    shown = list(names[:20])
    return listed([*shown, f"{len(names) - 20} more"] if len(names) > 20 else shown)
