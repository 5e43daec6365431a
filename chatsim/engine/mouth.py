"""The bots' mouths: what each has still to say, and when the pace of the profile lets it.

`pace: one-at-a-time`: the next bytes of a client go out only once its last are proved read (heard, echoed,
acknowledged, printed), or after 100 ms: a server that takes one read for one message would merge them. Behind a message
that is beyond the profile's limit they go out once that is under way no more, however long it takes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from chatsim.engine.beyond import Beyond
from chatsim.engine.session import Session
from chatsim.engine.tasks import Timers
from chatsim.profile.profile import Profile

__all__ = ["PROOF_PAUSE", "UNNUMBERED", "Mouth"]

UNNUMBERED = -1  # what an utterance returns that sent bytes, but no message: nothing can prove them read

SPOKEN_A_ROUND = 256  # messages sent before we listen again
PROOF_PAUSE = 0.1  # seconds after which unproved bytes no longer hold back the next


class Mouth:
    """`full` says when so much is under way that more would only test how fast we read ourselves."""

    def __init__(
        self, profile: Profile, timers: Timers, now: Callable[[], float], full: Callable[[], bool], beyond: Beyond
    ) -> None:
        self._profile, self._timers, self._now, self._full, self._beyond = profile, timers, now, full, beyond
        self._speakers: deque[Session] = deque()  # sessions with something to say and nothing in the way
        self._when_proved: dict[int, Session] = {}  # message -> who may go on once it is proved read
        self._queued = 0  # utterances in all outboxes
        self.utterances = 0  # how many have been made so far

    @property
    def busy(self) -> bool:
        """Has anybody still something to say?"""
        return self._queued > 0

    @property
    def watches(self) -> bool:
        """Does anybody wait for a proof, or for the end of what is beyond the limit?"""
        return bool(self._when_proved or self._beyond.pending)

    def prove_all(self) -> None:
        """Nothing more will be heard of what is under way: nobody waits for it."""
        for message in list(self._when_proved):
            self.proved(message)

    def enqueue(self, session: Session, utterance: Callable[[], int | None]) -> None:
        """Let the session say this as soon as the pace allows. The utterance returns the message it sent, if any."""
        session.outbox.append(utterance)
        self._queued += 1
        if len(session.outbox) == 1:
            self._ready(session)

    def say_next(self, session: Session, utterance: Callable[[], int | None]) -> None:
        """From within an utterance: this comes right after it."""
        session.outbox.insert(0, utterance)
        self._queued += 1

    def _ready(self, session: Session) -> None:
        if session.outbox and session.unproved is None and not session.ticking and not session.telling:
            wait = session.free_at - self._now()
            if wait > 0:
                session.ticking = True
                self._timers.at(session.free_at, lambda: self._tick(session))
            else:
                self._speakers.append(session)

    def _tick(self, session: Session) -> None:
        session.ticking = False
        self._ready(session)

    def speak_a_round(self) -> bool:
        """Each session in turn says one thing, so that speakers are truly concurrent.

        True: somebody spoke (or found that there is nothing left to say), so that waits may be over.
        """
        speakers, spoke = self._speakers, False
        for _ in range(SPOKEN_A_ROUND):
            if not speakers or self._full():
                break
            session = speakers.popleft()
            if not session.outbox or session.unproved is not None or session.ticking or session.telling:
                continue
            if session.free_at > self._now():  # it was put off after it had stood in line
                self._ready(session)
                continue
            spoke = True
            self._queued -= 1
            self.utterances += 1
            said = session.outbox.pop(0)()
            if said is not None and said != UNNUMBERED:
                session.last_sent = said
            self._after(session, said)
        return spoke

    def _after(self, session: Session, said: int | None) -> None:
        if said is None:  # it had nothing to say after all
            self._ready(session)
            return
        now = self._now()
        gap = self._profile.pace_gap
        if self._profile.limits.rate:
            gap = max(gap, 1.05 / self._profile.limits.rate)
        if gap:
            session.free_at = max(session.free_at, now + gap)
        if self._profile.pace == "one-at-a-time" and said != UNNUMBERED:
            session.unproved = said
            self._when_proved[said] = session
            self._timers.at(now + PROOF_PAUSE, lambda: self.proved(said))
        elif self._profile.pace == "one-at-a-time":
            session.free_at = max(session.free_at, now + PROOF_PAUSE)
        self._ready(session)

    def proved(self, message: int) -> None:
        """The message has been read by the server (or so long ago that we go on): its sender may speak again."""
        if message in self._beyond.pending:
            return  # that somebody has it, or some time has passed, does not yet tell that all of it was read
        session = self._when_proved.pop(message, None)
        if session is not None and session.unproved == message:
            session.unproved = None
            self._ready(session)

    def told(self, session: Session) -> None:
        """The dialogue that a message took is over: its speaker may go on."""
        session.telling = False
        self._ready(session)

    def hush(self, session: Session) -> None:
        """Whatever it had still to say stays unsaid."""
        self._queued -= len(session.outbox)
        session.outbox.clear()
