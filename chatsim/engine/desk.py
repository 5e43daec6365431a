"""The operator: somebody who types on the server's console, as an actor of the scenario.

With `to: waiting` the server asks for one reply a message, and a client's next message is not read before its last was
answered. So chatsim answers what was asked before, with a marked line, wherever the scenario says nothing.
"""

from __future__ import annotations

from functools import partial

from chatsim.engine.owed import Flight
from chatsim.engine.session import Session, State
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Steps, Until
from chatsim.engine.texts import Composed
from chatsim.history import OPERATOR
from chatsim.network.network import Type
from chatsim.scenario.steps import OperatorSays

__all__ = ["answer_all_of", "operate"]


def operate(stage: Stage, step: OperatorSays) -> Steps:
    """operator: whom it is meant for has heard it, or with `ends` is closed."""
    operator = stage.profile.operator
    for bot, text in step.entries:
        if bot is None and operator is not None and operator.to == "everyone":
            yield from _reply(stage, None, stage.composer.authored(text))
            continue
        if bot is None:
            stage.do(Type(text))
            stage.note("note", text=f"typed on the server's console: {text!r}")
            continue
        session = stage.current.get(bot)
        if session is None or session.state is not State.PRESENT:
            stage.skip(bot, f"nobody can be answered: {bot} is not here")
            continue
        yield from _answer_older(stage, session)
        assert operator is not None
        if text == operator.ends:
            yield from _end(stage, session, text)
        else:
            yield from _reply(stage, session, stage.composer.authored(text))
    yield from stage.settle("operator")
    return True


def answer_all_of(stage: Stage, session: Session) -> Steps:
    """Before a client speaks again or leaves: what it asked, and what stands before that, is answered."""
    while any(asked == session.id for asked, _ in stage.unanswered):
        if not (yield from _answer_oldest(stage)):
            return False
    return True


def _answer_older(stage: Stage, session: Session) -> Steps:
    """What waits before this one's oldest message is answered first: the server knows no other order."""
    while stage.unanswered and stage.unanswered[0][0] != session.id:
        if not any(asked == session.id for asked, _ in stage.unanswered):
            break
        if not (yield from _answer_oldest(stage)):
            return False
    return True


def _answer_oldest(stage: Stage) -> Steps:
    asked, _ = stage.unanswered[0]
    session = stage.sessions[asked]
    if session.state not in (State.PRESENT, State.STALLED):
        stage.unanswered.popleft()  # the server skips a client that has gone
        return True
    return (yield from _reply(stage, session, stage.composer.drawn()))


def _reply(stage: Stage, session: Session | None, composed: Composed) -> Steps:
    """Type one line, and wait until it has come where it is meant to."""
    if session is not None:
        _take_from_queue(stage, session)
    message = stage.history.new_message(
        OPERATOR,
        "reply",
        f"desk:{session.id}" if session is not None else "lobby",
        composed.text,
        to=session.id if session is not None else None,
        step=stage.step,
        words=composed.words,
    )
    stage.vocabulary.add(message.id, composed.text, kind="reply", nick=None, marker=composed.marker)
    audience = {session.id} if session is not None else {each.id for each in stage.there()}
    stage.owed.take_off(Flight(message.id, OPERATOR, stage.now, len(composed.text), audience), 0)
    stage.history.say(stage.now, "send", OPERATOR, message.id)
    stage.do(Type(composed.text))
    stage.history.say(stage.now, "handed", OPERATOR, message.id)
    wait = Until(partial(stage.owed.is_over, message.id))
    if not (yield wait):
        stage.unmet("operator", wait, [["message", each, message.id] for each in sorted(audience)])
        stage.owed.flights.pop(message.id, None)
        return False
    return True


def _end(stage: Stage, session: Session, text: str) -> Steps:
    """The reply that ends the client's session: the server closes, and that is its right."""
    _take_from_queue(stage, session)
    session.ended_by_operator = True
    stage.away(session)
    stage.owed.closings.add(session.id)
    stage.note("note", text=f"the operator ended {session.bot}'s session with {text!r}")
    stage.do(Type(text))
    yield from stage.settle("operator")
    return True


def _take_from_queue(stage: Stage, session: Session) -> None:
    for waiting in list(stage.unanswered):
        if waiting[0] == session.id:
            stage.unanswered.remove(waiting)
            return
