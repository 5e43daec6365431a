"""One number for all that is in a folder: the same files, the same number, on whatever disk they lie."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

__all__ = ["digest_of"]


def digest_of(folder: Path) -> str:
    """SHA-256, in hexadecimal digits, of the names, contents, links and rights to be executed of all that is in the folder.

    Not of times, owners and the order of entries. Raises OSError for what can not be read.
    """
    total = hashlib.sha256()
    for path, mode in sorted(_entries(folder, b"")):
        there = os.path.join(os.fsencode(folder), path)  # noqa: PTH118 - names are bytes here, and stay what they are
        if stat.S_ISLNK(mode):
            kind, content = b"link", hashlib.sha256(os.readlink(there)).digest()  # noqa: PTH115
        elif stat.S_ISDIR(mode):
            kind, content = b"folder", b""
        else:
            kind = b"program" if mode & 0o100 else b"file"
            with open(there, "rb") as file:  # noqa: PTH123
                content = hashlib.file_digest(file, "sha256").digest()
        total.update(b"%s %d %s %s\n" % (kind, len(path), path, content))
    return total.hexdigest()


def _entries(folder: Path, under: bytes) -> list[tuple[bytes, int]]:
    found = []
    with os.scandir(os.path.join(os.fsencode(folder), under)) as entries:  # noqa: PTH118
        for entry in entries:
            path = under + b"/" + entry.name if under else entry.name
            mode = entry.stat(follow_symlinks=False).st_mode
            found.append((path, mode))
            if stat.S_ISDIR(mode):
                found += _entries(folder, path)
    return found
