"""A server that does not survive an experiment is started again, on the very port, and studied further."""

from __future__ import annotations

import socket
import sys
import textwrap
from pathlib import Path

from chatsim.detect.detecting import detect
from chatsim.detect.hints import Hints
from chatsim.profile.reader import read_profile
from chatsim.runs import Target

DIES_OF_A_RESET = """
    import os, socket, sys, threading

    clients = {}

    def tell(text, but=None):
        for name, client in list(clients.items()):
            if client is not but:
                client.sendall((text + "\\n").encode())

    def serve(client):
        lines = client.makefile("r")
        name = lines.readline().strip()
        tell(f"{name} is here")
        clients[name] = client
        client.sendall(f"Hello, {name}!\\n".encode())
        try:
            for line in lines:
                if line.strip() == "/quit":
                    break
                tell(f"{name}: {line.strip()}", client)
        except OSError:
            os._exit(1)
        clients.pop(name)
        client.close()

    second = socket.create_server(("127.0.0.1", int(sys.argv[2])))
    first = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        threading.Thread(target=serve, args=(first.accept()[0],), daemon=True).start()
"""


def free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        low, high = sorted((one.getsockname()[1], other.getsockname()[1]))
    return low, high


def test_what_is_left_is_looked_at_on_another_though_its_port_is_fixed(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(textwrap.dedent(DIES_OF_A_RESET), encoding="utf-8")
    low, high = free_ports()

    made = detect(Target(f"{sys.executable} {script} {low} {high}"), Hints(framings=("newline",)), tell=lambda _: None)

    assert any("reset" in text for text in made.killed)
    profile = read_profile(made.profile, "found")
    assert profile.leave  # it was looked for after the death
    assert profile.start is not None
    assert profile.start.port == low
    assert "there was no time" not in made.profile
