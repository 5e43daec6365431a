"""Where the threads of a Python server are: told by py-spy while it goes on, or by the server itself as its last words."""

from __future__ import annotations

import resource
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chatsim.network.network import Connect, Event, Opened, Output, Received, Send, ServerCommand, ServerEvent
from chatsim.server import life, server, stacks
from chatsim.server.processes import HAS_PROC
from chatsim.world import World

from .conftest import PYTHON, Yard, at_last, detail, left_of, lines, printed, stages, told, until

LISTENS_TO_ENVIRONMENT = f"{shlex.quote(sys.executable)} -S"  # unlike the yard's Python, whose `-I` shuts its ears
HANG = """
def never_returns():
    while True: pass
threading.Thread(target=never_returns, daemon=True).start()
serve(0)
"""
STUBBORN = "signal.signal(signal.SIGINT, signal.SIG_IGN)\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
WORDS = "Fatal Python error: Aborted"


def python(yard: Yard, text: str) -> str:
    """A server that hears what its environment says to Python."""
    return yard.script(text).replace(PYTHON, LISTENS_TO_ENVIRONMENT, 1)


def pretends(yard: Yard, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A py-spy of ours: this Python program, which finds in `pid` whom it is asked about."""
    path = yard.folder / "py-spy"
    path.write_text(f"#!{sys.executable} -IS\nimport os, signal, sys, time\npid = int(sys.argv[3])\n{text}\n")
    path.chmod(0o755)
    monkeypatch.setattr(server, "py_spy", lambda: str(path))


def asked(world: World) -> list[Event]:
    world.do(ServerCommand("stacks"))
    return until(world, either("stacks", "failed"))


def either(*whats: str) -> Callable[[list[Event]], bool]:
    return lambda events: any(isinstance(event, ServerEvent) and event.what in whats for event in events)


def echoed(world: World, session: int, patience: float = 15.0) -> bool:
    world.do(Connect(session))
    until(world, lambda events: any(isinstance(event, Opened) for event in events))
    world.do(Send(session, b"still there?"))
    events = until(world, lambda events: any(isinstance(event, Received) for event in events), patience)
    return any(isinstance(event, Received) for event in events)


def aborted(world: World) -> list[Event]:
    world.do(ServerCommand("abort"))
    return until(world, told("ended"))


def before_its_end(events: list[Event]) -> list[str]:
    """What it printed on its errors until `ended` was told."""
    end = next(index for index, event in enumerate(events) if isinstance(event, ServerEvent) and event.what == "ended")
    return [event.line for event in events[:end] if isinstance(event, Output) and event.stream == "stderr"]


# --- while it goes on


@pytest.mark.skipif(stacks.py_spy() is None, reason="py-spy is not installed: pip install py-spy")
def test_py_spy_names_the_function_in_which_it_hangs_and_it_goes_on(yard: Yard) -> None:
    world = yard.running(yard.script(HANG))
    events = asked(world)
    if stages(events)[-1] == "failed":
        pytest.skip(detail(events, "failed")["why"])  # many systems let only root read another process

    assert "never_returns" in detail(events, "stacks")["text"]
    assert echoed(world, 0)


def test_what_it_says_of_each_python_process_is_told_as_one_text(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    pretends(yard, monkeypatch, "print('stacks of', pid)")
    world = yard.running(
        yard.script("child = os.fork()\nchild or time.sleep(600)\nprint(os.getpid(), child)\nserve(0)")
    )
    pids = lines(until(world, printed("listening")))[0].split()

    assert detail(asked(world), "stacks")["text"] == "\n".join(f"stacks of {pid}\n" for pid in pids)


def test_the_run_goes_on_while_it_looks(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    pretends(yard, monkeypatch, f"open({str(yard.folder / 'looking')!r}, 'w').close(); time.sleep(600)")
    world = yard.running(yard.script("serve(0)"))
    world.do(ServerCommand("stacks"))

    assert at_last((yard.folder / "looking").exists)
    assert echoed(world, 0)


def test_of_a_long_text_the_beginning_is_told(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    pretends(yard, monkeypatch, "print('xxx'); print(('y' * 99 + '\\n') * 2000)")
    text = detail(asked(yard.running(yard.script("serve(0)"))), "stacks")["text"]

    assert text.startswith("xxx")
    assert 60_000 < len(text) <= 64 * 1024
    assert text.endswith("y\n")


@pytest.mark.parametrize(
    ("complaint", "why"),
    [
        (
            "Permission Denied: Try running again with sudo",
            "py-spy may not look into the server: on this system only root may look into another process",
        ),
        (
            "Error: Failed to get stack traces\n\nCaused by:\n    0: Failed to suspend it\n    1: no such process\n\n"
            "Stack backtrace:\n   0: main",
            "py-spy says: Failed to get stack traces: Failed to suspend it: no such process",
        ),
        ("", "py-spy ended with exit code 3"),
    ],
)
def test_if_it_cannot_look_its_own_words_say_why(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, complaint: str, why: str
) -> None:
    pretends(yard, monkeypatch, f"print('half of it', flush=True); sys.stderr.write({complaint!r}); sys.exit(3)")
    events = asked(yard.running(yard.script("serve(0)")))

    assert detail(events, "failed") == {"command": "stacks", "why": why}


def test_one_that_does_not_come_to_an_end_is_ended_and_the_server_let_go(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stops the process while it reads; whoever ends it then has to let the process go on."""
    monkeypatch.setattr(stacks, "PATIENCE", 0.3)
    pretends(yard, monkeypatch, "os.kill(pid, signal.SIGSTOP); time.sleep(600)")
    world = yard.running(yard.script("serve(0)"))
    events = asked(world)

    assert detail(events, "failed")["why"] == "py-spy was not done within 0.3 s"
    assert [process.name() for process in left_of(yard.folder) if "py-spy" in " ".join(process.cmdline())] == []
    assert echoed(world, 0)


def test_a_frozen_server_stays_frozen_when_it_has_been_looked_at(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    pretends(yard, monkeypatch, "print(' '.join(sys.argv[1:]))")
    world = yard.running(yard.script("serve(0)"))
    world.do(ServerCommand("freeze"))
    events = asked(world)

    assert "--nonblocking" in detail(events, "stacks")["text"]
    assert not echoed(world, 0, patience=0.2)


def test_a_frozen_server_stays_frozen_when_it_could_not_be_looked_at(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stacks, "PATIENCE", 0.3)
    pretends(yard, monkeypatch, "time.sleep(600)")
    world = yard.running(yard.script("serve(0)"))
    world.do(ServerCommand("freeze"))

    assert stages(asked(world))[-1] == "failed"
    assert not echoed(world, 0, patience=0.2)


def test_who_was_killed_frozen_is_not_frozen_in_its_next_life(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    pretends(yard, monkeypatch, "print(' '.join(sys.argv[1:]))")
    world = yard.running(yard.script("serve(0)"))
    for what, becomes in (("freeze", "frozen"), ("kill", "ended"), ("start", "listening")):
        world.do(ServerCommand(what))
        until(world, told(becomes))

    assert "--nonblocking" not in detail(asked(world), "stacks")["text"]


@pytest.mark.parametrize("program", ["time.sleep(600)", "print('x' * 10_000_000); time.sleep(600)", "pass"])
def test_closing_the_world_leaves_nobody_looking(yard: Yard, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    pretends(yard, monkeypatch, program)
    world = yard.running(yard.script("serve(0)"))
    world.do(ServerCommand("stacks"))
    world.close()

    assert left_of(yard.folder) == []


def test_a_restart_leaves_nobody_looking_at_the_former_life(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    pretends(yard, monkeypatch, "time.sleep(600)")
    world = yard.running(yard.script("serve(0)"))
    world.do(ServerCommand("stacks"))
    world.do(ServerCommand("kill"))
    until(world, told("ended"))
    world.do(ServerCommand("start"))
    until(world, told("listening"))

    assert all("py-spy" not in " ".join(process.cmdline()) for process in left_of(yard.folder))


def test_asked_for_twice_at_once_the_second_one_fails(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    pretends(yard, monkeypatch, "time.sleep(0.1); print('here')")
    world = yard.running(yard.script("serve(0)"))
    world.do(ServerCommand("stacks"))
    world.do(ServerCommand("stacks"))
    events = until(world, told("stacks"))

    assert detail(events, "failed")["why"] == "its stacks are being looked at already"
    assert detail(events, "stacks")["text"] == "here\n"
    assert detail(asked(world), "stacks")["text"] == "here\n"


def test_where_there_is_no_py_spy_or_it_cannot_be_started_that_is_said(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = yard.running(yard.script("serve(0)"))
    monkeypatch.setattr(server, "py_spy", lambda: None)
    missing = detail(asked(world), "failed")
    monkeypatch.setattr(server, "py_spy", lambda: str(yard.folder / "nothing"))
    broken = detail(asked(world), "failed")

    assert missing == {"command": "stacks", "why": "py-spy is not installed (pip install py-spy)"}
    assert broken["why"] == "py-spy cannot be started: no such file or directory"


# --- as its last words


def test_aborted_a_python_server_says_where_its_threads_are_before_its_end(yard: Yard) -> None:
    world = yard.running(python(yard, HANG))
    events = aborted(world)
    words = before_its_end(events)

    assert words[0] == WORDS
    assert any("in never_returns" in line for line in words)
    assert detail(events, "exited") == {"code": -signal.SIGABRT, "asked": True}
    assert detail(events, "ended") == {"asked": True, "killed": True}


@pytest.mark.parametrize(
    "deaf",
    ["signal.signal(signal.SIGABRT, signal.SIG_IGN)", "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGABRT])"],
)
def test_one_that_takes_no_notice_is_killed_after_a_second(yard: Yard, deaf: str) -> None:
    world = yard.running(yard.script(f"{deaf}\nserve(0)"))
    until(world, printed("listening"))
    began = world.now()
    events = aborted(world)
    [exited] = [event for event in events if isinstance(event, ServerEvent) and event.what == "exited"]

    assert exited.detail["code"] == -signal.SIGKILL
    assert exited.at - began > 0.9


def test_killed_while_it_is_to_speak_it_is_gone_at_once(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "LONG_TESTIMONY", 600.0)
    world = yard.running(yard.script("signal.signal(signal.SIGABRT, signal.SIG_IGN)\nserve(0)"))
    until(world, printed("listening"))
    world.do(ServerCommand("abort"))
    world.do(ServerCommand("kill"))

    assert detail(until(world, told("ended")), "exited")["code"] == -signal.SIGKILL


def test_several_processes_speak_one_after_the_other_the_server_first(yard: Yard) -> None:
    child = "def helps():\n  os.write(there, b'!')\n  time.sleep(600)\nhere, there = os.pipe()\n"
    world = yard.running(python(yard, f"{child}os.fork() or (listener.close(), helps())\nos.read(here, 1)\nserve(0)"))
    words = before_its_end(aborted(world))
    starts = [index for index, line in enumerate(words) if line == WORDS]

    assert len(starts) == 2
    assert any("in serve" in line for line in words[: starts[1]])
    assert any("in helps" in line for line in words[starts[1] :])


def test_a_frozen_server_can_speak_as_well(yard: Yard) -> None:
    world = yard.running(python(yard, HANG))
    world.do(ServerCommand("freeze"))

    assert WORDS in before_its_end(aborted(world))


def test_aborting_ends_the_processes_too_that_are_not_python(yard: Yard) -> None:
    world = yard.running(["/bin/sh", "-c", python(yard, HANG) + f"; sleep 600 {shlex.quote(str(yard.folder))}"])  # type: ignore[arg-type]
    aborted(world)

    assert left_of(yard.folder) == []


def test_one_that_is_told_to_stop_and_does_not_says_why(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "STOP_PATIENCE", 0.2)
    world = yard.running(python(yard, STUBBORN + HANG))
    world.do(ServerCommand("stop"))
    events = until(world, told("ended"))

    assert any("in never_returns" in line for line in before_its_end(events))
    assert stages(events)[-3:] == ["left-behind", "exited", "ended"]


def test_what_the_profile_says_of_the_fault_handler_is_obeyed(yard: Yard) -> None:
    world = yard.running(python(yard, HANG), env={"PYTHONFAULTHANDLER": ""})
    events = aborted(world)

    assert before_its_end(events) == []
    assert detail(events, "exited")["code"] == -signal.SIGABRT


# --- and nothing else is left


@pytest.mark.skipif(not HAS_PROC, reason="Linux alone has a limit that keeps the crash reporter out")
def test_a_server_that_is_aborted_leaves_no_core(yard: Yard) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if hard == 0:
        pytest.skip("no core may be written here anyway")
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    try:
        program = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
        world = yard.running(yard.script(f"{program}\nserve(0)"))
        ours = resource.getrlimit(resource.RLIMIT_CORE)
        events = until(world, printed("listening")) + aborted(world)
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))

    assert ours == (hard, hard)
    assert lines(events)[0] == f"(1, {hard})"
    assert [path.name for path in Path(yard.folder).iterdir()] == ["server.py"]
