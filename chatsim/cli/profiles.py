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

    Each is a way in which many servers speak. If yours does so but for its words, two lines are enough: `extends`, and
    the words.

    \b
    chatsim profiles lines > mine.yaml
    chatsim run SCENARIO.yaml --server "python server.py" --profile mine.yaml
    """
    from chatsim.cli.table import aligned
    from chatsim.cli.terminal import tell, width
    from chatsim.errors import UsageError
    from chatsim.profile.reader import builtin_names, builtin_text, dialect_names, load_profile

    names = tuple(builtin_names())
    if name is None:
        groups = (
            ("Dialects of the reference server:", dialect_names()),
            ("Families of other servers (with --server or --connect, or to extend):", names[len(dialect_names()) :]),
        )
        blocks = (
            f"{title}\n{aligned([(known, load_profile(known).about) for known in group], width())}"
            for title, group in groups
            if group
        )
        tell("\n\n".join(blocks))
        return
    if name not in names:
        hint = did_you_mean(name, names, f"There are: {', '.join(names)}")
        raise UsageError(f'there is no built-in profile "{name}"', hint=hint)
    tell(builtin_text(name))
