"""Causes that lie between clients: what one of them holds up, takes away or overtakes for another."""

from __future__ import annotations

import re

from chatsim.diagnosis.evidence import NEVER, Evidence, Life
from chatsim.diagnosis.hint import Hint, Sure
from chatsim.history import Message

__all__ = ["passed_over", "slow_reader_holds_up", "two_broadcasts_at_once"]

_SENDING = re.compile(r"send|broadcast|write|deliver|publish|forward|relay|tell|push", re.IGNORECASE)


def slow_reader_holds_up(evidence: Evidence) -> Hint | None:
    """While one does not read, the others stop hearing: the server waits in `send`."""
    verdict = evidence.failed("no-head-of-line-blocking")
    if verdict is None or not verdict.witness:
        return None
    until = max(verdict.witness)
    stalled = next((e for e in reversed(evidence.of("stall")) if e.index <= until), None)
    if stalled is None:
        return None
    resumed = any(e.session == stalled.session and stalled.index < e.index < until for e in evidence.of("resume"))
    if resumed or _came_in_vain(evidence, stalled.index, until):
        return None
    who = evidence.lives.who(stalled.session)
    held = "the loop that serves all" if evidence.one_thread else "the thread that sends"
    more = "" if evidence.one_thread else ", and whoever waits for the same lock waits with it"
    frames = [s.own for s in evidence.stacks.get("hung", ()) if s.own is not None and _SENDING.search(s.own.function)]
    where, source = evidence.place(evidence.only(frames))
    return Hint(
        f"{held} waits until a client that does not read takes its message{more}.",
        "never wait for a client while others wait for you: give each client a queue and a sender of its own, or a time "
        "limit after which it is disconnected; and hold no lock while you send.",
        Sure.SURELY if where else Sure.PROBABLY,
        ("no-head-of-line-blocking",),
        seen=f"since {who} stopped reading, the others no longer heard each other.",
        where=where,
        source=source,
        also=("delivery", "still-serves", "lets-in", "echo"),
        since=stalled.index,
    )


def _came_in_vain(evidence: Evidence, since: int, until: int) -> bool:
    """Did somebody connect meanwhile and say nothing? Then that one may be it."""
    return any(since < life.connect < until and life.told == NEVER for life in evidence.lives.sessions.values())


def passed_over(evidence: Evidence) -> Hint | None:
    """Somebody went; of the next message the one who had joined right after that one heard nothing, and all others did."""
    verdict = evidence.failed("delivery")
    if verdict is None or not verdict.witness:
        return None
    views = evidence.views
    for message in views.sent:
        said = evidence.history.messages[message]
        if (
            said.kind not in ("chat", "knock", "fence")
            or said.to is not None
            or views.send[message] not in verdict.witness
        ):
            continue
        gone = evidence.departed_before(views.send[message])
        lost = _without(evidence, said)
        if gone is None or len(lost) != 1 or not _heard_later(evidence, lost[0], said):
            return None
        heard = [session for session in views.owed(message) if session != lost[0].number]
        if _behind(evidence, gone) is not lost[0]:
            return None
        return Hint(
            f"{gone.bot} was taken out of a list while a loop went through that list; whoever stood behind moves up, and "
            "the loop passes over that one.",
            "go through a copy (`for client in list(clients):`), or collect the dead and take them out after the loop.",
            Sure.PROBABLY if len(heard) > 1 else Sure.PERHAPS,
            ("delivery",),
            seen=f"{lost[0].bot}, who had joined right after {gone.bot}, missed one message after {gone.bot} had gone; "
            "later ones came.",
            since=gone.parted,
        )
    return None


def _without(evidence: Evidence, said: Message) -> list[Life]:
    """Those who were owed it and have not heard it."""
    views = evidence.views
    return [
        evidence.lives.sessions[session]
        for session in views.owed(said.id)
        if (hearing := views.hearings.get(session)) is None or hearing.index_of(said.id) is None
    ]


def _heard_later(evidence: Evidence, life: Life, said: Message) -> bool:
    hearing = evidence.views.hearings.get(life.number)
    sent = evidence.views.send
    return hearing is not None and any(sent[message] > sent[said.id] for message, _ in hearing)


def _behind(evidence: Evidence, gone: Life) -> Life | None:
    """Who joined next after this one, of those who were there when it went."""
    later = [
        life
        for life in evidence.lives.sessions.values()
        if gone.told < life.told < gone.parted and life.over > gone.parted
    ]
    return min(later, key=lambda life: life.told, default=None)


def two_broadcasts_at_once(evidence: Evidence) -> Hint | None:
    """Different orders: who sends is not alone in sending."""
    verdict = evidence.failed("total-order", "causal-order")
    if verdict is None:
        return None
    if evidence.one_thread:
        return Hint(
            "while one message is being sent to all (at an `await`, or in a callback), another overtakes it.",
            "put all messages into one queue, and let one task alone send them, one after the other, to all.",
            Sure.PERHAPS,
            ("total-order", "causal-order"),
        )
    if not evidence.many_threads:
        return None
    return Hint(
        "two threads send to all clients at the same time, each in its own order.",
        "let one lock, or one queue, cover the whole of a broadcast: from the first client to the last.",
        Sure.PROBABLY,
        ("total-order", "causal-order"),
        seen="the server has several threads, and two receivers heard two messages in different orders."
        if verdict.property == "total-order"
        else "the server has several threads, and an answer arrived before what it answers.",
    )
