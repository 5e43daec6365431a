"""Foreign load is what kept those who wanted to run from running; nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.server import load
from chatsim.server.load import ForeignLoad, _Sample, hampered

QUIET = _Sample(at=0.0, ours=0.0, busy=0.0, stolen=0.0, idle=(0.0, 0.0))


@pytest.mark.parametrize(
    ("what", "after", "seconds"),
    [
        ("nobody runs", _Sample(10, 0, 0, 0, (10, 10)), 0.0),
        ("others fill one processor of two", _Sample(10, 0, 10, 0, (10, 0)), 0.0),
        ("others fill both", _Sample(10, 0, 20, 0, (0, 0)), 10.0),
        ("the server fills both: no excuse for it", _Sample(10, 20, 20, 0, (0, 0)), 0.0),
        ("the server and others share both", _Sample(10, 5, 20, 0, (0, 0)), 7.5),
        ("others fill both for a half of the time", _Sample(10, 0, 10, 0, (5, 5)), 5.0),
        ("the hypervisor takes a fifth", _Sample(10, 0, 0, 4, (8, 8)), 2.0),
        ("rounding makes us busier than everybody", _Sample(10, 3, 2, 0, (9, 9)), 0.0),
    ],
)
def test_hampered_time(what: str, after: _Sample, seconds: float) -> None:
    assert hampered(QUIET, after) == pytest.approx(seconds)


@given(
    *[st.floats(0, 100) for _ in range(4)],
    st.lists(st.floats(0, 100), min_size=1, max_size=8).map(tuple),
)
def test_never_more_than_the_time_that_has_passed(
    at: float, ours: float, busy: float, stolen: float, idle: tuple[float, ...]
) -> None:
    before = _Sample(0, 0, 0, 0, tuple(0.0 for _ in idle))

    assert 0 <= hampered(before, _Sample(at, ours, busy, stolen, idle)) <= at


def test_it_adds_up_over_the_times_that_it_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = iter(
        [QUIET, _Sample(10, 0, 20, 0, (0, 0)), _Sample(20, 0, 20, 0, (10, 10)), _Sample(30, 0, 40, 0, (10, 10))]
    )
    monkeypatch.setattr(load, "_sample", lambda ours: next(samples))
    foreign = ForeignLoad(lambda: 0.0)

    assert [foreign.seconds() for _ in range(3)] == pytest.approx([10.0, 10.0, 20.0])


def test_where_the_platform_does_not_tell_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_sample", lambda ours: None)

    assert ForeignLoad(lambda: 0.0).seconds() == 0.0
