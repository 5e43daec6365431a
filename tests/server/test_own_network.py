"""A server in a network namespace of its own: on one port with others, seen and spoken to as ever, and leaving nothing."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from chatsim.errors import ServerError
from chatsim.network.network import (
    Abort,
    Connect,
    Facts,
    HoldReading,
    Inspect,
    Opened,
    OpenFailed,
    Output,
    Received,
    Send,
    ServerCommand,
    ShutdownWrite,
)
from chatsim.profile.profile import Start
from chatsim.server import inspect, listening, own_network
from chatsim.server.launch import Launcher
from chatsim.server.own_network import OwnNetwork, refusal
from chatsim.world import World
from tests.server.conftest import Yard, at_last, left_of, lines, printed, told, until

REFUSED = refusal()
needs_namespaces = pytest.mark.skipif(
    bool(REFUSED), reason=f"there are no network namespaces to be had here: {REFUSED}"
)

PORT = 5555
TELLS_OF_RESETS = f"""
listener.bind(("127.0.0.1", {PORT}))
listener.listen(64)
connection, _ = listener.accept()
try:
    while connection.recv(100): pass
    print("an end", flush=True)
except ConnectionResetError:
    print("a reset", flush=True)
time.sleep(600)
"""


class Isolated(Yard):
    """A yard each of whose servers has a network of its own."""

    def world(self, given: str | None, /, *, patience: float = 1.0, **start: Any) -> World:
        world = World(Launcher(Start(folder=str(self.folder), **start), given, patience=patience), isolated=True)
        self.worlds.append(world)
        return world


@pytest.fixture
def apart(yard: Yard) -> Iterator[Isolated]:
    made = Isolated(yard.folder)
    yield made
    yard.worlds += made.worlds


def namespace_of(world: World) -> int:
    life = world._server._life  # type: ignore[union-attr]
    assert life is not None
    return Path(f"/proc/{life.tree.root}/ns/net").stat().st_ino


def people_in(namespace: int) -> list[int]:
    """The processes of a network namespace."""
    found = []
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/ns/net").stat().st_ino == namespace:
                found.append(pid)
    return found


def echoed(world: World, session: int, text: bytes) -> bytes:
    world.do(Connect(session))
    world.do(Send(session, text))

    def said(events: list[Any]) -> bytes:
        return b"".join(event.data for event in events if isinstance(event, Received) and event.session == session)

    return said(until(world, lambda events: len(said(events)) >= len(text)))


def facts_of(world: World) -> dict[str, Any]:
    world.do(Inspect(1))
    [facts] = [event for event in world.poll(world.now()) if isinstance(event, Facts)]
    return dict(facts.facts)


# --- on one port


@needs_namespaces
def test_two_servers_listen_on_one_port_at_once_and_a_third_on_the_machines_own_network(
    yard: Yard, apart: Isolated
) -> None:
    servers = [apart.running(apart.script(f"serve({PORT})"), port=PORT) for _ in range(2)]
    servers.append(yard.running(yard.script(f"serve({PORT})"), port=PORT))

    assert [world.address for world in servers] == [("127.0.0.1", PORT)] * 3
    assert len({namespace_of(world) for world in servers}) == 3
    for number, world in enumerate(servers):
        assert echoed(world, number, b"to %d" % number) == b"to %d" % number
    assert [len(facts_of(world)["established"]) for world in servers] == [1, 1, 1]


@needs_namespaces
def test_after_a_restart_it_is_spoken_to_where_it_was(apart: Isolated) -> None:
    world = apart.running(apart.script(f"serve({PORT})"), port=PORT)
    before = namespace_of(world)
    world.do(ServerCommand("kill"))
    until(world, told("ended"))
    world.do(ServerCommand("start"))
    until(world, told("listening"))

    assert namespace_of(world) == before
    assert echoed(world, 1, b"again") == b"again"


@needs_namespaces
def test_a_port_that_nobody_named_is_found(apart: Isolated) -> None:
    world = apart.running(apart.script(f"serve({PORT})"))

    assert world.address == ("127.0.0.1", PORT)


HOSTS = {
    "0.0.0.0": "127.0.0.1",
    "127.0.1.1": "127.0.1.1",
    "127.9.9.9": "127.9.9.9",
    "::": "127.0.0.1",
    "::1": "::1",
    "localhost": "127.0.0.1",
}


@needs_namespaces
@pytest.mark.parametrize("host", HOSTS)
def test_wherever_it_listens_it_is_reached(apart: Isolated, host: str) -> None:
    family = "socket.AF_INET6" if ":" in host else "socket.AF_INET"
    listens = f"listener = socket.socket({family})\nlistener.bind(({host!r}, {PORT}))\nlistener.listen()\n"
    echoes = "connection, _ = listener.accept()\nconnection.sendall(connection.recv(100))\ntime.sleep(600)\n"
    world = apart.running(apart.script(listens + echoes), port=PORT)

    assert world.address == (HOSTS[host], PORT)
    assert echoed(world, 1, b"here") == b"here"


def own_addresses() -> list[str]:
    """The IPv4 addresses of this machine's network cards."""
    cards = (address for card in psutil.net_if_addrs().values() for address in card)
    return [each.address for each in cards if each.family == socket.AF_INET and not each.address.startswith("127.")]


@needs_namespaces
@pytest.mark.skipif(not own_addresses(), reason="this machine has no address but its loopback's")
def test_one_that_listens_at_the_machines_own_address_is_reached(apart: Isolated) -> None:
    [host, *_] = own_addresses()
    text = f"listener.bind(({host!r}, {PORT}))\nlistener.listen()\nconnection, _ = listener.accept()\n"
    world = apart.running(apart.script(text + "connection.sendall(connection.recv(9))\ntime.sleep(600)\n"), port=PORT)

    assert world.address == (host, PORT)
    assert echoed(world, 1, b"here") == b"here"


@needs_namespaces
def test_nothing_outside_is_reached_from_within(apart: Isolated) -> None:
    with socket.create_server(("127.0.0.1", 0)) as outside:
        port = outside.getsockname()[1]
        tries = f"try: socket.create_connection(('127.0.0.1', {port}))\nexcept OSError as error: print(error)\n"
        world = apart.running(apart.script(tries + f"serve({PORT})"), port=PORT)
        said = lines(until(world, printed("listening")))

    assert said == ["[Errno 111] Connection refused", "listening"]


# --- spoken to, and seen


@needs_namespaces
def test_a_reset_arrives(apart: Isolated) -> None:
    world = apart.running(apart.script(TELLS_OF_RESETS), port=PORT)
    world.do(Connect(1))
    until(world, lambda events: any(isinstance(event, Opened) for event in events))
    world.do(Abort(1))

    assert lines(until(world, lambda events: any(isinstance(event, Output) for event in events))) == ["a reset"]


def no_diagnosis(namespace: object) -> None:
    raise OSError


@needs_namespaces
@pytest.mark.parametrize("way", ["netlink", "the kernel's tables"])
def test_facts_tell_of_the_connections_in_its_namespace(
    apart: Isolated, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "the kernel's tables":
        monkeypatch.setattr(inspect, "SocketDiagnosis", no_diagnosis)
        monkeypatch.setattr(listening, "SocketDiagnosis", no_diagnosis)
    text = f"""
        listener.bind(("127.0.0.1", {PORT}))
        listener.listen()
        reads_nothing, told_much = listener.accept()[0], listener.accept()[0]
        told_much.setblocking(False)
        try:
            while told_much.send(bytes(65536)): pass
        except BlockingIOError: print("full", flush=True)
        time.sleep(600)
    """
    world = apart.running(apart.script(textwrap.dedent(text)), port=PORT)
    world.do(Connect(1))
    world.do(Connect(2))
    world.do(HoldReading(2))
    events = until(world, printed("full"))
    ports = {event.session: event.local[1] for event in events if isinstance(event, Opened)}
    world.do(ShutdownWrite(1))
    assert at_last(lambda: facts_of(world)["close_wait"] == [ports[1]])
    facts = facts_of(world)

    assert facts["listening"] is True
    assert facts["established"] == [ports[2]]
    assert list(facts["send_queue"]) == [ports[2]]


@needs_namespaces
def test_when_it_is_gone_a_connection_is_refused(apart: Isolated) -> None:
    world = apart.running(apart.script(f"serve({PORT})"), port=PORT)
    world.do(ServerCommand("kill"))
    until(world, told("ended"))
    world.do(Connect(1))
    events = until(world, lambda events: any(isinstance(event, OpenFailed) for event in events))

    assert [event.why for event in events if isinstance(event, OpenFailed)] == ["connection refused"]


TRIES = {
    "a port that nobody has": "socket.create_connection(('127.0.0.1', 1))",
    "one of IPv6": "socket.create_connection(('::1', 1))",
    "another machine": "socket.create_connection(('203.0.113.77', 80))",
    "another machine, by datagrams": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'?', ('203.0.113.77', 80))",
    "a name server here": "[socket.socket(type=socket.SOCK_DGRAM).sendto(b'?', ('127.0.0.53', 53))]",
}


@needs_namespaces
@pytest.mark.parametrize("tried", TRIES)
def test_who_looks_for_what_is_not_there_is_noticed(apart: Isolated, tried: str) -> None:
    world = apart.running(apart.script(f"try: {TRIES[tried]}\nexcept OSError: pass\nserve({PORT})"), port=PORT)

    assert world.cut_off()


@needs_namespaces
def test_who_looks_for_nothing_is_not_suspected_whatever_our_bots_do(yard: Yard, apart: Isolated) -> None:
    world = apart.running(apart.script(f"socket.gethostbyname('localhost')\nserve({PORT})"), port=PORT)
    assert echoed(world, 1, b"?") == b"?"
    world.do(Abort(1))
    world.do(ServerCommand("kill"))
    until(world, told("ended"))
    world.do(Connect(2))
    until(world, lambda events: any(isinstance(event, OpenFailed) for event in events))

    assert not world.cut_off()
    assert not yard.running(yard.script(f"serve({PORT})"), port=PORT).cut_off()


ASKS_ITSELF = """
asks = socket.socket(type=socket.SOCK_DGRAM)
asks.connect(("203.0.113.77", 80))
print(asks.getsockname()[0])
"""


@needs_namespaces
def test_a_question_for_a_name_fails_at_once_and_is_not_waited_for(apart: Isolated) -> None:
    """As it would be asked of a name server that is on another machine."""
    asks = "asks = socket.socket(type=socket.SOCK_DGRAM)\ntry: asks.connect(('203.0.113.77', 53))\n"
    world = apart.running(apart.script(asks + f"except OSError as error: print(error)\nserve({PORT})"), port=PORT)

    assert lines(until(world, printed("listening"))) == ["[Errno 101] Network is unreachable", "listening"]


def speaks_to_others() -> bool:
    with socket.socket(type=socket.SOCK_DGRAM) as asks:
        return asks.connect_ex(("203.0.113.77", 80)) == 0


@needs_namespaces
@pytest.mark.skipif(not speaks_to_others(), reason="this machine has no way to others, and no address for it")
def test_its_own_address_is_found_in_the_usual_way_and_is_the_machines(yard: Yard, apart: Isolated) -> None:
    found = []
    for kind in (yard, apart):
        world = kind.running(kind.script(ASKS_ITSELF + f"serve({PORT})"), port=PORT)
        found.append(lines(until(world, printed("listening"))))
        assert not world.cut_off()
        world.close()

    assert found[0] == found[1]


# --- what it is started with


TELLS = """
env | grep -v CHATSIM_TREE | sort
grep -E '^(SigIgn|SigBlk|Uid|Gid|Groups)' /proc/self/status
cut -d ' ' -f 5,6 "/proc/$$/stat" | sed "s/$$/me/g"
ls "/proc/$$/fd"
pwd
printf '%s|' "$@"
echo
exec "$@"
"""


@needs_namespaces
def test_a_server_is_started_there_as_anywhere(yard: Yard, apart: Isolated, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same environment, signals, user, session, descriptors, folder and words, whatever became it."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):  # the case in which a Python thinks that its locale needs help
        monkeypatch.delenv(name, raising=False)
    server = shlex.split(yard.script(f"serve({PORT})"))
    told_of = []
    for kind in (yard, apart):
        world = kind.running(None, command=("/bin/sh", "-c", TELLS, "sh", *server, "two words", "ü"), port=PORT)
        told_of.append(lines(until(world, printed("listening"))))
        world.close()

    assert "me me" in told_of[0]
    assert told_of[0] == told_of[1]


@needs_namespaces
def test_a_server_in_a_terminal_is_started_there_as_well(apart: Isolated) -> None:
    world = apart.running(apart.script(f"print(sys.stdin.isatty())\nserve({PORT})"), port=PORT, terminal=True)

    assert "True" in lines(until(world, printed("listening")))


@needs_namespaces
def test_a_program_that_is_not_there_is_told_as_anywhere(yard: Yard, apart: Isolated) -> None:
    (yard.folder / "no-program").write_text("x")
    errors = []
    for kind in (yard, apart):
        for command in ("./nowhere", "./no-program"):
            with pytest.raises(ServerError) as caught:
                kind.running(None, command=(command,), port=PORT)
            errors.append(str(caught.value))

    assert "permission denied" in errors[1]
    assert errors[:2] == errors[2:]


# --- nothing is left


@needs_namespaces
def test_closed_it_leaves_no_process_no_descriptor_and_no_namespace(apart: Isolated) -> None:
    before = set(Path("/proc/self/fd").iterdir()), {child.pid for child in psutil.Process().children()}
    world = apart.running(apart.script(f"os.fork() or time.sleep(600)\nserve({PORT})"), port=PORT)
    namespace = namespace_of(world)
    assert len(people_in(namespace)) >= 3
    assert echoed(world, 1, b"?") == b"?"
    world.close()
    world.close()

    assert people_in(namespace) == []
    assert (set(Path("/proc/self/fd").iterdir()), {child.pid for child in psutil.Process().children()}) == before


@needs_namespaces
def test_when_we_are_killed_the_broker_and_the_server_end(apart: Isolated) -> None:
    command = apart.script(f"if not os.fork():\n  os.setsid()\n  time.sleep(600)\nserve({PORT})")
    program = f"""
        from chatsim.profile.profile import Start
        from chatsim.server.launch import Launcher
        from chatsim.world import World
        world = World(Launcher(Start(port={PORT}), {command!r}), isolated=True)
        world.start()
        print(world._server._life.tree.root, flush=True)
        world.poll(600)
    """
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, env=environment, text=True
    ) as ours:
        assert ours.stdout is not None
        server = int(ours.stdout.readline())
        namespace = Path(f"/proc/{server}/ns/net").stat().st_ino
        assert server in people_in(namespace)
        assert len(people_in(namespace)) >= 3  # the broker and the server's child, too
        ours.send_signal(signal.SIGKILL)
        ours.wait()

    assert at_last(lambda: people_in(namespace) == [])


@needs_namespaces
def test_a_broker_that_is_stopped_holds_nobody_up_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_network, "PATIENCE", 0.1)
    with contextlib.closing(OwnNetwork()) as made:
        made.open()
        assert made._broker is not None
        broker = made._broker
        broker.send_signal(signal.SIGSTOP)
        with pytest.raises(OSError, match="does not answer"):
            made.open_socket(socket.AF_INET, socket.SOCK_STREAM)

    assert broker.returncode == -signal.SIGKILL


@needs_namespaces
@pytest.mark.parametrize("asked", [Connect(1), Inspect(1)], ids=["to connect", "for facts"])
def test_when_the_broker_has_ended_the_server_is_not_blamed(apart: Isolated, asked: Connect | Inspect) -> None:
    world = apart.running(apart.script(f"serve({PORT})"), port=PORT)
    broker = world._own_network._broker  # type: ignore[union-attr]
    assert broker is not None
    broker.kill()
    broker.wait()
    with pytest.raises(ServerError, match="the broker of its network namespace has ended"):
        world.do(asked)


# --- where there are none


@pytest.mark.skipif(bool(REFUSED) or shutil.which("unshare") is None, reason="nothing here can forbid namespaces")
def test_a_system_that_allows_none_is_understood() -> None:
    forbid = 'echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"'
    asked = "from chatsim.server.own_network import refusal; print(refusal())"
    done = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", forbid, "sh", sys.executable, "-c", asked],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.stdout, done.stderr) == ("making a namespace: the system's limit is reached, or it allows none\n", "")


def test_elsewhere_than_on_linux_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_network.sys, "platform", "darwin")

    assert refusal() == "only Linux has them"


def test_a_start_in_a_namespace_that_is_not_to_be_had_says_so(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    refuses = yard.folder / "refuses.py"
    refuses.write_text(
        "import socket, sys\nsocket.socket(fileno=int(sys.argv[2])).send(b'making a namespace: not here')\n"
    )
    monkeypatch.setattr(own_network, "PROGRAM", str(refuses))
    world = Isolated(yard.folder).world(yard.script(f"serve({PORT})"))
    with pytest.raises(ServerError) as caught, world:
        world.start()

    assert str(caught.value) == (
        "the server can not be given a network namespace of its own\nmaking a namespace: not here"
    )
    assert refusal() == "making a namespace: not here"
    assert left_of(yard.folder) == []
