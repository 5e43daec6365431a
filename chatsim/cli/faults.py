"""`chatsim faults`: the mistakes that the textbook server can make. It is a program of its own, which is asked for them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chatsim.cli.nearest import did_you_mean

__all__ = ["SETTINGS", "faults", "known_faults"]

SETTINGS = {"epilog": None}


def known_faults() -> list[dict[str, Any]]:
    """What `python -m reference_server --list-faults --json` says."""
    import json
    import subprocess
    import sys

    command = [sys.executable, "-m", "reference_server", "--list-faults", "--json"]
    told: list[dict[str, Any]] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return told


def _complete(incomplete: str) -> list[str]:
    return [known["name"] for known in known_faults() if known["name"].startswith(incomplete)]


def faults(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A fault, or a property: what breaks it.", autocompletion=_complete),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON, for a program to read.")] = False,
) -> None:
    """List the faults that it can be started with.

    Each is one mistake that students make, in a server that is right in all else. `chatsim serve --fault NAME` starts it.

    \b
    chatsim run scenarios/drops.yaml --profile lines \\
      --server "python -m reference_server --fault catches-nothing --port {port}"
    """
    from chatsim.cli.table import aligned
    from chatsim.cli.terminal import tell, width
    from chatsim.errors import UsageError

    known = known_faults()
    chosen = [fault for fault in known if name in (None, fault["name"], fault["breaks"])]
    if not chosen:
        names = [fault[key] for key in ("name", "breaks") for fault in known]
        hint = did_you_mean(name or "", names, "`chatsim faults` lists them all.")
        raise UsageError(f'there is no fault "{name}"', hint=hint)
    if json:
        from json import dumps

        tell(dumps(chosen, indent=2, ensure_ascii=False))
        return
    blocks = []
    for broken in dict.fromkeys(fault["breaks"] for fault in chosen):
        rows = [(fault["name"], _told(fault)) for fault in chosen if fault["breaks"] == broken]
        blocks.append(f"{broken}\n{aligned(rows, width())}")
    tell(("" if name else "What it breaks, and how:\n\n") + "\n\n".join(blocks))


def _told(fault: dict[str, Any]) -> str:
    luck = " Not in every run." if fault["racy"] else ""
    return f"{fault['about']}{luck} ({', '.join(fault['dialects'])})"
