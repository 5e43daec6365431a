"""The downloads of learning systems: whose each thing is, and when it came, from how these systems name what they give.

What they call things was taken from their documentation and from downloads. A system is recognised by its own marks only,
never by what could be anybody's file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chatsim.errors import UsageError
from chatsim.report.printable import printable
from chatsim.submissions.handed import Handed
from chatsim.submissions.moments import moment
from chatsim.submissions.names import readable
from chatsim.submissions.passing_over import is_document
from chatsim.submissions.shelf import Entry, Shelf
from chatsim.submissions.submission import Kind, PassedOver

__all__ = ["Download", "recognised"]


@dataclass(frozen=True, slots=True)
class Download:
    """What a learning system gave. `system`: its name."""

    system: str
    handed: tuple[Handed, ...]
    passed_over: tuple[PassedOver, ...]


def recognised(shelf: Shelf) -> Download | None:
    """The download that lies there, or in the only folder that lies there; None if it is none that is known."""
    for looked_at in (shelf, shelf.inner()):
        if looked_at is not None:
            for system in (_gradescope, _moodle, _canvas, _classroom):
                found = system(looked_at)
                if found is not None:
                    return found
    return None


# --- Moodle: Anna Lee_12345_assignsubmission_file_/chat.zip, or without folders Anna Lee_12345_assignsubmission_file_chat.zip

_MOODLE = re.compile(r"(?P<name>.*)_(?P<id>\d+)_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<rest>.*))?", re.DOTALL)


def _moodle(shelf: Shelf) -> Download | None:
    found = [(entry, _MOODLE.fullmatch(entry.name)) for entry in shelf.entries]
    if not any(matched for _, matched in found):
        return None
    of: dict[tuple[str, str], list[tuple[str, str]]] = {}
    passed_over = []
    for entry, matched in found:
        if matched is None or entry.kind not in ("folder", "file"):
            passed_over.append(PassedOver(entry.name, "it is not named as what students hand in by Moodle"))
            continue
        called = "" if entry.kind == "folder" else matched["rest"] or entry.name
        of.setdefault((matched["id"], matched["name"].replace("_", " ").strip()), []).append((entry.way, called))
    often = Counter(name for _, name in of)  # in blind marking all have one name
    handed = tuple(
        _handed(shelf, f"{name} {number}", name if name and often[name] == 1 else f"{name} {number}".strip(), pieces)
        for (number, name), pieces in of.items()
    )
    return Download("Moodle", handed, tuple(passed_over))


# --- Canvas: leeanna_LATE_123_4567_chat-1.zip ------------------------------------------------------------------------

_CANVAS = re.compile(
    r"(?P<name>[^_]+)_(?:(?P<late>late)_)?(?P<user>\d{2,}|(?<=anon_)\w+?)_(?:\d{2,}_(?P<rest>.+)|(?P<text>(?:text|link|url)\.html?))",
    re.IGNORECASE | re.DOTALL,
)
_AGAIN = re.compile(r"(.+)-\d{1,2}(\.[^.]+|\.tar\.\w+)")  # the number of an attempt, put before the suffix


def _canvas(shelf: Shelf) -> Download | None:
    found = [(entry, _CANVAS.fullmatch(entry.name)) for entry in shelf.entries]
    others = [entry for entry, matched in found if matched is None or entry.kind != "file"]
    if len(found) == len(others) or not all(entry.kind == "file" and is_document(entry.name) for entry in others):
        return None  # its names are not so peculiar that one of them says much
    of: dict[tuple[str, str], list[tuple[Entry, re.Match[str]]]] = {}
    for entry, matched in found:
        if matched is not None:
            of.setdefault((matched["user"], matched["name"]), []).append((entry, matched))
    handed = []
    for (user, name), files in of.items():
        pieces = [(entry.way, matched["rest"] or matched["text"]) for entry, matched in files]
        pieces = _as_first_called(pieces)
        shown = f"{name} {user}" if name == "anon" else name
        late = any(matched["late"] for _, matched in files)
        handed.append(_handed(shelf, f"{name} {user}", shown, pieces, marked_late=late))
    passed_over = tuple(
        PassedOver(entry.name, "it is not named as what students hand in by Canvas") for entry in others
    )
    return Download("Canvas", tuple(handed), passed_over)


def _as_first_called(pieces: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """With the names that the files had before Canvas told attempts apart, unless two would be called the same."""
    names = [_AGAIN.sub(r"\1\2", name) if _AGAIN.fullmatch(name) else name for _, name in pieces]
    often = Counter(names)
    return [(way, short if often[short] == 1 else name) for (way, name), short in zip(pieces, names, strict=True)]


# --- Gradescope: submission_123/ and submission_metadata.yml ---------------------------------------------------------


def _gradescope(shelf: Shelf) -> Download | None:
    metadata = next((entry for entry in shelf.entries if entry.name == "submission_metadata.yml"), None)
    if metadata is None:
        return None
    entries = {entry.name: entry for entry in shelf.entries if entry.kind in ("folder", "file")}
    del entries[metadata.name]
    handed, passed_over = [], []
    for name, about in _metadata(shelf, metadata):
        entry = entries.pop(name, None)
        if entry is None:
            passed_over.append(PassedOver(name, f"{metadata.name} names it, and it is not there"))
            continue
        submitted = moment(str(about.get(":created_at", "")))
        people = about.get(":submitters")
        people = [person for person in people if isinstance(person, dict)] if isinstance(people, list) else []
        if not people:
            passed_over.append(PassedOver(name, f"{metadata.name} does not say whose it is"))
        pieces = [(entry.way, "" if entry.kind == "folder" else entry.name)]
        for person in people:  # a group hands in once, and each of them is graded
            called, sid, email = (str(person.get(key) or "") for key in (":name", ":sid", ":email"))
            identity = " ".join(filter(None, (called, sid or email))) or name
            handed.append(_handed(shelf, identity, called or email or sid or name, pieces, submitted))
    passed_over += [PassedOver(name, f"{metadata.name} does not name it") for name in entries]
    return Download("Gradescope", tuple(handed), tuple(passed_over))


def _metadata(shelf: Shelf, metadata: Entry) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and facts of each submission. All is taken as text: the file says many things in words of Ruby, by tags."""
    import yaml

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        data = yaml.load(shelf.read(metadata), loader)  # the base loader makes texts, lists and maps, and nothing else
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{metadata.name} can not be read: {printable(str(error).splitlines()[0])}") from None
    if not isinstance(data, dict) or not all(isinstance(about, dict) for about in data.values()):
        raise UsageError(f"{metadata.name} can not be read: it is no map of submissions, as Gradescope writes it")
    yield from data.items()


# --- GitHub Classroom: chat-1-submissions/chat-1-annalee -------------------------------------------------------------


def _classroom(shelf: Shelf) -> Download | None:
    if shelf.packed or not shelf.path.name.endswith("-submissions"):
        return None
    start = shelf.path.name.removesuffix("submissions")
    folders = [entry for entry in shelf.entries if entry.kind == "folder"]
    if not folders or not all(entry.name.startswith(start) and entry.name != start for entry in folders):
        return None
    others = [entry for entry in shelf.entries if entry.kind != "folder"]
    handed = tuple(
        Handed(readable(name), name, shelf.path / entry.way, "folder", entry.name)
        for entry in folders
        for name in (entry.name.removeprefix(start),)
    )
    passed_over = tuple(PassedOver(entry.name, "it is no repository of a student") for entry in others)
    return Download("GitHub Classroom", handed, passed_over)


def _handed(
    shelf: Shelf,
    identity: str,
    name: str,
    pieces: list[tuple[str, str]],
    submitted: float | None = None,
    *,
    marked_late: bool = False,
) -> Handed:
    origin = ", ".join(way for way, _ in pieces)
    kind: Kind = "archive" if shelf.packed else "folder"
    return Handed(readable(identity), name, shelf.path, kind, origin, submitted, tuple(pieces), marked_late=marked_late)
