"""Dialogues: what is said and awaited in turn when a bot joins, leaves, enters a room or goes out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chatsim.engine import session as states
from chatsim.engine.mouth import PROOF_PAUSE, UNNUMBERED
from chatsim.engine.session import Conversation, Session, State
from chatsim.engine.stage import Stage
from chatsim.network.network import Close, Send
from chatsim.profile.profile import Await, Dialogue, Either, PauseFor, SendThis
from chatsim.profile.templates import Template

__all__ = ["awaited", "begin", "converse", "refused", "step_on"]


def begin(
    stage: Stage,
    session: Session,
    lines: Dialogue,
    done: Callable[[], None],
    *,
    room: str | None = None,
    to: str = "",
    new: str = "",
    refusals: bool = False,
) -> None:
    """Play a dialogue on this session, as soon as its connection stands; `done` is called when it is through."""
    if not session.told:
        session.script = lines
    session.conversation = Conversation(lines, stage.profile.refuses if refusals else (), done, room, to, new)
    if session.state is not State.CONNECTING:
        converse(stage, session)


def converse(stage: Stage, session: Session) -> None:
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
            _send_line(stage, session, talk, line.template)
        elif isinstance(line, Await):
            talk.waiting = True
            if line.closes:
                return
            for phrase in session.ear.await_(line.templates, talk.refusals):
                stage.hear(session, phrase, stage.now)
        else:
            assert isinstance(line, PauseFor)
            talk.waiting = True
            drawn = stage.composer.between(line.low, line.high)
            stage.clockwork.timers.at(stage.now + drawn, lambda: step_on(stage, session))


def _send_line(stage: Stage, session: Session, talk: Conversation, template: Template) -> None:
    """A dialogue's own words keep the pace, too: on a raw stream two writes may be read as one."""
    follows_own = talk.position > 0 and isinstance(talk.lines[talk.position - 1], SendThis)

    def utter() -> int:
        if session.state not in states.CLOSED:
            # Only now, in the order of the wire: a cipher of the profile's author may count its messages.
            data = stage.wire(
                session, template, **stage.values(session, room=talk.room or "", to=talk.to, new=talk.new)
            )
            if data:
                stage.do(Send(session.id, data))
            if not session.told:
                session.spoke.append(data)
        if session.conversation is talk:
            step_on(stage, session)
        return UNNUMBERED

    held_back = follows_own or session.outbox or session.unproved is not None or session.free_at > stage.now
    if stage.profile.pace == "one-at-a-time" and held_back and not session.telling:
        stage.mouth.enqueue(session, utter)
    else:
        utter()
        if stage.profile.pace == "one-at-a-time":
            # What the server has answered it has read; if no answer is awaited, leave it time to read.
            answered = talk.position < len(talk.lines) and isinstance(talk.lines[talk.position], Await)
            session.free_at = max(session.free_at, stage.now + (0.0 if answered else PROOF_PAUSE))


def step_on(stage: Stage, session: Session) -> None:
    talk = session.conversation
    if talk is not None:
        talk.position += 1
        was_waiting, talk.waiting = talk.waiting, False
        if was_waiting:
            converse(stage, session)


def awaited(stage: Stage, session: Session, bindings: Mapping[str, str], template: Template | None = None) -> None:
    """What the dialogue waits for has come; where there are several ways on, `template` tells which."""
    talk = session.conversation
    if talk is not None and isinstance(line := talk.lines[talk.position], Either):
        came = Await((template,) if template is not None else ())
        at = talk.position
        talk.lines = (*talk.lines[:at], came, *line.after(template), *talk.lines[at + 1 :])
        if not session.told:
            session.script = talk.lines
    if stage.profile.nick == "assigned" and not session.nick and bindings.get("nick"):
        session.nick = bindings["nick"]
        session.ear.nick = session.nick
        stage.vocabulary.meet(session.nick)
    step_on(stage, session)


def refused(stage: Stage, session: Session, by: str) -> None:
    """The server refuses the join, in words or by closing."""
    if session.told:
        talk = session.conversation
        if talk is not None:  # an `enter` or a `rename` that is refused
            if talk.new:
                if by != "closed":  # to end a connection says nothing of the name
                    stage.note("not-renamed", session.id, nick=talk.new, by=by)
                stage.skip(session.bot, f"the server did not let {session.bot} be called {talk.new}")
            else:
                stage.note("refused", session.id, by=by, expected=False, room=talk.room)
            session.conversation = None
            session.ear.await_none()
        return
    expected = session.wanted in ("refused", "either")
    stage.note("refused", session.id, by=by, expected=expected)
    session.stopped_at = session.conversation.position if session.conversation is not None else None
    session.conversation = None
    session.ear.await_none()
    session.move("refused")
    stage.progress()
    if session.closed_how is None:
        stage.do(Close(session.id))
        session.move("closed")
