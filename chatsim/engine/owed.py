"""What is still owed, live: which messages, notices and closings the bots are waiting for.

This is only the waiting side of the rules: it tells when a step may end early. Whether the server kept its word is
judged afterwards, from the history alone. Public messages are counted, not listed: per message one number of receivers
to go, per session one byte a message heard. So a delivery costs two array look-ups.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass

from chatsim.engine.session import Session
from chatsim.engine.transition import Transition

__all__ = ["Flight", "Owed"]


@dataclass(slots=True)
class Flight:
    """A message under way. `audience` None: public, counted by number; otherwise those yet to hear it.

    `timed`: how long it was under way says something about the server. Not so where nobody was waited for, or not to
    the end: what looks over is then only looked at late, and one such time would buy the server minutes of patience.
    """

    message: int
    sender: int
    at: float
    size: int
    audience: set[int] | None = None
    echo: bool = False
    ack: bool = False
    console: bool = False
    timed: bool = True
    queued: bool = False  # others were under way with it


def _room(message: int) -> int:
    """How long a list by message number is made when this is the highest. Every bot has one: an eighth is spare."""
    return message + 64 + message // 8


class Owed:
    def __init__(self) -> None:
        self.to_go = array("i")  # by message number: receivers of a public message who have not heard it
        self.flights: dict[int, Flight] = {}
        self.transitions: list[Transition] = []
        # What came before it was awaited, by kind and name: of many who join at once, each has been told of by all others.
        self._early: dict[tuple[str, str | None], list[tuple[int, str, str | None, str | None]]] = {}
        self.closings: set[int] = set()  # sessions whose server end we wait to see closed
        self.catching_up: set[int] = set()  # sessions that were stalled
        self.bytes_under_way = 0
        self.releases = 0  # how often somebody was found to hear no more
        self.landed: Callable[[Flight], None] = lambda flight: None

    # --- messages ----------------------------------------------------------------------------------------------

    def number(self, message: int) -> None:
        """There is a message of this number now; unless it takes off, nobody is waited for."""
        while len(self.to_go) <= message:
            self.to_go.append(0)

    def take_off(self, flight: Flight, receivers: int) -> None:
        """A message is about to be sent; `receivers` of a public one have yet to hear it."""
        self.number(flight.message)
        if not (receivers or flight.audience or flight.echo or flight.ack or flight.console):
            return  # nobody has to hear it (a knock, as long as nobody is there): it makes no round trip either
        self.to_go[flight.message] = receivers if flight.audience is None else 0
        flight.queued = bool(self.flights)
        self.flights[flight.message] = flight
        self.bytes_under_way += flight.size
        flight.timed = not self._done(flight)

    def is_over(self, message: int) -> bool:
        flight = self.flights.get(message)
        return flight is None or self._done(flight)

    def _done(self, flight: Flight) -> bool:
        return not (self.to_go[flight.message] > 0 or flight.audience or flight.echo or flight.ack or flight.console)

    def sweep(self) -> None:
        """Forget the flights that are over, oldest first (they end roughly in order, so this is cheap)."""
        flights = self.flights
        while flights:
            first = next(iter(flights.values()))
            if not self._done(first):
                return
            del flights[first.message]
            self.bytes_under_way -= first.size
            first.queued = first.queued or bool(flights)
            if first.timed:
                self.landed(first)

    def heard(self, session: Session, message: int) -> bool:
        """Somebody heard a message; True if this session hears it for the first time."""
        seen = session.seen
        if message >= len(seen):
            seen.extend(bytes(_room(message) - len(seen)))
        if seen[message]:
            return False
        seen[message] = 1
        flight = self.flights.get(message)
        if session.catching_up:
            session.catching_up.discard(message)
            if not session.catching_up:
                self.catching_up.discard(session.id)
        if flight is None:
            return True
        if flight.sender == session.id:
            flight.echo = False
        elif flight.audience is not None:
            flight.audience.discard(session.id)
        elif session.first_owed is not None and message >= session.first_owed:
            self.to_go[message] -= 1
        return True

    def heard_public(self, session: Session, messages: array[int], highest: int) -> None:
        """The quick way for a read full of public messages of others."""
        seen, to_go = session.seen, self.to_go
        if highest >= len(seen):
            seen.extend(bytes(_room(highest) - len(seen)))
        first = session.first_owed
        if first is None:
            for message in messages:
                seen[message] = 1
            return
        for message in messages:
            if not seen[message]:
                seen[message] = 1
                if message >= first:
                    to_go[message] -= 1

    def release(self, session: Session) -> None:
        """This session will hear no more: nobody waits for it."""
        self.releases += 1
        first = session.first_owed
        for flight in self.flights.values():
            if flight.sender == session.id:
                flight.timed = flight.timed and not (flight.echo or flight.ack)
                flight.echo = flight.ack = False
            elif flight.audience is not None:
                flight.timed = flight.timed and session.id not in flight.audience
                flight.audience.discard(session.id)
            elif first is not None and flight.message >= first and not session.has_seen(flight.message):
                self.to_go[flight.message] -= 1
                flight.timed = False
        session.first_owed = None
        session.catching_up.clear()
        self.catching_up.discard(session.id)
        for transition in self.transitions:
            transition.awaiting.discard(session.id)

    def forget_from(self, session: Session) -> None:
        """What this session said may never come: nobody waits for it (its last words are indefinite)."""
        for message in [flight.message for flight in self.flights.values() if flight.sender == session.id]:
            self.bytes_under_way -= self.flights.pop(message).size

    def make_room(self) -> None:
        """What is under way stays owed, but keeps nobody from saying more."""
        for flight in self.flights.values():
            flight.size = 0
        self.bytes_under_way = 0

    # --- notices -----------------------------------------------------------------------------------------------

    def begin_step(self) -> None:
        """Notices that came before this belong to nothing that begins now."""
        self._early.clear()

    def expect_notice(self, transition: Transition) -> None:
        """A notice is awaited. One that came since the step began may have been quicker than the joiner's own welcome."""
        for key in self._keys_of(transition):
            left = []
            for early in self._early.get(key, ()):
                if self._fits(transition, *early):
                    transition.awaiting.discard(early[0])
                else:
                    left.append(early)
            self._early[key] = left
        if transition.awaiting:
            self.transitions.append(transition)

    def notice(self, session: int, what: str, nick: str | None, room: str | None) -> bool:
        """A notice came; True if it was awaited."""
        for transition in self.transitions:
            if self._fits(transition, session, what, nick, room):
                transition.awaiting.discard(session)
                if not transition.awaiting:
                    self.transitions.remove(transition)
                return True
        early = (session, what, nick, room)
        self._early.setdefault((what, None if nick is None else nick.casefold()), []).append(early)
        return False

    def _keys_of(self, transition: Transition) -> list[tuple[str, str | None]]:
        """Under which a notice of it may have come: under its name, or nobody's; without a name, under anybody's."""
        if transition.nick is None:
            return [key for key in self._early if key[0] == transition.what]
        return [(transition.what, transition.nick.casefold()), (transition.what, None)]

    @staticmethod
    def _fits(transition: Transition, session: int, what: str, nick: str | None, room: str | None) -> bool:
        if transition.what != what or session not in transition.awaiting:
            return False
        if room is not None and transition.room is not None and room != transition.room:
            return False
        return nick is None or transition.nick is None or nick.casefold() == transition.nick.casefold()

    # --- the whole ---------------------------------------------------------------------------------------------

    def nothing(self, but: Set[str] = frozenset()) -> bool:
        """Is nothing awaited any more? Nothing, that is, `but` what goes by these words in `missing`, or notices by the
        word of their kind."""
        self.sweep()
        if self.transitions and not any(each.awaiting for each in self.transitions):
            self.transitions.clear()
        if not but:
            return not (self.flights or self.transitions or self.closings or self.catching_up)
        if "notice" not in but and any(each.awaiting and each.word not in but for each in self.transitions):
            return False
        others = (("close", self.closings), ("catching up", self.catching_up))
        waited_for = (word for word, some in others if some)
        in_flight = (word for flight in self.flights.values() for word in self._awaited_of(flight))
        return all(word in but for words in (waited_for, in_flight) for word in words)

    def _awaited_of(self, flight: Flight) -> Iterator[str]:
        if self.to_go[flight.message] > 0 or flight.audience:
            yield "message"
        for word, awaited in (("echo", flight.echo), ("ack", flight.ack), ("output", flight.console)):
            if awaited:
                yield word

    def untold(self) -> set[str]:
        """The words of the kinds of notices that are still awaited."""
        return {each.word for each in self.transitions if each.awaiting}

    def missing(self, sessions: Iterable[Session], most: int = 1000) -> list[list[object]]:
        """What is not there, as rows [what, session, message number or words]."""
        return [row for row, _ in zip(self._missing(list(sessions)), range(most), strict=False)]

    def _missing(self, sessions: list[Session]) -> Iterator[list[object]]:
        for flight in self.flights.values():
            if flight.audience is not None:
                yield from (["message", session, flight.message] for session in sorted(flight.audience))
            elif self.to_go[flight.message] > 0:
                for session in sessions:
                    if (
                        session.first_owed is not None
                        and flight.message >= session.first_owed
                        and session.id != flight.sender
                        and not session.has_seen(flight.message)
                    ):
                        yield ["message", session.id, flight.message]
            if flight.echo:
                yield ["echo", flight.sender, flight.message]
            if flight.ack:
                yield ["ack", flight.sender, flight.message]
            if flight.console:
                yield ["output", flight.sender, flight.message]
        for transition in self.transitions:
            for session_id in sorted(transition.awaiting):
                yield ["notice", session_id, f"{transition.what} {transition.nick or ''}".strip()]
        for session_id in sorted(self.closings):
            yield ["close", session_id, ""]
        for session_id in sorted(self.catching_up):
            yield ["catching up", session_id, ""]

    def give_up(self, sessions: Iterable[Session]) -> None:
        """The patience is spent: wait for none of it again."""
        self.flights.clear()
        self.bytes_under_way = 0
        self.transitions.clear()
        self.closings.clear()
        for session in sessions:
            session.catching_up.clear()
        self.catching_up.clear()
