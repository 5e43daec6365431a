"""docs/submissions.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatsim.submissions import Bounds
from chatsim.submissions.passing_over import ASIDE, NOT_ENTERED, is_hidden, is_junk

PAGE = (Path(__file__).parents[2] / "docs" / "submissions.md").read_text(encoding="utf-8")
WORDS = " ".join(PAGE.split())


def quoted_in(begin: str, end: str) -> list[str]:
    """What stands in back-quotes in a passage."""
    passage = WORDS[WORDS.index(begin) : WORDS.index(end, WORDS.index(begin))]
    return re.findall(r"`([^`]+)`", passage)


def test_what_is_passed_over_is_what_the_page_names() -> None:
    named = quoted_in("Passed over in silence", "### Learning systems")

    assert len(named) >= 6
    assert [name for name in named if not is_hidden(name)] == []


def test_what_is_left_out_of_a_submission_is_what_the_page_names() -> None:
    named = quoted_in("Left out in silence are only", "other hidden files")

    assert len(named) >= 8
    assert [name for name in named if not is_junk(name)] == []
    assert not any(map(is_junk, (".env", ".gitignore", ".mvn", "server.py~", "data.part", "CVS")))


def test_folders_that_are_not_looked_into_are_those_of_the_page() -> None:
    assert set(quoted_in("Not looked into are", "and the like")) < NOT_ENTERED
    assert set(quoted_in("a server counts that lies in", ".")) < ASIDE


@pytest.mark.parametrize(
    "words",
    [
        f"more than {Bounds().total // 1024**2} MiB",
        f"more than {Bounds().files:,} files",
        f"more than {Bounds().ratio} times larger",
        f"over {Bounds().free // 1024**2} MiB",
    ],
)
def test_the_bounds_are_those_of_the_page(words: str) -> None:
    assert words in WORDS
