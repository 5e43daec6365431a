"""`chatsim detect`, and `chatsim run` without a profile, on servers that are there: what they say, how long they take,
what they leave behind. The dialects themselves are tried in virtual time."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from simulated_rooms import Room, detected

from chatsim.cli.detect import _one_line
from chatsim.cli.detecting import detect_and_tell
from chatsim.cli.sources import clues_of, read_sources
from chatsim.detect.detecting import Detection, detect
from chatsim.detect.foreknowledge import hints_from
from chatsim.detect.hints import Hints
from chatsim.errors import UsageError
from chatsim.profile.reader import read_profile
from chatsim.runs import Target

FOLDER = Path(__file__).parent / "servers"
ROOT = Path(__file__).parents[2]
CHATSIM = [sys.executable, "-m", "chatsim"]
MOMENT = 6.0  # seconds beyond those that it may take: our own start, the server's end, a busy machine


@dataclass
class Done:
    code: int
    out: str
    err: str
    seconds: float


def of_this_test(own: Path) -> list[psutil.Process]:
    """Processes that were started with the temporary folder of this test in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR") == str(own) and process.pid != os.getpid():
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def environment(own: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(own)}


def chatsim(own: Path, *words: str) -> Done:
    """A call from the command line. Whatever it does, nothing is left of it."""
    begun = time.monotonic()
    done = subprocess.run(
        [*CHATSIM, *words], capture_output=True, text=True, cwd=ROOT, env=environment(own), timeout=120, check=False
    )
    seconds = time.monotonic() - begun
    assert "Traceback (most recent call last)" not in done.stderr.partition("Its last words:")[0]
    assert of_this_test(own) == []
    assert list(own.iterdir()) == []
    return Done(done.returncode, done.stdout, done.stderr, seconds)


def python(server: str, *arguments: str) -> list[str]:
    return [sys.executable, str(FOLDER / server), *arguments]


# --- what is found ------------------------------------------------------------------------------------------------


def test_a_server_that_wants_its_port_and_has_two_of_them(tmp_path: Path) -> None:
    file = tmp_path.with_name(f"{tmp_path.name}-found.yaml")

    done = chatsim(tmp_path, "detect", "-o", str(file), "--", *python("listens_twice.py"))

    profile = file.read_text()
    assert (done.code, done.out) == (0, ""), done.err
    assert f"Written: {file}" in done.err
    assert f'start: {{command: "{shlex.join(python("listens_twice.py"))} {{port}}"}}' in profile
    assert 'hears: "{nick}: {text}"' in profile
    assert read_profile(profile, "found.yaml").name == "listens-twice"


def test_a_server_that_asks_for_its_port_is_told(tmp_path: Path) -> None:
    told: list[str] = []

    made = detect(Target(shlex.join(python("asks_for_its_port.py"))), Hints(), patience=0.3, tell=told.append)

    assert "it asks 'Enter the port:' on its console: it is told {port}" in told
    assert 'stdin: "{port}"}' in made.profile
    assert made.works, made.profile


def test_a_word_alone_is_a_whole_command_and_quotes_stay_around_a_port() -> None:
    assert _one_line(["python server.py {port}"]) == "python server.py {port}"
    assert _one_line(["sh", "-c", "exec ./server {port}"]) == "sh -c 'exec ./server {port}'"
    assert _one_line(["./server", "{port}", "a b", "--x={port}"]) == "./server {port} 'a b' --x={port}"


# --- what is no chat ----------------------------------------------------------------------------------------------


class Greets(Room):
    words = b""

    def came(self, who: int) -> None:
        self.tell(who, self.words)

    def heard(self, who: int, data: bytes) -> None:
        pass


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "an SSH server"),
        (b"220 mail.example.org ESMTP Postfix\r\n", "a mail server (SMTP)"),
        (b"* OK [CAPABILITY IMAP4rev1] ready.\r\n", "a mail server (IMAP)"),
        (b"220 (vsFTPd 3.0.3)\r\n220 FTP\r\n", "an FTP server"),
        (b"J\0\0\0\n8.0.36\0\x08\0\0\0", "a MySQL database"),
        (b"RFB 003.008\n", "a remote desktop (VNC)"),
    ],
)
def test_a_server_that_is_no_chat_is_told_after_one_look(
    words: bytes, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = type("House", (Greets,), {"words": words})

    made = detected(house, monkeypatch)

    assert made.why.startswith(f"this is no chat server, it seems to be {name}: it began with ")
    assert (made.profile, len(made.tried)) == ("", 1)


class Web(Room):
    """HTTP, and no WebSocket."""

    def heard(self, who: int, data: bytes) -> None:
        self.tell(who, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        self.hang_up(who)


def test_a_web_server_is_tried_as_a_websocket_and_then_told(monkeypatch: pytest.MonkeyPatch) -> None:
    made = detected(Web, monkeypatch)

    assert made.profile == ""
    assert "it speaks HTTP, and nobody heard anybody over WebSocket" in made.why


# --- never longer than it may -------------------------------------------------------------------------------------


def test_a_server_that_will_not_end_is_ended(tmp_path: Path) -> None:
    done = chatsim(tmp_path, "detect", "--time", "8", "--", *python("will_not_end.py", "{port}"))

    assert "clean-exit failed" in done.out or "there was no time to play it to its end" in done.out
    assert done.seconds < 8 + MOMENT


@pytest.mark.parametrize("server", ["no_answer.py", "floods.py"])
def test_a_server_that_is_of_no_use_takes_no_longer_than_it_may(server: str, tmp_path: Path) -> None:
    done = chatsim(tmp_path, "detect", "--time", "3", "--", *python(server, "{port}"))

    assert (done.code, done.out) == (4, "")
    assert "nobody heard anybody" in done.err
    assert done.seconds < 3 + MOMENT


def test_a_server_that_never_listens_takes_no_longer_than_it_may(tmp_path: Path) -> None:
    done = chatsim(tmp_path, "detect", "--time", "3", "--", *python("never_listens.py"))

    assert (done.code, done.out) == (4, "")
    within = re.search(r"the server did not listen on any TCP port within ([\d.]+) s", done.err)
    assert within is not None
    assert float(within[1]) <= 3
    assert "I am a server" in done.err
    assert done.seconds < 3 + MOMENT


def test_ctrl_c_ends_it_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*CHATSIM, "detect", "--", *python("will_not_end.py", "{port}")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(tmp_path),
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if "looking:" in line:
                break
        running.send_signal(signal.SIGINT)
        _, rest = running.communicate(timeout=60)

    assert running.returncode == 130, rest
    assert "Traceback" not in rest
    assert of_this_test(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


# --- what is wrong with the call, or the server -----------------------------------------------------------------------


def test_a_server_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    done = chatsim(tmp_path, "detect", "-q", "--", *python("exits_at_once.py"))

    command = shlex.join(python("exits_at_once.py"))
    assert done.code == 4
    assert done.err == (
        f"the server ended at once, with exit code 0, before it listened: {command}\n"
        "Its last words:\n  usage: exits_at_once.py FILE\n"
    )


def test_nobody_at_the_address(tmp_path: Path) -> None:
    done = chatsim(tmp_path, "detect", "-q", "--connect", "127.0.0.1:1")

    assert done.code == 4
    assert done.err == "nobody answers there\nIs it running? Does it listen at this address and port?\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-o", "/nowhere/x.yaml", "--", "true"), "--output: there is no folder /nowhere"),
        (("-o", "/", "--", "true"), "--output: / is a folder"),
        ((), "detect needs a server"),
        (("--connect", "localhost:1", "--", "true"), "a command and --connect exclude each other"),
        (("--connect", "localhost"), "localhost is not HOST:PORT"),
        (("--time", "nan", "--", "true"), "--time: nan is no number of seconds"),
        (("--time", "0", "--", "true"), "0"),
        (("--time", "soon", "--", "true"), "soon"),
    ],
)
def test_a_call_that_is_wrong_is_told_before_anything_is_started(
    words: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    done = chatsim(tmp_path, "detect", *words)

    assert (done.code, done.out) == (2, "")
    assert told in done.err


def test_a_profile_that_cannot_be_written_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Detection(profile="profile: x\n", works=True)
    monkeypatch.setattr("chatsim.cli.detecting._detected", lambda *args, **named: made)

    with pytest.raises(UsageError, match="/dev/full could not be written"):
        detect_and_tell(Target("x"), "/dev/full", 1.0, (), quiet=True)

    assert capsys.readouterr().out == "profile: x\n"


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (Detection(profile="profile: x\n", works=True), 0),
        (Detection(profile="profile: x\n"), 3),
        (Detection(why="nobody heard anybody"), 4),
    ],
)
def test_the_exit_code_says_what_came_of_it(made: Detection, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatsim.cli.detecting._detected", lambda *args, **named: made)

    assert detect_and_tell(Target("x"), None, 1.0, (), quiet=True) == code


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    done = chatsim(tmp_path, "detect", "-q", "--", "no-such-program-anywhere")

    assert done.code == 4
    assert 'there is no program "no-such-program-anywhere"' in done.err


# --- run without a profile --------------------------------------------------------------------------------------------

GOLDEN = """\
No --profile says how this server is spoken to, so it is tried first:
  reading: SERVER
  starting: PYTHON SERVER
  trying: lines, a name first
  found a way in: lines, a name first
  looking: how messages look
  looking: what is told of who comes
  looking: what is told of who goes
  looking: a name in use
  looking: words to leave with
  looking: who is there
  looking: where messages end
  playing with the profile that was found
This is how it is spoken to, it seems. To keep it: chatsim detect -o server.yaml -- PYTHON SERVER {port}
    profile: listens-twice
    start: {command: "PYTHON SERVER {port}"}
    framing: newline  # lines are understood
    join: [{send: "{nick}"}, {await: "Welcome, {nick}!"}]  # zephine was answered 'Welcome, zephine!'
    says: "{text}"
    hears: "{nick}: {text}"  # ottokar got 'zephine: heliotrope 417 sonata' when zephine had said 'heliotrope 417 sonata'
    echo: yes  # who speaks hears itself
"""


def test_run_without_a_profile_finds_it_out_says_so_and_offers_to_keep_it(tmp_path: Path) -> None:
    scenario = tmp_path.with_name(f"{tmp_path.name}-two.yaml")
    scenario.write_text('scenario: "two"\nbots: [ann, bob]\nsteps:\n  - join: everyone\n  - chat: {ann: "hi"}\n')

    done = chatsim(tmp_path, "run", str(scenario), "--server", shlex.join(python("listens_twice.py")))

    told = done.err.replace(str(FOLDER / "listens_twice.py"), "SERVER").replace(sys.executable, "PYTHON")
    assert done.code == 0, done.err
    assert told[: len(GOLDEN)] == GOLDEN
    assert done.out.startswith("PASSED")


def test_run_without_a_profile_on_no_chat_says_why(tmp_path: Path) -> None:
    words = shlex.join(python("greets.py", "{port}", r"SSH-2.0-OpenSSH_9.2\r\n"))

    done = chatsim(tmp_path, "run", "scenarios/churn.yaml", "--server", words)

    assert done.code == 4
    assert re.search(
        r"no profile was given, and none could be found: this is no chat server, it seems to be an SSH", done.err
    )


# --- other wires, for real --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("server", "transport"),
    [
        ("chats_over_websocket.py {port}", "websocket"),
        ("lines_at_a_path.py {socket}", "unix"),
        ("datagrams.py {port}", "udp"),
    ],
)
def test_wires_that_a_source_speaks_of(server: str, transport: str) -> None:
    command = f"{shlex.quote(sys.executable)} {shlex.quote(str(ROOT / 'tests' / 'servers'))}/{server}"
    hints = hints_from(clues_of(read_sources(command)))

    made = detect(Target(command), hints, patience=0.5, tell=lambda _: None)

    assert f"transport: {transport}\n" in made.profile
    hears = next(line for line in made.profile.splitlines() if line.startswith("hears: "))
    assert ("{nick}" in hears, "{text}" in hears) == (True, True)
    assert made.works, made.profile
