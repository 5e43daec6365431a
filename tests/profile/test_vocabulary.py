"""What was said in a run can be looked up by its bytes, its marker, its letters, or a piece of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from overheard import T, Talk, Voice, lines, prompted

from chatsim.history import FORMS
from chatsim.profile.forms import alternation
from chatsim.profile.output_ear import OutputEar
from chatsim.profile.vocabulary import folded


def test_a_rendering_that_leaves_nothing_open_is_known_by_its_bytes() -> None:
    talk = Talk(lines())
    public, private = talk.said("hello HEAD"), talk.said("psst HEAD", kind="whisper", to="ann")

    assert talk.vocabulary.known[f"bob: {talk.text(public)}".encode()] == public
    message, form = talk.vocabulary.known_elsewhere[f"(private) bob: {talk.text(private)}".encode()]
    assert (message, FORMS[form]) == (private, "whisper")


def test_two_messages_that_look_the_same_are_not_known_by_their_bytes() -> None:
    talk = Talk(lines())
    talk.said("the very same words")
    talk.said("the very same words")

    assert b"bob: the very same words" not in talk.vocabulary.known


def test_a_rendering_with_something_open_is_not_known() -> None:
    talk = Talk(lines(public=Voice(T("{text}"), (T("[{time}] {nick}: {text}"), T("{*}{text}")))))
    talk.said("hello HEAD")

    assert talk.vocabulary.known == {}


@given(st.sets(st.text(st.sampled_from("ab1290:."), min_size=1, max_size=8), min_size=1, max_size=20))
def test_one_expression_matches_every_name(names: set[str]) -> None:
    pattern = re.compile(alternation(names))

    assert all(pattern.fullmatch(name) for name in names)
    assert pattern.fullmatch("zz") is None
    assert re.fullmatch(alternation(()), "") is None


@given(st.text())
def test_folding_keeps_every_place(text: str) -> None:
    assert len(folded(text)) == len(text)


@given(st.text("abcdefgh ", min_size=24, max_size=80), st.integers(0, 79), st.integers(12, 80))
def test_half_of_a_text_is_known_wherever_it_is_cut_from(text: str, start: int, length: int) -> None:
    talk = Talk(lines())
    one = talk.said(text)
    piece = text[start : start + length]

    near = [message for message, _ in talk.vocabulary.near("<<" + piece + ">>")]

    assert (one in near) or len(piece) < max(12, len(text) // 2)


@given(st.text("abcdefghijkl ", min_size=40, max_size=120), st.integers(14, 32))
def test_a_text_whose_pieces_all_came_is_known_whatever_stands_between(text: str, length: int) -> None:
    talk = Talk(lines())
    one = talk.said(text)
    pieces = [text[at : at + length] for at in range(0, len(text), length)]

    assert one in [message for message, _ in talk.vocabulary.near("<ann: >".join(pieces))]


WRONGLY_READ = ("Привет, Боб!".encode().decode("latin-1"), "Привет, Боб!".encode().decode("ascii", "replace"))


@pytest.mark.parametrize("text", ["??????, ???!", *WRONGLY_READ])
def test_a_text_that_went_through_a_wrong_encoding_is_known(text: str) -> None:
    talk = Talk(lines())
    one = talk.said("Привет, Боб!")

    assert talk.vocabulary.near(text) == [(one, "garbled")]


def test_a_text_that_shares_nothing_is_near_nothing() -> None:
    talk = Talk(lines())
    talk.said("the quick brown fox HEAD")

    assert talk.vocabulary.near("something else altogether") == []
    assert not talk.vocabulary.is_part("something else altogether")


def test_the_console_says_who_came_who_went_and_what_was_said() -> None:
    profile = prompted(
        output_joined=(T("New client {nick}"),),
        output_left=(T("{nick} is gone"),),
        output_said=(T("{*}{nick}> {text}"),),
    )
    talk = Talk(profile)
    one = talk.said("hello HEAD there TAIL")
    console = OutputEar(talk.vocabulary, profile)

    assert console.hear("New client bob") == ("joined", "bob", ())
    assert console.hear("[x] bob is gone") == ("left", "bob", ())
    assert console.hear(f"12:00 bob> {talk.text(one)}") == ("said", "bob", (one,))
    assert console.hear(f"log: {talk.text(one)}") == (None, None, (one,))
    assert console.hear("bob> what nobody said") == (None, None, ())
