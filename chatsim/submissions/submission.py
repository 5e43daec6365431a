"""A class and what each student of it handed in: values, as `finding` makes them and `unpacking` takes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatsim.grading.record import Student

__all__ = ["Bounds", "Class", "Kind", "PassedOver", "Refused", "Submission", "Unpacked"]

Kind = Literal["folder", "archive", "file", "repository", "remote", "several"]

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Submission:
    """What one student handed in, wherever it lies.

    `kind`: `folder`, `archive` and `file` say what `path` is; `repository` a bare git repository at `path`; `remote` one that
    is cloned from `address`; `several`: there is more than one, `told` names them, and somebody has to decide.
    `pieces`: parts of `path` that are the submission, where it is not all of it: for each, where it lies in the folder or zip
    archive `path`, and what it is called in the submission ("": it is the whole).
    """

    student: Student
    path: Path
    kind: Kind
    submitted: float | None = None  # seconds since 1970, where anything tells; never the time of a file
    origin: str = ""  # as a person would name it, fit to be shown: `anna.zip`, an address without a password
    pieces: tuple[tuple[str, str], ...] = ()
    address: str = ""
    told: str = ""
    marked_late: bool = False  # the learning system says so, and not by how much


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Something that lies among the submissions and could not be given to any student. Both are fit to be shown."""

    name: str
    why: str  # a few words


@dataclass(frozen=True, slots=True)
class Class:
    """All submissions, one a student, in the order of their keys; and what is nobody's."""

    submissions: tuple[Submission, ...]
    passed_over: tuple[PassedOver, ...] = ()
    system: str = ""  # the learning system whose download this is; empty: none was recognised


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a submission may take, unpacked: far above honest ones, far below what hurts a disk."""

    total: int = 500 * MIB  # bytes of all files together
    files: int = 50_000  # and folders and links: a `node_modules` fits
    depth: int = 40  # folders within each other
    nested: int = 2  # archives within each other
    ratio: int = 200  # unpacked to packed, once there are more than `free` bytes
    free: int = 16 * MIB
    seconds: float = 120.0  # for a repository that is fetched


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A submission as plain files. `folder`: the one that counts, within the target, since a single folder that holds all
    is looked through. `notes`: what was left out and why, in sentences for the student."""

    folder: Path
    notes: tuple[str, ...] = ()
    submitted: float | None = None  # known only now of a repository that was fetched; else as in the submission


@dataclass(frozen=True, slots=True)
class Refused:
    """It can not be unpacked; `told` says why, for the student. `ours`: the machine or the teacher's list is to blame."""

    told: str
    ours: bool = False
