"""The fence: whoever has spoken since the last one says one marked message, and everybody hears it.

A fence proves presence, never absence: what was sent before it on the same way has come, or is late. It is sent only
where something negative is about to be claimed, and before a cleanup look.
"""

from __future__ import annotations

from chatsim.engine.session import Session, State
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Steps, Until

__all__ = ["fence"]


def fence(stage: Stage) -> Steps:
    """Play one fence round, or wait for quiet where chatsim may say nothing of its own."""
    profile = stage.profile
    possible = profile.knock and stage.terms.others_hear and stage.server_is == "up"
    if not possible:
        yield from stage.until_quiet()
        stage.note("settled", how="quiet", channels=None, valid=True)
        return True
    spoken, stage.spoken = stage.spoken, set()
    speakers = 0
    for session_id, channel in sorted(spoken):
        session = stage.sessions[session_id]
        if session.state is State.PRESENT and session.there:
            speakers += _fence_in(stage, session, channel)
    if speakers == 1 and profile.public.hears:
        # The only speaker hears nobody: one more, so that what is under way to it is flushed, too.
        lonely = {session_id for session_id, _ in spoken}
        other = next((each for each in stage.there() if each.id not in lonely and each.state is State.PRESENT), None)
        if other is not None:
            _fence_in(stage, other, "lobby")
    stage.spoken = set()
    wait = Until(lambda: not stage.mouth.busy and stage.owed.nothing())
    if (yield wait):
        stage.note("settled", how="fence", channels=None, valid=True)
        return True
    stage.unmet("fence", wait, stage.owed.missing(stage.sessions))
    stage.give_up()
    stage.note("settled", how="patience", channels=None, valid=wait.valid)
    return False


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
