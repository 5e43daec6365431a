"""`chatsim grade --init`: looks at what lies there, for the first assignment that `chatsim.grading.beginning` writes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from chatsim.grading.beginning import LANGUAGES, begin
from chatsim.selftest.shipped import shipped_scenarios
from chatsim.submissions.finding import find
from chatsim.submissions.passing_over import ASIDE, NOT_ENTERED
from chatsim.submissions.submission import Submission, Unpacked
from chatsim.submissions.unpacking import unpack

__all__ = ["first_assignment"]

MOST_LOOKED_INTO = 40  # submissions: what most of a class has done shows in fewer
MOST_FILES = 2_000  # of a submission, or of the teacher's folder
LARGEST = 200_000  # bytes of a file that is read


def first_assignment(submissions: Path, folder: Path) -> str:
    """The text of a first assignment that is to lie in `folder`, for what was handed in at `submissions`.

    Where the folder has no scenario of its own, some of those that come with chatsim are copied into its `scenarios`; what
    is there already is left. Raises UsageError if there is nothing at `submissions`, OSError if the folder can not be read.
    """
    found = find(submissions)
    beside = {path: text for path, text in _yaml(folder) if not (folder / path).is_relative_to(submissions)}
    handed_in = [files for each in found.submissions[:MOST_LOOKED_INTO] if (files := _files_of(each))]
    shipped = {path.name: path.read_text(encoding="utf-8") for path in shipped_scenarios()}
    beginning = begin(beside, handed_in, shipped, submissions.resolve().name)
    for name, text in beginning.scenarios.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(text, encoding="utf-8")
    return beginning.assignment


def _yaml(folder: Path) -> Iterator[tuple[str, str]]:
    """The YAML files of a folder and of those in it, not deeper: below lie projects, and perhaps a whole home."""
    for path in sorted(islice((p for glob in ("*.yaml", "*/*.yaml") for p in folder.glob(glob)), MOST_FILES)):
        if (text := _text(path)) is not None:
            yield path.relative_to(folder).as_posix(), text


def _files_of(submission: Submission) -> Mapping[str, str]:
    """Its files, with the text of those that may be a server; nothing is fetched for it."""
    if submission.kind in ("remote", "several"):
        return {}
    with TemporaryDirectory(prefix="chatsim-") as place:
        unpacked = unpack(submission, Path(place) / "submission")
        if not isinstance(unpacked, Unpacked):
            return {}
        files: dict[str, str] = {}
        for path in islice(sorted(unpacked.folder.rglob("*")), MOST_FILES):
            inside = path.relative_to(unpacked.folder)
            aside = any(part.casefold() in ASIDE | NOT_ENTERED for part in inside.parts[:-1])
            if not aside and path.is_file() and not path.is_symlink():
                files[inside.as_posix()] = (_text(path) or "") if path.suffix in LANGUAGES else ""
        return files


def _text(path: Path) -> str | None:
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return None
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
