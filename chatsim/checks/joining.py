"""`lets-in`, and what kept a newcomer out."""

from __future__ import annotations

from chatsim.checks.faults import Fault, failed
from chatsim.checks.lives import NEVER, Life, Lives
from chatsim.checks.sessions import SessionView
from chatsim.checks.verdict import Evidence, Outcome, Verdict
from chatsim.checks.views import Views, views_of
from chatsim.checks.wording import clip
from chatsim.history import History

__all__ = ["kept_out", "lets_in", "may_come_in", "name_was_free"]

JOINING = ("join", "connect", "knock")  # the waits of which a join is made


def lets_in(history: History) -> Verdict:
    """A newcomer with a free name, within the limits, is let in and becomes present.

    A name that somebody of this run has had before is the business of `nickname-released`; a server that nobody could
    ever reach is a run error and no verdict; a server that *we* have down lets nobody in.
    """
    views = views_of(history)
    lives, name = views.lives, "lets-in"
    tried, faults = 0, []
    for view in views.sessions.values():
        if not may_come_in(views, view):
            continue
        fault = kept_out(views, view)
        if fault is not None:
            faults.append(fault)
        elif view.life.told == NEVER:
            continue  # it only connected, its name was not free, or the run ended too early to tell
        tried += 1
    if faults:
        return failed(name, lives, faults, tried, "The same happened to")
    if not tried:
        return Verdict(name, Outcome.NOT_EXERCISED, "Nobody tried to join.")
    who = "The one who joined was" if tried == 1 else f"All {tried} who joined were"
    return Verdict(name, Outcome.PASSED, f"{who} let in.", exercised=tried)


def may_come_in(views: Views, view: SessionView) -> bool:
    """Is it owed to be let in, as far as the limits go and as far as we had the server running?"""
    lives, life, terms = views.lives, view.life, views.terms
    end = min(life.refused, life.unreachable, life.told, _given_up(lives, life))
    if lives.down_between(life.connect, min(end, len(lives))) or lives.ended_by_design(life.connect):
        return False
    if life.refusal_expected or (life.unreachable != NEVER and life.unreachable < lives.told_first()):
        return False
    if terms.nick == "chosen" and terms.limit_nick is not None and len(life.nick) > terms.limit_nick:
        return False
    return terms.limit_clients is None or len(lives.connected_at(life.connect)) < terms.limit_clients


def _given_up(lives: Lives, life: Life) -> int:
    """When waiting for its join had ended in vain: that we stop the server later, at the latest at the end, is no excuse."""
    waits = (wait for wait in lives.waits_about(life.number) if wait.detail.get("for") in JOINING)
    return next((wait.index for wait in waits if wait.index > life.connect), NEVER)


def name_was_free(views: Views, view: SessionView) -> bool:
    """Had nobody else been let in under this name, before this one was refused or let in?

    Not so either if its holder has gone meanwhile: when a name is free again is what `nickname-released` is about.
    """
    life, lives = view.life, views.lives
    wanted = life.nick.casefold()
    return views.terms.nick != "chosen" or not any(
        other.number != life.number
        and other.connect < min(life.refused, life.told)
        and wanted in {name.casefold() for name in other.names}
        and other.told != NEVER
        for other in lives.namesakes(wanted)
    )


def kept_out(views: Views, view: SessionView) -> Fault | None:
    """What kept it from becoming present; None if it came in, or if nothing is known."""
    lives, life = views.lives, view.life
    who, since = lives.who(life.number), lives.when(life.connect)
    if life.refused != NEVER:
        if not name_was_free(views, view):
            return None
        if life.refused_by == "closed":
            how = "The server closed the connection before the join was done"
        else:
            how = f'The server refused with "{clip(life.refused_by, 60)}"'
        summary = f"{who} wanted to join at {since}. {how}, though the name was free."
        return Fault(life, summary, (life.connect, life.refused), Evidence.PROOF)
    if life.unreachable != NEVER:
        summary = f"{who} wanted to join at {since} and could not even connect. Others had been let in before."
        return Fault(life, summary, (life.connect, life.unreachable), Evidence.PROOF)
    if life.told == NEVER:
        waits = lives.waits_for(JOINING, life.number, life.connect)
        if life.connected == NEVER or not waits or not name_was_free(views, view):
            return None
        summary = f"{who} connected at {since}, but the server never finished the join."
        hint = "Compare the `join` dialogue of the profile with what the server says to a newcomer."
        if lives.told_first() < life.connect:
            hint = "Let the loop that accepts only accept: one who is silent or breaks off must keep nobody waiting."
        return Fault(life, summary, (life.connect, _given_up(lives, life)), Evidence.ABSENCE, any(waits), hint)
    if life.present_how != "patience" or lives.down_between(life.told, life.present):
        return None
    knockers = {views.sender(m) for m in views.sent_between(life.told, life.present)}
    if knockers != {life.number}:  # else it listened for its own voice: that this did not come is for `echo` to judge
        waits = lives.waits_for(JOINING, life.number, life.connect)
        summary = f"{who} was told at {lives.when(life.told)} that the join was done, but heard nobody after that."
        hint = "Put a newcomer into the list of clients before it is welcomed, or right after."
        if any(other.life.connected < life.present and other.life.told == NEVER for other in views.sessions.values()):
            hint = "Let the loop that accepts only accept: one who is silent or breaks off must keep nobody waiting."
        return Fault(life, summary, (life.told, life.present), Evidence.ABSENCE, any(waits), hint)
    return None
