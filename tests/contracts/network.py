"""What every network keeps to, whether real or simulated: functions over a `Room`, each one a sentence.

A room is a network whose `Connect` reaches `room.server`, a peer that the test plays itself: `accept()` gives the
server's end of the next connection, which reads and writes bytes, closes, resets, and can stop reading. An
implementation is held to the contract by a test file that calls every function of `CONTRACT` with a room of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from chatsim.network.network import (
    Abort,
    Close,
    Connect,
    Event,
    GiveUp,
    Handed,
    HoldReading,
    Network,
    Opened,
    OpenFailed,
    PeerClosed,
    Received,
    ResumeReading,
    Send,
    ShutdownWrite,
)
from chatsim.wires import Wire

PATIENCE = 5.0  # seconds of the network's clock within which anything that is going to happen does
QUIET = 0.05  # seconds in which something that must not happen would have happened
FULL = 64 * 1024 * 1024  # bytes: more than any two kernels hold between them


class End(Protocol):
    """The server's end of one connection."""

    address: tuple[str, int]  # of the client, as the server sees it

    def write(self, data: bytes) -> None: ...
    def read(self, size: int) -> bytes:
        """Exactly so many bytes, or fewer at the end; b"" at the end. Raises ConnectionResetError after a reset."""
        ...

    def take(self) -> bytes:
        """Whatever is there now, at most a megabyte; waits for the first of it."""
        ...

    def finish(self) -> None:
        """Send FIN; reading goes on."""
        ...

    def close(self) -> None: ...
    def reset(self) -> None: ...


class Server(Protocol):
    def accept(self) -> End: ...
    def stop_listening(self) -> None: ...


class Room(Protocol):
    network: Network
    server: Server


Promise = Callable[[Room], None]

CONTRACT: list[Promise] = []
NEEDS: dict[Promise, str] = {}  # what the wire must have for this to be asked of it: a field of `Wire`


def part_of_the_contract(function: Promise) -> Promise:
    CONTRACT.append(function)
    return function


def needs(what: str) -> Callable[[Promise], Promise]:
    def note(function: Promise) -> Promise:
        NEEDS[function] = what
        return function

    return note


def promises_of(wire: Wire) -> list[Promise]:
    """The contract without what this wire says that it lacks."""
    return [promise for promise in CONTRACT if promise not in NEEDS or getattr(wire, NEEDS[promise])]


# --- what a test says


def until(network: Network, met: Callable[[list[Event]], bool]) -> list[Event]:
    """Poll until what has happened satisfies; return all of it, or what there is when the patience is spent."""
    events: list[Event] = []
    deadline = network.now() + PATIENCE
    while not met(events) and network.now() < deadline:
        events += network.poll(deadline)
    return events


def some(kind: type, number: int = 1) -> Callable[[list[Event]], bool]:
    return lambda events: sum(isinstance(event, kind) for event in events) >= number


def quiet(network: Network) -> list[Event]:
    """All that happens in a while in which nothing should."""
    events: list[Event] = []
    deadline = network.now() + QUIET
    while network.now() < deadline:
        events += network.poll(deadline)
    return events


def heard(events: list[Event], session: int) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Received) and event.session == session)


def connected(room: Room, session: int = 0) -> End:
    room.network.do(Connect(session))
    events = until(room.network, some(Opened))
    assert [type(event) for event in events] == [Opened]
    return room.server.accept()


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


# --- opening


@part_of_the_contract
@needs("addresses")
def opened_carries_our_address_as_the_server_sees_it(room: Room) -> None:
    room.network.do(Connect(7))

    [opened] = until(room.network, some(Opened))
    assert isinstance(opened, Opened)
    assert opened.session == 7
    assert opened.local == room.server.accept().address


@part_of_the_contract
@needs("connects")
def a_connection_to_nobody_fails_with_its_reason_and_raises_nothing(room: Room) -> None:
    room.server.stop_listening()
    room.network.do(Connect(1))

    [failed] = until(room.network, some(OpenFailed))
    assert isinstance(failed, OpenFailed)
    assert (failed.session, failed.why) == (1, "connection refused")


@part_of_the_contract
def what_is_sent_before_the_connection_stands_is_sent_when_it_does(room: Room) -> None:
    room.network.do(Connect(0))
    room.network.do(Send(0, b"early ", 1))
    room.network.do(Send(0, b"bird", 2))
    events = until(room.network, some(Handed, 2))

    assert kinds(events) == ["Opened", "Handed", "Handed"]
    assert room.server.accept().read(10) == b"early bird"


@part_of_the_contract
def to_give_up_opening_is_nothing_to_a_connection_that_stands_or_to_none(room: Room) -> None:
    end = connected(room)
    room.network.do(GiveUp(0))
    room.network.do(GiveUp(99))
    room.network.do(Send(0, b"still here", 1))

    assert kinds(until(room.network, some(Handed))) == ["Handed"]
    assert end.read(10) == b"still here"


# --- sending


@part_of_the_contract
def bytes_arrive_in_the_order_in_which_they_were_sent_and_each_tag_is_handed_once(room: Room) -> None:
    end = connected(room)
    for number in range(100):
        room.network.do(Send(0, b"%03d\n" % number, number))
    events = until(room.network, some(Handed, 100))

    assert [event.tag for event in events if isinstance(event, Handed)] == list(range(100))
    assert end.read(400) == b"".join(b"%03d\n" % number for number in range(100))


@part_of_the_contract
def a_tag_of_minus_one_asks_for_no_receipt(room: Room) -> None:
    end = connected(room)
    room.network.do(Send(0, b"quietly"))

    assert end.read(7) == b"quietly"
    assert quiet(room.network) == []


@part_of_the_contract
@needs("waits")
def what_the_kernel_does_not_take_is_handed_only_when_the_peer_reads(room: Room) -> None:
    end = connected(room)
    room.network.do(Send(0, b"x" * FULL, 1))
    room.network.do(Send(0, b"last", 2))
    before = quiet(room.network)
    received = 0
    after: list[Event] = []
    while received < FULL + 4:
        received += len(end.take())
        after += room.network.poll(room.network.now())
    after += until(room.network, lambda events: some(Handed, 2)(after + events))

    assert before == []
    assert [event.tag for event in after if isinstance(event, Handed)] == [1, 2]


@part_of_the_contract
@needs("connects")
def sending_to_a_connection_that_is_unknown_or_closed_does_nothing(room: Room) -> None:
    end = connected(room)
    room.network.do(Close(0))
    for session in (0, 99):
        room.network.do(Send(session, b"anyone?", 1))
        room.network.do(ShutdownWrite(session))
        room.network.do(HoldReading(session))
        room.network.do(ResumeReading(session))
        room.network.do(Abort(session))

    assert quiet(room.network) == []
    assert end.read(1) == b""


# --- receiving


@part_of_the_contract
@needs("waits")
def what_arrives_is_told_once_whole_and_in_order(room: Room) -> None:
    end = connected(room)
    sent = b"".join(b"%06d\n" % number for number in range(30_000))
    end.write(sent)
    events = until(room.network, lambda events: len(heard(events, 0)) >= len(sent))

    assert heard(events, 0) == sent
    assert all(event.data for event in events if isinstance(event, Received))


@part_of_the_contract
def times_never_run_backwards(room: Room) -> None:
    end = connected(room)
    began = room.network.now()
    for number in range(20):
        room.network.do(Send(0, b"x", number))
        end.write(b"y")
    events = until(room.network, lambda events: some(Handed, 20)(events) and len(heard(events, 0)) == 20)
    times = [event.at for event in events]

    assert times == sorted(times)
    assert began <= times[0] and times[-1] <= room.network.now()


@part_of_the_contract
@needs("waits")
def one_that_talks_without_end_does_not_keep_the_others_from_being_heard(room: Room) -> None:
    """Each poll gives every connection its share: a megabyte that waits for one is not read before a line for another."""
    chatty, modest = connected(room, 0), connected(room, 1)
    chatty.write(b"x" * 1024 * 1024)
    modest.write(b"me too")
    events = until(room.network, lambda events: heard(events, 1) == b"me too")

    assert heard(events, 1) == b"me too"
    assert len(heard(events, 0)) <= 256 * 1024


@part_of_the_contract
def held_reading_hears_nothing_until_it_is_resumed_and_then_everything(room: Room) -> None:
    end = connected(room)
    room.network.do(HoldReading(0))
    end.write(b"kept for later")
    held = quiet(room.network)
    room.network.do(ResumeReading(0))
    events = until(room.network, some(Received))

    assert held == []
    assert heard(events, 0) == b"kept for later"


@part_of_the_contract
def one_who_does_not_read_can_still_send(room: Room) -> None:
    end = connected(room)
    room.network.do(HoldReading(0))
    end.write(b"unread")
    room.network.do(Send(0, b"spoken", 5))

    assert kinds(until(room.network, some(Handed))) == ["Handed"]
    assert end.read(6) == b"spoken"


# --- the peer's endings


@part_of_the_contract
@needs("connects")
def the_peers_close_is_an_end_of_file_after_its_last_bytes_and_comes_once(room: Room) -> None:
    end = connected(room)
    end.write(b"good")
    end.write(b"bye")
    end.close()
    events = until(room.network, some(PeerClosed)) + quiet(room.network)

    assert heard(events, 0) == b"goodbye"
    assert [event.how for event in events if isinstance(event, PeerClosed)] == ["eof"]
    assert isinstance(events[-1], PeerClosed)


@part_of_the_contract
@needs("half_closes")
def after_the_peers_half_close_our_side_is_still_open(room: Room) -> None:
    end = connected(room)
    end.finish()
    closed = until(room.network, some(PeerClosed))
    room.network.do(Send(0, b"still here", 1))
    handed = until(room.network, some(Handed))

    assert kinds(closed + handed) == ["PeerClosed", "Handed"]
    assert end.read(10) == b"still here"


@part_of_the_contract
@needs("half_closes")
def a_half_close_of_ours_comes_after_all_that_was_sent_and_we_go_on_reading(room: Room) -> None:
    end = connected(room)
    room.network.do(Send(0, b"x" * FULL, 1))
    room.network.do(ShutdownWrite(0))
    received = 0
    events: list[Event] = []
    while received < FULL:
        received += len(end.take())
        events += room.network.poll(room.network.now())
    events += room.network.poll(room.network.now())
    at_the_end = end.read(1)
    end.write(b"heard you")
    end.close()
    events += until(room.network, some(PeerClosed))

    assert at_the_end == b""
    assert heard(events, 0) == b"heard you"
    assert [event.how for event in events if isinstance(event, PeerClosed)] == ["eof"]


@part_of_the_contract
@needs("connects")
def both_sides_closed_is_at_rest(room: Room) -> None:
    """A connection that is over in both directions must not keep waking the loop."""
    end = connected(room)
    room.network.do(ShutdownWrite(0))
    end.close()
    until(room.network, some(PeerClosed))

    assert quiet(room.network) == []


@part_of_the_contract
@needs("resets")
def the_peers_reset_is_told_as_one(room: Room) -> None:
    end = connected(room)
    end.reset()
    events = until(room.network, some(PeerClosed)) + quiet(room.network)

    assert [(event.session, event.how) for event in events if isinstance(event, PeerClosed)] == [(0, "reset")]


@part_of_the_contract
@needs("resets")
def writing_to_one_who_has_reset_is_a_reset_and_raises_nothing(room: Room) -> None:
    end = connected(room)
    end.reset()
    for number in range(3):
        room.network.do(Send(0, b"hello?", number))
    events = until(room.network, some(PeerClosed)) + quiet(room.network)

    assert [event.how for event in events if isinstance(event, PeerClosed)] == ["reset"]


@part_of_the_contract
@needs("resets")
def a_reset_that_came_while_reading_was_held_is_told_after_resuming(room: Room) -> None:
    end = connected(room)
    room.network.do(HoldReading(0))
    end.reset()
    held = quiet(room.network)
    room.network.do(ResumeReading(0))
    events = until(room.network, some(PeerClosed))

    assert held == []
    assert [event.how for event in events if isinstance(event, PeerClosed)] == ["reset"]


@part_of_the_contract
@needs("resets")
def a_reset_noticed_by_writing_while_reading_was_held_is_told_after_resuming(room: Room) -> None:
    end = connected(room)
    room.network.do(HoldReading(0))
    end.reset()
    room.network.do(Send(0, b"hello?", 1))
    room.network.do(Send(0, b"hello?", 2))
    held = quiet(room.network)
    room.network.do(ResumeReading(0))
    events = until(room.network, some(PeerClosed))

    assert "PeerClosed" not in kinds(held)
    assert [event.how for event in events if isinstance(event, PeerClosed)] == ["reset"]


# --- our endings


@part_of_the_contract
@needs("connects")
def our_close_is_an_end_of_file_to_the_peer(room: Room) -> None:
    end = connected(room)
    room.network.do(Send(0, b"bye"))
    room.network.do(Close(0))

    assert end.read(3) == b"bye"
    assert end.read(1) == b""


@part_of_the_contract
@needs("resets")
def our_abort_is_a_reset_to_the_peer(room: Room) -> None:
    end = connected(room)
    room.network.do(Abort(0))

    try:
        got = end.read(1)
    except ConnectionResetError:
        got = b"reset"
    assert got == b"reset"


@part_of_the_contract
def after_our_close_or_abort_nothing_more_is_told_of_a_connection(room: Room) -> None:
    for session, ending in enumerate((Close, Abort)):
        end = connected(room, session)
        end.write(b"too late")
        room.network.do(ending(session))

        assert quiet(room.network) == []


@part_of_the_contract
@needs("connects")
def one_closed_before_it_was_open_never_opens(room: Room) -> None:
    room.network.do(Connect(0))
    room.network.do(Abort(0))

    assert quiet(room.network) == []


@part_of_the_contract
@needs("waits")
def an_abort_tears_what_was_not_handed(room: Room) -> None:
    connected(room)
    room.network.do(Send(0, b"x" * FULL, 1))
    room.network.do(Abort(0))

    assert quiet(room.network) == []


@part_of_the_contract
def a_new_session_after_a_drop_is_a_new_connection(room: Room) -> None:
    connected(room, 0)
    room.network.do(Abort(0))
    end = connected(room, 1)
    end.write(b"again")

    assert heard(until(room.network, some(Received)), 1) == b"again"


# --- time


@part_of_the_contract
def a_poll_in_which_nothing_happens_returns_nothing_and_not_before_its_deadline(room: Room) -> None:
    for span in (0.0, 0.0003, 0.0011, 0.02):
        deadline = room.network.now() + span
        events = room.network.poll(deadline)

        assert events == []
        assert room.network.now() >= deadline


@part_of_the_contract
def a_poll_whose_deadline_has_passed_still_tells_what_has_happened(room: Room) -> None:
    end = connected(room)
    end.write(b"there")

    assert heard(list(room.network.poll(room.network.now() - 1)), 0) == b"there"


@part_of_the_contract
def a_poll_returns_as_soon_as_something_has_happened(room: Room) -> None:
    end = connected(room)
    end.write(b"there")
    deadline = room.network.now() + 60
    events = room.network.poll(deadline)

    assert heard(list(events), 0) == b"there"
    assert room.network.now() < deadline - 30


@part_of_the_contract
def strain_never_shrinks(room: Room) -> None:
    first = room.network.strain()
    quiet(room.network)
    second = room.network.strain()

    assert 0 <= first.lag <= second.lag
    assert 0 <= first.foreign <= second.foreign
