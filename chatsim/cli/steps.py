"""`chatsim steps`: what a scenario can say, from the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chatsim.cli.nearest import did_you_mean

if TYPE_CHECKING:
    from chatsim.scenario.verbs import Verb

__all__ = ["SETTINGS", "steps"]

SETTINGS = {"epilog": None}


def _complete(incomplete: str) -> list[str]:
    from chatsim.scenario.verbs import VERBS

    return [name for name in VERBS if name.startswith(incomplete)]


def steps(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="One step with all that it takes.", autocompletion=_complete)
    ] = None,
) -> None:
    """List what a scenario can say: its steps, or one of them with all that it takes."""
    from chatsim.cli.table import aligned
    from chatsim.cli.terminal import tell, width
    from chatsim.errors import UsageError
    from chatsim.scenario.verbs import VERBS

    if name is None:
        tell(aligned([(verb.name, verb.help) for verb in VERBS.values()], width(), indent=""))
        return
    if name not in VERBS:
        hint = did_you_mean(name, VERBS, "`chatsim steps` lists them all.")
        raise UsageError(f'there is no step "{name}"', hint=hint)
    tell(_one(VERBS[name], width()))


def _one(verb: Verb, width: int) -> str:
    from chatsim.cli.table import aligned

    lines = [f"{verb.name}: {verb.help}", "", *_forms(verb), ""]
    if verb.short is not None:
        lines += [aligned([(verb.short.name.upper(), f"{verb.short.kind.tells}: {verb.short.help}")], width), ""]
    lines.append(f"Waits until: {verb.waits}.")
    if verb.keys:
        lines += ["", "Its details:", aligned([(key.name, key.kind.tells, key.help) for key in verb.keys], width)]
    return "\n".join(lines)


def _forms(verb: Verb) -> list[str]:
    """How it is written; what stands in capitals is to be filled in."""
    short = verb.short.name.upper() if verb.short is not None else None
    details = "{" + ", ".join(f"{key.name}: …" for key in verb.keys[:2]) + "}"
    if verb.shape == "settle":
        forms = [""]
    elif verb.shape == "together":
        forms = ["[STEPS]"]
    elif verb.shape == "operator":
        forms = ["TEXT", "{BOT: TEXT}"]
    elif verb.shape == "bots":
        forms = [*(["WHO"] if verb.bare else []), *([f"{{WHO: {short}}}"] if short else [])]
        forms += [f"{{WHO: {details}}}"] if verb.keys else []
    else:
        forms = [*([short] if short else []), *([details] if verb.keys else [])]
    return [f"  - {verb.name}: {form}".rstrip() for form in forms]
