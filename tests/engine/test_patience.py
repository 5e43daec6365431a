"""What is known of healthy round trips, and what follows from it."""

from __future__ import annotations

import pytest

from chatsim.engine.owed import Flight, Owed
from chatsim.engine.patience import Patience


def test_the_closing_listen_does_not_last_for_the_queue_that_we_made_ourselves() -> None:
    """4,000 messages at once took a second each: five of those would be five seconds of waiting for nothing."""
    patience = Patience()
    patience.saw(0.002)
    for _ in range(4000):
        patience.saw(1.0, queued=True)

    assert patience.round_trip == pytest.approx(0.002)
    assert patience.seconds == pytest.approx(20.0)


def test_where_nothing_was_ever_alone_the_median_of_all_is_taken() -> None:
    patience = Patience()
    for seconds in (0.1, 0.2, 0.3):
        patience.saw(seconds, queued=True)

    assert patience.round_trip == pytest.approx(0.2)


def test_a_message_is_alone_if_nothing_else_is_under_way_from_its_start_to_its_end() -> None:
    owed, landed = Owed(), list[tuple[int, bool]]()
    owed.landed = lambda flight: landed.append((flight.message, flight.queued))
    for number in range(2):  # one after the other
        owed.take_off(Flight(number, sender=0, at=0.0, size=8), receivers=1)
        owed.to_go[number] = 0
        owed.sweep()
    for number in (2, 3):  # both at once
        owed.take_off(Flight(number, sender=0, at=0.0, size=8), receivers=1)
    owed.to_go[2] = owed.to_go[3] = 0
    owed.sweep()

    assert landed == [(0, False), (1, False), (2, True), (3, True)]
