"""`survives-malformed`: bad input of one client hurts nobody else. That the server closes the offender is all right."""

from __future__ import annotations

from dataclasses import dataclass

from chatsim.checks.faults import BUSY
from chatsim.checks.liveness import thrown_out
from chatsim.checks.lives import Lives
from chatsim.checks.others import held_up, went_on
from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.checks.views import Views, views_of
from chatsim.checks.wording import counted, named
from chatsim.history import Entry, History

__all__ = ["survives_malformed"]

NAME = "survives-malformed"
HINT = (
    "Nothing that one client sends may end more than that client's own session: catch the error in the loop that serves "
    "it, close its connection, and go on."
)


@dataclass(frozen=True, slots=True)
class _Hurt:
    """What came of one bad input."""

    act: Entry
    summary: str
    index: int  # that shows it
    begun: int
    evidence: Evidence
    certain: bool = True


def survives_malformed(history: History) -> Verdict:
    """After bad input from one client the server lives, closes nobody else, carries the others' messages, and lets
    newcomers in."""
    views = views_of(history)
    lives = views.lives
    acts = lives.of("act")
    if not acts:
        return Verdict(NAME, Outcome.NOT_EXERCISED, "Nobody sent anything that the profile does not allow.")
    offenders = {act.session for act in acts}
    hurt = [one for one in (*_dead(views), *_closed(views), *_kept_waiting(views, offenders)) if one]
    others = went_on(views, acts[0].index, len(history), offenders)
    if hurt:
        return _failed(lives, hurt, max(1, others.chances))
    if not others.chances:
        why = f"{_named(lives, acts)} sent bad input, but after that nobody else said anything or came in."
        return Verdict(NAME, Outcome.NOT_EXERCISED, why)
    summary = f"After {counted(len(acts), 'bad input')}, {others}."
    return Verdict(NAME, Outcome.PASSED, summary, exercised=others.chances)


def _named(lives: Lives, acts: list[Entry]) -> str:
    return named([lives.who(act.session) for act in acts])


def _to_blame(views: Views, index: int) -> Entry | None:
    """The bad input, if that was the last thing before this that could have upset the server.

    That the offender itself went afterwards counts as a thing of its own only if the others had gone on in between.
    """
    lives = views.lives
    acts = [act for act in lives.of("act") if act.index < index]
    if not acts:
        return None
    last, offenders = acts[-1], {act.session for act in acts}
    later = lives.faults_between(last.index, index)
    if any(fault.session not in offenders for fault in later):
        return None
    return None if later and went_on(views, last.index, later[0].index, offenders).chances else last


def _dead(views: Views) -> list[_Hurt]:
    lives, found = views.lives, []
    for death in lives.deaths():
        act = _to_blame(views, death.index)
        if act is not None:
            summary = f"After that the server ended, at {lives.when(death.index)}."
            found.append(_Hurt(act, summary, death.index, death.index, Evidence.PROOF))
    return found


def _closed(views: Views) -> list[_Hurt]:
    found = []
    for life in views.lives.sessions.values():
        if not thrown_out(views, life):
            continue  # an offender never is
        act = _to_blame(views, life.closed)
        if act is not None:
            who, when = views.label(life.number), views.lives.when(life.closed)
            summary = f"After that the server closed {who}'s connection, at {when}. {who} had done nothing wrong."
            found.append(_Hurt(act, summary, life.closed, life.closed, Evidence.PROOF))
    return found


def _kept_waiting(views: Views, offenders: set[int]) -> list[_Hurt]:
    first = views.lives.of("act")[0].index
    known = {held.joining for held in held_up(views, -1, first, ())}
    found = []
    for held in held_up(views, first, len(views.lives), offenders):
        act = _to_blame(views, held.begun)
        if act is not None and held.joining not in known:
            summary = f"After that, {held.summary}."
            found.append(_Hurt(act, summary, held.waited, held.begun, Evidence.ABSENCE, held.certain))
    return found


def _failed(lives: Lives, hurt: list[_Hurt], exercised: int) -> Verdict:
    first = min(hurt, key=lambda one: (not one.certain, one.evidence is not Evidence.PROOF, one.index))
    summary = f"{lives.act_in_words(first.act)} at {lives.when(first.act.index)}. {first.summary}"
    return Verdict(
        NAME,
        Outcome.FAILED if first.certain else Outcome.INCONCLUSIVE,
        summary if first.certain else summary + BUSY,
        tuple(sorted({first.act.index, first.begun, first.index})),
        first.evidence if first.certain else None,
        None if first.certain else Cause.MACHINE,
        exercised=exercised,
        where=lives.where(first.act.index),
        hint=HINT,
    )
