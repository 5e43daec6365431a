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
from chatsim.engine.session import Session, State
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Steps, Until, Waiting
from chatsim.scenario.steps import Act, Crossing, Join

__all__ = ["connect", "cross", "join", "join_visitor", "knock"]

VISITOR = "visitor"

AT_ONCE = 64  # dialogues under way: a backlog of 100 must not overflow
LONGEST_RETRY = 0.25  # seconds between two tries to get a name back


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
    before = stage.there()
    one_by_one = stage.profile.nick == "assigned"
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
    joined = [session for session, _ in sessions if session.state is State.PRESENT]
    for session in joined:
        stage.expect_notice("joined", session, before)
    yield from knock(stage, joined)
    return True


def join_visitor(stage: Stage, name: str = VISITOR) -> Steps:
    """chatsim's own newcomer: joins, is knocked, speaks and is heard. The scenario knows nothing of it."""
    before = stage.there()
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


def _name_was_freed(stage: Stage, session: Session) -> bool:
    """Was its nickname here before, and has its holder gone (not merely vanished)? Then a refusal may only be early."""
    holders = [each for each in stage.sessions if each is not session and each.nick == session.nick and each.told]
    return bool(holders) and all(each.state in (State.GONE, State.LOST, State.HALF, State.LEAVING) for each in holders)


def _retry(stage: Stage, session: Session) -> Waiting[Session]:
    """Ask for the name again until it is free or patience is spent; then once more after somebody has spoken twice."""
    bot, gap, begun = session.bot, 2 * stage.patience.round_trip, stage.now
    pause = Until(lambda: False, min(gap, LONGEST_RETRY), exact=True)
    last_chance = False
    while True:
        yield pause
        session = _begin(stage, bot, "accepted")
        wait = Until(partial(_is_decided, session))
        yield wait
        if session.told:
            return session
        if last_chance:
            wait.valid = True
            stage.unmet("nickname", wait, [["nickname", session.id, session.nick]])
            return session
        gap = min(2 * gap, LONGEST_RETRY)
        pause = Until(lambda: False, gap, exact=True)
        if stage.now - begun >= stage.patience.for_joins:
            last_chance = True
            yield from _speak_twice(stage)


def _is_decided(session: Session) -> bool:
    return session.told or session.state not in (State.CONNECTING, State.OPEN, State.JOINING)


def _speak_twice(stage: Stage) -> Steps:
    for _ in range(2):
        speaker = next((each for each in stage.there() if each.state is State.PRESENT), None)
        if speaker is None or not stage.profile.knock or stage.profile.public.says is None:
            return False
        said = stage.say(speaker, stage.composer.short(), kind="fence")
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
    settled_in = [
        each
        for each in stage.there()
        if each.state is State.PRESENT and each not in joined and (room is None or room in each.rooms)
    ]
    newcomers = list(joined)
    if not settled_in and len(newcomers) == 1 and voice.echo:
        yield from _knock_from(stage, newcomers[0], newcomers, room)
    elif settled_in:
        yield from _knock_from(stage, settled_in[0], newcomers, room)
    elif len(newcomers) > 1:
        yield from _knock_from(stage, newcomers[0], newcomers[1:], room)
        yield from _knock_from(stage, newcomers[1], newcomers[:1], room)
    for session in newcomers:
        stage.present(session, "told")
    yield from stage.settle("join")
    return True


def _knock_from(stage: Stage, speaker: Session, listeners: list[Session], room: str | None) -> Steps:
    """One bot speaks, again after 1, 2, 4 … round trips, until all of these have heard it."""
    awaiting = {each.id: each for each in listeners if each.state is State.PRESENT}
    knocks: list[int] = []
    over = False

    def heard(session: Session) -> None:
        if awaiting.pop(session.id, None) is not None:
            stage.present(session, "knock")
            stage.progress()

    def speak(gap: float) -> Callable[[], None]:
        def utter() -> int | None:
            if over or not awaiting or speaker.state is not State.PRESENT:
                return None
            said = stage.say(speaker, stage.composer.short(), kind="knock", room=room)
            knocks.append(said)
            stage.when_heard[said] = heard
            stage.clockwork.timers.at(stage.now + gap, speak(min(2 * gap, 0.5)))
            return said

        return lambda: None if over or not awaiting else stage.mouth.enqueue(speaker, utter)

    speak(max(0.001, 2 * stage.patience.round_trip))()
    wait = Until(
        lambda: not [each for each in awaiting.values() if each.state is State.PRESENT], stage.patience.for_joins
    )
    met = yield wait
    over = True
    if not met:
        stage.unmet("knock", wait, [["knock", each.id, each.bot] for each in awaiting.values()])
        for session in list(awaiting.values()):
            stage.present(session, "patience")
    for said in knocks:
        stage.when_heard.pop(said, None)
    return True


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
    for session, room in crossing:
        stage.vocabulary.room(room)
        members = [each for each in stage.sessions if room in each.rooms and each is not session]
        stage.note("enter" if entering else "exit", session.id, room=room)
        if not entering:
            session.rooms.discard(room)
        stage.expect_notice("joined" if entering else "left", session, members, room)
        done = partial(_entered if entering else _exited, stage, session, room)
        begin(stage, session, rooms.enter if entering else rooms.exit, done, room=room, refusals=True)
    wait = Until(lambda: all(each.conversation is None for each, _ in crossing))
    if not (yield wait):
        missing = [[act.verb, each.id, room] for each, room in crossing if each.conversation is not None]
        stage.unmet(act.verb, wait, [list(row) for row in missing])
        for session, room in crossing:
            if session.conversation is not None:
                session.conversation = None
                session.ear.await_none()
                stage.skip(
                    session.bot, f"{session.bot} was never told that it is {'in' if entering else 'out of'} {room}"
                )
    if entering and stage.profile.knock:
        for room in dict.fromkeys(room for _, room in crossing):
            yield from _knock_in_room(stage, [each for each, to in crossing if to == room and room in each.rooms], room)
    yield from stage.settle(act.verb)
    return True


def _exited(stage: Stage, session: Session, room: str) -> None:
    session.rooms.discard(room)
    stage.note("exited", session.id, room=room)


def _knock_in_room(stage: Stage, newcomers: list[Session], room: str) -> Steps:
    rooms = stage.profile.rooms
    assert rooms is not None
    if rooms.voice.says is None or not rooms.voice.hears:
        return True
    members = [
        each for each in stage.sessions if room in each.rooms and each not in newcomers and each.state is State.PRESENT
    ]
    if members:
        yield from _hear_in_room(stage, members[0], newcomers, room)
    elif len(newcomers) > 1:
        yield from _hear_in_room(stage, newcomers[0], newcomers[1:], room)
        yield from _hear_in_room(stage, newcomers[1], newcomers[:1], room)
    elif newcomers and rooms.voice.echo:
        yield from _hear_in_room(stage, newcomers[0], newcomers, room)
    return True


def _hear_in_room(stage: Stage, speaker: Session, listeners: list[Session], room: str) -> Steps:
    """One knock, resent while it is not heard by all of these."""
    gap = max(0.001, 2 * stage.patience.round_trip)
    begun = stage.now
    while True:
        said = stage.say(speaker, stage.composer.short(), kind="knock", room=room)
        heard = partial(_all_have, listeners, said)
        if (yield Until(heard, gap, exact=True)):
            return True
        if stage.now - begun > stage.patience.seconds:
            return False
        gap *= 2


def _all_have(listeners: list[Session], message: int) -> bool:
    return all(each.has_seen(message) or each.state is not State.PRESENT for each in listeners)
