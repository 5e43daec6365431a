"""Who was there throughout: the quick answer is that of looking at each."""

from __future__ import annotations

import random

import pytest

from chatsim.checks.attendance import Attendance
from chatsim.checks.lives import NEVER


def test_who_came_before_and_went_after_was_there_throughout() -> None:
    attendance = Attendance([(5, 20, "bob"), (1, NEVER, "ann"), (7, 12, "cat")])

    assert attendance.throughout(8, 11) == ["ann", "bob", "cat"]
    assert attendance.throughout(8, 12) == ["ann", "bob"]
    assert attendance.throughout(5, 11) == ["ann"]


def test_nobody_is_there_where_nobody_came() -> None:
    assert Attendance[str]([]).throughout(1, 2) == []


@pytest.mark.parametrize("seed", range(20))
def test_it_finds_whom_a_look_at_each_finds_in_the_order_of_coming(seed: int) -> None:
    draw = random.Random(seed)
    came = [draw.randrange(100) for _ in range(draw.randrange(40))]
    spans = [(begin, draw.choice((NEVER, begin + draw.randrange(50))), who) for who, begin in enumerate(came)]
    attendance = Attendance(spans)
    in_order = sorted(spans, key=lambda span: span[0])

    for since in range(0, 110, 7):
        until = since + draw.randrange(30)
        assert attendance.throughout(since, until) == [who for a, z, who in in_order if a < since and z > until]
