"""When all had come, and what was waited for in vain: the settle points and the waits of a history, found quickly.

It owns the question "after this, was it waited long enough for that?". Of whom that is held against, it knows nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from chatsim.checks.lives import NEVER, Lives

__all__ = ["Row", "Settle", "Wait", "Waiting"]

MOST_LISTED = 1000  # a wait's list of what is missing is cut there
OF_ONE_STEP = ("expect", "expect-output", "roster", "ask", "join", "leave")  # these wait for nothing but their own
NEARLY = 0.99  # of the patience: the clock is read a moment after the wait began

Row = tuple[str, int, int | str | None]  # what is missing, at which session, and which message or nickname


@dataclass(frozen=True, slots=True)
class Settle:
    """A settle point. `channels` null: all of them. `valid`: a patience that was spent counts as waiting in vain."""

    index: int
    how: str
    channels: frozenset[str] | None = None
    valid: bool = False

    def covers(self, channel: str) -> bool:
        return self.channels is None or channel in self.channels


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait that ended unmet. `missing`: (what, session, message number or nick); null: it did not say."""

    index: int
    purpose: str
    missing: frozenset[Row] | None
    valid: bool
    patience: float = 0.0


class Waiting:
    """The settle points and waits of one history, each in order. Read-only once made."""

    def __init__(self, lives: Lives) -> None:
        self._lives = lives
        self.settles: Sequence[Settle] = tuple(_settles(lives))
        self.waits: Sequence[Wait] = tuple(_waits(lives))
        self._settles_of: dict[str, list[int]] = {}
        self._spent: dict[str, list[tuple[Settle, Wait | None]]] = {}

    def settled_after(self, index: int, channel: str | None = None) -> int:
        """The first settle point after an index whose scope contains the channel (null: any scope); NEVER if none."""
        key = "" if channel is None else channel
        known = self._settles_of.get(key)
        if known is None:
            known = [settle.index for settle in self.settles if channel is None or settle.covers(channel)]
            self._settles_of[key] = known
        at = bisect_right(known, index)
        return known[at] if at < len(known) else NEVER

    def in_vain(self, row: Row, since: int, channel: str) -> int | None:
        """The first valid wait for this that ended unmet, the whole of it after `since`: by name, for something that it
        did not name, or at a settle point of the channel.

        -1: there were only invalid ones (our machine stalled). None: there was none.
        """
        named, spent = self._waits_for.get(row, ()), self._patience_spent(channel)
        first = self._first(wait for wait in named if wait.valid and self._long_enough(wait, since))
        first = min(first, self._first(self._after(self._valid_nameless, since)))
        valid = (settle for settle, wait in _from(spent, since) if settle.valid and self._whole(wait, since))
        first = min(first, self._first(valid))
        if first != NEVER:
            return first
        # The last ones first: the later, the surer it is that all of their patience lay after `since`.
        tried = any(self._long_enough(wait, since) for wait in named)
        tried = tried or any(self._long_enough(wait, since) for wait in reversed(self._nameless) if wait.index > since)
        tried = tried or any(self._whole(wait, since) for settle, wait in reversed(spent) if settle.index > since)
        return -1 if tried else None

    def valid_wait(self, rows: Iterable[Row], since: int, channel: str | None, but: Collection[str]) -> int:
        """Where a valid wait for any of these first ended, a patience after `since` or later; NEVER if none did.

        Waits that name nothing count unless they were for a purpose in `but`.
        """
        named = [wait for row in rows for wait in self._waits_for.get(row, ())]
        first = min(
            (w.index for w in named if w.valid and self._late_enough(w.index, w.patience, since)), default=NEVER
        )
        ends = self._valid_ends
        for at in range(bisect_right(ends, since, key=lambda each: each[0]), len(ends)):
            index, patience, end = ends[at]
            if index >= first:
                break
            about = end.purpose not in but if isinstance(end, Wait) else channel is None or end.covers(channel)
            if about and self._late_enough(index, patience, since):
                return index
        return first

    # --- found once, asked often --------------------------------------------------------------------------------------

    @cached_property
    def _waits_for(self) -> Mapping[Row, list[Wait]]:
        waits: dict[Row, list[Wait]] = defaultdict(list)
        for wait in self.waits:
            for row in wait.missing or ():
                waits[row].append(wait)
        return waits

    @cached_property
    def _nameless(self) -> list[Wait]:
        return [wait for wait in self.waits if wait.missing is None]

    @cached_property
    def _valid_nameless(self) -> list[Wait]:
        return [wait for wait in self._nameless if wait.valid]

    @cached_property
    def _valid_ends(self) -> list[tuple[int, float, Wait | Settle]]:
        """The valid waits that name nothing and the settle points at which patience was validly spent, each with its
        index and the patience of then."""
        ends: list[Wait | Settle] = sorted([*self.waits, *self.settles], key=lambda end: end.index)
        found: list[tuple[int, float, Wait | Settle]] = []
        patience = 0.0
        for end in ends:
            if isinstance(end, Wait):
                patience = end.patience
            counts = end.missing is None if isinstance(end, Wait) else end.how == "patience"
            if end.valid and counts:
                found.append((end.index, patience, end))
        return found

    def _patience_spent(self, channel: str) -> list[tuple[Settle, Wait | None]]:
        """The settle points of a channel at which patience was spent, each with the last wait before it."""
        known = self._spent.get(channel)
        if known is None:
            known = self._spent[channel] = []
            ended = [wait.index for wait in self.waits]
            for settle in self.settles:
                if settle.how == "patience" and settle.covers(channel):
                    before = bisect_left(ended, settle.index)
                    known.append((settle, self.waits[before - 1] if before else None))
        return known

    # --- long enough? -------------------------------------------------------------------------------------------------

    @staticmethod
    def _first(ends: Iterable[Wait | Settle]) -> int:
        """Of ends in order."""
        return next((end.index for end in ends), NEVER)

    def _after(self, waits: Sequence[Wait], since: int) -> Iterator[Wait]:
        for at in range(bisect_right(waits, since, key=lambda wait: wait.index), len(waits)):
            if self._long_enough(waits[at], since):
                yield waits[at]

    def _long_enough(self, wait: Wait, since: int) -> bool:
        """Did the whole patience lie after this index? (What came late in a wait was waited for less.)"""
        return wait.index > since and self._late_enough(wait.index, wait.patience, since)

    def _whole(self, wait: Wait | None, since: int) -> bool:
        return wait is None or self._long_enough(wait, since)

    def _late_enough(self, index: int, patience: float, since: int) -> bool:
        return index > since and self._lives.seconds(index) - self._lives.seconds(since) >= patience * NEARLY


def _from(spent: Sequence[tuple[Settle, Wait | None]], since: int) -> Iterator[tuple[Settle, Wait | None]]:
    for at in range(bisect_right(spent, since, key=lambda each: each[0].index), len(spent)):
        yield spent[at]


def _settles(lives: Lives) -> Iterator[Settle]:
    for entry in lives.of("settled"):
        channels = entry.detail.get("channels")
        yield Settle(
            entry.index,
            str(entry.detail.get("how", "")),
            None if channels is None else frozenset(map(str, channels)),
            bool(entry.detail.get("valid")),
        )
    for entry in lives.of("ended"):
        if entry.detail.get("why") in ("done", "server"):
            yield Settle(entry.index, "ended")


def _waits(lives: Lives) -> Iterator[Wait]:
    for entry in lives.of("wait"):
        rows = entry.detail.get("missing") or []
        patience = float(entry.detail.get("patience") or 0)
        listed = frozenset((str(row[0]), int(row[1]), row[2]) for row in rows if len(row) == 3)
        purpose = str(entry.detail.get("for", ""))
        # A long list was cut off by its writer: then it speaks for everything, as one that says nothing does.
        complete = 0 < len(listed) < MOST_LISTED or purpose in OF_ONE_STEP
        yield Wait(entry.index, purpose, listed if complete else None, bool(entry.detail.get("valid")), patience)
