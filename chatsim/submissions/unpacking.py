"""A submission becomes plain files in a folder of ours. That it can not is a result, with sentences for its student."""

from __future__ import annotations

import os
import posixpath
import shutil
from pathlib import Path
from typing import BinaryIO

from chatsim.report.printable import quoted
from chatsim.submissions.folders import land_file, land_folder
from chatsim.submissions.landing import OURS, Landing, RefusedError
from chatsim.submissions.passing_over import archive_suffix, is_document
from chatsim.submissions.repositories import committed, fetched, land_repository
from chatsim.submissions.submission import Bounds, Refused, Submission, Unpacked
from chatsim.submissions.tars import land_tar
from chatsim.submissions.zips import land_zip

__all__ = ["unpack"]

# Folders that are part of a project, and not a cover around it, also where nothing stands beside them.
PARTS = frozenset("src lib app bin server source sources cmd pkg main".split())
COVERS = 3  # folders around everything that are looked through: "Extract all", packed again, has two


def unpack(submission: Submission, target: Path, bounds: Bounds | None = None) -> Unpacked | Refused:
    """Put what was handed in into `target`, a folder that is not there yet, or is empty.

    Whatever is in it, nothing of it is written outside of `target`, no program of it is run, and no more than `bounds` allow
    is written. What git needs for it lies beside `target` meanwhile. What can not land is left out, with a note; an archive
    that is no honest one is refused, and then `target` is empty. Raises nothing that the submission or the machine could
    cause; ValueError if there is something in `target`.
    """
    if submission.kind == "several":
        return Refused(submission.told)
    landing = Landing(target, bounds or Bounds())
    if target.exists() and any(target.iterdir()):
        raise ValueError(f"there is something in {target}")
    try:
        target.mkdir(parents=True, exist_ok=True)
        submitted = _land(submission, landing)
        root = _root(landing)
        for _ in range(landing.bounds.nested):
            archive = _only_archive(landing, root)
            if archive is None:
                break
            _land_nested(landing, archive)
            root = _root(landing, root)
        else:
            if _only_archive(landing, root) is not None:
                raise RefusedError("It is an archive in an archive in an archive. Pack the files themselves, once.")
        landing.finish(root)
        if not any((target / root).iterdir()):
            landing.note("There is nothing in it.")
    except RefusedError as error:
        _empty(target)
        return Refused(error.told, ours=error.ours)
    except OSError as error:
        _empty(target)
        return _refused(submission, error)
    return Unpacked(target / root, landing.notes, submitted if submission.submitted is None else submission.submitted)


def _land(submission: Submission, landing: Landing) -> float | None:
    """Land all of it. Returns when it was handed in, where only now anything tells."""
    if submission.kind == "remote":
        bounds = landing.bounds
        beside = landing.target.parent
        with fetched(submission.address, bounds.seconds, bounds.total, beside) as repository:
            land_repository(repository, landing)
            return committed(repository, beside)
    if submission.kind == "repository":
        land_repository(submission.path, landing)
    elif submission.pieces:
        _land_pieces(submission, landing)
    elif submission.kind == "folder":
        land_folder(submission.path, landing)
    elif submission.kind == "archive":
        with _opened(submission.path) as file:
            _land_archive(file, submission.path.name, landing)
    else:
        land_file(submission.path, submission.path.name, landing)
    return None


def _land_pieces(submission: Submission, landing: Landing) -> None:
    if submission.kind == "archive":
        with _opened(submission.path) as file:
            for inside, name in submission.pieces:
                land_zip(file, landing, name, inside)
        return
    for inside, name in submission.pieces:
        piece = submission.path / inside
        if piece.is_dir() and not piece.is_symlink():
            land_folder(piece, landing, name)
        else:
            land_file(piece, name, landing)


def _land_archive(file: BinaryIO, name: str, landing: Landing, under: str = "") -> None:
    """By what the file is, not by what it is called: `hand_in.zip` may well be a tar."""
    head = file.read(265)
    file.seek(0)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06") or _ends_as_zip(file):
        land_zip(file, landing, under)
    elif head[257:262] == b"ustar" or head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")):
        land_tar(file, landing, under)
    elif not head:
        raise RefusedError(f"The archive {quoted(name)} is empty: there is not one byte in it.")
    elif kind := _other_kind(head):
        raise RefusedError(f"{quoted(name)} is a {kind} archive, which can not be unpacked here. Pack it as a zip.")
    elif name.casefold().endswith(".tar"):
        land_tar(file, landing, under)  # the oldest tars do not say what they are
    else:
        raise RefusedError(
            f"{quoted(name)} is called an archive, and is none. Pack the files as a zip, and hand in that."
        )


def _ends_as_zip(file: BinaryIO) -> bool:
    """A zip is known by its end; before it there may be anything."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 22))
    end = file.read(4)
    file.seek(0)
    return end == b"PK\x05\x06"


def _other_kind(head: bytes) -> str:
    kinds = {b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!": "RAR", b"\x28\xb5\x2f\xfd": "Zstandard", b"MSCF": "Cabinet"}
    return next((kind for magic, kind in kinds.items() if head.startswith(magic)), "")


# --- what lies around, and within ------------------------------------------------------------------------------------


def _root(landing: Landing, root: str = "") -> str:
    """The folder that counts: one in which everything is, is a cover."""
    for _ in range(COVERS):
        names = landing.entries(root)
        inner = posixpath.join(root, names[0]) if len(names) == 1 else ""
        there = landing.target / inner
        if not inner or names[0].casefold() in PARTS or there.is_symlink() or not there.is_dir():
            break
        root = inner
    return root


def _only_archive(landing: Landing, root: str) -> str | None:
    """The archive that is all there is, but for documents: it is what was meant to be handed in."""
    names = landing.entries(root)
    archives = [name for name in names if archive_suffix(name) and (landing.target / root / name).is_file()]
    others = [name for name in names if name not in archives and not is_document(name)]
    return posixpath.join(root, archives[0]) if len(archives) == 1 and not others else None


def _land_nested(landing: Landing, archive: str) -> None:
    """Unpack it in its place. It is opened first and goes then, so that nothing in it can have its name."""
    there = landing.target / archive
    with _opened(there) as file:
        there.unlink()
        _land_archive(file, posixpath.basename(archive), landing, posixpath.dirname(archive))


def _opened(path: Path) -> BinaryIO:
    return open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")  # noqa: PTH123


# --- when it fails ---------------------------------------------------------------------------------------------------


def _empty(target: Path) -> None:
    for entry in target.iterdir() if target.is_dir() else ():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _refused(submission: Submission, error: OSError) -> Refused:
    why = (error.strerror or str(error)).lower()
    if error.errno in OURS:
        return Refused(f"It could not be unpacked on this machine: {why}.", ours=True)
    return Refused(f"{quoted(submission.origin or submission.path.name)} can not be read: {why}.", ours=True)
