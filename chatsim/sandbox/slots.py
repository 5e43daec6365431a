"""Users of their own for servers: numbers that nobody else has, one for each sandbox that is in use at the same time.

Two servers of one user could signal each other, and would share one count of processes.
"""

from __future__ import annotations

import contextlib
import os
import socket

from chatsim.errors import ConfinementError

__all__ = ["Slot", "take_slot"]

FIRST, LAST = 60_578, 61_183  # what systemd's list of numbers leaves free, and distributions do, too


class Slot:
    """A user's number; a group of the same number is its own. `close` gives it back."""

    def __init__(self, user: int, lock: socket.socket) -> None:
        self.user = user
        self._lock = lock

    def fileno(self) -> int:
        """What keeps it taken: as long as this descriptor is open anywhere, it is nobody else's."""
        return self._lock.fileno()

    def close(self) -> None:
        self._lock.close()


def take_slot() -> Slot:
    """The first number that no other sandbox has and of which no process is there. Raises ConfinementError: there is none.

    Taken by the name of an abstract Unix socket, which goes with its last holder: nothing stays behind, however we end.
    """
    in_use = _users()
    for user in range(FIRST, LAST + 1):
        if user in in_use:
            continue
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            lock.bind(f"\0sandbox-user-{user}")
        except OSError:
            lock.close()
            continue
        return Slot(user, lock)
    raise ConfinementError(
        "there is no user left for another server",
        hint=f"The numbers from {FIRST} to {LAST} are all in use: by other graders, or by processes that somebody left behind.",
    )


def _users() -> set[int]:
    """Of whom there are processes."""
    users = set()
    with os.scandir("/proc") as entries:
        for entry in entries:
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    users.add(entry.stat().st_uid)
    return users
