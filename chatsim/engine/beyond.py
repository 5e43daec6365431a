"""What was said beyond the profile's limit, and is still under way.

Such a message is owed to nobody: it may come whole, in pieces, cut, or not at all. But its bytes have to go somewhere, and
until they have come out at the other end more of them would only pile up in the server, and a short message behind them
be read together with their rest. So they are counted where somebody reads, from when the message was sent. Nobody is
blamed by what is found here; it only tells when the next may be said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from chatsim.engine.clockwork import Clockwork
from chatsim.engine.owed import Owed
from chatsim.engine.patience import LONGEST_WAIT, Patience
from chatsim.engine.session import READING, Session, State
from chatsim.engine.tasks import Steps, Until

__all__ = ["Beyond"]

# In other states what it said before may have been lost with it.
STILL_COMES_FROM = (State.OPEN, State.JOINING, State.PRESENT, State.STALLED, State.LEAVING)


@dataclass(slots=True)
class Said:
    """One message, and the sessions to which it may still be on its way."""

    message: int
    sender: Session
    size: int
    at: float
    to: dict[int, Session]


@dataclass(slots=True)
class Coming:
    """At one session: which messages, by their sizes, and so many bytes of them all. Which come first is not known."""

    messages: dict[int, int] = field(default_factory=dict)
    left: int = 0
    enough_at: float = -1.0  # when the last of these bytes came


class Beyond:
    """`quiet`: so long nothing comes, and nothing will. `hangs`: does the server? `pause`: so long after enough bytes have
    come, they count as all (what the server put between them was counted, too); where the ear knows the message by its
    end, that is not waited for. As long after it was sent its sender goes on where nobody is left to wait for."""

    def __init__(
        self,
        clockwork: Clockwork,
        patience: Patience,
        owed: Owed,
        *,
        quiet: Callable[[], float],
        hangs: Callable[[], bool],
        pause: float,
    ) -> None:
        self._clockwork, self._patience, self._owed = clockwork, patience, owed
        self._quiet, self._hangs, self._pause = quiet, hangs, pause
        self.pending: dict[int, Said] = {}
        self.bytes_under_way = 0
        self.in_vain = False  # a whole patience was: such messages are cut or dropped, and a short quiet tells as much
        # Set by the director: whom it concerns that a message is pending no more; that something has happened here.
        self.over: Callable[[int], None] = lambda message: None
        self.stirred: Callable[[], None] = lambda: None
        self._coming: dict[int, Coming] = {}  # by session
        self._releases = 0  # as many of those that nothing is waited for any more are known here
        self._stirs = 0
        self._watched = False

    # --- what happens ---------------------------------------------------------------------------------------------

    def sent(self, message: int, sender: Session, size: int, receivers: Iterable[Session]) -> None:
        """It goes out now, and may come to these."""
        to = {session.id: session for session in receivers}
        if not to or not size or self._hangs():
            return
        self.pending[message] = Said(message, sender, size, self._clockwork.now, to)
        self.bytes_under_way += size
        for session_id in to:
            coming = self._coming.setdefault(session_id, Coming())
            coming.messages[message] = size
            coming.left += size
        self._stir()
        if not self._watched:
            self._watched = True
            self._clockwork.spawn(self._watch())

    def came(self, session: int, size: int) -> None:
        """So many bytes came to this session, whatever they are."""
        coming = self._coming.get(session)
        if coming is None:
            return
        self._stir()
        if coming.left > 0:
            coming.left -= size
            if coming.left <= 0:
                coming.left, coming.enough_at = 0, self._clockwork.now
                end = coming.enough_at + self._pause
                self._clockwork.timers.at(end, partial(self._enough, session, coming.enough_at))

    def _enough(self, session: int, at: float) -> None:
        coming = self._coming.get(session)
        if coming is not None and coming.left == 0 and coming.enough_at == at:
            for message in list(coming.messages):
                self._through(message, session)

    def heard(self, session: int, message: int) -> None:
        """The ear knows it by its end: all of it has come to this session."""
        said = self.pending.get(message)
        if said is not None and session in said.to:
            self._through(message, session, known=True)

    def look(self) -> None:
        """Is anybody waited for who will get no more, or for what was lost with its sender?"""
        if self._hangs():
            self._give_up()
        elif self._releases != self._owed.releases:
            self._releases = self._owed.releases
            for said in list(self.pending.values()):
                gone = said.sender.state not in STILL_COMES_FROM
                for session in [each for each in said.to.values() if gone or not _gets(each, said)]:
                    self._through(said.message, session.id)

    # --- what becomes of it ---------------------------------------------------------------------------------------

    def _through(self, message: int, session: int, *, known: bool = False) -> None:
        """Nobody waits for this here any more. `known`: for it has come."""
        said, coming = self.pending[message], self._coming[session]
        del said.to[session], coming.messages[message]
        coming.left = min(coming.left, sum(coming.messages.values()))
        if not coming.messages:
            del self._coming[session]
        if not said.to:
            del self.pending[message]
            self.bytes_under_way -= said.size
            self._stir()
            if known or self._clockwork.now >= said.at + self._pause:
                self.over(message)  # else its sender waits for that time, as it does behind all that nothing proves

    def _give_up(self, before: float | None = None) -> None:
        """Wait no more; only for what was sent `before` that, if it is given."""
        for said in list(self.pending.values()):
            for session in list(said.to) if before is None or said.at < before else ():
                self._through(said.message, session)

    def _watch(self) -> Steps:
        """Give up when nothing has come for so long; that it was the machine's fault is no reason to be quicker the next
        time."""
        while self.pending:
            stirred = partial(self._has_stirred, self._stirs)
            quiet = self._quiet()
            met = yield Until(stirred, quiet, exact=True)
            if not met and not self.in_vain:
                wait = Until(stirred, max(0.0, self._patience.seconds - quiet), steady=True)
                met = yield wait
                self.in_vain = not met and wait.valid
            if met:
                self._give_up(self._clockwork.now - LONGEST_WAIT * self._patience.seconds)
            else:
                self._give_up()
        self._watched = False
        return True

    def _has_stirred(self, since: int) -> bool:
        return self._stirs != since or not self.pending

    def _stir(self) -> None:
        self._stirs += 1
        self.stirred()


def _gets(session: Session, said: Said) -> bool:
    """Does it read, and was it there when this was said?"""
    if session is said.sender:  # its echo
        return session.state in READING
    return session.first_owed is not None and said.message >= session.first_owed
