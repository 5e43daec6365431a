"""Is this the submission that was graded before? Told by names, sizes and times, as it lies there: nothing is opened."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from chatsim.submissions.submission import Submission

__all__ = ["fingerprint"]

NOT_LOOKED_INTO = (".git", "node_modules", ".venv", "venv")


def fingerprint(submission: Submission) -> str:
    """Hexadecimal digits; another number, if anything of it was written since. Of what can not be looked at it tells no
    more than the name."""
    total = hashlib.sha256(
        repr((submission.kind, submission.address, submission.pieces)).encode("utf-8", "surrogatepass")
    )
    for name, about in sorted(_entries(submission.path)):
        total.update(f"{name}\0{about}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _entries(path: Path) -> Iterator[tuple[str, str]]:
    yield "", _about(path)
    folders = [""]
    while folders:  # by no recursion: a student may have dug deeper than that goes
        folder = folders.pop()
        try:
            with os.scandir(path / folder) as entries:
                found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except OSError:
            continue
        for name, is_folder in found:
            inside = f"{folder}/{name}" if folder else name
            if not is_folder:
                yield inside, _about(path / inside)
            elif name not in NOT_LOOKED_INTO:
                folders.append(inside)


def _about(path: Path) -> str:
    try:
        seen = path.lstat()
    except OSError:
        return "?"
    # A folder's own time changes when somebody looks into it with an editor.
    return f"{seen.st_size} {seen.st_mtime_ns}" if not stat.S_ISDIR(seen.st_mode) else ""
