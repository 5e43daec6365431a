"""`join-notice`, `leave-notice`, `drop-notice`: whoever was there is told once of who came and who went.

Which notice is of which transition is nowhere written, so it is counted (see `counting`): more notices than transitions
begun so far is proof, fewer than were owed is absence. Departures of both kinds are counted together: many servers say
the same of both.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

from chatsim.checks.counting import assigned, one_too_many, untold
from chatsim.checks.faults import BUSY
from chatsim.checks.lives import NEVER
from chatsim.checks.sessions import SessionView
from chatsim.checks.transitions import Transition, of_rooms, of_the_server
from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.checks.views import Views, views_of
from chatsim.checks.waiting import Row
from chatsim.checks.wording import counted, named
from chatsim.history import Entry, History

__all__ = ["drop_notice", "join_notice", "leave_notice"]

PROPERTY = {"joined": "join-notice", "left": "leave-notice", "dropped": "drop-notice"}
DEPARTURES = ("left", "dropped")
AT = ("once", "idle", "after speech")
NOT_ABOUT_NOTICES = ("expect", "expect-output", "roster", "stop", "restart", "nickname", "look", "connect", "operator")


def join_notice(history: History) -> Verdict:
    """Every session that was there before somebody joined is told of it exactly once.

    Those who join at the same time owe each other nothing, and nobody is owed the notice of itself.
    """
    return _judge(history, "joined")


def leave_notice(history: History) -> Verdict:
    """The same for a polite departure, and for leaving a room."""
    return _judge(history, "left")


def drop_notice(history: History) -> Verdict:
    """The same for an abrupt one: reset, closed without goodbye, in mid-message; half-closed where that is leaving.

    A client that vanishes is only silent: judged where the profile puts silent clients out.
    """
    return _judge(history, "dropped")


# --- what was owed and what came -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Ledger:
    """One receiver and one nickname (or all, of notices that name nobody): what it was owed and what it got."""

    receiver: int
    begins: list[int]  # of all transitions that a notice may be of
    owed: list[tuple[Transition, int]] = field(default_factory=list)  # with the index at which it had settled
    notices: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Missing:
    transition: Transition
    receiver: int
    settled: int


@dataclass(slots=True)
class _Found:
    exercised: int = 0
    got: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))  # id of a transition -> who was told
    missing: list[_Missing] = field(default_factory=list)
    too_many: list[tuple[Transition, _Ledger, int]] = field(default_factory=list)
    at: int = 0
    late: tuple[Transition, int, int] | None = None  # transition, receiver, index of the notice


def _judge(history: History, what: str) -> Verdict:
    views = views_of(history)
    terms, name = views.terms, PROPERTY[what]
    by_server, in_rooms = what in terms.notices, what in terms.room_notices
    if not (by_server or in_rooms):
        return Verdict(name, Outcome.NOT_APPLICABLE, f"The profile knows no notice that somebody {what}.")
    if not terms.promised(name):
        return Verdict(name, Outcome.NOT_APPLICABLE, "The profile does not promise it.")
    found = _Found()
    happened = False
    for rooms in (False, True):
        if not (in_rooms if rooms else by_server):
            continue
        source = of_rooms if rooms else of_the_server
        kinds = DEPARTURES if what in DEPARTURES else (what,)
        transitions = [t for t in source(views) if t.what in kinds]
        happened = happened or any(t.owed and t.what == what for t in transitions)
        begun = {t.begin: t for t in reversed(transitions)}  # of those that began at once, the first
        for ledger in _ledgers(views, transitions, kinds, rooms):
            _balance(views, ledger, what, begun, found)
    return _verdict(views, what, found, happened)


def _ledgers(views: Views, transitions: list[Transition], kinds: tuple[str, ...], rooms: bool) -> Iterator[_Ledger]:
    """The books of all receivers. Work goes with what was owed and what came, not with all pairs of sessions."""
    terms = views.terms
    nameless = not rooms and any(kind in terms.nameless_notices for kind in kinds)
    ours = [e for e in views.lives.of("notice") if e.detail.get("what") in kinds and _of_rooms(views, e) == rooms]
    one_pool = rooms and any(e.detail.get("room") is None for e in ours)
    alias = _aliases(views)

    def key(nick: object, room: object) -> Hashable:
        who = None if nameless else alias.get(str(nick), str(nick))
        return who, (None if one_pool else room) if rooms else None

    begins: dict[Hashable, list[int]] = defaultdict(list)
    for t in transitions:
        begins[key(_nick(t), t.room)].append(t.begin)
    for column in begins.values():
        column.sort()

    books: dict[tuple[int, Hashable], _Ledger] = {}

    def book(receiver: int, of: Hashable) -> _Ledger:
        if (receiver, of) not in books:
            books[receiver, of] = _Ledger(receiver, begins.get(of, []))
        return books[receiver, of]

    for transition, receiver, settled in _owed(views, transitions):
        book(receiver, key(_nick(transition), transition.room)).owed.append((transition, settled))
    for entry in ours:
        nick = entry.detail.get("nick")
        view = views.sessions.get(entry.session)
        if view is None or (
            not nameless
            and (nick is None or alias.get(str(nick), nick) in view.life.names_between(entry.index, entry.index))
        ):
            continue  # its own, or of nobody
        book(entry.session, key(nick, entry.detail.get("room"))).notices.append(entry.index)
    yield from books.values()


def _of_rooms(views: Views, entry: Entry) -> bool:
    """Is this notice of a room? One that names no room is, where the server has no other of its kind."""
    if entry.detail.get("room") is not None:
        return True
    what = str(entry.detail.get("what"))
    what = "left" if what == "dropped" else what
    return what in views.terms.room_notices and what not in views.terms.notices


def _aliases(views: Views) -> dict[str, str]:
    """The nickname that somebody asked for -> the one that the server gave him, where that is no one else's."""
    given = {view.nick for view in views.sessions.values()}
    return {view.life.nick: view.nick for view in views.sessions.values() if view.life.nick not in given}


def _owed(views: Views, transitions: list[Transition]) -> Iterator[tuple[Transition, int, int]]:
    """(transition, receiver, when it had settled): there before it began, and not gone when it settled."""
    for transition in transitions:
        if not transition.owed or transition.since == NEVER:
            continue
        channel = _channel(views, transition)
        settled = views.settled_after(transition.done, channel)
        if settled == NEVER:
            continue
        # Whoever came after it began was joining meanwhile; such a group is cut off here, not compared pair by pair.
        for view in views.there_throughout(transition.since, settled):
            if view.number == transition.view.number or _nick(transition) in view.life.names_between(
                transition.begin, settled
            ):
                continue
            if transition.room is not None and not _in_room(view, transition, settled):
                continue
            awake = _settled_awake(views, view, transition, settled, channel)
            if view.gone > awake:
                yield transition, view.number, awake


def _channel(views: Views, transition: Transition) -> str | None:
    if transition.room is not None:
        return f"room:{transition.room}"
    return "lobby" if views.terms.public.possible else None


def _in_room(view: SessionView, transition: Transition, settled: int) -> bool:
    return any(
        stay.room == transition.room and stay.owed_from < transition.since and stay.until > settled
        for stay in view.stays
    )


def _settled_awake(views: Views, view: SessionView, transition: Transition, settled: int, channel: str | None) -> int:
    """While a session is stalled or frozen it hears nothing: for it, things settle after it has come back."""
    for since, back in view.away:
        if since < settled and back > transition.begin:
            settled = NEVER if back == NEVER else max(settled, views.settled_after(back, channel))
    return settled


def _balance(views: Views, ledger: _Ledger, what: str, begun: Mapping[int, Transition], found: _Found) -> None:
    ledger.owed.sort(key=lambda pair: pair[0].begin)
    owed = [transition.begin for transition, _ in ledger.owed]
    surplus = one_too_many(ledger.begins, ledger.notices)
    if surplus is not None:
        of = _latest_begun(begun, ledger, ledger.notices[surplus])
        if of is not None and _told_under(views, of) == what:
            found.too_many.append((of, ledger, surplus))
    missing = set(untold(owed, ledger.notices))
    taken = assigned([at for n, at in enumerate(owed) if n not in missing], ledger.notices)
    following = iter(taken)
    for position, (transition, settled) in enumerate(ledger.owed):
        notice = None if position in missing else next(following)
        if transition.what != what:
            continue
        if notice is None and not _must_have_noticed(views, transition, ledger.receiver):
            continue
        found.exercised += 1
        if notice is None:
            found.missing.append(_Missing(transition, ledger.receiver, settled))
            continue
        found.got[id(transition)].append(ledger.receiver)
        at = _promptness(views, transition, ledger.notices[notice], settled)
        if at > 0 and found.late is None:
            found.late = (transition, ledger.receiver, ledger.notices[notice])
        found.at = max(found.at, at)


def _must_have_noticed(views: Views, transition: Transition, receiver: int) -> bool:
    """Many servers notice an abrupt departure only when they write to who has gone, for the second time.

    So where we ended the server, it is owed only if others had spoken twice before, one after the other was heard. A
    server that died, or that has closed the receiver, is excused by nothing.
    """
    lives = views.lives
    if transition.what != "dropped" or views.terms.promised("prompt-notices"):
        return True
    if lives.died_after(transition.begin) or views.cut_off(receiver) != NEVER or not views.terms.others_hear:
        return True
    end = lives.next_down(transition.begin)
    if end == NEVER:
        return True
    others = (m for m in views.sent_between(transition.done, end) if views.sender(m) != transition.view.number)
    first = next(others, None)
    if first is None:
        return False
    last = next(
        m for m in reversed(views.sent_between(transition.done, end)) if views.sender(m) != transition.view.number
    )
    known = min(views.first_heard[first], views.settled_after(views.send[first]))
    return last != first and views.send[last] > known


def _latest_begun(begun: Mapping[int, Transition], ledger: _Ledger, notice: int) -> Transition | None:
    at = bisect_left(ledger.begins, notice) - 1
    return begun[ledger.begins[at]] if at >= 0 else None


def _told_under(views: Views, transition: Transition) -> str:
    """Under which property a surplus notice of this transition falls: its own, unless the profile knows none such."""
    known = views.terms.notices | views.terms.room_notices
    return transition.what if transition.what in known else ("left" if transition.what == "dropped" else "dropped")


def _promptness(views: Views, transition: Transition, notice: int, settled: int) -> int:
    """0 at once, 1 while all was idle, 2 only after somebody spoke. By the looks; without them by what was settled.

    Of one who comes, from when it was let in: it may have been connected, and silent, for long.
    """
    since = transition.done if transition.what == "joined" else transition.begin
    if views.lives.look_after(since, 1) < notice:
        return min(2, views.lives.looks_between(since, notice))
    if notice <= settled:  # for one that was stalled: after it read again
        return 0
    return 2 if views.sent_between(settled, notice) else 1


# --- what is said of it ------------------------------------------------------------------------------------------------


def _verdict(views: Views, what: str, found: _Found, happened: bool) -> Verdict:
    name = PROPERTY[what]
    if found.too_many:
        return _told_too_often(views, what, found)
    certain = [m for m in found.missing if _knowledge(views, m) is None]
    if certain:
        return _never_told(views, what, found, certain)
    if found.missing:
        return _not_sure(views, what, found)
    if not found.exercised:
        if happened:
            why = "Nobody was there to be told: they joined at the same time, or had gone before it settled."
        else:
            why = f"Nobody {what} in a way that others are told of."
        return Verdict(name, Outcome.NOT_EXERCISED, why)
    at = AT[found.at]
    if found.late is not None and views.terms.promised("prompt-notices"):
        return _told_late(views, what, found)
    summary = f"All {counted(found.exercised, 'notice')} came."
    if found.exercised == 1:
        summary = "The one notice came."
    if found.at:
        summary += " Some came only after somebody had spoken." if found.at == 2 else " Some came late."
    return Verdict(name, Outcome.PASSED, summary, exercised=found.exercised, at=at)


def _knowledge(views: Views, missing: _Missing) -> Cause | None:
    """Why it is not certain that the notice never came; None if it is."""
    transition, receiver = missing.transition, missing.receiver
    nick = _nick(transition).casefold()
    if views.got_unrecognised(receiver, nick, transition.begin):
        return Cause.PROFILE
    if views.lives.died_after(transition.begin):
        return None  # a server that has ended tells nobody anything any more: nothing to wait for
    if views.cut_off(receiver) != NEVER:
        return None  # nor does one tell those whom it has closed
    return None if _waited(views, missing) else Cause.MACHINE


def _waited(views: Views, missing: _Missing) -> bool:
    return _wait_for(views, missing) != NEVER


def _wait_for(views: Views, missing: _Missing) -> int:
    """The valid wait for this notice that ended unmet, the whole of it after the transition was over; NEVER: none."""
    transition, receiver = missing.transition, missing.receiver
    kind = "joined" if transition.what == "joined" else "left"
    wanted: set[Row] = {("notice", receiver, f"{kind} {nick}".strip()) for nick in (*_nicks(transition), "")}
    return views.waiting.valid_wait(wanted, transition.done, _channel(views, transition), NOT_ABOUT_NOTICES)


def _end_of_hope(views: Views, missing: _Missing) -> int:
    """What shows that the notice never came: the wait for it, or that the server had ended."""
    deaths = [death.index for death in views.lives.deaths() if death.index > missing.transition.begin]
    return min([_wait_for(views, missing), views.cut_off(missing.receiver), *deaths])


def _nick(transition: Transition) -> str:
    """What it was called when it came or went."""
    return transition.life.name_at(transition.begin)


def _nicks(transition: Transition) -> tuple[str, str]:
    return _nick(transition), transition.life.nick


def _first(found: list[_Missing]) -> tuple[Transition, list[int]]:
    """The first transition that anybody was not told of, and all who were not."""
    first = min(found, key=lambda missing: missing.transition.begin).transition
    return first, sorted(missing.receiver for missing in found if missing.transition is first)


def _never_told(views: Views, what: str, found: _Found, certain: list[_Missing]) -> Verdict:
    transition, receivers = _first(certain)
    shown = next(missing for missing in certain if missing.transition is transition)
    others = len({id(missing.transition) for missing in certain}) - 1
    who = named([views.label(r) for r in receivers])
    was = "was" if len(receivers) == 1 else "were"
    whole = "there before and after" if what == "joined" else "connected the whole time"
    if transition.room is not None:
        whole = f"in {transition.room} the whole time"
    if any(views.cut_off(receiver) != NEVER for receiver in receivers):
        whole = "thrown out by the server"
    summary = f"{_happening(views, transition)}. {who} {was} {whole} and {was} never told"
    summary += "." if what == "joined" else f" that {transition.view.label} had left."
    told = found.got.get(id(transition), [])
    if told:
        summary += f" {named([views.label(r) for r in told])} {'was' if len(told) == 1 else 'were'} told."
    elif others:
        summary += f" The same happened {counted(others, 'more time')}."
    return Verdict(
        PROPERTY[what],
        Outcome.FAILED,
        summary,
        tuple(sorted((transition.begin, _end_of_hope(views, shown)))),
        Evidence.ABSENCE,
        exercised=found.exercised,
        where=views.lives.where(transition.begin),
        hint=_hint(what, transition, bool(found.got)),
    )


def _hint(what: str, transition: Transition, some_told: bool) -> str:
    do = f"write `notices: {{{what}: no}}` into the profile"
    if transition.room is not None:
        do = "remove `rooms: {joined}, {left}` from the profile"
    nobody = f"If the server tells nobody on purpose, {do}."
    return "" if some_told else nobody


def _not_sure(views: Views, what: str, found: _Found) -> Verdict:
    transition, receivers = _first(found.missing)
    who = named([views.label(r) for r in receivers])
    causes = [_knowledge(views, missing) for missing in found.missing]
    machine = Cause.MACHINE in causes
    summary = f"{_happening(views, transition)}. No notice of it reached {who}"
    if machine:
        summary += ", but nobody could wait long enough on this machine to be sure."
        hint = ""
    else:
        summary += " in a form that the profile knows, but a line with that name did."
        hint = "Compare the unrecognised lines with `notices` in the profile."
    return Verdict(
        PROPERTY[what],
        Outcome.INCONCLUSIVE,
        summary,
        (transition.begin,),
        cause=Cause.MACHINE if machine else Cause.PROFILE,
        exercised=found.exercised,
        where=views.lives.where(transition.begin),
        hint=hint,
    )


def _told_too_often(views: Views, what: str, found: _Found) -> Verdict:
    transition, ledger, position = found.too_many[0]
    notice = ledger.notices[position]
    begun = bisect_left(ledger.begins, notice)
    heard = [at for at in ledger.notices if at <= notice and bisect_left(ledger.begins, at)]
    who, whom = views.label(ledger.receiver), transition.view.label
    summary = f"{_happening(views, transition)}. {who} was told so {_times(len(heard))},"
    summary += f" though it had happened {_times(begun)} by {views.lives.when(notice)}."
    if any(kind in views.terms.nameless_notices for kind in (what, transition.what)):
        summary = f"By {views.lives.when(notice)}, {who} was told {_times(len(heard))} that somebody {what}."
        summary += f" That had happened {_times(begun)}, last with {whom}."
    return Verdict(
        PROPERTY[what],
        Outcome.FAILED,
        summary,
        (transition.begin, *heard[-begun - 1 :]),
        Evidence.PROOF,
        exercised=max(1, found.exercised),
        where=views.lives.where(transition.begin),
        hint="Two places in the server may tell of the same thing: let only one of them do it.",
    )


def _told_late(views: Views, what: str, found: _Found) -> Verdict:
    assert found.late is not None
    transition, receiver, notice = found.late
    when = "only after somebody had spoken" if found.at == 2 else "only much later"
    summary = f"{_happening(views, transition)}. {views.label(receiver)} was told {when},"
    summary += f" at {views.lives.when(notice)}. Prompt notices are promised."
    certain = _waited(views, _Missing(transition, receiver, notice))
    if not certain:
        summary += BUSY
    return Verdict(
        PROPERTY[what],
        Outcome.FAILED if certain else Outcome.INCONCLUSIVE,
        summary,
        (transition.begin, notice),
        Evidence.ABSENCE if certain else None,
        None if certain else Cause.MACHINE,
        exercised=found.exercised,
        where=views.lives.where(transition.begin),
        at=AT[found.at],
        hint="The server notices a departure only when it next writes to that client. Let its reader tell.",
    )


def _happening(views: Views, transition: Transition) -> str:
    """ "bob dropped (reset) at 0.61 s", "bob entered kitchen at 0.30 s"."""
    who, when = transition.view.label, views.lives.when(transition.begin)
    if transition.room is not None:
        return f"{who} {'entered' if transition.what == 'joined' else 'left'} {transition.room} at {when}"
    if transition.what == "joined":
        return f"{who} joined at {when}"
    return f"{who} {transition.life.how_it_went if transition.owed else 'went'} at {when}"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
