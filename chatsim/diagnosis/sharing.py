"""Causes that lie between clients: what one of them holds up, takes away or overtakes for another."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from chatsim.diagnosis.evidence import NEVER, Evidence, Life
from chatsim.diagnosis.hint import Hint, Sure

__all__ = [
    "broadcast_goes_wrong_at_the_dead",
    "listed_twice",
    "notices_go_another_way",
    "one_client_is_not_served_in_turn",
    "one_name_for_all",
    "slow_reader_holds_up",
    "two_broadcasts_at_once",
]

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
    held, more = "sending to all", ": in the one loop that serves all, or under a lock for which all others wait"
    if evidence.one_thread:
        held, more = "the loop that serves all", ""
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
        also=("delivery", "still-serves", "lets-in", "echo", "expectations"),
        since=stalled.index,
    )


def _came_in_vain(evidence: Evidence, since: int, until: int) -> bool:
    """Did somebody connect meanwhile and say nothing? Then that one may be it."""
    return any(since < life.connect < until and life.told == NEVER for life in evidence.lives.sessions.values())


def broadcast_goes_wrong_at_the_dead(evidence: Evidence) -> Hint | None:
    """Somebody went; of the next message those who stood before that one heard, and of those behind it not all."""
    verdict = evidence.failed("delivery")
    for index in verdict.witness if verdict is not None else ():
        entry = evidence.history[index]
        if entry.kind != "send" or evidence.history.messages[entry.ref].to is not None:
            continue
        lost = _without(evidence, entry.ref)
        if not lost:
            return None
        went = [g for g in evidence.lives.sessions.values() if g.parted < index and g.told < g.parted]
        fresh = [g for g in went if not _spoken_between(evidence, g.parted, index)]
        for gone in sorted(fresh, key=lambda life: -life.parted):
            behind = _behind(evidence, gone, entry.ref)
            if all(life in behind for life in lost):
                hint = _wrong_at(evidence, index, gone, lost, behind)
                if hint is not None:  # of several who went at once nobody knows at which one it goes wrong
                    return hint if len(fresh) == 1 else replace(hint, sure=Sure.PERHAPS)
        return None
    return None


def _wrong_at(evidence: Evidence, at: int, gone: Life, lost: list[Life], behind: list[Life]) -> Hint | None:
    if any(evidence.views.cut_off(life.number) != NEVER for life in lost):
        return None  # who was thrown out can hear nothing
    copy = "go through a copy (`for client in list(clients):`), and take the dead out after the loop."
    catch = "catch OSError around the sending to each single client, and go on with the next."
    missed = f"a message after {gone.bot} had gone"
    if lost == behind[:1] and len(behind) > 1:
        if not _hears_after(evidence, lost[0], at):
            return None  # it hears nothing any more
        cause = (
            f"{gone.bot} was taken out of a list while a loop went through that list: whoever stood behind moves up, and "
            "the loop passes over that one."
        )
        advice, sure = copy, Sure.PROBABLY
        seen = f"{lost[0].bot}, who had joined right after {gone.bot}, missed {missed}; all others heard it."
    elif len(lost) == len(behind) > 1:
        cause = (
            f"sending to {gone.bot}, who had gone, raises and ends the loop that sends: who stands behind gets nothing."
        )
        advice, sure = catch, Sure.PROBABLY
        seen = f"all who had joined after {gone.bot} missed {missed}, and nobody who had joined before."
    elif len(lost) == len(behind) == 1 and _spoken_after(evidence, at) and not _hears_after(evidence, lost[0], at):
        cause = (
            f"sending to {gone.bot}, who had gone and still stands in the list, raises each time and ends the loop that "
            "sends: who stands behind gets nothing any more."
        )
        advice, sure = catch, Sure.PROBABLY
        seen = f"{lost[0].bot}, who had joined after {gone.bot}, heard nothing any more after {gone.bot} had gone."
    elif len(lost) == len(behind) == 1:
        cause = (
            f"the loop that sends to all goes wrong at {gone.bot}, who had gone and still stood in the list: it is taken out "
            "of the list while the loop goes through it, or the error of sending ends the loop."
        )
        advice, sure = f"{copy} And {catch}", Sure.PERHAPS
        seen = f"{lost[0].bot}, who had joined after {gone.bot}, missed {missed}."
    else:
        return None
    follows = (
        *("lets-in", "join-notice", "leave-notice", "drop-notice", "roster", "nickname-released", "no-ghosts"),
        *("still-serves", "closes-connection", "expectations"),
    )
    return Hint(cause, advice, sure, ("delivery",), seen=seen, also=follows, since=gone.parted)


def _hears_after(evidence: Evidence, life: Life, at: int) -> bool:
    """Does it hear what is said after this?"""
    hearing = evidence.views.hearings.get(life.number)
    return hearing is not None and any(evidence.views.send[message] > at for message, _ in hearing)


def _spoken_after(evidence: Evidence, at: int) -> bool:
    """Was more said to all after this?"""
    views = evidence.views
    return sum(views.send[m] > at and views.messages[m].to is None for m in views.sent) > 1


def _spoken_between(evidence: Evidence, first: int, last: int) -> bool:
    """Was anything said to all meanwhile? Then the dead one was found out by that."""
    return any(
        first < evidence.views.send[m] < last and evidence.history.messages[m].to is None for m in evidence.views.sent
    )


def _without(evidence: Evidence, message: int) -> list[Life]:
    """Those who were owed it and have not heard it, in the order of their joining."""
    views = evidence.views
    lost = [
        evidence.lives.sessions[session]
        for session in views.owed(message)
        if session in evidence.lives.sessions
        and ((hearing := views.hearings.get(session)) is None or hearing.index_of(message) is None)
    ]
    return sorted(lost, key=lambda life: life.told)


def _behind(evidence: Evidence, gone: Life, message: int) -> list[Life]:
    """Those of its receivers who joined after this one, in that order."""
    owed = [evidence.lives.sessions[s] for s in evidence.views.owed(message) if s in evidence.lives.sessions]
    return sorted((life for life in owed if life.told > gone.told), key=lambda life: life.told)


def listed_twice(evidence: Evidence) -> Hint | None:
    """Somebody gets all twice: what is said, and the notices, too."""
    verdict = evidence.failed("no-duplication")
    silent = not evidence.views.terms.notices
    if verdict is None or not (silent or evidence.failed("join-notice", "leave-notice", "drop-notice")):
        return None
    receiver = next((evidence.history[i].session for i in verdict.witness if evidence.history[i].kind == "heard"), -1)
    hearing = evidence.views.hearings.get(receiver)
    if hearing is None:
        return None
    again = {evidence.views.message_at(index) for index in hearing.again}
    notices = Counter(
        (entry.detail.get("what"), entry.detail.get("nick"))
        for entry in evidence.of("notice")
        if entry.session == receiver
    )
    if set(hearing.messages) != again or len(again) < 2 or not (silent or (notices and min(notices.values()) > 1)):
        return None
    or_else = " Or two places in the server send each message." if silent else ""
    return Hint(
        f"a client stands in the list of clients twice, so that it is sent everything twice.{or_else}",
        "append it in one place only; or use a dictionary or a set, in which nobody can be twice.",
        Sure.PERHAPS if silent else Sure.PROBABLY,
        ("no-duplication", "join-notice", "leave-notice", "drop-notice", "roster"),
        seen=f"{evidence.lives.who(receiver)} got each message {'' if silent else 'and each notice '}twice.",
    )


def one_name_for_all(evidence: Evidence) -> Hint | None:
    """Every message comes under the name of whoever joined last."""
    if evidence.failed("attribution") is None:
        return None
    wrong = evidence.of("named")
    for entry in wrong:
        sent = evidence.views.send[int(entry.detail["message"])]
        told = [life for life in evidence.lives.sessions.values() if life.told < sent]
        last = max(told, key=lambda life: life.told, default=None)
        if last is None or entry.detail.get("name") not in (last.name, last.nick):
            return None
    if not wrong:
        return None
    return Hint(
        "the nickname is kept in one variable for all, and each newcomer writes its own into it.",
        "keep the name with its client: in a local variable of the function that serves it, or in a dictionary by socket.",
        Sure.PROBABLY,
        ("attribution",),
        seen="each message that came under a wrong name came under that of who had joined last.",
        also=("no-creation", "leave-notice", "drop-notice"),
    )


def one_client_is_not_served_in_turn(evidence: Evidence) -> Hint | None:
    """Two messages of one client came in the wrong order."""
    verdict = evidence.failed("fifo-order")
    if verdict is None:
        return None
    said = [
        evidence.history.messages[evidence.history[i].ref]
        for i in verdict.witness
        if evidence.history[i].kind == "send"
    ]
    if said and all(message.shared for message in said):
        return Hint(
            "messages that come in one read are not worked off from the first to the last.",
            "take them from the front: `for line in lines:`, or `pop(0)`, never `pop()`.",
            Sure.PERHAPS,
            ("fifo-order",),
            seen="both had been sent in one write.",
        )
    if _newest_first(evidence):
        return Hint(
            "messages that came together are taken from the end of the list, so the newest is passed on first.",
            "take them from the front: `for line in lines:`, or `pop(0)`, never `pop()`.",
            Sure.PROBABLY,
            ("fifo-order",),
            seen="in the runs that came in the wrong order, each stood exactly the other way round.",
        )
    return Hint(
        "several threads or tasks handle the messages of one client, and which of them comes first is chance; or what came "
        "in one read is not worked off from the first to the last.",
        "handle the messages of one client one after the other, in the loop that reads them, from the front of the list.",
        Sure.PERHAPS,
        ("fifo-order",),
    )


def _newest_first(evidence: Evidence) -> bool:
    """Did everybody hear each sender in runs that stand the other way round, one of them of three or more?"""
    longest = 0
    for sender, spoken in evidence.views.spoken.items():
        place = {message: number for number, message in enumerate(spoken)}
        for hearing in evidence.views.hearings.values():
            heard = [place[message] for message, _ in hearing if message in place]
            if hearing.receiver == sender or not heard:
                continue
            at = 0
            while at < len(heard):
                end = at + 1
                while end < len(heard) and heard[end] == heard[end - 1] - 1:
                    end += 1
                if at and heard[end - 1] <= max(heard[:at]):
                    return False  # it came after one of a later run
                longest, at = max(longest, end - at), end
    return longest >= 3


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
        return Hint(
            "two messages are on their way to all clients at the same time, each in its own order.",
            "let one lock, or one queue, cover the whole of a broadcast: from the first client to the last.",
            Sure.PERHAPS,
            ("total-order", "causal-order"),
        )
    return Hint(
        "two threads send to all clients at the same time, each in its own order.",
        "let one lock, or one queue, cover the whole of a broadcast: from the first client to the last.",
        Sure.PROBABLY,
        ("total-order", "causal-order"),
        seen="the server has several threads, and two receivers heard two messages in different orders."
        if verdict.property == "total-order"
        else "the server has several threads, and an answer arrived before what it answers.",
    )


def notices_go_another_way(evidence: Evidence) -> Hint | None:
    """A notice overtook what had been said before it, or came only after what was said later."""
    verdict = evidence.failed("membership-order")
    if verdict is None:
        return None
    return Hint(
        "notices and messages go two different ways to a client (a thread, a task or a queue of its own for one of them), "
        "so that one may overtake the other.",
        "send both by the same way, in the order in which it happened: by one queue for each client, or under the same lock; "
        "and tell of a newcomer before you pass on what it says.",
        Sure.PERHAPS,
        ("membership-order",),
    )
