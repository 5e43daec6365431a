"""Was what has just been played disturbed by anything beside it? The kernel counts that, and we only read it.

Linux adds up how long anybody on the machine who could have gone on had to wait for a processor, for memory or for a disk
(pressure stall information, `Documentation/accounting/psi.rst`). Where that stood still while something was played,
it had all that it wanted, whatever ran beside it. Threads of one server that wait for one another count, too: so more is called
disturbed than was, and never less.

Not known here: what a hypervisor takes away (a wait in which it did is not valid: `chatsim.server.load`), and anything
on a platform that does not count. There everything counts as disturbed.
"""

from __future__ import annotations

import re
from pathlib import Path
from time import monotonic

__all__ = ["Disturbance"]

LITTLE = 0.05  # of the time that it took
AT_LEAST = 0.1  # seconds: the same share of the shortest usual patience
COUNTED = ("cpu", "memory", "io")
PRESSURE = Path("/proc/pressure")


class Disturbance:
    """Counts from its making on."""

    def __init__(self, pressure: Path = PRESSURE) -> None:
        self._pressure = pressure
        self._began = monotonic()
        self._before = _stalled(pressure)

    def __bool__(self) -> bool:
        """Was there any that could matter? Also where nobody can tell."""
        now = _stalled(self._pressure)
        if self._before is None or now is None:
            return True
        return now - self._before > max(AT_LEAST, LITTLE * (monotonic() - self._began))


def _stalled(pressure: Path) -> float | None:
    """Seconds for which anybody has waited since the machine has started; None: it does not tell."""
    total = 0
    for resource in COUNTED:
        try:
            told = (pressure / resource).read_text(encoding="ascii")
        except (OSError, ValueError):
            return None
        found = re.search(r"^some .*total=(\d+)$", told, re.MULTILINE)
        if found is None:
            return None
        total += int(found[1])
    return total / 1e6
