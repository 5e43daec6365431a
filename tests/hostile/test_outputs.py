"""Wherever the results go: a clear error and the right exit code, and what can be written is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ground import Ended, Ground, in_good_order

SH = ["/bin/sh", "-c"]


@pytest.mark.parametrize("option", ["--history", "--json", "--jsonl", "--junitxml"])
@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("nowhere/run", "there is no folder nowhere"),
        (".", ". is a folder"),
        ("talk.yaml/run", "there is no folder talk.yaml"),
        ("", "empty name"),
        ("x" * 300, "name too long"),
        ("loop/run", "there is no folder loop"),
    ],
)
def test_a_place_that_can_not_be_written_is_told_before_anything_is_run(
    ground: Ground, option: str, path: str, why: str
) -> None:
    (ground.folder / "loop").symlink_to("loop")
    ended = in_good_order(ground, ground.call("run", "talk.yaml", option, path))

    assert ended.code == 2
    assert option in ended.err
    assert why in ended.err.lower()
    assert ended.out == ""


@pytest.mark.parametrize("option", ["--history", "--json", "--jsonl", "--tap"])
def test_a_full_disk_is_told_at_the_end_and_the_report_is_there(ground: Ground, option: str) -> None:
    ended = in_good_order(ground, ground.call("run", "talk.yaml", option, "/dev/full"))

    assert ended.code == 2
    assert "PASSED" in ended.out
    assert ended.err == "/dev/full could not be written: No space left on device\n"


def test_json_that_can_not_be_written_does_not_hide_a_failure(ground: Ground) -> None:
    ended = in_good_order(ground, ground.against("closes_after_three", "--json", "/dev/full"))

    assert ended.code == 2  # of several the gravest
    assert "keeps-clients" in ended.out


@pytest.mark.parametrize("more", ["", "--json -", "--history -"])
def test_a_reader_who_goes_early_is_no_error(ground: Ground, more: str) -> None:
    """As `chatsim run … | head -1`: the exit code is that of the run."""
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "wb") as pipe:
        running = ground.start("run", "talk.yaml", *more.split(), stdout=pipe)
    os.close(ours)
    ended = in_good_order(ground, running.end())

    assert ended.code == 0, ended.err


def test_a_full_disk_under_standard_output_is_told(ground: Ground) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = in_good_order(ground, ground.start("run", "talk.yaml", stdout=full).end())

    assert ended.code == 2
    assert "standard output could not be written: No space left on device" in ended.err


FOR_PROGRAMS = ["--history", "--json", "--jsonl", "--tap", "--html"]


@pytest.mark.parametrize("option", FOR_PROGRAMS)
def test_a_full_disk_under_what_programs_read_there_is_told_too(ground: Ground, option: str) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = in_good_order(ground, ground.start("run", "talk.yaml", option, "-", stdout=full).end())

    assert ended.code == 2
    assert "standard output could not be written: No space left on device" in ended.err


@pytest.mark.parametrize("option", FOR_PROGRAMS)
def test_what_programs_are_to_read_where_nobody_can_is_no_error(ground: Ground, option: str) -> None:
    ended = in_good_order(
        ground, ground.start("run", "talk.yaml", option, "-", around=[*SH, 'exec "$@" >&-', "sh"]).end()
    )

    assert ended.code == 0, ended.err


@pytest.mark.parametrize("option", FOR_PROGRAMS)
def test_programs_read_utf_8_whatever_a_terminal_here_would_show(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    (ground.folder / "talk.yaml").write_text(
        'scenario: "Grüße"\nbots: [ann, bob]\nsteps:\n  - join: everyone\n', encoding="utf-8"
    )
    ended = in_good_order(ground, ground.call("run", "talk.yaml", option, "-"))

    assert "Gr\\xfc" not in ended.out  # no spelling that a reader of JSON or of a page would not know
    assert "Grüße" in ended.out or "Gr\\u00fc\\u00dfe" in ended.out


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_are_no_error(ground: Ground, closed: str) -> None:
    ended = in_good_order(
        ground, ground.start("run", "talk.yaml", "--json", "r.json", around=[*SH, f'exec "$@" {closed}', "sh"]).end()
    )

    assert ended.code == 0
    assert json.loads((ground.folder / "r.json").read_text())["runs"][0]["outcome"] == "passed"


def test_whoever_reads_its_output_never_may_still_end_it(ground: Ground) -> None:
    """A pipe that is full and stays so: chatsim waits for its reader, as any program does, and Ctrl-C ends that."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    try:
        while True:
            os.write(theirs, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(theirs, True)
    with os.fdopen(theirs, "wb") as pipe:
        running = ground.start("run", "talk.yaml", "--history", "run.jsonl", stdout=pipe)
    deadline = time.monotonic() + 20
    while not (ground.folder / "run.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    while not running.over and time.monotonic() < deadline:
        running.send(signal.SIGINT)  # the first may only end the run, whose report then waits for its reader
        time.sleep(1.2)
    ended = running.end(1)
    os.close(ours)

    assert ended.code == 130
    assert "Traceback" not in ended.err
    assert ground.vanish()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--seed", "-1"], "--seed"),
        (["--seed", "1.5"], "--seed"),
        (["--repeat", "0"], "--repeat"),
        (["--repeat", "-3"], "--repeat"),
        (["--repeat", "many"], "--repeat"),
        (["--patience", "0"], "--patience"),
        (["--patience", "-1"], "--patience"),
        (["--patience", "nan"], "--patience"),
        (["--patience", "inf"], "--patience"),
        (["--patience", "1e999"], "--patience"),
        (["--patience", "soon"], "--patience"),
        (["--connect", "localhost:99999", "--profile", "lines"], "HOST:PORT"),
        (["--connect", "localhost:\u0665", "--profile", "lines"], "HOST:PORT"),
        (["--connect", "localhost", "--profile", "lines"], "HOST:PORT"),
        (["--server", "", "--profile", "lines"], "--server is empty"),
        (["--server", "'", "--profile", "lines"], "quotation"),
        (["-k", "("], "-k"),
    ],
)
def test_absurd_options_are_refused_by_name(ground: Ground, words: list[str], why: str) -> None:
    ended = in_good_order(ground, ground.call("run", "talk.yaml", *words))

    assert ended.code == 2
    assert why in ended.err
    assert ended.seconds < 10


@pytest.mark.parametrize(
    "words",
    [
        ["--seed", "1" + "0" * 300],
        ["--patience", "1e300"],
        ["--patience", "1e-300"],
        ["--seed", "0"],
    ],
)
def test_absurd_options_that_make_sense_are_obeyed(ground: Ground, words: list[str]) -> None:
    """A right server passes, however little patience there is: waiting is for events. (Nor does it end in a fault.)"""
    ended = in_good_order(ground, ground.call("run", "talk.yaml", *words))

    assert ended.code in ((0, 3, 4) if "1e-300" in words else (0,)), ended.said


def test_a_million_repeats_of_what_can_not_be_started_are_one(ground: Ground) -> None:
    ended = in_good_order(ground, ground.against("exits_at_once", "--repeat", "1000000000000"))

    assert ended.code == 4
    assert ended.seconds < 20


def _check(ground: Ground, *words: str) -> Ended:
    return in_good_order(ground, ground.call("check", *words))


def test_histories_that_are_none_are_refused_with_their_line(ground: Ground) -> None:
    ground.call("run", "talk.yaml", "--history", "run.jsonl")
    whole = (ground.folder / "run.jsonl").read_bytes()
    for name, data in (
        ("empty", b""),
        ("binary", bytes(range(256)) * 100),
        ("foreign", b'{"a": 1}\n'),
        ("list", b"[" * 100_000),
        ("newer", whole.replace(b'"format":', b'"format":9', 1)),
        ("torn", whole[:2000] + b"\n" + whole[3000:]),
        ("numbers", whole.replace(b'"session":0', b'"session":99999999999', 1)),
        ("times", whole.replace(b'"t":0.', b'"t":1e300,"x":0.', 1)),
    ):
        (ground.folder / name).write_bytes(data)
        ended = _check(ground, name)

        assert ended.code == 2, (name, ended.said)
        assert name in ended.err, (name, ended.err)
    ended = _check(ground, "run.jsonl")
    assert ended.code == 0
    (ground.folder / "cut").write_bytes(whole[: len(whole) // 2])
    assert _check(ground, "cut").code in (1, 3)


@pytest.mark.parametrize("path", [".", "/dev/zero", "/proc/self/mem", "loop", "missing", "lines", "/dev/null"])
def test_what_is_no_file_of_ours_is_no_history(ground: Ground, path: str) -> None:
    (ground.folder / "loop").symlink_to("loop")
    (ground.folder / "lines").touch()
    os.truncate(ground.folder / "lines", 2_000_000_000)  # zeros, and no line end
    ended = _check(ground, path)

    assert ended.code == 2
    assert ended.seconds < 10
    assert path in ended.err


def test_the_last_word_goes_to_standard_error_where_output_is_closed(ground: Ground) -> None:
    """A usage error with nobody to read either stream still has its exit code."""
    code = subprocess.run(
        [*SH, '"$@" >&- 2>&-', "sh", sys.executable, "-m", "chatsim", "run", "nothing.yaml"],
        cwd=ground.folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
        timeout=30,
    ).returncode

    assert code == 2
