"""However the bytes are cut, the messages are the same; and what is no message is said to be none."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server import wire
from reference_server.wire import BinaryHeader, DecimalHeader, Framing, Lines, Malformed, WholeCharacters

LIMIT = 12

FRAMINGS: dict[str, Callable[[], Framing]] = {
    "lines": lambda: Lines(LIMIT),
    "decimal header": lambda: DecimalHeader(3, LIMIT),
    "binary header": lambda: BinaryHeader(LIMIT),
}

# Bytes at random seldom are a good header or a line end, so some are put in.
STREAMS = st.lists(
    st.one_of(
        st.binary(max_size=15),
        st.sampled_from(
            [b"\n", b"\r\n", b"\r", b"3  abc", b"0  ", b"  2hi", b"13 ", b"\0\0\0\3abc", b"\0\0\0\0", b"\xff"]
        ),
    ),
    max_size=20,
).map(b"".join)


def fed_in_pieces(framing: Framing, data: bytes, cuts: list[int]) -> list[bytes | Malformed]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    pieces = [data[start:end] for start, end in pairwise(places)]
    return [message for piece in pieces for message in framing.feed(piece)]


@pytest.mark.parametrize("kind", FRAMINGS)
@given(data=STREAMS, cuts=st.lists(st.integers(min_value=0, max_value=400), max_size=40))
def test_any_cut_of_the_bytes_gives_the_same_messages(kind: str, data: bytes, cuts: list[int]) -> None:
    whole = FRAMINGS[kind]().feed(data)

    assert fed_in_pieces(FRAMINGS[kind](), data, cuts) == whole


@given(text=st.text(), cuts=st.lists(st.integers(min_value=0, max_value=400), max_size=40))
def test_chunks_of_whole_characters_lose_and_tear_none(text: str, cuts: list[int]) -> None:
    chunks = fed_in_pieces(WholeCharacters(), text.encode(), cuts)

    assert "".join(chunk.decode() for chunk in chunks if isinstance(chunk, bytes)) == text


@given(texts=st.lists(st.text(), max_size=10))
def test_what_is_framed_is_read_back(texts: list[str]) -> None:
    decimal = b"".join(wire.with_decimal_header(text, 10) for text in texts)
    binary = b"".join(wire.with_binary_header(text) for text in texts)

    assert DecimalHeader(10).feed(decimal) == [text.encode() for text in texts]
    assert BinaryHeader().feed(binary) == [text.encode() for text in texts]


@given(texts=st.lists(st.text().filter(lambda text: "\n" not in text and not text.endswith("\r")), max_size=10))
def test_a_line_is_read_back(texts: list[str]) -> None:
    assert Lines().feed(b"".join(wire.line(text) for text in texts)) == [text.encode() for text in texts]


def test_a_line_ends_with_lf_or_crlf_and_keeps_every_other_cr() -> None:
    assert Lines().feed(b"one\ntwo\r\nth\rree\r\r\n\nrest") == [b"one", b"two", b"th\rree\r", b""]


def test_a_line_that_never_ends_is_given_up_and_nothing_comes_after_it() -> None:
    lines = Lines(limit=5)

    assert lines.feed(b"12345\n12345") == [b"12345"]
    assert lines.feed(b"6") == [Malformed("a line is longer than 5 bytes")]
    assert lines.feed(b"\nhello\n") == []


def test_a_long_line_in_tiny_pieces_takes_time_in_proportion_to_its_length() -> None:
    lines = Lines()
    for _ in range(500_000):
        lines.feed(b"x")

    assert lines.feed(b"\n") == [b"x" * 500_000]  # or the suite's time limit has long struck


@pytest.mark.parametrize("header", [b"abc", b"-1 ", b"+1 ", b"1_0", b"   ", b"1.0", b"1\x002", b"\xd9\xa1 ", b"13 "])
def test_a_decimal_header_is_digits_and_blanks_and_within_the_limit(header: bytes) -> None:
    framing = DecimalHeader(3, limit=12)

    assert framing.feed(b"2  hi" + header + b"2  hi") == [b"hi", Malformed("a header must announce 0 to 12 bytes")]
    assert framing.feed(b"2  hi") == []


@pytest.mark.parametrize("header", [b"2  ", b"  2", b" 2 ", b"002"])
def test_a_decimal_header_may_stand_anywhere_in_its_columns(header: bytes) -> None:
    assert DecimalHeader(3).feed(header + b"hi") == [b"hi"]


def test_a_binary_header_beyond_the_limit_is_refused_before_its_bytes_come() -> None:
    assert BinaryHeader().feed(b"\xff\xff\xff\xff") == [Malformed("a header must announce 0 to 4194304 bytes")]


def test_what_is_not_utf8_or_holds_a_nul_is_no_text() -> None:
    assert wire.text_of("naïve 漢字 👨‍👩‍👧".encode()) == "naïve 漢字 👨‍👩‍👧"
    assert wire.text_of(b"\xff\xfe") is None
    assert wire.text_of(b"a\0b") is None
