"""Servers that do not start, lie, flood, crash, hang, or cannot be ended: a clear word and the right exit code, in time.

Each case states how long the whole of chatsim may take. Those bounds are generous, for a busy machine; what they exclude
is a wait without end.
"""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from ground import Ground, free_port, in_good_order, plain

GOLDEN = Path(__file__).parent / "golden"

THREE = """\
scenario: "a third comes later"
bots: [ann, bob, cat]
steps:
  - join: ann and bob
  - join: cat
  - chat: {ann: {count: 2}}
"""

LOUD = """\
scenario: "much is said"
bots: [ann, bob]
steps:
  - join: ann and bob
  - chat: {ann: {count: 20, size: 1MB}}
"""


@dataclass(frozen=True)
class Case:
    server: str
    code: int | tuple[int, ...]  # or one of these
    within: float  # seconds
    says: tuple[str, ...] = ()
    scenario: str | None = None
    patience: float = 0.5


CASES = [
    Case("right", 0, 8),
    Case("exits_at_once", 4, 8, ("The server ended at once, with exit code 0", "nothing to do")),
    Case("listens_nowhere", 4, 10, ("did not listen on any TCP port within 2 s", "thinking about it"), patience=0.2),
    Case("another_port", 4, 10, ("The server listens on 127.0.0.1:", "not on port")),
    Case("prints_100_mb_first", 0, 20),
    Case("prints_100_mb", 0, 25),
    Case("prints_without_end", 1, 15, ("no-spin", "a loop prints and does not wait")),
    Case("never_reads", 1, 15, ("lets-in", "never heard")),
    Case("never_reads", 1, 25, ("lets-in",), scenario=LOUD),
    Case("floods_newcomers", 4, 15, ("awaited  'hi {nick}'", "received\n", "xxxxxxxx")),
    Case("floods_without_newline", 1, 20, ("no-creation", "ann got 16 MiB that no message explains")),
    Case("floods_copies", 1, 30, ("no-duplication", "copies and notices that no message explains")),
    Case("floods_notices", 1, 30, ("copies and notices that no message explains",)),
    Case("floods_lines", 1, 40, (" got 16 MiB that no message explains",)),
    Case("invalid_utf8", 3, 10, ("attribution", "in a form that the profile does not describe")),
    Case("garbles_texts", 1, 10, ("intact",)),
    Case("resets_everybody", 4, 8),
    Case("closes_mid_join", 4, 8, ("then the server closed the connection",)),
    Case("says_nothing", 4, 12, ("received nothing at all",)),
    Case("accepts_nobody", 4, 12, ("received nothing at all",)),
    Case("joins_for_ever", 4, 12, ("and who are you?",)),
    Case("asks_for_ever", 4, 12, ("PING",)),
    Case("half_a_line", 4, 12, ("received 'hi",)),
    Case("half_a_message", 1, 15, ("intact", "only the beginning")),
    Case("child_holds_the_port", 0, 8),
    Case("orphan_holds_the_port", 0, 8),
    Case("daemon", 1, 10, ("clean-exit", "did not end")),
    Case("many_processes", 1, 12, ("clean-exit",)),
    Case("forks_and_forks", 1, 12, ("clean-exit", "processes behind")),
    Case("ignores_sigint", 1, 10, ("clean-exit", "did not end")),
    Case("crashes_in_the_middle", 1, 8, ("stays-up", "IndexError: pop from empty list")),
    Case("stops_itself", 1, 12, ("delivery",)),
    Case("closes_after_three", 1, 10, ("keeps-clients",)),
    Case("closes_its_console", 0, 8),
    Case("stops_listening", 4, 10),
    Case("stops_listening_later", 1, 15, ("stays-up",), scenario=THREE),
    # Its helper dies when nobody reads its output any more, or is found alive before that: either is told rightly.
    Case("escapes", (0, 1), 10),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.server + ("-loud" if case.scenario == LOUD else ""))
def test_whatever_the_server_does(ground: Ground, case: Case) -> None:
    if case.scenario is not None:
        ground.scenario(case.scenario)
    ended = in_good_order(ground, ground.against(case.server, "--history", "run.jsonl", patience=case.patience))

    assert ended.code in (case.code if isinstance(case.code, tuple) else (case.code,)), ended.said
    assert ended.seconds < case.within
    assert ended.err == ""
    for words in case.says:
        assert words in ended.out, ended.out
    checked = in_good_order(ground, ground.call("check", "run.jsonl"))
    assert checked.code == ended.code or case.code == 4, checked.said


# --- what no program of its own is needed for


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("no-such-program {port}", 'there is no program "no-such-program"'),
        ("./talk.yaml {port}", "permission denied"),
        ("/ {port}", "permission denied"),
        ("python missing.py {port}", "No such file or directory"),
        ("python wrong.py {port}", "SyntaxError"),
        ("sh -c 'kill -SEGV $$'", "by the signal SIGSEGV"),
        ("python -c pass", "with exit code 0"),
        ("sh -c 'exec <&- >&- 2>&-; sleep 0.2; exit 7'", "with exit code 7"),
    ],
)
def test_a_server_that_does_not_start(ground: Ground, command: str, why: str) -> None:
    (ground.folder / "wrong.py").write_text("def serve(:\n    pass\n")
    ground.profile()
    ended = in_good_order(ground, ground.call("run", "talk.yaml", "--server", command, "--profile", "hostile.yaml"))

    assert ended.code == 4, ended.said
    assert why in " ".join(ended.out.split())
    assert ended.seconds < 8


@contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """Somebody who is no chat server: accepts, says this (null: nothing), and closes when the client does."""

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.settimeout(20)
                try:
                    client.recv(4096)
                    if answer is not None:
                        client.sendall(answer)
                        client.shutdown(socket.SHUT_WR)
                    while client.recv(4096):
                        pass
                except OSError:
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def attached(ground: Ground, address: str, *words: str) -> tuple[int, str, float]:
    ground.profile()
    ended = in_good_order(
        ground,
        ground.call(
            *("run", "talk.yaml", "--connect", address, "--profile", "hostile.yaml", "--patience", "0.5"), *words
        ),
    )
    return ended.code, ended.out, ended.seconds


def test_connect_to_a_closed_port(ground: Ground) -> None:
    code, out, seconds = attached(ground, f"127.0.0.1:{free_port()}")

    assert code == 4
    assert "could not connect: connection refused" in out
    assert seconds < 8


def test_connect_to_a_host_that_nobody_knows(ground: Ground) -> None:
    code, out, seconds = attached(ground, "no-such-host.invalid:80")

    assert code == 4
    assert "There is no host no-such-host.invalid" in out
    assert seconds < 30


def test_connect_to_somebody_who_says_nothing(ground: Ground) -> None:
    with answering(None) as port:
        code, out, seconds = attached(ground, f"127.0.0.1:{port}")

    assert code == 4
    assert "received nothing at all" in out
    assert seconds < 26  # ten times the patience, if the machine is so busy that the wait proves nothing


def test_connect_to_a_web_server(ground: Ground) -> None:
    with answering(b"HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as port:
        code, out, seconds = attached(ground, f"127.0.0.1:{port}")

    assert code == 4
    assert "HTTP/1.0 400 Bad Request" in out
    assert "Compare the profile's `join`" in out
    assert seconds < 8


def test_somebody_elses_server_on_the_profiles_port_is_never_judged(ground: Ground) -> None:
    with answering(None) as port:
        ground.profile(f'{{command: "{ground.server("right").replace("{port}", str(port))}", port: {port}}}')
        ended = in_good_order(ground, ground.call("run", "talk.yaml", "--profile", "hostile.yaml"))

    assert ended.code == 4
    assert f"port {port} is taken: process {os.getpid()}" in " ".join(ended.out.split())
    assert ended.seconds < 10


def test_a_daemon_is_ended_in_good_order_where_its_profile_says_sigterm(ground: Ground) -> None:
    ground.profile(f'{{command: "{ground.server("daemon")}", stop: SIGTERM}}')
    ended = in_good_order(ground, ground.call("run", "talk.yaml", "--profile", "hostile.yaml"))

    assert ended.code == 0, ended.out


def test_a_stranger_who_was_handed_the_servers_output_keeps_nobody_waiting(ground: Ground) -> None:
    """He writes into it for ever; he is not of the server's tree, so he is let live, and no longer listened to."""
    running = ground.meet("ignores_sigint")
    ground.rung("listening")
    server = next(
        line for line in ground.survivors() if "servers/ignores_sigint.py" in line and " -m chatsim " not in line
    )
    pipe = os.open(f"/proc/{server.split()[0]}/fd/1", os.O_WRONLY)
    fcntl.fcntl(pipe, fcntl.F_SETFL, 0)
    with subprocess.Popen(["yes", "la la la"], stdout=pipe, stderr=subprocess.DEVNULL):  # ends when nobody reads it
        os.close(pipe)
        ended = running.end(30)

    assert in_good_order(ground, ended).code == 1, ended.said
    assert ended.seconds < 15


# --- what their authors read


@pytest.mark.parametrize(
    "server",
    [
        *("exits_at_once", "listens_nowhere", "another_port", "says_nothing", "joins_for_ever", "closes_mid_join"),
        *("crashes_in_the_middle", "floods_without_newline"),
    ],
)
def test_the_letter(ground: Ground, server: str) -> None:
    """As golden text; `UPDATE_GOLDEN=1` writes it anew."""
    ended = in_good_order(ground, ground.against(server, patience=0.2))
    told = plain(ended.out, ground)
    path = GOLDEN / f"{server}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(told, encoding="utf-8")

    assert told == path.read_text(encoding="utf-8")
