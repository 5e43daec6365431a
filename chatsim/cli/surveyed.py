"""A survey of this machine (`chatsim.sandbox.survey`), told: as text, and as JSON. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatsim.sandbox.survey import Survey

__all__ = ["as_json", "as_text"]

FORMAT = 1
GIVES = {
    "bubblewrap": "a view of the machine, processes{user} of its own; memory, disk and time are bounded",
    "user": "a user of its own{landlock}; memory, disk and time are bounded. It sees that other processes are there",
    "landlock": "it reads and writes what it is given only{network}; memory, disk and time are bounded. It runs as you do",
}
ADVICE = {
    "none": "Servers whose authors may attack are not started here, unless you say --unsafe-no-sandbox.",
    "landlock": "For more, install bubblewrap, or grade as root.",
    "user": "For more, install bubblewrap.",
}
GIB = 1024**3
LITTLE_ROOM, LITTLE_MEMORY = 2 * GIB, 2 * GIB
COARSE_ONE = ", which is coarse: waits are longer than they say"
COARSE = 0.001  # seconds: a clock with larger steps than this makes waits longer than they say


def as_text(survey: Survey, width: int) -> str:
    """For people."""
    from chatsim.cli.table import aligned

    confined = survey.best != "none"
    head = f"Servers whose authors may attack can be confined here: {survey.best}." if confined else NOT_CONFINED
    levels = []
    for offer in survey.offers:
        told = f"yes: {_gives(survey)}" if offer.offered else f"no: {offer.why}"
        levels.append((offer.level, f"{told}. {offer.hint}" if offer.hint else told))
    blocks = [head, aligned(levels, width)]
    if survey.best in ADVICE:
        blocks.append(ADVICE[survey.best] if confined else f"{ADVICE['none']}")
    blocks += ["This machine:", aligned(_facts(survey), width)]
    return "\n\n".join(blocks)


NOT_CONFINED = "Servers whose authors may attack can NOT be confined here."


def as_json(survey: Survey) -> str:
    """For programs: one object, pure ASCII."""
    from chatsim._version import __version__

    plain = {
        "chatsim": "doctor",
        "format": FORMAT,
        "version": __version__,
        "confinement": survey.best,
        "levels": [
            {"level": offer.level, "offered": offer.offered, "why_not": offer.why, "try": offer.hint}
            for offer in survey.offers
        ],
        "python": survey.python,
        "system": survey.system,
        "cores": survey.cores,
        "root": survey.root,
        "bubblewrap": survey.bubblewrap or None,
        "landlock": survey.landlock,
        "own_network": not survey.own_network,
        "py_spy": not survey.py_spy,
        "ipv6": survey.ipv6,
        "temporary": {"folder": survey.folder, "free": survey.room},
        "memory": survey.memory,
        "clock_step_s": survey.clock,
    }
    return json.dumps(plain, indent=1, allow_nan=False)


def _gives(survey: Survey) -> str:
    return GIVES[survey.best].format(
        user=", a network and a user" if survey.root else " and a network",
        landlock=", and it reads and writes what it is given only" if survey.landlock else "",
        network="" if survey.own_network else ", in a network of its own",
    )


def _facts(survey: Survey) -> list[tuple[str, str]]:
    no_network = f"no: {survey.own_network}. Servers on one port have to wait for each other."
    no_stacks = f"no: {survey.py_spy}, so nobody can see where a Python server hangs. pip install py-spy"
    return [
        ("Python", survey.python),
        ("system", f"{survey.system}, as {'root' if survey.root else 'an ordinary user'}"),
        ("cores", f"{survey.cores}: `chatsim run --jobs` and `chatsim grade` use them all"),
        ("own networks", no_network if survey.own_network else "yes: servers on one port run side by side"),
        ("bubblewrap", survey.bubblewrap or "no"),
        ("Landlock", f"version {survey.landlock}" if survey.landlock else "no: this kernel has none"),
        ("stacks", no_stacks if survey.py_spy else "yes: py-spy shows where a Python server hangs"),
        ("IPv6", "yes" if survey.ipv6 else "no: servers that listen on ::1 only cannot be played with"),
        ("files", f"{_free(survey.room, LITTLE_ROOM)}, in {survey.folder}"),
        ("memory", "unknown" if survey.memory is None else _free(survey.memory, LITTLE_MEMORY)),
        ("clock", f"steps of {_step(survey.clock)}{COARSE_ONE if survey.clock > COARSE else ''}"),
    ]


def _free(number: int, little: int) -> str:
    size = f"{number / GIB:.1f}" if number < 10 * GIB else f"{number // GIB}"
    return f"{size} GiB free{', which is little' if number < little else ''}"


def _step(seconds: float) -> str:
    for unit, length in (("ns", 1e-9), ("µs", 1e-6)):
        if seconds < 1000 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds * 1000:.0f} ms"
