"""What every profile keeps to, in YAML or in Python: functions over a `Dialect`, each one a sentence.

A dialect is a profile and a *twin*: the server's end of one connection in the same language, which the test plays. What
is said is *words*, the same for all: ("join", nick), ("say", text) go up; ("welcome",), ("said", nick, text), ("joined",
nick), ("left", nick) come down. A profile is held to the contract by a test that calls every function of `CONTRACT`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chatsim.profile import markers
from chatsim.profile.authored import AuthoredError
from chatsim.profile.ear import Ear
from chatsim.profile.phrases import Awaited, NoticeHeard, Phrase, Refusal, Whole
from chatsim.profile.profile import Await, Profile, SendThis
from chatsim.profile.templates import Template
from chatsim.profile.vocabulary import Vocabulary

Words = tuple[str, ...]
Cuts = Sequence[int]


class Twin(Protocol):
    """The server's end of one connection."""

    def begin(self) -> bytes:
        """What the server says before anybody else does."""
        ...

    def read(self, data: bytes) -> list[Words]:
        """What these bytes of the client, with what came before, say."""
        ...

    def tell(self, *words: str) -> bytes: ...


@dataclass(frozen=True)
class Dialect:
    profile: Profile
    twin: Callable[[], Twin]


class Line:
    """A client's end: it says and hears by the profile alone, as the engine does."""

    def __init__(self, profile: Profile, nick: str = "ann") -> None:
        self.profile = profile
        self.vocabulary = Vocabulary(profile)
        for each in ("ann", "bob", "cat"):
            self.vocabulary.meet(each)
        self.values = {"nick": nick, "id": "1", "password": "pw-ann", "time": "2026-01-01T00:00:00"}
        self.ear = Ear(self.vocabulary, profile, nick, 0)
        self.translator = None
        if profile.python is not None:
            from chatsim.profile.python import Client
            from chatsim.profile.translating import Translator

            self.translator = Translator(profile.python, lambda: Client(nick, 1, "pw-ann"))

    def says(self, template: Template, **values: str) -> bytes:
        texts = template.render({**self.values, **values})
        if self.translator is not None:
            return b"".join(map(self.translator.said, texts))
        return b"".join(self.profile.sent.frame(text.encode(self.profile.encoding)) for text in texts)

    def hears(self, data: bytes) -> tuple[list[Phrase], bytes]:
        """The phrases, and what is answered at once."""
        answer = b""
        if self.translator is not None:
            data, answer = self.translator.heard(data)
        return self.ear.hear(data), answer


class Meeting:
    """A client and its twin, and the network between them, which cuts as it is told. `heard` and `read`: what arrived."""

    def __init__(self, dialect: Dialect, down: Cuts = (), up: Cuts = ()) -> None:
        self.line, self.twin = Line(dialect.profile), dialect.twin()
        self.down, self.up = down, up
        self.heard: list[Phrase] = []
        self.read: list[Words] = []

    def join(self) -> None:
        """The profile's join dialogue, with a server that lets everybody in."""
        self.carry_down(self.twin.begin())
        for step in self.line.profile.join:
            if isinstance(step, SendThis):
                self.carry_up(self.line.says(step.template))
            elif isinstance(step, Await):
                self.heard += self.line.ear.await_(step.templates, self.line.profile.refuses)
        self.carry_down(self.twin.tell("welcome"))
        self.line.ear.await_none()

    def said(self, text: str) -> bytes:
        says = self.line.profile.public.says
        assert says is not None
        return self.line.says(says, text=text)

    def carry_down(self, data: bytes) -> None:
        for piece in cut(data, self.down):
            phrases, answer = self.line.hears(piece)
            self.heard += phrases
            self.carry_up(answer)

    def carry_up(self, data: bytes) -> None:
        for piece in cut(data, self.up):
            self.read += self.twin.read(piece)

    def message(self, number: int, nick: str, text: str) -> str:
        """Somebody says this: the ears know what to look for. Returns it as it is said."""
        marker = number * 7919 % markers.COUNT
        text = f"{markers.head(marker)} {text} {markers.tail(marker)}"
        self.line.vocabulary.add(number, text, kind="public", nick=nick, marker=marker)
        return text


def cut(data: bytes, places: Cuts) -> list[bytes]:
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges) if b > a]


def what_arrives_means_the_same_however_it_is_cut(dialect: Dialect, texts: Sequence[str], cuts: Cuts) -> None:
    def heard(down: Cuts) -> list[Phrase]:
        meeting = Meeting(dialect, down=down)
        meeting.join()
        stream = meeting.twin.tell("joined", "cat")
        for number, text in enumerate(texts):
            nick = ("bob", "cat")[number % 2]
            stream += meeting.twin.tell("said", nick, meeting.message(number, nick, text))
        meeting.carry_down(stream + meeting.twin.tell("left", "bob"))
        return [phrase for phrase in meeting.heard if isinstance(phrase, Whole | NoticeHeard | Awaited | Refusal)]

    whole = heard(())

    assert heard(cuts) == heard(range(10_000)) == whole
    assert [phrase.message for phrase in whole if isinstance(phrase, Whole)] == list(range(len(texts)))
    notices = [(phrase.what, phrase.nick) for phrase in whole if isinstance(phrase, NoticeHeard)]
    assert notices == [("joined", "cat"), ("left", "bob")]


def what_it_says_a_twin_understands(dialect: Dialect, texts: Sequence[str], cuts: Cuts) -> None:
    meeting = Meeting(dialect, up=cuts)
    meeting.join()
    meeting.carry_up(b"".join([meeting.said(text) for text in texts]))

    assert meeting.read == [("join", "ann"), *(("say", text) for text in texts)]


def one_connection_knows_nothing_of_another(dialect: Dialect, texts: Sequence[str], cuts: Cuts) -> None:
    one, other = Meeting(dialect, cuts, cuts), Meeting(dialect, (1, 2), (1, 2))
    one.join()
    other.join()
    for number, text in enumerate(texts):
        for meeting in (one, other):
            meeting.carry_up(meeting.said(text))
            meeting.carry_down(meeting.twin.tell("said", "bob", meeting.message(number, "bob", text)))

    for meeting in (one, other):
        assert meeting.read == [("join", "ann"), *(("say", text) for text in texts)]
        wholes = [phrase.message for phrase in meeting.heard if isinstance(phrase, Whole)]
        assert wholes == list(range(len(texts)))


def garbage_is_heard_or_told_as_its_authors(dialect: Dialect, texts: Sequence[str], cuts: Cuts) -> None:
    meeting = Meeting(dialect, cuts)
    meeting.join()
    try:
        meeting.carry_down("\n".join(texts).encode() + b"\xff\n\0{\n")
    except AuthoredError as error:  # of a Python profile: never an exception of any other kind
        assert error.problems[0].place is not None


CONTRACT: tuple[Callable[[Dialect, Sequence[str], Cuts], None], ...] = (
    what_arrives_means_the_same_however_it_is_cut,
    what_it_says_a_twin_understands,
    one_connection_knows_nothing_of_another,
    garbage_is_heard_or_told_as_its_authors,
)
