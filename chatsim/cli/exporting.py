"""`--export FORMAT=F` and `chatsim export`: which formats there are, and their files."""

from __future__ import annotations

import os
import sys
from codecs import BOM_UTF8
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatsim.cli.terminal import hint, silence
from chatsim.errors import UsageError

if TYPE_CHECKING:
    from chatsim.cli.class_books import Books
    from chatsim.gradebook.graded import Graded

__all__ = ["FORMATS", "Table", "exports", "refuse_what_needs_one", "write"]


@dataclass(frozen=True, slots=True)
class Table:
    """A learning system's own table, into which points are written: its content, its name, and the column."""

    content: bytes
    file: str
    column: str


def exports(words: Sequence[str], *, table: bool = True) -> tuple[tuple[str, str], ...]:
    """Each FORMAT=F. `table`: is there any that points could be written into?

    Raises UsageError, for all that are wrong at once.
    """
    found, wrong = [], []
    for word in words:
        kind, equal, file = word.partition("=")
        if kind in INTO_A_TABLE and equal and file and not table:
            wrong.append(str(_no_table(kind)))
        elif kind in FORMATS and equal and file:
            found.append((kind, file))
        else:
            wrong.append(f"{word} is not FORMAT=F; the formats are {', '.join(FORMATS)}")
    if wrong:
        raise UsageError("\n".join(wrong))
    return tuple(found)


def write(kind: str, file: str, made: Books, table: Table | None = None) -> None:
    """One of the formats, into a file that is there whole or not at all; `-` is standard output. Raises UsageError."""
    content = FORMATS[kind](made, table)
    if file == "-":
        _say(content.removeprefix(BOM_UTF8))  # a spreadsheet wants it, a pipe does not
        return
    path = Path(file)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        raise UsageError(f"{file} can not be written: {(error.strerror or str(error)).lower()}") from None
    finally:
        with suppress(OSError):  # there is none, if all went well; or there can be none of such a name
            beside.unlink()


def _say(content: bytes) -> None:
    """On standard output, as it is. A reader who has gone is no error, nor is one that the caller has closed."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        silence(sys.stdout)
    except OSError as error:
        silence(sys.stdout)
        raise UsageError(f"standard output could not be written: {(error.strerror or str(error)).lower()}") from None


# --- one submission ----------------------------------------------------------------------------------------------------


def _gradescope(made: Books, table: Table | None) -> bytes:
    from chatsim.gradebook.gradescope import gradescope_json

    return gradescope_json(made.assignment, _only(made, "gradescope")).encode()


def _classroom50(made: Books, table: Table | None) -> bytes:
    from chatsim.gradebook.classroom50 import classroom50_json

    return classroom50_json(made.assignment, _shown(made, "classroom50"), os.environ, made.now).encode()


def _prairielearn(made: Books, table: Table | None) -> bytes:
    from chatsim.gradebook.prairielearn import prairielearn_json

    return prairielearn_json(made.assignment, _shown(made, "prairielearn")).encode()


def _vpl(made: Books, table: Table | None) -> bytes:
    from chatsim.gradebook.vpl import vpl_text

    return vpl_text(made.assignment, _shown(made, "vpl")).encode()


def _html(made: Books, table: Table | None) -> bytes:
    from chatsim.gradebook.student_html import student_html

    return student_html(made.assignment, _shown(made, "html")).encode()


def _markdown(made: Books, table: Table | None) -> bytes:
    from chatsim.gradebook.student_markdown import student_markdown

    return student_markdown(made.assignment, _shown(made, "markdown")).encode()


def refuse_what_needs_one(wanted: Sequence[tuple[str, str]], submissions: int) -> None:
    """Before a class is graded for an hour.

    Raises UsageError if any of the formats is about one submission, and there are more.
    """
    for kind, _ in wanted:
        if kind in OF_ONE and submissions > 1:
            raise _not_one(kind, submissions)


def _only(made: Books, kind: str) -> Graded:
    if len(made.everybody) != 1:
        raise _not_one(kind, len(made.everybody))
    return made.everybody[0]


def _not_one(kind: str, submissions: int) -> UsageError:
    return UsageError(
        f"{kind} is about one submission, and there are {submissions}",
        hint="Inside of an autograder: chatsim grade SUBMISSION --single.",
    )


def _shown(made: Books, kind: str) -> Graded:
    """As its student may see it: these files reach students."""
    from chatsim.grader.publishing import shown

    return shown(made.assignment, _only(made, kind), made.now)


# --- a class -----------------------------------------------------------------------------------------------------------


def _csv(made: Books, table: Table | None) -> bytes:
    from chatsim.gradebook.csv import gradebook_csv

    return gradebook_csv(made.assignment, made.everybody).encode()


def _json(made: Books, table: Table | None) -> bytes:
    from chatsim.gradebook.json import gradebook_json

    return gradebook_json(made.assignment, made.everybody).encode()


def _canvas(made: Books, table: Table | None) -> bytes:
    from chatsim.gradebook.canvas import canvas_csv

    wanted = _wanted(table, "canvas")
    merged = canvas_csv(
        made.assignment, made.everybody, wanted.content, wanted.column or made.assignment.title, wanted.file
    )
    hint(merged.told())
    return merged.content


def _moodle(made: Books, table: Table | None) -> bytes:
    from chatsim.gradebook.moodle import moodle_csv

    wanted = _wanted(table, "moodle")
    merged = moodle_csv(made.assignment, made.everybody, wanted.content, wanted.column or "Grade", wanted.file)
    hint(merged.told())
    return merged.content


def _wanted(table: Table | None, kind: str) -> Table:
    if table is None:
        raise _no_table(kind)
    return table


def _no_table(kind: str) -> UsageError:
    return UsageError(
        f"{kind} writes points into the table that it has exported itself",
        hint=f"chatsim export RESULTS {kind}=NEW.csv --table EXPORTED.csv --column NAME",
    )


FORMATS: dict[str, Callable[[Books, Table | None], bytes]] = {
    "csv": _csv,
    "json": _json,
    "canvas": _canvas,
    "moodle": _moodle,
    "gradescope": _gradescope,
    "classroom50": _classroom50,
    "prairielearn": _prairielearn,
    "vpl": _vpl,
    "html": _html,
    "markdown": _markdown,
}
INTO_A_TABLE = frozenset(("canvas", "moodle"))
OF_ONE = frozenset(("gradescope", "classroom50", "prairielearn", "vpl", "html", "markdown"))
