"""`unique-nicknames` and `nickname-released`: one name, one person; and free again afterwards."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from itertools import islice

from chatsim.checks.faults import Fault, failed
from chatsim.checks.lives import NEVER, Life, Lives
from chatsim.checks.sessions import SessionView
from chatsim.checks.verdict import Evidence, Outcome, Verdict
from chatsim.checks.views import Views, views_of
from chatsim.checks.wording import clip, counted
from chatsim.history import History

__all__ = ["nickname_released", "unique_nicknames"]


def unique_nicknames(history: History) -> Verdict:
    """No two sessions that are there at the same time are shown to a third under one name.

    A promise. The server may refuse the second, give it another name, or put it in the first one's place.
    """
    views = views_of(history)
    lives, name = views.lives, "unique-nicknames"
    if not views.terms.promised(name):
        return Verdict(name, Outcome.NOT_APPLICABLE, "The profile does not promise it.")
    if views.terms.nick == "none" or views.terms.public.composed:
        return Verdict(name, Outcome.NOT_APPLICABLE, "On this server, clients write their names themselves.")
    pairs = _namesakes(views)
    settled = 0
    for first, second in pairs:
        shown = _shown_alike(views, history, first, second)
        if shown is not None:
            third, witness, shared = shown
            summary = f"{first.label} and {second.label} were there at the same time."
            summary += f' {views.label(third)} was shown both under the name "{shared}".'
            return Verdict(
                name,
                Outcome.FAILED,
                summary,
                witness,
                Evidence.PROOF,
                exercised=len(pairs),
                where=lives.where(second.life.connect),
                hint="Look the name up and enter it under one lock; refuse the newcomer or give it another name.",
            )
        settled += _kept_apart(views, history, first, second)
    if not settled:
        why = "Nobody asked for a name in use." if not pairs else "No third one heard both of those with one name."
        return Verdict(name, Outcome.NOT_EXERCISED, why)
    return Verdict(
        name, Outcome.PASSED, f"{counted(settled, 'second use')} of a name was kept apart.", exercised=settled
    )


def _namesakes(views: Views) -> list[tuple[SessionView, SessionView]]:
    """Pairs of one wanted name, or of one given name: the second came before the first had gone. Both may come at once."""
    by_name: dict[str, list[SessionView]] = defaultdict(list)
    for view in views.sessions.values():
        for nick in {view.nick.casefold(), view.life.nick.casefold()}:
            by_name[nick].append(view)
    pairs: dict[tuple[int, int], tuple[SessionView, SessionView]] = {}
    for group in by_name.values():
        here: list[SessionView] = []  # of those before it, who had not gone when it came
        for second in group:
            here = [first for first in here if second.life.connect < min(first.gone, first.life.over)]
            for first in here:
                pairs[first.number, second.number] = (first, second)
            here.append(second)
    return list(pairs.values())


def _kept_apart(views: Views, history: History, first: SessionView, second: SessionView) -> bool:
    """Did the server show its way of telling them apart: refused, renamed, or replaced?"""
    if NEVER not in (first.told, second.told) and second.nick.casefold() != first.nick.casefold():
        return True
    if first.life.refused != NEVER or second.life.refused != NEVER:
        return True
    life = first.life  # closed when we stopped the server: nobody was put in its place
    return not life.declared and life.closed != NEVER and second.life.connect < life.closed < life.parted


def _shown_alike(
    views: Views, history: History, first: SessionView, second: SessionView
) -> tuple[int, tuple[int, ...], str] | None:
    """A third session, the two hearings in which both stood under one name, and that name."""
    since = max(first.owed_from, second.owed_from)
    until = min(first.gone, second.gone, first.life.closed, second.life.closed)
    if since >= until:
        return None
    renamed = {
        (e.session, e.detail.get("message"), e.index): str(e.detail.get("name")) for e in views.lives.of("named")
    }
    by_hearing = {(session, message): name for (session, message, _), name in renamed.items()}
    names: dict[tuple[int, str], dict[int, int]] = defaultdict(dict)
    for entry in history.of("heard"):
        message = history.messages[entry.ref]
        speaker = first if message.sender == first.number else second if message.sender == second.number else None
        if speaker is None or entry.session in (first.number, second.number) or entry.session < 0:
            continue
        if entry.form not in ("hears", "room") or not since < views.send[entry.ref] < until:
            continue
        shown = by_hearing.get((entry.session, entry.ref), speaker.nick)
        names[entry.session, shown].setdefault(speaker.number, entry.index)
    for (third, shown), hearings in names.items():
        if len(hearings) == 2:
            return third, tuple(sorted(hearings.values())), shown
    return None


def nickname_released(history: History) -> Verdict:
    """A nickname is free again after its holder has gone, at the latest when others have spoken twice since.

    Refused at first and accepted later is all right; the verdict says when it was accepted.
    """
    views = views_of(history)
    lives, name = views.lives, "nickname-released"
    if views.terms.nick != "chosen":
        return Verdict(name, Outcome.NOT_APPLICABLE, "Clients do not choose their names on this server.")
    if not views.terms.promised(name):
        return Verdict(name, Outcome.NOT_APPLICABLE, "The profile does not promise it.")
    exercised, latest = 0, 0
    faults: list[Fault] = []
    for holder, tries in _successions(views):
        accepted = next((life for life in tries if life.told != NEVER), None)
        if accepted is not None:
            exercised += 1
            if any(life.refused < accepted.told for life in tries):
                latest = max(latest, min(2, lives.looks_between(holder.parted, accepted.connect)))
            continue
        waits = [valid for life in tries for valid in lives.waits_for(("nickname",), life.number, life.connect)]
        last = tries[-1]
        if not waits or last.refused == NEVER:
            continue  # nobody was patient about it: nothing can be said
        exercised += 1
        who = lives.who(holder.number)
        words = "" if last.refused_by == "closed" else f' with "{clip(last.refused_by, 60)}"'
        summary = f"{who} {holder.how_it_went} at {lives.when(holder.parted)}. The nickname was still refused{words}"
        summary += f" at {lives.when(last.refused)}, after {counted(len(tries), 'try', 'tries')}."
        faults.append(
            Fault(
                holder,
                summary,
                (holder.parted, last.refused),
                Evidence.ABSENCE,
                any(waits),
                "Take the name out of the table on every way out of a client's loop, also after an error (`finally`).",
            )
        )
    if faults:
        return failed(name, lives, faults, exercised, "The same happened to the names of")
    if not exercised:
        return Verdict(name, Outcome.NOT_EXERCISED, "Nobody wanted the nickname of somebody who had gone.")
    at = ("once", "idle", "after speech")[latest]
    summary = f"{counted(exercised, 'nickname')} could be used again after the holder had gone."
    return Verdict(name, Outcome.PASSED, summary, exercised=exercised, at=at)


def _successions(views: Views) -> list[tuple[Life, list[Life]]]:
    """(a holder who has gone, the tries after it to join under its name, up to the accepted one)."""
    lives, terms = views.lives, views.terms
    found = []
    for holder in lives.sessions.values():
        if holder.told == NEVER or holder.parted == NEVER or holder.drop_how == "vanish":
            continue
        if holder.drop_how == "half-close" and terms.half_close == "answers":
            continue
        tries: list[Life] = []
        namesakes = lives.namesakes(holder.name)
        for life in islice(namesakes, bisect_left(namesakes, holder.parted, key=lambda life: life.connect), None):
            if holder.name.casefold() != life.nick.casefold():
                continue
            if life.refusal_expected or _taken(lives, holder, life) or lives.down_between(holder.parted, life.connect):
                continue
            if life.told == NEVER and life.refused == NEVER:
                continue
            if terms.limit_clients is not None and len(lives.connected_at(life.connect)) >= terms.limit_clients:
                continue
            tries.append(life)
            if life.told != NEVER:
                break
        if tries:
            found.append((holder, tries))
    return found


def _taken(lives: Lives, holder: Life, life: Life) -> bool:
    """Has somebody else got the name since, or had it all the time?"""
    return any(other.number not in (holder.number, life.number) for other in lives.holders(life.nick, life.connect))
