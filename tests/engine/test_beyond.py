"""What is said beyond the profile's limit is owed to nobody, and yet nothing is said behind it until it is through."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from playing import Played, play
from simulated import Faults, Line, SimulatedRoom

from chatsim.history import CONSOLE
from chatsim.network.network import Event, Received, Strain
from reference_server.dialects.dialect import Dialect, Effects
from reference_server.dialects.echo import Echo
from reference_server.dialects.prompted import Prompted
from reference_server.room import Guest

FIXED = {"latency": (0.001, 0.001), "cuts": False}
PATIENCE, QUIET = 2.0, 0.25
LONG = 5_000  # bytes; the limit of `prompted` is 1000


class Room(SimulatedRoom):
    """Remembers what came to whom, and when."""

    def poll(self, deadline: float) -> Sequence[Event]:
        events = super().poll(deadline)
        self.came = [*getattr(self, "came", ()), *(event for event in events if type(event) is Received)]
        return events


class Busy(SimulatedRoom):
    """Its server takes its time, and no more than 4 KiB at once: behind a long message its rest is still to be read."""

    seconds = 0.3

    def _read(self, line: Line) -> None:
        data = b"".join(line.arrived)
        line.arrived = [data[:4096]]
        super()._read(line)
        if len(data) > 4096:
            line.reading_soon = True
            line.arrived.append(data[4096:])
            self._of_the_server(self.seconds, lambda: self._read(line))


class Backwards(Prompted):
    """Passes long messages on in such a way that no ear knows them again."""

    def heard(self, guest: Guest, message: bytes) -> Effects:
        return super().heard(guest, message[::-1] if len(message) >= LONG else message)


class Drops(Prompted):
    def heard(self, guest: Guest, message: bytes) -> Effects:
        return super().heard(guest, message) if len(message) < LONG else ()


class Cuts(Prompted):
    def heard(self, guest: Guest, message: bytes) -> Effects:
        return super().heard(guest, message[:1000])


def sent(played: Played, session: int = 0) -> list[float]:
    """When each long message went out."""
    return [t for t, data in played.sent_by(session) if len(data) >= LONG]


def gaps(played: Played) -> list[float]:
    return [round(b - a, 2) for a, b in itertools.pairwise(sent(played))]


def came_to(played: Played, session: int, since: float, until: float) -> int:
    room = played.room
    assert isinstance(room, Room)
    return sum(len(event.data) for event in room.came if event.session == session and since < event.at <= until)


def is_waited_for_by_nobody(played: Played) -> bool:
    """...in the history: no wait, and nothing missing."""
    return not played.details("wait") and not played.bad()


def says(count: int, size: int = LONG) -> str:
    return f"- join: everyone\n- chat: {{ann: {{count: {count}, size: {size}B}}}}\n"


def test_the_next_is_said_when_all_who_read_have_heard_the_last() -> None:
    played = play(says(6), profile="prompted", faults=Faults(slow=1.0), **FIXED)

    said = [m.id for m in played.said("chat")]
    for before, after in itertools.pairwise(said):
        then = next(e.index for e in played.of("send") if e.ref == after)
        heard = [e.index for e in played.of("heard") if e.ref == before and e.session != CONSOLE]
        assert len(heard) == 2
        assert max(heard) < then
    assert is_waited_for_by_nobody(played)


@pytest.mark.parametrize("seed", range(5))
def test_or_have_received_as_many_bytes_where_nobody_would_know_it_again(seed: int) -> None:
    played = play(
        says(6),
        profile="prompted",
        dialect=Backwards,
        faults=Faults(slow=1.0),
        seed=seed,
        house=Room,
        latency=(0, 0.01),
    )

    times = sent(played)
    assert len(times) == 6
    for before, after in itertools.pairwise(times):
        assert all(came_to(played, session, before, after) >= LONG for session in (1, 2))
    assert not played.details("wait")
    assert max(gaps(played)) < PATIENCE


def test_a_short_message_is_not_read_together_with_the_rest_of_a_long_one() -> None:
    read: list[bytes] = []

    class Ears(Prompted):
        def heard(self, guest: Guest, message: bytes) -> Effects:
            read.append(message)
            return super().heard(guest, message)

    steps = f"{says(2)}- chat: {{ann: {{count: 1}}}}\n- chat: {{bob: {{size: 9kB}}}}\n- chat: {{bob: {{count: 1}}}}"
    played = play(steps, profile="prompted", dialect=Ears, house=Busy)

    short = [m.text.encode() for m in played.said("chat") if len(m.text) < LONG]
    assert len(short) == 2
    assert set(short) <= set(read)
    assert is_waited_for_by_nobody(played)


def test_what_the_server_puts_between_the_pieces_is_no_part_of_a_message() -> None:
    read: list[bytes] = []

    class Ears(Prompted):
        def heard(self, guest: Guest, message: bytes) -> Effects:
            read.append(message)
            return super().heard(guest, message[::-1] if len(message) >= 1000 else message)

    class Brisk(Busy):
        seconds = 0.08

    steps = "- join: everyone\n- chat: {ann: {size: 8198B}}\n- chat: {ann: {count: 1}}"  # six bytes are read last
    played = play(steps, profile="prompted", dialect=Ears, house=Brisk)

    assert played.said("chat")[1].text.encode() in read


def test_neither_is_the_goodbye() -> None:
    profile = "profile: limited-echo\nextends: echo\nlimits: {text: 1000B}\n"
    read: list[bytes] = []

    class Ears(Echo):
        def heard(self, guest: Guest, message: bytes) -> Effects:
            read.append(message)
            return super().heard(guest, message)

    played = play(f"{says(1)}- disconnect: ann", bots="[ann]", profile=profile, dialect=Ears, house=Busy)

    assert [len(message) for message in read if b"DISCONNECT" in message] == [len(b"!DISCONNECT")]
    assert is_waited_for_by_nobody(played)


def test_a_server_that_passes_everything_on_is_not_slowed_down() -> None:
    played = play(says(20), profile="prompted", **FIXED)

    assert set(gaps(played)) == {0.0}
    begun, ended = played.steps()[1]
    assert ended - begun < 20 * 0.003


def test_one_that_drops_them_costs_one_patience_and_then_a_short_quiet_each() -> None:
    played = play(f"{says(5)}- chat: {{ann: {{count: 2}}}}", profile="prompted", dialect=Drops, **FIXED)

    assert gaps(played) == [PATIENCE, QUIET, QUIET, QUIET]
    assert is_waited_for_by_nobody(played)
    assert len(played.heard("bob")) == 2


def test_time_that_others_took_from_the_machine_teaches_nothing_about_the_server() -> None:
    half = play(says(3), profile="prompted", dialect=Drops, strain=lambda now: Strain(foreign=now / 2), **FIXED)
    all_of_it = play(says(3), profile="prompted", dialect=Drops, strain=lambda now: Strain(foreign=now), **FIXED)

    assert gaps(half) == [QUIET + 2 * (PATIENCE - QUIET), QUIET]
    assert gaps(all_of_it) == [QUIET + 10 * (PATIENCE - QUIET)] * 2
    assert not half.details("wait")
    assert not all_of_it.details("wait")


def test_so_does_one_that_cuts_them() -> None:
    played = play(f"{says(5)}- chat: {{ann: {{count: 2}}}}", profile="prompted", dialect=Cuts, **FIXED)

    assert gaps(played) == [PATIENCE, QUIET, QUIET, QUIET]
    assert not played.details("wait")
    assert (
        len([e for e in played.of("heard") if e.session == 1 and e.ref in {m.id for m in played.said("chat")[5:]}]) == 2
    )


def test_a_step_that_only_has_them_written_ends_when_the_last_has_gone_out() -> None:
    one, two = (f"chat: {{ann: {{count: {count}, size: {LONG}B, wait: no}}}}" for count in (1, 2))
    steps = f"- join: everyone\n- {one}\n- {two}"
    played = play(steps, profile="prompted", dialect=Cuts, latency=(0.1, 0.1), cuts=False)

    assert [ended for _, ended in played.steps()[1:]] == pytest.approx([sent(played)[0], sent(played)[2]])
    assert not played.details("wait")


def test_the_step_does_not_wait_for_the_last_of_them() -> None:
    played = play(says(1), profile="prompted", dialect=Drops, **FIXED)

    begun, ended = played.steps()[1]
    assert ended - begun < 0.001


def test_who_goes_meanwhile_is_not_waited_for() -> None:
    steps = f"""
        - join: everyone
        - together:
            - chat: {{ann: {{count: 2, size: {LONG}B}}}}
            - do: [{{pause: 500ms}}, {{drop: bob}}, {{stall: cat}}]
    """
    played = play(steps, profile="prompted", dialect=Drops, **FIXED)

    assert gaps(played) == [0.5]
    assert is_waited_for_by_nobody(played)


def test_nor_is_anybody_who_reads_nothing() -> None:
    played = play(f"- join: everyone\n- stall: bob and cat\n{says(3).splitlines()[1]}", profile="prompted", **FIXED)

    assert gaps(played) == [0.1, 0.1]


def test_what_is_lost_with_its_sender_keeps_nobody_from_speaking() -> None:
    steps = "- join: everyone\n- chat: {ann: {size: 600kB}}\n- drop: ann\n- chat: {bob: {count: 1}}"
    played = play(steps, profile="prompted", dialect=Drops, **FIXED)

    begun, ended = played.steps()[3]
    assert ended - begun < 0.2
    assert is_waited_for_by_nobody(played)


def test_of_a_server_that_hangs_nothing_is_awaited() -> None:
    steps = f"- join: everyone\n- pause: 1s\n- chat: {{ann: {{count: 1}}}}\n{says(5).splitlines()[1]}"
    played = play(steps, profile="prompted", faults=Faults(freeze_at=0.5), **FIXED)

    assert gaps(played) == [0.1] * 4
    assert played.outcome("delivery") == "failed"


def test_after_a_restart_nothing_of_before_is_waited_for() -> None:
    steps = """
        - join: everyone
        - chat: {ann: {size: 600kB, wait: no}}
        - server: kill
        - server: restart
        - rejoin: everyone
        - chat: {ann: {count: 1}}
    """
    played = play(steps, profile="prompted", dialect=Drops, **FIXED)

    begun, ended = played.steps()[4]
    assert ended - begun < 0.2
    assert is_waited_for_by_nobody(played)


FREE = "profile: in-a-hurry\nextends: prompted\npace: free\n"


def test_at_a_free_pace_so_much_is_under_way_and_no_more() -> None:
    played = play(says(12, 100_000), profile=FREE, dialect=Prompted, faults=Faults(slow=1.0), house=Room, **FIXED)

    times = sent(played)
    assert len(times) == 12
    for number, time in enumerate(times):
        come = min(came_to(played, session, times[0], time) for session in (1, 2))
        assert number * 100_000 - come <= 600_000
    assert times[5] == times[0]
    assert is_waited_for_by_nobody(played)


def test_nor_where_all_of_it_is_dropped() -> None:
    played = play(f"{says(12, 200_000)}- chat: {{bob: {{count: 1}}}}", profile=FREE, dialect=Drops, **FIXED)

    assert gaps(played) == [0.0, 0.0, PATIENCE, 0.0, 0.0, QUIET, 0.0, 0.0, QUIET, 0.0, 0.0]
    assert is_waited_for_by_nobody(played)
    assert len(played.heard("cat")) == 1


def test_those_who_speak_at_once_all_get_their_turn() -> None:
    played = play(
        f"- join: everyone\n- chat: {{everyone: {{count: 3, size: {LONG}B}}}}\n- chat: {{everyone: {{count: 1}}}}",
        profile="prompted",
        faults=Faults(slow=0.3),
        **FIXED,
    )

    assert [len(sent(played, session)) for session in range(3)] == [3, 3, 3]
    assert not played.details("wait")
    assert {m.id for m in played.said("chat")[9:]} <= {e.ref for e in played.of("heard")}


def test_a_deaf_dialect_is_paced_as_ever() -> None:
    profile = "profile: deaf\nhears: no\necho: no\nlimits: {text: 1000B}\nstart: {command: x}\n"
    played = play(says(3), bots="[ann, bob]", profile=profile, dialect=Dialect, **FIXED)

    assert gaps(played) == [0.1, 0.1]
