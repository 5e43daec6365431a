"""The servers of a selftest: each fault of the reference server is one, and so is each server that makes no mistake."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chatsim.errors import ChatsimError
from chatsim.properties import PROPERTIES

__all__ = ["Subject", "read_faults", "right_servers"]

NO_FAULT = "none"  # the textbook server on which all faults are built, without a mistake


@dataclass(frozen=True, slots=True)
class Subject:
    """One server. `options`: what makes the reference server be it. A right one `breaks` nothing.

    `breaks`: the properties that it is to be caught by, each of them. `racy`: its mistake shows now and then.
    `shown_by`: the scenarios that are likely to show it, by their files' stems.
    """

    name: str
    about: str
    dialect: str
    options: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    racy: bool = False
    shown_by: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        return not self.breaks

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the reference server is to be called with."""
        return ("--dialect", self.dialect, *self.options, "--port", "{port}")

    def replay(self, file: str, seed: int) -> str:
        """A command line that plays one of its runs again."""
        server = shlex.join(("python", "-m", "reference_server", *self.arguments)).replace("'{port}'", "{port}")
        return shlex.join(["chatsim", "run", file, "--server", server, "--profile", self.dialect, "--seed", str(seed)])


def read_faults(listed: str) -> tuple[Subject, ...]:
    """What `reference_server --list-faults --json` prints. Raises ChatsimError if it is something else."""
    try:
        plains = json.loads(listed)
        if not isinstance(plains, list) or not plains:
            raise ValueError("it lists nothing")
        return tuple(_fault(plain) for plain in plains if plain["name"] != NO_FAULT)
    except (ValueError, KeyError, TypeError) as problem:
        raise ChatsimError(
            f"the reference server's list of faults can not be read: {type(problem).__name__}: {problem}",
            hint="chatsim and the reference server belong together: install them again, whole",
        ) from problem


def _fault(plain: dict[str, Any]) -> Subject:
    breaks = plain["breaks"]
    fault = Subject(
        plain["name"],
        plain["about"],
        plain["dialect"],
        ("--fault", plain["name"]),
        (breaks,) if isinstance(breaks, str) else tuple(breaks),
        plain["racy"],
        tuple(name.removesuffix(".yaml") for name in plain["scenarios"]),
    )
    unknown = set(fault.breaks) - {known.name for known in PROPERTIES}
    if unknown or not fault.breaks:
        raise ValueError(f"{fault.name} breaks {', '.join(unknown) or 'nothing'}")
    return fault


def right_servers(dialects: Iterable[str], textbook: Iterable[str]) -> tuple[Subject, ...]:
    """The reference server in these dialects, and the textbook server in those."""
    reference = (Subject(f"right-{name}", "the reference server", name) for name in dialects)
    plain = (
        Subject(
            f"textbook-{name}",
            "the server that all faults are built on, without a mistake",
            name,
            ("--fault", NO_FAULT),
        )
        for name in textbook
    )
    return (*reference, *plain)
