"""A server is seen at rest in one window, or watched until it has been seen that it never rests."""

from __future__ import annotations

import pytest
from playing import Played, play
from simulated import Faults

from chatsim.network.network import Inspect, Strain

TALK = "- join: everyone\n- chat: {everyone: {count: 2}}"


def works(played: Played) -> int:
    return sum(isinstance(command, Inspect) and command.work for _, command in played.room.commands)


def test_a_right_server_is_watched_for_no_longer_than_the_closing_listen() -> None:
    played = play(TALK)
    blind = play(TALK, has_work=False)

    (rest,) = played.details("rest")
    assert rest == {"number": 1, "seconds": 0.05, "load": 0.0, "top": [], "cpu_only": False, "foreign": 0.0}
    assert (works(played), works(blind)) == (2, 1)
    assert played.seconds == pytest.approx(blind.seconds, abs=1e-6)


def test_where_the_work_of_threads_cannot_be_seen_nothing_is_said_of_rest() -> None:
    assert not play(TALK, has_work=False).details("rest")
    assert not play(TALK, attached=True).details("rest")


def test_a_server_that_spins_is_watched_for_twenty_windows() -> None:
    played = play(TALK, faults=Faults(spins_from=0.0))

    rests = played.details("rest")
    assert [r["number"] for r in rests] == list(range(1, 21))
    assert all(r["load"] == pytest.approx(1.0, abs=0.01) for r in rests)
    assert rests[0]["top"] == [["serve", pytest.approx(1.0, abs=0.01)]]
    assert played.outcome("stays-up") == "passed"


def test_and_for_twice_as_many_on_a_machine_that_is_busy_with_others() -> None:
    played = play(TALK, faults=Faults(spins_from=0.0), strain=lambda now: Strain(foreign=0.6 * now))

    rests = played.details("rest")
    assert len(rests) == 40
    assert rests[5]["foreign"] == pytest.approx(0.03, abs=0.001)


def test_one_that_prints_without_end_is_not_at_rest_where_it_only_waits_for_us_to_read() -> None:
    rests = play(TALK, faults=Faults(prints=20_000)).details("rest")

    assert [r["number"] for r in rests] == list(range(1, 21))
    assert all(r["load"] == 0.0 and r["printed"] >= 20_000 for r in rests)


def test_one_that_prints_a_little_is() -> None:
    (rest,) = play(TALK, faults=Faults(prints=300)).details("rest")

    assert "printed" not in rest


def test_fifty_threads_that_poll_are_a_server_at_rest() -> None:
    (rest,) = play(TALK, faults=Faults(polls=0.08)).details("rest")

    assert rest["load"] == pytest.approx(0.08, abs=0.001)


def test_what_is_not_quite_quiet_is_watched_twice_as_long() -> None:
    """A thread that stands in a queue for a processor looks idle until it has had its turn."""
    (rest,) = play(TALK, faults=Faults(polls=0.2)).details("rest")

    assert rest["seconds"] == pytest.approx(0.1)


def test_a_server_that_comes_to_rest_is_watched_only_until_then() -> None:
    played = play(TALK, faults=Faults(spins_from=0.0, spins_until=0.5))

    rests = played.details("rest")
    assert 3 < len(rests) < 12
    assert rests[-1]["load"] < 0.3
    assert rests[-1]["seconds"] == pytest.approx(0.1)
    assert not played.details("stacks")


# --- before the first fault ---------------------------------------------------------------------------------------------


def test_the_first_fault_tells_how_busy_the_server_was_before_it() -> None:
    played = play("- join: everyone\n- pause: 1s\n- drop: bob\n- drop: cat", faults=Faults(polls=0.4))

    assert [fault["load"] for fault in played.details("fault")] == [pytest.approx(0.4, abs=0.01)]
    assert works(played) == 2 + 1 + len(played.details("rest"))  # as the run begins, before the fault, and at rest


@pytest.mark.parametrize("steps", ["- drop: bob", "- stall: bob", "- connect: cat", "- server: restart"])
def test_whatever_the_first_fault_is(steps: str) -> None:
    played = play(f"- join: ann and bob\n{steps}", faults=Faults(spins_from=0.0))

    assert [fault["load"] for fault in played.details("fault")] == [pytest.approx(1.0, abs=0.01)]


def test_where_nothing_is_done_to_the_server_it_is_not_looked_at_for_that() -> None:
    assert works(play(TALK)) == 2  # at rest
    assert "load" not in play("- join: ann and bob\n- drop: bob", has_work=False).details("fault")[0]
