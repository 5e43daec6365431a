"""How far the work is, in one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.report.progress import Doing, bar, gauge, line


@pytest.mark.parametrize(
    ("doing", "seconds", "terminal", "log"),
    [
        (Doing(0, 1), 0.0, "", ""),
        (Doing(0, 0, words="replaying …"), 9.0, "replaying …", ""),
        (Doing(0, 40), 1.0, "[------------------------]   0 % · 0 of 40 runs", "0 of 40 runs after 1 s"),
        (
            Doing(10, 40, 2, "drops.yaml"),
            12.0,
            "[######------------------]  25 % · 10 of 40 runs · 2 failed · about 36 s left · drops.yaml",
            "10 of 40 runs after 12 s, 2 failed",
        ),
        (
            Doing(10, 1000),
            600.0,
            "[------------------------]   1 % · 10 of 1000 runs",  # too early to say how long
            "10 of 1000 runs after 10 min",
        ),
        (Doing(40, 40), 60.0, "[########################] 100 % · 40 of 40 runs", "40 of 40 runs after 60 s"),
    ],
)
def test_it_reads_as_this(doing: Doing, seconds: float, terminal: str, log: str) -> None:
    assert bar(doing, seconds) == terminal
    assert line(doing, seconds) == log


@given(st.floats(0, 1))
def test_the_gauge_is_always_as_long(part: float) -> None:
    assert len(gauge(part)) == len(gauge(0))
