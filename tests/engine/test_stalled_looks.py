"""While somebody does not read, the server is looked at whenever all has settled: what waits for that one, and how large
it has become."""

from __future__ import annotations

from playing import Played, play

from chatsim.network.network import Inspect

STALL = "- join: everyone\n- stall: cat\n- chat: {ann: {count: 3}}\n- chat: {bob: {count: 1}}\n- resume: cat"


def during(played: Played) -> list[dict[str, object]]:
    return [dict(facts) for facts in played.details("facts") if facts.get("during") == "stall"]


def test_it_is_looked_at_as_the_stall_begins_after_each_settle_and_before_it_ends() -> None:
    played = play(STALL)

    kinds = [
        e.kind if e.kind != "facts" else "look"
        for e in played.history
        if e.kind in ("stall", "resume", "settled") or e.detail.get("during") == "stall"
    ]
    begun, ended = kinds.index("stall"), kinds.index("resume")
    assert kinds[begun:ended] == ["stall", "look", "settled", "look", "settled", "look", "look"]
    assert not played.bad()


def test_it_tells_what_waits_for_the_one_who_does_not_read() -> None:
    played = play(STALL, latency=(0.001, 0.001), cuts=False)

    port = played.details("connected")[2]["port"]
    queues = [facts["send_queue"] for facts in during(played)]
    assert queues[0] == {}
    assert 0 < queues[1][port] < queues[2][port] == queues[3][port]  # type: ignore[index]
    assert [facts["established"] for facts in during(played)] == [[port]] * 4
    assert all(facts["rss"] == 20_000_000 for facts in during(played))


def test_who_is_not_there_to_be_looked_at_costs_nothing() -> None:
    played = play("- join: everyone\n- chat: {ann: {count: 3}}\n- chat: {bob: {count: 1}}")

    assert sum(isinstance(c, Inspect) for _, c in played.room.commands) == 2  # at rest
    assert not during(played)


def test_a_server_that_we_have_frozen_is_not_looked_at() -> None:
    assert not during(play("- join: everyone\n- server: freeze\n- chat: {ann: {count: 1}}\n- server: thaw"))
