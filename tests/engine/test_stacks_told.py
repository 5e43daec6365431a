"""What the threads of a server are doing is asked where it spins, hangs or does not end; and nowhere else."""

from __future__ import annotations

import pytest
from playing import Played, play
from simulated import Faults

from chatsim.engine.crash import DumpReader
from chatsim.network.network import ServerCommand, Strain

TALK = "- join: everyone\n- chat: {everyone: {count: 2}}"
HANGS = "- join: everyone\n- pause: 1s\n- chat: {ann: {count: 1}}"
SPINS = Faults(spins_from=0.0)
FROZEN = Faults(freeze_at=0.5)


def commands(played: Played) -> list[str]:
    return [c.what for _, c in played.room.commands if isinstance(c, ServerCommand)]


def told(played: Played) -> list[tuple[str, str]]:
    return [(stacks["by"], stacks["why"]) for stacks in played.details("stacks")]


def test_a_right_server_is_not_asked() -> None:
    played = play(TALK)

    assert commands(played) == ["stop"]
    assert not told(played)


def test_py_spy_tells_of_a_spin_and_leaves_the_server_to_be_stopped() -> None:
    played = play(TALK, faults=SPINS, py_spy=True)

    assert commands(played) == ["stacks", "stop"]
    assert told(played) == [("py-spy", "spin")]
    assert played.details("stacks")[0]["text"] == "Thread 1 (active): serve"
    assert "stacks" not in {d["what"] for d in played.details("server")}
    assert played.outcome("clean-exit") == "passed"


def test_without_it_the_server_is_ended_by_its_last_words() -> None:
    played = play(TALK, faults=SPINS)

    assert commands(played) == ["stacks", "abort"]
    assert told(played) == [("faulthandler", "spin")]
    assert '  File "server.py", line 7 in serve' in played.details("stacks")[0]["text"]
    assert [d["what"] for d in played.details("server")][2:] == ["abort", "exited", "ended"]


def test_that_end_is_our_own_act_and_no_crash() -> None:
    played = play(TALK, faults=SPINS)

    assert played.outcome("clean-exit") == "not-exercised"
    assert "to see what its threads did" in played.verdicts["clean-exit"].summary
    assert played.outcome("stays-up") == "passed"
    assert played.outcome("no-crash-output") == "passed"
    assert not played.details("crash")
    assert [d["asked"] for d in played.details("server") if d["what"] == "exited"] == [True]


@pytest.mark.parametrize(
    "steps", [TALK, TALK + "\n- server: restart\n- join: everyone"], ids=["named", "a step ends it"]
)
def test_where_its_end_is_what_is_judged_it_is_not_ended_for_that(steps: str) -> None:
    check = ("everything", "clean-exit") if steps == TALK else ("everything",)
    played = play(steps, faults=SPINS, check=check)

    assert commands(played)[-2:] == ["stacks", "stop"]
    assert played.outcome("clean-exit") == "passed"


def test_only_python_servers_are_asked() -> None:
    played = play(TALK, faults=SPINS, runtimes=("node",))

    assert commands(played) == ["stop"]


def test_one_that_hangs_is_asked() -> None:
    played = play(HANGS, faults=FROZEN)

    assert played.details("wait")
    assert commands(played) == ["stacks", "abort"]
    assert told(played) == [("faulthandler", "hung")]


def test_one_of_which_nothing_is_heard_any_more_looks_the_same() -> None:
    assert told(play(HANGS, faults=Faults(lose=1.0))) == [("faulthandler", "hung")]


@pytest.mark.parametrize(
    ("steps", "faults"),
    [
        (HANGS + "\n- drop: bob", Faults(forget_notices=1.0)),
        (HANGS.replace("count: 1", "count: 40"), Faults(lose=0.2)),
        (HANGS + "\n- disconnect: bob", Faults(never_close=True)),
    ],
    ids=["tells nobody who went", "loses some messages", "does not close"],
)
def test_one_that_is_waited_for_in_vain_and_still_speaks_does_not_hang(steps: str, faults: Faults) -> None:
    played = play(steps, faults=faults, profile="header-64" if faults.never_close else "lines")

    assert played.details("wait")
    assert commands(played) == ["stop"]


def test_one_that_speaks_again_later_does_not_hang() -> None:
    played = play(HANGS + "\n- pause: 20s\n- chat: {bob: {count: 1}}", faults=Faults(freeze_at=0.5, thaw_at=10.0))

    assert [wait["for"] for wait in played.details("wait")] == ["chat"]
    assert commands(played) == ["stop"]


def test_one_that_was_waited_for_on_a_machine_too_busy_may_not_hang() -> None:
    played = play(HANGS, faults=FROZEN, strain=lambda now: Strain(lag=0.9 * now))

    assert not any(wait["valid"] for wait in played.details("wait") if wait["for"] != "stop")
    assert "stacks" not in commands(played)


def test_one_that_we_have_frozen_does_not_hang() -> None:
    played = play("- join: everyone\n- server: freeze\n- chat: {ann: {count: 1}}\n- server: thaw")

    assert commands(played) == ["freeze", "thaw", "stop"]


def test_one_that_does_not_end_tells_it_as_its_last_words() -> None:
    played = play(TALK, faults=Faults(stubborn=True))

    assert commands(played) == ["stop", "abort"]
    assert told(played) == [("faulthandler", "stop")]
    assert played.outcome("clean-exit") == "failed"


def test_one_that_is_not_python_has_no_last_words() -> None:
    played = play(TALK, faults=Faults(stubborn=True), runtimes=("go",))

    assert not told(played)
    assert played.outcome("clean-exit") == "failed"


# --- the dump ---------------------------------------------------------------------------------------------------------

HEAD = "Current thread 0x00007f68e8ddcb80 (most recent call first):"
FRAME = '  File "server.py", line 53 in run'


def read(*lines: str) -> str | None:
    reader = DumpReader()
    for line in lines:
        reader.take(line)
    return reader.finish()


@pytest.mark.parametrize(
    "head",
    [
        HEAD,
        "Thread 0x00007f68e72306c0 (most recent call first):",
        "Thread 0x00007f68e72306c0 [Thread-2 (serve)] (most recent call first):",
    ],
)
def test_a_thread_of_a_dump_is_known_by_its_head(head: str) -> None:
    assert read("bob left", head, FRAME, FRAME, "bye") == f"{head}\n{FRAME}\n{FRAME}"


def test_a_dump_is_all_its_threads() -> None:
    whole = ["Fatal Python error: Aborted", "", "Thread 0x01 (most recent call first):", FRAME, "", HEAD, FRAME]

    assert read(*whole, "", "Extension modules: numpy (total: 1)") == "\n".join(
        [*whole, "", "Extension modules: numpy (total: 1)"]
    )


def test_a_trace_of_an_exception_is_no_dump() -> None:
    assert read("Traceback (most recent call last):", FRAME, "KeyboardInterrupt") is None
    assert read("Fatal Python error: Aborted") is None


def test_after_a_dump_there_may_be_another() -> None:
    reader = DumpReader()
    for line in (HEAD, FRAME):
        reader.take(line)

    assert reader.finish() == f"{HEAD}\n{FRAME}"
    assert reader.finish() is None
