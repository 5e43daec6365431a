"""The zoo of faults: the table is whole and true, and each of them is a server that lives and ends."""

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from reference_clients import Client

import reference_server
from chatsim.properties import PROPERTIES
from reference_server import DIALECTS, wire
from reference_server.faults import FAULTS, NO_FAULT, Fault, about
from reference_server.faults.speech import SPEECHES

ROOT = Path(reference_server.__file__).parents[1]

# What a client sends to be in, and what it reads then; where nothing is sent back, what the console shows.
JOINS = {
    "lines": (b"ann\n", b"Welcome, ann!\n"),
    "prompted": (b"ann", b"NICKConnected to the server!"),
    "header-64": (wire.with_decimal_header("ann", 64), wire.with_decimal_header("Connected", 64)),
    "header-10": (wire.with_decimal_header("ann", 10), b""),
    "binary-length": (wire.with_binary_header("/nick ann"), wire.with_binary_header("OK")),
    "json-lines": (b'{"type":"join","nick":"ann"}\n', b'{"type": "welcome", "nick": "ann"}\n'),
    "echo": (b"hello", b"hello"),
    "relay": (b"hello", b""),
    "nickname-console": (b"ann", b"Welcome to this chatroom!"),
    "operator-desk": (b"hello", b""),
}

SHOWN = {
    "relay": "Подключен клиент: ",
    "operator-desk": "New Server socket thread ",
}

LIVES_ON = "catches-ctrl-c-too"
WAITS_FOR_CLIENTS = "waits-for-its-threads"
HAS_A_HELPER = "leaves-its-helper-behind"


class Started:
    """A server with this fault, and a client that is in."""

    def __init__(self, fault: str, dialect: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = ["-m", "reference_server", "--fault", fault, "--dialect", dialect, "--port", str(port)]
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        assert self.process.stdout is not None
        self.output = self.process.stdout
        self.opening = self.output.readline()  # which it prints when it listens
        self.client = Client(("127.0.0.1", port))

    def helpers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def close(self) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait()
        self.output.close()


@pytest.fixture
def start() -> Iterator[Any]:
    started: list[Started] = []

    def start_one(fault: str, dialect: str) -> Started:
        started.append(Started(fault, dialect))
        return started[-1]

    yield start_one
    for one in started:
        one.close()


def assert_it_lets_somebody_in(server: Started, dialect: str) -> None:
    said, answer = JOINS[dialect]
    server.client.send(said)
    assert server.client.next(len(answer)) == answer
    if dialect in SHOWN:
        assert server.output.readline().startswith(SHOWN[dialect])


def a_dialect_to_try() -> list[tuple[str, str]]:
    return [(fault.name, fault.dialects[0]) for fault in FAULTS.values()] + [(NO_FAULT, name) for name in SPEECHES]


@pytest.mark.parametrize(("fault", "dialect"), a_dialect_to_try())
def test_it_lets_somebody_in_and_ends_by_ctrl_c_and_leaves_nothing(start: Any, fault: str, dialect: str) -> None:
    server = start(fault, dialect)
    assert_it_lets_somebody_in(server, dialect)

    helpers = server.helpers()
    assert len(helpers) == (1 if fault == HAS_A_HELPER else 0)

    server.process.send_signal(signal.SIGINT)
    if fault == LIVES_ON:
        assert "KeyboardInterrupt" in server.output.readline()
        return  # it is killed
    if fault == WAITS_FOR_CLIENTS:
        server.client.close()
    # A signal that strikes while the last one is still being handled ends Python by that signal: an end by Ctrl-C, too.
    assert ended(server.process) in (0, -signal.SIGINT)
    for helper in helpers:
        assert helper.is_running()  # which is the fault
        helper.kill()


def ended(process: subprocess.Popen[str]) -> int:
    """Its exit code. A Ctrl-C that strikes just before Python blocks in `accept` is noticed only after that: so again, to
    one that still listens. Who has noticed it has closed that first, and is not to be struck while it tidies up."""
    for _ in range(20):
        try:
            return process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(psutil.Error):
                if any(each.status == psutil.CONN_LISTEN for each in psutil.Process(process.pid).net_connections()):
                    process.send_signal(signal.SIGINT)
    return process.wait(timeout=1)


# --- the table -------------------------------------------------------------------------------------------------------


def test_every_property_is_broken_by_some_fault_and_nothing_else_is() -> None:
    assert {fault.breaks for fault in FAULTS.values()} == {known.name for known in PROPERTIES}


def test_every_fault_is_in_the_table_under_its_own_name() -> None:
    def below(parent: type[Fault]) -> Iterator[type[Fault]]:
        for fault in parent.__subclasses__():
            yield fault
            yield from below(fault)

    named = [fault for fault in below(Fault) if "name" in vars(fault)]
    assert len({fault.name for fault in named}) == len(named)
    assert set(FAULTS.values()) == set(named)
    assert all(FAULTS[fault.name] is fault for fault in named)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_what_is_told_of_it_can_be_relied_on(fault: type[Fault]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", fault.name)
    assert fault.name != NO_FAULT
    assert "__doc__" in vars(fault) and about(fault).endswith(".")
    assert fault.dialects and set(fault.dialects) <= set(DIALECTS)
    assert fault.scenarios
    for scenario in fault.scenarios:
        assert (ROOT / "scenarios" / f"{scenario}.yaml").is_file()


def test_the_textbook_server_speaks_every_dialect() -> None:
    assert set(SPEECHES) == set(DIALECTS)


# --- the command line ------------------------------------------------------------------------------------------------


def called(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reference_server", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=30)


def test_programs_are_told_all_of_it_as_json() -> None:
    told = json.loads(called("--list-faults", "--json").stdout)

    assert [fault["name"] for fault in told] == list(FAULTS)
    assert told[0].keys() == {"name", "about", "breaks", "dialect", "dialects", "racy", "scenarios"}
    assert all(fault["dialect"] == fault["dialects"][0] for fault in told)


def test_people_are_told_the_names_and_what_was_done() -> None:
    lines = called("--list-faults").stdout.splitlines()

    assert [line.split()[0] for line in lines] == list(FAULTS)
    assert lines[0].endswith(about(next(iter(FAULTS.values()))))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--fault", "catches-nothin"), "there is no fault catches-nothin; did you mean catches-nothing?"),
        (("--fault", "xyz"), "there is no fault xyz; --list-faults names them all"),
        (("--fault", "gives-no-receipt", "--dialect", "echo"), "does not show in echo, but in json-lines"),
        (("--json",), "--json goes with --list-faults"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(arguments: tuple[str, ...], complaint: str) -> None:
    done = called(*arguments)

    assert done.returncode == 2
    assert complaint in done.stderr
