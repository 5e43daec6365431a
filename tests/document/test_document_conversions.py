"""A value is read as what its key expects; a wrong one is a problem at its place, and the default comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.document import Mapping, Node, Reading, nearest, read
from chatsim.errors import ScenarioError


def reading_of(value: str) -> tuple[Reading, Node]:
    reading = read(f"a: {value}\n", "f")
    assert isinstance(reading.root, Mapping), reading.problems
    return reading, reading.root.pairs[0][1]


Convert = Callable[[Reading, Node], Any]

KINDS: dict[str, Convert] = {
    "text": lambda reading, node: reading.text(node, None),
    "word": lambda reading, node: reading.word(node, ("accepted", "refused", "either"), None),
    "yes_no": lambda reading, node: reading.yes_no(node, None),
    "number": lambda reading, node: reading.number(node, None, low=1, high=1_000_000),
    "decimal": lambda reading, node: reading.decimal(node, None, low=0.5, high=10),
    "time": lambda reading, node: reading.time(node, None, high=600),
    "span": lambda reading, node: reading.span(node, None, high=600),
    "size": lambda reading, node: reading.size(node, None, low=1, high=16_000_000),
    "texts": lambda reading, node: reading.texts(node),
}


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("text", "no", "no"),
        ("text", "007", "007"),
        ("text", "12:30", "12:30"),
        ("text", '""', ""),
        ("text", "~", "~"),
        ("text", "|\n  two\n  lines", "two\nlines\n"),
        ("word", "either", "either"),
        ("yes_no", "yes", True),
        ("yes_no", "true", True),
        ("yes_no", "no", False),
        ("yes_no", "false", False),
        ("number", "007", 7),
        ("number", "1000000", 1_000_000),
        ("decimal", "2.5", 2.5),
        ("time", "5ms", 0.005),
        ("time", "1.5s", 1.5),
        ("time", "10m", 600.0),
        ("span", "2s", (2.0, 2.0)),
        ("span", "50ms..200ms", (0.05, 0.2)),
        ("size", "500B", 500),
        ("size", "5kB", 5_000),
        ("size", "1.5MB", 1_500_000),
        ("texts", "one", ("one",)),
        ("texts", "[one, 2]", ("one", "2")),
    ],
)
def test_a_right_value_is_read(kind: str, written: str, value: Any) -> None:
    reading, node = reading_of(written)

    assert KINDS[kind](reading, node) == value
    assert reading.problems == ()


@pytest.mark.parametrize(
    ("kind", "written", "what"),
    [
        ("text", "{nick}", "a text is expected here, and this is a map"),
        ("text", "[x]", "a text is expected here, and this is a list"),
        ("text", "", "a text is missing here"),
        ("word", "refuse", 'accepted, refused or either is expected here, not "refuse". Did you mean "refused"?'),
        ("word", "purple", 'accepted, refused or either is expected here, not "purple"'),
        ("yes_no", "Yes", 'yes, no, true or false is expected here, not "Yes". Did you mean "yes"?'),
        ("yes_no", "on", 'yes, no, true or false is expected here, not "on"'),
        ("number", "many", 'a number is expected here, not "many"'),
        ("number", "1.5", 'a number is expected here, not "1.5"'),
        ("number", "٣", 'a number is expected here, not "٣"'),
        ("number", "0", "a number of at least 1 is expected here"),
        ("number", "1000001", "a number of at most 1,000,000 is expected here"),
        ("number", "9" * 5000, "a number of at most 1,000,000 is expected here"),
        ("number", "-" + "9" * 5000, "a number of at least 1 is expected here"),
        ("decimal", "0.4", "a number of at least 0.5 is expected here"),
        ("time", "5", "a time needs a unit: 5ms, 5s or 5m"),
        ("time", "5 ms", 'a time such as 5ms, 2s or 1m is expected here, not "5 ms". Did you mean "5ms"?'),
        ("time", "5S", 'a time such as 5ms, 2s or 1m is expected here, not "5S". Did you mean "5s"?'),
        ("time", "soon", 'a time such as 5ms, 2s or 1m is expected here, not "soon"'),
        ("time", "11m", "a time of at most 10m is expected here"),
        ("span", "2s..1s", "the first time of the two must be the shorter one"),
        ("span", "1..2s", "a time needs a unit: 1ms, 1s or 1m"),
        ("span", "1s..", 'a time such as 5ms, 2s or 1m is expected here, not ""'),
        ("size", "5", "a size needs a unit: 5B, 5kB or 5MB"),
        ("size", "5KB", 'a size such as 500B, 5kB or 1MB is expected here, not "5KB". Did you mean "5kB"?'),
        ("size", "17MB", "a size of at most 16MB is expected here"),
        ("size", "0.5B", "a size must be a whole number of bytes"),
        ("texts", "[]", "this list is empty: a text is expected in it"),
    ],
)
def test_a_wrong_value_is_a_problem_in_plain_words(kind: str, written: str, what: str) -> None:
    reading, node = reading_of(written)

    assert not KINDS[kind](reading, node)
    assert [problem.what for problem in reading.problems] == [what]
    with pytest.raises(ScenarioError):
        reading.refuse(ScenarioError)


def test_a_map_in_place_of_a_text_lacks_its_quotes() -> None:
    reading, node = reading_of("{nick}")
    reading.text(node, None)

    assert (
        str(reading.problems[0])
        == """\
f:1:4
  a: {nick}
     ^^^^^^ a text is expected here, and this is a map
Put it in quotes. Without them YAML takes { } for a map."""
    )


def test_an_unknown_key_is_told_with_the_nearest_and_a_missing_one_by_name() -> None:
    reading = read("txet: hi\ncount: 3\n", "f")

    fields = reading.fields(reading.root, ("text", "count", "size"), required=("text",), of="chat")

    assert list(fields) == ["count"]
    assert [problem.what for problem in reading.problems] == [
        '"txet" is no key of chat. Did you mean "text"?',
        'the key "text" is missing here',
    ]


def test_what_has_been_complained_of_is_not_complained_of_again() -> None:
    reading, node = reading_of("*x")
    before = reading.count

    for convert in KINDS.values():
        convert(reading, node)

    assert reading.count == before == 1


def test_a_missing_key_gives_the_default_without_a_problem() -> None:
    reading, _ = reading_of("b")

    assert reading.number(None, 7, low=1, high=9) == 7
    assert reading.text(None, "x") == "x"
    assert reading.problems == ()


@pytest.mark.parametrize(
    ("word", "guess"),
    [("dropp", "drop"), ("DROP", "drop"), ("chta", "chat"), ("purple", None), ("", None), ("x" * 1000, None)],
)
def test_the_nearest_word(word: str, guess: str | None) -> None:
    assert nearest(word, ("drop", "chat", "join")) == guess


def test_the_nearest_of_many_is_found_too() -> None:
    names = [f"reader{number:05}" for number in range(20_000)]

    guess = nearest("reader1234", names)

    assert guess is not None and guess.startswith("reader123")


@given(st.text(max_size=20))
def test_any_text_converts_to_its_kind_or_to_one_problem(text: str) -> None:
    from chatsim.document import Scalar
    from chatsim.errors import Place

    for kind, convert in KINDS.items():
        reading = Reading("f", text)
        value = convert(reading, Scalar(text, True, Place("f", 1, 1)))

        assert (value is None or value == () or kind == "text") or not reading.problems
        assert reading.count <= 1
