"""Coming: connect, join, rejoin, enter, exit; and the knock that proves that a newcomer is there.

A "welcome" is not yet being there: a server that welcomes and then lists the newcomer misses what is said meanwhile. So
a join ends with a *knock*: a bot that is there speaks a marked message until every joiner has heard it. N deliveries for
a group of N, not N².
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from chatsim.engine.dialogue import begin
from chatsim.engine.patience import LONGEST_WAIT, effective
from chatsim.engine.session import Session, State
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Steps, Until, Waiting
from chatsim.network.network import GiveUp
from chatsim.profile.profile import Voice
from chatsim.scenario.steps import Act, Crossing, Join

__all__ = ["NobodyGotInError", "connect", "cross", "join", "join_visitor", "knock"]

VISITOR = "visitor"

LEAST_ROUND = 0.01  # seconds between two words that nobody can be seen to hear
AT_ONCE = 64  # dialogues under way: a backlog of 100 must not overflow
LONGEST_RETRY = 0.25  # seconds between two tries to get a name back
LAST_TRIES = 0.75  # seconds of further tries, once somebody has spoken twice


class NobodyGotInError(Exception):
    """Nobody was ever told that it joined: the profile does not fit, or the server serves nobody. Going on would only
    make everybody wait, step by step, for what cannot come."""


def connect(stage: Stage, act: Act) -> Steps:
    """connect: the connection stands; the bot says nothing. A silent connection is a fault like any other."""
    stage.fault()
    sessions = [stage.new_session(bot) for who, _ in act.entries for bot in stage.bots(who, "connect")]
    wait = Until(lambda: all(each.state is not State.CONNECTING for each in sessions), stage.patience.for_joins)
    if not (yield wait):
        stage.unmet(
            "connect", wait, [["connection", each.id, ""] for each in sessions if each.state is State.CONNECTING]
        )
    return True


def join(stage: Stage, act: Act) -> Steps:
    """join, rejoin: present, or refused. All entries at once; assigned names go one by one."""
    wishes: list[tuple[str, str]] = []
    for who, detail in act.entries:
        wanted: str = detail.wanted if isinstance(detail, Join) else "accepted"
        wishes += [(bot, wanted) for bot in stage.bots(who, act.verb)]
    before = _seen_there(stage)
    one_by_one = stage.profile.nick == "assigned" and stage.profile.limits.exactly is None
    sessions = yield from _all_told(stage, wishes, at_once=1 if one_by_one else AT_ONCE)
    for session, wanted in sessions:
        if wanted == "refused":
            stage.note(
                "expected",
                step=stage.step,
                bot=session.bot,
                what="a refused join",
                met=not session.told,
                negative=False,
                where=str(act.place),
            )
    if not any(session.told for session in stage.sessions) and any(wanted == "accepted" for _, wanted in wishes):
        yield from _give_up_connecting(stage)
        raise NobodyGotInError
    joined = [session for session, _ in sessions if session.state is State.PRESENT]
    for session in joined:
        stage.expect_notice("joined", session, before)
    yield from knock(stage, joined)
    return True


def _give_up_connecting(stage: Stage) -> Steps:
    """A server that was reached and never agreed on what is to be spoken has not been spoken to: that is another letter."""
    connecting = [session for session in stage.sessions if session.state is State.CONNECTING]
    for session in connecting:
        stage.do(GiveUp(session.id))
    # The network answers at once.
    yield Until(lambda: all(each.state is not State.CONNECTING for each in connecting), LEAST_ROUND, exact=True)
    return True


def _seen_there(stage: Stage) -> list[Session]:
    """Those who are owed the notice of a join. One who was only told that it is there may not be in the list yet."""
    return [each for each in stage.there() if each.proved or not stage.profile.knock or not stage.terms.others_hear]


def join_visitor(stage: Stage, name: str = VISITOR) -> Steps:
    """chatsim's own newcomer: joins, is knocked, speaks and is heard. The scenario knows nothing of it."""
    if stage.profile.limits.exactly is not None:
        return False  # there is no room for anybody else
    before = _seen_there(stage)
    bot = stage.invite(name)
    sessions = yield from _all_told(stage, [(bot, "accepted")], at_once=1)
    joined = [session for session, _ in sessions if session.state is State.PRESENT]
    for session in joined:
        stage.expect_notice("joined", session, before)
    yield from knock(stage, joined)
    for session in joined:
        if stage.profile.public.says is not None and session.state is State.PRESENT:
            stage.say(session, stage.composer.short(), kind="fence")
    yield from stage.settle(name)
    return True


def _all_told(stage: Stage, wishes: list[tuple[str, str]], at_once: int) -> Waiting[list[tuple[Session, str]]]:
    """Play everybody's join dialogue; returns the sessions that came of it, each with what was wanted of it."""
    queue = deque(wishes)
    open_: list[Session] = []
    ended: list[tuple[Session, str]] = []
    unfinished = (State.CONNECTING, State.OPEN, State.JOINING)

    def go_on() -> bool:
        for session in [each for each in open_ if each.state not in unfinished or each.told]:
            open_.remove(session)
        while queue and len(open_) < at_once:
            bot, wanted = queue.popleft()
            session = _begin(stage, bot, wanted)
            open_.append(session)
            ended.append((session, wanted))
        return not open_ and not queue

    while True:
        wait = Until(go_on, stage.patience.for_joins)
        if (yield wait):
            break
        stage.unmet("join", wait, [["join", each.id, each.bot] for each in open_])
        for session in open_:
            session.stopped_at = session.conversation.position if session.conversation is not None else None
            session.conversation = None
            session.ear.await_none()
        open_.clear()
    retried: list[tuple[Session, str]] = []
    for session, wanted in ended:
        if (
            session.state in (State.REFUSED, State.GONE, State.LOST)
            and wanted == "accepted"
            and _was_answered(stage, session)
            and _name_was_freed(stage, session)
        ):
            retried.append(((yield from _retry(stage, session)), wanted))
        else:
            retried.append((session, wanted))
    return retried


def _begin(stage: Stage, bot: str, wanted: str) -> Session:
    waiting = stage.current.get(bot)
    session = waiting if waiting is not None and waiting.state is State.OPEN else stage.new_session(bot)
    session.wanted = wanted
    session.move("join")  # a connection that does not stand yet is joined when it does
    profile = stage.profile
    lines = profile.join
    begin(stage, session, lines, partial(_told, stage, session), refusals=True)
    return session


def _told(stage: Stage, session: Session) -> None:
    """The join dialogue is done. A default room is entered as its end."""
    session.move("told")
    session.told = True
    session.told_before = len(stage.history.messages)
    stage.unseen.add(session.id)
    stage.note("told", session.id, nick=session.nick)
    stage.progress()
    rooms = stage.profile.rooms
    if rooms is not None and rooms.default is not None:
        room = rooms.default
        stage.vocabulary.room(room)
        stage.note("enter", session.id, room=room)
        begin(stage, session, rooms.enter, partial(_entered, stage, session, room), room=room)
    if not stage.terms.others_hear:
        stage.present(session, "told")


def _entered(stage: Stage, session: Session, room: str) -> None:
    rooms = stage.profile.rooms
    assert rooms is not None
    if not rooms.many:
        session.rooms.clear()
    session.rooms.add(room)
    stage.note("entered", session.id, room=room)


def _was_answered(stage: Stage, session: Session) -> bool:
    """Was it the server that would not let it in? One that has ended, or that nobody can reach, refuses no name."""
    return stage.server_is == "up" and session.closed_how != "unreachable"


def _name_was_freed(stage: Stage, session: Session) -> bool:
    """Was its nickname here before, and has its holder gone (not merely vanished) or taken another? Then a refusal may
    only be early."""
    nick = session.nick
    former = any(nick in each.former for each in stage.sessions if each is not session)
    holders = [each for each in stage.sessions if each is not session and each.nick == nick and each.told]
    gone = (State.GONE, State.LOST, State.HALF, State.LEAVING)
    return (former or bool(holders)) and all(each.state in gone for each in holders)


def _retry(stage: Stage, session: Session) -> Waiting[Session]:
    """Ask for the name again until it is free or patience is spent; then for a moment more, after somebody has spoken
    twice: what a server notices by writing, another thread may put right a little later."""
    bot, gap, begun = session.bot, 2 * stage.patience.round_trip, stage.now
    keeps_names = "nickname" in stage.vain  # a server that has kept one for good is not asked as long for the next
    pause = Until(lambda: False, min(gap, LONGEST_RETRY), exact=True)
    spoke_at: float | None = None
    before = stage.network.strain()

    def waited() -> float:
        """Seconds that count: without our own lag and foreign load."""
        return effective(stage.now - begun, before, stage.network.strain())

    while True:
        yield pause
        session = _begin(stage, bot, "accepted")
        wait = Until(partial(_is_decided, session), stage.patience.for_joins)
        if not (yield wait):  # that is no refusal: it says nothing at all
            stage.unmet("join", wait, [["join", session.id, session.bot]])
            session.conversation = None
            session.ear.await_none()
            return session
        if session.told or not _was_answered(stage, session):
            return session
        if spoke_at is not None and stage.now - spoke_at >= LAST_TRIES:
            wait.waited, wait.patience = stage.now - begun, stage.patience.for_joins
            wait.valid = waited() >= wait.patience
            stage.unmet("nickname", wait, [["nickname", session.id, session.nick]])
            return session
        if keeps_names and stage.now - begun >= LONGEST_RETRY:
            return session
        gap = min(2 * gap, LONGEST_RETRY)
        pause = Until(lambda: False, gap, exact=True)
        longest = LONGEST_WAIT * stage.patience.for_joins
        if spoke_at is None and (waited() >= stage.patience.for_joins or stage.now - begun >= longest):
            yield from _speak_twice(stage)
            spoke_at = stage.now


def _is_decided(session: Session) -> bool:
    return session.told or session.state not in (State.CONNECTING, State.OPEN, State.JOINING)


def _speak_twice(stage: Stage) -> Steps:
    """Many servers notice who has gone only when they write to it. Where nobody is left to speak, a visitor does."""
    alone = not any(each.state is State.PRESENT for each in stage.there())
    if alone and stage.profile.knock and stage.terms.others_hear and stage.terms.limit_clients is None:
        yield from join_visitor(stage)
    for _ in range(2):
        speaker = next((each for each in stage.there() if each.state is State.PRESENT), None)
        if speaker is None or not stage.profile.knock or stage.profile.public.says is None:
            return False
        said = stage.say(speaker, stage.composer.short(), kind="fence")
        if stage.owed.is_over(said):  # there is nobody to hear it: leave the server time to write it to who has gone
            yield Until(lambda: False, max(LEAST_ROUND, 5 * stage.patience.round_trip), exact=True)
        else:
            yield Until(partial(stage.owed.is_over, said))
    return True


# --- the knock -----------------------------------------------------------------------------------------------------


def knock(stage: Stage, joined: list[Session], room: str | None = None) -> Steps:
    """Wait until each of these has been seen to be there; then they are present.

    The first joiner is knocked by the second; alone, it knocks for itself where it hears itself, else it is there when
    told. If a knock is never heard within the patience, the joiner counts as present all the same: what it misses is
    the server's fault.
    """
    profile = stage.profile
    if room is None and profile.rooms is not None and profile.rooms.default is not None and profile.public.says is None:
        room = profile.rooms.default
        wait = Until(lambda: all(each.conversation is None for each in joined), stage.patience.for_joins)
        if not (yield wait):
            stage.unmet("enter", wait, [["enter", each.id, room] for each in joined if each.conversation is not None])
    voice = profile.public if room is None else profile.rooms.voice if profile.rooms else profile.public
    able = profile.knock and voice.says is not None and bool(voice.hears)
    if not able:
        for session in joined:
            stage.present(session, "told")
        yield from stage.settle("join")
        return True
    unproved = [each for each in stage.there() if not each.proved and each.state is State.PRESENT]
    newcomers = [each for each in joined if each.state is State.PRESENT]
    if newcomers and unproved and stage.owed.nothing():
        for session in unproved:
            session.first_owed = None  # it was only told so, while nobody else was there: now somebody can knock for it
        newcomers = [*unproved, *newcomers]
    yield from _knock(stage, newcomers, room, partial(stage.present), stage.patience.for_joins)
    for session in newcomers:
        stage.present(session, "told")
    yield from stage.settle("join")
    return True


def _knock(
    stage: Stage,
    newcomers: list[Session],
    room: str | None,
    seen: Callable[[Session, str], None],
    patience: float,
) -> Steps:
    """Somebody speaks, again after 1, 2, 4 … round trips, until all of these have heard it. True if they have.

    `seen` is told of each, and how. Those whom nobody is left to knock for are left alone.
    """
    awaiting = {each.id: each for each in newcomers}
    voice = stage.profile.public if room is None else stage.profile.rooms.voice if stage.profile.rooms else Voice()
    knocks: list[int] = []
    queued: list[Session] = []  # who has a knock on the tip of the tongue
    over = False

    def here() -> list[Session]:
        return [each for each in awaiting.values() if each.state is State.PRESENT]

    def speaker() -> Session | None:
        """One who is there; else one newcomer for the others; else, alone, for itself if it hears itself."""
        for each in stage.sessions:
            settled = each.there and each.state is State.PRESENT and each.id not in awaiting
            if settled and (room is None or (room in each.rooms and room not in each.new_in)):
                return each
        waiting = here()
        return waiting[0] if len(waiting) > 1 or (waiting and voice.echo) else None

    def heard(by: Session, alone: bool, session: Session) -> None:
        if session is by and not alone:
            return
        if awaiting.pop(session.id, None) is not None:
            seen(session, "knock")
            stage.progress()
            if by.id in awaiting and not [each for each in here() if each is not by]:
                speak()  # it has knocked for all the others: now one of them knocks for it

    def utter(session: Session) -> int | None:
        queued.clear()
        if over or not here() or session.state is not State.PRESENT:
            return None
        said = stage.say(session, stage.composer.short(), kind="knock", room=room)
        knocks.append(said)
        stage.when_heard[said] = partial(heard, session, session.id in awaiting and len(here()) == 1)
        return said

    def speak() -> None:
        session = speaker()
        if session is not None and not (queued and queued[0].state is State.PRESENT):
            queued[:] = [session]
            stage.mouth.enqueue(session, partial(utter, session))

    def again(gap: float) -> None:
        if not over and here():
            speak()
            stage.clockwork.timers.at(stage.now + gap, partial(again, min(2 * gap, 0.5)))

    again(max(0.001, 2 * stage.patience.round_trip))
    wait = Until(lambda: not here() or speaker() is None, patience)
    met = yield wait
    over = True
    if not met:
        stage.unmet("knock", wait, [["knock", each.id, each.bot] for each in here()])
        for session in here():
            seen(session, "patience")
    for said in knocks:
        stage.when_heard.pop(said, None)
    return met


# --- rooms ---------------------------------------------------------------------------------------------------------


def cross(stage: Stage, act: Act) -> Steps:
    """enter, exit: the dialogue is done, the members have been told; after `enter` a knock in that room."""
    rooms = stage.profile.rooms
    assert rooms is not None
    entering = act.verb == "enter"
    crossing: list[tuple[Session, str]] = []
    for who, detail in act.entries:
        assert isinstance(detail, Crossing)
        for bot in stage.bots(who, act.verb):
            session = stage.able(bot, act.verb)
            if session is not None:
                crossing.append((session, detail.room))
    came_from: dict[int, set[str]] = {}
    for session, room in crossing:
        stage.vocabulary.room(room)
        leaving = ({room} if not entering else set() if rooms.many else session.rooms - {room}) & session.rooms
        told = {each: _members(stage, each, session) for each in (leaving | {room} if entering else leaving)}
        stage.note("enter" if entering else "exit", session.id, room=room)
        came_from[session.id] = set(leaving)
        session.rooms -= leaving
        if entering:
            session.new_in.add(room)
        done = partial(_crossed, stage, session, room, told, entering=entering)
        begin(stage, session, rooms.enter if entering else rooms.exit, done, room=room, refusals=True)
    wait = Until(lambda: all(each.conversation is None for each, _ in crossing))
    if not (yield wait):
        missing = [[act.verb, each.id, room] for each, room in crossing if each.conversation is not None]
        stage.unmet(act.verb, wait, [list(row) for row in missing])
        for session, room in crossing:
            if session.conversation is not None:
                session.conversation = None
                session.ear.await_none()
                session.new_in.discard(room)
                came_from.pop(session.id, None)
                stage.skip(
                    session.bot, f"{session.bot} was never told that it is {'in' if entering else 'out of'} {room}"
                )
    if entering:
        for session, room in crossing:
            if room not in session.rooms and session.state is State.PRESENT:
                session.rooms |= came_from.get(session.id, set())  # it was refused, and stays where it was
        for room in dict.fromkeys(room for _, room in crossing):
            yield from _knock_in_room(stage, [each for each, to in crossing if to == room and room in each.rooms], room)
    yield from stage.settle(act.verb)
    return True


def _members(stage: Stage, room: str, but: Session) -> list[Session]:
    return [each for each in stage.sessions if room in each.rooms and each is not but]


def _crossed(stage: Stage, session: Session, room: str, told: dict[str, list[Session]], *, entering: bool) -> None:
    """The dialogue is done. Only now are the notices awaited: one who is refused has gone nowhere."""
    if entering:
        _entered(stage, session, room)
    else:
        session.rooms.discard(room)
        stage.note("exited", session.id, room=room)
    for each, members in told.items():
        stage.expect_notice("joined" if entering and each == room else "left", session, members, each)


def _knock_in_room(stage: Stage, newcomers: list[Session], room: str) -> Steps:
    rooms = stage.profile.rooms
    assert rooms is not None
    if stage.profile.knock and rooms.voice.says is not None and rooms.voice.hears:
        yield from _knock(stage, newcomers, room, lambda each, how: each.new_in.discard(room), stage.patience.seconds)
    for session in newcomers:
        session.new_in.discard(room)
    return True
