"""Small servers, each odd in one way, and a world in which to start them."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from chatsim.network.network import Event, Output, ServerEvent
from chatsim.profile.profile import Start
from chatsim.server.launch import Launcher
from chatsim.world import World

PYTHON = f"{shlex.quote(sys.executable)} -I -S"

ECHO = """
import os, signal, socket, subprocess, sys, threading, time
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
def serve(port):
    listener.bind(("127.0.0.1", int(port)))
    listener.listen(64)
    print("listening", flush=True)
    while True:
        connection, _ = listener.accept()
        def echo(connection=connection):
            with connection:
                while data := connection.recv(4096):
                    connection.sendall(data)
        threading.Thread(target=echo, daemon=True).start()
"""


class Yard:
    """Where servers are written, started, and watched; whatever is left of them at the end fails the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.worlds: list[World] = []

    def script(self, text: str, name: str = "server.py") -> str:
        """A command that runs this Python program, which may call `serve(port)`."""
        path = self.folder / name
        path.write_text(ECHO + text)
        return f"{PYTHON} {shlex.quote(str(path))}"

    def world(self, given: str | None, /, *, patience: float = 1.0, **start: Any) -> World:
        """`given` stands in for the profile's command, as `--server` does."""
        world = World(Launcher(Start(folder=str(self.folder), **start), given, patience=patience))
        self.worlds.append(world)
        return world

    def running(self, given: str | None, /, **start: Any) -> World:
        world = self.world(given, **start)
        world.start()
        return world


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    made = Yard(tmp_path)
    yield made
    for world in made.worlds:
        world.close()
    nothing_left = at_last(lambda: left_of(tmp_path) == [])
    left = left_of(tmp_path)
    for process in left:
        process.kill()
    assert nothing_left, left


def left_of(folder: Path) -> list[psutil.Process]:
    """Processes whose command line names the folder."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if any(str(folder) in word for word in process.info["cmdline"] or ())
        and process.info["status"] != psutil.STATUS_ZOMBIE
        and process.pid != os.getpid()
    ]


def at_last(met: Callable[[], bool], patience: float = 10.0) -> bool:
    """Has it become true before the patience was spent?"""
    deadline = time.monotonic() + patience
    while not met():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def until(world: World, met: Callable[[list[Event]], bool], patience: float = 15.0) -> list[Event]:
    """All events up to the one with which it became true."""
    events: list[Event] = []
    deadline = world.now() + patience
    while not met(events) and world.now() < deadline:
        events += world.poll(deadline)
    return events


def told(what: str) -> Callable[[list[Event]], bool]:
    return lambda events: any(isinstance(event, ServerEvent) and event.what == what for event in events)


def printed(line: str) -> Callable[[list[Event]], bool]:
    return lambda events: any(isinstance(event, Output) and event.line == line for event in events)


def stages(events: list[Event]) -> list[str]:
    return [event.what for event in events if isinstance(event, ServerEvent)]


def detail(events: list[Event], what: str) -> dict[str, Any]:
    [found] = [event.detail for event in events if isinstance(event, ServerEvent) and event.what == what]
    return dict(found)


def lines(events: list[Event], stream: str = "stdout") -> list[str]:
    return [event.line for event in events if isinstance(event, Output) and event.stream == stream]
