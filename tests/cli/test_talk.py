"""`chatsim talk` with the reference server, as a person or a pipe uses it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Serve = Callable[[str], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(dialect)`: a reference server, and where it listens."""
    running: list[subprocess.Popen[str]] = []

    def serving(dialect: str) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = subprocess.Popen(
            [sys.executable, "-m", "chatsim", "serve", "--dialect", dialect, "--port", str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
        )
        running.append(server)
        while True:  # ready when it can be connected to; the dialects print different things
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except ConnectionRefusedError:
                assert server.poll() is None, server.stdout.read() if server.stdout else ""
            else:
                return f"127.0.0.1:{port}"

    yield serving
    for server in running:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=10)


def talk(*words: str, typed: str = "", stdin: int | None = None) -> subprocess.CompletedProcess[str]:
    feed = {"stdin": stdin} if stdin is not None else {"input": typed}
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "chatsim", "talk", *words], capture_output=True, text=True, timeout=30, cwd=ROOT, **feed
    )


def test_a_life_from_connected_to_disconnected(serve: Serve) -> None:
    where = serve("echo")

    with subprocess.Popen(
        [sys.executable, "-m", "chatsim", "talk", where, "--profile", "echo"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as client:
        assert client.stdin is not None and client.stdout is not None
        assert client.stdout.readline() == f"[CONNECTED] Client connected to server at {where}\n"
        client.stdin.write("hello\n")
        client.stdin.flush()
        assert client.stdout.readline() == "you: hello\n"
        client.stdin.write("!DISCONNECT\n")
        client.stdin.flush()
        assert client.stdout.readline() == "[DISCONNECTED] Client disconnected from server\n"
        assert client.wait(10) == 0


def test_a_pipe_gets_the_answers_to_its_last_words(serve: Serve) -> None:
    done = talk(serve("json-lines"), "--profile", "json-lines", "--nick", "ann", typed="привет\n")

    assert "* received: привет" in done.stdout


def test_input_from_a_file_works_where_files_can_not_be_watched(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "typed.txt").write_text("one\ntwo\n", encoding="utf-8")

    with (tmp_path / "typed.txt").open() as file:
        done = talk(serve("binary-length"), "--profile", "binary-length", "--nick", "ann", stdin=file.fileno())

    assert "you: one" in done.stdout
    assert "you: two" in done.stdout


@pytest.mark.parametrize("dialect", ["lines", "echo", "relay", "prompted", "json-lines", "header-10", "header-64"])
def test_every_dialect_is_joined_and_left(serve: Serve, dialect: str) -> None:
    done = talk(serve(dialect), "--profile", dialect, "--nick", "ann", typed="hello\n/quit\n")

    assert done.returncode == 0
    assert done.stdout.startswith("[CONNECTED]")
    assert done.stdout.endswith("[DISCONNECTED] Client disconnected from server\n")


def test_a_nickname_that_is_refused_is_exit_code_4(serve: Serve) -> None:
    done = talk(serve("lines"), "--profile", "lines", "--nick", "two words", typed="hello\n")

    assert done.returncode == 4
    assert "did not let" in done.stderr


def test_a_server_that_is_not_there_is_exit_code_4() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        done = talk(f"127.0.0.1:{closed.getsockname()[1]}", "--profile", "lines")

    assert done.returncode == 4
    assert "no connection to" in done.stderr


def test_control_c_ends_it_with_130(serve: Serve) -> None:
    keyboard, hand = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-m", "chatsim", "talk", serve("lines"), "--profile", "lines", "--nick", "ann"],
        stdin=keyboard,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as client:
        assert client.stdout is not None and client.stderr is not None
        assert client.stdout.readline().startswith("[CONNECTED]")
        assert "ann" in client.stdout.readline()

        client.send_signal(signal.SIGINT)

        assert client.stdout.read().endswith("[DISCONNECTED] Client disconnected from server\n")
        assert client.stderr.read() == ""
        assert client.wait(10) == 130
    os.close(keyboard)
    os.close(hand)


def test_gone_by_a_reset_and_back_under_another_name(serve: Serve) -> None:
    typed = "/drop\n/rejoin ann2\n/drop half-close\n/rejoin anna\n/ask\n"

    done = talk(serve("lines"), "--profile", "lines", "--nick", "ann", typed=typed)

    assert done.returncode == 0, done.stderr
    gone = "[The connection is dropped: /rejoin comes back, /quit ends]\n"
    _, after = done.stdout.split(gone)
    assert "Welcome, anna!" in after
    assert "* here: " in after and "anna" in after.partition("* here: ")[2]
    assert after.endswith("[DISCONNECTED] Client disconnected from server\n")


def test_what_came_while_one_did_not_read_is_heard_after(serve: Serve) -> None:
    done = talk(
        serve("binary-length"),
        "--profile",
        "binary-length",
        "--nick",
        "ann",
        typed="/stall\none\n/resume\n/send glued 2 two\n",
    )

    assert done.stdout.count("you: one\n") == 1
    assert done.stdout.count("you: two\n") == 2
    assert done.stdout.index("[You have stopped reading") < done.stdout.index("you: one")


def test_a_dropped_connection_at_the_end_of_input_is_a_clean_end(serve: Serve) -> None:
    done = talk(serve("lines"), "--profile", "lines", "--nick", "ann", typed="/drop\n")

    assert done.returncode == 0
    assert done.stdout.endswith("[DISCONNECTED] Client disconnected from server\n")


def test_a_server_that_goes_ends_it_cleanly(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        where = f"127.0.0.1:{server.getsockname()[1]}"
        with subprocess.Popen(
            [sys.executable, "-m", "chatsim", "talk", where, "--profile", "echo"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        ) as client:
            theirs, _ = server.accept()
            assert client.stdin is not None and client.stdout is not None
            client.stdin.write("hello\n")
            client.stdin.flush()
            assert theirs.recv(5) == b"hello"
            theirs.close()

            assert client.stdout.read().endswith(
                "[The server closed the connection]\n[DISCONNECTED] Client disconnected from server\n"
            )
            assert client.wait(10) == 0
