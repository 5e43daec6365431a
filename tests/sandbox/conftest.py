"""Each level of confinement that this machine offers, and what a program did in there."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chatsim.errors import ChatsimError
from chatsim.sandbox.sandbox import Confinement, Done, Sandbox

LEVELS: tuple[Confinement, ...] = ("bubblewrap", "user", "landlock")


@cache
def why_not(level: Confinement) -> str:
    """Why this machine does not have a level; empty: it has."""
    try:
        with Sandbox(level) as sandbox:
            cell = sandbox.cell()
            cell.folder.mkdir()
            done = sandbox.run("exit 7", cell.folder, 10)
            return "" if done.code == 7 else f"it ended with {done.code}: {done.output!r}"
    except ChatsimError as error:
        return str(error)


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest) -> Confinement:
    chosen: Confinement = request.param
    if why := why_not(chosen):
        pytest.skip(f"no {chosen} here: {why}")
    return chosen


Play = Callable[..., Done]


@pytest.fixture
def sandbox(level: Confinement) -> Iterator[Sandbox]:
    with Sandbox(level) as opened:
        yield opened


class Program:
    """A Python program that is played in a sandbox, and notes as JSON in its folder what it managed to do."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.name = f"attack_{os.urandom(6).hex()}.py"

    def does(self, source: str, seconds: float = 20, **given: Any) -> Any:
        """`source` gets `given` as names, and `note(value)`; the last value that it noted."""
        lines = [f"{name} = {value!r}" for name, value in given.items()]
        text = "\n".join(["import json, os, sys", *lines, NOTE, textwrap.dedent(source)])
        (self.folder / self.name).write_text(text)
        self.done = self.sandbox.run(f"exec python3 {self.name}", self.folder, seconds)
        noted = self.folder / "noted.json"
        return json.loads(noted.read_text()) if noted.exists() else None

    def still_runs(self) -> bool:
        """Is any process of it there?"""
        return any(self.name.encode() in _command(each) for each in Path("/proc").iterdir() if each.name.isdigit())


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


NOTE = """
def note(value):
    with open("noted.new", "w") as file:
        json.dump(value, file)
    os.replace("noted.new", "noted.json")  # whole, whenever it is ended
"""


@pytest.fixture
def program(sandbox: Sandbox, tmp_path: Path) -> Program:
    folder = tmp_path / "folder"
    folder.mkdir()
    return Program(sandbox, folder)
