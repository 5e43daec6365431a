"""Which server a test is about, and how it is spoken to: from the marker, the command line and the ini file.

Whatever names a file or a command means it as seen from where it is written: the folder of the test, the one in which
pytest was called, the one of the ini file.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from chatsim.api import profile_of
from chatsim.chat.server import ChatServer
from chatsim.errors import UsageError
from chatsim.profile.profile import Profile, Start

__all__ = ["KEYS", "replay_of", "seed_of", "server_of", "shown"]

KEYS = ("server", "profile", "connect", "patience", "holds")
DRAWN_BELOW = 1_000_000_000
_SEED = pytest.StashKey[int]()


@dataclass(frozen=True, slots=True)
class _Word:
    """Something that was said, and the folder from which it is meant."""

    value: Any
    folder: Path


def server_of(config: pytest.Config, marked: Mapping[str, Any] | None = None, folder: Path | None = None) -> ChatServer:
    """The server that is meant, not started yet. `marked`: what the marker says, in a file of that folder.

    Raises UsageError (and its kinds) for what makes no sense.
    """
    words = _words(config, marked or {}, folder or config.rootpath)
    profile_given = "profile" in words
    profile = _profile(words["profile"]) if profile_given else profile_of(None)
    patience = _patience(words["patience"].value) if "patience" in words else 1.0
    command, connect = words.get("server"), words.get("connect")
    if (command is not None or connect is not None) and not profile_given:
        raise UsageError(
            "a server needs a profile, which says how it is spoken to",
            hint="--chatsim-profile, or chatsim_profile in the ini file, or profile= in the marker.",
        )
    if connect is not None:
        return ChatServer(profile=profile, connect=connect.value, patience=patience)
    if command is not None:
        started = replace(profile.start or Start(), command=_split(command.value), folder=str(command.folder))
        profile = replace(profile, start=started)
    return ChatServer(profile=profile, patience=patience)


def _words(config: pytest.Config, marked: Mapping[str, Any], folder: Path) -> dict[str, _Word]:
    """What is said closest to the test counts. Who names a server there does not mean one that is named farther off."""
    options = {key: config.getoption(f"--chatsim-{key}") for key in KEYS[:4]}
    written = {key: config.getini(f"chatsim_{key}") for key in KEYS[:4]}
    ini_folder = config.inipath.parent if config.inipath is not None else config.rootpath
    found: dict[str, _Word] = {}
    for said, where in ((marked, folder), (options, config.invocation_params.dir), (written, ini_folder)):
        here = {key: _Word(value, where) for key, value in said.items() if key != "holds" and value not in (None, "")}
        if "server" in found or "connect" in found:
            here.pop("server", None)
            here.pop("connect", None)
        if "server" in here and "connect" in here:
            raise UsageError("server and connect exclude each other: one starts a server, the other uses a running one")
        found = {**here, **found}
    return found


def _profile(word: _Word) -> Profile:
    if not isinstance(word.value, str | Path):
        return profile_of(word.value)
    there = word.folder / word.value
    # The name of a built-in one has no ending; a text has lines.
    is_path = isinstance(word.value, Path) or ("\n" not in word.value and there.suffix != "" and not there.is_dir())
    return profile_of(os.path.relpath(there) if is_path else word.value)


def _patience(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise UsageError(f"patience {value!r} makes no sense: it is a number above 0") from None


def _split(command: Any) -> tuple[str, ...]:
    if not isinstance(command, str):
        return tuple(map(str, command))
    try:
        return tuple(shlex.split(command))
    except ValueError as problem:
        raise UsageError(f"the server's command can not be read: {command}", hint=f"{problem}") from None


def seed_of(config: pytest.Config, own: int | None = None) -> int:
    """From the command line; else the scenario's own; else one for this session."""
    given = config.getoption("--chatsim-seed")
    if given is not None:
        return int(given)
    if own is not None:
        return own
    if _SEED not in config.stash:
        config.stash[_SEED] = int.from_bytes(os.urandom(6), "big") % DRAWN_BELOW
    return config.stash[_SEED]


def replay_of(item: pytest.Item, seed: int) -> str:
    """The call that plays this test again. Options of the command line that name a server are part of it."""
    words = ["pytest", item.nodeid]
    for key in KEYS[:4]:
        if (given := item.config.getoption(f"--chatsim-{key}")) is not None:
            words += [f"--chatsim-{key}", f"{given:g}" if isinstance(given, float) else str(given)]
    return shlex.join([*words, "--chatsim-seed", str(seed)])


def shown(path: Path, config: pytest.Config) -> str:
    """A file as one would name it from where pytest was called."""
    try:
        return os.path.relpath(path, config.invocation_params.dir)
    except ValueError:
        return str(path)
