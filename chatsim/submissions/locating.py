"""Where in a submission the server lies, by the patterns of the assignment; or what there is instead, told to its student."""

from __future__ import annotations

import os
import posixpath
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from chatsim.document import nearest
from chatsim.grading.assignment import ServerRules
from chatsim.report.printable import printable, shorten
from chatsim.submissions.filling import for_shell, in_words
from chatsim.submissions.passing_over import ASIDE, NOT_ENTERED, is_document, is_junk

__all__ = ["Located", "NotFound", "Several", "fits", "locate"]

MOST_LOOKED_AT = 50_000  # files: as many as are unpacked
MOST_NAMED = 8  # files that a text names


@dataclass(frozen=True, slots=True)
class Located:
    """`folder`: where `build` and `command` run; `cwd` is the same, relative to the submission, and "" for the submission
    itself. `file`: the server's path from there, or "" where no pattern was asked for. `build` is for a shell, `command`
    are words for none; of placeholders only those of a profile are left in them."""

    folder: Path
    cwd: str
    file: str
    build: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotFound:
    """There is no server; `told` says what there is, for the student."""

    told: str


@dataclass(frozen=True, slots=True)
class Several:
    """There is more than one, and nothing says which is meant; `told` names them, for the student."""

    told: str
    files: tuple[str, ...]


def locate(folder: Path, rules: ServerRules) -> Located | NotFound | Several:
    """The server in an unpacked submission. It only looks at names; it trusts that no link leads outside."""
    base = folder / rules.folder
    if not base.is_dir():
        there = [entry.name for entry in folder.iterdir() if entry.is_dir() and not is_junk(entry.name)]
        return NotFound(f"There is no folder {_name(rules.folder)} in what was handed in. {_listed('folder', there)}")
    if not rules.find:
        return _located(folder, "", rules)
    files = _files(folder)
    for pattern in rules.find:
        found = [file for file in files if fits(file, pattern)]
        found = [file for file in found if not _is_aside(file)] or found
        found = _without_second_names(folder, found)
        if len(found) == 1:
            return _located(folder, found[0], rules)
        if found:
            return Several(_told_of_several(pattern, found), tuple(found))
    return NotFound(_told_of_none(rules.find, files))


def fits(path: str, pattern: str) -> bool:
    """Does a path (parted by `/`) fit a pattern? `*` and `?` stay within a name, `**` are any folders, also none; letters
    count as they look, whichever of their spellings in Unicode was used, and capital ones are others than small ones."""
    return _regex(unicodedata.normalize("NFC", pattern)).fullmatch(unicodedata.normalize("NFC", path)) is not None


def _regex(pattern: str) -> re.Pattern[str]:
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    written = ""
    for i, part in enumerate(parts):
        last = i == len(parts) - 1
        if part == "**":
            written += "(?:[^/]+/)*" + ("[^/]+" if last else "")
        else:
            written += _name_regex(part) + ("" if last else "/")
    return re.compile(written, re.DOTALL)


def _name_regex(part: str) -> str:
    written, i = "", 0
    while i < len(part):
        chosen = re.compile(r"\[(!?)([^\]]+)\]").match(part, i)
        if chosen is not None:
            choices = re.sub(r"([\\\[^&~|])", r"\\\1", chosen[2])
            written += f"[{'^/' if chosen[1] else ''}{choices}]"
            i = chosen.end()
            continue
        written += {"*": "[^/]*", "?": "[^/]"}.get(part[i], re.escape(part[i]))
        i += 1
    return written


def _located(folder: Path, found: str, rules: ServerRules) -> Located:
    """`found` is the path from the submission's folder; what the commands get is the way from where they run."""
    where = posixpath.normpath(rules.folder) if rules.folder else (posixpath.dirname(found) or ".")
    file = posixpath.relpath(found, where) if found else ""
    if file.startswith("-"):
        file = f"./{file}"  # else a program would take it for one of its options
    values = (
        {"file": file, "folder": posixpath.dirname(file) or ".", "name": PurePosixPath(found).stem} if found else {}
    )
    cwd = "" if where == "." else where
    return Located(
        folder / cwd,
        cwd,
        file,
        for_shell(rules.build, values) if values else rules.build,
        in_words(rules.command, values),
    )


def _files(folder: Path) -> list[str]:
    """The paths of all files that may be a server, in order."""
    found: list[str] = []
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name.casefold() not in NOT_ENTERED and not is_junk(name)]
        under = Path(where).relative_to(folder).as_posix()
        found += [name if under == "." else f"{under}/{name}" for name in names if not is_junk(name)]
        if len(found) > MOST_LOOKED_AT:
            break
    found = [file for file in found if (folder / file).is_file()]
    return sorted(found, key=lambda file: (file.count("/"), file))


def _without_second_names(folder: Path, files: list[str]) -> list[str]:
    """Without links to others of them: those are one file."""
    if len(files) < 2:
        return files
    themselves = {(folder / file).resolve() for file in files if not (folder / file).is_symlink()}
    return [file for file in files if not (folder / file).is_symlink() or (folder / file).resolve() not in themselves]


def _is_aside(file: str) -> bool:
    return any(part.casefold() in ASIDE for part in file.split("/")[:-1])


# --- what a student reads --------------------------------------------------------------------------------------------


def _told_of_none(patterns: tuple[str, ...], files: list[str]) -> str:
    # `**/server.py` is, for who reads it, a file called server.py.
    wanted = _or(list(dict.fromkeys(_name(pattern.removeprefix("**/")) for pattern in patterns)))
    if not files:
        return f"There is no {wanted} in what was handed in: there is no file in it at all."
    plain = [pattern for pattern in patterns if not set(pattern) & set("*?[")]
    for pattern in plain:
        name = posixpath.basename(pattern)
        elsewhere = [file for file in files if posixpath.basename(file) == name]
        if elsewhere:
            return f"There is no {wanted} where it is looked for. There is {_and([_name(file) for file in elsewhere])}."
        guess = nearest(name, [posixpath.basename(file) for file in files])
        if guess is not None:
            meant = next(file for file in files if posixpath.basename(file) == guess)
            tail = " Capital letters count." if guess.casefold() == name.casefold() else ""
            return f"There is no {wanted} in what was handed in. Is it {_name(meant)}? Then it has another name.{tail}"
    shown = [file for file in files if not is_document(file)] or files
    return f"There is no {wanted} in what was handed in. {_listed('file', shown)}"


def _told_of_several(pattern: str, found: list[str]) -> str:
    names = _and([_name(file) for file in found])
    count = {2: "two", 3: "three"}.get(len(found), f"{len(found):,}")
    return f"There are {count} files that could be the server ({_name(pattern)}): {names}. Hand in only the one that counts."


def _listed(kind: str, names: list[str]) -> str:
    if not names:
        return f"There is no {kind} in it."
    names = [_name(name) for name in names]
    if len(names) == 1:
        return f"There is only {names[0]}."
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return f"There are: {', '.join(names[:MOST_NAMED])}{more}."


def _and(names: list[str]) -> str:
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED:,} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _or(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _name(path: str) -> str:
    """As it is read in a sentence: in quotes where blanks in it would make it fall apart."""
    shown = shorten(printable(path), 100)
    return f'"{shown}"' if " " in shown or "," in shown else shown
