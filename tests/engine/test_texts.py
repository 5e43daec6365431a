"""What bots say can be recognised whatever is done to it, and has exactly the size that was asked for."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsim.engine.corpus import HARD, PLAIN
from chatsim.engine.texts import Composed, Composer
from chatsim.profile import markers

ENCODINGS = ["utf-8", "latin-1", "cp1251", "ascii", "shift_jis", "utf-16-le", "utf-16-be", "utf-16", "utf-32"]


def marks(composed: Composed) -> list[tuple[int, bool]]:
    return [(number, is_tail) for _, _, number, is_tail in markers.find(composed.text)]


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**40), locale=st.sampled_from([None, "ja_JP", "ar_AA", "mixed"]))
def test_a_drawn_text_has_its_mark_within_and_its_end_mark_at_the_end(seed: int, locale: str | None) -> None:
    drawn = Composer(seed).drawn(locale=locale)

    assert marks(drawn) == [(drawn.marker, False), (drawn.marker, True)]
    assert drawn.text.endswith(markers.tail(drawn.marker or 0))
    assert not markers.find(drawn.words)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(deadline=None, max_examples=50)
@given(size=st.integers(1, 3_000), locale=st.sampled_from([None, "mixed", "ru_RU"]), seed=st.integers(0, 99))
def test_a_size_is_exact_in_encoded_bytes(encoding: str, size: int, locale: str | None, seed: int) -> None:
    drawn = Composer(seed, encoding=encoding).drawn(locale=locale, size=size)

    unit = len("mm".encode(encoding)) - len("m".encode(encoding))
    first = len("m".encode(encoding)) - unit  # a byte order mark
    least = first + 7 * unit
    found = len(drawn.text.encode(encoding))
    assert max(size, least) - unit < found <= max(size, least)
    assert drawn.marker in [number for number, _ in marks(drawn)]


def test_a_megabyte_is_a_megabyte() -> None:
    assert len(Composer(1).drawn(size=1_000_000).text) == 1_000_000


def test_authored_words_stand_as_they_are_only_if_they_are_unmistakable() -> None:
    composer = Composer(1, unmarked=["good morning"])

    assert composer.authored("good morning") == Composed("good morning", "good morning", None)
    marked = composer.authored("hi")
    assert marked.text == f"hi {markers.head(marked.marker or 0)}"
    assert marked.words == "hi"


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**40), count=st.integers(2, 200))
def test_no_two_texts_of_a_run_bear_one_mark(seed: int, count: int) -> None:
    composer = Composer(seed)

    assert len({composer.short().marker for _ in range(count)}) == count


def test_the_same_seed_draws_the_same_texts_and_another_others() -> None:
    def some(seed: int) -> list[str]:
        composer = Composer(seed)
        return [composer.drawn(locale=locale).text for locale in (None, "mixed", "ja_JP", "mixed")]

    assert some(3) == some(3)
    assert some(3) != some(4)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1251", "shift_jis"])
def test_what_the_encoding_cannot_carry_is_not_drawn(encoding: str) -> None:
    composer = Composer(7, encoding=encoding, ascii_only=encoding == "ascii")

    for _ in range(60):
        composer.drawn(locale="mixed").text.encode(encoding)


def test_the_hard_corpus_holds_what_tears() -> None:
    everything = "".join(HARD)

    assert any(unicodedata.combining(character) for character in everything)
    assert "\u200d" in everything  # joiners
    assert any(ord(character) > 0xFFFF for character in everything)
    assert any(unicodedata.bidirectional(character) in ("R", "AL") for character in everything)
    assert any(text.lower().upper() != text.upper() or len(text.upper()) != len(text) for text in HARD)
    assert any("\u3040" <= character <= "\u30ff" for character in everything)


def test_no_text_of_the_corpus_can_be_taken_for_a_mark_or_cut_a_line() -> None:
    for text in (*HARD, *PLAIN):
        assert not markers.find(text)
        assert len(text.splitlines()) == 1
        assert text == text.strip()
        text.encode()
