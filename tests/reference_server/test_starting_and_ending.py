"""The server as a process of its own: its first line, its console, its signals."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from reference_clients import Client

import reference_server
from reference_server import DIALECTS

ROOT = Path(reference_server.__file__).parents[1]

Process = subprocess.Popen[bytes]
Run = Callable[..., Process]


@pytest.fixture
def run() -> Iterator[Run]:
    """Start servers; those that are still there at the end of the test are killed."""
    processes: list[Process] = []

    def start(*arguments: str, **options: Any) -> Process:
        given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        command = [sys.executable, "-m", "reference_server", *arguments]
        processes.append(subprocess.Popen(command, cwd=ROOT, **given))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def next_line(process: Process) -> str:
    assert process.stdout is not None
    return process.stdout.readline().decode().removesuffix("\n")


def address_of(process: Process) -> tuple[str, int]:
    """Reads the first line, which must tell it."""
    host, port = next_line(process).split()[2].split(":")
    return host, int(port)


def joined(address: tuple[str, int], nick: str) -> Client:
    client = Client(address)
    client.say(nick)
    client.line()
    return client


def test_the_first_line_tells_where_it_listens(run: Run) -> None:
    assert re.fullmatch(r"Listening on 127\.0\.0\.1:\d+ \(dialect lines\)", next_line(run()))
    assert re.fullmatch(
        r"Listening on 127\.0\.0\.1:\d+ \(dialect header-10\)", next_line(run("--dialect", "header-10"))
    )


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("clients", [0, 3])
def test_a_signal_ends_it_without_complaint(ending: signal.Signals, clients: int, run: Run) -> None:
    process = run()
    address = address_of(process)
    connected = [joined(address, f"client{number}") for number in range(clients)]

    process.send_signal(ending)

    output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (0, b"", b"")
    for client in connected:
        assert client.rest().endswith(b"joined\n") or client is connected[-1]
        client.close()


def test_it_can_be_started_again_at_once_on_the_same_port(run: Run) -> None:
    process = run()
    address = address_of(process)
    client = joined(address, "ann")
    process.terminate()
    process.wait()

    again = run("--port", str(address[1]))

    assert address_of(again) == address
    new = joined(address, "ann")
    client.close()
    new.close()


def test_a_port_in_use_is_told_in_one_line(run: Run) -> None:
    _, port = address_of(run())

    second = run("--port", str(port))

    output, errors = second.communicate(timeout=10)
    assert second.returncode == 1
    assert output == b""
    assert errors.decode() == f"reference_server: cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_the_dialects_are_listed(run: Run) -> None:
    output, _ = run("--list-dialects").communicate(timeout=10)

    assert [line.split()[0] for line in output.decode().splitlines()] == list(DIALECTS)


def test_help_names_every_option_and_dialect(run: Run) -> None:
    output, _ = run("--help").communicate(timeout=10)

    for word in ("--dialect", "--host", "--port", "--list-dialects", *DIALECTS):
        assert word in output.decode()


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_what_is_no_port_is_refused(port: str, run: Run) -> None:
    process = run(f"--port={port}")
    _, errors = process.communicate(timeout=10)

    assert process.returncode == 2
    assert f"invalid port value: '{port}'" in errors.decode()


def close_standard_input() -> None:
    os.close(0)


@pytest.mark.parametrize(
    "options",
    [{"stdin": subprocess.DEVNULL}, {"stdin": subprocess.PIPE}, {"stdin": None, "preexec_fn": close_standard_input}],
    ids=["/dev/null", "an open pipe", "closed"],
)
@pytest.mark.parametrize("dialect", ["header-10", "operator-desk"])
def test_standard_input_may_be_anything(options: dict[str, Any], dialect: str, run: Run) -> None:
    process = run("--dialect", dialect, "--port", "0", **options)
    next_line(process)

    assert process.poll() is None
    process.terminate()
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, b"")


def free_port() -> int:
    with reference_server.Server() as server:
        return server.address[1]


def test_the_operator_answers_by_typing(run: Run) -> None:
    port = free_port()
    process = run("--dialect", "operator-desk", "--port", str(port), stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert next_line(process) == "Waiting for connection from clients"
    ann = Client(("127.0.0.1", port))
    assert next_line(process) == f"New Server socket thread 127.0.0.1: {ann.address[1]}"
    ann.send("где вы?".encode())
    assert re.fullmatch(r"TIME:  \d\d:\d\d:\d\d\.\d{6}", next_line(process))
    assert next_line(process) == "Server received data  где вы?"
    assert next_line(process) == "Enter the response from the server and end with .: "

    process.stdin.write("здесь\n".encode())
    process.stdin.flush()

    assert ann.next(10).decode() == "здесь"
    process.stdin.close()  # the operator goes home; the desk stays open
    ann.send(b"and now?")
    next_line(process)
    assert next_line(process) == "Server received data  and now?"
    ann.close()


def test_output_that_nobody_reads_holds_nobody_up(run: Run) -> None:
    port = free_port()
    process = run("--dialect", "relay", "--port", str(port))
    next_line(process)
    ann, bob = Client(("127.0.0.1", port)), Client(("127.0.0.1", port))
    for _ in range(2):
        next_line(process)

    text = b"x" * 10_000
    for _ in range(1000):  # ten megabytes: more than a pipe holds, and more than the server keeps
        ann.send(text)
        assert bob.next(len(text)) == text

    process.terminate()
    assert process.wait(10) == 0
    ann.close()
    bob.close()


def test_output_that_nobody_can_read_any_more_ends_nothing(run: Run) -> None:
    port = free_port()
    process = run("--dialect", "relay", "--port", str(port))
    next_line(process)
    assert process.stdout is not None
    process.stdout.close()
    ann, bob = Client(("127.0.0.1", port)), Client(("127.0.0.1", port))

    # Bob's first word tells that the server knows him.
    bob.send(b"here")
    assert ann.next(4) == b"here"
    for _ in range(10):
        ann.send(b"hello")
        assert bob.next(5) == b"hello"
    process.terminate()
    assert process.wait(10) == 0
    assert process.stderr is not None
    assert process.stderr.read() == b""
    ann.close()
    bob.close()


def few_descriptors() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))


def test_clients_for_whom_no_descriptor_is_left_get_in_when_others_have_gone(run: Run) -> None:
    address = address_of(run("--dialect", "json-lines", preexec_fn=few_descriptors))
    clients = [Client(address) for _ in range(50)]
    for client in clients[:20]:
        client.say('{"type":"who"}')
        client.line()
    clients[25].say('{"type":"who"}')
    clients[25].socket.settimeout(0.2)
    with pytest.raises(TimeoutError):  # thirty descriptors have no room for it
        clients[25].line()

    for client in clients[:30]:
        client.close()

    for number, client in enumerate(clients[30:45]):
        client.say(json.dumps({"type": "join", "nick": f"client{number}"}))
        assert json.loads(client.line()) == {"type": "welcome", "nick": f"client{number}"}
    for client in clients[30:]:
        client.close()
