"""The stage: one run's state, and the small acts of which every step is made.

The steps (joining, speaking, leaving, …) are generators that act on the stage; the stage acts on the door. Nothing here
knows a socket or a clock.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Set
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

from chatsim.engine import session as states
from chatsim.engine.beyond import Beyond
from chatsim.engine.clockwork import Clockwork
from chatsim.engine.crash import CrashReader, DumpReader
from chatsim.engine.keeping import Kept
from chatsim.engine.mouth import Mouth
from chatsim.engine.overtaking import Overtaking
from chatsim.engine.owed import Flight, Owed
from chatsim.engine.patience import Patience
from chatsim.engine.plan import Plan
from chatsim.engine.session import Session, State
from chatsim.engine.tasks import Steps, Until
from chatsim.engine.texts import Composed, Composer
from chatsim.engine.transition import Transition
from chatsim.engine.unanswered import unanswered_goodbye, unasked_text
from chatsim.history import WORLD, History
from chatsim.network.network import Abort, Close, Command, Connect, Facts, Inspect, Network, Send, ServerEvent
from chatsim.profile import phrases
from chatsim.profile.ear import Ear, OutputEar
from chatsim.profile.profile import Await, Dialogue, Voice
from chatsim.profile.templates import Template
from chatsim.profile.vocabulary import Vocabulary
from chatsim.scenario.steps import Who

if TYPE_CHECKING:
    from chatsim.profile.translating import Translator

__all__ = ["Stage"]

MOST_UNDER_WAY = 512 * 1024  # bytes of messages nobody has finished hearing
SURELY_UNTOLD = (
    2  # valid waits in vain for one kind of notice: that promise is broken, and later ones are not waited for
)
LETS_GO = 0.002  # seconds from the end of a server's words until its process has closed that socket as well
SHORTEST_QUIET = 0.25  # seconds; a delayed acknowledgement takes 40 ms, a lost segment 200
SHORTEST_HASTE = 0.01  # seconds for what has been waited for in vain before
MAY_BE_PUT_OFF = frozenset({"chat", "converse", "whisper"})  # whose settling changes nothing but what is heard
HERE = (State.JOINING, State.PRESENT, State.STALLED)


class BeginDialogue(Protocol):
    """`dialogue.begin`, on this stage."""

    def __call__(
        self, session: Session, lines: Dialogue, done: Callable[[], None], *, room: str | None, to: str
    ) -> None: ...


class Stage:
    """One run's state. `run` plays steps to their end; everything else is called by the steps."""

    def __init__(self, plan: Plan, network: Network, history: History) -> None:
        self.plan = plan
        self.profile = plan.profile
        self.terms = plan.terms
        self.network = network
        self.history = history
        self.vocabulary = Vocabulary(plan.profile)
        self.composer = Composer(
            plan.seed,
            encoding=plan.profile.encoding,
            unmarked=plan.unmarked,
            ascii_only=plan.profile.encoding.lower() in ("ascii", "us-ascii"),
        )
        self.patience = Patience(plan.patience)
        self.owed = Owed()
        self.overtaking = Overtaking()
        self.owed.landed = self._landed
        # Set by the director, which ties the knot: what hears acts on the stage, and the stage lets tasks wait.
        self.clockwork: Clockwork
        self.beyond: Beyond
        self.mouth: Mouth
        self.hear: Callable[[Session, phrases.Phrase, float], None]
        self.when_settled: Callable[[], Steps]
        self.begin_dialogue: BeginDialogue

        self.step = 0  # number of the step being played
        self.sessions: list[Session] = []
        self.current: dict[str, Session] = {}  # bot -> its latest session
        self.unseen: set[int] = set()  # who was told that it joined and is not present yet
        self.visitors: dict[str, str] = {}  # chatsim's own newcomers and their nicknames
        self.faulted_at: int | None = None  # the history's length at the last fault
        self.when_heard: dict[int, Callable[[Session], None]] = {}  # message -> called for each who hears it first
        self.spoken: set[tuple[int, str]] = set()  # (session, channel) since the last fence
        self.unacknowledged: dict[int, deque[int]] = {}  # session -> its messages without a receipt
        self.handed_with: dict[int, list[int]] = {}  # message -> those that went out in the same write before it
        self.unanswered: deque[tuple[int, int]] = deque()  # (session, message) as the console showed them
        self.untold_departures = False  # a notice was waited for in vain; it may come once somebody speaks
        self.noted_unasked = False  # that a server never asked for a text has been said
        self.noted_goodbye = False  # that an answer to a goodbye never came has been said
        self.slow_closer = False  # it did not close its end in time once: later goodbyes do not wait so long
        self.unframeable = (
            0  # bytes of what was said beyond the profile's limits, or in halves: it may come back in pieces
        )
        self.last_arrival = 0.0

        self.ending = False  # the server is told to end for good
        self.server_is: str = "up"  # up | stopping | down
        self.frozen = False  # it is up, and does nothing
        self.aborted = False  # made to tell of its threads and to end: what it says then proves nothing about before
        self.unprinted: set[int] = set()  # messages that it could not print for being frozen
        self.server_events: list[ServerEvent] = []
        self.server_ear = OutputEar(self.vocabulary, plan.profile)
        self.crashes = CrashReader()
        self.dump = DumpReader()
        self.output_lines: list[tuple[int, str]] = []  # history index, text
        self.facts: dict[int, Facts] = {}  # by the tag of the inspection, until they are fetched
        self.at_first: int | None = None  # the tag of a look at the server's work as the run began
        self.seen_last: Facts | None = None  # at the last cleanup look
        self.load: float | None = None  # how much of a processor the server wanted until the first fault
        self.hung_at: float | None = None  # when it had not made a sound for a whole patience, though it should have
        self.vain: set[str] = set()  # what has been waited for in vain before
        self.grown: set[str] = set()  # of the server's threads, descriptors, …: what grows with those who have gone
        self.untold: Counter[str] = Counter()  # kinds of notices: how many valid waits for them were in vain
        self.hasty = False  # chatsim's own repetitions: what was in vain before is not waited for again
        self.kept: dict[int, Kept] = {}  # session -> what it received as text, where a step asks for a line
        self._inspections = 0

    @property
    def now(self) -> float:
        return self.network.now()

    def progress(self, at: float | None = None) -> None:
        """Something owed has arrived: every wait's patience begins again."""
        self.clockwork.progress(at)

    def go_on_waiting(self) -> None:
        """What holds back the next that is to be said has come a little further: no wait ends for that."""
        if self.mouth.busy:
            self.progress()

    def take_turn(self) -> bool:
        """What is to be done before each look at the door. True: somebody spoke, and waits may be over."""
        self.owed.sweep()  # now, so that each round trip is measured when it ends
        if self.beyond.pending:
            self.beyond.look()
        return self.mouth.speak_a_round()

    def full(self) -> bool:
        """Is so much under way that more would only test our own reading?"""
        if self.owed.bytes_under_way + self.beyond.bytes_under_way <= MOST_UNDER_WAY:
            return False
        self.owed.sweep()
        return self.owed.bytes_under_way + self.beyond.bytes_under_way > MOST_UNDER_WAY

    # --- telling the history ------------------------------------------------------------------------------------------

    def note(self, kind: str, session: int = WORLD, **detail: Any) -> int:
        return self.history.note(self.now, kind, session, **detail)

    def do(self, command: Command) -> None:
        self.network.do(command)

    def fault(self) -> None:
        """The first fault freezes the patience: from now on nothing counts as healthy."""
        if self.faulted_at is None:
            load: dict[str, Any] = {} if self.load is None else {"load": self.load}
            self.note("fault", patience=self.patience.freeze(), round_trip=self.patience.round_trip, **load)
        self.faulted_at = len(self.history)

    # --- who is who ----------------------------------------------------------------------------------------------------

    def bots(self, who: Who, verb: str) -> list[str]:
        """The bots that are meant, in the cast's order; those who cannot take the step are left out with a note."""
        if not who.everyone:
            return list(who.bots)
        cast = [bot.name for bot in self.plan.scenario.bots if bot.name not in who.but]
        if verb == "connect":
            return [bot for bot in cast if not self._is(bot, *HERE, State.OPEN)]
        return [bot for bot in cast if self._is(bot, *HERE) != (verb in ("join", "rejoin"))]

    def _is(self, bot: str, *states_: State) -> bool:
        session = self.current.get(bot)
        return session is not None and session.state in states_

    def able(self, bot: str, verb: str) -> Session | None:
        """The bot's session if it can take this step now; otherwise it is skipped, and the history tells.

        Who is stalled does not read, but can write.
        """
        session = self.current.get(bot)
        writes = verb in ("chat", "whisper", "send")
        if session is not None and (
            session.state in states.ABLE_TO_SPEAK or (writes and session.state is State.STALLED and session.told)
        ):
            return session
        why = "is not here" if session is None else f"is {session.state}"
        self.skip(bot, f"{bot} can't {verb}: it {why}")
        return None

    def skip(self, bot: str, why: str) -> None:
        self.note("skipped", step=self.step, bot=bot, why=why)

    def there(self) -> list[Session]:
        """Those who must hear what is said in public now."""
        return [session for session in self.sessions if session.first_owed is not None]

    def new_session(self, bot: str) -> Session:
        number = 1 + sum(1 for session in self.sessions if session.bot == bot) if bot in self.current else 1
        nick = (self.visitors.get(bot) or self.plan.nicks[bot]) if self.profile.nick == "chosen" else ""
        sid = len(self.sessions)
        session = Session(sid, bot, nick, number, Ear(self.vocabulary, self.profile, nick, sid))
        if self.profile.python is not None:
            session.translator = self._translator(session)
        self.sessions.append(session)
        self.current[bot] = session
        if nick:
            self.vocabulary.meet(nick)
        self.note("connect", sid, bot=bot, nick=nick, number=number)
        self.do(Connect(sid))
        return session

    def _translator(self, session: Session) -> Translator:
        from chatsim.profile.python import Client  # late: few profiles have code in them
        from chatsim.profile.translating import Translator

        def client() -> Client:
            password = self.values(session)["password"]
            return Client(session.nick, session.id + 1, password, session.ip, session.port)

        assert self.profile.python is not None
        return Translator(self.profile.python, client)

    def invite(self, name: str) -> str:
        """A bot of chatsim's own, beside the cast: its name here, after it has been given a nickname of its own."""
        bot, number = name, 1
        while bot in self.plan.nicks or bot in self.visitors:
            number += 1
            bot = f"{name}{number}"
        self.visitors[bot] = self.composer.name()
        return bot

    # --- sending -------------------------------------------------------------------------------------------------------

    def wire(self, session: Session, template: Template, **values: str) -> bytes:
        """The bytes of a template: rendered, encoded, framed; or as the profile's author puts it in Python."""
        if session.translator is not None:
            return b"".join(map(session.translator.said, template.render(values)))
        encoding = self.profile.encoding
        return b"".join(
            self.profile.sent.frame(text.encode(encoding, "surrogatepass" if encoding == "utf-8" else "strict"))
            for text in template.render(values)
        )

    def values(self, session: Session, **more: str) -> dict[str, str]:
        return {
            "nick": session.nick,
            "id": str(session.id + 1),
            "password": f"pw-{session.bot}",
            "time": "2026-01-01T00:00:00",
            "ip": session.ip,
            "client-port": str(session.port),
            **more,
        }

    def say(
        self,
        session: Session,
        composed: Composed,
        *,
        kind: str = "chat",
        room: str | None = None,
        to: Session | None = None,
        shared: bool = False,
        data: Callable[[bytes], bytes] | None = None,
        receivers: Iterable[int] | None = None,
    ) -> int:
        """Send one message now: into the vocabulary, the history and onto the wire. Returns its number.

        `data` may change the bytes (a half, a glued pair); None bytes: the caller writes them itself.
        """
        voice, spoken = self._voice(room, to)
        channel = self.channel(session, room, to)
        message = self.history.new_message(
            session.id,
            kind if kind != "chat" or to is None else "whisper",
            channel,
            composed.text,
            to=to.id if to is not None else None,
            step=self.step,
            shared=shared,
            words=composed.words,
        )
        number = message.id
        self.owed.number(number)
        self.vocabulary.add(
            number,
            composed.text,
            kind=spoken,
            nick=session.nick or None,
            room=room,
            to=to.nick if to is not None else None,
            marker=composed.marker,
            sender=session.id,
        )
        assert voice.says is not None
        raw = self.wire(
            session,
            voice.says,
            **self.values(session, text=composed.text, room=room or "", to=to.nick if to is not None else ""),
        )
        if data is not None:
            raw = data(raw)
        self._take_off(session, number, voice, channel, room, to, len(raw), kind, receivers)
        if kind != "fence":
            self.spoken.add((session.id, channel))
        session.last_words = number
        self.history.say(self.now, "send", session.id, number)
        if raw:
            send = Send(session.id, raw, number, more=kind == "half")
            if voice.before:
                self._say_after(session, voice.before, send, room, to)
            else:
                self.do(send)
        return number

    def _say_after(self, session: Session, before: Dialogue, send: Send, room: str | None, to: Session | None) -> None:
        """A message that takes a dialogue: its text goes out when the server has asked for it."""

        def done() -> None:
            if session.state not in states.CLOSED:
                self.do(send)
            self.mouth.told(session)

        session.telling = True
        self.begin_dialogue(session, before, done, room=room, to=to.nick if to is not None else "")

    def _voice(self, room: str | None, to: Session | None) -> tuple[Voice, Literal["public", "room", "whisper"]]:
        if to is not None:
            return self.profile.whisper, "whisper"
        if room is not None:
            assert self.profile.rooms is not None
            return self.profile.rooms.voice, "room"
        return self.profile.public, "public"

    def channel(self, session: Session, room: str | None, to: Session | None) -> str:
        if to is not None:
            low, high = sorted((session.id, to.id))
            return f"whisper:{low}:{high}"
        return f"room:{room}" if room is not None else "lobby"

    def _take_off(
        self,
        session: Session,
        number: int,
        voice: Voice,
        channel: str,
        room: str | None,
        to: Session | None,
        size: int,
        kind: str,
        receivers: Iterable[int] | None,
    ) -> None:
        limit = self.profile.limits.text
        length = len(self.history.messages[number].text.encode()) if limit is not None else 0
        reads = session.state in (State.OPEN, State.PRESENT)
        if kind in ("half", "piece") or (limit is not None and length > limit):
            # Nobody is waited for: it may be cut, dropped, or read as something else.
            self.unframeable += size
            if kind not in ("half", "piece"):  # these are short, or take their time
                others = self._others_who_get(session, voice, room, to, receivers)
                echo = [session] if voice.echo and reads else []
                self.beyond.sent(number, session, min(size, length), [*others, *echo])
            return
        flight = Flight(number, session.id, self.now, size)
        count = 0
        if receivers is not None:
            flight.audience = set(receivers)
        elif to is not None:
            flight.audience = {to.id} if voice.hears and to.there else set()
        elif room is not None:
            flight.audience = {
                other.id
                for other in self.sessions
                if room in other.rooms and room not in other.new_in and other.there and other is not session
            }
        elif voice.hears:
            count = len(self.sessions) - [other.first_owed for other in self.sessions].count(None)
            count -= 1 if session.there else 0
        flight.echo = bool(voice.echo) and reads
        flight.ack = bool(voice.ack) and reads
        if voice.ack:
            self.unacknowledged.setdefault(session.id, deque()).append(number)
        flight.console = self.terms.console_receives and not self.plan.attached and to is None
        if self.terms.operator is not None and "said" in self.terms.output and not self.plan.attached:
            flight.console = True
        if flight.console and self.frozen:
            flight.console = False
            self.unprinted.add(number)
        self.owed.take_off(flight, count)

    def _others_who_get(
        self, session: Session, voice: Voice, room: str | None, to: Session | None, receivers: Iterable[int] | None
    ) -> list[Session]:
        """To whom what this one says may come, one by one: for what is counted in bytes, and not by messages."""
        if receivers is not None:
            there = [self.sessions[each] for each in receivers if self.sessions[each].there]
        elif not voice.hears:
            there = []
        elif to is not None:
            there = [to] if to.there else []
        else:
            there = [each for each in self.there() if room is None or (room in each.rooms and room not in each.new_in)]
        return [each for each in there if each is not session]

    def _landed(self, flight: Flight) -> None:
        if self.faulted_at is None:
            self.patience.saw(max(0.0, self.now - flight.at), queued=flight.queued)

    # --- presence ------------------------------------------------------------------------------------------------------

    def present(self, session: Session, how: str) -> None:
        """From now on it is owed what is said."""
        session.proved = session.proved or how != "told"
        if session.first_owed is None and session.state is State.PRESENT:
            self.note("present", session.id, how=how)
            self.unseen.discard(session.id)
            session.first_owed = len(self.history.messages)

    def away(self, session: Session) -> None:
        """It is owed nothing more, and what it had still to say stays unsaid."""
        self.owed.release(session)
        self.unseen.discard(session.id)
        self.mouth.hush(session)
        session.rooms.clear()

    def expect_notice(self, what: str, session: Session, receivers: Iterable[Session], room: str | None = None) -> None:
        terms = self.terms
        kinds = terms.room_notices if room is not None else terms.notices
        if what not in kinds:
            return
        named = what not in terms.nameless_notices
        transition = Transition(
            "joined" if what == "joined" else "left", session.nick if named else None, room, session.id
        )
        transition.kind = what
        transition.awaiting = {each.id for each in receivers if each.there and each is not session}
        for other in self.sessions:
            if other.state is State.STALLED and other.told and other is not session and room is None:
                other.missed.append(transition)
        self.owed.expect_notice(transition)

    # --- waiting -------------------------------------------------------------------------------------------------------

    def settle(self, why: str, *, longer: float = 0.0) -> Steps:
        """Wait until all that is owed has been heard, or the patience (and `longer` seconds) is spent; the history
        tells which.

        One patience shows that a server hangs. While it makes no sound, what is said to it in vain is not waited for after
        each step anew: it stays owed, and is waited for, as long as ever, at the next settle point that can not be put off.
        """
        if why in MAY_BE_PUT_OFF and self.hangs:
            self.owed.make_room()  # else nobody could say anything more, and what becomes of that is to be seen, too
            if not (yield from self.patiently(lambda: not self.hangs)):
                yield from self.when_settled()
                return True
        hopeless = self.vain if self.hasty else {word for word, times in self.untold.items() if times >= SURELY_UNTOLD}
        if hopeless and not self.owed.nothing():
            yield from self._settle_in_haste(hopeless)
        if not self.owed.nothing() or self.mouth.busy:
            seconds = self.patience.seconds + longer if longer else None
            wait = Until(lambda: not self.mouth.busy and self.owed.nothing(), seconds)
            met = yield wait
            if not met:
                self.unmet(why, wait, self.owed.missing(self.sessions))
                if wait.valid:
                    self.untold.update(self.owed.untold())
                self.give_up()
                self.note("settled", how="patience", channels=None, valid=wait.valid)
                yield from self.when_settled()
                return True
        self.note("settled", how="all-heard", channels=None, valid=True)
        yield from self.when_settled()
        return True

    def patiently(self, condition: Callable[[], bool]) -> Steps:
        """Wait until this holds, or the patience is spent; while the server hangs, for a moment only."""
        if self.hangs and not (yield Until(lambda: condition() or not self.hangs, self._moment, exact=True)):
            return False
        return (yield Until(condition))

    @property
    def _moment(self) -> float:
        """How long what was waited for in vain may still take to come, in seconds."""
        return max(SHORTEST_HASTE, 4 * self.patience.round_trip)

    def _settle_in_haste(self, hopeless: Set[str]) -> Steps:
        """What was waited for in vain before may still come for a moment; it proves nothing that it does not."""
        others = Until(lambda: not self.mouth.busy and self.owed.nothing(hopeless))
        if (yield others) and not (yield Until(self.owed.nothing, self._moment, exact=True)):
            self.give_up()
        return True

    def unmet(self, why: str, wait: Until, missing: list[list[object]]) -> None:
        if wait.valid:
            self.vain |= {str(row[0]) for row in missing}
            if self._hangs(wait, missing):
                self.hung_at = self.now
        detail: dict[str, Any] = {"for": why}
        self.note(
            "wait",
            **detail,
            step=self.step,
            since=round(wait.since, 5),
            missing=missing,
            patience=round(wait.patience, 3),
            waited=round(wait.waited, 3),
            lag=round(wait.lag, 3),
            foreign=round(wait.foreign, 3),
            valid=wait.valid,
        )

    def _hangs(self, wait: Until, missing: list[list[object]]) -> bool:
        """Not a byte came from the server in the whole of this wait, and something should have that nobody heard."""
        if self.server_is != "up" or self.frozen or self.last_arrival > wait.since:
            return False
        return any(
            row[0] in ("join", "knock")
            or (row[0] in ("message", "echo") and not any(each.has_seen(int(str(row[2]))) for each in self.sessions))
            for row in missing
        )

    @property
    def hangs(self) -> bool:
        """Has it hung, and made no sound since?"""
        return self.hung_at is not None and self.last_arrival <= self.hung_at and self.server_is == "up"

    def give_up(self) -> None:
        """Nothing more is expected of what is pending; what the ears hold back is told as it is.

        Unless something still comes: half of a long message is no damage while the other half is on its way.
        """
        still_coming = self.now - self.last_arrival < SHORTEST_QUIET
        for session in self.sessions:
            if session.state not in states.CLOSED and not still_coming:
                self.tell_rest(session)
        for session_id in list(self.owed.closings):
            self.end_waiting_for_close(self.sessions[session_id])
        self.untold_departures |= any(each.what == "left" and each.awaiting for each in self.owed.transitions)
        for session in self.sessions:
            if session.telling:  # the server never asked for the text
                self._note_unasked(session)
                session.conversation = None
                session.ear.await_none()
                self.mouth.told(session)
        self.owed.give_up(self.sessions)
        self.mouth.prove_all()

    def _note_unasked(self, session: Session) -> None:
        talk = session.conversation
        line = talk.lines[talk.position] if talk is not None and talk.position < len(talk.lines) else None
        if not isinstance(line, Await):
            return
        waits = list(self.history.of("wait"))
        if waits and waits[-1].detail.get("valid"):
            awaited = " or ".join(f'"{template.source}"' for template in line.templates)
            what = f"to be asked for its text with {awaited}"
            detail: dict[str, Any] = {"what": what, "met": False, "negative": False, "where": ""}
            self.note("expected", step=self.step, bot=session.bot, **detail)
        if not self.noted_unasked:
            self.noted_unasked = True
            self.note("note", text=unasked_text(self.profile, self.vocabulary, session, line))

    def tell_rest(self, session: Session) -> None:
        """What this ear holds back, hoping for more, is told as it is. Of one that does not read, more is under way."""
        if session.state in (State.STALLED, State.VANISHED):
            return
        for phrase in session.ear.rest():
            self.hear(session, phrase, self.now)

    def end_waiting_for_close(self, session: Session) -> None:
        """The server did not close its end in time: close ours."""
        self.owed.closings.discard(session.id)
        self.slow_closer = True
        session.holds_end = False
        self.note_unanswered_goodbye(session)
        session.conversation = None
        if session.state is State.LEAVING:
            self.do(Close(session.id))
            self.note("left", session.id, clean=False)
            session.move("closed")

    def note_unanswered_goodbye(self, session: Session) -> None:
        """What the profile's `leave` awaits never came. No property forbids that; its reader should know, once."""
        talk = session.conversation
        line = talk.lines[talk.position] if talk is not None and talk.position < len(talk.lines) else None
        if isinstance(line, Await) and not line.closes and not self.noted_goodbye:
            self.noted_goodbye = True
            self.note("note", text=unanswered_goodbye(self.profile, self.vocabulary, session, line))

    def quiet(self) -> float:
        """How long nothing must come before we call it quiet, in seconds."""
        return min(max(SHORTEST_QUIET, 10 * self.patience.slowest), self.patience.seconds)

    def until_quiet(self) -> Steps:
        length = self.quiet()
        yield Until(lambda: self.now - max(self.last_arrival, 0.0) >= length, seconds=length, exact=True)
        return True

    def inspect(self, *, work: bool = False) -> int:
        """Ask for the server's facts; they come as `facts[tag]`."""
        self._inspections += 1
        self.do(Inspect(self._inspections, work))
        return self._inspections

    def hang_up(self, session: Session) -> None:
        """Close our end of a connection whose other end is closed: politely. To reset it at once would be no goodbye: a
        server that shuts down before it closes may still read there, and prints that its client broke off.

        Where the port is fixed, the next run needs it. So at the end of a run it is a reset all the same; before that, if
        the server closed first, its port is spared (`Close.sparing`) a moment later: it has done both by then.
        """
        if self.ending and self.plan.fixed_port:
            self.do(Abort(session.id))
        elif self.plan.fixed_port and session.state is State.LEAVING and not session.holds_end:
            self.clockwork.timers.at(self.now + LETS_GO, partial(self.do, Close(session.id, sparing=True)))
        else:
            self.do(Close(session.id))

    def abort_all(self) -> None:
        for session in self.sessions:
            if session.state not in states.CLOSED:
                self.do(Abort(session.id))
                session.state = State.GONE
