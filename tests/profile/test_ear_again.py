"""What one ear has just heard in some bytes, another that is given the same bytes need not look up again."""

from __future__ import annotations

from array import array

from hypothesis import example, given, settings
from hypothesis import strategies as st
from overheard import Talk, cut, lines

from chatsim.history import History
from chatsim.profile.ear import Ear
from chatsim.profile.phrases import Whole

FORM = {1: "hears", 2: "echo"}


def spoken(speakers: list[int]) -> tuple[Talk, bytes]:
    talk = Talk(lines())
    numbers = [
        talk.said(f"hello {number} HEAD TAIL", ("ann", "bob")[who], sender=who) for number, who in enumerate(speakers)
    ]
    return talk, b"".join(talk.rendered(number) for number in numbers)


def heard(ear: Ear, chunk: bytes, *, slowly: bool) -> list[tuple[int, str]]:
    again = None if slowly else ear.hear_again(chunk)
    if again is not None:
        return [(message, FORM[form]) for message, form in zip(again.messages, again.forms, strict=True)]
    quick = None if slowly else ear.hear_quick(chunk)
    if quick is not None:
        return [(message, FORM[form]) for message, form in zip(*quick, strict=True)]
    return [(phrase.message, phrase.form) for phrase in ear.hear(chunk) if isinstance(phrase, Whole)]


@settings(max_examples=100, deadline=None)
@given(speakers=st.lists(st.integers(0, 1), max_size=6), places=st.lists(st.integers(0, 200), max_size=4))
@example(speakers=[0, 1], places=[])
def test_it_says_what_the_slow_way_says_however_the_bytes_are_cut(speakers: list[int], places: list[int]) -> None:
    talk, data = spoken(speakers)
    first, bob, slow = talk.ear("cat", session=2), talk.ear("bob", session=1), talk.ear("bob", session=1)
    told, expected = list[tuple[int, str]](), list[tuple[int, str]]()
    for chunk in cut(data, places):
        heard(first, chunk, slowly=False)
        told += heard(bob, chunk, slowly=False)
        expected += heard(slow, chunk, slowly=True)

    assert told == expected
    assert bob.tail == slow.tail


def test_it_is_taken_by_who_only_listens_and_not_by_who_spoke() -> None:
    talk, data = spoken([0, 0])
    talk.ear("cat", session=2).hear_quick(data)

    assert talk.ear("bob", session=1).hear_again(data) is not None
    assert talk.ear("ann", session=0).hear_again(data) is None, "its own words are an echo to it"


def test_it_is_forgotten_as_soon_as_somebody_speaks() -> None:
    """The new words may look like the old ones."""
    talk, data = spoken([0])
    talk.ear("cat", session=2).hear_quick(data)
    talk.said("something else HEAD", "bob", sender=1)

    assert talk.ear("bob", session=1).hear_again(data) is None


def test_heard_by_many_is_written_as_if_each_had_been_heard_alone() -> None:
    one_by_one, together = History(), History()
    for history in (one_by_one, together):
        for number in range(3):
            history.new_message(0, "chat", "lobby", f"hello {number}")
    messages, forms = array("i", [0, 2]), bytes([1, 1])
    for session in (4, 1, 7):
        one_by_one.heard_many(0.5, session, messages, forms)
    together.heard_by_many(0.5, [4, 1, 7], messages, forms)

    assert list(together) == list(one_by_one)
