"""The fence: whoever has spoken since the last one says one marked message, and everybody hears it.

A fence proves presence, never absence: what was sent before it on the same way has come, or is late. It is sent only
where something negative is about to be claimed, and before a cleanup look. Where messages have been seen to overtake
one another, it is followed by a quiet moment.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatsim.engine.session import Session, State
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Steps, Until

__all__ = ["fence", "speak_twice"]


def fence(stage: Stage) -> Steps:
    """Play one fence round, or wait for quiet where chatsim may say nothing of its own."""
    profile = stage.profile
    possible = profile.knock and stage.terms.others_hear and stage.server_is == "up"
    if not possible:
        yield from stage.until_quiet()
        stage.note("settled", how="quiet", channels=None, valid=True)
        return True
    spoken, stage.spoken = stage.spoken, set()
    speakers = unheard = 0
    for session_id, channel in sorted(spoken):
        session = stage.sessions[session_id]
        if session.state is not State.PRESENT or not session.there:
            continue
        if not stage.terms.framed_sent and not _was_heard(stage, session):
            unheard += 1  # the server may still read the two as one: this fence would be lost, or spoil what it follows
        else:
            speakers += _fence_in(stage, session, channel)
    if speakers == 1 and profile.public.hears:
        # The only speaker hears nobody: one more, so that what is under way to it is flushed, too.
        lonely = {session_id for session_id, _ in spoken}
        other = next((each for each in stage.there() if each.id not in lonely and each.state is State.PRESENT), None)
        if other is not None:
            _fence_in(stage, other, "lobby")
    if unheard:
        yield from stage.until_quiet()
    wait = Until(lambda: not stage.mouth.busy and stage.owed.nothing())
    if (yield wait):
        overtaken = stage.overtaking.seen_in(stage.history)
        if overtaken:  # this fence, too, may have come before what was sent before it
            yield from stage.until_quiet()
        stage.note("settled", how="quiet" if overtaken else "fence", channels=None, valid=True)
        return True
    stage.unmet("fence", wait, stage.owed.missing(stage.sessions))
    stage.give_up()
    stage.note("settled", how="patience", channels=None, valid=wait.valid)
    return False


def speak_twice(stage: Stage, speakers: Sequence[Session]) -> Steps:
    """The first of these who can says two messages, a round trip apart: the first write to a closed peer succeeds."""
    for _ in range(2):
        stage.spoken.update((each.id, "lobby") for each in speakers[:1] if each.state is State.PRESENT)
        yield from fence(stage)
    return True


def _was_heard(stage: Stage, session: Session) -> bool:
    """Has anybody shown that the server read the last that this session said?"""
    last = session.last_words
    if last is None or stage.history.messages[last].kind in ("half", "piece"):
        return True  # nothing can be heard of it, or nothing need be: what it becomes is the server's own affair
    return any(other.has_seen(last) for other in stage.sessions)


def _fence_in(stage: Stage, session: Session, channel: str) -> int:
    room = channel.removeprefix("room:") if channel.startswith("room:") else None
    to: Session | None = None
    if channel.startswith("whisper:"):
        ends = [int(number) for number in channel.split(":")[1:]]
        to = stage.sessions[ends[1] if ends[0] == session.id else ends[0]]
        if not to.there:
            return 0
    elif room is not None and room not in session.rooms:
        return 0
    elif room is None and not (stage.profile.public.says and stage.profile.public.hears):
        return 0

    def utter() -> int | None:
        if session.state is not State.PRESENT:
            return None
        return stage.say(session, stage.composer.short(), kind="fence", room=room, to=to)

    stage.mouth.enqueue(session, utter)
    return 1
