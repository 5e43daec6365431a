"""Whole runs on each wire: right servers pass, what a wire lacks is said, and what cannot be agreed upon is told."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatsim.checks.verdict import Outcome
from chatsim.network.loop import Loop
from chatsim.profile.profile import Profile, Start
from chatsim.profile.reader import load_profile, read_profile
from chatsim.report.explain_profile import explain_profile
from chatsim.report.report import Report, Run
from chatsim.report.text import Style, render
from chatsim.runs import Target, run, why_not
from chatsim.scenario.reader import load_scenario, read_scenario
from chatsim.server.launch import Launcher
from chatsim.server.server import Server
from tests.network.peers import certificate
from tests.servers.starting import FOLDER

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "scenarios"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


def command(file: str, *arguments: str) -> str:
    return shlex.join([sys.executable, str(FOLDER / file), "{port}", *arguments])


def played(name: str, profile: Profile, server: str) -> Run:
    return run(load_scenario(SHIPPED / f"{name}.yaml"), profile, Target(server), seed=1)


def assert_passed(run: Run) -> None:
    assert (run.outcome, run.error) == (Outcome.PASSED, None), render(Report((run,)), Style())


@contextlib.contextmanager
def running(server: str, *, datagrams: bool = False) -> Iterator[str]:
    """A server that somebody else has started, and where it listens."""
    loop = Loop()
    with contextlib.closing(loop):
        started = Server(Launcher(Start(), server), loop, datagrams=datagrams)
        with contextlib.closing(started):
            started.start()
            assert started.address is not None
            yield f"{started.address[0]}:{started.address[1]}"


def talk(address: str, profile: Path) -> str:
    """What a person sees who joins, says something and goes."""
    done = subprocess.run(
        [sys.executable, "-m", "chatsim", "talk", address, "--profile", str(profile), "--nick", "ann"],
        input="hello\n/quit\n",
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def assert_talked(shown: str) -> None:
    assert "Welcome, ann!" in shown
    assert "Goodbye, ann." in shown


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("transport: tls\ntls: {verify: no}", "TLS, any certificate is believed; nothing keeps messages apart"),
        (
            'transport: websocket\npath: "/chat"',
            "WebSocket at /chat; messages come apart from each other by themselves",
        ),
        ("transport: websocket\ntls: {}", "WebSocket at /, on TLS; messages come apart from each other by themselves"),
        ('transport: udp\njoin: "{nick}"', "UDP; messages come apart from each other by themselves"),
    ],
)
def test_the_wire_is_explained(keys: str, told: str) -> None:
    lines = explain_profile(read_profile(f"profile: mine\n{keys}\n", "mine.yaml"))

    assert any(line.startswith(f"On the wire: {told}") for line in lines)


# --- TLS


def over_tls(keys: str) -> Profile:
    return read_profile(f"profile: over-tls\nextends: lines\ntransport: tls\n{keys}\n", "over-tls.yaml")


@pytest.mark.parametrize("name", ["drops", "storm", "slow", "malformed", "half", "cuts", "restart"])
def test_a_right_server_fails_nothing_over_tls(name: str, own: Path) -> None:
    assert_passed(played(name, over_tls("tls: {verify: no}"), command("lines_over_tls.py", str(own))))


def test_a_certificate_that_is_named_is_believed(own: Path) -> None:
    assert_passed(played("lobby", over_tls(f"tls: {{ca: '{own}'}}"), command("lines_over_tls.py", str(own))))


def test_a_certificate_that_nobody_vouches_for_is_told_with_its_reason(own: Path) -> None:
    failed = played("lobby", over_tls(""), command("lines_over_tls.py", str(own)))

    assert failed.error is not None
    assert "its certificate is not believed: self-signed certificate" in str(failed.error)


def test_talk_speaks_tls(own: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("profile: mine\nextends: lines\ntransport: tls\ntls: {verify: no}\n", encoding="utf-8")
    with running(command("lines_over_tls.py", str(own))) as address:
        assert_talked(talk(address, mine))


# --- WebSocket

CHAT = "chats_over_websocket.py"


@pytest.mark.parametrize("name", ["storm", "slow", "malformed", "half", "cuts", "restart"])
def test_a_right_server_fails_nothing_over_websocket(name: str) -> None:
    assert_passed(played(name, load_profile("websocket-text"), command(CHAT)))


def test_json_over_websocket() -> None:
    assert_passed(played("crowd", load_profile("websocket-json"), command(CHAT)))


def test_a_half_close_is_nothing_that_websocket_knows() -> None:
    assert why_not(load_scenario(SHIPPED / "drops.yaml"), load_profile("websocket-text")) == (
        f"'drop' ({SHIPPED / 'drops.yaml'}:13:11) needs a wire on which one side can be ended alone, "
        "and over WebSocket there is no such thing"
    )


def test_talk_speaks_websocket(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("profile: mine\nextends: websocket-text\n", encoding="utf-8")
    with running(command(CHAT)) as address:
        shown = talk(address, mine)

    assert shown.splitlines()[1:] == ["hello", "[DISCONNECTED] Client disconnected from server"]


def test_a_server_on_another_path_is_told_with_its_answer() -> None:
    """No WebSocket at all, in truth: a server of files, as one might start it by mistake."""
    server = shlex.join([sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "{port}"])

    failed = played("lobby", load_profile("websocket-text"), server)

    assert failed.error is not None
    assert "it answered / with HTTP status 200" in str(failed.error)


# --- UDP

OVER_UDP = """
profile: over-udp
transport: udp
join: [{send: "{nick}"}, {await: "Welcome, {nick}!"}]
refuses: "Sorry, the name {*}"
leave: [{send: "/quit"}, {await: "Goodbye, {nick}."}]
hears: "{nick}: {text}"
notices: {joined: "* {nick} joined", left: "* {nick} left"}
roster: {ask: "/who", answer: "Here: {nicks}"}
promises: {unique-nicknames: yes}
"""
DATAGRAMS = """
scenario: "what a wire without connections has"
bots: {ann: {}, bob: {}, rude: {}, twin: {nick: "ann"}}
steps:
  - join: ann and bob and rude
  - join: {twin: refused}
  - chat: {everyone but twin: 3}
  - send: {ann: {text: "one after the other", glued: 3}}
  - send: {rude: {garbage: utf-8}}
  - send: {rude: {garbage: empty}}
  - send: {rude: {garbage: half}}
  - ask: {ann: roster}
  - disconnect: bob
  - rejoin: bob
  - converse: {ann and bob: 10}
  - server: restart
  - join: ann and bob
  - chat: {ann: "hello again"}
"""


def over_udp(name: str = "crowd") -> Run:
    return played(name, read_profile(OVER_UDP, "over-udp.yaml"), command("datagrams.py"))


@pytest.mark.parametrize("name", ["crowd", "order", "restart", "memory"])
def test_a_right_server_fails_nothing_over_udp(name: str) -> None:
    assert_passed(over_udp(name))


def test_what_a_wire_without_connections_has() -> None:
    profile = read_profile(OVER_UDP, "over-udp.yaml")
    done = run(read_scenario(DATAGRAMS, "datagrams.yaml"), profile, Target(command("datagrams.py")), seed=1)
    told = {verdict.property: (verdict.outcome, verdict.summary) for verdict in done.verdicts}

    assert_passed(done)
    assert told["closes-connection"] == (Outcome.NOT_APPLICABLE, "Over UDP there is no connection to close.")
    assert told["leave-notice"][0] is told["nickname-released"][0] is told["roster"][0] is Outcome.PASSED


def test_a_server_of_datagrams_that_dies_is_blamed(tmp_path: Path) -> None:
    strict = (FOLDER / "datagrams.py").read_text(encoding="utf-8").replace('decode("utf-8", "replace")', "decode()")
    (tmp_path / "strict.py").write_text(strict, encoding="utf-8")
    profile = read_profile(OVER_UDP, "over-udp.yaml")
    server = shlex.join([sys.executable, str(tmp_path / "strict.py"), "{port}"])
    done = run(read_scenario(DATAGRAMS, "datagrams.yaml"), profile, Target(server), seed=1, patience=0.5)

    assert done.outcome is Outcome.FAILED
    assert {"stays-up", "survives-malformed"} <= {
        each.property for each in done.verdicts if each.outcome is Outcome.FAILED
    }


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("storm", "a wire on which a server learns of such an end, and over UDP none does"),
        ("slow", "a wire on which what is not read waits, and over UDP it is lost"),
        ("cuts", "a wire on which a message can come in pieces, and over UDP it comes whole or not at all"),
        ("silent", "a wire on which a server learns of who says nothing, and over UDP none does"),
        ("long", "a wire that carries 1,000,000 bytes at once, and over UDP 60,000 is the most"),
    ],
)
def test_what_udp_lacks_is_said(name: str, why: str) -> None:
    told = why_not(load_scenario(SHIPPED / f"{name}.yaml"), read_profile(OVER_UDP, "over-udp.yaml"))

    assert told is not None
    assert told.endswith(f" needs {why}")


def test_nobody_can_leave_without_a_word_over_udp() -> None:
    text = OVER_UDP.replace('leave: [{send: "/quit"}, {await: "Goodbye, {nick}."}]\n', "")
    mute = read_profile(text, "over-udp.yaml")

    assert "needs a goodbye in the profile (`leave`)" in str(why_not(read_scenario(DATAGRAMS), mute))


def test_a_server_of_datagrams_that_is_running_already_can_be_played_with() -> None:
    with running(command("datagrams.py"), datagrams=True) as address:
        host, _, port = address.rpartition(":")
        target = Target(address=(host, int(port)))
        done = run(load_scenario(SHIPPED / "crowd.yaml"), read_profile(OVER_UDP, "over-udp.yaml"), target, seed=1)

    assert_passed(done)


def test_talk_speaks_udp(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(OVER_UDP, encoding="utf-8")
    with running(command("datagrams.py"), datagrams=True) as address:
        assert_talked(talk(address, mine))
