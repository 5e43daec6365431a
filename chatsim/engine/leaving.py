"""Going: disconnect, drop in its five ways, stall and resume."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from chatsim.engine.desk import answer_all_of
from chatsim.engine.dialogue import begin
from chatsim.engine.seeing import look_at_stalled
from chatsim.engine.session import Session, State
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Steps, Until
from chatsim.history import Message
from chatsim.network.network import Abort, Close, HoldReading, ResumeReading, ShutdownWrite
from chatsim.scenario.steps import Act, Departure

__all__ = ["disconnect", "drop", "goodbye", "resume", "stall"]

SHORT_CLOSE = 0.25  # seconds for the server's end, once it has shown that it does not close
CLOSES_ITSELF = 0.02  # seconds within which a server that answers a goodbye by closing has closed
CAN_GO = (State.OPEN, State.JOINING, State.PRESENT, State.STALLED, State.HALF)


def disconnect(stage: Stage, act: Act, *, inside: bool) -> Steps:
    """disconnect: say goodbye once the last words were heard, shut down our side, read to the end, close."""
    for who, _ in act.entries:
        leaving = []
        for bot in stage.bots(who, "disconnect"):
            session = stage.current.get(bot)
            if session is None or session.state not in (State.OPEN, State.PRESENT, State.STALLED):
                stage.skip(bot, f"{bot} can't disconnect: it is {session.state if session else 'not here'}")
                continue
            leaving.append(session)
        if stage.terms.operator == "waiting":
            for session in leaving:
                yield from answer_all_of(stage, session)
        speaking = [
            each for each in leaving if each.outbox or (each.last_sent and not stage.owed.is_over(each.last_sent))
        ]
        if speaking:
            yield Until(partial(_words_are_heard, stage, speaking))
        for session in leaving:
            _say_goodbye(stage, session)
    if not inside:
        yield from stage.settle("leave")
    else:
        yield Until(lambda: stage.owed.nothing())
    return True


def goodbye(stage: Stage, sessions: list[Session]) -> Steps:
    """chatsim's own bots take their leave, as politely as any."""
    for session in sessions:
        _say_goodbye(stage, session)
    yield from stage.settle("leave")
    return True


def _words_are_heard(stage: Stage, sessions: list[Session]) -> bool:
    return all(not each.outbox and (each.last_sent is None or stage.owed.is_over(each.last_sent)) for each in sessions)


def _say_goodbye(stage: Stage, session: Session) -> None:
    reads_no_more = session.state is State.STALLED
    if not session.move("leave"):
        return
    remaining = [each for each in stage.there() if each is not session]
    stage.note("leave", session.id)
    if session.told:
        stage.expect_notice("left", session, remaining)
    stage.away(session)
    stage.owed.closings.add(session.id)
    if reads_no_more:
        stage.do(ResumeReading(session.id))  # polite is to read to the end
    # Who has only connected has nothing to take leave of: the goodbye would be taken for its name.
    goodbye = stage.profile.leave if session.told or not stage.terms.join_dialogue else ()
    begin(stage, session, goodbye, partial(_hang_up, stage, session))
    if stage.slow_closer:
        stage.clockwork.timers.at(stage.now + SHORT_CLOSE, partial(_no_longer, stage, session))


def _no_longer(stage: Stage, session: Session) -> None:
    if session.id in stage.owed.closings:
        stage.end_waiting_for_close(session)


def _hang_up(stage: Stage, session: Session) -> None:
    """Goodbye is said: half-close, and read until the server closes its end.

    On a fixed port a server that closes by itself may do so first (see Stage.hang_up): it is given a moment.
    """
    if stage.plan.fixed_port and stage.profile.leave:
        moment = max(CLOSES_ITSELF, 5 * stage.patience.round_trip)
        stage.clockwork.timers.at(stage.now + moment, partial(_half_close, stage, session))
    else:
        _half_close(stage, session)


def _half_close(stage: Stage, session: Session) -> None:
    if session.state is State.LEAVING:
        session.holds_end = True
        stage.do(ShutdownWrite(session.id))


def drop(stage: Stage, act: Act, *, inside: bool) -> Steps:
    """drop: gone without a word. What it had still to say is cancelled, its last words are indefinite."""
    stage.fault()
    for who, detail in act.entries:
        how = stage.profile.line.wire.going(detail.how if isinstance(detail, Departure) else "reset")
        for bot in stage.bots(who, "drop"):
            session = stage.current.get(bot)
            if session is None or session.state not in CAN_GO:
                stage.skip(bot, f"{bot} can't drop: it is {session.state if session else 'not here'}")
                continue
            if stage.terms.operator == "waiting" and session.state is State.PRESENT:
                # Nobody can tell when the server notices that it has gone: the next answer might be spent on it.
                yield from answer_all_of(stage, session)
            _drop(stage, session, how)
    if not inside:
        # Who has merely fallen silent is put out after the profile's own time.
        vanished = any(isinstance(detail, Departure) and detail.how == "vanish" for _, detail in act.entries)
        yield from stage.settle("drop", longer=(stage.profile.limits.silence or 0.0) if vanished else 0.0)
    return True


def _drop(stage: Stage, session: Session, how: str) -> None:
    others = [each for each in stage.there() if each is not session]
    silent_for = stage.profile.limits.silence
    tells = session.told and (how != "vanish" or silent_for is not None)
    if how == "half-close" and stage.profile.half_close == "answers":
        tells = False
    if how == "mid-message" and session.state is State.PRESENT and stage.profile.public.says is not None:
        stage.say(session, stage.composer.drawn(), kind="half", data=lambda raw: raw[: max(1, len(raw) // 2)])
    stage.note("drop", session.id, how=how)
    if tells:
        stage.expect_notice("dropped", session, others)
    leaves = how != "half-close" or stage.profile.half_close == "leaves"
    if leaves:
        stage.away(session)
        stage.owed.forget_from(session)
    else:
        stage.mouth.hush(session)
    session.conversation = None
    match how:
        case "close":
            session.move("drop")
            stage.do(Close(session.id))
        case "half-close":
            if session.state is State.STALLED:
                stage.do(ResumeReading(session.id))  # it reads on, until the server closes
            session.move("half-close")
            stage.do(ShutdownWrite(session.id))
            if leaves:
                stage.owed.closings.add(session.id)
        case "vanish":
            session.move("vanish")
            stage.do(HoldReading(session.id))
        case _:
            session.move("drop")
            stage.do(Abort(session.id))


def stall(stage: Stage, act: Act) -> Steps:
    """stall: reads no more. What is sent meanwhile is owed to it only once it has resumed."""
    stage.fault()
    for who, _ in act.entries:
        for bot in stage.bots(who, "stall"):
            session = stage.current.get(bot)
            if session is not None and session.frozen:
                session.frozen = False  # the thaw of the server will not wake it
                stage.note("stall", session.id)
                stage.do(HoldReading(session.id))
                continue
            session = stage.able(bot, "stall")
            if session is not None:
                hold(stage, session)
                stage.note("stall", session.id)
                stage.do(HoldReading(session.id))
    yield from look_at_stalled(stage)
    return True


def hold(stage: Stage, session: Session) -> None:
    """Nothing is waited for from this session for a while (its own stall, or a frozen server)."""
    session.stalled_from = session.first_owed
    session.missed = [each for each in stage.owed.transitions if session.id in each.awaiting]
    stage.owed.release(session)
    session.move("stall")


def resume(stage: Stage, act: Act) -> Steps:
    """resume: caught up, or closed by the server (its right, unless `slow-readers: kept`)."""
    yield from look_at_stalled(stage)
    for who, _ in act.entries:
        stalled = {each.bot for each in stage.sessions if each.state is State.STALLED and not each.frozen}
        for bot in who.bots or [each for each in stage.bots(who, "resume") if each in stalled]:
            session = stage.current.get(bot)
            if session is None or bot not in stalled:
                stage.skip(bot, f"{bot} can't resume: it is {session.state if session else 'not here'}")
                continue
            stage.note("resume", session.id)
            if stage.frozen:
                session.frozen = True  # it goes on when the server does
            else:
                go_on(stage, session)
            stage.do(ResumeReading(session.id))
    yield from stage.settle("resume")
    return True


def go_on(stage: Stage, session: Session) -> None:
    """It reads again: what it missed meanwhile is awaited."""
    session.move("resume" if session.told else "resume unjoined")
    if session.stalled_from is None:
        return  # nothing was owed to it before, and nothing is now
    session.first_owed = len(stage.history.messages)
    for transition in session.missed:
        stage.owed.expect_notice(replace(transition, awaiting={session.id}))
    session.missed = []
    session.catching_up |= {
        message.id
        for message in stage.history.messages[session.stalled_from :]
        if _is_for(stage, message, session) and not session.has_seen(message.id)
    }
    if session.catching_up:
        stage.owed.catching_up.add(session.id)


def _is_for(stage: Stage, message: Message, session: Session) -> bool:
    """Must it reach this session, once that reads again?"""
    limit = stage.profile.limits.text
    if message.sender == session.id or message.kind in ("half", "piece"):
        return False
    if limit is not None and len(message.text.encode()) > limit:
        return False
    if message.channel == "lobby":
        return bool(stage.profile.public.hears) if message.kind != "reply" else False
    if message.channel.startswith("room:"):
        rooms = stage.profile.rooms
        inside = session.rooms - session.new_in
        return rooms is not None and bool(rooms.voice.hears) and message.channel.removeprefix("room:") in inside
    return message.to == session.id and message.kind == "whisper" and bool(stage.profile.whisper.hears)
