"""Whole runs on each wire: right servers pass, what a wire lacks is said, and what cannot be agreed upon is told."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatsim.checks.verdict import Outcome
from chatsim.errors import UsageError
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
from chatsim.wires import Sockets, named
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
def running(server: str, sockets: Sockets = "tcp") -> Iterator[str]:
    """A server that somebody else has started, and where it listens."""
    loop = Loop()
    with contextlib.closing(loop):
        started = Server(Launcher(Start(), server), loop, sockets=sockets)
        with contextlib.closing(started):
            started.start()
            assert started.address is not None
            yield named(started.address)


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
        ("transport: unix\nframing: newline", "a Unix socket; "),
        ('transport: udp\njoin: "{nick}"', "UDP; messages come apart from each other by themselves"),
    ],
)
def test_the_wire_is_explained(keys: str, told: str) -> None:
    lines = explain_profile(read_profile(f"profile: mine\n{keys}\n", "mine.yaml"))

    assert any(line.startswith(f"On the wire: {told}") for line in lines)


# --- TLS


def over_tls(keys: str) -> Profile:
    return read_profile(f"profile: over-tls\nextends: lines\ntransport: tls\n{keys}\n", "over-tls.yaml")


@pytest.mark.parametrize("name", ["drops", "half-close", "storm", "slow", "malformed", "half", "cuts", "restart"])
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


@pytest.mark.parametrize("name", ["drops", "rejoin", "churn", "storm", "slow", "malformed", "half", "cuts", "restart"])
def test_a_right_server_fails_nothing_over_websocket(name: str) -> None:
    assert_passed(played(name, load_profile("websocket-text"), command(CHAT)))


def test_json_over_websocket() -> None:
    assert_passed(played("crowd", load_profile("websocket-json"), command(CHAT)))


def test_a_half_close_is_nothing_that_websocket_knows() -> None:
    assert why_not(load_scenario(SHIPPED / "half-close.yaml"), load_profile("websocket-text")) == (
        f"'drop' ({SHIPPED / 'half-close.yaml'}:10:5) needs a wire on which one side can be ended alone, "
        "and over WebSocket there is no such thing"
    )


SECRET = "profile: secret\nextends: websocket-{kind}\ntls: {verify: no}\n"


@pytest.mark.parametrize(("name", "kind"), [("drops", "text"), ("slow", "text"), ("cuts", "text"), ("crowd", "json")])
def test_a_right_server_fails_nothing_over_websocket_on_tls(name: str, kind: str, own: Path) -> None:
    secret = read_profile(SECRET.replace("{kind}", kind), "secret.yaml")

    assert_passed(played(name, secret, command(CHAT, str(own))))


def test_a_server_in_the_clear_is_not_spoken_to_over_tls() -> None:
    failed = played("lobby", read_profile(SECRET.replace("{kind}", "text"), "secret.yaml"), command(CHAT))

    assert failed.error is not None
    assert "could not connect" in str(failed.error)


TORN = """
scenario: "half a message, and gone"
bots: {ann: {}, bob: {}, torn: {}}
steps:
  - join: everyone
  - chat: {ann and torn: 1}
  - drop: {torn: mid-message}
  - chat: {ann and bob: 2}
"""


@pytest.mark.parametrize("habit", ["", "takes-frames-for-messages"])
def test_half_a_message_over_websocket_is_an_unfinished_one(habit: str) -> None:
    """A server that waits for the end of a message never tells it; one that takes frames for messages does."""
    done = run(read_scenario(TORN, "torn.yaml"), load_profile("websocket-text"), Target(command(CHAT, habit)), seed=1)
    assert done.history is not None
    [drop] = done.history.of("drop")
    [half] = [each for each in done.history.messages if each.kind == "half"]
    passed_on = [entry.detail for entry in done.history.of("damaged")]

    assert drop.detail["how"] == "mid-message"
    assert {entry["message"] for entry in passed_on} == ({half.id} if habit else set())
    assert all(half.text.startswith(str(entry["text"])) for entry in passed_on)


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
    with running(command("datagrams.py"), "udp") as address:
        host, _, port = address.rpartition(":")
        target = Target(address=(host, int(port)))
        done = run(load_scenario(SHIPPED / "crowd.yaml"), read_profile(OVER_UDP, "over-udp.yaml"), target, seed=1)

    assert_passed(done)


def test_talk_speaks_udp(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(OVER_UDP, encoding="utf-8")
    with running(command("datagrams.py"), "udp") as address:
        assert_talked(talk(address, mine))


# --- Unix sockets

AT_A_PATH = "profile: at-a-path\nextends: lines\ntransport: unix\n"
PYTHON = shlex.quote(sys.executable)


def at_a_path(habit: str = "", place: str = "{socket}") -> str:
    return f"{PYTHON} {shlex.quote(str(FOLDER / 'lines_at_a_path.py'))} {place} {habit}".rstrip()


def over_unix(name: str, server: str | None = None, start: str = "") -> Run:
    return played(name, read_profile(AT_A_PATH + start, "at-a-path.yaml"), server or at_a_path())


@pytest.mark.parametrize(
    "name", ["lobby", "drops", "storm", "slow", "malformed", "half", "cuts", "restart", "rejoin", "half-close", "churn"]
)
def test_a_right_server_fails_nothing_at_a_unix_socket(name: str) -> None:
    assert_passed(over_unix(name))


def test_that_nothing_can_be_reset_at_a_unix_socket_is_said() -> None:
    played_so = over_unix("drops")
    ways = {entry.detail["how"] for entry in played_so.history.of("drop")} if played_so.history is not None else set()

    assert ways == {"close", "mid-message", "vanish"}
    assert played_so.notes == (
        "over a Unix socket there is no reset: whoever drops closes the connection without a goodbye",
    )
    assert over_unix("slow").notes == ()


def test_ends_that_a_server_never_closes_are_seen_at_a_unix_socket() -> None:
    """By those who closed outright, which only the kernel can tell."""
    text = "scenario: x\nbots: {ann: {}, bob: {}, cat: {}}\nsteps:\n  - join: everyone\n  - drop: bob\n  - chat: {ann: 2}\n"
    scenario = read_scenario(text + "check: [closes-connection]\n", "x.yaml")
    profile = read_profile(AT_A_PATH, "at-a-path.yaml")
    outcomes = {}
    for habit in ("", "keeps-its-ends"):
        done = run(scenario, profile, Target(at_a_path(habit)), seed=1, patience=0.5)
        outcomes[habit] = next(each for each in done.verdicts if each.property == "closes-connection")

    assert (outcomes[""].outcome, outcomes[""].exercised) == (Outcome.PASSED, 1)
    assert outcomes["keeps-its-ends"].outcome is Outcome.FAILED
    assert outcomes["keeps-its-ends"].summary.startswith("bob dropped (close)"), outcomes["keeps-its-ends"].summary


def test_a_server_that_leaves_the_file_of_its_socket_cannot_be_started_again() -> None:
    failed = over_unix("restart", at_a_path("leaves-its-file"))
    verdict = next(each for each in failed.verdicts if each.property == "clean-exit")

    assert verdict.outcome is Outcome.FAILED
    assert "the file of its socket has outlived it" in verdict.hint


def test_a_fixed_path_is_that_of_the_profile_and_a_file_left_there_does_no_harm(tmp_path: Path) -> None:
    start = f"start: {{socket: chat.sock, cwd: ., command: '{at_a_path('leaves-its-file', 'chat.sock')}'}}\n"
    mine = tmp_path / "mine.yaml"
    mine.write_text(AT_A_PATH + start, encoding="utf-8")
    for _ in range(2):
        assert_passed(run(load_scenario(SHIPPED / "lobby.yaml"), load_profile(str(mine)), Target(), seed=1))

        assert (tmp_path / "chat.sock").is_socket()


@pytest.mark.skipif(sys.platform != "linux", reason="abstract names are Linux's")
def test_an_abstract_name_is_found() -> None:
    assert_passed(over_unix("lobby", at_a_path(place=f"@chatsim-{os.getpid()}")))


def test_a_server_at_a_unix_socket_that_is_running_already_can_be_played_with(tmp_path: Path) -> None:
    with running(at_a_path(), "unix") as address:
        target = Target(address=(address.removeprefix("unix:"), 0))
        profile = read_profile(AT_A_PATH, "at-a-path.yaml")
        done = run(load_scenario(SHIPPED / "drops.yaml"), profile, target, seed=1)

    assert_passed(done)
    assert done.replay.count(address) == 1


def test_talk_speaks_at_unix_sockets(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(AT_A_PATH, encoding="utf-8")
    with running(at_a_path(), "unix") as address:
        shown = talk(address, mine)

    assert_talked(shown)
    assert shown.startswith(f"[CONNECTED] Client connected to server at {address}\n")


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ("start: {socket: chat.sock}", "`socket` and {socket} are for `transport: unix`"),
        ("start: {command: 'serve {socket}'}", "{socket} is for `transport: unix`"),
        ("transport: unix\nstart: {port: 5000}", "a Unix socket has a path and no port"),
        (
            "transport: unix\nstart: {socket: chat.sock, command: 'serve {socket}'}",
            "a fixed socket, and {socket}: only one of them can be meant",
        ),
        (
            "transport: unix\nnick: '{ip}:{client-port}'",
            "{ip} and {client-port}: over a Unix socket a client has no address",
        ),
    ],
)
def test_what_does_not_go_with_unix_sockets_is_told(keys: str, what: str) -> None:
    with pytest.raises(UsageError) as told:
        read_profile(f"profile: mine\nhears: '{{nick}}: {{text}}'\nsays: '{{text}}'\n{keys}\n", "mine.yaml")

    assert what in str(told.value)


def test_no_temporary_folder_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="t-") as ours:  # short: the path of a socket has little room
        monkeypatch.setattr(tempfile, "tempdir", ours)
        over_unix("lobby")

        assert list(Path(ours).iterdir()) == []
