"""From what was understood to the steps of a scenario, in the order in which it happened. Pure.

One act is one step, and a step is over when all that it owes has come; so the order of a session, and what had been
heard before something was said, are kept without a single pause. What people said at the same time, none of them having
heard any of the others', is said at the same time again: it is one step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from chatsim.endings import exit_code
from chatsim.history import Message
from chatsim.recording.notes import Note, Understood, room_of

__all__ = ["Step", "steps_of"]

NOT_WHILE_STALLED = ("enter", "exit", "rename", "ask")  # a real client may, a bot may not
DYING = 2.0  # seconds in which a server that ends by itself closes its connections
MOST_LINES = 3  # of an answer to something unknown that are expected again


@dataclass(slots=True)
class Step:
    """`verb` and its entries: a bot and its detail (null: none; a text, a list of texts, or a map). `before`: the place
    of the note at which it begins. `remark`: a comment that stands above it; a step without a verb is only that."""

    verb: str
    entries: dict[str, object] = field(default_factory=dict)
    before: int = 0
    remark: str = ""

    @property
    def bots(self) -> tuple[str, ...]:
        return tuple(self.entries)


def steps_of(understood: Understood) -> list[Step]:
    return list(_Steps(understood).all())


@dataclass(slots=True)
class _Talk:
    """A step of talk that may grow: what of it is still to be heard, and who has heard some of it."""

    step: Step
    heard_by: set[int] = field(default_factory=set)
    said: set[int] = field(default_factory=set)


class _Steps:
    def __init__(self, understood: Understood) -> None:
        self._notes = understood.notes
        self._messages = understood.messages
        self._bot = {life.session: life.bot for life in understood.lives}
        self._told = {life.session for life in understood.lives if life.told}
        self._refused = {life.session for life in understood.lives if life.refused}
        self._hasty = self._who_act_before_they_are_in()
        self._talk: _Talk | None = None
        self._here: set[str] = set()  # bots for whom the scenario has a connection now
        self._been: set[str] = set()
        self._stalled: set[str] = set()  # bots that the scenario has told to stop reading
        self._ended: set[int] = set()  # sessions
        self._spoke_badly: dict[int, int] = {}  # session → lines that may still be the answer
        self._server_up = True
        death = next(
            (n for n in self._notes if n.kind == "server" and n.detail.get("what") in ("exited", "stopping")), None
        )
        self._dies_at = death.at if death is not None and death.detail["what"] == "exited" else float("inf")

    def _who_act_before_they_are_in(self) -> set[int]:
        """They connect in a step of their own."""
        acted, answered = set[int](), set[int]()
        for note in self._notes:
            if note.kind in ("told", "refused"):
                answered.add(note.session)
            elif note.kind == "act" and note.session not in answered:
                acted.add(note.session)
        return acted

    def all(self) -> Iterator[Step]:
        for place, note in enumerate(self._notes):
            for step in self._of(place, note):
                step.before = place
                yield step

    def _of(self, place: int, note: Note) -> Iterator[Step]:
        session, bot = note.session, self._bot.get(note.session, "")
        match note.kind:
            case "send":
                yield from self._says(note, self._messages[note.ref], bot)
                return
            case "heard":
                if self._talk is not None and note.ref in self._talk.said:
                    self._talk.heard_by.add(session)
                return
            case "settled" | "handed" | "notice" | "present" | "ack" | "out" | "connected":
                if note.kind == "settled":
                    self._talk = None  # whoever speaks now knows all of it, or might
                return
            case "unrecognised":
                yield from self._answered(note, bot)
                return
        acts = list(self._act(place, note, bot))
        if bot in self._stalled and any(step.verb in NOT_WHILE_STALLED for step in acts):
            acts = [*self._resumes(bot), *acts]
        if acts:
            self._talk = None
        yield from acts

    def _act(self, place: int, note: Note, bot: str) -> Iterator[Step]:
        session = note.session
        match note.kind:
            case "connect":
                if session not in self._told | self._refused or session in self._hasty:
                    yield from self._comes("connect", bot)
            case "told" if session in self._hasty:
                self._been.add(bot)
                yield Step("join", {bot: None})
            case "told":
                yield from self._comes("rejoin" if bot in self._been else "join", bot)
            case "refused" if "room" not in note.detail:
                yield self._goes(session, bot, Step("join", {bot: "refused"}))
            case "enter" | "exit":
                if self._follows(place, session, note.kind + "ed"):
                    yield Step(note.kind, {bot: str(note.detail["room"])})
            case "rename":
                if self._follows(place, session, "renamed"):
                    yield Step("rename", {bot: str(note.detail["nick"])})
            case "ask":
                yield Step("ask", {bot: "roster"})
            case "leave":
                yield self._goes(session, bot, Step("disconnect", {bot: None}))
            case "drop":
                yield self._goes(session, bot, Step("drop", {bot: str(note.detail["how"])}))
            case "stall" if bot in self._here:
                self._stalled.add(bot)
                yield Step("stall", {bot: None})
            case "resume":
                yield from self._resumes(bot)
            case "act" if session in self._ended:
                shown = str(note.detail["text"])[:200]
                yield Step("", remark=f"{bot}, which was out already, sent what the profile does not know: {shown}")
            case "act":
                self._spoke_badly[session] = MOST_LINES
                yield Step("send", {bot: _raw(note.raw)}, remark=f"{bot} sent what the profile does not know:")
            case "closed" if session not in self._ended and bot in self._here:
                self._here.discard(bot)
                self._stalled.discard(bot)
                self._ended.add(session)
                if self._server_up and self._dies_at - note.at > DYING:
                    yield Step("expect", {bot: {"closed": True}})
            case "server":
                yield from self._server(note)

    def _resumes(self, bot: str) -> Iterator[Step]:
        if bot in self._stalled:
            self._stalled.discard(bot)
            yield Step("resume", {bot: None})

    def _comes(self, verb: str, bot: str) -> Iterator[Step]:
        if bot in self._here:  # the server closed its connection, and nobody said so
            yield Step("drop", {bot: "close"})
        self._here.add(bot)
        self._stalled.discard(bot)
        if verb != "connect":
            self._been.add(bot)
        yield Step(verb, {bot: None})

    def _goes(self, session: int, bot: str, step: Step) -> Step:
        self._here.discard(bot)
        self._stalled.discard(bot)
        self._ended.add(session)
        return step

    def _server(self, note: Note) -> Iterator[Step]:
        what = note.detail.get("what")
        if what == "stopping":
            self._server_up = False
        elif what == "exited" and self._server_up:
            self._server_up = False
            code = note.detail.get("code")
            how = "" if code is None else f", by signal {-code}" if code < 0 else f", with {exit_code(code)}"
            yield Step("", remark=f"Here the server ended by itself{how}.")

    def _says(self, note: Note, message: Message, bot: str) -> Iterator[Step]:
        self._spoke_badly.pop(note.session, None)
        if message.kind == "whisper":
            self._talk = None
            yield Step("whisper", {bot: {"to": self._bot[message.to or 0], "text": message.text}})
            return
        room = room_of(message)
        detail: object = {"text": message.text, "in": room} if room else message.text
        talk = self._talk
        if talk is not None and note.session not in talk.heard_by:
            if bot not in talk.step.entries:
                talk.step.entries[bot] = detail
                talk.said.add(message.id)
                return
            more = _and_also(talk.step.entries[bot], detail)
            if more is not None:
                talk.step.entries[bot] = more
                talk.said.add(message.id)
                return
        step = Step("chat", {bot: detail})
        self._talk = _Talk(step, said={message.id})
        yield step

    def _answered(self, note: Note, bot: str) -> Iterator[Step]:
        """What came in answer to something unknown is expected again, unless it may be another one the next time."""
        text = str(note.detail["text"]).strip()
        left = self._spoke_badly.get(note.session, 0)
        if left and note.session not in self._ended:
            self._spoke_badly[note.session] = left - 1
            if _is_steady(text):
                yield Step("expect", {bot: {"line": _literal(text)}})
                return
        yield Step("", remark=f"{bot} read what the profile does not know: {text[:200]}")

    def _follows(self, place: int, session: int, kind: str) -> bool:
        return any(note.kind == kind and note.session == session for note in self._notes[place:])


def _and_also(said: object, more: object) -> object | None:
    """Several texts of one bot, said one after the other; None if they can not stand together."""
    if isinstance(said, dict) and isinstance(more, dict) and said["in"] == more["in"]:
        texts = said["text"] if isinstance(said["text"], list) else [said["text"]]
        return {"text": [*texts, more["text"]], "in": said["in"]}
    if isinstance(said, str | list) and isinstance(more, str):
        return [*(said if isinstance(said, list) else [said]), more]
    return None


def _raw(data: bytes) -> dict[str, str]:
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return {"hex": data.hex(" ")}
    return {"raw": text} if text.isprintable() or text.strip("\r\n").isprintable() else {"hex": data.hex(" ")}


def _is_steady(text: str) -> bool:
    """Dates, counters and addresses have digits in them."""
    return bool(text) and text.isprintable() and not any(sign.isdigit() for sign in text)


def _literal(text: str) -> str:
    """As a template that means these very characters."""
    return text.replace("{", "{{").replace("}", "}}") if "{" in text else text
