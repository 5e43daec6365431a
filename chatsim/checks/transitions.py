"""Who came and who went: every change of membership that the server may, or must, have told the others about.

It owns the question "of what could this notice be, and who had to get one?" The answer to "did they?" is in `notices`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatsim.checks.lives import NEVER, Life
from chatsim.checks.sessions import SessionView, Stay
from chatsim.checks.views import Views

__all__ = ["Transition", "of_rooms", "of_the_server"]


@dataclass(frozen=True, slots=True)
class Transition:
    """One session's coming or going. `what`: joined | left | dropped.

    A notice of it may come after `begin`. `since`: those who were there before it are owed one, if anybody is: `owed`
    says whether it is one that the server must tell of. Not owed are those that are only *possible*: a refused join, a
    client that the server itself may have put out. `done`: our part of it is over.
    """

    view: SessionView
    what: str
    begin: int
    since: int
    done: int
    owed: bool
    room: str | None = None

    @property
    def life(self) -> Life:
        return self.view.life


def of_the_server(views: Views) -> Iterator[Transition]:
    """Joins and departures, each session's join before its departure; sessions in the order of their connecting."""
    for view in views.sessions.values():
        life = view.life
        let_in = life.told != NEVER and life.refused == NEVER  # whoever has only connected need not be announced
        yield Transition(view, "joined", life.connect, min(view.begun, view.told), view.told, let_in)
        departure = _departure(views, view)
        if departure is not None:
            yield departure


def _departure(views: Views, view: SessionView) -> Transition | None:
    """Its end: by our own act, or perhaps by the server's.

    Once we have impaired a session (stalled it, sent bad input) or the server has closed it, the server may tell of its
    end at any time, and need not tell again when we drop it. So does a server that ends put out all who are there.
    """
    life, terms = view.life, views.terms
    parted = life.parted
    what = "dropped" if life.drop < life.leave else "left"
    stall = next((since for since, back in life.stalls if since < parted and back > min(parted, life.closed)), NEVER)
    refused_or_unknown = view.told == NEVER or life.refused != NEVER
    if refused_or_unknown:
        return Transition(view, what, life.connect, NEVER, NEVER, False)
    impaired = min(stall, life.acted, life.flooded)
    if life.closed < parted:
        impaired = life.connect  # when it closed is not known: the others may hear of it before this session does
    impaired = min(impaired, views.lives.next_down(life.connect))
    if impaired < parted:
        return Transition(view, what, impaired, NEVER, NEVER, False)
    if parted == NEVER:
        return None
    owed = True
    done = life.left if what == "left" and life.left != NEVER else parted
    if life.drop_how == "vanish":
        owed = terms.limit_silence is not None
        if terms.limit_silence is not None:
            done = views.lives.first_after(parted, terms.limit_silence)
    elif life.drop_how == "half-close":
        owed = terms.half_close == "leaves"
    return Transition(view, what, parted, parted, done, owed and done != NEVER)


def of_rooms(views: Views) -> Iterator[Transition]:
    """Enterings and exits of rooms. Entering another room, where one may be in one only, is an exit of the last.

    The default room is entered by joining, and every room is left by going altogether: what the room is told of that
    is as the server likes.
    """
    default = views.terms.default_room
    for view in views.sessions.values():
        ending = _departure(views, view)
        for stay in view.stays:
            explicit = not _by_joining(view, stay, default)
            yield Transition(
                view,
                "joined",
                stay.asked if explicit else view.life.connect,
                stay.asked,
                stay.entered,
                explicit and stay.entered != NEVER,
                stay.room,
            )
            if stay.until != NEVER and (ending is None or stay.until < ending.begin):
                done = stay.exited if stay.exited != NEVER else stay.until
                owed = stay.entered < stay.until
                yield Transition(view, "left", stay.until, stay.until, done, owed, stay.room)
            elif ending is not None:
                yield Transition(view, "left", ending.begin, NEVER, NEVER, False, stay.room)


def _by_joining(view: SessionView, stay: Stay, default: str | None) -> bool:
    return stay.room == default and stay is view.stays[0]
