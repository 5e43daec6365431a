"""Saying: chat, converse, whisper, ask, and bytes as a scenario wants them cut (send)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from chatsim.engine.desk import answer_all_of
from chatsim.engine.mouth import UNNUMBERED
from chatsim.engine.session import Session, State
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Steps, Until
from chatsim.engine.texts import Composed
from chatsim.network.network import Send
from chatsim.profile.garbage import garbage
from chatsim.scenario.steps import Act, Raw, Talk, Tell

__all__ = ["ask", "chat", "converse", "send", "whisper"]

CAN_WRITE = (State.OPEN, State.PRESENT, State.STALLED)
CUT_PAUSE = 0.001  # seconds between two pieces of one message, where the scenario says nothing
HOLE = "\x1a"  # where bad bytes go in a message around them
ROSTER_QUIET = 0.25  # seconds after which a list without an end counts as ended


class Speech:
    """What one bot has to say in one step; it says one thing at a time and puts itself next in its queue."""

    def __init__(
        self,
        stage: Stage,
        session: Session,
        talk: Talk,
        say: Callable[[Composed], int],
    ) -> None:
        self._stage, self.session, self._every, self._say = stage, session, talk.every, say
        self._texts, self._left = _texts(stage, talk), talk.count
        self._draw = random.Random(f"pace {stage.plan.seed} {session.id} {stage.step}")
        self._step = stage.step
        self.said: list[int] = []

    def begin(self) -> None:
        self._stage.mouth.enqueue(self.session, self._utter)

    def _utter(self) -> int | None:
        if self.over:
            return None
        now_at, self._stage.step = self._stage.step, self._step  # meanwhile other steps may have begun
        number = self._say(next(self._texts))
        self._stage.step = now_at
        self.said.append(number)
        self._left -= 1
        if self._left == 0:
            return number
        if self._every is not None:
            gap = self._draw.uniform(self._every.low, self._every.high)
            self.session.free_at = self._stage.now + gap
        self._stage.mouth.say_next(self.session, self._utter)
        return number

    @property
    def over(self) -> bool:
        """Is everything said (or can it not be said any more)?"""
        return self._left == 0 or self.session.state not in CAN_WRITE

    def heard(self) -> bool:
        """...and heard by all who are waited for?"""
        return self.over and all(map(self._stage.owed.is_over, self.said))


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
            speeches.append(Speech(stage, session, detail, say))
    for speech in speeches:
        speech.begin()
    if not waits:
        yield from _until_written(stage, speeches)
        return True
    yield from _until_heard(stage, speeches, "chat", inside)
    return True


def _until_written(stage: Stage, wordy: Sequence[Speech | Sending]) -> Steps:
    """Wait until all is said that is to be said. `every`, pieces and the pace may make that longer than any patience:
    as long as somebody says something, or is only waiting for its time or for what is beyond the limit, it goes on."""

    def over() -> bool:
        return all(each.over for each in wordy)

    while not over():
        said = stage.mouth.utterances
        met = yield from stage.patiently(over)
        held = stage.beyond.pending or any(each.session.ticking for each in wordy)
        if not met and said == stage.mouth.utterances and not held:
            return False
    return True


def _room(stage: Stage, room: str | None) -> str | None:
    """Where public chat is the default room's, plain `chat` means that."""
    rooms = stage.profile.rooms
    if room is None and stage.profile.public.says is None and rooms is not None:
        return rooms.default
    return room


def _texts(stage: Stage, talk: Talk) -> Iterator[Composed]:
    """`count` texts; an author's own in turn. Drawn only when they are said."""
    for index in range(talk.count):
        if talk.texts:
            yield stage.composer.authored(talk.texts[index % len(talk.texts)])
        else:
            yield stage.composer.drawn(locale=talk.locale, size=talk.size)


def _until_heard(stage: Stage, speeches: list[Speech], why: str, inside: bool) -> Steps:
    yield from _until_written(stage, speeches)
    if not inside:
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
            speeches.append(Speech(stage, session, talk, say))
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
            stage.do(Send(session.id, stage.wire(session, question, **stage.values(session))))
            return UNNUMBERED

        session.roster, session.asking = None, True
        stage.mouth.enqueue(session, utter)
    open_ended, begun = not roster.end, stage.now

    def answered() -> bool:
        return not any(each.asking and each.state is State.PRESENT for each in sessions)

    wait = Until(answered)
    if open_ended and any("nick" in template.fields for template in roster.answer):
        while not (yield Until(answered, ROSTER_QUIET, exact=True)):
            coming = stage.now - stage.last_arrival < ROSTER_QUIET and any(each.roster for each in sessions)
            if coming and stage.now - begun < stage.patience.seconds:
                continue  # more of the list may be on its way
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
    sendings: list[Sending] = []
    for who, detail in act.entries:
        assert isinstance(detail, Raw)
        for bot in stage.bots(who, "send"):
            session = stage.able(bot, "send")
            if session is None:
                continue
            if detail.garbage is not None or detail.raw is not None or detail.data is not None:
                _act_badly(stage, session, detail)
            else:
                sendings.append(Sending(stage, session, detail))
    for sending in sendings:
        sending.begin()
    yield from _until_written(stage, sendings)
    if inside:
        yield Until(lambda: all(stage.owed.is_over(number) for sending in sendings for number in sending.said))
    else:
        yield from stage.settle("send")
    return True


class Sending:
    """What one bot sends in one `send` step: one message, maybe in several writes, or several in one."""

    def __init__(self, stage: Stage, session: Session, detail: Raw) -> None:
        self._stage, self.session, self._detail = stage, session, detail
        self._step = stage.step
        self._draw = random.Random(f"cuts {stage.plan.seed} {session.id} {stage.step}")
        self._cuts: list[bytes] = []
        self._done = False
        self.said: list[int] = []

    def begin(self) -> None:
        self._stage.mouth.enqueue(self.session, self._utter)

    @property
    def over(self) -> bool:
        """Is all of it written (or can it not be any more)?"""
        return self._done or self.session.state not in CAN_WRITE

    def _utter(self) -> int | None:
        detail = self._detail
        if self.over:
            return None
        if detail.glued > 1:
            self._done = True
            return self._glue()
        if detail.pieces is None:
            self._done = True
            return self._say()
        held: list[bytes] = []
        self._say(held)
        raw = held[0]
        size = 1 if detail.pieces == 0 else max(1, -(-len(raw) // detail.pieces))
        self._cuts = [raw[start : start + size] for start in range(0, len(raw), size)]
        return self._piece()

    def _say(self, held: list[bytes] | None = None) -> int:
        """One message; `held`: its bytes go there instead of onto the wire."""
        stage, detail = self._stage, self._detail
        text = stage.composer.drawn(size=detail.size) if detail.text is None else stage.composer.authored(detail.text)

        def hold(raw: bytes) -> bytes:
            assert held is not None
            held.append(raw)
            return b""

        apart = held is None or stage.terms.framed_sent
        joined = self.session.told or not stage.terms.join_dialogue
        now_at, stage.step = stage.step, self._step
        number = stage.say(
            self.session,
            text,
            kind="chat" if apart and joined else "piece",  # what the server makes of a piece is its own affair
            room=_room(stage, None),
            data=None if held is None else hold,
            shared=detail.glued > 1,
        )
        stage.step = now_at
        self.said.append(number)
        return number

    def _piece(self) -> int | None:
        """The next write. They do not travel as one segment, for there is a pause between them."""
        if self.over:
            return None
        stage, session, number = self._stage, self.session, self.said[0]
        piece = self._cuts.pop(0)
        stage.do(Send(session.id, piece, -1 if self._cuts else number, more=bool(self._cuts)))
        stage.progress()
        if not self._cuts:
            self._done = True
            return number
        every = self._detail.every
        session.free_at = stage.now + (CUT_PAUSE if every is None else self._draw.uniform(every.low, every.high))
        stage.mouth.say_next(session, self._piece)
        return None

    def _glue(self) -> int:
        """Several messages in one write: when the last byte is handed over, all of them are."""
        held: list[bytes] = []
        for _ in range(self._detail.glued):
            self._say(held)
        last = self.said[-1]
        self._stage.handed_with[last] = self.said[:-1]
        if self._stage.profile.line.wire.messages:  # in one write they would be one message
            for raw in held[:-1]:
                self._stage.do(Send(self.session.id, raw))
            held = held[-1:]
        self._stage.do(Send(self.session.id, b"".join(held), last))
        return last


def _act_badly(stage: Stage, session: Session, detail: Raw) -> None:
    """Bad input: written, and from now on nothing is owed to this bot; everybody else must go on as before."""
    stage.fault()
    session.acted_badly = True
    stage.away(session)
    what = detail.garbage or ("raw" if detail.raw is not None else "hex")
    stage.note("act", session.id, what=what)
    unfinished = detail.garbage in ("endless", "half")
    stage.do(Send(session.id, _bad_bytes(stage, session, detail), more=unfinished))


def _bad_bytes(stage: Stage, session: Session, detail: Raw) -> bytes:
    if detail.data is not None:
        return detail.data
    if detail.raw is not None:
        return detail.raw.encode(stage.profile.encoding, "replace")
    frame = partial(_framed, stage, session)

    def whole() -> bytes:
        text, says = stage.composer.short().text, stage.profile.public.says
        if session.translator is not None and says is not None:
            return stage.wire(session, says, text=text)
        return frame(text.encode(stage.profile.encoding))

    return garbage(detail.garbage or "half", stage.profile.sent, frame, whole)


def _framed(stage: Stage, session: Session, payload: bytes) -> bytes:
    """Bad bytes where a server looks for a message; in a record, where it looks for the text."""
    framing, says = stage.profile.sent, stage.profile.public.says
    if framing.kind != "record" or says is None:
        return framing.frame(payload)
    around = says.render(stage.values(session, text=HOLE))[0].encode(stage.profile.encoding)
    return framing.frame(around.replace(HOLE.encode(), payload))
