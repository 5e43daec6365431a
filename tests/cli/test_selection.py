"""`-k`: words of the name or the file, joined with `and`, `or`, `not`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.cli.selection import selection
from chatsim.errors import UsageError


@pytest.mark.parametrize(
    ("expression", "text", "chosen"),
    [
        ("drop", "one who is dropped", True),
        ("DROP", "one who is dropped", True),
        ("ten talk", "a storm: ten talk, five", True),
        ("talk ten", "a storm: ten talk, five", False),
        ("not drop", "one who is dropped", False),
        ("a and not b or c", "a b c", True),
        ("a and (not b or c)", "a b", False),
        ("not not a", "a", True),
        ("a or b and c", "a", True),
        ("'and'", "this and that", True),
        ('"not"', "this", False),
        ("漢字", "a 漢字 b", True),
    ],
)
def test_what_an_expression_chooses(expression: str, text: str, chosen: bool) -> None:
    assert selection(expression)(text) is chosen


@pytest.mark.parametrize("expression", ["", "  ", "and", "a and", "or b", "(a", "a)", "not", "a and or b", "()"])
def test_nonsense_is_refused_with_an_example(expression: str) -> None:
    with pytest.raises(UsageError, match="-k") as refused:
        selection(expression)

    assert "drop and not reset" in str(refused.value)


@given(st.text())
def test_any_expression_chooses_or_is_refused(expression: str) -> None:
    try:
        selection(expression)("some text")
    except UsageError:
        pass
