"""Whole runs whose servers have a network of their own: on every wire, and side by side on one port."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from chatsim.checks.verdict import Outcome
from chatsim.profile.profile import Profile
from chatsim.profile.reader import load_profile, read_profile
from chatsim.report.report import Report, Run
from chatsim.report.text import Style, render
from chatsim.runs import Target, run
from chatsim.scenario.reader import load_scenario, read_scenario
from chatsim.server.own_network import refusal
from tests.network.peers import certificate
from tests.servers.starting import FOLDER
from tests.test_wires import AT_A_PATH, DATAGRAMS, OVER_UDP

REFUSED = refusal()
pytestmark = pytest.mark.skipif(bool(REFUSED), reason=f"there are no network namespaces to be had here: {REFUSED}")

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "scenarios"
PORT = "5555"
OVER_TLS = "profile: over-tls\nextends: lines\ntransport: tls\ntls: {verify: no}\n"


def command(file: str, *arguments: str) -> str:
    return shlex.join([sys.executable, str(FOLDER / file), PORT, *arguments])


def played(name: str, profile: Profile, server: str) -> Run:
    return run(load_scenario(SHIPPED / f"{name}.yaml"), profile, Target(server, isolated=True), seed=1)


def assert_passed(run: Run) -> None:
    assert (run.outcome, run.error, run.cut_off) == (Outcome.PASSED, None, False), render(Report((run,)), Style())


@pytest.mark.parametrize("name", ["drops", "rejoin", "order", "restart", "churn"])
def test_a_right_server_fails_nothing(name: str) -> None:
    assert_passed(played(name, load_profile("lines"), command("right_threads.py")))


def test_a_right_server_fails_nothing_over_websocket() -> None:
    assert_passed(played("crowd", load_profile("websocket-text"), command("chats_over_websocket.py")))


def test_a_right_server_fails_nothing_over_tls(tmp_path: Path) -> None:
    server = command("lines_over_tls.py", str(certificate(tmp_path)))
    assert_passed(played("drops", read_profile(OVER_TLS, "over-tls.yaml"), server))


def test_a_right_server_fails_nothing_over_udp() -> None:
    profile, target = read_profile(OVER_UDP, "over-udp.yaml"), Target(command("datagrams.py"), isolated=True)
    assert_passed(run(read_scenario(DATAGRAMS, "datagrams.yaml"), profile, target, seed=1))


def test_a_right_server_fails_nothing_at_a_unix_socket() -> None:
    """Its path is a file, which is the same in every network."""
    server = shlex.join([sys.executable, str(FOLDER / "lines_at_a_path.py"), "{socket}"])
    assert_passed(played("drops", read_profile(AT_A_PATH, "at-a-path.yaml"), server))


def test_one_that_can_not_reach_its_database_is_known_to_have_been_cut_off(tmp_path: Path) -> None:
    """It dies of it when somebody joins: what it is blamed for counts only if it happens with the database, too."""
    text = (FOLDER / "right_threads.py").read_text(encoding="utf-8")
    asks = text.replace(
        "    def lines(self) -> Iterator[str]:\n",
        "    def lines(self) -> Iterator[str]:\n        socket.create_connection(('127.0.0.1', 1))\n",
    )
    assert asks != text
    (tmp_path / "asks.py").write_text(asks, encoding="utf-8")
    done = played("order", load_profile("lines"), shlex.join([sys.executable, str(tmp_path / "asks.py"), PORT]))

    assert done.outcome is not Outcome.PASSED
    assert done.cut_off
    assert "--no-isolate" in done.notes[-1]


def test_one_that_dies_of_it_at_its_start_is_known_to_have_been_cut_off_as_well() -> None:
    dies = "import socket; socket.create_connection(('127.0.0.1', 1))"
    done = played("order", load_profile("lines"), shlex.join([sys.executable, "-c", dies]))

    assert done.error is not None
    assert done.cut_off
    assert "--no-isolate" in done.notes[-1]


MEETS = """
import os, pathlib, runpy, sys, time
meeting = pathlib.Path(sys.argv[2])
(meeting / str(os.getpid())).touch()
while len(list(meeting.iterdir())) < 2: time.sleep(0.01)
runpy.run_path({chat!r}, run_name="__main__")
"""


def test_side_by_side_two_servers_of_one_port_meet(tmp_path: Path) -> None:
    """Each of them listens only when there are two: played one after the other, none ever would."""
    (tmp_path / "meeting").mkdir()
    server, profile = tmp_path / "meets.py", tmp_path / "fixed.yaml"
    server.write_text(MEETS.format(chat=str(FOLDER / "right_threads.py")))
    start = shlex.join([sys.executable, str(server), PORT, str(tmp_path / "meeting")])
    profile.write_text(f"profile: fixed\nextends: lines\nstart: {{command: {start!r}, port: {PORT}}}\n")
    suite = [str(SHIPPED / f"{name}.yaml") for name in ("order", "drops", "rejoin")]
    done = subprocess.run(
        [sys.executable, "-m", "chatsim", "run", *suite, "--profile", str(profile), "-j", "2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert "each is started in a network namespace of its own" in done.stderr
    assert re.findall(r"^(\w+)  \S*scenarios/(\w+)\.yaml", done.stdout, re.MULTILINE) == [
        ("PASSED", "order"),
        ("PASSED", "drops"),
        ("PASSED", "rejoin"),
    ], done.stdout
