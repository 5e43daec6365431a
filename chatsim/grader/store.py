"""The folder of results: what is known of each submission is kept as soon as it is known, whole or not at all.

    grading.json              which assignment, with how much patience, on what machine
    marks.json                where that lies which a person has decided, if anything was
    students/KEY/record.json  the evidence
    …                         and what is made of it (`publish`), at the end of each `chatsim grade`

Whoever finds such a folder goes on where it ends: a `chatsim grade` that was killed, one for students who came later, a merge.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chatsim.errors import UsageError
from chatsim.grading.plain import NotPlainError, read
from chatsim.grading.record import SubmissionRecord
from chatsim.grading.stored import from_json, to_json
from chatsim.report.printable import printable

__all__ = ["Store", "Terms"]

FORMAT = 1
HEAD = "grading.json"
MARKS = "marks.json"
LOCK = ".lock"
UNFINISHED = re.compile(r"\..+\.\d+")  # what `publish` was writing when somebody was killed


@dataclass(frozen=True, slots=True)
class Terms:
    """What is the same for all students: what a continued grading takes over, and a merge compares."""

    assignment: str  # the digest
    file: str  # the assignment's, absolute
    seed: int
    patience: float  # scaled by the calibration
    confinement: str
    version: str
    machine: str
    shard: str = ""  # i/n


class Store:
    """One folder of results. A context: while it is open, no other grading writes there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = -1

    def __enter__(self) -> Store:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UsageError(f"results can not be kept in {self.folder}: {_why(error)}") from None
        if not _locked(self._lock):
            self.__exit__()
            raise UsageError(f"another chatsim is grading into {self.folder}", hint="Wait for its end, or end it.")
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def terms(self) -> Terms | None:
        """Of what was graded here before; None: nothing was. Raises UsageError for a folder that is something else."""
        path = self.folder / HEAD
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            if others := self._others():
                raise UsageError(
                    f"{self.folder} is no folder of results: it holds {others[0]}",
                    hint="Results go into a folder of their own: --results FOLDER",
                ) from None
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise _unreadable(path, _why(error)) from None
        if not isinstance(plain, dict) or plain.get("chatsim") != "grading" or plain.get("format") != FORMAT:
            raise _unreadable(path, "it was not written by this version of chatsim")
        try:
            return read(Terms, {name: value for name, value in plain.items() if name not in ("chatsim", "format")})
        except NotPlainError as error:
            raise _unreadable(path, str(error)) from None

    def _others(self) -> list[str]:
        """What lies here that no grading has put here, as far as names tell."""
        if not self.folder.is_dir():
            return []
        names = sorted(each.name for each in self.folder.iterdir())
        return [name for name in names if name != LOCK and not UNFINISHED.fullmatch(name)]

    def forget(self) -> None:
        """Nothing is known here any more, also where it was damaged. Raises UsageError for a folder that is something else, and
        if the disk refuses."""
        path = self.folder / HEAD
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            plain = None  # it is damaged, or not there
        if not path.exists() or (plain is not None and (not isinstance(plain, dict) or "chatsim" not in plain)):
            self.terms()
            return
        try:
            self.unpublish(MARKS)
            for name in ("students", "pages"):
                with contextlib.suppress(FileNotFoundError):
                    shutil.rmtree(self.folder / name)
        except OSError as error:
            raise UsageError(f"{error.filename or self.folder} can not be removed: {_why(error)}") from None

    def forget_student(self, key: str) -> None:
        """Nothing is known of this one any more. Raises UsageError if the disk refuses."""
        try:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(self.folder / "students" / key)
        except OSError as error:
            raise UsageError(f"{error.filename or self.folder} can not be removed: {_why(error)}") from None

    def begin(self, terms: Terms) -> None:
        """A new grading: what it goes by."""
        self.publish(HEAD, _pretty({"chatsim": "grading", "format": FORMAT, **asdict(terms)}))

    def marked(self, file: str) -> None:
        """A person has decided what stands in this file: whoever counts these points again is to ask it, too."""
        self.publish(MARKS, _pretty({"chatsim": "marks", "file": str(Path(file).absolute())}))

    def marks(self) -> str | None:
        """The file that points were last counted with; None: there was none. Raises UsageError if that was damaged."""
        path = self.folder / MARKS
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise _unreadable(path, _why(error)) from None
        if not isinstance(plain, dict) or not isinstance(plain.get("file"), str):
            raise _unreadable(path, "it was not written by this version of chatsim")
        return str(plain["file"])

    def keep(self, record: SubmissionRecord) -> None:
        """From now on it is known, whatever happens to us."""
        self.publish(f"students/{record.student.key}/record.json", to_json(record))

    def record(self, key: str) -> SubmissionRecord | None:
        """What is known of a student. Raises UsageError if that was damaged."""
        path = self.folder / "students" / key / "record.json"
        try:
            text = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(path, _why(error)) from None
        return from_json(text, str(path))

    def records(self) -> Iterator[SubmissionRecord]:
        """Of all students that anything is known of, by their keys."""
        for key in self.keys():
            if (record := self.record(key)) is not None:
                yield record

    def keys(self) -> list[str]:
        """Of all students that something is stored of; their records are not read."""
        try:
            return sorted(each.parent.name for each in (self.folder / "students").glob("*/record.json"))
        except FileNotFoundError:
            return []

    def publish(self, name: str, text: str | bytes) -> None:
        """A file that is there whole, or not at all. `name` is relative, with `/`. Raises UsageError."""
        path = self.folder / name
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(beside, "wb") as file:  # noqa: PTH123 - it is synchronised by its descriptor
                file.write(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException as error:  # an interrupt, too
            with contextlib.suppress(OSError, UnicodeError):
                beside.unlink()
            if isinstance(error, UnicodeError):
                raise UsageError(
                    f"{printable(str(path))} can not be written: files can not be called so where letters are {error.encoding}"  # type: ignore[attr-defined]
                ) from None
            if isinstance(error, OSError):
                raise UsageError(f"{path} can not be written: {_why(error)}") from None
            raise

    def tidy(self) -> None:
        """What somebody was writing who was killed goes. To be called where this is known to be a folder of results."""
        for place in (".", "students", "students/*", "pages"):
            for draft in self.folder.glob(f"{place}/.*"):
                if UNFINISHED.fullmatch(draft.name):
                    with contextlib.suppress(OSError):
                        draft.unlink()

    def unpublish(self, name: str) -> None:
        """It is not true any more."""
        with contextlib.suppress(FileNotFoundError):
            (self.folder / name).unlink()


def _locked(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: nobody is kept from it
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: nobody is kept from it, either
        return True
    return True


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return "it is no JSON: perhaps it was not written to its end"


def _unreadable(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path} can not be read back: {why}",
        hint="Grade into another folder, or anew into this one: --fresh",
    )


def _pretty(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, indent=1) + "\n"
