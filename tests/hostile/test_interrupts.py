"""However chatsim is ended, and whenever: exit code 130, what was recorded is written, and nobody is left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from contextlib import suppress
from itertools import product
from xml.etree import ElementTree

import pytest
from ground import Ended, Ground, Running, free_port, in_good_order

ENDINGS = [signal.SIGINT, signal.SIGTERM]
LONG = """\
scenario: "a long talk"
bots: [ann, bob]
steps:
  - join: ann and bob
  - chat: {ann: "before"}
  - pause: 60s
"""


def interrupted(ground: Ground, running: Running, number: int) -> Ended:
    """Interrupt it now. It is to be over within five seconds."""
    began = time.monotonic()
    running.send(number)
    ended = running.end(15.0)
    assert ground.vanish(), ground.survivors()
    in_good_order(ground, ended)
    assert time.monotonic() - began < 5.0
    assert ended.code == 130, ended.said
    return ended


@pytest.mark.parametrize("number", ENDINGS)
def test_while_the_server_starts(ground: Ground, number: int) -> None:
    running = ground.meet("listens_nowhere", "--history", "run.jsonl", "--json", "run.json")
    ground.rung("started")
    ended = interrupted(ground, running, number)

    assert "Interrupted" in ended.said
    assert '"interrupted": true' in (ground.folder / "run.json").read_text()
    assert ground.call("check", "run.jsonl").code in (0, 3)


@pytest.mark.parametrize("number", ENDINGS)
def test_while_a_bot_waits_to_be_let_in(ground: Ground, number: int) -> None:
    running = ground.meet("says_nothing", "--history", "run.jsonl", patience=10)
    ground.rung("accepted")
    ended = interrupted(ground, running, number)

    assert "Interrupted" in ended.said
    checked = ground.call("check", "run.jsonl", "-v")
    assert checked.code == 3
    assert "interrupted" in checked.out


@pytest.mark.parametrize("number", ENDINGS)
def test_while_a_message_is_waited_for(ground: Ground, number: int) -> None:
    running = ground.meet("stops_itself", "--history", "run.jsonl", patience=10)
    ground.rung("stands still")
    interrupted(ground, running, number)

    recorded = (ground.folder / "run.jsonl").read_text()
    assert '"heard"' in recorded
    assert '"why":"interrupted"' in recorded
    assert ground.call("check", "run.jsonl").code in (0, 3)


@pytest.mark.parametrize("number", ENDINGS)
def test_while_the_server_is_told_to_end(ground: Ground, number: int) -> None:
    running = ground.meet("ignores_sigint", "--history", "run.jsonl", patience=10)
    ground.rung("told to end")
    interrupted(ground, running, number)

    assert ground.call("check", "run.jsonl").code in (0, 3)


def test_a_second_ctrl_c_while_the_first_is_obeyed_changes_nothing(ground: Ground) -> None:
    """The second comes at many different moments of the ending."""
    for delay in (0.0, 0.002, 0.01, 0.03):
        running = ground.meet("many_processes", "--history", "run.jsonl", patience=10)
        ground.rung("listening")
        running.send(signal.SIGINT)
        time.sleep(delay)  # no wait for anything: another moment to be struck at
        running.send(signal.SIGINT)
        ended = running.end(15.0)

        assert ended.code == 130, (delay, ended.said)
        assert "Traceback" not in ended.err, ended.err
        assert ground.vanish(5.0), (delay, ground.survivors())


def test_between_two_repeats_what_was_finished_is_reported(ground: Ground) -> None:
    """The moments after a run's end, one after the other: judging, writing, telling, starting anew."""
    for delay in (0.0, 0.01, 0.03):
        running = ground.meet("right", "--repeat", "1000", "--history", "run.jsonl", "--json", "run.json")
        for _ in range(3):
            ground.rung("listening")
        time.sleep(delay + 0.05)  # the run has come to its end by then, or is about to
        ended = interrupted(ground, running, signal.SIGINT)

        assert "two talk" in ended.out
        assert "Interrupted" in ended.said
        assert ground.call("check", "run-1.jsonl", "run-2.jsonl").code == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP, signal.SIGQUIT])
@pytest.mark.parametrize("server", ["many_processes", "daemon"])
def test_chatsim_is_killed_and_the_servers_whole_tree_ends(ground: Ground, server: str, number: int) -> None:
    ground.scenario(LONG)
    running = ground.meet(server)
    ground.rung("listening")
    running.send(number)
    running.end(15.0)

    assert ground.vanish(), ground.survivors()


def test_the_terminal_is_closed_and_what_was_recorded_is_written(ground: Ground) -> None:
    running = ground.meet("says_nothing", "--history", "run.jsonl", patience=10)
    ground.rung("accepted")
    interrupted(ground, running, signal.SIGHUP)

    assert '"why":"interrupted"' in (ground.folder / "run.jsonl").read_text()


def test_nohup_is_respected(ground: Ground) -> None:
    """A SIGHUP that was ignored when chatsim started stays ignored."""
    running = ground.meet("says_nothing", around=["/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh"])
    ground.rung("accepted")
    running.send(signal.SIGHUP)
    ended = in_good_order(ground, running.end())

    assert ended.code == 4


@pytest.mark.parametrize("number", ENDINGS)
def test_with_a_scenario_of_many_bots_under_way(ground: Ground, number: int) -> None:
    ground.scenario('scenario: "many"\nbots: 200\nsteps:\n  - join: everyone\n  - chat: {everyone: {count: 500}}\n')
    running = ground.start("run", "talk.yaml", "--history", "run.jsonl")
    deadline = time.monotonic() + 20
    while len(ground.survivors()) < 3 and time.monotonic() < deadline:  # chatsim, its guardian, and the server
        time.sleep(0.02)
    ended = interrupted(ground, running, number)

    assert "Interrupted" in ended.said
    assert ground.call("check", "run.jsonl").code in (0, 3)


@pytest.mark.parametrize("number", ENDINGS)
def test_talk_is_interrupted(ground: Ground, number: int) -> None:
    ground.profile()
    keyboard, _typing = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        running = ground.start(
            "talk", f"127.0.0.1:{server.getsockname()[1]}", "--profile", "hostile.yaml", stdin=keyboard
        )
        connection, _ = server.accept()
        with connection:
            connection.recv(100)
            ended = interrupted(ground, running, number)
    os.close(keyboard)
    os.close(_typing)

    assert "[DISCONNECTED]" in ended.out


@pytest.mark.parametrize("number", ENDINGS)
def test_serve_is_interrupted(ground: Ground, number: int) -> None:
    port = free_port()
    running = ground.start("serve", "--port", str(port))
    deadline = time.monotonic() + 15
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    running.send(number)
    ended = running.end(10)

    assert "Traceback" not in ended.err
    assert ended.code in (0, 130)
    assert ground.survivors() == []


def test_during_its_first_moments(ground: Ground) -> None:
    """While Python and we ourselves are being loaded there is nothing to report, but nothing is left either."""
    for delay, number in product((0.1, 0.2, 0.3, 0.4), ENDINGS):
        running = ground.meet("right")
        time.sleep(delay)  # no wait for anything: another moment to be struck at
        running.send(number)
        ended = running.end(10)

        assert ended.code in (0, 130, -number), (delay, ended.said)
        assert "chatsim itself failed" not in ended.said
        assert ground.vanish(5.0), ground.survivors()


@pytest.mark.parametrize(
    "flood", [b"x" * 65536, b"bob: hello\n" * 6000, b"who are you?\n" * 5000], ids=["x", "hello", "who"]
)
def test_talk_ends_with_its_input_whatever_the_server_still_pours_out(ground: Ground, flood: bytes) -> None:
    """Within the patience for answers and that for a goodbye, five seconds each."""
    ground.profile()

    def pour() -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.recv(100)
            if flood.startswith(b"bob"):
                connection.sendall(b"hi ann\n")
            while True:
                connection.sendall(flood)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=pour)
        thread.start()
        ended = in_good_order(
            ground,
            ground.call(
                *("talk", f"127.0.0.1:{server.getsockname()[1]}", "--profile", "hostile.yaml", "--nick", "ann"),
            ),
        )
        thread.join()

    assert ended.code == (0 if flood.startswith(b"bob") else 4), ended.err
    assert ended.seconds < 20


@pytest.mark.parametrize("number", ENDINGS)
def test_while_it_watches_files_it_ends_at_once_and_with_the_code_of_the_last_round(
    ground: Ground, number: int
) -> None:
    running = ground.meet("right", "--watch")

    def waits(rounds: int) -> None:
        deadline = time.monotonic() + 30
        while (ground.folder / "err-0").read_text().count("Watching") < rounds:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    waits(1)
    ground.scenario((ground.folder / "talk.yaml").read_text().replace("two talk", "the same two"))
    waits(2)
    running.send(number)
    ended = running.end(15.0)

    assert ended.code == 0
    assert "the same two" in ended.out
    assert "talk.yaml changed." in ended.err
    assert ground.vanish(), ground.survivors()


@pytest.mark.parametrize("number", ENDINGS)
def test_all_files_hold_what_was_finished(ground: Ground, number: int) -> None:
    ground.scenario(LONG, "longer.yaml")
    files = {"--json": "r.json", "--jsonl": "r.jsonl", "--junitxml": "r.xml", "--tap": "r.tap", "--ctrf": "r.ctrf"}
    running = ground.meet("right", "longer.yaml", *(word for pair in files.items() for word in pair))
    deadline = time.monotonic() + 30
    while not (ground.folder / "r.jsonl").exists() or not (ground.folder / "r.jsonl").read_text():
        assert time.monotonic() < deadline  # the first scenario is finished, the second goes on for a minute
        time.sleep(0.02)
    interrupted(ground, running, number)

    told = {option: (ground.folder / name).read_text() for option, name in files.items()}
    assert json.loads(told["--json"])["runs"][0]["file"] == "talk.yaml"
    assert json.loads(told["--jsonl"].splitlines()[0])["runs"][0]["outcome"] == "passed"
    assert [suite.get("name") for suite in ElementTree.fromstring(told["--junitxml"])][-1] == "chatsim"
    assert told["--tap"].endswith("- chatsim\n")
    assert json.loads(told["--ctrf"])["results"]["tests"][-1]["rawStatus"] == "interrupted"
    assert [file.name for file in ground.folder.iterdir() if file.name.endswith(".part")] == []
