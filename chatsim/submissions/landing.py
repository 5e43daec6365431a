"""Where files of students land. Whatever they were taken from, a name, a link or a size is judged here and nowhere else.

Nothing is written through a link, since links are made when all else has been written; and only those whose end is in
the target. Files are new files with plain permissions: what else an archive asks for (owners, set-user-id bits, devices) is
not even looked at.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
import time
from collections.abc import Callable
from pathlib import Path

from chatsim.report.printable import quoted
from chatsim.submissions.passing_over import is_junk
from chatsim.submissions.submission import Bounds

__all__ = ["CHUNK", "OURS", "Landing", "RefusedError"]

CHUNK = 64 * 1024  # bytes that are held at a time
LONGEST_NAME = 255  # bytes of one name, which is what file systems take
LONGEST_PATH = 1024  # bytes: macOS ends there, and no honest path comes near
MOST_NOTES = 20  # more of them nobody reads; the rest is counted
EARLIEST = 315_532_800  # 1980, when zip archives begin: nobody's server is older
MIB = 1024 * 1024

# What goes wrong for every file, and is therefore no fault of the one that it struck.
OURS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM)


class RefusedError(Exception):
    """The whole submission can not be unpacked: sentences for its student. `ours`: it is not their fault."""

    def __init__(self, told: str, *, ours: bool = False) -> None:
        super().__init__(told)
        self.told = told
        self.ours = ours


class Landing:
    """One target folder, which is there, empty, and written to by nobody else.

    Every method takes names as an archive has them, in whatever shape, and leaves out what can not be, with a note. They
    raise RefusedError when a bound is reached, and OSError when the machine is to blame: a full disk.
    """

    def __init__(self, target: Path, bounds: Bounds) -> None:
        self.target = target
        self.bounds = bounds
        self.total = 0  # bytes that were written, those of replaced files included
        self.count = 0  # files, folders and links
        self.packed: int | None = None  # bytes of the archives that this came from; None: it was not packed
        self._notes: dict[str, None] = {}
        self._more = 0
        self._links: dict[str, str] = {}
        self._folded: dict[str, str] = {}
        self._folders = {""}

    # --- what archives and folders hold ------------------------------------------------------------------------------

    def folder(self, name: str) -> None:
        """A folder, also an empty one."""
        path = self._path(name)
        if path is not None:
            self._make_folder(path, name)

    def file(
        self, name: str, read: Callable[[int], bytes], *, executable: bool = False, modified: float | None = None
    ) -> None:
        """A file; `read(n)` gives at most n bytes of it, and b"" at its end. One of the same name before is replaced, as
        it is meant in archives that were added to. `modified`: seconds since 1970, or None for now."""
        path = self._path(name)
        if path is None or not self._make_folder(posixpath.dirname(path), name):
            return
        try:
            number = self._opened(path, name)
        except OSError as error:
            self._cannot(name, error)
            return
        if number is None:
            return
        with open(number, "wb") as file:  # noqa: PTH123 - a descriptor
            while chunk := read(CHUNK):
                self.afford(len(chunk))
                self.total += len(chunk)
                file.write(chunk)
            file.flush()
            os.fchmod(number, 0o755 if executable else 0o644)
            if modified is not None and EARLIEST <= modified <= time.time():
                os.utime(number, (modified, modified))  # `make` goes by it

    def link(self, name: str, to: str) -> None:
        """A symbolic link. It is made at the end, if it leads to something in here then."""
        path = self._path(name)
        if path is not None:
            self._one_more(path)
            self._links[path] = to

    def hard_link(self, name: str, to: str) -> None:
        """Another name of a file that came before. It becomes a copy."""
        source = self._path(to)
        if source is None or not stat.S_ISREG(self._mode(source)):
            self.note(f"{quoted(name)} was left out: it is a link to {quoted(to)}, which is not part of this.")
        elif self._path(name) != source:
            with (self.target / source).open("rb") as file:
                self.file(name, file.read, executable=bool(self._mode(source) & 0o100))

    def special(self, name: str) -> None:
        """A device, a pipe, a socket: nothing that can be handed in."""
        self.note(f"{quoted(name)} was left out: it is no file, but a device, a pipe or a socket.")

    def unreadable(self, name: str, why: str) -> None:
        """Something that is there and can not be read. `why`: a few words."""
        self.note(f"{quoted(name)} was left out: it can not be read ({why}).")

    # --- bounds and notes --------------------------------------------------------------------------------------------

    def afford(self, count: int) -> None:
        """Raises RefusedError if so many bytes more are too much. To be asked, too, before a size that is told is believed."""
        total = self.total + count
        if total > self.bounds.total:
            raise RefusedError(
                f"It is too large: unpacked it has more than {self.bounds.total // MIB:,} MiB. Hand in the source code, "
                "without what was installed, built or recorded."
            )
        if self.packed is not None and total > self.bounds.free and total > self.bounds.ratio * self.packed:
            raise RefusedError(
                f"It is packed more than {self.bounds.ratio} times smaller than it is, as no source code can be. "
                "Are there large files in it that hold nothing? Hand in the source code only."
            )

    def note(self, sentence: str) -> None:
        """Something that the student should know. The same sentence is kept once."""
        if sentence in self._notes:
            return
        if len(self._notes) < MOST_NOTES:
            self._notes[sentence] = None
        else:
            self._more += 1

    @property
    def notes(self) -> tuple[str, ...]:
        """What was noted, in order; of very many, how many more there are."""
        return (*self._notes, *((f"And {self._more:,} more like these.",) if self._more else ()))

    # --- the end -----------------------------------------------------------------------------------------------------

    def entries(self, folder: str = "") -> list[str]:
        """What lies in a folder of the target, links that are still to be made included; sorted."""
        there = {entry.name for entry in (self.target / folder).iterdir()}
        return sorted(there | {posixpath.basename(path) for path in self._links if posixpath.dirname(path) == folder})

    def finish(self, root: str = "") -> None:
        """Make the links that lead to something in `root`, a folder of the target. After that nothing else may land."""
        made = [path for path, to in self._links.items() if self._make_link(path, to, root)]
        base = (self.target / root).resolve()
        while outside := [path for path in made if not self._leads_into(base, path)]:
            for path in outside:  # each that goes may have been a part of another's way
                (self.target / path).unlink()
                made.remove(path)
                self._left_out(path)
        self._links = {}

    # --- inside ------------------------------------------------------------------------------------------------------

    def _path(self, name: str) -> str | None:
        """The name as a relative path, or None if nothing of this name may land."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if parts and len(parts[0]) == 2 and parts[0][1] == ":" and parts[0][0].isalpha():
            del parts[0]  # the C: of an absolute path
        if not parts or any(map(is_junk, parts)):
            return None
        path = "/".join(parts)
        if ".." in parts:
            why = 'its name leads out of the folder, by ".."'
        elif any(ord(c) < 32 or ord(c) == 127 for c in path):
            why = "there are control characters in its name"
        elif max(len(os.fsencode(part)) for part in parts) > LONGEST_NAME or len(os.fsencode(path)) > LONGEST_PATH:
            why = "its name is too long"
        elif len(parts) > self.bounds.depth:
            why = f"it lies more than {self.bounds.depth} folders deep"
        else:
            return path
        self.note(f"{quoted(name)} was left out: {why}.")
        return None

    def _mode(self, path: str) -> int:
        """What lies there; 0 for nothing."""
        try:
            return (self.target / path).lstat().st_mode
        except OSError:
            return 0

    def _opened(self, path: str, name: str) -> int | None:
        """A descriptor of a new file, or None if there is a folder in its place."""
        there = self.target / path
        before = self._mode(path)
        if stat.S_ISDIR(before):
            self.note(f"The file {quoted(name)} was left out: there is a folder of this name.")
            return None
        if before:
            self.note(f"{quoted(name)} is there more than once: the last one was kept.")
            there.unlink()
        self._one_more(path)
        return os.open(there, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def _make_folder(self, path: str, name: str) -> bool:
        """The folder and those that it is in. False, with a note, if there is a file in its place."""
        if path in self._folders:
            return True
        if not self._make_folder(posixpath.dirname(path), name):
            return False
        there = self.target / path
        try:
            there.mkdir()
            there.chmod(0o755)
        except FileExistsError:
            if not stat.S_ISDIR(self._mode(path)):
                self.note(f"{quoted(name)} was left out: {quoted(path)} is a file, and no folder.")
                return False
        except OSError as error:
            self._cannot(name, error)
            return False
        self._one_more(path)
        self._folders.add(path)
        return True

    def _one_more(self, path: str) -> None:
        self.count += 1
        if self.count > self.bounds.files:
            raise RefusedError(
                f"There are more than {self.bounds.files:,} files in it. Hand in the source code, without what was "
                "installed for it."
            )
        other = self._folded.setdefault(path.casefold(), path)
        if other != path:
            self.note(
                f"{quoted(other)} and {quoted(path)} differ in capital letters only: on Windows and macOS one of them "
                "would replace the other."
            )

    def _make_link(self, path: str, to: str, root: str) -> bool:
        if not self._make_folder(posixpath.dirname(path), path):
            return False
        if self._mode(path):
            self.note(f"The link {quoted(path)} was left out: there is a file or folder of this name.")
            return False
        # By its words alone it may not leave the root, not even to come back: in a sandbox that has another name.
        way = posixpath.normpath(posixpath.join(posixpath.dirname(path), to))
        if to.startswith("/") or f"{way}/".startswith("../") or not f"{way}/".startswith(f"{root}/" if root else ""):
            self._left_out(path)
            return False
        try:
            (self.target / path).symlink_to(to)
        except (OSError, ValueError):
            self._left_out(path)
            return False
        return True

    def _leads_into(self, base: Path, path: str) -> bool:
        try:
            return (self.target / path).resolve(strict=True).is_relative_to(base)
        except (OSError, RuntimeError):
            return False

    def _left_out(self, path: str) -> None:
        self.note(
            f"The link {quoted(path)} was left out: it leads to {quoted(self._links[path])}, which is not part of this."
        )

    def _cannot(self, name: str, error: OSError) -> None:
        if error.errno in OURS:
            raise error
        self.note(f"{quoted(name)} was left out: {(error.strerror or str(error)).lower()}.")
