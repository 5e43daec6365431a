"""The end of a run: the last settle, the closing listen, the cleanup looks, a visitor, and how the server ends.

A right server waits for little here: a look that shows everything clean ends the looking.
"""

from __future__ import annotations

from chatsim.engine.cycles import KEEPER
from chatsim.engine.fencing import fence, speak_twice
from chatsim.engine.joining import join_visitor
from chatsim.engine.leaving import goodbye
from chatsim.engine.resting import listen_at_rest
from chatsim.engine.seeing import look
from chatsim.engine.serving import stop, thaw
from chatsim.engine.session import CLOSED, Session, State
from chatsim.engine.speaking import ask_roster
from chatsim.engine.stacks import tell_stacks
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Steps, Until

__all__ = ["end", "take_stock"]

CLOSING_LISTEN = 0.05  # seconds, or 5 median round trips, the longer: late copies come then
DEPARTED = (State.GONE, State.HALF)  # not the vanished: the server's kernel holds them for alive
LOOK_AGAIN = 0.1  # seconds between two tries of the third look, while it is not clean and patience lasts
OF_WORK = ("work", "cpu_only", "printed")  # told window by window, in `rest`
IDLE = 0.05  # seconds between the first look and the second


def end(stage: Stage) -> Steps:
    if stage.frozen:
        thaw(stage)  # what is owed since the freeze is owed once it goes on
    yield from stage.settle("end")
    spins = False
    departed = any(each.state in (State.GONE, State.HALF) and each.told for each in stage.sessions)
    if stage.server_is == "up":
        if stage.faulted_at is not None:
            yield from _visit(stage)
        if departed:
            yield from _look_three_times(stage)
        listen = min(5 * stage.patience.round_trip, stage.patience.seconds)  # a server in a flood has no end of trips
        spins = yield from listen_at_rest(stage, max(CLOSING_LISTEN, listen))
        _tell_the_rest(stage)
    rest = stage.crashes.finish()
    if rest:
        stage.note("crash", text=rest[:4000])
    stage.ending = True
    if spins or stage.hangs:
        yield from tell_stacks(stage, "spin" if spins else "hung")
    if not stage.plan.attached and stage.server_is == "up":
        yield from stop(stage)
    stage.abort_all()
    stage.note("ended", why="done")
    return True


def take_stock(stage: Stage) -> Steps:
    """In the middle of a run: all is settled, a newcomer has come and gone where one is needed, and it was looked at.

    Of a server that is down or frozen there is nothing to see.
    """
    yield from stage.settle("settle")
    if stage.server_is != "up" or stage.frozen:
        return False
    yield from fence(stage)
    if stage.faulted_at is not None:
        yield from _visit(stage)
    if any(each.state in (State.GONE, State.HALF) and each.told for each in stage.sessions):
        yield from _look_three_times(stage)
    yield from listen_at_rest(stage, CLOSING_LISTEN)
    visitors = [each for each in stage.there() if each.bot in stage.visitors and not _keeps(each)]
    if visitors:  # the rest of the run is to find everybody as it left them
        yield from goodbye(stage, visitors)
    return True


def _keeps(session: Session) -> bool:
    """Is it the one whose presence keeps a server from ending?"""
    return session.bot.startswith(KEEPER)


def _tell_the_rest(stage: Stage) -> None:
    """What the ears still hold back will not be completed any more."""
    for session in stage.sessions:
        if session.state not in CLOSED:
            stage.tell_rest(session)


def _visit(stage: Stage) -> Steps:
    """Only a fresh join shows a zombie: where the scenario brings no newcomer after its last fault, chatsim does."""
    if not stage.profile.knock or stage.profile.exits == "when-empty":
        return False
    fault = stage.faulted_at or 0
    joins = [entry.index for entry in stage.history.of("present") if entry.index > fault]
    connects = {entry.session: entry.index for entry in stage.history.of("connect")}
    if any(connects.get(stage.history.sessions[index], -1) >= fault for index in joins):
        return False
    if stage.terms.limit_clients is not None and len(stage.there()) >= stage.terms.limit_clients:
        return False
    yield from join_visitor(stage)
    return True


def _look_three_times(stage: Stage) -> Steps:
    """At once; idle; and after somebody has spoken twice, a round trip apart: the first write to a closed peer succeeds."""
    yield from fence(stage)
    if (yield from _look(stage, 1)):
        return True
    yield Until(lambda: False, IDLE, exact=True)
    if (yield from _look(stage, 2)):
        return True
    if stage.profile.knock and stage.terms.others_hear:
        if not stage.there():
            yield from join_visitor(stage)
        yield from speak_twice(stage, stage.there())
    begun = stage.now
    while not (yield from _look(stage, 3)):
        waited = stage.now - begun
        if waited >= stage.patience.seconds:
            stage.unmet("look", Until(lambda: False, since=begun, patience=stage.patience.seconds, waited=waited), [])
            break
        yield Until(lambda: False, LOOK_AGAIN, exact=True)
    return True


def _look(stage: Stage, number: int) -> Steps:
    """One cleanup look; True if there is nothing left to see."""
    stage.note("look", number=number)
    seen = stage.seen_last = yield from look(stage, work=True)
    facts = {} if seen is None else {key: value for key, value in seen.facts.items() if key not in OF_WORK}
    stage.note("facts", look=number, **facts)
    clean = _is_clean(stage, facts) and not (stage.untold_departures and number < 3)
    asker = next((each for each in stage.there() if each.state is State.PRESENT), None)
    roster = stage.profile.roster
    if roster is not None and roster.ask is not None and asker is not None and stage.profile.knock:
        yield from ask_roster(stage, [asker])
        ghosts = {each.nick.casefold() for each in stage.sessions if each.state in DEPARTED and each.told}
        ghosts -= {each.nick.casefold() for each in stage.sessions if each.state not in DEPARTED}
        clean = clean and not ghosts & {name.casefold() for name in asker.roster or ()}
    return clean


def _is_clean(stage: Stage, facts: dict[str, object]) -> bool:
    ours = {each.port for each in stage.sessions if each.state in (State.GONE, State.HALF)}
    waiting = facts.get("close_wait", ())
    assert isinstance(waiting, list | tuple)
    left_open = any(each.state is State.HALF for each in stage.sessions) and stage.profile.half_close == "leaves"
    return not (ours & set(waiting)) and not left_open
