"""What a confined tree uses: memory, disk, files, processes; looked at from outside, every now and then."""

# ruff: noqa: PTH116, PTH123, PTH208 - pathlib doubles the time of a look
from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass

from chatsim.sandbox.bounds import HIDDEN
from chatsim.server.processes import PAGE, Process

__all__ = ["Held", "files_in", "held_by", "memory_of", "room_taken"]


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes in files that no name leads to any more, but a descriptor: in memory, and on the disk. `unseen`: how many more
    there may be of which nobody can tell the size: on their way between two sockets, or only mapped into memory."""

    memory: int = 0
    disk: int = 0
    unseen: int = 0


def memory_of(members: Sequence[Process], bound: int) -> int:
    """Bytes that are resident. What is shared is counted for each, and only where that is more than the bound, it is divided
    among those who share it: a server with a process a client shares nearly all, and to ask for that takes time."""
    each = [_resident(process) for process in members]
    if sum(each) <= bound:
        return sum(each)
    return sum(min(resident, _proportional(process)) for process, resident in zip(members, each, strict=True))


def _resident(process: Process) -> int:
    try:
        with open(f"{process.folder}/statm", "rb") as file:
            return int(file.read().split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return process.rss


def _proportional(process: Process) -> int:
    """Its part of what it has in memory; more than anything where that is not told."""
    try:
        with open(f"{process.folder}/smaps_rollup", "rb") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(b"Pss:"))
    except (OSError, ValueError, StopIteration):
        return 1 << 62


def held_by(members: Sequence[Process]) -> Held:
    """Of the files that they hold open: those that a walk does not find, each counted once."""
    seen: set[tuple[int, int]] = set()
    mapped: set[bytes] = set()
    links = _links(members)
    memory = disk = sent = 0
    for process in members:
        mapped |= _mapped_only(process)
        try:
            names = os.listdir(f"{process.folder}/fd")
        except OSError:
            continue
        for name in names:
            try:
                status = os.stat(f"{process.folder}/fd/{name}")
            except OSError:
                continue
            if status.st_ino in links and stat.S_ISSOCK(status.st_mode):
                links.remove(status.st_ino)  # once is enough
                sent += _on_their_way(f"{process.folder}/fdinfo/{name}")
            if status.st_nlink or not stat.S_ISREG(status.st_mode) or (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            if os.major(status.st_dev):
                disk += status.st_blocks * 512
            else:
                memory += status.st_blocks * 512  # a file of no device: tmpfs, or one that only memory has
    return Held(memory, disk, sent + len(mapped))


def _links(members: Sequence[Process]) -> set[int]:
    """The numbers of the Unix sockets in their network; by these, descriptors are sent."""
    for process in members:
        with contextlib.suppress(OSError), open(f"{process.folder}/net/unix", "rb") as file:
            return {int(words[6]) for words in map(bytes.split, file.readlines()[1:]) if len(words) > 6}
    return set()


def _on_their_way(about: str) -> int:
    """How many descriptors were sent to a socket, and not received yet. Told by Linux from 5.6 on."""
    with contextlib.suppress(OSError, ValueError), open(about, "rb") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(b"scm_fds:"))
    return 0


def _mapped_only(process: Process) -> set[bytes]:
    """Files on a disk that were removed and are mapped, each by its device and number."""
    with contextlib.suppress(OSError), open(f"{process.folder}/maps", "rb") as file:
        removed = (line.split(maxsplit=5) for line in file if line.endswith(b" (deleted)\n"))
        return {words[3] + words[4] for words in removed if not words[3].startswith(b"00:")}
    return set()


def files_in(folder: str) -> tuple[int, int]:
    """Bytes on the disk, and how many files and folders. Nothing is followed."""
    size = number = 0
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    number += 1
                    with contextlib.suppress(OSError):
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                        else:
                            size += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError as error:
            if error.errno in (errno.ENAMETOOLONG, errno.EACCES):
                return size, HIDDEN
    return size, number


def room_taken(place: str) -> tuple[int, int]:
    """Bytes and files of a file system of its own, such as a tmpfs; nothing if it is not there."""
    try:
        told = os.statvfs(place)
    except OSError:
        return 0, 0
    return (told.f_blocks - told.f_bfree) * told.f_frsize, told.f_files - told.f_ffree
