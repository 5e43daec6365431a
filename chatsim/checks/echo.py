"""`echo`: a sender hears itself where the profile says so, and only there; and gets the receipts that it is owed."""

from __future__ import annotations

from collections.abc import Iterator

from chatsim.checks import saying
from chatsim.checks.owing import Owing, harmed
from chatsim.checks.verdict import Cause, Evidence, Verdict
from chatsim.checks.views import NEVER, NOT_JUDGED, Views, views_of
from chatsim.checks.wording import counted
from chatsim.history import FORMS, History

__all__ = ["echo"]

NAME = "echo"


def echo(history: History) -> Verdict:
    views = views_of(history)
    verdict = saying.unpromised(views, NAME)
    if verdict is not None:
        return verdict
    chances = _chances(views)
    known = [found for found in _heard_itself(views) if FORMS[views.form_at(found[1])] != "unknown"]
    if known:
        return _uncalled_for(views, *min(known, key=lambda found: (views.is_ours(found[0]), found[1])), chances)
    unsure = None
    owing: Owing | None = None
    for message, receipt in sorted(_lacking(views), key=lambda lacking: views.is_ours(lacking[0])):
        waited = views.waited_in_vain(message, views.sender(message), receipt=receipt)
        if waited is not None and waited >= 0:
            return _missing(views, message, receipt, waited, chances)
        closed = views.cut_off(views.sender(message))
        if closed != NEVER:
            return _missing(views, message, receipt, closed, chances)
        owing = owing or Owing(views)
        gap = None if receipt else _gap(views, owing, message)
        if gap is not None:
            return _missing(views, message, receipt, gap, chances)
        if waited is not None:
            unsure = unsure or (message, receipt)
    for message, index in _heard_itself(views):
        summary = (
            f"{views.label(views.sender(message))} got its own {views.quote(message)} back, in a form that the profile "
            "does not describe."
        )
        hint = "Write how it reads under `echo` (or `ack`, or `ignore`) in the profile."
        return saying.inconclusive(views, NAME, Cause.PROFILE, summary, (views.send[message], index), message, hint)
    if unsure is not None:
        message, receipt = unsure
        what = "a receipt for" if receipt else "the echo of"
        summary = (
            f"{views.label(views.sender(message))} did not get {what} {views.quote(message)}, but this machine was too "
            "busy to wait for it properly."
        )
        return saying.inconclusive(views, NAME, Cause.MACHINE, summary, (views.send[message],), message)
    return saying.passed(
        NAME,
        chances,
        f"{counted(chances, 'message')}: each sender heard of its own exactly what the profile says.",
        "Nobody said anything while it was there.",
    )


def _chances(views: Views) -> int:
    said, handed = views.messages, views.handed
    return sum(1 for m in views.sent if handed[m] != NEVER and said[m].sender >= 0 and said[m].kind not in NOT_JUDGED)


def _heard_itself(views: Views) -> Iterator[tuple[int, int]]:
    """(message, index) of what a sender heard of its own although it should not."""
    for sender, heard in views.heard_own.items():
        at: dict[int, int] = {}
        for message in heard:
            said = views.messages[message]
            if not views.speech(message).echo and said.kind not in NOT_JUDGED and said.to != sender:
                at = at or dict(views.hearings[sender])
                yield message, at[message]


def _lacking(views: Views) -> Iterator[tuple[int, bool]]:
    """(message, is it the receipt?) that its sender was owed and did not get."""
    if not any(views.speech_in(channel).echo or views.speech_in(channel).ack for channel in views.channels):
        return
    parts = harmed(views)
    for sender, spoken in views.spoken.items():
        if sender < 0:
            continue
        heard = set(views.heard_own.get(sender, ()))
        for message in spoken:
            speech = views.speech(message)
            came = message in heard or (message, sender) in parts
            if speech.echo and not came and views.judged(message) and views.owes_echo(message):
                yield message, False
            if speech.ack and message not in views.acked and views.judged(message) and views.owes_receipt(message):
                yield message, True


def _gap(views: Views, owing: Owing, message: int) -> int | None:
    gap = owing.gap(message, views.sender(message))
    if gap is None or views.settled_after(gap, views.messages[message].channel) == NEVER:
        return None
    return gap


def _uncalled_for(views: Views, message: int, index: int, chances: int) -> Verdict:
    sender = views.label(views.sender(message))
    return saying.failed(
        views,
        NAME,
        f"{sender} heard its own {views.quote(message)}, though the profile says that a sender does not hear itself.",
        (views.send[message], index),
        about=message,
        exercised=chances,
        hint="If the server echoes on purpose, write `echo: yes` in the profile.",
    )


def _missing(views: Views, message: int, receipt: bool, proof: int, chances: int) -> Verdict:
    sender = views.label(views.sender(message))
    if receipt:
        summary = f"{sender} never got a receipt for {views.quote(message)}."
        hint = "If the server sends no receipts, take `ack` out of the profile."
    else:
        summary = f"{sender} never heard its own {views.quote(message)} come back."
        hint = "If a sender is not to hear itself on this server, write `echo: no` in the profile."
    nobody = not (views.acked if receipt else views.heard_own)
    return saying.failed(
        views,
        NAME,
        summary,
        (views.send[message], proof),
        about=message,
        exercised=chances,
        evidence=Evidence.ABSENCE,
        hint=hint if nobody else "",
    )
