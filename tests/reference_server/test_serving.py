"""Over real sockets: everybody hears everything once, whole and in one order, whatever others do."""

import threading
import time
from collections.abc import Callable

import pytest
from reference_clients import Client, Connect, Join, Serve, reader_threads

from reference_server import Server

LINE_OF_A_MEGABYTE = b"x" * 1_000_000 + b"\n"


def test_a_line_is_heard_by_the_others_only(join: Join) -> None:
    ann = join("ann")
    bob = join("bob", before=(ann,))
    cat = join("cat", before=(ann, bob))

    ann.say("hello")
    bob.say("hi")

    assert cat.lines(2) in (["ann: hello", "bob: hi"], ["bob: hi", "ann: hello"])
    assert ann.line() == "bob: hi"
    assert bob.line() == "ann: hello"


def test_who_has_read_its_welcome_is_in_the_room(server: Server, connect: Connect, join: Join) -> None:
    ann = join("ann")
    for number in range(100):
        late = connect(server)
        late.say(f"late{number}")
        late.line()
        ann.say(f"hello {number}")

        assert late.line() == f"ann: hello {number}"


def test_texts_arrive_byte_for_byte_however_they_are_cut(join: Join) -> None:
    text = "naïve 漢字 🙂 👨‍👩‍👧‍👦 é Привет مرحبا\r \t!"
    ann = join("ann")
    bob = join("bob", before=(ann,))

    for byte in (text + "\r\n" + text + "\n").encode():
        ann.send(bytes([byte]))

    assert bob.lines(2) == [f"ann: {text}"] * 2


def test_messages_glued_together_are_told_apart(join: Join) -> None:
    ann = join("ann")
    bob = join("bob", before=(ann,))

    ann.say(*(str(number) for number in range(1000)))

    assert bob.lines(1000) == [f"ann: {number}" for number in range(1000)]


def test_lines_of_a_megabyte_pass(join: Join) -> None:
    ann = join("ann")
    bob = join("bob", before=(ann,))

    ann.send(LINE_OF_A_MEGABYTE)

    assert bob.next(1_000_006) == b"ann: " + LINE_OF_A_MEGABYTE


def test_two_listeners_hear_five_speakers_in_the_same_order(join: Join) -> None:
    listeners = [join("ann")]
    listeners.append(join("bob", before=tuple(listeners)))
    everyone = list(listeners)
    for number in range(5):
        everyone.append(join(f"speaker{number}", before=tuple(everyone)))
    speakers = everyone[2:]

    def speak(speaker: Client, number: int) -> None:
        for count in range(200):
            speaker.say(f"{number} {count}")

    threads = [threading.Thread(target=speak, args=(s, n)) for n, s in enumerate(speakers)]
    for thread in threads:
        thread.start()
    heard = [listener.lines(1000) for listener in listeners]
    heard_by_speakers = [speaker.lines(800) for speaker in speakers]
    for thread in threads:
        thread.join()

    assert heard[0] == heard[1]
    assert len(set(heard[0])) == 1000
    for number, lines in enumerate(heard_by_speakers):
        assert lines == [line for line in heard[0] if not line.startswith(f"speaker{number}:")]


def test_a_connection_that_says_nothing_is_in_nobodys_way(server: Server, connect: Connect, join: Join) -> None:
    connect(server)
    ann = join("ann")
    connect(server)
    bob = join("bob", before=(ann,))

    ann.say("hello")

    assert bob.line() == "ann: hello"


def test_a_client_that_does_not_read_delays_nobody_and_is_put_out_at_last(join: Join) -> None:
    ann = join("ann")
    bob = join("bob", before=(ann,))
    slow = join("slow", before=(ann, bob))
    line = b"x" * 100_000 + b"\n"

    heard: list[bytes] = []
    for _ in range(400):  # forty megabytes, far more than the kernel and the server together keep for one
        ann.send(line)
        heard.append(bob.next(5))
        if heard[-1] == b"* slo":
            assert bob.line() == "w left"
            heard.append(bob.next(5))
        bob.next(len(line))

    assert heard.count(b"ann: ") == 400
    assert heard.count(b"* slo") == 1
    assert ann.line() == "* slow left"
    with pytest.raises(ConnectionResetError):
        slow.rest()


def test_a_client_that_reads_late_has_lost_nothing(join: Join) -> None:
    ann = join("ann")
    late = join("late", before=(ann,))

    for _ in range(14):
        ann.send(LINE_OF_A_MEGABYTE)
    ann.say("/who")
    ann.line()  # so all of it has been said

    for _ in range(14):
        assert late.next(1_000_006) == b"ann: " + LINE_OF_A_MEGABYTE


def test_who_has_caught_up_is_no_more_work(join: Join) -> None:
    ann = join("ann")
    late = join("late", before=(ann,))
    for _ in range(14):
        ann.send(LINE_OF_A_MEGABYTE)
    ann.say("/who")
    ann.line()
    for _ in range(14):
        late.next(1_000_006)
    [flusher] = [thread for thread in threading.enumerate() if thread.name == "flusher"]
    assert flusher.ident is not None
    its_clock = time.pthread_getcpuclockid(flusher.ident)

    before, start = time.clock_gettime(its_clock), time.perf_counter()
    for _ in range(500):  # some work of others, so that some time goes by
        ann.say("/who")
        ann.line()

    assert time.clock_gettime(its_clock) - before < (time.perf_counter() - start) / 10


def test_a_client_that_reads_more_slowly_than_another_sends_is_not_taken_for_one_that_does_not_read(
    join: Join,
) -> None:
    ann = join("ann")
    bob = join("bob", before=(ann,))
    sending = threading.Thread(target=ann.send, args=(LINE_OF_A_MEGABYTE * 60,))

    sending.start()
    heard = 0
    while heard < 60 * 1_000_006 and (data := bob.socket.recv(256)):
        heard += len(data)
    sending.join()

    assert heard == 60 * 1_000_006


RUDENESS: dict[str, Callable[[Client], None]] = {
    "bytes that are not UTF-8": lambda client: client.send(b"\xff\xfe\n" * 1000),
    "NUL bytes": lambda client: client.send(b"\0" * 1000 + b"\n"),
    "empty lines": lambda client: client.send(b"\n" * 1000),
    "half a character": lambda client: client.send("é".encode()[:1] + b"\n"),
    "half a line": lambda client: client.send(b"half"),
    "unknown commands": lambda client: client.say("/", "/x", "/msg", "/enter", "/exit", "/in"),
}


@pytest.mark.parametrize("rudeness", RUDENESS)
def test_rudeness_hurts_nobody_else(rudeness: str, server: Server, connect: Connect, join: Join) -> None:
    ann = join("ann")
    bob = join("bob", before=(ann,))
    rude = connect(server)
    RUDENESS[rudeness](rude)  # before joining ...
    rude.close()
    rude = join("rude", before=(ann, bob))
    RUDENESS[rudeness](rude)  # ... and in the room

    ann.say("still there?")

    assert bob.line() == "ann: still there?"


@pytest.mark.parametrize(
    ("dialect", "greeting"),
    [("lines", b"endless\n"), ("json-lines", b'{"type":"join","nick":"endless"}\n')],
)
def test_a_line_without_end_is_answered_and_ends_its_connection(
    dialect: str, greeting: bytes, serve: Serve, connect: Connect
) -> None:
    endless = connect(serve(dialect))
    endless.send(greeting)
    endless.send(b"x" * (4 * 1024 * 1024 + 1))

    assert b"a line is longer than 4194304 bytes" in endless.rest()


@pytest.mark.parametrize("dialect", ["header-64", "header-10", "binary-length"])
def test_a_header_that_is_none_ends_its_connection(dialect: str, serve: Serve, connect: Connect) -> None:
    rude = connect(serve(dialect))
    rude.send(b"\xff" * 64)

    assert rude.rest() == b"" or dialect == "binary-length"


def test_what_is_said_is_counted_once_by_two_hundred(server: Server, connect: Connect) -> None:
    clients = [connect(server) for _ in range(200)]
    for number, client in enumerate(clients):
        client.say(f"client{number}")
        assert client.line() == f"Welcome, client{number}!"
    for number, client in enumerate(clients):
        assert client.lines(199 - number) == [f"* client{later} joined" for later in range(number + 1, 200)]

    clients[0].say("hello everybody")

    assert {client.line() for client in clients[1:]} == {"client0: hello everybody"}
    for client in clients:
        client.close()
    for thread in reader_threads():
        thread.join(10)
    assert reader_threads() == []


def test_the_lines_that_the_console_shows_of_one_client_are_in_order(serve: Serve, connect: Connect) -> None:
    shown: list[str] = []
    client = connect(serve("echo", show=shown.append))
    for word in (b"one", b"two"):
        client.send(word)
        client.next(3)

    client.send(b"!DISCONNECT")

    assert client.rest() == b""
    assert shown[2:] == [f"[New Connection] Client connected from {client.address}", "[Client disconnected]"]


def test_a_name_is_torn_into_no_character(serve: Serve, connect: Connect) -> None:
    server = serve("prompted")
    ann, bob = connect(server), connect(server)
    for client, nick in ((ann, b"ann"), (bob, b"bob")):
        client.next(4)
        client.send(nick)
        client.next(24)
    ann.next(len("bob joined the chat!"))

    first, second = "é".encode()[:1], "é".encode()[1:]
    ann.send(first)
    ann.send(second)

    assert bob.next(7) == "ann: é".encode()


def test_the_operator_answers_the_one_who_asked(serve: Serve, connect: Connect) -> None:
    asked = threading.Semaphore(0)
    server = serve("operator-desk", show=lambda text: text.startswith("Enter") and asked.release())
    ann, bob = connect(server), connect(server)
    for client in (bob, ann):
        client.send(b"well?")
        asked.acquire(timeout=10)

    server.typed(b"for bob")
    server.typed(b".")

    assert bob.next(7) == b"for bob"
    assert ann.rest() == b""


def test_a_port_in_use_is_not_taken(server: Server) -> None:
    with pytest.raises(OSError, match="in use"):
        Server(port=server.address[1]).start()


def test_a_stopped_server_leaves_nothing_and_its_port_can_be_had_at_once(connect: Connect) -> None:
    threads_before = threading.active_count()
    with Server() as server:
        client = connect(server)
        client.say("ann")
        client.line()
    assert threading.active_count() == threads_before
    assert client.rest() == b""

    with Server(port=server.address[1]) as again:
        client = connect(again)
        client.say("ann")
        assert client.line() == "Welcome, ann!"
