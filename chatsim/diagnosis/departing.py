"""Causes of what is left undone, or is done for ever, when a client goes.

How somebody went tells the two great causes apart: after a reset, reading raises; after a close, it brings nothing.
"""

from __future__ import annotations

from collections import Counter

from chatsim.checks.spin import ALWAYS, AT_REST
from chatsim.checks.verdict import Verdict
from chatsim.diagnosis.evidence import BROKEN, FIN, NEVER, Evidence, Life
from chatsim.diagnosis.hint import Hint, Sure
from chatsim.diagnosis.traces import Frame

__all__ = [
    "cleanup_after_the_loop",
    "end_of_file_is_no_farewell",
    "exception_swallowed",
    "name_never_released",
    "only_the_quit_word_is_leaving",
    "reads_on_after_the_end",
    "socket_never_closed",
]

UNDONE = ("drop-notice", "no-ghosts", "nickname-released", "roster")
OFTEN = 20  # times the same line is printed: nobody does that on purpose for one departure


def cleanup_after_the_loop(evidence: Evidence) -> Hint | None:
    """What is done for others who go is not done for one whose connection broke."""
    verdict = evidence.failed(*UNDONE)
    gone = evidence.about(verdict)
    if verdict is None or gone is None or _way(evidence, gone) != "reset":
        return None
    if evidence.failed("keeps-clients") or _stands_still(evidence, gone.parted):
        return None  # that the others are not told has a reason of its own
    missed = _missed_by_way(evidence)
    if missed.get("reset") is False or missed.get("polite") or missed.get("file"):
        return None  # it is done after a reset, too; or not done either where nothing raises
    seen = f"nothing was done for {gone.bot}, whose connection broke."
    if "polite" in missed or "file" in missed:
        other = "left politely" if "polite" in missed else "closed its connection"
        seen = f"when somebody {other}, the others were told; when {gone.bot} was cut off, they were not."
    told_apart = bool(missed.keys() - {"reset"})
    otherwise = "" if told_apart else " Or it is done only where a goodbye is read."
    return Hint(
        "the loop that serves a client ends by an exception when the connection breaks, and what is to be done when "
        f"somebody goes stands after the loop, where it does not come then.{otherwise}",
        "put it into `finally` around the loop: take the client out, tell the others, close the socket.",
        Sure.PROBABLY if told_apart else Sure.PERHAPS,
        tuple(name for name in UNDONE if _went_by(evidence, name, "reset")),
        seen=seen,
        also=("closes-connection", "no-thread-leak", "no-socket-leak"),
        since=gone.parted,
        keeps=not told_apart,
    )


def _stands_still(evidence: Evidence, since: int) -> bool:
    """Was something said to others since then, and nothing of it heard by anybody?"""
    views = evidence.views
    said = [m for m in views.sent if views.send[m] > since and views.owed(m)]
    return bool(said) and not any(views.heard_at_all[m] for m in said)


def only_the_quit_word_is_leaving(evidence: Evidence) -> Hint | None:
    """Who says goodbye is missed, and nobody else, however they went."""
    verdict = evidence.failed(*UNDONE)
    gone = evidence.about(verdict)
    if verdict is None or gone is None or not evidence.lives.terms.leave_dialogue:
        return None
    missed = _missed_by_way(evidence)
    if missed.get("polite") is not False or not missed.get("file") or not missed.get("reset"):
        return None
    return Hint(
        "what is to be done when somebody goes is done only where the goodbye is read. Most people just close their window.",
        "do it in one place for all: after the loop that reads, in `finally`. End the loop when `recv` returns nothing, "
        "and on an exception.",
        Sure.PROBABLY,
        (*UNDONE, "no-spin", "closes-connection"),
        seen="of who said goodbye the others were told; of who just closed, or was cut off, they were not.",
        also=("no-thread-leak", "no-socket-leak"),
        since=gone.parted,
    )


def _way(evidence: Evidence, life: Life) -> str:
    """How the server learns of it: a goodbye, end-of-file, an exception; empty where it learns nothing."""
    if life.drop == NEVER:
        return "polite" if evidence.lives.terms.leave_dialogue else "file"
    return "file" if life.drop_how in FIN else "reset" if life.drop_how == "reset" else ""


def _missed_by_way(evidence: Evidence) -> dict[str, bool]:
    """By the way in which people went: did the others never get word of it (true), or each time (false)? Mixed ones are
    left out, and so is all where the server tells of nobody."""
    told: dict[str, set[bool]] = {}
    for life in evidence.lives.sessions.values():
        way = _way(evidence, life)
        witnesses = [
            other
            for other in evidence.lives.sessions.values()
            if other is not life and other.told < life.parted and min(other.over, other.parted) > life.parted
        ]
        witnesses = [other for other in witnesses if evidence.views.cut_off(other.number) == NEVER]  # those can be told
        if way and life.told < life.parted < NEVER and witnesses and not evidence.lives.down_at(life.parted):
            told.setdefault(way, set()).add(evidence.told_of(life))
    return {way: not was.pop() for way, was in told.items() if len(was) == 1}


def _went_by(evidence: Evidence, name: str, way: str) -> bool:
    """Is it about somebody who went in this way? A failure that tells of another one has another cause."""
    gone = evidence.about(evidence.failed(name))
    return gone is not None and _way(evidence, gone) == way


def name_never_released(evidence: Evidence) -> Hint | None:
    """The others were told that it went, and its name is still taken: two tables, and one of them forgotten."""
    verdict = evidence.failed("nickname-released")
    gone = evidence.about(verdict)
    if verdict is None or gone is None:
        return None
    if not evidence.told_of(gone) or not _refused_for_its_name(evidence, verdict):
        return None
    return Hint(
        "the server notices that a client goes, but leaves its name in the table of names.",
        "take the name out at the same place where the others are told, on every way out (`finally`).",
        Sure.SURELY,
        ("nickname-released",),
        seen=f"the others were told that {gone.name or gone.nick} had gone, and the name was still refused.",
        since=gone.parted,
    )


def _refused_for_its_name(evidence: Evidence, verdict: Verdict) -> bool:
    """Does the refusal speak of the name being taken? Somebody may be refused because the server is full."""
    for index in verdict.witness:
        words = str(evidence.history[index].detail.get("by", "")).casefold()
        if any(word in words for word in ("taken", "in use", "exist", "already", "duplicate")):
            return True
    return False


def end_of_file_is_no_farewell(evidence: Evidence) -> Hint | None:
    """After a close `recv` returns nothing, at once and for ever: who does not look goes round and round."""
    spin, gone, ways = _spin(evidence)
    flood = _flood_after(evidence)
    where, source = evidence.place(_spinning(evidence)) if spin is not None else ("", "")
    advice = (
        "when `recv` returns nothing (`b''`, or an empty line from `readline`), leave the loop and close the socket."
    )
    if flood is not None:
        life, line = flood
        return Hint(
            f"the server takes the end of {life.bot}'s connection for an empty message, and passes it on again and again.",
            advice,
            Sure.SURELY,
            ("no-creation", "no-spin", "closes-connection", "drop-notice", "leave-notice", "no-ghosts"),
            seen=f'"{line}", over and over, since {life.bot} {life.how_it_went}.',
            where=where,
            source=source,
            also=("no-thread-leak", "no-socket-leak", "nickname-released", "roster", "delivery", "no-duplication"),
            since=life.parted,
        )
    if spin is not None and gone is not None and ways == "file":
        return Hint(
            f"the server does not see the end of {gone.bot}'s connection: reading brings nothing, at once, and its loop "
            "reads again.",
            advice,
            Sure.PROBABLY,
            ("no-spin", "closes-connection", "drop-notice", "leave-notice", "no-ghosts", "nickname-released"),
            seen=f"it has not come to rest since {gone.bot} {gone.how_it_went}.",
            where=where,
            source=source,
            also=("no-thread-leak", "no-socket-leak", "roster"),
            since=gone.parted,
        )
    return _unseen_end(evidence, advice) or _missed_only_by_file(evidence, advice)


def _missed_only_by_file(evidence: Evidence, advice: str) -> Hint | None:
    """Of who goes in another way the others are told, of who closes not: one way out of the loop does not tidy up."""
    gone = evidence.about(evidence.failed(*UNDONE))
    missed = _missed_by_way(evidence)
    others = [way for way in ("reset", "polite") if missed.get(way) is False]
    if gone is None or not missed.get("file") or not others or missed.get("reset"):
        return None
    told = {"reset": "was cut off", "polite": "said goodbye"}[others[0]]
    return Hint(
        "the end of a connection is not taken for leaving.",
        advice
        + " Tidy up for that client then, as it is done when somebody "
        + ("says goodbye." if others[0] == "polite" else "is cut off: best in `finally`, for all."),
        Sure.SURELY if others[0] == "reset" else Sure.PROBABLY,
        (*UNDONE, "no-spin", "closes-connection", "leave-notice"),
        seen=f"of who {told} the others were told; of who closed they were not.",
        also=("no-thread-leak", "no-socket-leak"),
        since=gone.parted if _ended_by_file(gone) else -1,
    )


def _unseen_end(evidence: Evidence, advice: str) -> Hint | None:
    """Nobody was told that it closed, and its connection still stands at the server's end."""
    undone = evidence.failed("drop-notice", "leave-notice", "no-ghosts", "nickname-released")
    gone, open_ = evidence.about(undone), evidence.about(evidence.failed("closes-connection"))
    if gone is None or open_ is None or not (_ended_by_file(gone) and _ended_by_file(open_)):
        return None
    if evidence.told_of(gone) or evidence.told_of(open_):
        return None
    return Hint(
        "the end of a connection is not taken for leaving.",
        advice,
        Sure.PROBABLY,
        ("drop-notice", "leave-notice", "closes-connection", "no-ghosts", "nickname-released"),
        seen=f"{gone.bot} {gone.how_it_went}; nobody was told, and the server did not close its side either.",
        also=("no-thread-leak", "no-socket-leak", "roster"),
        since=gone.parted,
    )


def socket_never_closed(evidence: Evidence) -> Hint | None:
    """Everything else was done for the one who went."""
    verdict = evidence.failed("closes-connection")
    gone = evidence.about(verdict)
    if verdict is None or gone is None or not _ended_by_file(gone) or evidence.failed("no-spin", "no-thread-leak"):
        return None
    loads = [float(entry.detail.get("load") or 0.0) for entry in evidence.of("rest")]
    if not evidence.told_of(gone) or (loads and min(loads) > AT_REST):
        return None  # its loop may still go round
    return Hint(
        "the server sees that a client goes, but never closes its socket.",
        "call `close()` on that client's socket when its loop ends, best in `finally`.",
        Sure.SURELY,
        ("closes-connection",),
        seen=f"the others were told that {gone.name or gone.nick} had gone; its connection stayed.",
        also=("no-socket-leak", "no-ghosts"),
        since=gone.parted,
    )


def exception_swallowed(evidence: Evidence) -> Hint | None:
    """`except: pass` inside `while True`: the reading fails again at once, and again."""
    again = _printed_again(evidence)
    spin, gone, ways = _spin(evidence)
    if again is not None:
        index, line = again
        cause_of = evidence.departed_before(index)
        who = f" since {cause_of.bot} {cause_of.how_it_went}" if cause_of is not None else ""
        since = cause_of.parted if cause_of is not None else index
        sure, seen = Sure.SURELY, f'the server printed "{line}" again and again{who}.'
    elif spin is not None and gone is not None and ways == "reset":
        since = gone.parted
        seen = f"it has not come to rest since {gone.bot} {gone.how_it_went}."
        if not evidence.failed("closes-connection", *UNDONE):
            return _goes_round(evidence, gone, seen)
        sure = Sure.PROBABLY
    else:
        return None
    where, source = evidence.place(_spinning(evidence))
    return Hint(
        "an exception is caught inside the loop that reads, and the loop goes on as if nothing had been: the connection "
        "is broken, so the next reading fails in the same way.",
        "leave the loop in that `except` (`break`), and tidy up for that client after it.",
        sure,
        ("no-spin", "drop-notice", "no-ghosts", "nickname-released"),
        seen=seen,
        where=where,
        source=source,
        also=("no-thread-leak", "no-socket-leak", "closes-connection", "roster"),
        since=since,
    )


def _goes_round(evidence: Evidence, gone: Life, seen: str) -> Hint:
    """All was done for the one who went; so it may be the loop that read from it, or quite another one."""
    where, source = evidence.place(_spinning(evidence))
    return Hint(
        f"since {gone.bot} went, a loop goes round without ever waiting: the one that read from it, if it is not left "
        "(`break`); or another one, such as one that looks for those who have gone.",
        "leave the loop of a client when reading from it brings nothing or raises; and let a loop that looks again and again "
        "rest in between (`time.sleep`, or a time limit in `select`).",
        Sure.PERHAPS,
        ("no-spin",),
        seen=seen,
        where=where,
        source=source,
        also=("no-thread-leak", "no-socket-leak"),
        since=gone.parted,
    )


def reads_on_after_the_end(evidence: Evidence) -> Hint | None:
    """It spins since somebody went, and some went in the one way, some in the other."""
    spin, gone, ways = _spin(evidence)
    if spin is None or gone is None or ways != "both":
        return None
    where, source = evidence.place(_spinning(evidence))
    return Hint(
        "the loop that reads goes on after the connection has ended: then `recv` returns nothing, or raises, at once and "
        "each time.",
        "leave the loop when `recv` returns nothing, and on every exception (`break`); then close the socket.",
        Sure.PROBABLY,
        ("no-spin",),
        seen=f"it has not come to rest since {gone.bot} {gone.how_it_went}.",
        where=where,
        source=source,
        also=("no-thread-leak", "no-socket-leak", "closes-connection", "drop-notice", "leave-notice", "no-ghosts"),
        since=gone.parted,
    )


# --- what several of them look at ------------------------------------------------------------------------------------


def _ended_by_file(life: Life) -> bool:
    """Did the server read end-of-file at its end? Not after a reset."""
    return life.drop_how in FIN or (life.drop == NEVER and life.leave < NEVER)


def _spin(evidence: Evidence) -> tuple[Verdict | None, Life | None, str]:
    """That it never rests, who went before, and how all of those went: "file", "reset" or "both".

    Null where it was so from the beginning, or something else than a departure came last before it.
    """
    verdict = evidence.failed("no-spin")
    gone = evidence.about(verdict)
    if verdict is None or gone is None:
        return verdict, None, ""
    if _was_busy_before(evidence) and not evidence.failed("closes-connection", *UNDONE, "leave-notice"):
        return verdict, None, ""  # it may always be: nothing but the hour speaks for that departure
    ways = set()
    for life in evidence.lives.sessions.values():
        if life.parted >= verdict.witness[1]:
            continue
        if life.drop_how in FIN or (life.leave < NEVER and not evidence.lives.terms.leave_dialogue):
            ways.add("file")
        elif life.drop_how == "reset":
            ways.add("reset")
    return verdict, gone, ways.pop() if len(ways) == 1 else "both" if ways else ""


def _was_busy_before(evidence: Evidence) -> bool:
    """Was it not seen to be less busy before anything went wrong?"""
    loads = [float(entry.detail.get("load") or 0.0) for entry in evidence.of("rest")]
    before = next((entry.detail.get("load") for entry in evidence.of("fault")), None)
    return before is None or not loads or float(before) >= ALWAYS * sum(loads) / len(loads)


def _spinning(evidence: Evidence) -> Frame | None:
    """The line that the busy threads are in. Only py-spy tells who is busy; else all but the accepting one may be."""
    stacks = evidence.stacks.get("spin", ())
    busy = [stack for stack in stacks if stack.active] or [
        stack for stack in stacks if stack.active is None and not stack.waits_in("accept", "select", "poll", "wait")
    ]
    found = [(stack.own.path, stack.own.function) for stack in busy if stack.own is not None]
    if len(set(found)) != 1:
        return None  # several places: none is the one
    return next(stack.own for stack in busy if stack.own is not None)


def _flood_after(evidence: Evidence) -> tuple[Life, str] | None:
    """Somebody who closed, and the line that has flooded the others since, if it names that one."""
    for flood in evidence.of("flooded"):
        gone = evidence.departed_before(flood.index)
        if gone is None or not _ended_by_file(gone):
            continue
        lines: Counter[str] = Counter()
        for entry in evidence.of("unrecognised"):
            if gone.parted < entry.index and entry.session == flood.session:
                lines.update(line for line in str(entry.detail.get("text", "")).split("\n") if line.strip())
        line, _ = max(lines.items(), key=lambda item: item[1], default=("", 0))
        if line and len(line) < 80 and (gone.name or gone.nick) in line:
            return gone, line.strip()
    return None


def _printed_again(evidence: Evidence) -> tuple[int, str] | None:
    """An error of a broken connection that was printed again and again after a departure."""
    times: Counter[str] = Counter()
    first: dict[str, int] = {}
    for entry in evidence.of("out"):
        line = str(entry.detail.get("line", "")).strip()
        if any(words in line for words in (*BROKEN, "Connection reset", "Broken pipe", "Bad file descriptor")):
            times[line] += 1
            first.setdefault(line, entry.index)
    line, often = max(times.items(), key=lambda item: item[1], default=("", 0))
    if often < OFTEN or "Traceback" in line:
        return None
    connections = len(evidence.lives.sessions)
    # A server may say so each time that it writes to one who has gone; nobody speaks as often as a loop goes round.
    return (first[line], line[:100]) if often > 2 * connections + 5 * len(evidence.history.messages) else None
