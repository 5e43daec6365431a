"""However somebody goes: the others are told once, the name is free, and neither thread nor socket stays."""

import threading
from collections.abc import Callable

import pytest
from reference_clients import Client, Connect, Join, Serve, reader_threads

from reference_server import Server


def mid_line(leave: Callable[[Client], None]) -> Callable[[Client], None]:
    def leave_mid_line(client: Client) -> None:
        client.send(b"I was just say")
        leave(client)

    return leave_mid_line


WAYS: dict[str, Callable[[Client], None]] = {
    "quit": lambda client: client.say("/quit"),
    "close": Client.close,
    "half-close": Client.half_close,
    "reset": Client.reset,
    "close in mid-line": mid_line(Client.close),
    "half-close in mid-line": mid_line(Client.half_close),
    "reset in mid-line": mid_line(Client.reset),
}


def all_have_ended(threads: list[threading.Thread]) -> bool:
    for thread in threads:
        thread.join(10)
    return not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("way", WAYS)
def test_the_others_hear_it_once_and_the_name_is_free(way: str, server: Server, connect: Connect, join: Join) -> None:
    ann = join("ann")
    cat = join("cat", before=(ann,))
    others = reader_threads()
    bob = join("bob", before=(ann, cat))
    bob.say("/enter kitchen")
    bob.line()
    [bobs_thread] = set(reader_threads()) - set(others)

    WAYS[way](bob)

    assert ann.line() == "* bob left"
    assert cat.line() == "* bob left"
    ann.say("/who")
    assert ann.line() == "Here: ann, cat"
    if way == "quit":
        assert bob.rest() == b"Goodbye, bob.\n"
        bob.close()
    elif "half-close" in way:
        assert bob.rest() == b""
    assert all_have_ended([bobs_thread])
    new = connect(server)
    new.say("bob")
    assert new.line() == "Welcome, bob!"
    assert ann.line() == "* bob joined"  # and no second notice before it


def test_who_quits_hears_goodbye_even_while_it_is_still_talking(join: Join) -> None:
    """Closing with its words unread would be a reset, in the midst of what it is saying."""
    bob = join("bob")

    bob.send(b"/quit\n" + b"and another thing\n" * 1_000_000)

    assert bob.rest() == b"Goodbye, bob.\n"


def test_who_quits_before_having_read_everything_can_still_read_it(join: Join) -> None:
    ann = join("ann")
    late = join("late", before=(ann,))
    for _ in range(14):
        ann.send(b"x" * 1_000_000 + b"\n")
    ann.say("/who")
    ann.line()  # so all of it has been said

    late.say("/quit")

    assert ann.line() == "* late left"
    assert late.rest() == (b"ann: " + b"x" * 1_000_000 + b"\n") * 14 + b"Goodbye, late.\n"


def test_what_was_said_before_going_is_heard_before_the_notice(join: Join) -> None:
    ann = join("ann")
    for way in (Client.close, Client.half_close):
        bob = join("bob", before=(ann,))
        bob.say("one", "two", "three")
        way(bob)

        assert ann.lines(4) == ["bob: one", "bob: two", "bob: three", "* bob left"]


def test_nothing_that_is_said_after_quitting_is_heard(join: Join) -> None:
    ann = join("ann")
    bob = join("bob", before=(ann,))

    bob.say("one", "/quit", "two")

    assert ann.lines(2) == ["bob: one", "* bob left"]
    ann.say("/who")
    assert ann.line() == "Here: ann"


def test_who_goes_without_having_joined_is_not_spoken_of(server: Server, connect: Connect, join: Join) -> None:
    ann = join("ann")
    for way in WAYS.values():
        nobody = connect(server)
        way(nobody)
        nobody.close()

    # Clients are let in one after the other: once the last has joined, those before it have been let in.
    last = join("last", before=(ann,))
    ann.say("/who")

    assert ann.line() == "Here: ann, last"
    last.close()
    assert ann.line() == "* last left"
    assert all_have_ended([thread for thread in reader_threads() if thread.name != "client 1"])


def test_in_a_storm_of_resets_those_who_stay_go_on_hearing_each_other(join: Join) -> None:
    ann = join("ann")
    bob = join("bob", before=(ann,))
    leavers = []
    for number in range(20):
        leavers.append(join(f"leaver{number}", before=(ann, bob, *leavers)))
    talking = [threading.Thread(target=ann.say, args=[f"word {n}" for n in range(500)])]
    talking += [threading.Thread(target=leaver.reset) for leaver in leavers]
    for thread in talking:
        thread.start()
    for thread in talking:
        thread.join()

    heard = bob.lines(520)
    assert [line for line in heard if line.startswith("ann: ")] == [f"ann: word {n}" for n in range(500)]
    assert sorted(line for line in heard if line.startswith("*")) == sorted(f"* leaver{n} left" for n in range(20))
    bob.say("still here")
    assert ann.lines(21)[-1] == "bob: still here"


@pytest.mark.parametrize(
    ("dialect", "farewell", "answer"),
    [
        ("echo", b"!DISCONNECT", b""),
        ("header-64", b"3".ljust(64) + b"ann" + b"11".ljust(64) + b"!DISCONNECT", b"9".ljust(64) + b"Connected"),
        ("binary-length", b"\0\0\0\4/bye", b"\0\0\0\3BYE"),
        ("json-lines", b'{"type":"bye"}\n', b""),
    ],
)
def test_every_word_of_farewell_ends_the_connection_after_its_answer(
    dialect: str, farewell: bytes, answer: bytes, serve: Serve, connect: Connect
) -> None:
    client = connect(serve(dialect))
    client.send(farewell)

    assert client.rest() == answer
