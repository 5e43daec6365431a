"""What the server does for its clients in good and bad times: `keeps-clients` and `still-serves`."""

from __future__ import annotations

from dataclasses import replace

from chatsim.checks.faults import Fault, failed
from chatsim.checks.joining import kept_out, may_come_in
from chatsim.checks.lives import NEVER, Life, Lives
from chatsim.checks.server_liveness import no_crash_output, stays_up
from chatsim.checks.sessions import SessionView
from chatsim.checks.verdict import Evidence, Outcome, Verdict
from chatsim.checks.views import Views, views_of
from chatsim.checks.wording import counted, named
from chatsim.history import History

__all__ = ["keeps_clients", "no_crash_output", "stays_up", "still_serves", "thrown_out"]


def keeps_clients(history: History) -> Verdict:
    """No session that did nothing wrong is closed or reset by the server.

    A server that ends as a whole, by our doing or its own, is not judged here (`stays-up`, `clean-exit`); nor is a
    refused join (`lets-in`), nor one that makes way for another of its nickname (`unique-nicknames`).
    """
    views = views_of(history)
    lives, name = views.lives, "keeps-clients"
    kept = [life for life in lives.sessions.values() if life.connected != NEVER and life.refused == NEVER]
    if not kept:
        return Verdict(name, Outcome.NOT_EXERCISED, "Nobody was connected.")
    thrown = [life for life in kept if thrown_out(views, life)]
    if not thrown:
        return Verdict(
            name, Outcome.PASSED, f"None of {counted(len(kept), 'connection')} was closed.", exercised=len(kept)
        )
    first = min(thrown, key=lambda life: life.closed)
    how = "reset" if first.closed_how == "reset" else "closed"
    who = named([lives.who(life.number) for life in thrown])
    if len(thrown) == 1:
        summary = f"The server {how} {who}'s connection at {lives.when(first.closed)}. {who} had done nothing wrong."
    else:
        summary = f"The server closed the connections of {who}, from {lives.when(first.closed)} on."
        summary += " They had done nothing wrong."
    before = lives.last_act_before(first.closed)
    if before is not None and any(before.index < e.index < first.closed for e in lives.of("settled")):
        before = None  # all went well after that
    if before is not None:
        summary += f" Just before: {lives.act_in_words(before)}."
    hint = "If this is on purpose, the profile must say so: see `limits`, `slow-readers`, `operator: {ends}`."
    if before is not None and before.kind in ("drop", "leave", "act"):
        hint = "An error with one client must not end the loop that serves the others. " + hint
    return Verdict(
        name,
        Outcome.FAILED,
        summary,
        (first.closed,),
        Evidence.PROOF,
        exercised=len(kept),
        where=lives.where(first.closed),
        hint=hint,
    )


def thrown_out(views: Views, life: Life) -> bool:
    """Did the server close it without any right to, while it went on itself?"""
    lives, index = views.lives, life.closed
    if index == NEVER or life.declared:
        return False
    if life.parted < index or life.acted < index:
        return False
    if lives.down_at(index) or lives.died_before(index) or lives.dying_at(index):
        return False
    if _evicted_while_stalled(lives, life) or _replaced(lives, life):
        return False
    return not _spoke_too_much(views, life)


def _evicted_while_stalled(lives: Lives, life: Life) -> bool:
    """It did not read, so the server may close it. After `resume` that still counts until it has caught up."""
    if lives.terms.slow_readers == "kept":
        return False
    for since, until in life.stalls:
        caught_up = lives.next_settled(until) if until != NEVER else None
        if since < life.closed and (caught_up is None or life.closed < caught_up.index):
            return True
    return False


def _replaced(lives: Lives, life: Life) -> bool:
    """Did another one of its nickname come? The newer connection may take the older one's place."""
    return any(
        other.number != life.number
        and other.nick.casefold() == life.nick.casefold()
        and life.connect < other.connect < life.closed
        for other in lives.namesakes(life.nick)
    )


def _spoke_too_much(views: Views, life: Life) -> bool:
    limit = views.terms.limit_text
    if limit is None:
        return False
    return any(m.sender == life.number and len(m.text.encode(errors="replace")) > limit for m in views.messages)


# --- still-serves ----------------------------------------------------------------------------------------------------


def still_serves(history: History) -> Verdict:
    """After the first fault of a run (a drop, bad input, a stall, anything done to the server) a newcomer can join,
    speak and be heard. Those who were there before prove nothing: a zombie may go on serving them.
    """
    views = views_of(history)
    lives, name = views.lives, "still-serves"
    fault = _first_fault(lives)
    if fault == NEVER:
        return Verdict(name, Outcome.NOT_EXERCISED, "Nothing went wrong that it could have suffered from.")
    joined = spoke = 0
    faults = []
    for view in views.sessions.values():
        if view.life.connect < fault or view.begun == NEVER or not may_come_in(views, view):
            continue
        unserved = kept_out(views, view) or _unheard(views, view)
        if unserved is not None:
            faults.append(unserved)
        elif view.told != NEVER:
            joined += 1
            spoke += _was_heard(views, view)
    exercised = joined + len(faults)
    if faults:
        verdict = failed(name, lives, faults, exercised, "The same happened to")
        before = lives.fault_in_words(lives.last_fault_before(verdict.witness[0], fault))
        return replace(verdict, summary=f"{before} {verdict.summary}" if before else verdict.summary)
    if not exercised:
        return Verdict(name, Outcome.NOT_EXERCISED, "Nobody new came after the first fault.")
    heard = f", and {'it was' if spoke == 1 else f'{spoke} were'} heard" if spoke else ""
    summary = f"After the first fault, {counted(joined, 'newcomer')} could join{heard}."
    return Verdict(name, Outcome.PASSED, summary, exercised=exercised)


def _first_fault(lives: Lives) -> int:
    marked = [entry.index for entry in lives.of("fault")]
    acts = [entry.index for kind in ("drop", "act", "stall") for entry in lives.of(kind)]
    done = ("kill", "restart", "freeze", "stopping")
    acts += [entry.index for entry in lives.of("server") if entry.detail.get("what") in done]
    return min([*marked, *acts], default=NEVER)


def _unheard(views: Views, view: SessionView) -> Fault | None:
    """It spoke to somebody who was there, and not one of its messages came to anybody."""
    if view.told == NEVER or _was_heard(views, view):
        return None
    for message in views.spoken.get(view.number, ()):
        if not views.judged(message):
            continue
        receivers = set(views.owed(message)) or ({view.number} if views.owes_echo(message) else set())
        waits = [views.waited_in_vain(message, receiver) for receiver in receivers]
        dead = views.lives.died_after(views.send[message])
        if not receivers or (all(wait is None for wait in waits) and not dead):
            continue
        certain = dead or any(wait is not None and wait >= 0 for wait in waits)
        who = view.label
        summary = f"{who} joined at {views.lives.when(view.told)} and said {views.quote(message)}. Nobody heard it."
        witness = (view.life.connect, views.send[message])
        return Fault(view.life, summary, witness, Evidence.ABSENCE, certain)
    return None


def _was_heard(views: Views, view: SessionView) -> bool:
    return any(views.heard_at_all[m] or m in views.acked for m in views.spoken.get(view.number, ()))
