"""Which servers there are, and how each is started: two files, read into values."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from chatsim.profile.profile import Profile
from chatsim.profile.reader import load_profile, read_profile

__all__ = ["Row", "Start", "known_profile", "known_text", "lines_of", "profile_text", "read_rows", "read_starts"]

HERE = Path(__file__).parent
PROFILES = HERE.parent.parent / "tests" / "profile"
STARTS = HERE / "starts.yaml"


@dataclass(frozen=True, slots=True)
class Row:
    """One public repository, at one commit; "" where the rows' file knows none."""

    id: str
    repository: str  # OWNER/NAME
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """How one server is started: a row of `starts.yaml`, where the keys are told."""

    command: str = ""
    profile: str = ""
    folder: str = ""
    port: int | None = None
    build: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""
    terminal: bool = False
    packages: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    plays: str = "talk"
    no_chat: str = ""
    cannot: str = ""

    @classmethod
    def of(cls, words: Mapping[str, Any]) -> Start:
        values = {key.replace("-", "_"): value for key, value in words.items()}
        for key in ("packages", "needs"):
            values[key] = tuple(values.get(key, ()))
        return cls(**values)

    def words(self, port: int | None = None) -> dict[str, Any]:
        """The `start` of a profile; with `port`, this one wherever one can be chosen, else chatsim chooses each time."""

        def put(text: str) -> str:
            return text if port is None else text.replace("{port}", str(port))

        start: dict[str, Any] = {"command": put(self.command)}
        if self.port is not None or (port is not None and "{port}" not in put(self.command)):
            start["port"] = self.port or port
        for key, texts in (("env", self.env), ("files", self.files)):
            if texts:
                start[key] = {name: put(text) for name, text in texts.items()}
        if self.stdin:
            start["stdin"] = put(self.stdin)
        if self.terminal:
            start["terminal"] = True
        return start


def read_rows(path: Path) -> tuple[Row, ...]:
    """A table with tabs, of which the columns id, repo and commit are read."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        return tuple(Row(row["id"], row["repo"], (row.get("commit") or "").strip("?")) for row in rows)


def read_starts(path: Path = STARTS) -> dict[str, Start]:
    return {name: Start.of(words) for name, words in yaml.safe_load(path.read_text(encoding="utf-8")).items()}


def known_text(name: str) -> str | None:
    """The profile by hand, as it is written; None: nobody has written one."""
    own = PROFILES / "public" / f"{name}.yaml"
    if own.exists():
        return own.read_text(encoding="utf-8")
    for text in (PROFILES / "public_servers.yaml").read_text(encoding="utf-8").split("\n---\n"):
        if re.search(rf"^profile: {re.escape(name)}$", text, re.MULTILINE):
            return "\n".join(line for line in text.splitlines() if not line.startswith("#")) + "\n"
    return None


def known_profile(name: str) -> Profile | None:
    own = PROFILES / "public" / f"{name}.yaml"
    if own.exists():
        return load_profile(str(own))
    text = known_text(name)
    return read_profile(text, f"{name}.yaml") if text is not None else None


def lines_of(name: str) -> int | None:
    """How many lines somebody had to write, those in Python included."""
    text = known_text(name)
    if text is None:
        return None
    code = [PROFILES / "public" / f"{module}.py" for module in re.findall(r'"([a-z_]+):[A-Z]\w*"', text)]
    written = [text, *(path.read_text(encoding="utf-8") for path in code)]
    return sum(bool(line.strip()) for each in written for line in each.splitlines())


def profile_text(name: str, start: Mapping[str, Any]) -> str:
    """The profile by hand with the `start` that belongs to this machine, as a file to be played."""
    text = known_text(name)
    assert text is not None
    return f"{text.rstrip()}\nstart: {json.dumps(start, ensure_ascii=False)}\n"
