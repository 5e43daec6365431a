"""Where the submissions of a class lie side by side: a folder, or the one zip archive that a learning system gives."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatsim.errors import UsageError
from chatsim.report.printable import printable
from chatsim.submissions.landing import RefusedError
from chatsim.submissions.passing_over import is_hidden
from chatsim.submissions.zips import LARGEST_READ_OF_CLASS, names_in, opened

__all__ = ["Entry", "Shelf", "shelf_of"]

LARGEST_METADATA = 256 * 1024 * 1024  # bytes: with what each autograder said of each attempt, it grows


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that lies there. `way`: how to get there from the shelf's path."""

    name: str
    way: str
    kind: Literal["folder", "file", "link", "special"]


@dataclass(frozen=True, slots=True)
class Shelf:
    """What lies in one place, in the order of names and without what is hidden. `packed`: `path` is an archive."""

    path: Path
    packed: bool
    entries: tuple[Entry, ...]

    def inner(self) -> Shelf | None:
        """What lies in the only folder, if all is in one."""
        if len(self.entries) != 1 or self.entries[0].kind != "folder":
            return None
        return (
            _zip_shelf(self.path, self.entries[0].way)
            if self.packed
            else _folder_shelf(self.path / self.entries[0].way)
        )

    def read(self, entry: Entry) -> bytes:
        """A file that tells about the others. Raises UsageError if it can not be read."""
        try:
            if not self.packed:
                with (self.path / entry.way).open("rb") as file:
                    data = file.read(LARGEST_METADATA + 1)
            else:
                with self.path.open("rb") as packed, opened(packed, LARGEST_READ_OF_CLASS) as archive:
                    found = next(each for name, each in names_in(archive) if name == entry.way)
                    with archive.open(found) as contents:
                        data = contents.read(LARGEST_METADATA + 1)
        except OSError as error:
            raise UsageError(f"{entry.name} can not be read: {(error.strerror or str(error)).lower()}") from None
        except RefusedError as error:
            raise UsageError(f"{self.path}: {error.told}") from None
        if len(data) > LARGEST_METADATA:
            raise UsageError(f"{entry.name} is larger than {LARGEST_METADATA // 1024**2} MiB")
        return data


def shelf_of(path: Path, *, packed: bool) -> Shelf:
    """What lies in a folder, or in a zip archive. Raises UsageError if it can not be read."""
    return _zip_shelf(path) if packed else _folder_shelf(path)


def _folder_shelf(folder: Path) -> Shelf:
    try:
        with os.scandir(folder) as entries:
            found = [
                Entry(entry.name, entry.name, _kind(entry.stat(follow_symlinks=False).st_mode))
                for entry in entries
                if not is_hidden(entry.name)
            ]
    except OSError as error:
        raise UsageError(f"{folder} can not be read: {(error.strerror or str(error)).lower()}") from None
    return Shelf(folder, False, tuple(sorted(found, key=lambda entry: entry.name)))


def _kind(mode: int) -> Literal["folder", "file", "link", "special"]:
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "file" if stat.S_ISREG(mode) else "special"


def _zip_shelf(path: Path, under: str = "") -> Shelf:
    found: dict[str, Entry] = {}
    try:
        with path.open("rb") as packed, opened(packed, LARGEST_READ_OF_CLASS) as archive:
            for name, _ in names_in(archive):
                if under and not name.startswith(f"{under}/"):
                    continue
                first, slash, _ = name.removeprefix(f"{under}/" if under else "").partition("/")
                if first and first not in ("..", ".") and not is_hidden(first):
                    way = f"{under}/{first}" if under else first
                    found[first] = Entry(first, way, "folder" if slash or first in found else "file")
    except OSError as error:
        raise UsageError(f"{path} can not be read: {(error.strerror or str(error)).lower()}") from None
    except RefusedError as error:
        raise UsageError(f"{path} can not be read as an archive. {printable(error.told)}") from None
    return Shelf(path, True, tuple(found[name] for name in sorted(found)))
