"""How long to wait for what is owed, and when waiting in vain proves something (properties.md, rules of evidence).

P = 20 × the p99 of healthy round trips, within 2–30 s, times what the user asked for; frozen at the first fault, so that
a server in trouble cannot buy time. Joins get at least 4 s: a full accept backlog retries after 1 and 3.
"""

from __future__ import annotations

from collections import deque

from chatsim.network.network import Strain

__all__ = ["LONGEST_WAIT", "Patience", "effective"]

FLOOR, CEILING, TIMES = 2.0, 30.0, 20
JOIN_FLOOR = 4.0
LONGEST_WAIT = 10  # times P: progress restarts a wait, but not for ever
ENOUGH = 512  # round trips remembered


class Patience:
    def __init__(self, factor: float = 1.0) -> None:
        self._factor = factor
        self._trips: list[float] = []
        self._alone: deque[float] = deque(maxlen=ENOUGH)  # of messages that stood in no queue of ours
        self._frozen: float | None = None

    def saw(self, round_trip: float, *, queued: bool = False) -> None:
        """A healthy round trip, in seconds. Ignored once frozen.

        `queued`: other messages were under way before it. What it took then is how long we made the server work, which
        patience must know of, and nothing that the closing listen has to last for.
        """
        if self._frozen is None:
            if len(self._trips) >= ENOUGH:
                self._trips = sorted(self._trips)[ENOUGH // 2 :]  # keep the slow half: only the tail matters
            self._trips.append(round_trip)
            if not queued:
                self._alone.append(round_trip)

    @property
    def round_trip(self) -> float:
        """The median healthy round trip, in seconds; 5 ms before anything is known."""
        trips = self._alone or self._trips
        if not trips:
            return 0.005
        return max(0.0005, sorted(trips)[len(trips) // 2])

    @property
    def slowest(self) -> float:
        """The p99 of healthy round trips, in seconds; 0 before anything is known."""
        if not self._trips:
            return 0.0
        return sorted(self._trips)[min(len(self._trips) - 1, int(len(self._trips) * 0.99))]

    @property
    def seconds(self) -> float:
        return self._frozen if self._frozen is not None else self._now()

    @property
    def for_joins(self) -> float:
        return max(self.seconds, JOIN_FLOOR * self._factor)

    def freeze(self) -> float:
        if self._frozen is None:
            self._frozen = self._now()
        return self._frozen

    def _now(self) -> float:
        return min(max(TIMES * self.slowest, FLOOR), CEILING) * self._factor


def effective(waited: float, before: Strain, after: Strain) -> float:
    """What remains of a wait once our own lag and foreign load are taken off. Load that the server makes is no excuse."""
    return waited - (after.lag - before.lag) - (after.foreign - before.foreign)
