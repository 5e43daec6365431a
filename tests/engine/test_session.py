"""One connection's life is a table: what does not stand in it is refused."""

from __future__ import annotations

import pytest

from chatsim.engine.session import CLOSED, TRANSITIONS, Session, State
from chatsim.profile.ear import Ear
from chatsim.profile.reader import load_profile
from chatsim.profile.vocabulary import Vocabulary

LINES = load_profile("lines")
WORDS = sorted({what for _, what in TRANSITIONS})


def session_in(state: State) -> Session:
    return Session(0, "ann", "ann", 1, Ear(Vocabulary(LINES), LINES, "ann", 0), state=state)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("what", WORDS)
def test_every_pair_in_the_table_is_taken_and_every_other_is_refused(state: State, what: str) -> None:
    session = session_in(state)

    moved = session.move(what)

    assert moved == ((state, what) in TRANSITIONS)
    assert session.state is TRANSITIONS.get((state, what), state)


def test_an_unknown_word_moves_nothing() -> None:
    session = session_in(State.PRESENT)

    assert not session.move("jump")
    assert session.state is State.PRESENT


def test_from_what_is_over_nothing_leads_back() -> None:
    assert not [pair for pair in TRANSITIONS if pair[0] in CLOSED]


def test_every_other_state_can_come_to_an_end() -> None:
    ends = set(CLOSED)
    while more := {before for (before, _), after in TRANSITIONS.items() if after in ends} - ends:
        ends |= more

    assert ends == set(State)
