"""What each event means: bytes become phrases, phrases become entries, and whoever waited for them goes on."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from typing import Any

from chatsim.engine import session as states
from chatsim.engine.dialogue import awaited, converse, refused, step_on
from chatsim.engine.keeping import Kept
from chatsim.engine.session import Session, State
from chatsim.engine.stage import Stage
from chatsim.history import CONSOLE, FORMS, OPERATOR
from chatsim.network.network import (
    Event,
    Facts,
    Handed,
    HoldReading,
    Opened,
    OpenFailed,
    Output,
    PeerClosed,
    Received,
    Send,
    ServerEvent,
)
from chatsim.profile import phrases
from chatsim.profile.profile import Await
from chatsim.profile.vocabulary import Chunk

__all__ = ["Hearing"]

FLOOD = 16 * 1024 * 1024  # bytes that no sent message explains,
SURPLUS = 100_000  # or so many copies and unasked notices: short ones cost more than their bytes
UNCLEAR = 1000  # lines that may be about somebody whose name is not known yet
HEARS = FORMS.index("hears")


class Hearing:
    """Takes the door's events for one stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._unclear: deque[tuple[Session, str]] = deque(maxlen=UNCLEAR)

    def take_all(self, events: Sequence[Event]) -> None:
        """In their order. Neighbours who have read the very same bytes are taken in one go: most of a broadcast is that."""
        stage, sessions = self._stage, self._stage.sessions
        if stage.aborted:
            events = [event for event in events if type(event) is not Received]
        at, heard, hearers = 0.0, None, list[Session]()
        if stage.beyond.pending:
            for event in events:
                if type(event) is Received:
                    stage.beyond.came(event.session, len(event.data))
        plain = not stage.plan.keeps_lines and stage.profile.python is None
        for event in events:
            if plain and type(event) is Received:
                session = sessions[event.session]
                if session.conversation is None and not session.catching_up:
                    chunk = session.ear.hear_again(event.data)
                    if chunk is not None:
                        if chunk is not heard or event.at != at:
                            self._heard_by_many(at, hearers, heard)
                            at, heard, hearers = event.at, chunk, []
                        hearers.append(session)
                        continue
            self._heard_by_many(at, hearers, heard)
            heard, hearers = None, []
            self.take(event)
        self._heard_by_many(at, hearers, heard)

    def take(self, event: Event) -> None:
        stage = self._stage
        if type(event) is Received:
            self._received(event)
        elif isinstance(event, Handed):
            if event.tag >= 0:
                for earlier in stage.handed_with.pop(event.tag, ()):
                    stage.history.say(event.at, "handed", event.session, earlier)
                stage.history.say(event.at, "handed", event.session, event.tag)
        elif isinstance(event, Output):
            self._printed(event)
        elif isinstance(event, Opened):
            self._opened(event)
        elif isinstance(event, PeerClosed):
            self._peer_closed(event)
        elif isinstance(event, OpenFailed):
            self._failed(event)
        elif isinstance(event, Facts):
            stage.facts[event.tag] = event
        elif isinstance(event, ServerEvent):
            self._server(event)

    def _opened(self, event: Opened) -> None:
        stage = self._stage
        session = stage.sessions[event.session]
        session.ip, session.port = event.local
        session.connected_at = event.at
        if not session.move("opened"):
            return
        stage.history.note(event.at, "connected", session.id, ip=session.ip, port=session.port)
        if stage.profile.nick == "address" and stage.profile.nick_template is not None:
            session.nick = stage.profile.nick_template.render(stage.values(session))[0]
            session.ear.nick = session.nick
            self._named(session.nick, event.at)
        if session.conversation is not None:
            session.move("join")
            converse(stage, session)

    def _failed(self, event: OpenFailed) -> None:
        stage = self._stage
        session = stage.sessions[event.session]
        if session.move("failed"):
            stage.history.note(event.at, "unreachable", session.id, why=event.why)
            session.closed_how = "unreachable"
            session.unagreed = event.sent, event.got

    def _received(self, event: Received) -> None:
        # This, and what it calls, is run for every read of every bot: a look-up saved shows in the rate of deliveries.
        stage = self._stage
        at, sid, data = event
        session = stage.sessions[sid]
        stage.last_arrival = at
        ear = session.ear
        if session.translator is not None:
            data = self._translated(session, data)
        if stage.plan.keeps_lines:
            stage.kept.setdefault(sid, Kept(stage.profile.encoding)).add(data, len(stage.history))
        if session.conversation is None and not session.catching_up:
            quick = ear.hear_quick(data)
            if quick is not None:
                if quick[0]:
                    self._heard_many(at, session, *quick)
                return
        for phrase in ear.hear(data):
            self.phrase(session, phrase, at)
        # Twice: each piece of what was too long comes with a name before it, and perhaps in an echo.
        flooded = ear.unexplained > FLOOD + 2 * stage.unframeable or session.surplus > SURPLUS
        if flooded and session.state not in states.CLOSED:
            stage.history.note(event.at, "flooded", session.id, bytes=ear.unexplained, surplus=session.surplus)
            stage.do(HoldReading(session.id))
            stage.owed.release(session)
            session.move("stall")

    def _translated(self, session: Session, data: bytes) -> bytes:
        """The events in these bytes, as lines for the ear. What the author's class answers at once is sent."""
        assert session.translator is not None
        lines, answer = session.translator.heard(data)
        if answer and session.state not in states.CLOSED:
            self._stage.do(Send(session.id, answer))
        return lines

    def _heard_many(self, at: float, session: Session, messages: array[int], forms: bytes) -> None:
        stage = self._stage
        stage.history.heard_many(at, session.id, messages, forms)
        stage.clockwork.progress(at)
        if stage.mouth.watches or stage.when_heard or stage.unseen or forms.count(HEARS) != len(forms):
            for message in messages:
                self._first_time(session, message)
        else:
            stage.owed.heard_public(session, messages, max(messages))

    def _heard_by_many(self, at: float, sessions: list[Session], chunk: Chunk | None) -> None:
        if chunk is None:
            return
        stage = self._stage
        stage.last_arrival = at
        stage.history.heard_by_many(at, [session.id for session in sessions], chunk.messages, chunk.forms)
        stage.clockwork.progress(at)
        if stage.mouth.watches or stage.when_heard or stage.unseen:
            for session in sessions:
                for message in chunk.messages:
                    self._first_time(session, message)
        else:
            for session in sessions:
                stage.owed.heard_public(session, chunk.messages, chunk.highest)

    def _first_time(self, session: Session, message: int) -> None:
        stage = self._stage
        if session.id in stage.unseen and message not in stage.when_heard:
            self._seen_by(session, message)
        if stage.owed.heard(session, message):
            action = stage.when_heard.get(message)
            if action is not None:
                action(session)
        else:
            session.surplus += 1
        if stage.beyond.pending:
            stage.beyond.heard(session.id, message)
        stage.mouth.proved(message)

    def _seen_by(self, session: Session, message: int) -> None:
        """A newcomer that hears in public what another said after it was told is there, whoever knocks for it meanwhile.

        Where old messages are replayed, one alone is no proof; its knock decides there.
        """
        said = self._stage.history.messages[message]
        live = message >= session.told_before and said.sender != session.id and said.channel == "lobby"
        if live and said.kind in ("chat", "knock", "fence") and not self._stage.profile.replays:
            self._stage.present(session, "heard")

    def phrase(self, session: Session, phrase: phrases.Phrase, at: float) -> None:
        stage = self._stage
        sid, history = session.id, stage.history
        match phrase:
            case phrases.Whole(message, form):
                history.say(at, "heard", sid, message, form)
                stage.progress(at)
                self._first_time(session, message)
            case phrases.Named(message, name):
                history.note(at, "named", sid, message=message, name=name)
            case phrases.Glued(messages):
                for message in messages:
                    others = [other for other in messages if other != message]
                    history.note(at, "damaged", sid, message=message, how="glued", text="", **{"with": others})
            case phrases.Damaged(message, how, text):
                history.note(at, "damaged", sid, message=message, how=how, text=text[:2000])
                stage.progress(at)
                if how != "split":
                    self._first_time(session, message)
            case phrases.NoticeHeard(what, nick, room, text):
                history.note(at, "notice", sid, what=what, nick=nick, room=room, text=text[:300])
                if stage.owed.notice(sid, what, nick, room):
                    stage.progress(at)
                else:
                    session.surplus += 1
            case phrases.RenameHeard(nick, new, text):
                history.note(at, "told-renamed", sid, nick=nick, new=new, text=text[:300])
                stage.progress(at)
            case phrases.Receipt(message):
                self._receipt(session, message, at)
            case phrases.RosterHeard(names, complete):
                self._roster(session, names, complete, at)
            case phrases.Awaited(bindings, _, template):
                stage.progress(at)
                if stage.profile.nick == "assigned" and not session.nick and bindings.get("nick"):
                    self._named(bindings["nick"], at)
                awaited(stage, session, bindings, template)
            case phrases.Refusal(text):
                refused(stage, session, text)
            case phrases.WheneverHeard(rule, bindings):
                answer = stage.profile.whenever[rule].send
                stage.do(Send(sid, stage.wire(session, answer, **{**stage.values(session), **bindings})))
            case phrases.Foreign(nick, text):
                history.note(at, "foreign", sid, nick=nick, text=text[:2000])
            case phrases.Unrecognised(text):
                history.note(at, "unrecognised", sid, text=text[:2000])
                if stage.profile.nick in ("assigned", "address"):
                    self._unclear.append((session, text))

    def _named(self, nick: str, at: float) -> None:
        """A server may announce a newcomer before we have read which name it gave it: then the notice comes first, and
        is understood now."""
        stage = self._stage
        stage.vocabulary.meet(nick)
        for entry in [entry for entry in self._unclear if nick in entry[1]]:
            session, text = entry
            self._unclear.remove(entry)
            for phrase in session.ear.look_for_notices(text):
                self.phrase(session, phrase, at)
        framed = stage.profile.received.promises
        for session in stage.sessions:
            if not (framed and session.told) and nick in session.ear.unclaimed:  # a frame is kept only for a dialogue
                for phrase in session.ear.look_for_notices():
                    self.phrase(session, phrase, at)

    def _receipt(self, session: Session, message: int | None, at: float) -> None:
        stage = self._stage
        waiting = stage.unacknowledged.get(session.id)
        if message is None and waiting:
            message = waiting[0]
        if message is not None and waiting and message in waiting:
            waiting.remove(message)
        number = -1 if message is None else message
        stage.history.say(at, "ack", session.id, number)
        flight = stage.owed.flights.get(number)
        if flight is not None:
            flight.ack = False
            stage.progress(at)
        stage.mouth.proved(number)

    def _roster(self, session: Session, names: tuple[str, ...], complete: bool, at: float) -> None:
        """A list, or a part of one that was asked for: its parts are put together until it is complete.

        A part of one that nobody asked for is no list, and its end is not waited for: it is passed over."""
        stage = self._stage
        roster = stage.profile.roster
        if not session.asking and roster is not None and roster.ask is not None and roster.end:
            return
        session.roster = (*(session.roster or ()), *names) if session.asking else names
        if complete or not session.asking:
            stage.history.note(at, "roster", session.id, names=list(session.roster), asked=session.asking)
            session.asking = False
        stage.progress(at)

    def _peer_closed(self, event: PeerClosed) -> None:
        stage = self._stage
        session = stage.sessions[event.session]
        session.closed_how = event.how
        for phrase in session.ear.rest():
            self.phrase(session, phrase, event.at)
        declared = self._declared(session)
        stage.history.note(event.at, "closed", session.id, how=event.how, declared=declared)
        stage.owed.closings.discard(session.id)
        stage.owed.release(session)
        stage.mouth.hush(session)
        stage.progress(event.at)
        joining = session.conversation
        if joining is not None:
            at = joining.lines[joining.position] if joining.position < len(joining.lines) else None
            if isinstance(at, Await) and at.closes:
                step_on(stage, session)
            elif session.state in (State.JOINING, State.OPEN) and not session.told:
                refused(stage, session, "closed")
            elif session.state is State.LEAVING:
                stage.note_unanswered_goodbye(session)
            session.conversation = None
        if session.holds_end or session.state in (State.HALF, State.REFUSED, State.LEAVING):
            if event.how == "eof":
                stage.hang_up(session)
            if session.state is State.LEAVING:
                stage.note("left", session.id, clean=event.how == "eof")
            session.holds_end = False
            session.move("closed")
        elif session.move("peer closed") and event.how == "eof":
            stage.hang_up(session)

    def _declared(self, session: Session) -> str | None:
        """Why the profile, or what we did, allows the server to close this session."""
        stage = self._stage
        profile = stage.profile
        if stage.server_is != "up":
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
        if profile.limits.silence is not None and stage.now - session.connected_at >= profile.limits.silence:
            return "limits: silence"
        if profile.limits.clients is not None and len(stage.there()) > profile.limits.clients:
            return "limits: clients"
        return None

    def _printed(self, event: Output) -> None:
        stage = self._stage
        what, nick, messages = stage.server_ear.hear(event.line)
        detail: dict[str, Any] = {"stream": event.stream, "line": event.line[:2000]}
        if what:
            detail.update(what=what, nick=nick)
        if messages:
            detail["message"] = messages[0]
        index = stage.history.note(event.at, "out", **detail)
        stage.output_lines.append((index, event.line))
        if len(stage.output_lines) > 20_000:
            del stage.output_lines[:10_000]
        for message in messages:
            stage.history.say(event.at, "heard", CONSOLE, message, "output")
            stage.unprinted.discard(message)
            flight = stage.owed.flights.get(message)
            if flight is not None and flight.console:
                flight.console = False
                stage.progress(event.at)
            sender = stage.history.messages[message].sender
            if stage.terms.operator is not None and sender != OPERATOR:
                stage.unanswered.append((sender, message))
            stage.mouth.proved(message)
        if stage.server_is == "up":
            crash = stage.crashes.take(event.line)
            if crash:
                stage.history.note(event.at, "crash", text=crash[:4000])
        else:
            stage.dump.take(event.line)

    def _server(self, event: ServerEvent) -> None:
        stage = self._stage
        stage.server_events.append(event)
        detail = dict(event.detail)
        if event.what == "stacks" or (event.what == "failed" and detail.get("command") == "stacks"):
            return  # who asked for them tells
        if event.what == "stopping":
            stage.server_is = "stopping"
        elif event.what == "listening":
            stage.server_is = "up"
        elif event.what == "exited":
            detail.setdefault("asked", stage.server_is != "up")
            if stage.server_is == "up":
                crash = stage.crashes.dying()
                if crash:
                    stage.history.note(event.at, "crash", text=crash[:4000])
            stage.server_is = "down"
        stage.history.note(event.at, "server", what=event.what, **detail)
