"""`framing`: messages stay apart, and each in one piece.

Boundaries are promised by any framing of what bots send but `none`. Without it two messages prove something only if
they were sent apart: the first had been heard before the second was sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from chatsim.checks import saying
from chatsim.checks.integrity import receivers
from chatsim.checks.verdict import Verdict
from chatsim.checks.views import NEVER, NOT_JUDGED, Views, views_of
from chatsim.checks.wording import counted
from chatsim.history import CONSOLE, Entry, History

__all__ = ["framing"]

NAME = "framing"


def framing(history: History) -> Verdict:
    views = views_of(history)
    verdict = saying.unpromised(views, NAME)
    if verdict is not None:
        return verdict
    exercised = _exercised(views)
    for entry in views.lives.of("damaged"):
        if entry.session == CONSOLE:  # threads' prints interleave
            continue
        if entry.detail.get("how") == "glued":
            pair = _glued(views, entry)
            if pair is not None:
                return _failed_glued(views, entry, *pair, exercised)
        elif entry.detail.get("how") == "split" and _split(views, entry):
            return _failed_split(views, entry, exercised)
    return saying.passed(
        NAME,
        exercised,
        f"{counted(exercised, 'message')} came apart from the others, each in one piece.",
        "No two messages were sent so far apart that they had to stay apart, and the profile promises no boundaries.",
    )


def _exercised(views: Views) -> int:
    heard = [receiver for receiver in receivers(views) if receiver != CONSOLE]
    if views.terms.framed_sent:
        return sum(len(views.hearings[receiver]) for receiver in heard)
    if not heard:
        return 0
    return sum(1 for message in _judged(views) if _alone(views, message) and views.first_heard[message] != NEVER)


def _judged(views: Views) -> Iterator[int]:
    for spoken in views.spoken.values():
        for message in spoken:
            if views.messages[message].kind not in NOT_JUDGED and not views.messages[message].shared:
                yield message


def _alone(views: Views, message: int) -> bool:
    """Was its sender's last message before it heard before it was sent (or is there none)?"""
    earlier = views.before.get(message)
    return earlier is None or _apart(views, earlier, message)


def _apart(views: Views, one: int, other: int) -> bool:
    first, second = sorted((one, other), key=views.send.__getitem__)
    if views.messages[first].shared and views.messages[second].shared:
        return False
    shown = min(views.first_heard[first], views.acked.get(first, NEVER))
    return shown < views.send[second]


def _glued(views: Views, entry: Entry) -> tuple[int, int] | None:
    """Two of the messages that came as one although they had to stay apart."""
    others = entry.detail.get("with") or ()
    messages = [m for m in (entry.detail.get("message"), *others) if isinstance(m, int)]
    messages = [m for m in dict.fromkeys(messages) if not _excused(views, m, entry.session)]
    for at, one in enumerate(messages):
        for other in messages[at + 1 :]:
            if views.terms.framed_sent or _apart(views, one, other):
                first, second = sorted((one, other), key=views.send.__getitem__)
                return first, second
    return None


def _split(views: Views, entry: Entry) -> bool:
    message = entry.detail.get("message")
    if not isinstance(message, int) or _excused(views, message, entry.session):
        return False
    hearing = views.hearings.get(entry.session)
    if hearing is None or hearing.index_of(message) is None:
        return False  # not all of it came: `intact`
    return views.terms.framed_sent or (_alone(views, message) and not views.messages[message].shared)


def _excused(views: Views, message: int, session: int) -> bool:
    return (
        views.messages[message].kind in NOT_JUDGED
        or not views.within_limits(message)
        or views.is_replay(message, session)
    )


def _failed_glued(views: Views, entry: Entry, first: int, second: int, exercised: int) -> Verdict:
    one, two = saying.quoted(views, first, second)
    summary = f"{views.label(entry.session)} got {one} and {two} glued together as one message."
    if not views.terms.framed_sent:
        summary += f" {two} was sent after {one} had been heard."
    hint = ""
    if views.terms.framed_sent:
        hint = "One read may bring two messages, or half of one: look for where a message ends, and keep what is left."
    return saying.failed(
        views,
        NAME,
        summary,
        (views.send[first], views.send[second], entry.index),
        about=second,
        exercised=exercised,
        hint=hint,
    )


def _failed_split(views: Views, entry: Entry, exercised: int) -> Verdict:
    message = int(entry.detail["message"])
    long = len(views.messages[message].text) >= 500
    return saying.failed(
        views,
        NAME,
        f"{views.label(entry.session)} got {views.quote(message)} from {views.label(views.sender(message))} in pieces.",
        (views.send[message], entry.index),
        about=message,
        exercised=exercised,
        hint="If the server takes no longer messages by design, write `limits: {text: …}` in the profile."
        if long
        else "",
    )
