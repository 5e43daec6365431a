"""Causes of a server that stands still for all: one half of a message, or a lock that nobody gives back."""

from __future__ import annotations

from chatsim.diagnosis.evidence import NEVER, Evidence
from chatsim.diagnosis.hint import Hint, Sure
from chatsim.history import Entry

__all__ = ["half_a_message_holds_up", "lock_never_given_back"]

STILL = (
    *("no-head-of-line-blocking", "survives-malformed", "still-serves", "lets-in", "delivery", "echo", "roster"),
    *("join-notice", "leave-notice", "drop-notice", "nickname-released", "expectations"),
)


def half_a_message_holds_up(evidence: Evidence) -> Hint | None:
    """Half a message came, and until its other half comes nobody else is served."""
    verdict = evidence.failed("no-head-of-line-blocking", "survives-malformed")
    act = next(
        (evidence.history[i] for i in (verdict.witness if verdict else ()) if evidence.history[i].kind == "act"), None
    )
    if verdict is None or act is None or act.detail.get("what") != "half" or evidence.traces:
        return None
    who = evidence.lives.who(act.session)
    if evidence.one_thread:
        where_it_is = "in the one loop that serves all"
    else:
        where_it_is = "in the loop that serves all, or while it holds a lock that all others need"
    return Hint(
        f"the server waits for the rest of {who}'s message {where_it_is}, so everybody waits for {who}.",
        "take what has come, keep it in a buffer for that client, and go on with the others until more comes; hold no lock "
        "while you read.",
        Sure.PROBABLY,
        STILL[:4],
        seen=f"{who} sent half a message; from then on the others were not served.",
        also=STILL[4:],
        since=act.index,
    )


def lock_never_given_back(evidence: Evidence) -> Hint | None:
    """Since one client went wrong nothing reaches anybody, nobody gets in, and the server is neither down nor busy."""
    if evidence.failed("still-serves", "lets-in") is None or evidence.failed("stays-up", "no-spin") is not None:
        return None
    if evidence.one_thread or evidence.runs_on("node"):
        return None
    upset = _last_upset(evidence)
    if upset is None or not _stands_still(evidence, upset.index):
        return None
    who, words = evidence.lives.who(upset.session), evidence.lives.act_in_words(upset)
    out = [
        life for life in evidence.lives.sessions.values() if upset.index < evidence.views.cut_off(life.number) < NEVER
    ]
    if not out or any(trace.index > upset.index for trace in evidence.traces):
        return None  # something else may be what it waits for; or a traceback tells more
    seen = f"{words}; after that nobody heard anything, and nobody was let in."
    seen += f" {out[0].bot}, who was being served just then, was thrown out."
    return Hint(
        f"an error with {who} happened while a lock was held, and the lock was never given back: all others wait for it.",
        "write `with lock:` instead of `acquire()` and `release()`; it gives the lock back after an exception, too. And "
        "catch the error with one client there.",
        Sure.PROBABLY,
        ("keeps-clients", *(name for name in STILL if name != "no-head-of-line-blocking")),
        seen=seen,
        also=("no-head-of-line-blocking", "clean-exit", "closes-connection", "no-ghosts"),
        since=upset.index,
    )


def _last_upset(evidence: Evidence) -> Entry | None:
    """The departure or bad input after which nothing was heard any more: the last one before the silence began."""
    heard = max((index for hearing in evidence.views.hearings.values() for _, index in hearing), default=-1)
    silent = next((m for m in evidence.views.sent if evidence.views.send[m] > heard and evidence.views.owed(m)), None)
    if silent is None or heard < 0:
        return None
    upsets = [e for kind in ("drop", "act") for e in evidence.of(kind) if e.index < evidence.views.send[silent]]
    last = max(upsets, key=lambda e: e.index, default=None)
    if last is None or last.detail.get("what") == "half" or evidence.of("stall"):
        return None
    return last


def _stands_still(evidence: Evidence, since: int) -> bool:
    """Was anything said to others since then, was nothing of it heard, and was nobody let in?"""
    views = evidence.views
    said = [m for m in views.sent if views.send[m] > since and views.owed(m)]
    late = [m for m in said if not views.heard_at_all[m]]
    came = [life for life in evidence.lives.sessions.values() if life.connect > since]
    return len(late) > 1 and bool(came) and all(life.told == NEVER and life.refused == NEVER for life in came)
