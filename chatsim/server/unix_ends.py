"""The server's ends of our connections to a Unix socket, seen from outside (Linux).

There are no ports by which the kernel could be asked for an end. Our own socket has a number, and the kernel tells that
of its peer: but only once the server has accepted it, and only as long as we have not closed. So who parts asks first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chatsim.network.namespace import OWN, Namespace
from chatsim.server.sockdiag import ESTABLISHED, LISTEN, SocketDiagnosis, UnixEnd

__all__ = ["UnixEnds"]

Address = tuple[str, int]

COMES, GOES = 1, 2  # what a side has shut down: nothing comes any more, nothing goes out any more


class UnixEnds:
    """Remembers of each connection that we close which socket was the server's end of it."""

    def __init__(self) -> None:
        self._left: dict[
            int, int
        ] = {}  # our number of a connection that we have closed -> the server's, while it is there
        self._unknown: set[int] = set()  # closed before the server had accepted them: their ends cannot be told apart

    def part(self, ours: Address | None, namespace: Namespace = OWN) -> None:
        """To be called before our end is closed."""
        if ours is None:
            return
        number = ours[1]
        try:
            with contextlib.closing(SocketDiagnosis(namespace)) as diagnosis:
                end = diagnosis.unix_end(number)
        except OSError:
            return
        if end is None:
            return
        if end.peer:
            self._left[number] = end.peer
        elif not end.shut & COMES:
            self._unknown.add(number)

    def facts(self, ours: Iterable[Address], place: Address | None, namespace: Namespace = OWN) -> dict[str, Any]:
        """`established`, `close_wait` and `send_queue` as of TCP's ends, by the numbers of our sockets. Nothing where the
        kernel does not tell; no `close_wait` while an end may be there of which nobody knows whose it is."""
        numbers = [number for _, number in ours]
        try:
            with contextlib.closing(SocketDiagnosis(namespace)) as diagnosis:
                diagnosis.unix_ends(LISTEN)  # raises where it tells nothing of Unix sockets at all
                self._left = {our: its for our, its in self._left.items() if diagnosis.unix_end(its) is not None}
                if self._unknown and place is not None and not self._has_strays(diagnosis, place[0]):
                    self._unknown.clear()
                found = (diagnosis.unix_end(number) for number in numbers)
                there = [end for end in found if end is not None]
        except OSError:
            return {}
        facts: dict[str, Any] = {
            "established": sorted(end.inode for end in there if _is_open(end)),
            "send_queue": {end.inode: end.unread for end in there if end.unread},
        }
        if not self._unknown:
            facts["close_wait"] = sorted([*self._left, *(end.inode for end in there if end.peer and end.shut == GOES)])
        return facts

    def _has_strays(self, diagnosis: SocketDiagnosis, path: str) -> bool:
        """Is there an end of the server's whose client has gone, and which is none of those that we know; or one who is
        still to be accepted?"""
        known = set(self._left.values())
        return any(
            end.unread > 0 if end.state == LISTEN else end.shut & COMES and not end.peer and end.inode not in known
            for end in diagnosis.unix_ends(ESTABLISHED, LISTEN)
            if Path(end.name).name == Path(path).name
        )


def _is_open(end: UnixEnd) -> bool:
    """Ours, of a connection that the server has not closed; one that it is still to accept is such, too."""
    return not end.shut
