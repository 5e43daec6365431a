"""The server closes first, on a fixed port: the goodbye stays polite, and the port stays free for the next run."""

from __future__ import annotations

import textwrap
from pathlib import Path

from chatsim.checks.verdict import Outcome
from chatsim.profile.reader import read_profile
from chatsim.report.report import Run
from chatsim.runs import Target, run
from chatsim.scenario.reader import read_scenario
from chatsim.server.ports import bindable, free_port

SERVER = """
import socket, sys, threading
clients = {}
lock = threading.Lock()
def tell(text, but=None):
    with lock:
        for other in clients:
            if other is not but:
                other.sendall(text.encode())
def serve(client):
    lines = client.makefile(encoding="utf-8")
    nick = lines.readline().strip()
    tell(f"* {nick} joined\\n")
    with lock:
        clients[client] = nick
    client.sendall(f"Welcome, {nick}!\\n".encode())
    try:
        for line in lines:
            if line == "/quit\\n":
                client.sendall(b"Goodbye.\\n")
                break
            tell(f"{nick}: {line}", client)
    finally:
        with lock:
            clients.pop(client, None)
        tell(f"* {nick} left\\n")
        GOODBYE
listener = socket.socket()  # without SO_REUSEADDR
listener.bind(("127.0.0.1", PORT))
listener.listen()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""
PROFILE = """
profile: goodbye
start: {command: "python server.py", port: PORT}
framing: newline
join: [{send: "{nick}"}, {await: "Welcome, {nick}!"}]
hears: "{nick}: {text}"
notices: {joined: "* {nick} joined", left: "* {nick} left"}
leave: [{send: "/quit"}, {await: "Goodbye."}]
"""
SCENARIO = """
scenario: "two go"
bots: [ann, bob, cat]
steps:
  - join: everyone
  - disconnect: bob
  - disconnect: cat
"""
WAITS_FOR_OURS = """
        client.shutdown(socket.SHUT_WR)
        print("came to its end" if client.recv(100) == b"" else "there was more", flush=True)
        client.close()
"""
JUST_CLOSES = """
        lines.close()
        client.close()
"""


def played(folder: Path, goodbye: str, port: int) -> Run:
    body = textwrap.indent(textwrap.dedent(goodbye).strip(), " " * 8).lstrip()
    (folder / "server.py").write_text(SERVER.replace("GOODBYE", body).replace("PORT", str(port)))
    profile = read_profile(PROFILE.replace("PORT", str(port)), str(folder / "goodbye.yaml"))
    return run(read_scenario(SCENARIO, "two_go.yaml"), profile, Target())


def test_a_server_that_still_listens_for_our_end_meets_a_close_and_no_reset(tmp_path: Path) -> None:
    done = played(tmp_path, WAITS_FOR_OURS, free_port())

    assert done.outcome is Outcome.PASSED, [v for v in done.verdicts if v.outcome is Outcome.FAILED]
    assert done.history is not None
    said = [entry.detail["line"] for entry in done.history.of("out")]
    assert said[:2] == ["came to its end"] * 2


def test_a_server_that_closes_first_can_be_started_again_at_once_on_its_port(tmp_path: Path) -> None:
    """Had we closed as usual, its ends would be in TIME_WAIT now, and it sets no SO_REUSEADDR."""
    port = free_port()

    done = played(tmp_path, JUST_CLOSES, port)

    assert done.outcome is Outcome.PASSED, [v for v in done.verdicts if v.outcome is Outcome.FAILED]
    assert bindable(port)
