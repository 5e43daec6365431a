"""`membership-order`: a session speaks, to everybody, only after it has joined and before it has left.

A notice names a nick, a message its session. A notice is taken for that of a session only where no other session of
the nick can be meant; where it may be either, nobody fails. Replays are no part of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from chatsim.checks import saying
from chatsim.checks.sessions import SessionView
from chatsim.checks.verdict import Verdict
from chatsim.checks.views import NEVER, NOT_JUDGED, Views, views_of
from chatsim.checks.wording import counted
from chatsim.history import History

__all__ = ["membership_order"]

NAME = "membership-order"


@dataclass(frozen=True, slots=True)
class Told:
    """What one receiver was told of one session: the indexes of the notices; NEVER, or -1, where it was not."""

    joined: int = -1
    left: int = NEVER


@dataclass(frozen=True, slots=True)
class _Named:
    """Those of one nickname: (from when on its coming, or its going, may be told, its number), in order."""

    begun: Sequence[tuple[int, int]]
    ended: Sequence[tuple[int, int]]


def membership_order(history: History) -> Verdict:
    views = views_of(history)
    verdict = saying.unpromised(views, NAME)
    if verdict is not None:
        return verdict
    if not views.terms.notices - views.terms.nameless_notices:
        return saying.not_applicable(NAME, "No notice of this server names who came or went.")
    exercised = 0
    those = _by_name(views)
    for receiver in views.hearings:
        told = _told(views, receiver, those)
        if not told:
            continue
        seen = set()
        for message, index in _live(views, receiver):
            sender = views.messages[message].sender
            if sender not in told:
                continue
            seen.add(sender)
            notice = told[sender]
            if index < notice.joined:
                return _failed(views, receiver, message, index, notice.joined, "before it was told that", "had joined")
            if index > notice.left:
                return _failed(views, receiver, message, index, notice.left, "after it was told that", "had left")
        exercised += len(seen)
    return saying.passed(
        NAME,
        exercised,
        f"{counted(exercised, 'session')} heard between the notice of joining and that of leaving.",
        "Nobody heard both a notice and a message of the same session.",
    )


def _failed(views: Views, receiver: int, message: int, index: int, notice: int, when: str, what: str) -> Verdict:
    sender = views.label(views.sender(message))
    summary = f"{views.label(receiver)} heard {views.quote(message)} from {sender} {when} {sender} {what}."
    return saying.failed(views, NAME, summary, (views.send[message], index, notice), about=message, exercised=1)


def _live(views: Views, receiver: int) -> Iterator[tuple[int, int]]:
    for message, index in views.hearings[receiver]:
        if views.messages[message].kind not in NOT_JUDGED and not views.is_replay(message, receiver):
            yield message, index


def _told(views: Views, receiver: int, those: Callable[[str], _Named]) -> Mapping[int, Told]:
    """Session -> the notices of it that this receiver got, as far as it is certain whose they are."""
    joined: dict[str, list[int]] = defaultdict(list)
    left: dict[str, list[int]] = defaultdict(list)
    for entry in views.notices_to.get(receiver, ()):
        nick = entry.detail.get("nick")
        if nick and entry.detail.get("room") is None:
            (joined if entry.detail.get("what") == "joined" else left)[str(nick)].append(entry.index)
    told: dict[int, Told] = {}
    own = views.sessions.get(receiver)
    for nick in joined.keys() | left.keys():
        named = those(nick)
        begun = _assigned(named.begun, None if own is None else (own.born, own.number), joined[nick])
        ended = _assigned(named.ended, None if own is None else (_end(views, own), own.number), left[nick])
        for session in begun.keys() | ended.keys():
            told[session] = Told(begun.get(session, -1), ended.get(session, NEVER))
    return told


def _by_name(views: Views) -> Callable[[str], _Named]:
    """For one verdict: every receiver is told of the same few nicknames."""

    @cache
    def named(nick: str) -> _Named:
        those = views.sessions_named(nick)
        begun = sorted((view.born, view.number) for view in those if view.life.refused == NEVER)
        return _Named(begun, sorted((_end(views, view), view.number) for view in those))

    return named


def _assigned(begins: Sequence[tuple[int, int]], own: tuple[int, int] | None, notices: Sequence[int]) -> dict[int, int]:
    """Session -> its notice. One that may be another's too is nobody's, and neither is any after it.

    Those of the nickname are taken in order, the receiver itself left out: a notice is certain where as many had begun
    before it as there were notices, this one included.
    """
    place = len(begins) if own is None else bisect_left(begins, own)
    if place < len(begins) and begins[place] != own:
        place = len(begins)
    assigned: dict[int, int] = {}
    for number, notice in enumerate(notices):
        begun = bisect_left(begins, (notice,))
        if begun - (place < begun) != number + 1:
            break
        assigned[begins[number + (place <= number)][1]] = notice
    return assigned


def _end(views: Views, view: SessionView) -> int:
    """From here on its departure may be told. A close by the server may be told before we see it."""
    ours = min(view.life.parted, view.life.acted, view.gone)
    return min(ours, view.born) if view.life.closed < ours else ours
