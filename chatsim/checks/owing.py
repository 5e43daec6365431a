"""Who was owed what and did not get it: the pairs of message and session that `delivery` and `echo` fail for.

For the usual big case this costs a few array operations a receiver; pairs become objects only where something is missing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from chatsim.checks.views import NEVER, NOT_JUDGED, Views

__all__ = ["Missing", "Owing", "harmed"]


@dataclass(frozen=True, slots=True)
class Missing:
    """A message that a session was owed and never got."""

    message: int
    session: int


class Owing:
    """All messages that anybody could fail for, dealt out to the sessions that they are owed to."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._harmed = harmed(views)
        self._latest: dict[int, dict[tuple[int, str], tuple[int, int]]] = {}
        self._groups = views.by_audience()
        self._of: dict[int, list[int]] = defaultdict(list)  # session -> numbers of the groups that it is owed
        self.pairs = 0
        said = views.messages
        for number, messages in enumerate(self._groups):
            audience = views.audience(messages[0])
            self.pairs += len(audience) * len(messages)
            self.pairs -= sum(said[m].sender in audience for m in messages)
            for session in audience:
                self._of[session].append(number)

    def missing(self) -> Iterator[Missing]:
        """Every owed pair that was not heard in any part, and every message that a session which left can't but have lost."""
        known: dict[tuple[int, ...], Any] = {}
        for session, numbers in self._of.items():
            together = tuple(numbers)
            if together not in known:
                known[together] = self._mask(together) if self._views.numpy is not None else self._set(together)
            lacking = (self._lacking_in_mask if self._views.numpy is not None else self._lacking)(
                session, known[together]
            )
            for message in sorted(lacking, key=self._views.send.__getitem__):
                if self._views.messages[message].sender != session and (message, session) not in self._harmed:
                    yield Missing(message, session)
        yield from self._gaps_of_leavers()

    def _set(self, numbers: tuple[int, ...]) -> frozenset[int]:
        return frozenset(message for number in numbers for message in self._groups[number])

    def _lacking(self, session: int, owed: frozenset[int]) -> Iterable[int]:
        hearing = self._views.hearings.get(session)
        return owed.difference(hearing.messages) if hearing is not None else owed

    def _mask(self, numbers: tuple[int, ...]) -> Any:
        numpy = self._views.numpy
        mask = numpy.zeros(len(self._views.messages), numpy.bool_)
        for number in numbers:
            mask[self._groups[number]] = True
        return mask

    def _lacking_in_mask(self, session: int, owed: Any) -> Iterable[int]:
        numpy = self._views.numpy
        lacking = owed.copy()
        hearing = self._views.hearings.get(session)
        if hearing is not None:
            lacking[numpy.frombuffer(hearing.messages, numpy.int32)] = False
        lacking[self._views.spoken.get(session, [])] = False
        return numpy.flatnonzero(lacking).tolist()  # type: ignore[no-any-return]

    def _gaps_of_leavers(self) -> Iterator[Missing]:
        """What a session that went lacks before the last that it heard of the same sender and channel."""
        views = self._views
        for view in views.sessions.values():
            hearing = views.hearings.get(view.number)
            if view.gone == NEVER or view.owed_from == NEVER or hearing is None:
                continue
            heard = set(hearing.messages)
            for (sender, channel), (latest, index) in self._latest_heard(view.number).items():
                spoken = views.spoken[sender]
                first = bisect_right(spoken, view.owed_from, key=views.send.__getitem__)
                for message in islice(spoken, first, bisect_left(spoken, latest, key=views.send.__getitem__)):
                    sent = views.send[message]
                    if (
                        view.owed_from < sent < latest
                        and sender != view.number
                        and message not in heard
                        and views.messages[message].channel == channel
                        and (message, view.number) not in self._harmed
                        and views.judged(message)
                        and view.number not in views.audience(message)
                        and self._was_for(message, view.number, sent, index)
                    ):
                        yield Missing(message, view.number)

    def gap(self, message: int, session: int) -> int | None:
        """Where this session, before it was gone, heard a later message of the same sender and channel; or None."""
        said = self._views.messages[message]
        latest, index = self._latest_heard(session).get((said.sender, said.channel), (-1, -1))
        return index if latest > self._views.send[message] else None

    def _latest_heard(self, session: int) -> dict[tuple[int, str], tuple[int, int]]:
        """(sender, channel) -> the latest sending that this session heard of it while there, and where it heard it."""
        known = self._latest.get(session)
        if known is None:
            view = self._views.sessions.get(session)
            gone = view.gone if view is not None else NEVER
            quick = self._views.numpy is not None
            known = self._latest[session] = (self._latest_by_column if quick else self._latest_by_one)(session, gone)
        return known

    def _latest_by_one(self, session: int, gone: int) -> dict[tuple[int, str], tuple[int, int]]:
        latest: dict[tuple[int, str], tuple[int, int]] = {}
        for message, index in self._views.hearings.get(session) or ():
            said = self._views.messages[message]
            if index < gone and said.kind not in NOT_JUDGED:
                key = (said.sender, said.channel)
                latest[key] = max(latest.get(key, (-1, -1)), (self._views.send[message], index))
        return latest

    def _latest_by_column(self, session: int, gone: int) -> dict[tuple[int, str], tuple[int, int]]:
        views, numpy = self._views, self._views.numpy
        hearing = views.hearings.get(session)
        if hearing is None:
            return {}
        column = numpy.frombuffer(hearing.messages, numpy.int32)
        indices = numpy.frombuffer(hearing.indices, numpy.int32)
        streams, names = self._streams
        live = (streams[column] >= 0) & (indices < gone)
        column, indices = column[live], indices[live]
        last = numpy.full(
            len(names), -1, numpy.int64
        )  # by stream: the greatest sending heard, and where, in one number
        numpy.maximum.at(last, streams[column], views.sends_column[column].astype(numpy.int64) << 32 | indices)
        return {name: divmod(both, 1 << 32) for name, both in zip(names, last.tolist(), strict=True) if both >= 0}

    @cached_property
    def _streams(self) -> tuple[Any, list[tuple[int, str]]]:
        """By message the number of its stream (sender and channel), -1 for halves and pieces; and the streams."""
        number: dict[tuple[int, str], int] = {}
        of = [
            -1 if said.kind in NOT_JUDGED else number.setdefault((said.sender, said.channel), len(number))
            for said in self._views.messages
        ]
        return self._views.numpy.array(of, self._views.numpy.int32), list(number)

    def _was_for(self, message: int, session: int, sent: int, index: int) -> bool:
        said, view = self._views.messages[message], self._views.sessions[session]
        if said.channel.startswith("room:"):
            return any(
                stay.room == said.channel[5:] and stay.owed_from < sent and stay.until > index for stay in view.stays
            )
        if said.kind == "reply" or said.channel.startswith(("whisper:", "desk:")):
            return said.to == session
        return self._views.speech(message).heard


def harmed(views: Views) -> set[tuple[int, int]]:
    """(message, session): it came, though not unharmed. That is another property's matter."""
    return {
        (entry.detail["message"], entry.session)
        for entry in views.lives.of("damaged")
        if entry.detail.get("message") is not None
    }
