"""A profile that does not fit its server: one letter, with both sides' bytes, in time; never a wall of failed properties.

Every framing and every wire, with something that they do not expect at the other end. The letters stand in
`servers/misfits/`, each as it is read; UPDATE_GOLDEN=1 writes them anew.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from chatsim.checks.verdict import Outcome
from chatsim.profile.reader import load_profile
from chatsim.report.report import Run
from chatsim.runs import Target, run
from chatsim.scenario.reader import read_scenario
from tests.network.peers import certificate
from tests.servers.starting import FOLDER

GOLDEN = FOLDER / "misfits"
IN_TIME = 15.0  # seconds on a busy machine; a patience of half a second is spent within two
START = 5.0  # ... and that of a start within five

TALK = """
scenario: "two say hello"
bots: {ann: {}, bob: {}}
steps:
  - join: ann  # alone: whether she hears of bob would be a race
  - join: bob
  - chat: {ann and bob: 1}
"""

ASKED = """
join: [{await: "Name?"}, {send: "{nick}"}, {await: "Welcome, {nick}!"}]
says: "{text}"
hears: "{nick}: {text}"
"""
ASKS = """
join: [{send: "{nick}"}, {await: "Welcome, {nick}!"}]
says: "{text}"
hears: "{nick}: {text}"
"""
OBJECTS = """
join: [{send: '{"type": "login", "name": "{nick}"}'}, {await: '{"type": "welcome"}'}]
says: '{"type": "say", "text": "{text}"}'
hears: '{"type": "said", "from": "{nick}", "text": "{text}"}'
"""
FIELDS = """
framing: {record: "16s 48s"}
join: [{await: "Name?|{*}"}, {send: "{nick}|hello"}, {await: "Welcome|{*}"}]
says: "{nick}|{text}"
hears: "{nick}|{text}"
"""
IN_PYTHON = """

class Marked:
    '''A mark, a length of one byte, the message.'''
    def __init__(self): self.kept = b""
    def frame(self, payload): return b"<" + bytes([len(payload)]) + payload
    def feed(self, data):
        self.kept += data
        frames = []
        while len(self.kept) > 1 and len(self.kept) >= 2 + self.kept[1]:
            if self.kept[:1] != b"<":
                raise ValueError("a message begins with <")
            frames.append(self.kept[2:2 + self.kept[1]])
            self.kept = self.kept[2 + self.kept[1]:]
        return frames
"""


@dataclass(frozen=True)
class Misfit:
    profile: str
    server: tuple[str, ...]  # mode, greeting, answer of says_something_else.py; or another server of the folder
    connected: bool = True


LINES = "Hello!\\r\\nWho are you?\\r\\n"
GARBAGE = "\\xff\\xfe\\x00\\x01\\x80"
LENGTHS = "\\0\\0\\0\\6Hello!\\0\\0\\0\\4Who?"
TLS = "extends: lines\ntransport: tls\ntls: {verify: no}\n"
WEBSOCKET = "extends: websocket-text\n"
UDP = "transport: udp\n" + ASKS

MISFITS = {
    "none-lines": Misfit("framing: none" + ASKED, ("tcp", LINES)),
    "none-garbage": Misfit("framing: none" + ASKED, ("tcp", GARBAGE)),
    "newline-another-prompt": Misfit("framing: newline" + ASKED, ("tcp", "Your nickname: ")),
    "newline-lengths": Misfit("framing: newline" + ASKED, ("tcp", LENGTHS)),
    "newline-says-nothing": Misfit("framing: newline" + ASKS, ("tcp", "")),
    "newline-closes": Misfit("framing: newline" + ASKS, ("closes", "Hello!\\n")),
    "crlf-objects": Misfit("framing: crlf" + ASKS, ("tcp", "", '{"type": "error"}')),
    "nul-lines": Misfit("framing: nul" + ASKED, ("tcp", LINES)),
    "nul-two": Misfit("framing: nul" + ASKED, ("tcp", "Hello!\\0Who?\\0")),
    "separator-lines": Misfit("framing: {separator: '$$'}" + ASKED, ("tcp", LINES)),
    "json-lines-words": Misfit("framing: json-lines" + OBJECTS, ("tcp", "", LINES)),
    "json-words": Misfit("framing: json" + OBJECTS, ("tcp", "", LINES)),
    "json-two": Misfit("framing: json" + OBJECTS, ("tcp", '{"type": "hello"}', '{"type": "who"}')),
    "digits-two": Misfit("framing: {digits: 4}" + ASKED, ("tcp", "6   Hello!4   Who?")),
    "digits-lines": Misfit("framing: {digits: 4}" + ASKED, ("tcp", LINES)),
    "length-two": Misfit("framing: {length: '|'}" + ASKED, ("tcp", "6|Hello!4|Who?")),
    "length-lines": Misfit("framing: {length: '|'}" + ASKED, ("tcp", LINES)),
    "struct-two": Misfit("framing: {struct: '>I'}" + ASKED, ("tcp", LENGTHS)),
    "struct-lines": Misfit("framing: {struct: '>I'}" + ASKED, ("tcp", LINES)),
    "struct-short": Misfit("framing: {struct: '>I'}" + ASKS, ("tcp", "", "\\0\\0\\0\\x20Welcome")),
    "struct-seven": Misfit("framing: {struct: '>I'}" + ASKED, ("tcp", "".join(f"\\0\\0\\0\\x01{n}" for n in range(7)))),
    "record-other": Misfit(FIELDS, ("tcp", "Hello" + "\\0" * 11 + "there" + "\\0" * 43)),
    "record-lines": Misfit(FIELDS, ("tcp", LINES)),
    "python-two": Misfit("framing: {python: 'marked:Marked'}" + ASKED, ("tcp", "<\\6Hello!<\\4Who?")),
    "python-lines": Misfit("framing: {python: 'marked:Marked'}" + ASKED, ("tcp", LINES * 20)),
    "tls-says-nothing": Misfit(TLS, ("tcp", ""), connected=False),
    "tls-lines": Misfit(TLS, ("tcp", "", LINES), connected=False),
    "tls-closes": Misfit(TLS, ("closes", ""), connected=False),
    "tls-another-welcome": Misfit(
        TLS + "join: [{send: '{nick}'}, {await: 'Hi {nick}'}]", ("lines_over_tls.py", "CERT")
    ),
    "lines-on-tls": Misfit("extends: lines\n", ("lines_over_tls.py", "CERT")),
    "websocket-says-nothing": Misfit(WEBSOCKET, ("tcp", ""), connected=False),
    "websocket-lines": Misfit(WEBSOCKET, ("tcp", LINES), connected=False),
    "websocket-http": Misfit(WEBSOCKET, ("tcp", "", "HTTP/1.1 404 Not Found\\r\\n\\r\\n"), connected=False),
    "websocket-prompt": Misfit(WEBSOCKET + "join: [{await: 'Name?'}]", ("chats_over_websocket.py",)),
    "lines-on-websocket": Misfit("extends: lines\n", ("chats_over_websocket.py",)),
    "wss-on-websocket": Misfit(WEBSOCKET + "tls: {verify: no}", ("chats_over_websocket.py",), connected=False),
    "unix-another-welcome": Misfit(
        "extends: lines\ntransport: unix\njoin: [{send: '{nick}'}, {await: 'Hi {nick}'}]", ("lines_at_a_path.py",)
    ),
    "udp-two": Misfit(UDP, ("udp", "Hello!", "Who?")),
    "udp-says-nothing": Misfit(UDP, ("udp", "")),
}
ELSEWHERE = {
    "udp-on-tcp": Misfit(UDP, ("tcp", "")),
    "lines-on-udp": Misfit("extends: lines\n", ("udp", "")),
    "unix-on-tcp": Misfit("extends: lines\ntransport: unix\n", ("tcp", "")),
    "lines-on-unix": Misfit("extends: lines\n", ("lines_at_a_path.py",)),
}


def played(misfit: Misfit, folder: Path, *, place: str, patience: float) -> Run:
    (folder / "marked.py").write_text(IN_PYTHON, encoding="utf-8")
    mine = folder / "mine.yaml"
    mine.write_text(f"profile: misfit\n{dedent(misfit.profile)}\n", encoding="utf-8")
    first, *more = misfit.server
    file, arguments = (first, more) if first.endswith(".py") else ("says_something_else.py", [first, *more])
    words = [sys.executable, str(FOLDER / file), place]
    words += [str(certificate(folder)) if word == "CERT" else word for word in arguments]
    return run(
        read_scenario(TALK, "talk.yaml"), load_profile(str(mine)), Target(shlex.join(words)), seed=1, patience=patience
    )


def letter(run: Run, folder: Path) -> str:
    text = (
        str(run.error).replace(str(folder), "FOLDER").replace(sys.executable, "PYTHON").replace(str(FOLDER), "SERVERS")
    )
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", re.sub(r"(\.py|port) \d+", r"\1 PORT", text)) + "\n"


def golden(name: str, text: str) -> str:
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MISFITS)
def test_where_the_dialogue_stopped_is_told_once_with_both_sides_bytes_and_in_time(name: str, tmp_path: Path) -> None:
    misfit = MISFITS[name]
    began = time.monotonic()
    place = "{socket}" if "transport: unix" in misfit.profile else "{port}"
    done = played(misfit, tmp_path, place=place, patience=0.5)

    assert time.monotonic() - began < IN_TIME
    assert (done.outcome, done.verdicts) == (Outcome.INCONCLUSIVE, ())
    assert done.error is not None
    assert done.error.exit_code == 4
    assert ("could not connect" in str(done.error)) is not misfit.connected
    told = letter(done, tmp_path)
    assert told == golden(name, told)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_server_on_another_kind_of_socket_is_told_with_where_it_listens(name: str, tmp_path: Path) -> None:
    misfit = ELSEWHERE[name]
    place = {"unix-on-tcp": "{port}", "lines-on-unix": str(tmp_path / "chat.sock")}.get(name, "{port}")
    done = played(misfit, tmp_path, place=place, patience=0.2)

    assert done.error is not None
    assert done.error.exit_code == 4
    told = letter(done, tmp_path)
    assert told == golden(name, told)
