"""`unique-nicknames` and `nickname-released`: one name, one person; and free again afterwards."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
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
    """No two sessions that are there at the same time are shown to a third under one name, that of their join or later.

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
            if second.later:
                summary = f"{second.label} was let take another name at {lives.when(second.held_from)}, though"
                summary += f" {first.label} had it."
            summary += f' {views.label(third)} was shown both under the name "{shared}".'
            return Verdict(
                name,
                Outcome.FAILED,
                summary,
                witness,
                Evidence.PROOF,
                exercised=len(pairs),
                where=lives.where(second.asked),
                hint="Look the name up and enter it under one lock; refuse the newcomer or give it another name."
                if not second.later
                else "Who takes another name later takes it from the same table: look it up there, too, under its lock.",
            )
        settled += _kept_apart(first, second)
    if not settled:
        why = "Nobody asked for a name in use." if not pairs else "No third one heard both of those with one name."
        return Verdict(name, Outcome.NOT_EXERCISED, why)
    return Verdict(
        name, Outcome.PASSED, f"{counted(settled, 'second use')} of a name was kept apart.", exercised=settled
    )


@dataclass(frozen=True, slots=True)
class _Claim:
    """One name that one session wanted, at its join or later: it may have it from `asked` until `until`, and has it for
    certain from `held_from` until `held_until`."""

    view: SessionView
    asked: int
    until: int
    held_from: int
    held_until: int
    held: str  # what it is called then, if the server let it; casefolded
    answered: bool
    refused: bool
    later: bool  # a rename

    @property
    def label(self) -> str:
        return self.view.label


def _claims(view: SessionView) -> Iterator[tuple[str, _Claim]]:
    """(name, claim), in order: the nickname that it came with, and the one that it was given; then each rename."""
    life = view.life
    over, certain = min(view.gone, life.over), min(view.gone, life.closed)
    granted = [each for each in life.renames if each.done != NEVER]

    def claim(asked: int, held_from: int, held: str, *, refused: int, later: bool) -> _Claim:
        after = next((each for each in granted if each.begin > asked), None)
        until, held_until = (over, certain) if after is None else (min(over, after.done), min(certain, after.begin))
        answered = (held_from if later else view.told) != NEVER
        until = min(until, refused)
        return _Claim(view, asked, until, held_from, held_until, held.casefold(), answered, refused != NEVER, later)

    came = claim(life.connect, view.owed_from, view.nick, refused=life.refused, later=False)
    for nick in sorted({view.nick.casefold(), life.nick.casefold()}):
        yield nick, came
    for each in life.renames:
        held_from = NEVER if each.done == NEVER else max(each.done, view.owed_from)
        yield each.name.casefold(), claim(each.begin, held_from, each.name, refused=each.refused, later=True)


def _namesakes(views: Views) -> list[tuple[_Claim, _Claim]]:
    """Pairs of one wanted name, or of one given name: the second was asked for before the first had been given up.

    Both may come at once. Who asks later for what another one only wanted to be called asks for a free name.
    """
    by_name: dict[str, list[_Claim]] = defaultdict(list)
    for view in views.sessions.values():
        for nick, claim in _claims(view):
            by_name[nick].append(claim)
    pairs: dict[tuple[int, int], tuple[_Claim, _Claim]] = {}
    for nick, group in by_name.items():
        here: list[_Claim] = []  # of those before it, who had not given it up when it was asked for
        for second in sorted(group, key=lambda claim: claim.asked):
            here = [first for first in here if second.asked < first.until]
            for first in here:
                if first.view is second.view or (second.later and first.held != nick):
                    continue
                pairs[first.asked, second.asked] = (first, second)
            here.append(second)
    return list(pairs.values())


def _kept_apart(first: _Claim, second: _Claim) -> bool:
    """Did the server show its way of telling them apart: refused, renamed, or replaced?"""
    if first.answered and second.answered and second.held != first.held:
        return True
    if first.refused or second.refused:
        return True
    life = first.view.life  # closed when we stopped the server: nobody was put in its place
    return not life.declared and life.closed != NEVER and second.asked < life.closed < life.parted


def _shown_alike(
    views: Views, history: History, first: _Claim, second: _Claim
) -> tuple[int, tuple[int, ...], str] | None:
    """A third session, the two hearings in which both stood under one name, and that name."""
    since, until = max(first.held_from, second.held_from), min(first.held_until, second.held_until)
    if since >= until:
        return None
    renamed = {
        (e.session, e.detail.get("message"), e.index): str(e.detail.get("name")) for e in views.lives.of("named")
    }
    by_hearing = {(session, message): name for (session, message, _), name in renamed.items()}
    speakers = {claim.view.number: claim.view for claim in (first, second)}
    names: dict[tuple[int, str], dict[int, int]] = defaultdict(dict)
    for entry in history.of("heard"):
        message = history.messages[entry.ref]
        speaker = speakers.get(message.sender)
        if speaker is None or entry.session in speakers or entry.session < 0:
            continue
        if entry.form not in ("hears", "room") or not since < views.send[entry.ref] < until:
            continue
        shown = by_hearing.get((entry.session, entry.ref), speaker.life.name_at(views.send[entry.ref]))
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
