"""The life of a server that has started: its console, its end, its restart; and that nothing of it is ever left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from chatsim.network.network import (
    Close,
    Connect,
    Event,
    Facts,
    HoldReading,
    Inspect,
    Opened,
    Output,
    PeerClosed,
    Received,
    Send,
    ServerCommand,
    Type,
)
from chatsim.server import life
from chatsim.server.processes import ProcessTree
from chatsim.world import World

from .conftest import Yard, at_last, detail, left_of, lines, printed, stages, told, until

STUBBORN = "signal.signal(signal.SIGINT, signal.SIG_IGN)\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


def stopped(world: World) -> list[Event]:
    world.do(ServerCommand("stop"))
    return until(world, told("ended"))


def facts_of(world: World) -> dict[str, object]:
    world.do(Inspect(1))
    [facts] = [event.facts for event in world.poll(world.now()) if isinstance(event, Facts)]
    return dict(facts)


def opened(session: int) -> object:
    return lambda events: any(isinstance(event, Opened) and event.session == session for event in events)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "STOP_PATIENCE", 0.2)
    monkeypatch.setattr(life, "ORPHANS", 0.1)


# --- its end


def test_told_to_stop_it_ends_with_its_code_and_its_last_words(yard: Yard) -> None:
    world = yard.running(yard.script("try: serve(0)\nexcept KeyboardInterrupt: print('bye'); sys.exit(4)"))
    events = stopped(world)

    assert [stage for stage in stages(events) if stage not in ("started", "listening")] == [
        *("stopping", "exited", "ended"),
    ]
    assert detail(events, "exited") == {"code": 4, "asked": True}
    assert detail(events, "ended") == {"asked": True, "killed": False}
    assert lines(events)[-1] == "bye"


def test_an_interrupt_reaches_a_server_behind_a_shell(yard: Yard) -> None:
    python = yard.script("try: serve(0)\nexcept KeyboardInterrupt: print('bye')")
    world = yard.running(["/bin/sh", "-c", f"{python}; true"])  # type: ignore[arg-type]

    assert "bye" in lines(stopped(world))


def test_sigterm_goes_to_the_owner_of_the_port_not_to_the_shell_before_it(yard: Yard) -> None:
    python = yard.script("signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('terminated')))\nserve(0)")
    world = yard.running(["/bin/sh", "-c", f"{python}; echo done"], stop="SIGTERM")  # type: ignore[arg-type]

    assert lines(stopped(world))[-2:] == ["terminated", "done"]


def test_a_typed_line_stops_one_that_wants_it_so(yard: Yard) -> None:
    program = "threading.Thread(target=serve, args=[0], daemon=True).start()\nwhile input() != 'quit': pass"
    world = yard.running(yard.script(program), stop="stdin", stop_line="quit")
    events = stopped(world)

    assert detail(events, "exited")["code"] == 0


@pytest.mark.usefixtures("hasty")
def test_one_that_will_not_end_is_named_and_made_to(yard: Yard) -> None:
    world = yard.running(yard.script(STUBBORN + "serve(0)"))
    events = stopped(world)
    left = detail(events, "left-behind")

    assert left["exited"] is False
    assert "server.py" in left["processes"][0]["command"]
    assert stages(events)[-3:] == ["left-behind", "exited", "ended"]
    assert detail(events, "exited")["code"] == -signal.SIGABRT  # it was to say where it is, and did not live on
    assert detail(events, "ended")["killed"] is True


@pytest.mark.usefixtures("hasty")
def test_a_child_that_outlives_it_is_left_behind_and_ended(yard: Yard) -> None:
    child = "os.fork() or (signal.signal(signal.SIGINT, signal.SIG_IGN), os.setsid(), time.sleep(600))\nserve(0)"
    world = yard.running(yard.script(child))
    events = stopped(world)

    assert len(detail(events, "left-behind")["processes"]) == 1
    assert stages(events)[-1] == "ended"
    assert left_of(yard.folder) == []


def test_an_end_that_nobody_asked_for_is_told_as_one(yard: Yard) -> None:
    world = yard.running(yard.script("threading.Timer(0.1, os._exit, [7]).start()\nserve(0)"))
    events = until(world, told("ended"))

    assert detail(events, "exited") == {"code": 7, "asked": False}


def test_the_end_of_a_daemon_is_seen_though_it_is_no_child_of_ours(yard: Yard) -> None:
    daemon = "os.fork() and os._exit(0)\nos.setsid()\nthreading.Timer(0.3, os._exit, [0]).start()\nserve(0)"
    world = yard.running(yard.script(daemon))
    events = until(world, told("ended"))

    assert detail(events, "exited") == {"code": None, "asked": False}


def test_killed_it_is_gone_with_all_its_children(yard: Yard) -> None:
    world = yard.running(yard.script("os.fork() or time.sleep(600)\nserve(0)"))
    world.do(ServerCommand("kill"))
    events = until(world, told("ended"))

    assert detail(events, "exited")["code"] == -signal.SIGKILL
    assert left_of(yard.folder) == []


def test_it_is_started_again_on_the_same_port_and_spoken_to_there(yard: Yard) -> None:
    world = yard.running(yard.script("serve(sys.argv[1])") + " {port}")
    before = world.address
    stopped(world)
    world.do(ServerCommand("start"))
    until(world, told("listening"))
    world.do(Connect(1))

    assert isinstance(until(world, opened(1))[-1], Opened)  # type: ignore[arg-type]
    assert world.address == before


def test_one_that_chooses_another_port_each_time_is_spoken_to_where_it_listens_now(yard: Yard) -> None:
    world = yard.running(yard.script("serve(0)"))
    stopped(world)
    world.do(ServerCommand("start"))
    until(world, told("listening"))
    world.do(Connect(1))

    assert isinstance(until(world, opened(1))[-1], Opened)  # type: ignore[arg-type]


def test_after_a_start_that_failed_it_may_be_tried_again(yard: Yard) -> None:
    flag = yard.folder / "ill"
    world = yard.running(yard.script(f"os.path.exists({str(flag)!r}) and sys.exit(9)\nserve(0)"))
    stopped(world)
    flag.touch()
    world.do(ServerCommand("start"))
    until(world, told("failed"))
    flag.unlink()
    world.do(ServerCommand("start"))

    assert stages(until(world, told("listening")))[-1] == "listening"


def test_a_start_that_does_not_succeed_is_an_event_not_an_exception(yard: Yard) -> None:
    once = "os.path.exists(__file__ + '1') and sys.exit(9)\nopen(__file__ + '1', 'w').close()\nserve(0)"
    world = yard.running(yard.script(once))
    stopped(world)
    world.do(ServerCommand("start"))
    events = until(world, told("failed"))

    assert "exit code 9" in detail(events, "failed")["why"]


def test_commands_that_make_no_sense_now_fail_with_a_reason(yard: Yard) -> None:
    world = yard.running(yard.script("serve(0)"))
    world.do(ServerCommand("start"))
    while_running = detail(until(world, told("failed")), "failed")
    stopped(world)
    world.do(ServerCommand("stop"))
    after = detail(until(world, told("failed")), "failed")

    assert while_running == {"command": "start", "why": "the server is still running"}
    assert after == {"command": "stop", "why": "the server is not running"}


def test_frozen_it_says_nothing_and_thawed_it_goes_on(yard: Yard) -> None:
    world = yard.running(yard.script("serve(0)"))
    world.do(Connect(0))
    until(world, opened(0))  # type: ignore[arg-type]
    world.do(ServerCommand("freeze"))
    world.do(Send(0, b"anyone?"))
    frozen = until(world, lambda events: False, patience=0.1)
    world.do(ServerCommand("thaw"))
    thawed = until(world, lambda events: any(isinstance(event, Received) for event in events))

    assert not any(isinstance(event, Received) for event in frozen)
    assert isinstance(thawed[-1], Received)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux tells what each thread is doing")
def test_a_server_is_frozen_when_every_thread_of_every_process_stands_still(yard: Yard) -> None:
    """Also one that is in the middle of something long, or has no processor, so that a stop reaches it late."""
    spin = "def spin():\n  while True: os.urandom(8_000_000)\n"
    spinning = "for _ in range(5): threading.Thread(target=spin, daemon=True).start()\n"
    world = yard.running(yard.script(f"{spin}os.fork()\n{spinning}os.getppid() == {os.getpid()} or spin()\nserve(0)"))
    assert at_last(lambda: facts_of(world)["threads"] == 12)
    processes = left_of(yard.folder)
    [root] = [process for process in processes if process.ppid() == os.getpid()]
    tree = ProcessTree(root.pid, "nobody's")
    for _ in range(10):
        tree.freeze(patience=60.0)
        states = {task.joinpath("stat").read_text().rpartition(")")[2].split()[0] for task in tasks_of(processes)}
        tree.signal(signal.SIGCONT)

        assert states == {"T"}


def tasks_of(processes: list[psutil.Process]) -> list[Path]:
    return [task for process in processes for task in Path(f"/proc/{process.pid}/task").iterdir()]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_when_we_die_the_whole_tree_dies(yard: Yard, how: signal.Signals) -> None:
    """By whatever signal: also a daemon of its own session, and one that takes no notice of signals."""
    fork = "if not os.fork():\n  os.setsid()\n  os.fork() and os._exit(0)\n  os.write(there, b'!')\n  time.sleep(600)\n"
    daemon = f"told, there = os.pipe()\n{fork}os.read(told, 1)\n"  # it listens only once the daemon is there
    command = yard.script(STUBBORN + daemon + "serve(0)")
    program = f"""
        import signal, sys
        from chatsim.profile.profile import Start
        from chatsim.server.launch import Launcher
        from chatsim.world import World
        signal.signal(signal.SIGINT, signal.default_int_handler)
        world = World(Launcher(Start(folder={str(yard.folder)!r}, files={{"a": "b"}}), {command!r}))
        world.start()
        print(world._server._launcher.temporary, flush=True)
        world.poll(600)
    """
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with (
        (yard.folder / "complaints").open("w") as complaints,
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program)],
            stdout=subprocess.PIPE,
            stderr=complaints,
            cwd=yard.folder,
            env=environment,
            text=True,
        ) as ours,
    ):
        assert ours.stdout is not None
        folder = ours.stdout.readline().strip()
        tree = [process for process in left_of(yard.folder) if process.pid != ours.pid]
        ours.send_signal(how)
        ours.wait()

    assert len(tree) >= 2, f"{folder!r} {ours.returncode} {(yard.folder / 'complaints').read_text()!r}"
    assert at_last(lambda: not any(process.is_running() and process.status() != "zombie" for process in alive(tree)))
    assert at_last(lambda: not Path(folder).exists())


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if psutil.pid_exists(process.pid)]


def test_closing_is_quick_complete_and_may_be_done_twice(yard: Yard) -> None:
    world = yard.running(yard.script(STUBBORN + "os.fork() or time.sleep(600)\nserve(0)"))
    world.close()
    world.close()

    assert left_of(yard.folder) == []


# --- its console


def test_a_server_that_prints_a_hundred_megabytes_is_neither_held_up_nor_kept_in_memory(yard: Yard) -> None:
    chatter = "line = ('x' * 99 + '\\n') * 10_000\nfor _ in range(100): sys.stdout.write(line)\nprint('done')\nserve(0)"
    world = yard.running(yard.script(chatter))
    events = until(world, printed("listening"))
    told_bytes = sum(len(event.line) for event in events if isinstance(event, Output))

    assert 1_000_000 < told_bytes < 20_000_000
    assert any("left out" in line for line in lines(events))
    assert world.last_output(1) == ["listening"]


def test_a_prompt_without_a_line_end_is_told_and_the_rest_of_its_line_after_it(yard: Yard) -> None:
    program = "listener.listen(); print('> ', end='', flush=True); input(); print('thanks')"
    world = yard.running(yard.script(program))
    events = until(world, lambda events: any(isinstance(event, Output) and not event.whole for event in events))
    world.do(Type("go"))
    after = until(world, told("ended"))

    assert lines(events) == ["> "]
    assert lines(after) == ["thanks"]


def test_what_is_typed_to_one_who_does_not_read_holds_nobody_up(yard: Yard) -> None:
    world = yard.running(yard.script("serve(0)"))
    for _ in range(50):
        world.do(Type("x" * 10_000))
    world.do(Connect(0))

    assert isinstance(until(world, opened(0))[-1], Opened)  # type: ignore[arg-type]


# --- seen from outside


def test_facts_count_over_the_whole_tree(yard: Yard) -> None:
    world = yard.running(yard.script("os.fork() or time.sleep(600)\nserve(0)"))
    at_last(lambda: facts_of(world)["children"] == 1)
    facts = facts_of(world)

    assert (facts["alive"], facts["listening"], facts["children"], facts["threads"]) == (True, True, 1, 2)
    assert isinstance(facts["rss"], int) and facts["rss"] > 1_000_000
    assert isinstance(facts["fds"], int) and facts["fds"] >= 8


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("netlink", [False, True])
def test_facts_tell_the_servers_ends_of_our_connections(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, many: bool, netlink: bool
) -> None:
    """Asked one by one or all at once, by netlink or from the kernel's table."""
    if many:
        monkeypatch.setattr("chatsim.server.inspect.FEW", 0)
    if not netlink:
        monkeypatch.delattr("socket.AF_NETLINK")
    world = yard.running(yard.script("serve_nobody()".replace("serve_nobody()", FORGETFUL)))
    for session in range(2):
        world.do(Connect(session))
    events = until(world, lambda events: sum(isinstance(event, Opened) for event in events) == 2)
    gone, there = (event.local[1] for event in events if isinstance(event, Opened))
    world.do(HoldReading(1))
    world.do(Close(0))

    assert at_last(lambda: facts_of(world)["close_wait"] == [gone])
    assert at_last(lambda: stuck(facts_of(world), there))
    assert facts_of(world)["established"] == [there]


FORGETFUL = """
listener.bind(("127.0.0.1", 0)); listener.listen()
first, _ = listener.accept()
second, _ = listener.accept()
while True: second.send(b"x" * 65536)
"""


def stuck(facts: dict[str, object], port: int) -> bool:
    queue = facts["send_queue"]
    return isinstance(queue, dict) and queue.get(port, 0) > 0


def test_after_the_end_facts_say_so(yard: Yard) -> None:
    world = yard.running(yard.script("serve(0)"))
    stopped(world)
    facts = facts_of(world)

    assert (facts["alive"], facts["listening"]) == (False, False)


def test_attached_to_a_server_of_somebody_else_we_have_no_process(yard: Yard) -> None:
    theirs = yard.running(yard.script("serve(0)"))
    assert theirs.address is not None
    with World(("localhost", theirs.address[1])) as world:
        world.start()
        world.do(Connect(0))
        until(world, opened(0))  # type: ignore[arg-type]
        facts = facts_of(world)
        world.do(ServerCommand("kill"))
        events = until(world, told("failed"))
        world.do(Send(0, b"still there?"))

        assert "threads" not in facts
        assert len(facts["established"]) == 1  # type: ignore[arg-type]
        assert detail(events, "failed")["command"] == "kill"
        assert isinstance(until(world, lambda events: bool(events))[0], Received)


def test_a_reset_by_a_dying_server_is_an_event_like_any_other(yard: Yard) -> None:
    world = yard.running(yard.script("serve(0)"))
    world.do(Connect(0))
    until(world, opened(0))  # type: ignore[arg-type]
    world.do(ServerCommand("kill"))
    world.do(Send(0, b"hello?"))
    events = until(world, lambda events: any(isinstance(event, PeerClosed) for event in events))

    assert any(isinstance(event, PeerClosed) for event in events)
