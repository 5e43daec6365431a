"""`isolation`: nobody hears what is not for it: of another room, for another addressee, or before it has joined."""

from __future__ import annotations

from collections.abc import Iterator

from chatsim.checks import saying
from chatsim.checks.verdict import Verdict
from chatsim.checks.views import NOT_JUDGED, Views, views_of
from chatsim.checks.wording import counted
from chatsim.history import CONSOLE, History

__all__ = ["isolation"]

NAME = "isolation"


def isolation(history: History) -> Verdict:
    views = views_of(history)
    verdict = saying.unpromised(views, NAME)
    if verdict is not None:
        return verdict
    exercised = _exercised(views)
    leaked = min(_leaks(views), key=lambda leak: (views.is_ours(leak[1]), leak[2]), default=None)
    if leaked is None:
        return saying.passed(
            NAME,
            exercised,
            f"{counted(exercised, 'message')} kept to those that they were for.",
            "Everything that was said was for everybody who was connected.",
        )
    receiver, message, index = leaked
    said = views.messages[message]
    text, sender, got = views.quote(message), views.label(said.sender), views.label(receiver)
    hint = ""
    if said.channel.startswith("whisper:"):
        summary = f"{got} got {text}, which {sender} had whispered to {_name(views, said.to)}."
    elif said.channel.startswith("room:"):
        summary = f"{got} got {text}, which {sender} had said in {said.channel[5:]}, where {got} was not."
    elif said.kind == "reply":
        summary = f"{got} got {text}, which {sender} had typed for {_name(views, said.to)}."
    elif not views.speech(message).heard:
        summary = f"{got} got {text} from {sender}, though on this server no client hears another."
        hint = "If clients are to hear each other, write how under `hears` in the profile."
    else:
        summary = f"{got} got {text} from {sender}, but had not yet joined: it had only connected."
        hint = "If connecting is joining on this server, take the `join` dialogue out of the profile."
    return saying.failed(
        views, NAME, summary, (views.send[message], index), about=message, exercised=exercised, hint=hint
    )


def _name(views: Views, session: int | None) -> str:
    return "nobody" if session is None else views.label(session)


def _restricted(views: Views) -> set[int]:
    """Messages that some session may not hear, however long it has joined."""
    public = {channel for channel in views.channels if channel == "lobby" and views.speech_in(channel).heard}
    if public == views.channels and views.terms.operator is None:
        return set()
    return {m for m in views.sent if views.messages[m].channel not in public or views.messages[m].kind == "reply"}


def _onlookers(views: Views) -> list[int]:
    """Sessions that had connected and not begun to join."""
    if not views.terms.join_dialogue:
        return []
    return [view.number for view in views.sessions.values() if view.begun > view.born]


def _exercised(views: Views) -> int:
    """Messages that somebody who was connected was not to hear."""
    onlookers = _onlookers(views)
    restricted = _restricted(views)
    everybody = list(views.sessions)
    count = 0
    for message in views.sent if onlookers else sorted(restricted):
        if views.messages[message].kind in NOT_JUDGED:
            continue
        sent = views.send[message]
        count += any(
            views.sessions[r].life.connected < sent < min(views.sessions[r].life.over, views.sessions[r].gone)
            and views.forbidden(message, r, sent)
            for r in (everybody if message in restricted else onlookers)
        )
    return count


def _leaks(views: Views) -> Iterator[tuple[int, int, int]]:
    """(session, message, index) of everything heard by somebody who was not to hear it."""
    restricted = _restricted(views)
    onlookers = set(_onlookers(views))
    for receiver, hearing in views.hearings.items():
        if receiver == CONSOLE or not (restricted or receiver in onlookers):
            continue
        some = None if receiver in onlookers else restricted.intersection(hearing.messages)
        if some is not None and not some:
            continue
        for message, index in hearing:
            if (some is None or message in some) and views.forbidden(message, receiver, index):
                yield receiver, message, index
    for entry in views.lives.of("damaged"):
        part = entry.detail.get("message")
        if not isinstance(part, int) or entry.session == CONSOLE or entry.detail.get("how") == "glued":
            continue  # beside what came glued a `heard` entry stands
        concerned = part in restricted or entry.session in onlookers
        if concerned and views.forbidden(part, entry.session, entry.index):
            yield entry.session, part, entry.index
