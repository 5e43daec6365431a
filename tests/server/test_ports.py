"""Ports are chosen so that nobody meets; fixed ones are used in turns."""

from __future__ import annotations

import contextlib
import socket

import pytest

from chatsim.server import listening, processes
from chatsim.server.listening import Listener, listeners, listeners_of, occupant_of, owners
from chatsim.server.ports import Turn, bindable, free_port
from chatsim.world import World

from .conftest import Yard, left_of, printed, until


def test_a_free_port_can_be_bound_and_is_none_that_the_kernel_gives_to_clients() -> None:
    ports = {free_port() for _ in range(20)}

    assert all(bindable(port) for port in ports)
    assert all(port < 32_768 for port in ports)
    assert len(ports) > 1


def test_a_port_in_use_cannot_be_bound() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert not bindable(other.getsockname()[1])


def test_two_runs_on_one_fixed_port_take_turns() -> None:
    port = free_port()
    with contextlib.closing(Turn(port)) as first, contextlib.closing(Turn(port)) as second:
        assert first.take()
        assert not second.take()
        first.close()
        assert second.take()


def test_a_port_kept_by_old_connections_is_waited_for_if_the_server_needs_it(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sets no SO_REUSEADDR and ends at once; when the port is free again, it is started once more."""
    waited: list[int] = []
    port = free_port()
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", port))  # bound and not listening, as a connection in TIME_WAIT keeps it
    assert not bindable(port) and bindable(port, reuse=True)

    def released(self: object) -> bool:
        waited.append(port)
        keeper.close()
        return True

    monkeypatch.setattr("chatsim.server.server.Server._wait_until_bindable", released)
    plain = f"listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)\nserve({port})"
    world = yard.running(yard.script(plain), port=port)

    assert world.address == ("127.0.0.1", port)
    assert waited == [port]


# --- who listens, by every way of asking


@pytest.fixture(params=["netlink", "tables", "psutil"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param != "netlink":
        monkeypatch.delattr("socket.AF_NETLINK")
    if request.param == "psutil":
        for module in (processes, listening):
            monkeypatch.setattr(module, "HAS_PROC", False)
        monkeypatch.setattr("chatsim.server.life.HAS_PROC", False)
        monkeypatch.setattr("chatsim.server.inspect.HAS_PROC", False)
        monkeypatch.delattr("os.pidfd_open")
    return str(request.param)


def test_a_server_is_found_and_ended_by_every_way_of_asking(yard: Yard, way: str) -> None:
    world: World = yard.running(yard.script("os.fork() or time.sleep(600)\nserve(0)"))
    until(world, printed("listening"))
    pids = [process.pid for process in left_of(yard.folder)]
    found = listeners_of(pids)
    facts = world._server.facts() if world._server else {}
    world.close()

    assert world.address == ("127.0.0.1", found[0].port)
    assert (facts["children"], facts["listening"]) == (1, True)
    assert left_of(yard.folder) == []


def test_listening_sockets_are_told_with_address_and_owner() -> None:
    import os

    with socket.create_server(("127.0.0.1", 0)) as v4, socket.create_server(("::1", 0), family=socket.AF_INET6) as v6:
        ports = {v4.getsockname()[1]: "127.0.0.1", v6.getsockname()[1]: "::1"}
        mine = [listener for listener in listeners() if listener.port in ports]
        holders = {listener.port: owners(listener, [os.getpid(), 1]) for listener in mine}
        occupant = occupant_of(v4.getsockname()[1])

    assert {listener.port: listener.host for listener in mine} == ports
    assert set(map(tuple, holders.values())) == {(os.getpid(),)}
    assert occupant is not None and occupant.pid == os.getpid()


def test_netlink_and_the_kernels_table_agree() -> None:
    with socket.create_server(("127.0.0.1", 0)), socket.create_server(("::", 0), family=socket.AF_INET6):
        asked, read = set(listeners()), set(listening._listed_in_proc(sockets="tcp"))

    assert asked == read
    assert all(isinstance(listener, Listener) for listener in asked)
