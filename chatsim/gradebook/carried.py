"""What an exported autograder carries along: an assignment's own files, and chatsim with all that it needs, as installed here.

Packages are taken as they are, compiled parts included. Those run where Python and machine are the same; elsewhere chatsim does
without them, but for faster parsing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import metadata
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Final

from chatsim.errors import UsageError
from chatsim.grading.assignment import Assignment
from chatsim.profile.profile import Profile

__all__ = ["OWN", "REQUIRED", "assignment_files", "own_packages"]

OWN: Final = (
    "chatsim",
    "reference_server",
)  # one plays, the other is the trusted server by which a machine is measured
REQUIRED: Final = ("typer", "faker", "PyYAML", "wsproto", "jinja2", "psutil")  # as pyproject.toml has them

_EXTENDS = re.compile(r"^extends:[ \t]*[\"']?([^\"'#\n]+?)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)


def assignment_files(assignment: Assignment) -> tuple[str, dict[str, bytes]]:
    """The name of the assignment's file, and all files that it consists of, by their paths from its folder.

    Raises UsageError if one of them can not be read any more, or lies elsewhere.
    """
    folder = Path(assignment.file).parent
    paths = [Path(assignment.file)]
    paths += [Path(scenario.file) for part in assignment.parts for scenario in part.scenarios]
    for profile in assignment.server.profiles:
        paths += _of_profile(profile)
    found: dict[str, bytes] = {}
    for path in dict.fromkeys(paths):
        try:
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
        except ValueError:
            raise UsageError(
                f"{path} does not lie in the folder of {assignment.file}, and can not be packed."
            ) from None
        except OSError as error:
            raise UsageError(f"{path} can not be read: {(error.strerror or str(error)).lower()}") from None
    return Path(assignment.file).name, found


def _of_profile(profile: Profile) -> Iterator[Path]:
    """The file, what it extends, and the code of a profile in Python, with what lies beside it."""
    if profile.python is not None:
        yield from sorted(Path(profile.python.folder or ".").glob("*.py"))
    path = Path(profile.file) if profile.file else None
    seen: set[Path] = set()
    while path is not None and path.is_file() and path not in seen:
        seen.add(path)
        yield path
        extends = _EXTENDS.search(path.read_text(encoding="utf-8", errors="replace"))
        path = path.parent / extends[1] if extends else None


def own_packages() -> dict[str, bytes]:
    """chatsim and what it requires, by the paths of their files from a folder on Python's path."""
    found: dict[str, bytes] = {}
    for package in OWN:
        folder = files(package)
        assert isinstance(folder, Path)  # chatsim is not run from within a zip
        for path in sorted(folder.rglob("*")):
            if path.is_file() and _carried(name := f"{package}/{path.relative_to(folder).as_posix()}"):
                found[name] = path.read_bytes()
    for distribution in _required():
        for file in distribution.files or ():
            name, path = PurePosixPath(file).as_posix(), Path(str(file.locate()))
            if _carried(name) and path.is_file():
                found[name] = path.read_bytes()
    return found


def _carried(name: str) -> bool:
    """No caches, and nothing that lies outside, such as programs."""
    parts = name.split("/")
    return ".." not in parts and "__pycache__" not in parts and not name.startswith("/")


def _required() -> Iterator[metadata.Distribution]:
    """What is required is installed here; what is not installed is required elsewhere, or by nobody."""
    todo, seen = list(REQUIRED), set()
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        yield distribution
        for required in distribution.requires or ():
            word = re.match(r"[A-Za-z0-9._-]+", required)
            if word is not None and not re.search(r"\bextra\s*==", required):
                todo.append(word[0])
