"""YAML text becomes located nodes, in which nothing has been guessed."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim import document
from chatsim.document import MAX_BYTES, Mapping, Scalar, Sequence, plain, read
from chatsim.errors import Place


@pytest.fixture(params=["c", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both parsers, since PyYAML is found in the world with and without its C part."""
    if request.param == "pure":
        monkeypatch.setitem(sys.modules, "yaml.cyaml", None)
    return str(request.param)


def test_every_value_is_the_characters_as_written(parser: str) -> None:
    reading = read("a: no\nb: 007\nc: 12:30\nd: 1.0\ne: ~\nf: 'x'\ng: 0x1F\nh: 2001-01-01\n", "f")

    assert reading.problems == ()
    assert plain(reading.root) == {
        "a": "no",
        "b": "007",
        "c": "12:30",
        "d": "1.0",
        "e": "~",
        "f": "x",
        "g": "0x1F",
        "h": "2001-01-01",
    }


def test_every_node_knows_its_line_column_and_width(parser: str) -> None:
    root = read('top:\n  - "één"\n  - {a: bc}\n', "f").root

    assert isinstance(root, Mapping)
    (key, items), *_ = root.pairs
    assert (key.place, key.width) == (Place("f", 1, 1), 3)
    assert isinstance(items, Sequence)
    text, inner = items.items
    assert isinstance(text, Scalar) and isinstance(inner, Mapping)
    assert (text.text, text.quoted, text.place, text.width) == ("één", True, Place("f", 2, 5), 5)
    assert (inner.place, inner.width, inner.flow) == (Place("f", 3, 5), 7, True)


def test_columns_count_characters_not_bytes_and_a_bom_counts_nothing(parser: str) -> None:
    root = read("\ufeff漢字: 🙂 x".encode(), "f").root

    assert isinstance(root, Mapping)
    key, value = root.pairs[0]
    assert (key.place.column, value.place.column) == (1, 5)
    assert read("\ufeff漢字: *x", "f").problems[0].excerpt == "漢字: *x"


@pytest.mark.parametrize(
    ("written", "null"),
    [("a:", True), ("a: ~", True), ("a: null", True), ("a: 'null'", False), ("a: ''", False), ("a: none", False)],
)
def test_only_a_bare_null_is_null(written: str, null: bool) -> None:
    root = read(written, "f").root

    assert isinstance(root, Mapping)
    assert document.is_null(root.pairs[0][1]) is null


def test_a_file_of_a_megabyte_is_refused_without_being_parsed() -> None:
    reading = read("a: " + "x" * MAX_BYTES, "f")

    assert reading.root is None
    assert [str(problem) for problem in reading.problems] == ["f is larger than 1 MiB: nobody wrote that by hand"]


def test_depth_of_fifty_is_read_and_one_more_is_refused(parser: str) -> None:
    deep = read("[" * 50 + "]" * 50, "f")
    deeper = read("[" * 51 + "]" * 51, "f")

    assert deep.problems == ()
    assert [(p.what, p.place) for p in deeper.problems] == [("this is nested more than 50 deep", Place("f", 1, 51))]


def test_a_hundred_thousand_values_are_refused() -> None:
    reading = read("[" + "a," * 100_001 + "]", "f")

    assert [problem.what for problem in reading.problems] == ["more than 100,000 values in one file"]


def test_a_thousand_mistakes_are_told_as_a_hundred_and_a_number() -> None:
    reading = read("[" + ",".join(f"*a{number}" for number in range(1000)) + "]", "f")

    assert len(reading.problems) == 101
    assert reading.problems[-1].what == "and 900 more problems in f"


def test_a_long_line_is_shown_in_part() -> None:
    reading = read("[" + "a, " * 5000 + "*b" + ", a" * 5000 + "]", "f")

    (problem,) = reading.problems
    shown, marker = str(problem).splitlines()[1:3]
    assert len(shown) < 200
    assert shown[marker.index("^") : marker.rindex("^") + 1] == "*b"


def test_a_file_that_is_not_there_is_a_problem_with_its_neighbour(tmp_path: Any) -> None:
    (tmp_path / "storm.yaml").write_text("a: b")

    reading = document.load(tmp_path / "strom.yaml")

    assert reading.root is None
    (problem,) = reading.problems
    assert problem.what == f"{tmp_path / 'strom.yaml'}: there is no such file"
    assert problem.hint == f'Did you mean "{tmp_path / "storm.yaml"}"?'


def test_a_folder_is_no_file(tmp_path: Any) -> None:
    (problem,) = document.load(tmp_path).problems

    assert problem.what == f"{tmp_path}: this is a folder"


YAML_LIKE = st.text(st.sampled_from("ab:-{}[]\"'#&*!|>%@`,? \n\t~\\0é\x85\u2028\x00\x01\ud800\ufeff"), max_size=60)


@given(YAML_LIKE | st.text(max_size=60) | st.binary(max_size=60))
def test_any_text_gives_nodes_or_problems_that_point_into_it(text: str | bytes) -> None:
    reading = read(text, "f")

    assert (reading.root is None) <= bool(reading.problems)
    for problem in reading.problems:
        str(problem)
        assert problem.place is None or 1 <= problem.place.column <= len(problem.excerpt) + 1


@given(YAML_LIKE.filter(lambda text: "\x85" not in text and "\ufeff" not in text))
def test_both_parsers_read_the_same(text: str) -> None:
    """But for a NEL, and a BOM in mid-text: there the two have different ideas of YAML 1.1."""
    quick = read(text, "f")
    saved = sys.modules.get("yaml.cyaml")
    sys.modules["yaml.cyaml"] = None  # type: ignore[assignment]
    try:
        slow = read(text, "f")
    finally:
        if saved is not None:
            sys.modules["yaml.cyaml"] = saved

    if not quick.problems and not slow.problems:
        assert plain(quick.root) == plain(slow.root)
