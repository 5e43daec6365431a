"""What a server sent is made fit for a terminal, and nothing else is changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.report.printable import columns, encodable, fit, printable, quoted, shorten, wrap


@given(st.text())
def test_any_text_becomes_one_printable_line(text: str) -> None:
    told = printable(text).replace("\u200c", "").replace("\u200d", "")

    assert told.isprintable()


@given(st.text(alphabet=st.characters(categories=("L", "M", "N", "P", "S"))))
def test_letters_signs_and_marks_of_every_script_stay_as_they_are(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b31m", "\\x9b31m"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("\udc80", "\\udc80"),
        ("\u2028", "\\u2028"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_what_acts_on_a_terminal_is_spelled_out(sent: str, shown: str) -> None:
    assert printable(sent) == shown


@given(st.text(), st.integers(min_value=4, max_value=50))
def test_a_shortened_text_keeps_its_beginning_and_its_end(text: str, most: int) -> None:
    short = shorten(text, most)

    assert len(short) <= most
    assert short == text or (text.startswith(short.split("…")[0]) and text.endswith(short.rpartition("…")[2]))


@given(st.text(), st.integers(min_value=2, max_value=40))
def test_a_fitted_text_fits(text: str, width: int) -> None:
    assert columns(fit(printable(text), width)) <= width


def test_east_asian_letters_take_two_columns_and_marks_none() -> None:
    assert columns("漢字") == 4
    assert columns("e\u0301") == 1
    assert fit("漢字漢字", 6) == "漢字…"


@given(st.text(alphabet="ab 漢"), st.integers(min_value=10, max_value=40))
def test_wrapping_loses_nothing_but_blanks(text: str, width: int) -> None:
    lines = list(wrap(text, width, indent="  "))

    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(columns(line) <= width for line in lines)


def test_an_escape_of_a_long_hostile_text_is_shortened_too() -> None:
    assert len(quoted("\x1b" * 1000, 60)) <= 62


@given(st.text())
def test_anything_can_be_encoded_after_all(text: str) -> None:
    encodable(printable(text), "ascii").encode("ascii")
