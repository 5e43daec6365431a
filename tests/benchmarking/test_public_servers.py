"""The script that plays public servers: what it makes of runs, what it tells, and that nothing of it stays."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks.public_servers.__main__ import at_best, main, scenarios_of
from benchmarks.public_servers.bringing import ended
from benchmarks.public_servers.playing import Played, judged
from benchmarks.public_servers.rows import Start, known_profile, lines_of, read_starts
from benchmarks.public_servers.table import Result, from_json, markdown, to_json
from chatsim.scenario.reader import load_scenario

GOLDEN = Path(__file__).parent / "golden"

# The shortest relay: what one says goes to all others.
RELAY = """\
import socket, sys, threading
clients = []
def serve(own):
    while data := own.recv(1024):
        for other in [one for one in clients if one is not own]:
            other.send(data)
    clients.remove(own)
    own.close()
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    client, _ = listener.accept()
    clients.append(client)
    threading.Thread(target=serve, args=(client,), daemon=True).start()
"""

# --- what is made of runs -----------------------------------------------------------------------------------------


def run(outcome: str = "passed", why: str = "", error: str = "", **verdicts: str) -> dict[str, Any]:
    told = {"lets-in": "passed", "delivery": "passed", **{name.replace("_", "-"): of for name, of in verdicts.items()}}
    return {
        "outcome": outcome,
        "why": why,
        "error": {"problems": [{"what": error}]} if error else None,
        "verdicts": [{"property": name, "outcome": of} for name, of in told.items()],
    }


def test_it_works_if_people_came_and_were_heard() -> None:
    assert judged([run(), run()]) == Played(works=True, played=True)


def test_faults_of_the_server_do_not_make_a_profile_wrong() -> None:
    played = judged([run("failed", clean_exit="failed"), run("failed", delivery="failed", no_spin="inconclusive")])

    assert played == Played(True, played=True, failed=("clean-exit", "delivery"), inconclusive=("no-spin",))


@pytest.mark.parametrize(
    ("runs", "why"),
    [
        ([], ""),
        ([run(delivery="failed", no_duplication="passed")], "failed: delivery"),
        ([run(delivery="failed")], "nobody was heard"),
        ([run(lets_in="not-exercised")], "nobody was let in"),
        ([run(delivery="not-exercised")], "nobody was heard"),
        ([run(), run(error="the dialogue stopped:\nheard nothing")], "the dialogue stopped:"),
        ([run("not-applicable", "there is no public chat")], "there is no public chat"),
    ],
)
def test_it_does_not_work_if_not(runs: list[dict[str, Any]], why: str) -> None:
    played = judged(runs)

    assert (played.works, played.why) == (False, why)


def test_where_nobody_can_be_heard_it_works_if_somebody_comes_and_goes() -> None:
    silent = [run(delivery="not-exercised"), run()]

    assert judged(silent, heard=False).works
    assert judged([run(lets_in="failed")], heard=False).why == "nobody was let in"


def test_what_was_played_to_the_end_could_be_judged_even_if_it_lost_everything() -> None:
    lost = judged([run("failed", delivery="failed", stays_up="failed")])

    assert (lost.works, lost.played) == (False, True)
    assert not judged([run(), run(error="nobody listens")]).played


def test_a_detected_profile_must_not_fail_where_that_by_hand_does_not() -> None:
    runs = [run(), run(echo="failed", delivery="failed", no_crash_output="failed")]

    assert judged(runs, Played(True, failed=("delivery", "echo"))).works
    assert judged(runs, Played(True, failed=("delivery",))).why == "failed: echo"


def test_a_fault_that_races_does_not_make_a_profile_wrong() -> None:
    plays = iter([[run(delivery="failed", no_duplication="passed")], [run(clean_exit="failed")]])

    played = at_best(lambda: next(plays))

    assert played == Played(True, played=True, failed=("delivery", "clean-exit"))


def test_a_dialogue_that_stops_is_not_tried_again() -> None:
    plays = iter([[run(error="stopped")]])

    assert at_best(lambda: next(plays)).why == "stopped"


# --- the table ----------------------------------------------------------------------------------------------------

RESULTS = (
    Result("a", "ann/chat", "tcp :1", detect="nearly", differences=("no left", "no leave", "no roster"), lines=4,
           by_hand=Played(True, played=True, failed=("no-spin",)), alone=Played(True)),
    Result("b", "bob/chat", "tcp :2", detect="right", lines=2, by_hand=Played(True, played=True), alone=Played(True),
           suite={"delivery": "failed", "intact": "passed"}),
    Result("c", "cat/a|b", "udp :3", detect="not", differences=("no profile",), lines=30,
           by_hand=Played(False, "failed: echo", played=True)),
    Result("d", "dan/chat", "tcp :4", detect="not", lines=5, by_hand=Played(False, "stopped", failed=("stays-up",)),
           alone=Played(False, "nobody (/home/of/mine/talk.yaml:5:1) got in")),
    Result("e", "eve/web", "tcp :5", no_chat="it is asked over HTTP", detect="right"),
    Result("f", "fay/gui", why_not="no /home/of/mine/tokio here"),
)  # fmt: skip


def test_the_table_tells_the_best_first_and_sums_up() -> None:
    golden = GOLDEN / "public_servers.md"
    told = markdown(RESULTS)
    if os.environ.get("WRITE_GOLDEN"):
        golden.write_text(told, encoding="utf-8")

    assert told == golden.read_text(encoding="utf-8")


def test_results_are_the_same_after_they_have_been_a_file() -> None:
    assert from_json(to_json(RESULTS)) == list(RESULTS)


# --- the data that comes with it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "start"), read_starts().items())
def test_each_row_is_started_and_spoken_to_as_written(name: str, start: Start) -> None:
    assert bool(start.command) != bool(start.cannot)
    for path in scenarios_of(start):
        load_scenario(path)
    if start.profile:
        assert known_profile(start.profile) is not None
        assert (lines_of(start.profile) or 0) >= 2


def test_lines_in_python_count_as_lines_by_hand() -> None:
    assert (lines_of("sippejw-SecureSync"), lines_of("nobody")) == (2, None)
    assert (lines_of("freakazoid41-python-socket-chat") or 0) > 20


# --- a made-up row, played ----------------------------------------------------------------------------------------


def rows(folder: Path, **starts: str) -> list[str]:
    """The arguments for these rows, each with its `starts`."""
    (folder / "rows.tsv").write_text("id\trepo\tcommit\n" + "".join(f"{name}\town/{name}\t?\n" for name in starts))
    (folder / "starts.yaml").write_text("".join(f"{name}: {{{words}}}\n" for name, words in starts.items()))
    into = str(folder / "into")
    return ["--rows", str(folder / "rows.tsv"), "--starts", str(folder / "starts.yaml"), "--into", into, "--no-detect"]


def test_a_made_up_row_is_played_and_nothing_of_it_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "into" / "tiny").mkdir(parents=True)
    (tmp_path / "into" / "tiny" / "server.py").write_text(RELAY)
    python = sys.executable
    arguments = rows(
        tmp_path,
        tiny=f'command: "{python} server.py {{port}}", profile: sippejw-SecureSync',
        gone='command: "true"',
        shut="cannot: it needs a window",
    )

    assert main(arguments) == 0

    tiny, gone, shut = from_json((tmp_path / "into" / "results.json").read_text(encoding="utf-8"))
    assert tiny.starts.startswith("tcp 127.0.0.1:")
    assert tiny.by_hand is not None
    assert (tiny.by_hand.works, tiny.by_hand.why, tiny.lines) == (True, "", 2)
    assert (gone.starts, gone.why_not, shut.why_not) == ("", "not fetched", "it needs a window")
    assert "1 of 3 start. 1 (100%) of these can be run" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "into").iterdir()) == [
        ".playing",
        "results.json",
        "results.md",
        "tiny",
    ]
    assert [path.name for path in (tmp_path / "into" / "tiny").iterdir()] == ["server.py"]


@pytest.mark.parametrize(
    ("server", "why"),
    [("raise SystemExit('no config')", "ends at once: no config"), ("import nothing_at_all", "No module named")],
)
def test_a_server_that_ends_at_once_says_why(server: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "into" / "tiny").mkdir(parents=True)
    (tmp_path / "into" / "tiny" / "server.py").write_text(server)

    main(rows(tmp_path, tiny=f'command: "{sys.executable} server.py"'))

    (tiny,) = from_json((tmp_path / "into" / "results.json").read_text(encoding="utf-8"))
    assert why in tiny.why_not
    assert not tiny.starts


def test_what_was_found_before_is_kept_and_not_played_again(tmp_path: Path) -> None:
    (tmp_path / "into").mkdir()
    before = Result("tiny", "own/tiny", "tcp :7", detect="right", suite={"intact": "failed"})
    (tmp_path / "into" / "results.json").write_text(to_json([before]), encoding="utf-8")
    arguments = rows(tmp_path, tiny='command: "true"', next="cannot: no display")

    main(arguments)
    kept = json.loads((tmp_path / "into" / "results.json").read_text(encoding="utf-8"))
    main([*arguments, "--again"])
    again = json.loads((tmp_path / "into" / "results.json").read_text(encoding="utf-8"))

    assert [one["starts"] for one in kept] == ["tcp :7", ""]
    assert [one["why_not"] for one in again] == ["not fetched", "no display"]
    assert again[0]["suite"] == {"intact": "failed"}


def test_two_do_not_play_in_one_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "into").mkdir()
    with (tmp_path / "into" / ".playing").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        code = main(rows(tmp_path, shut="cannot: it needs a window"))

    assert code == 1
    assert "somebody else plays in" in capsys.readouterr().err
    assert main(rows(tmp_path, shut="cannot: it needs a window")) == 0


def test_a_process_is_ended_with_all_that_it_started() -> None:
    program = "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True); p.wait()"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    with process.stdout:
        child = psutil.Process(int(process.stdout.readline()))

    ended(process)

    assert process.poll() is not None
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
