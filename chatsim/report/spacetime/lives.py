"""How long each connection lasted, and the server: the solid part of its line."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping

from chatsim.history import OPERATOR, History
from chatsim.report.spacetime.diagram import Life
from chatsim.report.spacetime.kept import SERVER

__all__ = ["lives_of"]

BEGINS, ENDS = "connect", frozenset(("drop", "left", "closed", "refused", "unreachable"))


def lives_of(
    history: History, owners: Mapping[int, str], lanes: Mapping[str, int], rows: Mapping[int, int], height: int
) -> Iterator[Life]:
    """Of every connection of which anything is drawn, also where its beginning or its end is left out.

    `owners`: whose each session is; `lanes`: on which lane each of them is drawn; `rows`: in which row each entry is.
    """
    if not height:
        return
    ranks = _Ranks(rows, height - 1)
    yield from _of_bots(history, owners, lanes, ranks)
    if SERVER in lanes:
        yield from _of_the_server(history, lanes[SERVER], ranks)


class _Ranks:
    def __init__(self, rows: Mapping[int, int], last: int) -> None:
        self._rows, self.last = sorted(rows.items()), last

    def of(self, index: int) -> int:
        """The row of an entry; of one that is left out, that of the first after it that is not."""
        at = bisect_left(self._rows, (index, -1))
        return self._rows[at][1] if at < len(self._rows) else self.last


def _of_bots(history: History, owners: Mapping[int, str], lanes: Mapping[str, int], ranks: _Ranks) -> Iterator[Life]:
    begun: dict[int, int] = {}
    ended: dict[int, int] = {}
    silent: dict[int, list[tuple[int, int]]] = {}
    for entry in history.of(BEGINS, *ENDS, "stall", "resume"):
        session = entry.session
        if owners.get(session) not in lanes:
            continue
        row = ranks.of(entry.index)
        if entry.kind == BEGINS:
            begun.setdefault(session, row)
        elif entry.kind == "stall":
            silent.setdefault(session, []).append((row, ranks.last))
        elif entry.kind == "resume" and silent.get(session):
            silent[session][-1] = (silent[session][-1][0], row)
        elif entry.kind in ENDS and not (entry.kind == "refused" and entry.detail.get("room")):
            ended.setdefault(session, row)
    for session, owner in owners.items():
        if session == OPERATOR or owner not in lanes:
            continue
        first = begun.get(session, 0)
        last = ended.get(session, ranks.last)
        gaps = tuple((max(first, a), min(last, b)) for a, b in silent.get(session, ()) if a < last)
        yield Life(lanes[owner], first, max(first, last), gaps)


def _of_the_server(history: History, lane: int, ranks: _Ranks) -> Iterator[Life]:
    """From each start to its end; one that was attached to, or whose start is not drawn, was there from the top."""
    first, begun, frozen = 0, True, -1
    silent: list[tuple[int, int]] = []
    for entry in history.of("server"):
        what, row = entry.detail.get("what"), ranks.of(entry.index)
        if what == "started":
            first, begun, silent = row, True, []
        elif what == "frozen":
            frozen = row
        elif what == "thawed" and frozen >= 0:
            silent.append((frozen, row))
            frozen = -1
        elif what in ("exited", "ended") and begun:
            yield Life(lane, first, max(first, row), tuple(silent))
            begun = False
    if begun:
        yield Life(lane, first, ranks.last, tuple(silent))
