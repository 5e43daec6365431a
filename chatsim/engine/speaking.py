"""Saying: chat, converse, whisper, ask, and bytes as a scenario wants them cut (send)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial

from chatsim.engine.desk import answer_all_of
from chatsim.engine.mouth import UNNUMBERED
from chatsim.engine.session import Session, State
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Steps, Until
from chatsim.engine.texts import Composed
from chatsim.network.network import Send
from chatsim.scenario.steps import Act, Raw, Span, Talk, Tell

__all__ = ["ask", "chat", "converse", "send", "whisper"]

CUT_PAUSE = 0.001  # seconds between two pieces of one message, where the scenario says nothing
ENDLESS = 262_144  # bytes without an end
ROSTER_QUIET = 0.25  # seconds after which a list without an end counts as ended


class Speech:
    """What one bot has to say in one step; it says one thing at a time and puts itself next in its queue."""

    def __init__(
        self,
        stage: Stage,
        session: Session,
        texts: Iterator[Composed],
        every: Span | None,
        say: Callable[[Composed], int],
    ) -> None:
        self._stage, self._session, self._texts, self._every, self._say = stage, session, texts, every, say
        self._draw = random.Random(f"pace {stage.plan.seed} {session.id} {stage.step}")
        self.said: list[int] = []
        self.over = False

    def begin(self) -> None:
        self._stage.mouth.enqueue(self._session, self._utter)

    def _utter(self) -> int | None:
        if self._session.state not in (State.PRESENT, State.OPEN):
            self.over = True
            return None
        composed = next(self._texts, None)
        if composed is None:
            self.over = True
            return None
        number = self._say(composed)
        self.said.append(number)
        if self._every is not None:
            gap = self._draw.uniform(self._every.low, self._every.high)
            self._session.free_at = self._stage.now + gap
        self._stage.mouth.say_next(self._session, self._utter)
        return number

    def heard(self) -> bool:
        """Is everything said, and heard by all who are waited for? (or can it not be said any more)"""
        silenced = self._session.state not in (State.PRESENT, State.OPEN, State.STALLED)
        return (self.over or silenced) and all(map(self._stage.owed.is_over, self.said))


def chat(stage: Stage, act: Act, *, inside: bool) -> Steps:
    """chat: all receivers that read have heard, echo and receipts have come. `wait: no`: all is written."""
    speeches: list[Speech] = []
    waits = True
    for who, detail in act.entries:
        assert isinstance(detail, Talk)
        waits = waits and detail.wait
        room = _room(stage, detail.room)
        for bot in stage.bots(who, "chat"):
            session = stage.able(bot, "chat")
            if session is None:
                continue
            if room is not None and room not in session.rooms:
                stage.skip(bot, f"{bot} can't chat in {room}: it is not in there")
                continue
            if stage.terms.operator == "waiting" and not stage.plan.attached:
                yield from _to_the_desk(stage, session, detail)
                continue
            say = partial(stage.say, session, room=room)
            speeches.append(Speech(stage, session, _texts(stage, detail), detail.every, say))
    for speech in speeches:
        speech.begin()
    if not waits:
        yield Until(lambda: all(speech.over for speech in speeches), _longest(speeches, act))
        return True
    yield from _until_heard(stage, speeches, "chat", inside)
    return True


def _longest(speeches: list[Speech], act: Act) -> float | None:
    """How long merely writing may take: `every` stretches it."""
    spans = [detail.count * detail.every.high for _, detail in act.entries if isinstance(detail, Talk) and detail.every]
    return max(spans) + 2.0 if spans and speeches else None


def _room(stage: Stage, room: str | None) -> str | None:
    """Where public chat is the default room's, plain `chat` means that."""
    rooms = stage.profile.rooms
    if room is None and stage.profile.public.says is None and rooms is not None:
        return rooms.default
    return room


def _texts(stage: Stage, talk: Talk) -> Iterator[Composed]:
    """`count` texts; an author's own in turn. Drawn only when they are said."""
    number = max(talk.count, len(talk.texts)) if talk.texts and talk.count == 1 else talk.count
    for index in range(number):
        if talk.texts:
            yield stage.composer.authored(talk.texts[index % len(talk.texts)])
        else:
            yield stage.composer.drawn(locale=talk.locale, size=talk.size)


def _until_heard(stage: Stage, speeches: list[Speech], why: str, inside: bool) -> Steps:
    if not inside:
        # `every` may make a step longer than a patience: as long as somebody still speaks, that is progress.
        while not all(speech.over for speech in speeches):
            said = [len(speech.said) for speech in speeches]
            met = yield Until(lambda: all(speech.over or speech.heard() for speech in speeches))
            if not met and said == [len(speech.said) for speech in speeches]:
                break
        yield from stage.settle(why)
        return True
    wait = Until(lambda: all(speech.heard() for speech in speeches))
    if not (yield wait):
        own = {number for speech in speeches for number in speech.said}
        stage.unmet(why, wait, [row for row in stage.owed.missing(stage.sessions) if row[2] in own])
    return True


def _to_the_desk(stage: Stage, session: Session, talk: Talk) -> Steps:
    """An operator answers one message at a time: what was asked before is answered first."""
    for composed in _texts(stage, talk):
        yield from answer_all_of(stage, session)
        if session.state is not State.PRESENT:
            return False
        said = stage.say(session, composed)
        wait = Until(partial(stage.owed.is_over, said))
        if not (yield wait):
            stage.unmet("chat", wait, stage.owed.missing(stage.sessions))
            stage.give_up()
    stage.note("settled", how="all-heard", channels=None, valid=True)
    return True


def converse(stage: Stage, act: Act, *, inside: bool) -> Steps:
    """converse: in turn; each speaks as soon as *it* has heard the one before."""
    for who, detail in act.entries:
        assert isinstance(detail, Talk)
        speakers = [session for bot in stage.bots(who, "converse") if (session := stage.able(bot, "converse"))]
        if len(speakers) < 2:
            stage.skip(speakers[0].bot if speakers else "", "a conversation needs two bots that are here")
            continue
        room = _room(stage, detail.room)
        for turn in range(detail.count):
            speaker, following = speakers[turn % len(speakers)], speakers[(turn + 1) % len(speakers)]
            if speaker.state is not State.PRESENT:
                stage.skip(speaker.bot, f"{speaker.bot} can't go on talking: it is {speaker.state}")
                break
            said: list[int] = []

            def utter(
                speaker: Session = speaker, said: list[int] = said, room: str | None = room, detail: Talk = detail
            ) -> int | None:
                number = stage.say(speaker, stage.composer.drawn(locale=detail.locale, size=detail.size), room=room)
                said.append(number)
                return number

            stage.mouth.enqueue(speaker, utter)
            wait = Until(partial(_has_heard, following, said))
            if not (yield wait):
                stage.unmet("converse", wait, [["message", following.id, said[0]]] if said else [])
                break
    if not inside:
        yield from stage.settle("converse")
    return True


def _has_heard(session: Session, said: list[int]) -> bool:
    return bool(said) and (session.has_seen(said[0]) or session.state is not State.PRESENT)


def whisper(stage: Stage, act: Act, *, inside: bool) -> Steps:
    """whisper: the addressee has heard."""
    speeches: list[Speech] = []
    for who, detail in act.entries:
        assert isinstance(detail, Tell)
        for bot in stage.bots(who, "whisper"):
            session = stage.able(bot, "whisper")
            addressee = stage.current.get(detail.to)
            if session is None:
                continue
            if addressee is None or addressee.state not in (State.PRESENT, State.STALLED):
                stage.skip(bot, f"{bot} can't whisper to {detail.to}: {detail.to} is not here")
                continue
            talk = Talk(texts=detail.texts, count=detail.count)
            say = partial(stage.say, session, kind="whisper", to=addressee)
            speeches.append(Speech(stage, session, _texts(stage, talk), None, say))
    for speech in speeches:
        speech.begin()
    yield from _until_heard(stage, speeches, "whisper", inside)
    return True


def ask(stage: Stage, act: Act) -> Steps:
    """ask: roster. A list without an end counts as ended after a quiet moment."""
    sessions = [each for who, _ in act.entries for bot in stage.bots(who, "ask") if (each := stage.able(bot, "ask"))]
    yield from ask_roster(stage, sessions)
    return True


def ask_roster(stage: Stage, sessions: list[Session]) -> Steps:
    """These ask who is there; the answers stand in the history."""
    roster = stage.profile.roster
    assert roster is not None and roster.ask is not None
    question = roster.ask
    for session in sessions:

        def utter(session: Session = session) -> int:
            session.asking, session.roster = True, None
            stage.note("ask", session.id)
            session.ear.await_roster()
            stage.do(Send(session.id, stage.wire(question, **stage.values(session))))
            return UNNUMBERED

        session.roster, session.asking = None, True
        stage.mouth.enqueue(session, utter)
    open_ended = not roster.end

    def answered() -> bool:
        return not any(each.asking and each.state is State.PRESENT for each in sessions)

    wait = Until(answered)
    if open_ended and any("nick" in template.fields for template in roster.answer):
        while not (yield Until(answered, ROSTER_QUIET, exact=True)):
            if all(each.roster is not None or not each.asking for each in sessions):
                for session in sessions:
                    if session.asking:
                        session.asking = False
                        stage.note("roster", session.id, names=list(session.roster or ()), asked=True)
                return True
            if not (yield Until(lambda: any(each.roster is not None for each in sessions))):
                break
    elif (yield wait):
        return True
    stage.unmet("roster", wait, [["roster", each.id, each.bot] for each in sessions if each.asking])
    for session in sessions:
        session.asking = False
    return False


# --- bytes as the scenario wants them ----------------------------------------------------------------------------------


def send(stage: Stage, act: Act, *, inside: bool) -> Steps:
    """send: a message in pieces or glued, or bad input, after which nobody else may suffer."""
    said: list[int] = []
    pending: list[bool] = []
    for who, detail in act.entries:
        assert isinstance(detail, Raw)
        for bot in stage.bots(who, "send"):
            session = stage.able(bot, "send")
            if session is None:
                continue
            if detail.garbage is not None or detail.raw is not None or detail.data is not None:
                _act_badly(stage, session, detail)
            elif detail.glued > 1:
                said += _glue(stage, session, detail)
            else:
                said.append(_cut(stage, session, detail, pending))
    while pending and not all(pending):
        if not (yield Until(lambda: all(pending), 60.0)):
            break
    if inside:
        yield Until(lambda: all(map(stage.owed.is_over, said)))
    else:
        yield from stage.settle("send")
    return True


def _composed(stage: Stage, detail: Raw) -> Composed:
    return stage.composer.authored(detail.text) if detail.text is not None else stage.composer.drawn(size=detail.size)


def _promised(stage: Stage) -> bool:
    return stage.terms.framed_sent


def _cut(stage: Stage, session: Session, detail: Raw, pending: list[bool]) -> int:
    """One message in several writes, with a pause between them so that they travel as several segments."""
    held: list[bytes] = []

    def hold(raw: bytes) -> bytes:
        held.append(raw)
        return b""

    whole = detail.pieces is None
    kind = "chat" if whole or _promised(stage) else "piece"
    number = stage.say(session, _composed(stage, detail), kind=kind, data=None if whole else hold)
    if whole:
        return number
    raw = held[0]
    size = 1 if detail.pieces == 0 else max(1, -(-len(raw) // (detail.pieces or 1)))
    cuts = [raw[start : start + size] for start in range(0, len(raw), size)]
    slot = len(pending)
    pending.append(False)
    draw = random.Random(f"cuts {stage.plan.seed} {number}")

    def next_piece() -> None:
        if session.state is not State.PRESENT and session.state is not State.OPEN:
            pending[slot] = True
            return
        piece = cuts.pop(0)
        stage.do(Send(session.id, piece, -1 if cuts else number))
        stage.progress()
        if cuts:
            gap = CUT_PAUSE if detail.every is None else draw.uniform(detail.every.low, detail.every.high)
            stage.clockwork.timers.at(stage.now + gap, next_piece)
        else:
            pending[slot] = True

    next_piece()
    return number


def _glue(stage: Stage, session: Session, detail: Raw) -> list[int]:
    """Several messages in one write."""
    held: list[bytes] = []

    def hold(raw: bytes) -> bytes:
        held.append(raw)
        return b""

    kind = "chat" if _promised(stage) else "piece"
    numbers = [
        stage.say(session, _composed(stage, detail), kind=kind, data=hold, shared=True) for _ in range(detail.glued)
    ]
    stage.do(Send(session.id, b"".join(held), -1))
    for number in numbers:
        stage.history.say(stage.now, "handed", session.id, number)
    return numbers


def _act_badly(stage: Stage, session: Session, detail: Raw) -> None:
    """Bad input: written, and from now on nothing is owed to this bot; everybody else must go on as before."""
    stage.fault()
    session.acted_badly = True
    stage.away(session)
    what = detail.garbage or ("raw" if detail.raw is not None else "hex")
    stage.note("act", session.id, what=what)
    stage.do(Send(session.id, _bad_bytes(stage, detail)))


def _bad_bytes(stage: Stage, detail: Raw) -> bytes:
    if detail.data is not None:
        return detail.data
    if detail.raw is not None:
        return detail.raw.encode(stage.profile.encoding, "replace")
    frame = stage.profile.sent.frame
    match detail.garbage:
        case "utf-8":
            return frame(b"bad \xff\xfe\xc3\x28 \xf0\x9f bytes")
        case "nul":
            return frame(b"nul \x00\x00 bytes")
        case "length":
            return b"\xff" * 16 if stage.profile.sent.kind == "struct" else b"not a number!" * 6
        case "endless":
            return b"e" * ENDLESS
        case "empty":
            return frame(b"")
        case _:
            whole = frame(stage.composer.short().text.encode(stage.profile.encoding))
            return whole[: max(1, len(whole) // 2)]
