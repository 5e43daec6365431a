"""Leak cycles: what each has left is looked at, and a growth is watched until it can be told what it is."""

from __future__ import annotations

import pytest
from playing import Played, play
from simulated import Faults

from chatsim.network.network import Inspect, ServerCommand

FIXED = {"latency": (0.001, 0.001), "cuts": False}
POLITE = """
    - join: ann
    - repeat: {times: 5, do: [{join: bob and cat}, {disconnect: bob and cat}]}
"""
RUDE = POLITE.replace("disconnect: bob and cat", "drop: {bob and cat: %s}")
MANY = "{ann: {}, guests: 5}"
OF_FIVE = """
    - join: ann
    - repeat: {times: 5, do: [{join: guests}, {drop: guests}]}
"""


def inspections(played: Played) -> int:
    return sum(isinstance(command, Inspect) for _, command in played.room.commands)


def looks(played: Played) -> list[int]:
    return [cycle["look"] for cycle in played.details("cycle")]


def notes(played: Played) -> str:
    return " ".join(note["text"] for note in played.details("note"))


# --- a right server -------------------------------------------------------------------------------------------------


def test_each_cycle_tells_what_is_left_of_those_who_came_and_went() -> None:
    played = play(POLITE)

    cycles = played.details("cycle")
    assert [(c["number"], c["size"], c["departed"]) for c in cycles] == [(n, 2, 2 * n) for n in range(1, 6)]
    assert {(c["how"], c["threads"], c["children"], c["fds"], c["close_wait"]) for c in cycles} == {
        ("polite", 2, 0, 6, 0)
    }
    assert {c["place"] for c in cycles} == {"simulated.yaml:6:5"}
    assert cycles[0]["runtimes"] == ["python"]
    assert not played.bad()


def test_a_right_server_is_looked_at_once_a_cycle_and_waited_for_by_nobody() -> None:
    measured = play(POLITE, **FIXED)
    apart = play(POLITE.replace("disconnect: bob and cat", "disconnect: bob}, {drop: cat"), **FIXED)  # of two kinds

    assert looks(measured) == [1] * 5
    assert [c["samples"] for c in measured.details("cycle")] == [1] * 5
    assert not apart.details("cycle")
    begun, ended = measured.steps()[1]
    assert ended - begun == pytest.approx(sum(last - first for first, last in measured.steps()[2:]), abs=1e-4)
    assert inspections(measured) == 1 + 5 + 1 + 1  # before them all, after each, the cleanup look, and at rest


@pytest.mark.parametrize("how", ["reset", "close", "mid-message"])
def test_a_cycle_tells_how_they_went(how: str) -> None:
    played = play(RUDE % how)

    assert {cycle["how"] for cycle in played.details("cycle")} == {how}
    assert not played.bad()


def test_half_closing_is_a_departure_only_where_it_leaves() -> None:
    leaving = play(RUDE % "half-close", profile="relay")
    answering = play(
        RUDE % "half-close",
        profile=("profile: own\nextends: relay\nhalf-close: answers\n"),
    )

    assert {cycle["how"] for cycle in leaving.details("cycle")} == {"half-close"}
    assert not answering.details("cycle")


def test_nobody_can_see_that_one_has_vanished_unless_silence_is_limited() -> None:
    assert not play(RUDE % "vanish").details("cycle")


def test_where_nobody_stays_a_keeper_comes_first() -> None:
    played = play("- repeat: {times: 3, do: [{join: everyone}, {disconnect: everyone}]}")

    assert next(e.detail["bot"] for e in played.of("connect")) == "keeper"
    assert [c["departed"] for c in played.details("cycle")] == [3, 6, 9]
    assert not played.bad()


def test_the_keeper_of_a_server_that_ends_when_empty_is_enough() -> None:
    played = play(
        "- repeat: {times: 3, do: [{join: everyone}, {disconnect: everyone}]}",
        profile="profile: own\nextends: lines\nexits: when-empty\n",
    )

    assert [e.detail["bot"] for e in played.of("connect")].count("keeper") == 1
    assert "keeper2" not in {e.detail["bot"] for e in played.of("connect")}
    assert len(played.details("cycle")) == 3


def test_whoever_is_there_and_goes_in_the_cycle_is_no_keeper() -> None:
    played = play("- join: ann\n- repeat: {times: 3, do: [{drop: ann}, {rejoin: ann}]}\n- disconnect: ann")

    assert "keeper" in {e.detail["bot"] for e in played.of("connect")}
    assert [c["departed"] for c in played.details("cycle")] == [1, 2, 3]


def test_a_server_with_no_room_for_a_keeper_gets_none() -> None:
    played = play(
        "- repeat: {times: 3, do: [{join: everyone}, {disconnect: everyone}]}",
        profile="profile: own\nextends: lines\nlimits: {clients: 3}\n",
    )

    assert {e.detail["bot"] for e in played.of("connect")} == {"ann", "bob", "cat"}
    assert len(played.details("cycle")) == 3


def test_threads_that_end_a_moment_later_are_waited_for() -> None:
    quick = play(OF_FIVE, bots=MANY, faults=Faults(ends_late=0.005))
    slow = play(OF_FIVE, bots=MANY, faults=Faults(ends_late=0.04))

    assert set(looks(quick)) == {1}
    assert set(looks(slow)) == {2}
    assert slow.seconds - quick.seconds == pytest.approx(5 * (0.05 + 0.014) - 5 * 0.006, abs=0.05)
    assert quick.outcome("no-thread-leak") == slow.outcome("no-thread-leak") == "passed"


def test_descriptors_that_are_closed_at_the_second_write_are_seen_closed_at_the_third_look() -> None:
    played = play(OF_FIVE, bots=MANY, faults=Faults(closes_when_speaking=True))

    assert looks(played)[1:] == [3] * 4
    assert played.outcome("no-socket-leak") == "passed"


# --- a growth -------------------------------------------------------------------------------------------------------


def test_a_growth_is_watched_past_three_hundred_departures_before_it_is_a_leak() -> None:
    played = play(OF_FIVE, bots=MANY, faults=Faults(leaks_threads=1.0))

    assert played.details("cycle")[-1]["departed"] == 300
    assert looks(played)[1:] == [0] * (len(looks(played)) - 1)
    assert played.outcome("no-thread-leak") == "failed"
    assert played.outcome("no-socket-leak") == "passed"


def test_only_the_last_half_of_the_way_is_measured_with_patience() -> None:
    played = play(OF_FIVE, bots=MANY, faults=Faults(leaks_threads=1.0))

    assert [c["departed"] for c in played.details("cycle")] == [5, 10, 15, 20, 25, 150, 190, 225, 265, 300]


def test_a_pool_that_fills_up_and_stops_is_played_on_until_that_is_seen() -> None:
    played = play(OF_FIVE, bots=MANY, faults=Faults(pool=200))

    cycles = played.details("cycle")
    assert cycles[-1]["departed"] > 300
    assert cycles[-1]["threads"] == 201
    assert played.outcome("no-thread-leak") == "passed"
    assert "201" in played.verdicts["no-thread-leak"].summary


def test_a_profile_that_knows_of_a_pool_is_played_past_that_one() -> None:
    profile = "profile: own\nextends: lines\nlimits: {pool: 240}\n"
    played = play(OF_FIVE, bots=MANY, profile=profile, faults=Faults(leaks_threads=1.0))

    assert played.details("cycle")[-1]["departed"] == 360
    assert played.outcome("no-thread-leak") == "failed"


def test_what_is_known_to_grow_is_not_watched_again_in_the_next_repeat() -> None:
    again = "- repeat: {times: 5, do: [{join: guests}, {disconnect: guests}]}"
    played = play(f"{OF_FIVE}\n    {again}", bots=MANY, faults=Faults(leaks_threads=1.0))

    second = [c for c in played.details("cycle") if c["how"] == "polite"]
    assert [(c["departed"], c["look"]) for c in second] == [(5 * n, 1) for n in range(1, 6)]


def test_memory_is_in_doubt_only_where_there_are_cycles_enough_to_see_it() -> None:
    few = play(OF_FIVE, bots=MANY, faults=Faults(leaks_bytes=8192))
    many = play(OF_FIVE.replace("times: 5", "times: 12"), bots=MANY, faults=Faults(leaks_bytes=8192))

    assert few.details("cycle")[-1]["departed"] == 25
    assert many.details("cycle")[-1]["departed"] == 240
    assert many.outcome("no-memory-leak") == "failed"


@pytest.mark.parametrize("runtime", ["java", "node", "dotnet", "pypy"])
def test_where_garbage_is_collected_at_leisure_memory_is_no_doubt(runtime: str) -> None:
    steps = OF_FIVE.replace("times: 5", "times: 12")
    played = play(steps, bots=MANY, faults=Faults(leaks_bytes=8192), runtimes=(runtime,))

    assert played.details("cycle")[-1]["departed"] == 60


def test_there_is_an_end_to_it_and_the_reader_is_told() -> None:
    steps = OF_FIVE.replace("{drop: guests}", "{pause: 2s}, {drop: guests}")
    played = play(steps, bots=MANY, faults=Faults(leaks_threads=1.0))

    assert played.details("cycle")[-1]["departed"] < 300
    assert "40 s of extra cycles are the most" in notes(played)


def test_there_is_an_end_to_the_departures_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatsim.engine.cycles.MOST_DEPARTURES", 60)
    played = play(OF_FIVE, bots=MANY, faults=Faults(leaks_threads=1.0))

    assert played.details("cycle")[-1]["departed"] == 60
    assert "60 departures are the most" in notes(played)


def test_joins_that_are_refused_meanwhile_end_it() -> None:
    played = play(OF_FIVE, bots=MANY, faults=Faults(leaks_threads=1.0, full=100))

    last = played.details("cycle")[-1]
    assert (last["departed"], last["refused"]) == (100, 5)
    assert [cycle.get("refused") for cycle in played.details("cycle")[:-1]] == [None] * (len(looks(played)) - 1)
    assert sum(wait["for"] == "join" for wait in played.details("wait")) <= 2  # of the cycle, and of the visitor
    assert played.outcome("no-thread-leak") == "failed"


def test_after_a_refusal_in_the_authors_own_cycles_none_are_added() -> None:
    one_by_one = "- join: ann\n- repeat: {times: 6, do: [{join: bob}, {drop: bob}, {join: cat}, {drop: cat}]}"
    played = play(one_by_one, faults=Faults(leaks_threads=1.0, full=11))

    assert [(c["departed"], c.get("refused")) for c in played.details("cycle")][-2:] == [(10, None), (11, 1)]


def test_a_server_that_lets_nobody_in_any_more_is_not_asked_in_every_cycle() -> None:
    played = play(OF_FIVE.replace("times: 5", "times: 50"), bots=MANY, faults=Faults(full=10))

    assert len(played.details("cycle")) == 3
    assert played.details("cycle")[-1]["refused"] == 5


def test_notices_that_never_came_before_are_not_waited_for_in_cycles_of_our_own() -> None:
    played = play(OF_FIVE, bots=MANY, faults=Faults(leaks_threads=1.0, forget_notices=1.0))

    extra = next(e for e in played.of("cycle") if e.detail["departed"] == 150)
    fifth = next(e for e in played.of("cycle") if e.detail["departed"] == 25)
    assert [w for w in played.of("wait") if fifth.index < w.index < extra.index] == []
    assert played.details("cycle")[-1]["departed"] == 300
    assert played.outcome("drop-notice") == "failed"
    assert played.outcome("no-thread-leak") == "failed"


def test_what_the_author_expects_is_expected_only_as_often_as_the_author_says() -> None:
    expecting = '{chat: {ann: "here we are"}}, {expect: {guests: "here we are"}}, {drop: guests}'
    played = play(OF_FIVE.replace("{drop: guests}", expecting), bots=MANY, faults=Faults(leaks_threads=1.0))

    assert played.details("cycle")[-1]["departed"] == 300
    assert len(played.details("expected")) == 5 * 5


# --- what is no cycle -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "steps",
    [
        "- join: ann\n- repeat: {times: 3, do: [{join: bob}, {server: restart}, {rejoin: ann}, {drop: everyone}]}",
        "- together: [{do: [{repeat: {times: 3, do: [{join: bob}, {drop: bob}]}}]}, {join: ann}]",
        "- join: ann\n- repeat: {times: 1, do: [{join: bob}, {drop: bob}]}",
    ],
    ids=["a server of several lives", "beside others", "only once"],
)
def test_what_tells_nothing_is_not_measured(steps: str) -> None:
    assert not play(steps).details("cycle")


def test_a_repeat_within_a_cycle_belongs_to_it() -> None:
    inner = "{repeat: {times: 2, do: [{join: bob}, {drop: bob}]}}"
    played = play(f"- join: ann\n- repeat: {{times: 3, do: [{inner}]}}")

    assert [c["departed"] for c in played.details("cycle")] == [2, 4, 6]


def test_where_nothing_can_be_seen_a_cycle_says_only_that() -> None:
    played = play(POLITE, attached=True)

    assert not [c for _, c in played.room.commands if isinstance(c, ServerCommand)]
    assert len(played.details("cycle")) == 5
