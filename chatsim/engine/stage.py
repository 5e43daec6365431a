"""The stage: every bot's session, what each event means, and the loop that lets the steps wait.

The steps (joining, speaking, leaving, …) are generators that act on the stage; the stage acts on the door. Nothing here
knows a socket or a clock.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from chatsim.engine import session as states
from chatsim.engine.crash import CrashReader
from chatsim.engine.owed import Flight, Owed, Transition
from chatsim.engine.patience import LONGEST_WAIT, Patience, effective
from chatsim.engine.plan import Plan
from chatsim.engine.session import Conversation, Session, State
from chatsim.engine.tasks import Steps, Task, Timers, Until
from chatsim.engine.texts import Composed, Composer
from chatsim.history import CONSOLE, FORMS, OPERATOR, WORLD, History
from chatsim.network.network import (
    Abort,
    Close,
    Command,
    Connect,
    Event,
    Facts,
    Handed,
    HoldReading,
    Inspect,
    Network,
    Opened,
    OpenFailed,
    Output,
    PeerClosed,
    Received,
    Send,
    ServerEvent,
)
from chatsim.profile import phrases
from chatsim.profile.ear import Ear, OutputEar
from chatsim.profile.profile import Await, Dialogue, PauseFor, SendThis, Voice
from chatsim.profile.templates import Template
from chatsim.profile.vocabulary import Vocabulary
from chatsim.scenario.steps import Who

__all__ = ["Stage"]

FLOOD = 16 * 1024 * 1024  # bytes that no sent message explains
SPOKEN_A_ROUND = 256  # messages sent before we listen again
MOST_UNDER_WAY = 512 * 1024  # bytes of messages nobody has finished hearing: more would only test our own reading
PROOF_PAUSE = 0.1  # seconds after which unproved bytes no longer hold back the next (pace: one-at-a-time)
HEARS = FORMS.index("hears")
HERE = (State.JOINING, State.PRESENT, State.STALLED)


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
        self.owed = Owed()
        self.owed.landed = self._landed
        self.patience = Patience(plan.patience)
        self.timers = Timers()
        self.sessions: list[Session] = []
        self.current: dict[str, Session] = {}  # bot -> its latest session
        self.visitors: dict[str, str] = {}  # chatsim's own newcomers and their nicknames
        self.step = 0  # number of the step being played
        self.faulted_at: int | None = None
        self.server_ear = OutputEar(self.vocabulary, plan.profile)
        self.crashes = CrashReader()
        self.output_lines: list[tuple[int, str]] = []  # history index, text
        self.console_heard: set[int] = set()
        self.unanswered: deque[tuple[int, int]] = deque()  # (session, message) in the order the console showed them
        self.facts: dict[int, Mapping[str, Any]] = {}
        self.server_events: list[ServerEvent] = []
        self.server_is: str = "up"  # up | stopping | down
        self.lines: dict[int, str] = {}  # session -> what it received as text, where a step asks for it
        self.spoken: set[tuple[int, str]] = set()  # (session, channel) since the last fence
        self.acked: dict[int, deque[int]] = {}  # session -> its messages without a receipt
        self._when_proved: dict[int, Session] = {}  # message -> who may go on once it is proved read
        self._when_heard: dict[int, Callable[[Session], None]] = {}
        self._speakers: deque[Session] = deque()  # sessions with something to say and nothing in the way
        self._progress_at = 0.0
        self._tasks: list[Task] = []
        self._longest_gap = 0.0
        self._last_arrival = 0.0
        self._inspections = 0
        self._queued = 0  # utterances in all outboxes
        self.slow_closer = False  # it did not close its end in time once: later goodbyes do not wait so long

    # --- the loop ----------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self.network.now()

    def run(self, steps: Steps) -> None:
        main = self.spawn(steps)
        while True:
            self._resume_tasks()
            if main.over:
                return
            self._speak_a_round()
            for event in self.network.poll(self._deadline()):
                self.take(event)
            self.timers.fire(self.now)

    def spawn(self, steps: Steps) -> Task:
        """Begin a task beside the others; it runs to its first wait when the loop comes round to it."""
        task = Task(steps)
        self._tasks.append(task)
        return task

    def _resume_tasks(self) -> None:
        going = True
        while going:
            going = False
            for task in list(self._tasks):
                answer = self._answer(task)
                if answer is None:
                    continue
                going = True
                try:
                    task.wait = task.steps.send(answer) if task.wait is not None else next(task.steps)
                    self._begin(task.wait)
                except StopIteration:
                    task.over = True
                    self._tasks.remove(task)

    def _begin(self, wait: Until) -> None:
        wait.since = self.now
        wait.patience = self.patience.seconds if wait.seconds is None else wait.seconds
        wait.deadline = wait.since + wait.patience
        if not wait.exact:
            wait.strain = self.network.strain()

    def _answer(self, task: Task) -> bool | None:
        """True: go on, it has come. False: go on, it has not. None: wait."""
        wait = task.wait
        if wait is None or wait.condition():
            return True
        now = self.now
        if now < wait.deadline:
            return None
        if wait.exact:
            return False
        base = max(wait.since, min(self._progress_at, now))
        wait.waited = now - base
        strain = self.network.strain()
        wait.lag, wait.foreign = strain.lag - wait.strain.lag, strain.foreign - wait.strain.foreign
        remains = effective(wait.waited, wait.strain, strain)
        spent = now - wait.since >= LONGEST_WAIT * wait.patience
        wait.valid = remains >= wait.patience
        if wait.valid or spent:
            return False
        wait.deadline = min(now + max(0.005, wait.patience - remains), wait.since + LONGEST_WAIT * wait.patience)
        return None

    def _deadline(self) -> float:
        now = self.now
        if self._speakers and not self._full():
            return now
        times = [task.wait.deadline for task in self._tasks if task.wait is not None]
        if self.timers.next is not None:
            times.append(self.timers.next)
        return min(times, default=now)

    def progress(self) -> None:
        """Something owed has arrived: every wait's patience begins again."""
        self._progress_at = self.now

    # --- telling the history -----------------------------------------------------------------------------------

    def note(self, kind: str, session: int = WORLD, **detail: Any) -> int:
        return self.history.note(self.now, kind, session, **detail)

    def do(self, command: Command) -> None:
        self.network.do(command)

    def fault(self) -> None:
        """The first fault freezes the patience: from now on nothing counts as healthy."""
        if self.faulted_at is None:
            self.note("fault", patience=self.patience.freeze(), round_trip=self.patience.round_trip)
        self.faulted_at = len(self.history)

    # --- who is who --------------------------------------------------------------------------------------------

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
        """The bot's session if it can speak now; otherwise the step is skipped for it, and the history tells."""
        session = self.current.get(bot)
        if session is not None and session.state in states.ABLE_TO_SPEAK:
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
        self.sessions.append(session)
        self.current[bot] = session
        if nick:
            self.vocabulary.meet(nick)
        self.note("connect", sid, bot=bot, nick=nick, number=number)
        self.do(Connect(sid))
        return session

    # --- sending -----------------------------------------------------------------------------------------------

    def wire(self, template: Template, **values: str) -> bytes:
        """The bytes of a template: rendered, encoded, framed."""
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

    def enqueue(self, session: Session, utterance: Callable[[], int | None]) -> None:
        """Let the session say this as soon as the pace allows. The utterance returns the message it sent, if any."""
        session.outbox.append(utterance)
        self._queued += 1
        if len(session.outbox) == 1:
            self._ready(session)

    def say_next(self, session: Session, utterance: Callable[[], int | None]) -> None:
        """From within an utterance: this comes right after it."""
        session.outbox.appendleft(utterance)
        self._queued += 1

    def _ready(self, session: Session) -> None:
        if session.outbox and session.unproved is None and not session.ticking:
            wait = session.free_at - self.now
            if wait > 0:
                session.ticking = True
                self.timers.at(session.free_at, lambda: self._tick(session))
            else:
                self._speakers.append(session)

    def _tick(self, session: Session) -> None:
        session.ticking = False
        self._ready(session)

    def _full(self) -> bool:
        self.owed.sweep()
        return self.owed.bytes_under_way > MOST_UNDER_WAY

    def _speak_a_round(self) -> None:
        """Each session in turn says one thing, so that speakers are truly concurrent."""
        speakers = self._speakers
        for _ in range(SPOKEN_A_ROUND):
            if not speakers:
                return
            if self.owed.bytes_under_way > MOST_UNDER_WAY and self._full():
                return
            session = speakers.popleft()
            if not session.outbox or session.unproved is not None or session.ticking:
                continue
            self._queued -= 1
            said = session.outbox.popleft()()
            if said is not None:
                session.last_sent = said
            self._after(session, said)

    def _after(self, session: Session, said: int | None) -> None:
        now = self.now
        gap = self.profile.pace_gap
        if self.profile.limits.rate:
            gap = max(gap, 1.05 / self.profile.limits.rate)
        if gap:
            session.free_at = max(session.free_at, now + gap)
        if self.profile.pace == "one-at-a-time" and said is not None:
            session.unproved = said
            self._when_proved[said] = session
            self.timers.at(now + PROOF_PAUSE, lambda: self.proved(said))
        elif self.profile.pace == "one-at-a-time":
            session.free_at = max(session.free_at, now + PROOF_PAUSE)
        self._ready(session)

    def proved(self, message: int) -> None:
        """The message has been read by the server (or so long ago that we go on): its sender may speak again."""
        session = self._when_proved.pop(message, None)
        if session is not None and session.unproved == message:
            session.unproved = None
            self._ready(session)

    def hush(self, session: Session) -> None:
        """Whatever it had still to say stays unsaid."""
        self._queued -= len(session.outbox)
        session.outbox.clear()

    def when_heard(self, message: int, action: Callable[[Session], None]) -> None:
        """Call this for each session that hears the message, for the first time each."""
        self._when_heard[message] = action

    def forget_heard(self, message: int) -> None:
        self._when_heard.pop(message, None)

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
            voice.says,
            **self.values(session, text=composed.text, room=room or "", to=to.nick if to is not None else ""),
        )
        if data is not None:
            raw = data(raw)
        self._take_off(session, number, voice, channel, room, to, len(raw), kind, receivers)
        self.spoken.add((session.id, channel))
        self.history.say(self.now, "send", session.id, number)
        if raw:
            self.do(Send(session.id, raw, number))
        return number

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
        if kind in ("half", "piece") or (
            limit is not None and len(self.history.messages[number].text.encode()) > limit
        ):
            return  # nobody is waited for: it may be cut, dropped, or read as something else
        flight = Flight(number, session.id, self.now, size)
        count = 0
        if receivers is not None:
            flight.audience = set(receivers)
        elif to is not None:
            flight.audience = {to.id} if voice.hears and to.there else set()
        elif room is not None:
            flight.audience = {
                other.id for other in self.sessions if room in other.rooms and other.there and other is not session
            }
        elif voice.hears:
            count = sum(1 for other in self.sessions if other.first_owed is not None)
            count -= 1 if session.there else 0
        flight.echo = bool(voice.echo) and session.state is not State.HALF
        flight.ack = bool(voice.ack)
        if flight.ack:
            self.acked.setdefault(session.id, deque()).append(number)
        flight.console = self.terms.console_receives and not self.plan.attached and to is None
        if self.terms.operator is not None and "said" in self.terms.output and not self.plan.attached:
            flight.console = True
        self.owed.take_off(flight, count)

    def _landed(self, flight: Flight) -> None:
        if self.faulted_at is None:
            self.patience.saw(max(0.0, self.now - flight.at))

    # --- events ------------------------------------------------------------------------------------------------

    def take(self, event: Event) -> None:
        if isinstance(event, Received):
            self._received(event)
        elif isinstance(event, Handed):
            if event.tag >= 0:
                self.history.say(event.at, "handed", event.session, event.tag)
        elif isinstance(event, Output):
            self._printed(event)
        elif isinstance(event, Opened):
            self._opened(event)
        elif isinstance(event, PeerClosed):
            self._peer_closed(event)
        elif isinstance(event, OpenFailed):
            self._failed(event)
        elif isinstance(event, Facts):
            self.facts[event.tag] = event.facts
        elif isinstance(event, ServerEvent):
            self._server(event)

    def _opened(self, event: Opened) -> None:
        session = self.sessions[event.session]
        session.ip, session.port = event.local
        session.connected_at = event.at
        if not session.move("opened"):
            return
        self.history.note(event.at, "connected", session.id, ip=session.ip, port=session.port)
        if self.profile.nick == "address" and self.profile.nick_template is not None:
            session.nick = self.profile.nick_template.render(self.values(session))[0]
            session.ear.nick = session.nick
            self.vocabulary.meet(session.nick)
        if session.conversation is not None:
            session.move("join")
            self._converse(session)

    def _failed(self, event: OpenFailed) -> None:
        session = self.sessions[event.session]
        if session.move("failed"):
            self.history.note(event.at, "unreachable", session.id, why=event.why)
            session.closed_how = "unreachable"

    def _received(self, event: Received) -> None:
        session = self.sessions[event.session]
        gap = event.at - self._last_arrival
        if self.faulted_at is None and self._last_arrival and gap < 1.0:
            self._longest_gap = max(self._longest_gap, gap)
        self._last_arrival = event.at
        ear = session.ear
        if self.plan.keeps_lines:
            text = event.data.decode(self.profile.encoding, "replace")
            self.lines[session.id] = (self.lines.get(session.id, "") + text)[-262_144:]
        quick = None
        if session.conversation is None and not session.catching_up:
            quick = ear.hear_quick(event.data)
        if quick is not None:
            messages, forms = quick
            if messages:
                self._heard_many(event.at, session, messages, forms)
            return
        for phrase in ear.hear(event.data):
            self._phrase(session, phrase, event.at)
        if ear.unexplained > FLOOD and session.state not in states.CLOSED:
            self.history.note(event.at, "flooded", session.id, bytes=ear.unexplained)
            self.do(HoldReading(session.id))
            self.owed.release(session)
            session.move("stall")

    def _heard_many(self, at: float, session: Session, messages: array[int], forms: bytes) -> None:
        self.history.heard_many(at, session.id, messages, forms)
        self._progress_at = at
        if self._when_proved or self._when_heard or forms.count(HEARS) != len(forms):
            for message in messages:
                self._first_time(session, message)
        else:
            self.owed.heard_public(session, messages, max(messages))

    def _first_time(self, session: Session, message: int) -> None:
        if self.owed.heard(session, message):
            action = self._when_heard.get(message)
            if action is not None:
                action(session)
        if message in self._when_proved:
            self.proved(message)

    def _phrase(self, session: Session, phrase: phrases.Phrase, at: float) -> None:
        sid, history = session.id, self.history
        match phrase:
            case phrases.Whole(message, form):
                history.say(at, "heard", sid, message, form)
                self._progress_at = at
                self._first_time(session, message)
            case phrases.Named(message, name):
                history.note(at, "named", sid, message=message, name=name)
            case phrases.Glued(messages):
                for message in messages:
                    others = [other for other in messages if other != message]
                    history.note(at, "damaged", sid, message=message, how="glued", text="", **{"with": others})
            case phrases.Damaged(message, how, text):
                history.note(at, "damaged", sid, message=message, how=how, text=text[:2000])
                self._progress_at = at
                if how != "split":
                    self._first_time(session, message)
            case phrases.NoticeHeard(what, nick, room, text):
                history.note(at, "notice", sid, what=what, nick=nick, room=room, text=text[:300])
                if self.owed.notice(sid, what, nick, room):
                    self._progress_at = at
            case phrases.Receipt(message):
                self._receipt(session, message, at)
            case phrases.RosterHeard(names, complete):
                self._roster(session, names, complete, at)
            case phrases.Awaited(bindings, _):
                self._progress_at = at
                self._awaited(session, bindings)
            case phrases.Refusal(text):
                self.refused(session, text)
            case phrases.WheneverHeard(rule, bindings):
                answer = self.profile.whenever[rule].send
                self.do(Send(sid, self.wire(answer, **{**self.values(session), **bindings})))
            case phrases.Foreign(nick, text):
                history.note(at, "foreign", sid, nick=nick, text=text[:2000])
            case phrases.Unrecognised(text):
                history.note(at, "unrecognised", sid, text=text[:2000])

    def _receipt(self, session: Session, message: int | None, at: float) -> None:
        waiting = self.acked.get(session.id)
        if message is None and waiting:
            message = waiting[0]
        if message is not None and waiting and message in waiting:
            waiting.remove(message)
        number = -1 if message is None else message
        self.history.say(at, "ack", session.id, number)
        flight = self.owed.flights.get(number)
        if flight is not None:
            flight.ack = False
            self._progress_at = at
        self.proved(number)

    def _roster(self, session: Session, names: tuple[str, ...], complete: bool, at: float) -> None:
        session.roster = names if session.roster is None or complete else (*session.roster, *names)
        if complete or not session.asking:
            self.history.note(at, "roster", session.id, names=list(session.roster), asked=session.asking)
            session.asking = False
        self._progress_at = at

    def _peer_closed(self, event: PeerClosed) -> None:
        session = self.sessions[event.session]
        session.closed_how = event.how
        for phrase in session.ear.rest():
            self._phrase(session, phrase, event.at)
        declared = self._declared(session)
        self.history.note(event.at, "closed", session.id, how=event.how, declared=declared)
        self.owed.closings.discard(session.id)
        self.owed.release(session)
        self.hush(session)
        self._progress_at = event.at
        joining = session.conversation
        if joining is not None:
            at = joining.lines[joining.position] if joining.position < len(joining.lines) else None
            if isinstance(at, Await) and at.closes:
                self._step_on(session)
            elif session.state in (State.JOINING, State.OPEN) and not session.told:
                self.refused(session, "closed")
            session.conversation = None
        if session.holds_end or session.state in (State.HALF, State.REFUSED, State.LEAVING):
            if event.how == "eof":
                self.do(Close(session.id))
            if session.state is State.LEAVING:
                self.note("left", session.id, clean=event.how == "eof")
            session.holds_end = False
            session.move("closed")
        elif session.move("peer closed") and event.how == "eof":
            self.do(Close(session.id))

    def _declared(self, session: Session) -> str | None:
        """Why the profile, or what we did, allows the server to close this session."""
        profile = self.profile
        if self.server_is != "up":
            return "server"
        if session.state in (State.LEAVING, State.HALF, State.REFUSED, State.GONE, State.VANISHED):
            return "we left"
        if session.ended_by_operator:
            return "operator"
        if session.acted_badly:
            return "bad input"
        if session.state is State.STALLED and profile.slow_readers == "may-close":
            return "slow-readers"
        if session.wanted != "accepted" and not session.told:
            return "refused"
        if profile.limits.silence is not None and self.now - session.connected_at >= profile.limits.silence:
            return "limits: silence"
        if profile.limits.clients is not None and len(self.there()) > profile.limits.clients:
            return "limits: clients"
        return None

    def _printed(self, event: Output) -> None:
        what, nick, messages = self.server_ear.hear(event.line)
        detail: dict[str, Any] = {"stream": event.stream, "line": event.line[:2000]}
        if what:
            detail.update(what=what, nick=nick)
        if messages:
            detail["message"] = messages[0]
        index = self.history.note(event.at, "out", **detail)
        self.output_lines.append((index, event.line))
        if len(self.output_lines) > 20_000:
            del self.output_lines[:10_000]
        for message in messages:
            self.history.say(event.at, "heard", CONSOLE, message, "output")
            self.console_heard.add(message)
            flight = self.owed.flights.get(message)
            if flight is not None and flight.console:
                flight.console = False
                self._progress_at = event.at
            sender = self.history.messages[message].sender
            if self.terms.operator is not None and sender != OPERATOR:
                self.unanswered.append((sender, message))
            self.proved(message)
        if self.server_is == "up":
            crash = self.crashes.take(event.line)
            if crash:
                self.history.note(event.at, "crash", text=crash[:4000])

    def _server(self, event: ServerEvent) -> None:
        self.server_events.append(event)
        detail = dict(event.detail)
        if event.what == "stopping":
            self.server_is = "stopping"
        elif event.what == "listening":
            self.server_is = "up"
        elif event.what == "exited":
            detail.setdefault("asked", self.server_is != "up")
            if self.server_is == "up":
                crash = self.crashes.dying()
                if crash:
                    self.history.note(event.at, "crash", text=crash[:4000])
            self.server_is = "down"
        self.history.note(event.at, "server", what=event.what, **detail)

    # --- dialogues ---------------------------------------------------------------------------------------------

    def begin(
        self,
        session: Session,
        lines: Dialogue,
        done: Callable[[], None],
        *,
        room: str | None = None,
        refusals: bool = False,
    ) -> None:
        """Play a dialogue on this session, as soon as its connection stands; `done` is called when it is through."""
        session.conversation = Conversation(lines, self.profile.refuses if refusals else (), done, room)
        if session.state is not State.CONNECTING:
            self._converse(session)

    def _converse(self, session: Session) -> None:
        """Go through the dialogue up to its next wait."""
        talk = session.conversation
        while talk is not None and session.conversation is talk and not talk.waiting:
            if talk.position >= len(talk.lines):
                session.conversation = None
                session.ear.await_none()
                talk.done()
                return
            line = talk.lines[talk.position]
            if isinstance(line, SendThis):
                talk.waiting = True
                data = self.wire(line.template, **self.values(session, room=talk.room or ""))
                self._send_line(session, talk, data)
            elif isinstance(line, Await):
                talk.waiting = True
                if line.closes:
                    return
                for phrase in session.ear.await_(line.templates, talk.refusals):
                    self._phrase(session, phrase, self.now)
            else:
                assert isinstance(line, PauseFor)
                talk.waiting = True
                self.timers.at(self.now + line.low, lambda: self._step_on(session))

    def _send_line(self, session: Session, talk: Conversation, data: bytes) -> None:
        """A dialogue's own words keep the pace, too: on a raw stream two writes may be read as one."""
        follows_own = talk.position > 0 and isinstance(talk.lines[talk.position - 1], SendThis)

        def utter() -> None:
            if session.state not in states.CLOSED:
                self.do(Send(session.id, data))
            if session.conversation is talk:
                self._step_on(session)

        if self.profile.pace == "one-at-a-time" and (follows_own or session.outbox or session.unproved is not None):
            self.enqueue(session, utter)
        else:
            utter()
            if self.profile.pace == "one-at-a-time":
                # What the server has answered it has read; if no answer is awaited, leave it time to read.
                answered = talk.position < len(talk.lines) and isinstance(talk.lines[talk.position], Await)
                session.free_at = max(session.free_at, self.now + (0.0 if answered else PROOF_PAUSE))

    def _step_on(self, session: Session) -> None:
        talk = session.conversation
        if talk is not None:
            talk.position += 1
            was_waiting, talk.waiting = talk.waiting, False
            if was_waiting:
                self._converse(session)

    def _awaited(self, session: Session, bindings: Mapping[str, str]) -> None:
        if self.profile.nick == "assigned" and not session.nick and bindings.get("nick"):
            session.nick = bindings["nick"]
            session.ear.nick = session.nick
            self.vocabulary.meet(session.nick)
        self._step_on(session)

    def refused(self, session: Session, by: str) -> None:
        """The server refuses the join, in words or by closing."""
        if session.told:
            talk = session.conversation
            if talk is not None:  # an `enter` that is refused
                self.note("refused", session.id, by=by, expected=False, room=talk.room)
                session.conversation = None
            return
        expected = session.wanted in ("refused", "either")
        self.note("refused", session.id, by=by, expected=expected)
        session.stopped_at = session.conversation.position if session.conversation is not None else None
        session.conversation = None
        session.ear.await_none()
        session.move("refused")
        self.progress()
        if session.closed_how is None:
            self.do(Close(session.id))
            session.move("closed")

    # --- presence ----------------------------------------------------------------------------------------------

    def present(self, session: Session, how: str) -> None:
        """From now on it is owed what is said."""
        if session.first_owed is None and session.state is State.PRESENT:
            self.note("present", session.id, how=how)
            session.first_owed = len(self.history.messages)

    def away(self, session: Session) -> None:
        """It is owed nothing more, and what it had still to say stays unsaid."""
        self.owed.release(session)
        self.hush(session)
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
        transition.awaiting = {each.id for each in receivers if each.there and each is not session}
        self.owed.expect_notice(transition)

    # --- waiting -----------------------------------------------------------------------------------------------

    def settle(self, why: str) -> Steps:
        """Wait until all that is owed has been heard, or the patience is spent; the history tells which."""
        if not self.owed.nothing() or self.anybody_speaking():
            wait = Until(lambda: not self.anybody_speaking() and self.owed.nothing())
            met = yield wait
            if not met:
                self.unmet(why, wait, self.owed.missing(self.sessions))
                self.give_up()
                self.note("settled", how="patience", channels=None, valid=wait.valid)
                return True
        self.note("settled", how="all-heard", channels=None, valid=True)
        return True

    def unmet(self, why: str, wait: Until, missing: list[list[object]]) -> None:
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

    def give_up(self) -> None:
        """Nothing more is expected of what is pending; what the ears hold back is told as it is."""
        for session in self.sessions:
            if session.state not in states.CLOSED:
                self.tell_rest(session)
        for session_id in list(self.owed.closings):
            self.end_waiting_for_close(self.sessions[session_id])
        self.owed.give_up(self.sessions)
        for message in list(self._when_proved):
            self.proved(message)

    def tell_rest(self, session: Session) -> None:
        """What this ear holds back, hoping for more, is told as it is."""
        for phrase in session.ear.rest():
            self._phrase(session, phrase, self.now)

    def end_waiting_for_close(self, session: Session) -> None:
        """The server did not close its end in time: close ours."""
        self.owed.closings.discard(session.id)
        self.slow_closer = True
        session.holds_end = False
        session.conversation = None
        if session.state is State.LEAVING:
            self.do(Close(session.id))
            self.note("left", session.id, clean=False)
            session.move("closed")

    def anybody_speaking(self) -> bool:
        return self._queued > 0

    def quiet(self) -> float:
        """How long nothing must come before we call it quiet, in seconds."""
        return max(0.25, 10 * self._longest_gap)

    def until_quiet(self) -> Steps:
        length = self.quiet()
        yield Until(lambda: self.now - max(self._last_arrival, 0.0) >= length, seconds=length, exact=True)
        return True

    def inspect(self) -> int:
        """Ask for the server's facts; they come as `facts[tag]`."""
        self._inspections += 1
        self.do(Inspect(self._inspections))
        return self._inspections

    def abort_all(self) -> None:
        for session in self.sessions:
            if session.state not in states.CLOSED:
                self.do(Abort(session.id))
                session.state = State.GONE
