"""The key `server` of an assignment: how the server of a submission is found, built, started and spoken to."""

from __future__ import annotations

import re
import shlex
from typing import Final

from chatsim.document import Mapping, Node, Reading, Scalar, excerpt
from chatsim.errors import Place
from chatsim.grading import keys
from chatsim.grading.assignment import ServerRules
from chatsim.grading.beside import Beside, stays_inside
from chatsim.profile.keys import names
from chatsim.profile.profile import Profile

__all__ = ["OF_THE_FILE", "PLACEHOLDERS", "read_server"]

OF_THE_FILE: Final = ("file", "folder", "name")  # what `find` has found
PLACEHOLDERS: Final = (*OF_THE_FILE, "port", "host", "socket")
MOST_PATTERNS: Final = 100

_BRACES: Final = re.compile(r"(?<!\$)\{([A-Za-z][A-Za-z_-]*)\}")  # a shell's ${HOME} is none


def read_server(reading: Reading, beside: Beside, node: Node | None) -> ServerRules:
    """What this key says; worth something only if no problem has been noted."""
    fields = reading.fields(node, names(keys.SERVER), required=("command",), what="a map", of="server")
    find = _patterns(reading, fields.get("find"))
    folder = reading.scalar(fields.get("folder"), what="a folder of the submission")
    if folder is not None and not stays_inside(reading, folder, "the submission"):
        folder = None
    found = "find" in fields
    profiles, detect, anything = _profiles(reading, beside, fields, node)
    return ServerRules(
        command=_command(reading, fields.get("command"), found=found),
        find=find,
        folder=folder.text if folder is not None else "",
        build=_build(reading, fields.get("build"), found=found),
        profiles=profiles,
        detect=detect,
        any=anything,
    )


def _patterns(reading: Reading, node: Node | None) -> tuple[str, ...]:
    items = reading.one_or_many(node, what="a pattern such as server.py")
    if len(items) > MOST_PATTERNS:
        reading.wrong(f"at most {MOST_PATTERNS} patterns can be given", node)
    patterns: list[str] = []
    for item in items[:MOST_PATTERNS]:
        scalar = reading.scalar(item, what="a pattern such as server.py")
        if scalar is None or not stays_inside(reading, scalar, "the submission"):
            continue
        if scalar.text.endswith("/") or scalar.text.split("/")[-1] == "**":
            reading.wrong("this pattern fits folders, and the server is a file", scalar)
        elif any("**" in piece and piece != "**" for piece in scalar.text.split("/")):
            reading.wrong('"**" stands for any folders, and so alone between two /', scalar)
        elif scalar.text in patterns:
            reading.wrong(f"the pattern {excerpt(scalar.text)} stands here twice", scalar)
        else:
            patterns.append(scalar.text)
    return tuple(patterns)


def _command(reading: Reading, node: Node | None, *, found: bool) -> str:
    scalar = reading.scalar(node, what="a command such as python3 {file} {port}")
    if scalar is None:
        return ""
    _placeholders(reading, scalar, PLACEHOLDERS, found=found)
    try:
        if not shlex.split(scalar.text):
            reading.wrong("a command is missing here", scalar)
    except ValueError:
        reading.wrong("this command can not be taken apart into words: a quote in it is never closed", scalar)
    return scalar.text


def _build(reading: Reading, node: Node | None, *, found: bool) -> str:
    scalar = reading.scalar(node, what="a command such as javac -d . {file}")
    if scalar is None:
        return ""
    if not scalar.text.strip():
        reading.wrong("a command is missing here", scalar)
    _placeholders(reading, scalar, OF_THE_FILE, found=found)
    return scalar.text


def _placeholders(reading: Reading, scalar: Scalar, known: tuple[str, ...], *, found: bool) -> None:
    for name in _BRACES.findall(scalar.text):
        written = f"{{{name}}}"
        at = _within(reading, scalar, written)
        if name in OF_THE_FILE and not found:
            hint = 'Say which file is meant, such as  find: "server.py"'
            reading.wrong(f"{written} is what `find` has found, and there is no `find`", at, hint=hint)
        elif name in PLACEHOLDERS and name not in known:
            reading.wrong(f"{written} is not known yet when the server is built", at)
        elif name not in known:
            reading.unknown(f"there is no placeholder {written}", at, tuple(f"{{{each}}}" for each in known))


def _within(reading: Reading, scalar: Scalar, written: str) -> Scalar:
    """This piece of a text, with its own place where it stands in the text's first line."""
    line = reading.line(scalar.place.line)[: scalar.place.column - 1 + scalar.width]
    column = line.find(written, scalar.place.column - 1)
    place = Place(scalar.place.file, scalar.place.line, column + 1) if column >= 0 else scalar.place
    return Scalar(written, True, place, len(written))


def _profiles(
    reading: Reading, beside: Beside, fields: dict[str, Node], node: Node | None
) -> tuple[tuple[Profile, ...], bool, bool]:
    """The profiles, whether which of them it is has to be found out, and whether it may be none of them."""
    if "profile" in fields and "detect" in fields:
        key = node.key("detect") if isinstance(node, Mapping) else None
        reading.wrong("`profile` and `detect`: only one of them can be meant", key)
    if "detect" not in fields:
        if "profile" not in fields and isinstance(node, Mapping):
            hint = (
                "One for all: profile: lines. One of several: detect: [lines, mine.yaml]. Whatever it is: detect: any"
            )
            reading.wrong('how the server is spoken to is missing here: the key "profile" or "detect"', node, hint=hint)
        name = reading.scalar(fields.get("profile"), what="the name of a profile")
        if name is not None and name.text == "any":
            reading.wrong("any is no profile", name, hint="To have it worked out for each server, write  detect: any")
            return (), False, False
        profile = beside.profile(name) if name is not None else None
        return (() if profile is None else (profile,)), False, False
    words = [
        word
        for item in reading.one_or_many(fields["detect"], what="the name of a profile, or any")
        if (word := reading.scalar(item, what="the name of a profile, or any")) is not None
    ]
    anything = bool(words) and words[-1].text == "any"
    profiles: list[Profile] = []
    seen: set[str] = set()
    for word in words[:-1] if anything else words:
        if word.text == "any":
            reading.wrong("any has to be the last word: what stands after it is never tried", word)
        elif word.text in seen:
            reading.wrong(f"{excerpt(word.text)} stands here twice", word)
        elif (profile := beside.profile(word)) is not None:
            profiles.append(profile)
        seen.add(word.text)
    return tuple(profiles), True, anything
