"""Where the scenarios are that come with chatsim: beside it in a checkout, inside it once it is installed."""

from __future__ import annotations

from pathlib import Path

from chatsim.errors import ChatsimError

__all__ = ["shipped_scenarios"]

HERE = Path(__file__).parents[1]


def shipped_scenarios() -> list[Path]:
    """Their files, sorted by name. Raises ChatsimError if there are none."""
    folders = (HERE / "shipped", HERE.parent / "scenarios")
    found = next((files for folder in folders if (files := sorted(folder.glob("*.yaml")))), None)
    if found is None:
        raise ChatsimError("the scenarios that come with chatsim are missing", hint="install chatsim again, whole")
    return found
