"""On what machine it was graded, in a line for a report."""

from __future__ import annotations

import platform

from chatsim.jobs import cores

__all__ = ["this_machine"]


def this_machine() -> str:
    """Its system, processors and Python; nothing that names it."""
    count = cores()
    return (
        f"{platform.system()} {platform.machine()}, {count} processor{'s' if count != 1 else ''}, "
        f"Python {platform.python_version()}"
    )
