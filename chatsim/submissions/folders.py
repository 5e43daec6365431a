"""A student's folder, read so that nothing of it can lead elsewhere, not even while somebody changes it.

Each folder is opened from the one that it is in, and no link is followed on the way; what was opened is looked at once
more. So a link that takes the place of a file meanwhile is not read, and a pipe does not hold us up.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from chatsim.submissions.landing import OURS, Landing
from chatsim.submissions.passing_over import is_junk

__all__ = ["land_file", "land_folder"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def land_folder(folder: Path, landing: Landing, under: str = "") -> None:
    """All that is in the folder, links as links. Raises OSError if the folder itself can not be read."""
    number = os.open(folder, _FOLDER)
    try:
        _land(number, under, landing)
    finally:
        os.close(number)


def land_file(file: Path, name: str, landing: Landing) -> None:
    """One file, called `name` from now on. Raises OSError if it can not be read."""
    number = os.open(file, _FILE)
    try:
        _land_opened(number, name, landing)
    finally:
        os.close(number)


def _land(folder: int, under: str, landing: Landing) -> None:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    for name in names:
        if is_junk(name):
            continue
        path = f"{under}/{name}" if under else name
        try:
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode):
                landing.link(path, os.readlink(name, dir_fd=folder))
            elif stat.S_ISDIR(mode):
                landing.folder(path)
                if path.count("/") < landing.bounds.depth:  # what is deeper than that was noted, and is left out
                    _enter(folder, name, path, landing)
            elif stat.S_ISREG(mode):
                number = os.open(name, _FILE, dir_fd=folder)
                try:
                    _land_opened(number, path, landing)
                finally:
                    os.close(number)
            else:
                landing.special(path)
        except PermissionError:
            landing.unreadable(path, "permission denied")
        except FileNotFoundError:
            landing.unreadable(path, "it went away meanwhile")
        except OSError as error:
            if error.errno in OURS:
                raise
            landing.unreadable(path, (error.strerror or str(error)).lower())


def _enter(folder: int, name: str, path: str, landing: Landing) -> None:
    number = os.open(name, _FOLDER, dir_fd=folder)
    try:
        _land(number, path, landing)
    finally:
        os.close(number)


def _land_opened(number: int, path: str, landing: Landing) -> None:
    about = os.fstat(number)
    if not stat.S_ISREG(about.st_mode):
        landing.special(path)
        return
    landing.afford(about.st_size)
    landing.file(
        path,
        lambda count: os.read(number, count),
        executable=bool(about.st_mode & 0o111),
        modified=about.st_mtime,
    )
