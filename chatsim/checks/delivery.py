"""`delivery`: what was said reaches everybody it was meant for.

A loss is never seen, only waited for. It counts where a valid wait for it ended in vain, or where the session heard a
later message of the same sender and channel and all has settled since; or where the server had closed the session
without any right to. What nobody waited for (an interrupted run) and what our own machine stalled over fails nobody.
"""

from __future__ import annotations

from chatsim.checks import saying
from chatsim.checks.owing import Missing, Owing
from chatsim.checks.verdict import Cause, Evidence, Verdict
from chatsim.checks.views import NEVER, Views, views_of
from chatsim.checks.wording import counted
from chatsim.history import CONSOLE, OPERATOR, History

__all__ = ["delivery"]

NAME = "delivery"


def delivery(history: History) -> Verdict:
    views = views_of(history)
    verdict = saying.unpromised(views, NAME)
    if verdict is not None:
        return verdict
    terms = views.terms
    if not (terms.others_hear or terms.console_receives or terms.whisper.heard or terms.operator):
        return saying.not_applicable(
            NAME, "Nobody hears anybody else on this server; `echo` judges what a sender hears."
        )
    owing = Owing(views)
    lost: list[tuple[Missing, tuple[int, int]]] = []
    unsure: list[Missing] = []
    for pair in owing.missing():
        proof = _proof(views, owing, pair)
        if proof is None:
            continue
        if proof[0] >= 0:
            lost.append((pair, proof))
        else:
            unsure.append(pair)
    if lost:
        return _failed(views, owing, lost)
    if unsure:
        pair = unsure[0]
        summary = (
            f"{_receiver(views, pair.session)} did not hear {views.quote(pair.message)} from "
            f"{views.label(views.sender(pair.message))}, but this machine was too busy to wait for it properly."
        )
        return saying.inconclusive(views, NAME, Cause.MACHINE, summary, (views.send[pair.message],), pair.message)
    return saying.passed(
        NAME,
        owing.pairs,
        f"All {counted(owing.pairs, 'delivery', 'deliveries')} came.",
        "No message was owed to anybody who was there for it.",
    )


def _proof(views: Views, owing: Owing, pair: Missing) -> tuple[int, int] | None:
    """(index that proves the loss, index of the settle or wait); the first is -1 if all waits were invalid."""
    gap = owing.gap(pair.message, pair.session)
    if gap is not None:
        settled = views.settled_after(gap, views.messages[pair.message].channel)
        if settled != NEVER and not views.is_ours(views.message_at(gap)):
            return gap, settled
    waited = None
    if views.settled(pair.message) != NEVER:
        waited = views.waited_in_vain(pair.message, pair.session)
        closed = views.cut_off(pair.session)
        if closed != NEVER and (waited is None or waited < 0):
            return closed, closed  # a connection that the server has closed brings nothing any more
    if gap is not None and settled != NEVER and (waited is None or waited < 0):
        return gap, settled  # all that was heard later is a fence: as good a proof, but harder to read than a wait
    return None if waited is None else (waited, waited)


def _failed(views: Views, owing: Owing, lost: list[tuple[Missing, tuple[int, int]]]) -> Verdict:
    # The earliest message first: what went wrong later may be its consequence.
    lost.sort(key=lambda found: (views.send[found[0].message], found[0].session))
    pair, proof = lost[0]
    message = pair.message
    receivers = [other.session for other, _ in lost if other.message == message]
    sender = views.label(views.sender(message))
    owed = len(views.owed(message))
    what = f"{views.quote(message)} from {sender}"
    gap = owing.gap(message, pair.session)
    if len(receivers) == 1 and gap is not None and proof[0] == gap:
        later = views.quote(views.message_at(gap))
        heard = f"{_receiver(views, pair.session)} heard {later} from {sender}"
        summary = f"{heard}, but never {views.quote(message)}, said before it."
    elif len(receivers) == 1:
        verb = "showed" if pair.session == CONSOLE else "heard"
        summary = f"{_receiver(views, pair.session)} never {verb} {what}."
        if owed > 1:
            summary += f" {_others(owed - 1)} did."
    elif len(receivers) == owed:
        summary = f"Nobody heard {what}."
    else:
        summary = f"{saying.who(views, receivers)} never heard {what}."
    if proof[0] == views.cut_off(pair.session):
        summary += f" The server had closed {views.label(pair.session)}'s connection at {views.lives.when(proof[0])}."
    if len(lost) > len(receivers):
        summary += f" {counted(len(lost) - len(receivers), 'more delivery is', 'more deliveries are')} missing."
    return saying.failed(
        views,
        NAME,
        summary,
        tuple(sorted((views.send[message], *proof))),
        about=message,
        exercised=owing.pairs,
        evidence=Evidence.ABSENCE,
        hint=_hint(views, lost),
    )


def _receiver(views: Views, session: int) -> str:
    label = views.label(session)
    return label[0].upper() + label[1:] if session == CONSOLE else label


def _others(count: int) -> str:
    return "The other one" if count == 1 else f"The other {count}"


def _hint(views: Views, lost: list[tuple[Missing, tuple[int, int]]]) -> str:
    messages = {pair.message for pair, _ in lost}
    sizes = {message: len(views.messages[message].text.encode("utf-8", "surrogatepass")) for message in messages}
    arrived = [
        len(views.messages[m].text.encode("utf-8", "surrogatepass"))
        for spoken in views.spoken.values()
        for m in spoken
        if m not in messages and views.heard_at_all[m]
    ]
    if min(sizes.values()) >= 500 and arrived and max(arrived) < min(sizes.values()):
        size = round(max(arrived), -2) or max(arrived)
        return f"If the server takes no longer messages by design, write `limits: {{text: {size}B}}` in the profile."
    public = all(views.sender(m) != OPERATOR and views.messages[m].channel == "lobby" for m in messages)
    if public and views.terms.public.heard and not _anybody_heard_another(views):
        return "If clients are not to hear each other on this server, write `hears: no` in the profile."
    return ""


def _anybody_heard_another(views: Views) -> bool:
    return any(
        views.messages[message].sender != hearing.receiver
        for hearing in views.hearings.values()
        if hearing.receiver != CONSOLE
        for message in hearing.messages
    )
