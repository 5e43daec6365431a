"""A server at a Unix socket is seen to listen, and known to be ours, without being connected to; so are its ends."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatsim.errors import ServerError
from chatsim.network.network import (
    Abort,
    Close,
    Connect,
    Facts,
    HoldReading,
    Inspect,
    Opened,
    ServerCommand,
    ShutdownWrite,
)
from chatsim.profile.profile import Start
from chatsim.server import listening, unix_ends
from chatsim.server.launch import Launcher
from chatsim.server.listening import listeners_of, occupant_of
from chatsim.wires import Line
from chatsim.world import World
from tests.server.conftest import PYTHON, at_last, stages, told, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="who is at which end is told by Linux")

SERVER = """
import os, signal, socket, sys, threading, time
def listen(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    return listener
"""
ECHO = """
listener = listen(sys.argv[1])
while True:
    connection, _ = listener.accept()
    def echo(connection=connection):
        with connection:
            while data := connection.recv(4096):
                connection.sendall(data)
    threading.Thread(target=echo, daemon=True).start()
"""
FORGETFUL = """
listener = listen(sys.argv[1])
kept = [listener.accept()[0] for _ in range(2)]
kept[1].setblocking(False)
while True:
    try:
        kept[1].send(b"x" * 4096)
    except BlockingIOError:
        time.sleep(0.01)
"""


class Yard:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.worlds: list[World] = []

    def world(self, script: str, arguments: str = "{socket}", *, patience: float = 1.0, **start: Any) -> World:
        path = self.folder / "server.py"
        path.write_text(SERVER + script)
        command = f"{PYTHON} {shlex.quote(str(path))} {arguments}"
        world = World(Launcher(Start(folder=str(self.folder), **start), command, patience=patience), Line("unix"))
        self.worlds.append(world)
        return world

    def running(self, script: str, arguments: str = "{socket}", **start: Any) -> World:
        world = self.world(script, arguments, **start)
        world.start()
        return world


@pytest.fixture
def yard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Yard]:
    monkeypatch.chdir(tmp_path)
    made = Yard(tmp_path)
    yield made
    for world in made.worlds:
        world.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def facts_of(world: World) -> dict[str, Any]:
    world.do(Inspect(0))
    events = until(world, lambda seen: any(isinstance(event, Facts) for event in seen))
    return dict(next(event.facts for event in events if isinstance(event, Facts)))


def connected(world: World, *sessions: int) -> dict[int, int]:
    """The numbers of our sockets by session."""
    for session in sessions:
        world.do(Connect(session))
    events = until(world, lambda seen: sum(isinstance(event, Opened) for event in seen) == len(sessions))
    return {event.session: event.local[1] for event in events if isinstance(event, Opened)}


def no_diagnosis(*namespace: object) -> None:
    raise OSError


# --- who listens


@pytest.mark.parametrize("way", ["netlink", "the kernel's table", "psutil"])
def test_a_listening_socket_is_seen_and_named_by_its_path(
    way: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "the kernel's table":
        monkeypatch.setattr(listening, "SocketDiagnosis", no_diagnosis)
    if way == "psutil":
        monkeypatch.setattr(listening, "HAS_PROC", False)
    with socket.socket(socket.AF_UNIX) as listener:
        name = "chat.sock" if way == "psutil" else "a chat.sock"  # psutil knows no spaces
        listener.bind(name)
        listener.listen()
        listener.setblocking(False)
        found = [str(each) for each in listeners_of([os.getpid()], sockets="unix")]

        assert f"unix:{name if way == 'psutil' else folder / name}" in found
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("way", ["netlink", "the kernel's table"])
def test_who_is_connected_or_bound_or_speaks_in_datagrams_does_not_listen(
    way: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "the kernel's table":
        monkeypatch.setattr(listening, "SocketDiagnosis", no_diagnosis)
    before = listeners_of([os.getpid()], sockets="unix")
    with (
        socket.socket(socket.AF_UNIX) as bound,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams,
        socket.socket(socket.AF_UNIX) as listener,
        socket.socket(socket.AF_UNIX) as client,
    ):
        bound.bind("bound.sock")
        datagrams.bind("datagrams.sock")
        listener.bind("\0chatsim-test-of-listeners")
        listener.listen()
        client.connect("\0chatsim-test-of-listeners")
        accepted, _ = listener.accept()
        with accepted:
            found = [each.host for each in listeners_of([os.getpid()], sockets="unix") if each not in before]

    assert found == ["@chatsim-test-of-listeners"]


def test_who_listens_at_a_path_is_told(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "s"))
        listener.listen()
        occupant = occupant_of(str(folder / "s"), sockets="unix")

        assert occupant is not None
        assert occupant.pid == os.getpid()
        assert str(occupant).endswith(f"listens on unix:{folder / 's'}")
        assert occupant_of(str(folder / "other"), sockets="unix") is None


def test_a_relative_path_of_somebody_elsewhere_is_not_ours(folder: Path) -> None:
    """The kernel tells the path as it was bound, and not relative to which folder."""
    (folder / "below").mkdir()
    script = SERVER + 'there = listen("s"); print(flush=True); sys.stdin.read()'
    command = [sys.executable, "-I", "-S", "-c", script]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder / "below", stdin=pipe, stdout=pipe) as stranger:
        assert stranger.stdout is not None and stranger.stdout.readline()
        elsewhere, there = (occupant_of(str(folder / each), sockets="unix") for each in ("s", "below/s"))
        stranger.communicate()

    assert elsewhere is None
    assert there is not None and there.pid == stranger.pid


# --- readiness


def test_ready_is_a_socket_of_its_own_at_the_path_that_we_chose(yard: Yard) -> None:
    world = yard.running(ECHO)
    assert world.address is not None
    path, port = world.address

    assert port == 0
    assert Path(path).is_socket()
    assert Path(path).parent.stat().st_mode & 0o077 == 0
    assert [event.detail for event in until(world, told("listening")) if getattr(event, "what", "") == "listening"] == [
        {"socket": path}
    ]
    assert facts_of(world)["listening"] is True


def test_a_path_that_nobody_named_is_found(yard: Yard) -> None:
    world = yard.running(ECHO, "own.sock")

    assert world.address == (str(yard.folder / "own.sock"), 0)


def test_somebody_elses_server_at_the_same_path_is_not_judged(yard: Yard) -> None:
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind("taken.sock")
        stranger.listen()
        world = yard.world(ECHO, "taken.sock", socket="taken.sock")
        with pytest.raises(ServerError, match=f"the socket {yard.folder}/taken.sock is taken: .*process {os.getpid()}"):
            world.start()

        assert Path("taken.sock").is_socket()


def test_a_server_at_another_path_than_the_profiles_is_told_where_it_is(yard: Yard) -> None:
    world = yard.world(ECHO, "here.sock", socket="there.sock", patience=0.05)
    with pytest.raises(ServerError, match=r"listens on unix:.*/here\.sock, not on .*/there\.sock") as error:
        world.start()

    assert "start: {socket: " in str(error.value.problems[0].hint)


def test_a_server_with_several_sockets_is_asked_which(yard: Yard) -> None:
    world = yard.world('one, two = listen("1.sock"), listen("2.sock"); time.sleep(60)', "")
    # The looks may fall between the two: then the first is taken, and there is nothing to ask.
    try:
        world.start()
    except ServerError as error:
        assert "listens on several Unix sockets" in str(error)
        assert "{socket: PATH}" in str(error.problems[0].hint)


def test_a_server_that_listens_at_a_port_does_not_listen_at_a_unix_socket(yard: Yard) -> None:
    world = yard.world('listener = socket.create_server(("127.0.0.1", 0)); time.sleep(60)', patience=0.05)
    with pytest.raises(ServerError, match="the server did not listen on any Unix socket within"):
        world.start()


# --- the file of the socket


def test_what_was_left_at_the_path_is_removed_before_the_first_start_unless_it_is_no_socket(yard: Yard) -> None:
    with socket.socket(socket.AF_UNIX) as old:
        old.bind("old.sock")
    yard.running(ECHO, "old.sock", socket="old.sock")
    Path("precious").write_text("a file of somebody's")
    world = yard.world(ECHO, "precious", socket="precious")
    with pytest.raises(ServerError) as error:
        world.start()

    assert Path("precious").read_text() == "a file of somebody's"
    assert "The file of its socket is there already" in str(error.value.problems[0].hint)


@pytest.mark.parametrize(("ending", "outcome"), [("kill", "listening"), ("stop", "failed")])
def test_after_an_end_of_our_making_the_path_is_free_and_after_its_own_it_is_as_it_left_it(
    yard: Yard, ending: str, outcome: str
) -> None:
    world = yard.running(ECHO)
    before = world.address
    world.do(ServerCommand(ending))
    until(world, told("ended"))
    world.do(ServerCommand("start"))
    events = until(world, lambda seen: bool({"listening", "failed"} & set(stages(seen))))

    assert stages(events)[-1] == outcome
    assert world.address == before


# --- the server's ends


def test_the_servers_ends_are_told_apart_without_ports(yard: Yard) -> None:
    world = yard.running(FORGETFUL)
    ours = connected(world, 0, 1)
    world.do(HoldReading(1))
    assert at_last(lambda: facts_of(world)["send_queue"].get(ours[1], 0) > 0)
    world.do(Close(0))

    assert at_last(lambda: facts_of(world)["close_wait"] == [ours[0]])
    assert facts_of(world)["established"] == [ours[1]]


@pytest.mark.parametrize("ending", [Close, Abort])
def test_an_end_that_the_server_closes_in_its_turn_is_gone(yard: Yard, ending: type[Close | Abort]) -> None:
    world = yard.running(ECHO)
    connected(world, 0)
    world.do(ending(0))

    assert at_last(lambda: facts_of(world).get("close_wait") == [])  # it is not told before it was accepted
    assert facts_of(world)["established"] == []


def test_one_that_has_shut_down_its_side_waits_for_the_server_to_close(yard: Yard) -> None:
    world = yard.running(FORGETFUL)
    ours = connected(world, 0, 1)
    assert at_last(lambda: facts_of(world)["send_queue"].get(ours[1], 0) > 0)  # both are accepted
    world.do(ShutdownWrite(0))

    assert facts_of(world)["close_wait"] == [ours[0]]


def test_who_has_closed_before_it_was_accepted_leaves_it_open_which_end_is_whose(yard: Yard) -> None:
    world = yard.running(
        "listener = listen(sys.argv[1])\nsys.stdin.readline()\nkept = listener.accept()\ntime.sleep(60)"
    )
    connected(world, 0, 1)
    world.do(Close(0))

    assert "close_wait" not in facts_of(world)
    assert len(facts_of(world)["established"]) == 1


def test_where_the_kernel_tells_nothing_of_unix_sockets_no_end_is_spoken_of(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unix_ends, "SocketDiagnosis", no_diagnosis)
    world = yard.running(ECHO)
    connected(world, 0)
    world.do(Close(0))

    assert not {"close_wait", "established", "send_queue"} & set(facts_of(world))
