"""A recording under way, and clients as people write them: a socket each, and no chatsim in them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import wsproto
from wsproto.events import BytesMessage, CloseConnection, Request, TextMessage

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0  # seconds; what does not come within them does not come


class Recording:
    """`chatsim record`, started; clients connect to `port`."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.scenario, self.history = folder / "session.yaml", folder / "session.jsonl"
        command = [sys.executable, "-m", "chatsim", "record", *words]
        command += ["-o", str(self.scenario), "--history", str(self.history)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self._clients: list[Client] = []
        assert self.process.stderr is not None
        self.first = self.process.stderr.readline()
        found = re.search(r"Clients connect to (?:127\.0\.0\.1:(\d+)|unix:(\S+));", self.first)
        assert found is not None, self.first + self.process.communicate(timeout=PATIENCE)[1]
        self.port = int(found[1] or 0)
        self.path = found[2] or ""

    def client(self) -> Client:
        self._clients.append(Client(self.port, self.path))
        return self._clients[-1]

    def web_client(self, path: str) -> WebClient:
        return WebClient(self.client(), f"127.0.0.1:{self.port}", path)

    def let_go(self) -> None:
        """Whatever became of it: nothing of it is left."""
        for client in self._clients:
            client.closes()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=PATIENCE)

    def end(self) -> str:
        """Ctrl-C, and what is said then."""
        self.process.send_signal(signal.SIGINT)
        return self.over()

    def over(self) -> str:
        """It has ended by itself, or is about to. Nothing of the server is left then."""
        said = self.process.communicate(timeout=PATIENCE)[1]
        assert self.process.returncode == 0, said
        for pid in self.server_pids():
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
        return said

    def server_pids(self) -> list[int]:
        lines = (
            map(json.loads, self.history.read_text(encoding="utf-8").split("\n")[:-1]) if self.history.exists() else ()
        )
        details = [line["detail"] for line in lines if line.get("kind") == "server"]
        return [detail["pid"] for detail in details if detail["what"] == "started"]

    @property
    def steps(self) -> list[str]:
        """The lines of the scenario below `steps:`, comments too."""
        lines = self.scenario.read_text(encoding="utf-8").split("\n")
        return [line.strip() for line in lines[lines.index("steps:") + 1 :] if line.strip()]


class Client:
    def __init__(self, port: int, path: str = "") -> None:
        if path:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(path)
        else:
            self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(PATIENCE)
        self._heard = b""

    def says(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.socket.sendall(piece)

    def hears(self, wanted: bytes) -> bytes:
        """Read until this has come; what came up to its end is gone from what was heard."""
        while wanted not in self._heard:
            data = self.socket.recv(65536)
            assert data, f"closed, and {wanted!r} did not come: {self._heard!r}"
            self._heard += data
        before, _, self._heard = self._heard.partition(wanted)
        return before + wanted

    def reads_to_the_end(self) -> bytes:
        data, self._heard = self._heard, b""
        while more := self.socket.recv(65536):
            data += more
        return data

    def closes(self) -> None:
        self.socket.close()

    def resets(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class WebClient:
    """The same over WebSocket, as a browser would speak it."""

    def __init__(self, client: Client, host: str, path: str) -> None:
        self._client = client
        self._protocol = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        self._client.says(self._protocol.send(Request(host=host, target=path)))
        self._events = self._protocol.events()
        self._next()

    def says(self, text: str) -> None:
        self._client.says(self._protocol.send(TextMessage(text)))

    def hears(self, wanted: str) -> None:
        while True:
            event = self._next()
            assert isinstance(event, TextMessage | BytesMessage), event
            text = event.data if isinstance(event, TextMessage) else bytes(event.data).decode()
            if wanted in text:
                return

    def closes(self) -> None:
        self._client.says(self._protocol.send(CloseConnection(code=1000)))
        self._client.reads_to_the_end()
        self._client.closes()

    def _next(self) -> object:
        while (event := next(self._events, None)) is None:
            self._protocol.receive_data(self._client.socket.recv(65536))
            self._events = self._protocol.events()
        return event


def chatsim(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "chatsim", *words], capture_output=True, text=True, timeout=120, cwd=ROOT
    )


def assert_plays_again(recording: Recording, *words: str) -> None:
    """The scenario is valid, passes on the same server, and the history passes where it is judged."""
    valid = chatsim("validate", str(recording.scenario))
    assert valid.returncode == 0, valid.stdout + valid.stderr
    played = chatsim("run", str(recording.scenario), *words)
    assert played.returncode == 0, recording.scenario.read_text(encoding="utf-8") + played.stdout + played.stderr
    judged = chatsim("check", str(recording.history))
    assert judged.returncode == 0, judged.stdout + judged.stderr
