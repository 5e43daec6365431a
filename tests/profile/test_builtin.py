"""The built-in profiles speak the dialects of the reference server: what one sends, the other understands.

No socket is needed: a dialect is told what came and answers with effects, and here they are carried out by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from chatsim.profile.profile import Await, Dialogue, Profile, SendThis
from chatsim.profile.reader import dialect_names, load_profile
from chatsim.profile.templates import Match, Template, split_names
from reference_server.dialects import DIALECTS
from reference_server.dialects.dialect import Dialect, Effect, HangUp, Show, Tell

NICKS = {"nick": "ann|bob", "to": "ann|bob"}
ANN, BOB = 1, 2


class Conversation:
    """Ann and Bob in one dialect, everything framed and unframed on its way."""

    def __init__(self, name: str) -> None:
        self.profile: Profile = load_profile(name)
        self.dialect: Dialect = DIALECTS[name]()
        self.console: list[str] = []
        self.gone: set[int] = set()
        self.heard: dict[int, list[str]] = {ANN: [], BOB: []}
        self._server = {guest: self.dialect.framing() for guest in self.heard}
        self._client = {guest: self.profile.received.decoder() for guest in self.heard}
        for guest in self.heard:
            self.carry_out(self.dialect.arrived(guest, ("127.0.0.1", 50_000 + guest)))

    def send(self, guest: int, template: Template, values: Mapping[str, str]) -> None:
        for text in template.render(values):
            payload = text.encode()
            assert self.profile.sent.payload_problem(payload) is None
            for message in self._server[guest].feed(self.profile.sent.frame(payload)):
                assert isinstance(message, bytes)
                self.carry_out(self.dialect.heard(guest, message))

    def play(self, guest: int, dialogue: Dialogue, values: Mapping[str, str]) -> None:
        for step in dialogue:
            if isinstance(step, SendThis):
                self.send(guest, step.template, values)
            elif isinstance(step, Await):
                assert self.found(guest, step.templates, NICKS | {"nick": values["nick"]})

    def found(self, guest: int, templates: Iterable[Template], slots: Mapping[str, str]) -> Match | None:
        """The first of what this guest has heard that one of the templates matches; it and what came before is used up."""
        heard = self.heard[guest]
        for template in templates:
            frames = template.frames
            for at in range(len(heard) - len(frames) + 1):
                matches = [frame.matcher(slots).fullmatch(heard[at + n]) for n, frame in enumerate(frames)]
                if all(matches):
                    del heard[: at + len(frames)]
                    last = matches[-1]
                    assert last is not None
                    return Match(0, 0, {k: v for match in matches if match for k, v in match.bindings.items()})
        return None

    def join(self) -> None:
        for guest, nick in ((ANN, "ann"), (BOB, "bob")):
            self.play(guest, self.profile.join, {"nick": nick})

    def leaves(self, guest: int) -> None:
        self.gone.add(guest)
        self.carry_out(self.dialect.left(guest))

    def carry_out(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Tell):
                for guest in effect.to:
                    self.heard[guest] += [frame.decode() for frame in self._client[guest].feed(effect.data)]
            elif isinstance(effect, Show):
                self.console.append(effect.text)
            elif isinstance(effect, HangUp):
                self.leaves(effect.guest)


@pytest.fixture(params=dialect_names())
def conversation(request: pytest.FixtureRequest) -> Conversation:
    conversation = Conversation(request.param)
    conversation.join()
    return conversation


def test_there_is_a_profile_for_each_dialect() -> None:
    assert sorted(dialect_names()) == sorted(DIALECTS)


def test_a_message_reaches_whom_the_profile_says(conversation: Conversation) -> None:
    voice = conversation.profile.public
    assert voice.says is not None
    slots = NICKS | {"text": "one, 漢字: two"}
    conversation.heard[ANN].clear()  # it may have been told of bob

    conversation.send(ANN, voice.says, {"nick": "ann", "text": "one, 漢字: two"})

    others = conversation.found(BOB, voice.hears, slots)
    assert (others is not None) == bool(voice.hears)
    if others is not None and "nick" in others.bindings:
        assert others.bindings["nick"] == "ann"
    assert (conversation.found(ANN, voice.echo, slots) is not None) == bool(voice.echo)
    assert (conversation.found(ANN, voice.ack, slots) is not None) == bool(voice.ack)
    assert conversation.heard[ANN] == []
    said = conversation.profile.output_said
    assert any(template.matcher(slots).search(line) for template in said for line in conversation.console) == bool(said)


def test_notices_tell_who_came_and_who_went(conversation: Conversation) -> None:
    profile = conversation.profile

    assert (conversation.found(ANN, profile.joined, {"nick": "bob"}) is not None) == bool(profile.joined)
    if profile.leave:
        conversation.play(BOB, profile.leave, {"nick": "bob"})
        assert BOB in conversation.gone
    else:
        conversation.leaves(BOB)

    assert (conversation.found(ANN, profile.left, {"nick": "bob"}) is not None) == bool(profile.left)


def test_what_the_console_shows_of_comers_and_goers(conversation: Conversation) -> None:
    profile = conversation.profile
    conversation.leaves(BOB)

    for templates in (profile.output_joined, profile.output_left):
        assert all(any(template.matcher().search(line) for line in conversation.console) for template in templates)


@pytest.mark.parametrize("name", ["lines", "binary-length", "json-lines"])
def test_the_roster_names_both(name: str) -> None:
    conversation = Conversation(name)
    conversation.join()
    roster = conversation.profile.roster
    assert roster is not None
    assert roster.ask is not None

    conversation.send(ANN, roster.ask, {})

    found = conversation.found(ANN, roster.answer, {})
    assert found is not None
    assert split_names(found.bindings["nicks"], known=["ann", "bob"]) == ("ann", "bob")


@pytest.mark.parametrize("name", ["lines", "json-lines"])
def test_a_whisper_reaches_its_addressee_alone(name: str) -> None:
    conversation = Conversation(name)
    conversation.join()
    voice = conversation.profile.whisper
    assert voice.says is not None

    conversation.send(ANN, voice.says, {"nick": "ann", "to": "bob", "text": 'psst "you"'})

    found = conversation.found(BOB, voice.hears, NICKS | {"text": "psst .*"})
    assert found is not None
    assert found.bindings == {"nick": "ann", "text": 'psst "you"'}
    assert conversation.found(ANN, voice.hears, NICKS) is None


@pytest.mark.parametrize("name", ["lines", "prompted", "header-64", "binary-length", "json-lines"])
def test_a_name_in_use_is_refused(name: str) -> None:
    conversation = Conversation(name)
    conversation.play(ANN, conversation.profile.join, {"nick": "ann"})

    for step in conversation.profile.join:
        if isinstance(step, SendThis):
            conversation.send(BOB, step.template, {"nick": "ann"})

    assert conversation.found(BOB, conversation.profile.refuses, NICKS)


def test_rooms_of_the_lines_dialect() -> None:
    conversation = Conversation("lines")
    conversation.join()
    rooms = conversation.profile.rooms
    assert rooms is not None
    assert rooms.voice.says is not None
    slots = NICKS | {"room": "kitchen"}

    for guest, nick in ((ANN, "ann"), (BOB, "bob")):
        conversation.play(guest, rooms.enter, {"nick": nick, "room": "kitchen"})
    assert conversation.found(ANN, rooms.joined, slots)
    conversation.send(ANN, rooms.voice.says, {"room": "kitchen", "text": "soup?"})
    assert conversation.found(BOB, rooms.voice.hears, slots | {"text": "soup\\?"})
    conversation.play(BOB, rooms.exit, {"nick": "bob", "room": "kitchen"})

    assert conversation.found(ANN, rooms.left, slots)


def test_the_operator_answers_and_ends_a_session() -> None:
    conversation = Conversation("operator-desk")
    operator, says = conversation.profile.operator, conversation.profile.public.says
    assert operator is not None
    assert says is not None
    assert operator.ends is not None
    conversation.send(ANN, says, {"text": "help"})
    conversation.send(ANN, says, {"text": "more help"})

    conversation.carry_out(conversation.dialect.typed(b"yes?"))
    conversation.carry_out(conversation.dialect.typed(operator.ends.encode()))

    assert conversation.found(ANN, operator.hears, {"text": r"yes\?"})
    assert conversation.gone == {ANN}
