"""Who heard what, in which order: the history's rows dealt out to their receivers.

A million deliveries stay arrays: eight bytes a delivery, never an object. Dealing them out is itself most of what a
check costs, so a long history is dealt by numpy where that can be imported (a stable sort of small numbers, in blocks);
without it, and for everything shorter, a plain loop gives the same arrays.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import compress, pairwise
from typing import Any

from chatsim.history import KINDS, History

__all__ = ["LONG", "Hearing", "deal", "numpy_if_long"]

LONG = 200_000  # rows; importing numpy costs as much time as a plain loop over about so many
BLOCK = 1 << 18  # rows sorted at a time: the sort needs 18 bytes a row, and the block keeps that small
SHIFT = 3  # the smallest session is the operator's, -3
HEARD = KINDS.index("heard")
_IS_HEARD = bytes(int(number == HEARD) for number in range(256))


@dataclass(slots=True)
class Hearing:
    """What one receiver heard. `messages` in the order of their first hearing, `indices` the history's, side by side.

    `again` holds the indices of all later hearings of a message heard before, in any form.
    """

    receiver: int
    messages: array[int] = field(default_factory=lambda: array("i"))
    indices: array[int] = field(default_factory=lambda: array("i"))
    again: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.messages)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """(message, index), in the order of hearing."""
        return zip(self.messages, self.indices, strict=True)

    def index_of(self, message: int) -> int | None:
        """Where this message was first heard. O(n): for witnesses."""
        try:
            return self.indices[self.messages.index(message)]
        except ValueError:
            return None


def numpy_if_long(rows: int) -> Any:
    """The numpy module, if there is enough to do for it and it can be imported; otherwise None."""
    if rows < LONG:
        return None
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def deal(history: History) -> dict[int, Hearing]:
    """Every receiver that heard anything, by session number, in the order in which they first heard something."""
    numpy = numpy_if_long(len(history))
    most = numpy.frombuffer(history.sessions, numpy.int32).max(initial=0) if numpy is not None else 0
    if numpy is not None and most + SHIFT < 2**16 - 1:
        hearings = _deal_in_blocks(history, numpy, numpy.uint8 if most + SHIFT < 2**8 - 1 else numpy.uint16)
    else:
        hearings = _deal_one_by_one(history)
    for hearing in hearings.values():
        _set_repeats_aside(hearing, numpy)
    return hearings


def _deal_one_by_one(history: History) -> dict[int, Hearing]:
    heard = bytes(history.kinds).translate(_IS_HEARD)
    rows: Iterable[tuple[int, int, int]] = zip(
        compress(history.sessions, heard),
        compress(history.refs, heard),
        compress(range(len(heard)), heard),
        strict=True,
    )
    hearings: dict[int, Hearing] = {}
    append: dict[int, tuple[Any, Any]] = {}
    for session, message, index in rows:
        try:
            hears, at = append[session]
        except KeyError:
            hearing = hearings[session] = Hearing(session)
            hears, at = append[session] = hearing.messages.append, hearing.indices.append
        hears(message)
        at(index)
    return hearings


def _deal_in_blocks(history: History, numpy: Any, small: Any) -> dict[int, Hearing]:
    hearings: dict[int, Hearing] = {}
    last = numpy.iinfo(small).max
    columns = (
        numpy.frombuffer(history.kinds, numpy.uint8),
        numpy.frombuffer(history.sessions, numpy.int32),
        numpy.frombuffer(history.refs, numpy.int32),
    )
    for start in range(0, len(history.kinds), BLOCK):
        kinds, sessions, refs = (column[start : start + BLOCK] for column in columns)
        # Whatever was not heard goes to the end of the block, behind every receiver. Small numbers: a radix sort.
        keys = (sessions + SHIFT).astype(small)
        keys[kinds != HEARD] = last
        order = numpy.argsort(keys, kind="stable")
        keys = keys[order]
        starts = [0, *(numpy.flatnonzero(keys[1:] != keys[:-1]) + 1).tolist(), len(keys)]
        messages = memoryview(refs[order]).cast("B")
        indices = memoryview((order + start).astype(numpy.int32)).cast("B")
        for low, high in pairwise(starts):
            if keys[low] == last:
                break
            session = int(keys[low]) - SHIFT
            hearing = hearings.get(session)
            if hearing is None:
                hearing = hearings[session] = Hearing(session)
            hearing.messages.frombytes(messages[4 * low : 4 * high])
            hearing.indices.frombytes(indices[4 * low : 4 * high])
    return dict(sorted(hearings.items(), key=lambda item: item[1].indices[0]))


def _set_repeats_aside(hearing: Hearing, numpy: Any) -> None:
    messages, indices = hearing.messages, hearing.indices
    if len(messages) < 2 or not _repeats(messages, numpy):
        return
    known: set[int] = set()
    first, at = array("i"), array("i")
    for message, index in zip(messages, indices, strict=True):
        if message in known:
            hearing.again.append(index)
        else:
            known.add(message)
            first.append(message)
            at.append(index)
    hearing.messages, hearing.indices = first, at


def _repeats(messages: array[int], numpy: Any) -> bool:
    if numpy is None or len(messages) < 500:
        return len(set(messages)) < len(messages)
    column = numpy.frombuffer(messages, numpy.int32)
    return bool(numpy.bincount(column).max() > 1)
