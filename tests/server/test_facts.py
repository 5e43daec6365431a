"""What a server looks like from outside: its threads and what each has worked, its descriptors, its memory, in which
runtime it runs. Each server is a real one; nothing is asked of it."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from chatsim.network.network import Close, Connect, Facts, Inspect, Type
from chatsim.server import inspect, life, listening, processes, runtimes, work
from chatsim.server.inspect import Onlooker
from chatsim.server.processes import ProcessTree
from chatsim.world import World

from .conftest import Yard, at_last, printed, until

COMPILER = shutil.which("cc")
needs_cc = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler here")
needs_linux = pytest.mark.skipif(not processes.HAS_PROC, reason="only Linux tells it")
needs_waiting = pytest.mark.skipif(not work.TELLS_WAITING, reason="this kernel does not count what threads wait")

SPIN = """
def spin():
    while True: pass
threading.Thread(target=spin, daemon=True).start()
serve(0)
"""

C_SERVER = r"""
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
static int listener;
static void *serve(void *nothing) { for (;;) accept(listener, 0, 0); return nothing; }
int main(void) {
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  pthread_t thread;
  listener = socket(AF_INET, SOCK_STREAM, 0);
  bind(listener, (struct sockaddr *)&here, sizeof here);
  pthread_create(&thread, 0, serve, 0);
  listen(listener, 5);
  END;
}
"""
GO_NOTE = r"""
__asm__(".pushsection .note.go.buildid,\"a\",%note\n.long 4, 8, 4\n.ascii \"Go\\0\\0\"\n.ascii \"abcdefg\\0\"\n.popsection");
"""


def looked(world: World, *, work: bool = False) -> Facts:
    world.do(Inspect(1, work))
    [facts] = [event for event in world.poll(world.now()) if isinstance(event, Facts)]
    return facts


def facts_of(world: World) -> dict[str, Any]:
    return dict(looked(world).facts)


def load_of(world: World, seconds: float) -> float:
    """How much of one processor its threads wanted, all together, in a window of time."""
    before = looked(world, work=True)
    until(world, lambda events: False, patience=seconds)
    after = looked(world, work=True)
    done = [used - before.facts["work"].get(thread, ["", 0.0])[1] for thread, (_, used) in after.facts["work"].items()]
    return float(sum(done)) / (after.at - before.at)


def connected(world: World, *sessions: int) -> None:
    for session in sessions:
        world.do(Connect(session))


def compiled(yard: Yard, text: str) -> str:
    assert COMPILER is not None
    source, program = yard.folder / "server.c", yard.folder / "server"
    source.write_text(text)
    subprocess.run([COMPILER, "-pthread", "-o", program, source], check=True)
    return shlex.quote(str(program))


# --- what its threads have worked


@needs_waiting
def test_a_thread_that_spins_wants_all_of_a_processor(yard: Yard) -> None:
    world = yard.running(yard.script(SPIN))

    assert at_last(lambda: 0.9 < load_of(world, 0.2) < 1.1)
    assert looked(world, work=True).facts["cpu_only"] is False


@needs_waiting
def test_a_child_that_spins_beside_it_counts_as_well(yard: Yard) -> None:
    world = yard.running(yard.script("child = os.fork()\nwhile not child: pass\n" + SPIN))

    assert at_last(lambda: 1.8 < load_of(world, 0.2) < 2.2)


@needs_waiting
def test_one_that_waits_wants_nothing(yard: Yard) -> None:
    world = yard.running(yard.script("serve(0)"))
    until(world, printed("listening"))

    assert at_last(lambda: load_of(world, 0.2) < 0.02)


@needs_linux
def test_each_thread_has_its_number_and_its_name_of_the_moment(yard: Yard) -> None:
    name = "import ctypes; ctypes.CDLL(None).prctl(15, input().encode())\nprint('named', flush=True)\n"
    serving = "threading.Thread(target=serve, args=[0]).start()\n"
    world = yard.running(yard.script(f"{serving}while True:\n  " + name.replace("\n", "\n  ")))

    def name_of_main() -> str:
        told = looked(world, work=True).facts["work"]
        [main] = [thread for thread in told if len(set(thread.split("/"))) == 1]
        return str(told[main][0])

    before = name_of_main()
    names = []
    for wanted in ("reader", "writer"):
        world.do(Type(wanted))
        until(world, printed("named"))
        names.append(name_of_main())

    assert before.startswith("python")
    assert names == ["reader", "writer"]


def test_work_is_told_on_demand_only(yard: Yard) -> None:
    world = yard.running(yard.script("serve(0)"))

    assert "work" not in facts_of(world)
    assert "cpu_only" not in facts_of(world)


def test_where_the_kernel_does_not_count_waiting_there_is_the_time_on_a_processor(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "TELLS_WAITING", False)
    world = yard.running(yard.script(SPIN))

    assert looked(world, work=True).facts["cpu_only"] is True
    assert at_last(lambda: 0.1 < load_of(world, 0.3) < 1.3)


# --- what it holds


def test_threads_and_descriptors_follow_those_who_come_and_go(yard: Yard) -> None:
    world = yard.running(yard.script("serve(0)"))
    before = facts_of(world)
    connected(world, 1, 2, 3)

    def more() -> tuple[int, int]:
        until(world, lambda events: False, patience=0.01)
        now = facts_of(world)
        return now["threads"] - before["threads"], now["fds"] - before["fds"]

    assert at_last(lambda: more() == (3, 3))
    world.do(Close(2))
    assert at_last(lambda: more() == (2, 2))
    world.do(Close(1))
    world.do(Close(3))
    assert at_last(lambda: more() == (0, 0))


@needs_linux
def test_a_daemon_that_has_left_parent_group_and_session_is_counted_with_all_that_it_holds(yard: Yard) -> None:
    hold = "kept = [socket.socket() for _ in range(7)]; memory = bytearray(30_000_000)"
    rest = "[threading.Thread(target=time.sleep, args=[600]).start() for _ in range(4)]; os.write(there, b'!')"
    daemon = f"os.fork() and os._exit(0); {hold}; {rest}; time.sleep(600)"
    fork = f"told, there = os.pipe()\nif not os.fork(): os.setsid(); {daemon}\nos.wait()\n"
    alone = facts_of(yard.running(yard.script("told, there = os.pipe()\nserve(0)", "alone.py")))
    both = facts_of(yard.running(yard.script(f"{fork}os.read(told, 1)\nserve(0)")))

    assert both["children"] == 1
    assert both["threads"] == alone["threads"] + 5
    assert both["fds"] == 2 * alone["fds"] + 7
    assert both["rss"] > alone["rss"] + 30_000_000


def test_children_that_have_ended_are_counted_until_they_are_waited_for(yard: Yard) -> None:
    """A server that forks for each client and never waits fills the table of processes."""
    ended = "for _ in range(3): os.fork() or os._exit(0)\n"
    waiting = "def wait():\n  input(); os.wait(); print('waited', flush=True); input()\n"
    world = yard.running(yard.script(f"{ended}{waiting}threading.Thread(target=wait).start()\nserve(0)"))

    assert at_last(lambda: facts_of(world)["threads"] == 2)
    assert facts_of(world)["children"] == 3
    world.do(Type(""))
    until(world, printed("waited"))
    assert facts_of(world)["children"] == 2


@needs_linux
def test_where_one_process_may_not_be_looked_into_no_number_of_descriptors_is_told(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = yard.running(yard.script("serve(0)"))
    listdir = os.listdir

    def guarded(folder: str) -> list[str]:
        if str(folder).endswith("/fd"):
            raise PermissionError
        return listdir(folder)

    monkeypatch.setattr(os, "listdir", guarded)

    assert "fds" not in facts_of(world)


@needs_cc
@needs_linux
def test_a_c_server_whose_first_thread_has_ended_is_alive_and_seen_whole(yard: Yard) -> None:
    world = yard.running(compiled(yard, C_SERVER.replace("END", "pthread_exit(0)")))
    facts = facts_of(world)

    assert world.address is not None
    assert (facts["alive"], facts["listening"], facts["threads"], facts["children"]) == (True, True, 1, 0)
    assert facts["fds"] >= 4
    assert facts["rss"] > 100_000
    assert facts["runtimes"] == []


@needs_linux
def test_elsewhere_psutil_tells_the_same(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    world = yard.running(yard.script("serve(0)"))
    until(world, printed("listening"))
    here = looked(world, work=True).facts
    for module in (inspect, life, listening, processes, runtimes, work):
        monkeypatch.setattr(module, "HAS_PROC", False)
    there = looked(world, work=True).facts

    assert set(there) == set(here)
    assert {**there, "rss": 0, "cpu": 0, "work": 0, "cpu_only": 0} == {
        **here,
        "rss": 0,
        "cpu": 0,
        "work": 0,
        "cpu_only": 0,
    }
    assert abs(there["rss"] - here["rss"]) < 1_000_000
    assert set(there["work"]) == set(here["work"])


# --- in which runtime it runs


def test_a_python_server_is_python(yard: Yard) -> None:
    assert facts_of(yard.running(yard.script("serve(0)")))["runtimes"] == ["python"]


def test_behind_a_shell_it_is_still_python(yard: Yard) -> None:
    world = yard.running(["/bin/sh", "-c", yard.script("serve(0)") + "; true"])  # type: ignore[arg-type]

    assert facts_of(world)["runtimes"] == ["python"]


@needs_linux
def test_a_shell_that_becomes_python_is_python_from_then_on(yard: Yard) -> None:
    with watched(["/bin/sh", "-c", f"read x; exec {shlex.quote(sys.executable)} -ISc 'input()'"]) as (
        process,
        onlooker,
    ):
        assert process.stdin is not None
        before = onlooker.facts(1)["runtimes"]
        process.stdin.write(b"go\n")
        process.stdin.flush()

        assert before == []
        assert at_last(lambda: onlooker.facts(1)["runtimes"] == ["python"])


@needs_cc
def test_a_c_server_has_none(yard: Yard) -> None:
    assert facts_of(yard.running(compiled(yard, C_SERVER.replace("END", "pause()"))))["runtimes"] == []


@needs_cc
@needs_linux
def test_a_program_with_gos_build_id_is_go(yard: Yard) -> None:
    assert facts_of(yard.running(compiled(yard, GO_NOTE + C_SERVER.replace("END", "pause()"))))["runtimes"] == ["go"]


@needs_cc
@needs_linux
def test_a_launcher_is_what_it_has_loaded(yard: Yard) -> None:
    """Also if that happens late: a runtime has threads, and when there are more of them it is looked at again."""
    library, source = yard.folder / "libjvm.so", yard.folder / "empty.c"
    source.write_text("int nothing;")
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-o", library, source], check=True)
    load = f'getchar(); dlopen("{library}", RTLD_NOW); pthread_create(&thread, 0, serve, 0); pause()'
    world = yard.running(compiled(yard, "#include <dlfcn.h>\n" + C_SERVER.replace("END", load)))
    before = facts_of(world)["runtimes"]
    world.do(Type(""))

    assert before == []
    assert at_last(lambda: facts_of(world)["runtimes"] == ["java"])


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")
def test_a_node_server_is_node(yard: Yard) -> None:
    script = yard.folder / "server.js"
    script.write_text("require('net').createServer(() => {}).listen(0, '127.0.0.1');")

    assert facts_of(yard.running(f"node {shlex.quote(str(script))}"))["runtimes"] == ["node"]


@pytest.mark.skipif(shutil.which("javac") is None, reason="there is no Java compiler here")
def test_a_java_server_is_java(yard: Yard) -> None:
    script = yard.folder / "Server.java"
    script.write_text(
        "public class Server { public static void main(String[] a) throws Exception {"
        ' new java.net.ServerSocket(0, 5, java.net.InetAddress.getByName("127.0.0.1")).accept(); } }'
    )

    assert facts_of(yard.running(f"java {shlex.quote(str(script))}"))["runtimes"] == ["java"]


@pytest.mark.parametrize(
    ("program", "runtime"),
    [
        *((name, "python") for name in ("python", "python3", "python3.11", "python3.13t", "python3.12d", "Python")),
        *((name, "pypy") for name in ("pypy", "pypy3", "pypy3.10", "pypy3.10-c")),
        *((name, "node") for name in ("node", "nodejs")),
        ("java", "java"),
        ("dotnet", "dotnet"),
        ("mono-sgen", "mono"),
        ("deno", "deno"),
        ("bun", "bun"),
        ("ruby3.3", "ruby"),
        ("beam.smp", "erlang"),
        ("dart", "dart"),
        ("python3.11 (deleted)", "python"),
        ("pythonic", ""),
        ("nodes", ""),
        ("javac", ""),
        ("a.out", ""),
    ],
)
def test_the_name_of_the_program_tells_the_runtime(monkeypatch: pytest.MonkeyPatch, program: str, runtime: str) -> None:
    monkeypatch.setattr(runtimes, "_program", lambda process: f"/usr/bin/{program}")
    nobody = processes.Process(pid=0, parent=0, group=0, session=0, began=0, threads=1, rss=0, cpu=0, folder="/nowhere")

    assert runtimes.Runtimes().of(nobody) == runtime


def test_of_a_process_that_may_not_be_known_no_runtime_is_told() -> None:
    nobody = processes.Process(pid=0, parent=0, group=0, session=0, began=0, threads=1, rss=0, cpu=0, folder="/nowhere")

    assert runtimes.Runtimes().those([nobody]) is None


@contextlib.contextmanager
def watched(command: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], Onlooker]]:
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        try:
            yield process, Onlooker(ProcessTree(process.pid, "nobody's"))
        finally:
            process.kill()
