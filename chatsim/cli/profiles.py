"""`chatsim profiles`: which dialects come with chatsim."""

from __future__ import annotations

from typing import Annotated

import typer

from chatsim.cli.nearest import did_you_mean

__all__ = ["SETTINGS", "profiles"]

SETTINGS = {"epilog": None}


def _complete(incomplete: str) -> list[str]:
    from chatsim.profile.reader import builtin_names

    return [name for name in builtin_names() if name.startswith(incomplete)]


def profiles(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="Show this profile's YAML, to begin one of your own.", autocompletion=_complete
        ),
    ] = None,
) -> None:
    """List the built-in profiles, or show one.

    \b
    chatsim profiles lines > mine.yaml
    chatsim run SCENARIO.yaml --server "python server.py" --profile mine.yaml
    """
    from chatsim.cli.table import aligned
    from chatsim.cli.terminal import tell, width
    from chatsim.errors import UsageError
    from chatsim.profile.reader import builtin_names, load_profile

    names = tuple(builtin_names())
    if name is None:
        tell(aligned([(known, load_profile(known).about or "") for known in names], width(), indent=""))
        return
    if name not in names:
        hint = did_you_mean(name, names, f"There are: {', '.join(names)}")
        raise UsageError(f'there is no built-in profile "{name}"', hint=hint)
    from importlib.resources import files

    tell((files("chatsim.profile") / "builtin" / f"{name}.yaml").read_text(encoding="utf-8"))
