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
    successions = _successions(views)
    for release, tries in successions:
        accepted = next((each for each in tries if each.got != NEVER), None)
        if accepted is not None:
            exercised += 1
            if any(each.refused < accepted.got for each in tries):
                latest = max(latest, min(2, lives.looks_between(release.at, accepted.asked)))
            continue
        waits = [valid for each in tries for valid in lives.waits_for(("nickname",), each.life.number, each.asked)]
        last = tries[-1]
        if not waits or last.refused == NEVER:
            continue  # nobody was patient about it: nothing can be said
        exercised += 1
        holder, hint = release.holder, "Take the name out of the table on every way out of a client's loop, also after"
        hint += " an error (`finally`)."
        who, when = lives.who(holder.number), lives.when(release.at)
        words = "" if last.refused_by == "closed" else f' with "{clip(last.refused_by, 60)}"'
        summary = f"{who} {holder.how_it_went} at {when}. The nickname was still refused{words}"
        if release.new:
            summary = f'{who} was called "{release.new}" from {when} on. "{release.name}" was still refused{words}'
            hint = "Who takes another name gives the old one up: take it out of the table."
        summary += f" at {lives.when(last.refused)}, after {counted(len(tries), 'try', 'tries')}."
        faults.append(Fault(holder, summary, (release.at, last.refused), Evidence.ABSENCE, any(waits), hint))
    if faults:
        return failed(name, lives, faults, exercised, "The same happened to the names of")
    if not exercised:
        return Verdict(name, Outcome.NOT_EXERCISED, "Nobody wanted the nickname of somebody who had gone.")
    at = ("once", "idle", "after speech")[latest]
    summary = f"{counted(exercised, 'nickname')} could be used again after the holder had gone."
    if any(release.new for release, _ in successions):
        summary = f"{counted(exercised, 'nickname')} could be used again after the holder had gone or taken another."
    return Verdict(name, Outcome.PASSED, summary, exercised=exercised, at=at)


@dataclass(frozen=True, slots=True)
class _Release:
    """From `at` on this name is no longer its holder's: it has gone, or the server has confirmed its `new` name."""

    holder: Life
    name: str
    at: int
    new: str = ""


@dataclass(frozen=True, slots=True)
class _Try:
    """One who asks for a name: at its join, or later."""

    life: Life
    asked: int
    got: int
    refused: int
    refused_by: str

    @property
    def over(self) -> int:
        return min(self.got, self.refused)


def _releases(views: Views) -> Iterator[_Release]:
    for holder in views.lives.sessions.values():
        if holder.told == NEVER:
            continue
        name = holder.name
        for each in holder.renames:
            if each.done == NEVER:
                continue
            if each.name.casefold() != name.casefold():  # settled NEVER: nobody can come after it
                yield _Release(holder, name, each.settled, each.name)
            name = each.name
        unsure = holder.drop_how == "vanish" or (
            holder.drop_how == "half-close" and views.terms.half_close == "answers"
        )
        if holder.parted != NEVER and not unsure:
            yield _Release(holder, name, holder.parted)


def _successions(views: Views) -> list[tuple[_Release, list[_Try]]]:
    """(a name that was given up, the tries after that to get it, up to the accepted one)."""
    lives, terms = views.lives, views.terms
    found = []
    tries_of = _tries(lives)
    for release in _releases(views):
        tries: list[_Try] = []
        wanted = tries_of.get(release.name.casefold(), [])
        for each in islice(wanted, bisect_left(wanted, release.at, key=lambda each: each.asked), None):
            joins = each.asked == each.life.connect
            if (joins and each.life.refusal_expected) or lives.down_between(release.at, each.asked):
                continue
            if each.over == NEVER or _taken(lives, release, each):
                continue
            if joins and terms.limit_clients is not None and len(lives.connected_at(each.asked)) >= terms.limit_clients:
                continue
            tries.append(each)
            if each.got != NEVER:
                break
        if tries:
            found.append((release, tries))
    return found


def _tries(lives: Lives) -> dict[str, list[_Try]]:
    """Who ever asked for a name, by that name, in order."""
    tries: dict[str, list[_Try]] = defaultdict(list)
    for life in lives.sessions.values():
        tries[life.nick.casefold()].append(_Try(life, life.connect, life.told, life.refused, life.refused_by))
        for each in life.renames:
            tries[each.name.casefold()].append(_Try(life, each.begin, each.done, each.refused, each.refused_by))
    for of_one_name in tries.values():
        of_one_name.sort(key=lambda each: each.asked)
    return tries


def _taken(lives: Lives, release: _Release, wish: _Try) -> bool:
    """Has somebody got the name since, or had it all the time, or may have just got it?"""
    if any(other is not wish.life for other in lives.holders(release.name, wish.asked)):
        return True
    return any(
        each.name.casefold() == release.name.casefold()
        and each.begin < wish.over
        and wish.asked < min(each.done, each.refused)
        for other in lives.renamed
        if other is not wish.life and other.over > wish.asked
        for each in other.renames
    )
