"""What is still owed, counted by numbers, is what a slow version with sets finds."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatsim.engine.owed import Flight, Owed
from chatsim.engine.session import Session, State
from chatsim.engine.transition import Transition
from chatsim.profile.ear import Ear
from chatsim.profile.reader import load_profile
from chatsim.profile.vocabulary import Vocabulary

LINES = load_profile("lines")
MANY = 4
WHO = st.integers(0, MANY - 1)


@dataclass
class Slow:
    """Pairs of message and session that are awaited."""

    pairs: set[tuple[int, int]] = field(default_factory=set)
    echoes: set[int] = field(default_factory=set)
    heard: set[tuple[int, int]] = field(default_factory=set)
    notices: set[tuple[str, str, int]] = field(default_factory=set)
    there: set[int] = field(default_factory=set)


class Both(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.owed, self.slow = Owed(), Slow()
        self.messages: list[int] = []  # message -> sender
        ear = Ear(Vocabulary(LINES), LINES, "ann", 0)
        self.sessions = [Session(n, f"bot{n}", f"bot{n}", 1, ear, state=State.PRESENT) for n in range(MANY)]

    @rule(who=WHO)
    def arrive(self, who: int) -> None:
        if not self.sessions[who].there:
            self.sessions[who].first_owed = len(self.messages)
            self.slow.there.add(who)

    @rule(who=WHO, echo=st.booleans())
    def say_in_public(self, who: int, echo: bool) -> None:
        number = len(self.messages)
        self.messages.append(who)
        others = self.slow.there - {who}
        self.owed.number(number)
        self.owed.take_off(Flight(number, who, 0.0, 10, echo=echo), len(others))
        self.slow.pairs |= {(number, other) for other in others}
        if echo:
            self.slow.echoes.add(number)

    @rule(who=WHO, to=WHO)
    def whisper(self, who: int, to: int) -> None:
        number = len(self.messages)
        self.messages.append(who)
        audience = {to} & self.slow.there - {who}
        self.owed.number(number)
        self.owed.take_off(Flight(number, who, 0.0, 10, audience=set(audience)), 0)
        self.slow.pairs |= {(number, other) for other in audience}

    @precondition(lambda self: self.messages)
    @rule(who=WHO, data=st.data(), quick=st.booleans())
    def hear(self, who: int, data: st.DataObject, quick: bool) -> None:
        numbers = data.draw(st.lists(st.integers(0, len(self.messages) - 1), min_size=1, max_size=4))
        public = all(
            self.messages[n] != who and (n not in self.owed.flights or self.owed.flights[n].audience is None)
            for n in numbers
        )
        if quick and public:
            self.owed.heard_public(self.sessions[who], array("i", numbers), max(numbers))
        for number in numbers:
            if not (quick and public):
                first = self.owed.heard(self.sessions[who], number)
                assert first == ((number, who) not in self.slow.heard)
            self.slow.heard.add((number, who))
            self.slow.pairs.discard((number, who))
            if self.messages[number] == who:
                self.slow.echoes.discard(number)

    @rule(who=WHO)
    def release(self, who: int) -> None:
        self.owed.release(self.sessions[who])
        self.slow.there.discard(who)
        self.slow.pairs = {(number, other) for number, other in self.slow.pairs if other != who}
        self.slow.echoes = {number for number in self.slow.echoes if self.messages[number] != who}
        self.slow.notices = {notice for notice in self.slow.notices if notice[2] != who}

    @rule(who=WHO)
    def forget(self, who: int) -> None:
        self.owed.forget_from(self.sessions[who])
        self.slow.pairs = {(number, other) for number, other in self.slow.pairs if self.messages[number] != who}
        self.slow.echoes = {number for number in self.slow.echoes if self.messages[number] != who}

    @rule(who=WHO, what=st.sampled_from(("joined", "left")))
    def expect_notice(self, who: int, what: str) -> None:
        self.owed.begin_step()
        awaiting = (
            self.slow.there - {who} - {other for w, n, other in self.slow.notices if (w, n) == (what, f"bot{who}")}
        )
        self.owed.expect_notice(Transition(what, f"bot{who}", None, who, set(awaiting)))
        self.slow.notices |= {(what, f"bot{who}", other) for other in awaiting}

    @rule(who=WHO, of=WHO, what=st.sampled_from(("joined", "left")))
    def be_told(self, who: int, of: int, what: str) -> None:
        awaited = self.owed.notice(who, what, f"BOT{of}", None)
        assert awaited == ((what, f"bot{of}", who) in self.slow.notices)
        self.slow.notices.discard((what, f"bot{of}", who))

    @rule()
    def give_up(self) -> None:
        self.owed.give_up(self.sessions)
        self.slow.pairs, self.slow.echoes, self.slow.notices = set(), set(), set()

    @invariant()
    def they_agree(self) -> None:
        expected = {("message", who, number) for number, who in self.slow.pairs}
        expected |= {("echo", self.messages[number], number) for number in self.slow.echoes}
        expected |= {("notice", who, f"{what} {nick}") for what, nick, who in self.slow.notices}

        assert {tuple(row) for row in self.owed.missing(self.sessions)} == expected
        assert self.owed.nothing() == (not expected)
        for number in range(len(self.messages)):
            lacking = any(pair[0] == number for pair in self.slow.pairs) or number in self.slow.echoes
            assert self.owed.is_over(number) == (not lacking)

    @invariant()
    def what_is_under_way_weighs_what_it_weighs(self) -> None:
        assert self.owed.bytes_under_way == 10 * len(self.owed.flights)


TestBoth = Both.TestCase
TestBoth.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
