"""A server's output becomes lines, however it is cut, and never too many of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatsim.server.output import BURST, LONGEST_LINE, LastWords, Lines


class Heard:
    def __init__(self) -> None:
        self.lines: list[tuple[str, bool]] = []
        self.last_words = LastWords(lines=10, width=20)
        self.stream = Lines(lambda line, whole: self.lines.append((line, whole)), self.last_words)


def heard(*pieces: bytes) -> list[tuple[str, bool]]:
    made = Heard()
    for piece in pieces:
        made.stream.feed(piece, 0.0)
    made.stream.give_unfinished()
    return made.lines


@given(st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", "ж".encode()]), max_size=30), st.data())
def test_however_the_bytes_are_cut_the_lines_are_the_same(pieces: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    cut = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    assert heard(*cut) == heard(whole)


def test_line_ends_are_no_part_of_a_line_and_an_unfinished_one_is_not_whole() -> None:
    assert heard(b"one\r\ntwo\n\n> ") == [("one", True), ("two", True), ("", True), ("> ", False)]


def test_what_is_no_utf8_is_shown_as_such() -> None:
    assert heard(b"caf\xe9\n") == [("caf�", True)]


def test_a_line_that_is_too_long_is_cut_and_its_rest_is_no_line() -> None:
    lines = heard(*[b"x" * 10_000] * 20, b"\nnext\n")

    assert [len(line) for line, _ in lines] == [LONGEST_LINE, 4]


def test_a_line_that_is_too_long_in_one_piece_is_cut_just_so() -> None:
    assert [len(line) for line, _ in heard(b"x" * 100_000 + b"\nnext\n")] == [LONGEST_LINE, 4]


def test_of_a_flood_the_beginning_and_the_end_are_given_and_the_rest_is_counted() -> None:
    made = Heard()
    block = b"".join(b"%09d\n" % number for number in range(1000))
    blocks = 10 * BURST // len(block)
    for _ in range(blocks):
        made.stream.feed(block, 0.0)
    made.stream.give_unfinished()
    given = [line for line, _ in made.lines]
    [notice] = [line for line in given if "left out" in line]
    left_out = int(notice.split()[1].replace(",", ""))

    assert given[:2] == ["000000000", "000000001"]
    assert given[-1] == "000000999"
    assert abs(left_out + len(given) - 1 - blocks * 1000) <= 1
    assert sum(map(len, given)) < BURST


def test_after_a_flood_lines_are_given_again() -> None:
    made = Heard()
    for _ in range(100):
        made.stream.feed(b"y" * 99_999 + b"\n", 0.0)
    made.stream.feed(b"calm again\n", 60.0)

    assert made.lines[-1] == ("calm again", True)


def test_a_flood_may_be_one_line_without_an_end() -> None:
    made = Heard()
    made.stream.feed((b"x" * 999 + b"\n") * (BURST // 500), 0.0)
    for _ in range(100):
        made.stream.feed(b"y" * 100_000, 0.0)
    made.stream.give_unfinished()
    given = [line for line, _ in made.lines]

    assert any("left out" in line for line in given)
    assert set(given[-1]) == {"y"}
    assert sum(map(len, given)) < 3 * BURST


@given(st.lists(st.binary(max_size=200), max_size=40))
def test_any_bytes_at_all_are_lines(pieces: list[bytes]) -> None:
    """Nothing that a server prints raises, and nothing is given that contains a line end."""
    assert all("\n" not in line for line, _ in heard(*pieces))


def test_the_last_words_are_few_and_short() -> None:
    made = Heard()
    made.stream.feed(b"".join(b"%d\n" % number for number in range(50)) + b"z" * 50 + b"\n", 0.0)

    assert made.last_words.last(2) == ["49", "z" * 20 + "…"]
    assert len(made.last_words.last(100)) == 10
