"""`roster`, and the lists of who is there that sessions got, each with the moments between which it was made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from chatsim.checks.faults import Fault, failed
from chatsim.checks.lives import NEVER, lives_of
from chatsim.checks.sessions import SessionView
from chatsim.checks.verdict import Evidence, Outcome, Verdict
from chatsim.checks.views import Views, views_of
from chatsim.checks.wording import clip, counted
from chatsim.history import History

__all__ = ["Answer", "answers", "roster"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One list. It was made after the entry `asked` and before the entry `came`.

    For a pushed list, which nobody asked for, `asked` is its receiver's connecting.
    """

    asker: int
    asked: int
    came: int
    names: tuple[str, ...]


def answers(history: History) -> list[Answer]:
    lives = lives_of(history)
    taken: dict[int, int] = {}
    found = []
    for entry in lives.of("roster"):
        life = lives.sessions.get(entry.session)
        if life is None:
            continue
        mark = entry.detail.get("asked")
        asked = life.connect
        if mark is not None and mark is not False:
            # An index of the `ask`, or a plain yes: then the oldest that has no answer yet.
            pending = [ask for ask in life.asks if taken.get(entry.session, -1) < ask < entry.index]
            if mark is not True and int(mark) in life.asks:
                asked = int(mark)
            elif pending:
                asked = pending[0]
            taken[entry.session] = asked
        names = tuple(str(name) for name in entry.detail.get("names") or ())
        found.append(Answer(entry.session, asked, entry.index, names))
    return found


def _unanswered(history: History) -> list[tuple[int, int]]:
    """(session, index of its `ask`) of those asks that no list came for."""
    lives = lives_of(history)
    answered = {(answer.asker, answer.asked) for answer in answers(history)}
    return [(n, ask) for n, life in lives.sessions.items() for ask in life.asks if (n, ask) not in answered]


def roster(history: History) -> Verdict:
    """A list of who is there names everybody who was there from before it was asked for until it came, and nobody who
    never was or is long gone. Who came or went meanwhile may stand in it or not; so may the asker.
    """
    views = views_of(history)
    lives, name = views.lives, "roster"
    if not views.terms.roster:
        return Verdict(name, Outcome.NOT_APPLICABLE, "The profile knows no list of who is there.")
    if not views.terms.promised(name):
        return Verdict(name, Outcome.NOT_APPLICABLE, "The profile does not promise it.")
    lists = answers(history)
    faults = [fault for answer in lists for fault in _wrong(views, answer)]
    asked_in_vain = 0
    for session, ask in _unanswered(history):
        waits = lives.waits_for(("roster", "ask"), session, ask)
        died = lives.died_after(ask) and lives.sessions[session].parted == NEVER
        if waits or died:
            asked_in_vain += 1
            summary = f"{lives.who(session)} asked at {lives.when(ask)} who is there, and never got an answer."
            certain = any(waits) or died
            faults.append(Fault(lives.sessions[session], summary, (ask,), Evidence.ABSENCE, certain))
    exercised = asked_in_vain + sum(_says_anything(views, answer) for answer in lists)
    if faults:
        return failed(name, lives, faults, max(1, exercised), "Further lists were wrong about")
    if not exercised:
        return Verdict(name, Outcome.NOT_EXERCISED, "Nobody got a list that others had to stand in.")
    return Verdict(
        name, Outcome.PASSED, f"{counted(exercised, 'right list')} of who is there came.", exercised=exercised
    )


def _must(views: Views, answer: Answer) -> list[SessionView]:
    return [
        view
        for view in views.sessions.values()
        if view.number != answer.asker and views.there(view.number, answer.asked, answer.came)
    ]


def _says_anything(views: Views, answer: Answer) -> bool:
    return bool(_must(views, answer) or [n for n in answer.names if n != views.lives.sessions[answer.asker].name])


def _may(views: Views, view: SessionView, answer: Answer) -> bool:
    """May it stand in this list: had it connected before the list came, and is it not known to be long gone?"""
    lives, life = views.lives, view.life
    if life.connect > answer.came:
        return False
    if lives.renewed_between(life.connect, answer.asked):
        return False  # the server was started anew since
    return not lives.must_be_known_to_be_gone(life, answer.asked)


def _wrong(views: Views, answer: Answer) -> list[Fault]:
    lives = views.lives
    got = f"the list that {lives.who(answer.asker)} got at {lives.when(answer.came)}"
    faults = []
    standing = Counter(answer.names)
    for view in _must(views, answer):
        if not any(standing[name] for name in view.life.names_between(answer.asked, answer.came)):
            who = view.label
            summary = f"{who} was there from {lives.when(view.owed_from)} on and was missing in {got}."
            certain = view.seen < answer.asked or not _spoilt_join(views, view)
            shown = (view.owed_from, answer.asked, answer.came)
            faults.append(Fault(view.life, summary, shown, Evidence.PROOF, certain))
    allowed: Counter[str] = Counter()
    for view in views.sessions.values():
        if _may(views, view, answer):
            allowed.update(view.life.names_between(answer.asked, answer.came))
    for nick, times in standing.items():
        if times <= allowed[nick]:
            continue
        views_of_nick = views.sessions_named(nick)
        if not views_of_nick:
            # Strangers may be on a server that we only connect to.
            if not lives.attached:
                summary = f'"{clip(nick, 40)}" stood in {got}. Nobody of that name was ever there.'
                hint = "If this is no name, let `roster: {answer: …}` in the profile match the words around the names."
                asker = lives.sessions[answer.asker]
                faults.append(Fault(asker, summary, (answer.came,), Evidence.PROOF, hint=hint))
            continue
        before = [view for view in views_of_nick if view.life.connect < answer.came]
        if not before:
            if not lives.attached:
                summary = f"{views_of_nick[0].label} stood in {got}, before it had connected."
                faults.append(Fault(views_of_nick[0].life, summary, (answer.came,), Evidence.PROOF))
            continue
        gone = next((view for view in reversed(before) if _was_in(view) and not _may(views, view, answer)), before[0])
        later = next(
            (view for view in before if _may(views, view, answer) and view.life.name_at(answer.asked) != nick), None
        )
        if not allowed[nick] and later is not None:
            new = next(each for each in later.life.renames if each.done != NEVER)
            summary = (
                f"{later.label} was called {new.name} from {lives.when(new.done)} on. {nick} still stood in {got}."
            )
            faults.append(Fault(later.life, summary, (new.done, answer.came), Evidence.PROOF))
            continue
        if allowed[nick]:
            summary = f"{nick} stood {times} times in {got}, though only {allowed[nick]} of that name could be there."
            if gone.life.parted < answer.asked:
                summary += f" {gone.label} {gone.life.how_it_went} at {lives.when(gone.life.parted)}."
        else:
            summary = f"{gone.label} {gone.life.how_it_went} at {lives.when(min(gone.life.parted, answer.came))}"
            summary += f" and others spoke twice since. It still stood in {got}."
        witness = tuple(i for i in (gone.life.parted, answer.came) if i != NEVER)
        faults.append(Fault(gone.life, summary, witness, Evidence.PROOF))
    return faults


def _was_in(view: SessionView) -> bool:
    """Of several who had a name one after another, it is the last whom the server let in that it may have forgotten."""
    return view.life.told != NEVER


def _spoilt_join(views: Views, view: SessionView) -> bool:
    """Is it only by our patience that it counts as there, and was our machine too busy meanwhile?"""
    waits = views.lives.waits_for(("join", "knock"), view.number, view.born)
    return bool(waits) and not any(waits)
