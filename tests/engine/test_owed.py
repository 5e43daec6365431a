"""What is still owed: which messages are waited for, and which round trips are measured by that."""

from __future__ import annotations

from chatsim.engine.owed import Flight, Owed


def of_what_has_landed(owed: Owed) -> list[int]:
    landed: list[int] = []
    owed.landed = lambda flight: landed.append(flight.message)
    return landed


def test_what_nobody_has_to_hear_is_not_waited_for_and_measures_no_round_trip() -> None:
    """Knocks that a newcomer does not hear: swept up seconds later, they made the patience ten times too long."""
    owed = Owed()
    landed = of_what_has_landed(owed)
    owed.take_off(Flight(0, sender=0, at=0.0, size=8), receivers=0)

    assert owed.nothing()
    assert owed.is_over(0)
    assert landed == []


def test_what_only_its_sender_has_to_hear_is_waited_for() -> None:
    owed = Owed()
    landed = of_what_has_landed(owed)
    flight = Flight(0, sender=0, at=0.0, size=8, echo=True)
    owed.take_off(flight, receivers=0)
    assert not owed.nothing()
    flight.echo = False

    assert owed.nothing()
    assert landed == [0]
