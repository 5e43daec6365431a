"""Markers are found exactly, however they are glued, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.profile import markers

numbers = st.integers(0, markers.COUNT - 1)


@given(st.lists(st.tuples(numbers, st.booleans()), max_size=30), st.booleans())
def test_glued_markers_are_found_exactly_also_in_capitals(glued: list[tuple[int, bool]], capitals: bool) -> None:
    text = "".join(markers.tail(number) if is_tail else markers.head(number) for number, is_tail in glued)
    if capitals:
        text = text.upper()

    found = markers.find(text)

    assert [(number, is_tail) for _, _, number, is_tail in found] == glued
    assert "".join(text[start:end] for start, end, _, _ in found) == text


@given(numbers, numbers, st.booleans(), st.booleans())
def test_no_marker_begins_inside_another_or_across_two(one: int, other: int, first: bool, second: bool) -> None:
    """Comma-free: whatever is cut off the front, only the second marker is left."""
    pair = (markers.head, markers.tail)[first](one) + (markers.head, markers.tail)[second](other)

    for cut in range(1, markers.WIDTH + 1):
        assert [number for _, _, number, _ in markers.find(pair[cut:])] == [other]


def test_q_and_x_stand_nowhere_but_in_front() -> None:
    assert not set("qx") & set(markers.LETTERS)
    assert len(set(markers.LETTERS)) == len(markers.LETTERS) == 17


@given(numbers, st.integers(1, 6), st.sampled_from(markers.LETTERS))
def test_one_wrong_letter_makes_it_no_marker(number: int, place: int, letter: str) -> None:
    right = markers.head(number)
    wrong = right[:place] + letter + right[place + 1 :]

    assert bool(markers.find(wrong)) == (wrong == right)


@given(st.text(), numbers, st.text())
def test_a_marker_is_found_in_any_text(before: str, number: int, after: str) -> None:
    text = before + markers.head(number) + after

    assert (len(before), len(before) + 7, number, False) in markers.find(text)


def test_letters_that_only_look_alike_when_case_folded_are_none() -> None:
    number = next(n for n in range(markers.COUNT) if "s" in markers.head(n))

    assert markers.find(markers.head(number).replace("s", "ſ")) == []


def test_all_numbers_have_their_own_marker() -> None:
    sample = range(0, markers.COUNT, 97)

    assert len({markers.head(number) for number in sample}) == len(sample)


@pytest.mark.parametrize("number", [-1, markers.COUNT])
def test_there_are_no_other_numbers(number: int) -> None:
    with pytest.raises(ValueError, match="no marker"):
        markers.head(number)
