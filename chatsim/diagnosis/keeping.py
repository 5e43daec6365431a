"""Causes of what a server keeps of those who have gone: threads, files, a place among those who are counted."""

from __future__ import annotations

from chatsim.diagnosis.evidence import NEVER, Evidence
from chatsim.diagnosis.hint import Hint, Sure

__all__ = ["another_thread_stays", "full_for_ever", "something_else_stays_open"]

FEWEST_INSIDE = 3  # fewer is no number at which a server is full
LEAST = 3  # refused under free names, before it is called full


def another_thread_stays(evidence: Evidence) -> Hint | None:
    """It was noticed that they went, their connections were closed; a thread of each goes on."""
    verdict = evidence.failed("no-thread-leak")
    if verdict is None or "thread" not in verdict.summary or not _noticed(evidence):
        return None
    if any(entry.detail.get("close_wait") for entry in evidence.of("cycle")):
        return None  # the thread that reads may be the one
    return Hint(
        "the thread that reads from a client ends when it goes, but another thread was started for the same client and "
        "goes on: one that waits for something to send (`queue.get()`), or one that looks at the clock.",
        "end it together with the client: put `None` into its queue as the sign to stop, or set an `Event` that its loop "
        "looks at, both in `finally`.",
        Sure.PROBABLY,
        ("no-thread-leak",),
        seen="the server had noticed that the clients went, and had closed their connections.",
        also=("no-memory-leak",),
    )


def something_else_stays_open(evidence: Evidence) -> Hint | None:
    """Descriptors grow, while all connections were closed: then they are no sockets of clients."""
    verdict = evidence.failed("no-socket-leak")
    cycles = [evidence.history[i] for i in (verdict.witness if verdict else ()) if evidence.history[i].kind == "cycle"]
    if verdict is None or not cycles or not _noticed(evidence):
        return None
    if any(
        entry.detail.get("close_wait") != 0 or entry.detail.get("how") not in ("polite", "close") for entry in cycles
    ):
        return None  # after a reset, a socket that was forgotten is in no state that is seen
    return Hint(
        "something is opened for each client and never closed. It is not the connection itself, which has been closed: "
        "rather a file (a log?), a pipe, or a second socket.",
        "open it by `with`, or close it where the client's own socket is closed, in `finally`.",
        Sure.PROBABLY,
        ("no-socket-leak",),
        seen="the open descriptors grow with each client that has gone, and none of them is a socket in CLOSE_WAIT.",
    )


def _noticed(evidence: Evidence) -> bool:
    """Does the server know of those who go?"""
    return not evidence.failed(
        "closes-connection",
        "leave-notice",
        "drop-notice",
        "no-ghosts",
        "no-spin",
        "nickname-released",
        "no-crash-output",
    )


def full_for_ever(evidence: Evidence) -> Hint | None:
    """Some were let in, some of those have gone, and from then on whoever comes is closed out, under any name."""
    verdict = evidence.failed("lets-in")
    if verdict is None or evidence.traces:
        return None
    sessions = evidence.lives.sessions.values()
    refused = [life for life in sessions if life.refused != NEVER and not life.refusal_expected]
    inside = [life for life in sessions if life.told != NEVER]
    last = max((life.told for life in inside), default=NEVER)
    late = [life for life in refused if life.connect > last]
    if len(late) < LEAST or len({life.nick for life in late}) < 2 or len({life.refused_by for life in late}) != 1:
        return None
    there = [max(0, sum(o.told <= life.connect < min(o.over, o.parted) for o in inside)) for life in late]
    gone = [life for life in inside if life.parted < late[-1].connect]
    if min(there) >= len(inside):
        return _full(len(inside), late[0].refused_by, len(late))
    if not gone:
        return None
    return Hint(
        "the server takes itself for full: it counts those who come, and does not count down (or does not take out of its "
        "list) those who go.",
        "count down on every way out of a client's loop, in `finally`; or count nothing and ask `len(clients)`.",
        Sure.PROBABLY,
        ("lets-in", "nickname-released", "still-serves"),
        seen=f"{len(inside)} were let in, {len(gone)} of them had gone again, and nobody was let in after that, under "
        "whatever name.",
        also=("delivery", "join-notice", "expectations"),
    )


def _full(inside: int, words: str, refused: int) -> Hint | None:
    """Nobody has gone: then it may be full by design."""
    if inside < FEWEST_INSIDE:
        return None
    how = "without a word" if words == "closed" else f'by "{words}"'
    return Hint(
        f"the server takes no more than {inside} clients at a time.",
        f"if that is meant, write `limits: {{clients: {inside}}}` in the profile; if not, look for a number (such as "
        f"`listen({inside})`, a pool, a check of `len(clients)`) that keeps others out.",
        Sure.PERHAPS,
        ("lets-in", "still-serves"),
        seen=f"{inside} were let in, nobody of them had gone, and {refused} who came after them were refused {how}.",
        also=("delivery", "join-notice", "expectations"),
    )
