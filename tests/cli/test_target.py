"""HOST:PORT as people write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatsim.cli.files import Problems
from chatsim.cli.target import address, check_wire
from chatsim.profile.reader import read_profile


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("127.0.0.1:5000", ("127.0.0.1", 5000)),
        ("localhost:1", ("localhost", 1)),
        ("[::1]:65535", ("::1", 65535)),
        ("unix:/tmp/chat.sock", ("/tmp/chat.sock", 0)),
        ("unix:/tmp/a:b", ("/tmp/a:b", 0)),
        ("unix:@chat", ("@chat", 0)),
    ],
)
def test_an_address_is_host_and_port(text: str, means: tuple[str, int]) -> None:
    problems = Problems()

    assert address(text, problems) == means
    assert not problems.found


@pytest.mark.parametrize(
    "text", ["", ":5000", "host", "host:", "host:x", "host:0", "host:65536", "::1:5000", "h:٣", "unix:", "unix:@"]
)
def test_anything_else_is_a_problem(text: str) -> None:
    problems = Problems()

    assert address(text, problems) is None
    assert len(problems.found) == 1


def test_a_path_is_one_wherever_it_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    assert address("unix:chat.sock", Problems()) == (str(tmp_path / "chat.sock"), 0)


@pytest.mark.parametrize(
    ("transport", "server", "connect", "problem"),
    [
        ("unix", "serve {socket}", None, None),
        ("unix", "serve {port} {socket}", None, None),
        ("unix", "serve", None, None),
        ("unix", None, ("/tmp/chat.sock", 0), None),
        ("tcp", "serve {port}", None, None),
        ("tcp", None, ("127.0.0.1", 5000), None),
        ("unix", "serve {port}", None, "mine is spoken over a Unix socket, which has no port"),
        ("unix", None, ("127.0.0.1", 5000), "mine is spoken over a Unix socket, which has a path"),
        ("tcp", "serve {socket}", None, "{socket} is for a Unix socket, and mine is spoken over TCP"),
        ("websocket", None, ("/tmp/chat.sock", 0), "mine is spoken over WebSocket, and not over a Unix socket"),
    ],
)
def test_an_address_is_of_the_wire_on_which_the_profile_is_spoken(
    transport: str, server: str | None, connect: tuple[str, int] | None, problem: str | None
) -> None:
    problems = Problems()
    check_wire(server, connect, read_profile(f"profile: mine\ntransport: {transport}\n", "mine.yaml"), problems)

    assert [found.what for found in problems.found] == ([problem] if problem else [])
