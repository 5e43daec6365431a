"""Whole runs in a sandbox: right servers pass, wrong ones fail in the same way as outside."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chatsim.checks.verdict import Outcome
from chatsim.errors import ConfinementError, LimitError
from chatsim.profile.profile import Start
from chatsim.profile.reader import load_profile, read_profile
from chatsim.report.report import Report, Run
from chatsim.report.text import Style, render
from chatsim.runs import run
from chatsim.sandbox import landlock
from chatsim.sandbox.bounds import Bounds
from chatsim.sandbox.sandbox import Confinement, Sandbox
from chatsim.scenario.reader import load_scenario
from tests.servers.catalogue import WRONG, Wrong

ROOT = Path(__file__).parent.parent.parent
SERVERS = ROOT / "tests" / "servers"
# What is seen of processes, threads, sockets and memory: that is what a sandbox could stand before.
CHOSEN = ("clean-exit", "no-thread-leak", "no-socket-leak", "no-memory-leak", "stays-up", "nickname-released")


def play(server: str, scenario: Path, profile: str, sandbox: Sandbox, patience: float = 1.0) -> Run:
    start = Start(command=("python3", f"{server}.py", "{port}"), folder=str(SERVERS))
    spoken = replace(load_profile(profile), start=start)
    return run(load_scenario(scenario), spoken, seed=1, patience=patience, sandbox=sandbox)


@pytest.mark.parametrize("name", ["drops", "rejoin", "order", "restart", "churn"])
def test_a_right_server_fails_nothing(name: str, sandbox: Sandbox) -> None:
    played = play("right_threads", ROOT / "scenarios" / f"{name}.yaml", "lines", sandbox)

    assert (played.outcome, played.error) == (Outcome.PASSED, None), render(Report((played,)), Style())


@pytest.mark.parametrize(("patience", "seconds"), [(0.5, 60), (3.0, 180)])
def test_whoever_is_given_more_patience_may_use_a_processor_for_longer(
    patience: float, seconds: int, tmp_path: Path, sandbox: Sandbox
) -> None:
    shutil.copy(SERVERS / "right_threads.py", tmp_path)
    (tmp_path / "server.py").write_text(
        "import resource, runpy\n"
        "print('may use', resource.getrlimit(resource.RLIMIT_CPU)[0])\n"
        "runpy.run_path('right_threads.py', run_name='__main__')\n"
    )
    start = Start(command=("python3", "server.py", "{port}"), folder=str(tmp_path))
    spoken = replace(load_profile("lines"), start=start)
    played = run(load_scenario(ROOT / "scenarios" / "drops.yaml"), spoken, seed=1, patience=patience, sandbox=sandbox)

    assert played.outcome is Outcome.PASSED
    assert played.history is not None
    assert next(entry.detail["line"] for entry in played.history.of("out")) == f"may use {seconds}"
    assert sandbox.bounds.cpu == 60


@pytest.mark.parametrize("name", ["drops", "restart"])
def test_a_right_server_fails_nothing_where_there_are_neither_namespaces_nor_landlock(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can start a server as another user")
    monkeypatch.setattr(landlock, "version", lambda: 0)
    monkeypatch.setattr(Sandbox, "_finds_network", lambda self: False)
    with Sandbox("user") as bare:
        assert bare.cell().network is None
        played = play("right_threads", ROOT / "scenarios" / f"{name}.yaml", "lines", bare)

    assert (played.outcome, played.error) == (Outcome.PASSED, None), render(Report((played,)), Style())


@pytest.mark.parametrize("name", ["drops", "restart"])
def test_a_right_server_fails_nothing_where_nothing_is_confined(name: str) -> None:
    with Sandbox("none") as unsafe:
        played = play("right_threads", ROOT / "scenarios" / f"{name}.yaml", "lines", unsafe)

    assert (played.outcome, played.error) == (Outcome.PASSED, None), render(Report((played,)), Style())


@pytest.mark.parametrize(
    "wrong", [each for each in WRONG if set(each.expected) & set(CHOSEN)], ids=lambda each: each.name
)
def test_a_wrong_server_fails_the_same_as_outside(wrong: Wrong, sandbox: Sandbox) -> None:
    scenario = SERVERS / "scenarios" / f"{wrong.scenario}.yaml"
    played = play(wrong.server, scenario, wrong.profile, sandbox, wrong.patience)

    failed = {
        verdict.property: str(verdict.evidence) for verdict in played.verdicts if verdict.outcome is Outcome.FAILED
    }
    assert (played.error, failed) == (None, wrong.expected), render(Report((played,)), Style())


GREEDY = """
import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
kept = listener.accept()
{does}
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("does", "told"),
    [
        (
            "held = [bytearray(b'x' * 20_000_000) for _ in range(10)]",
            "the server used more than 100 MiB of memory and was ended",
        ),
        ("while True: pass", "the server used more than 1 second of a processor and was ended"),
        ("for n in range(400): open(str(n), 'w').close()", "the server made more than 300 files and was ended"),
    ],
)
def test_a_server_that_uses_too_much_is_ended_and_told_why(
    does: str, told: str, level: Confinement, tmp_path: Path
) -> None:
    (tmp_path / "server.py").write_text(GREEDY.format(does=does))
    start = Start(command=("python3", "server.py", "{port}"), folder=str(tmp_path))
    bounds = Bounds(memory=100 * 1024 * 1024, cpu=1, files=300)
    with Sandbox(level, bounds) as sandbox:
        played = run(
            load_scenario(ROOT / "scenarios" / "drops.yaml"),
            replace(load_profile("lines"), start=start),
            seed=1,
            sandbox=sandbox,
        )

    assert isinstance(played.error, LimitError)
    assert str(played.error) == told


def test_the_folder_is_fresh_for_each_run_and_the_original_is_left_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    source = (SERVERS / "right_threads.py").read_text()
    before = "import pathlib, sys\nif pathlib.Path('seen').exists(): sys.exit(9)\npathlib.Path('seen').touch()\n"
    future, rest = (
        source.split("from __future__ import annotations\n", 1) if "from __future__" in source else ("", source)
    )
    (tmp_path / "server.py").write_text(
        f"from __future__ import annotations\n{before}{rest}" if future else before + source
    )
    start = Start(command=("python3", "server.py", "{port}"), folder=str(tmp_path))
    spoken = replace(load_profile("lines"), start=start)

    for seed in (1, 2):
        played = run(load_scenario(ROOT / "scenarios" / "drops.yaml"), spoken, seed=seed, sandbox=sandbox)
        assert (played.outcome, played.error) == (Outcome.PASSED, None)
    assert [path.name for path in tmp_path.iterdir()] == ["server.py"]


def test_a_server_sees_nothing_of_chatsim(sandbox: Sandbox, tmp_path: Path) -> None:
    """All names in its environment, its mounts, its processes; at the levels without a view of its own, its environment."""
    looking = """
import os, sys, pathlib
def read(path):
    try:
        return pathlib.Path(path).read_text(errors="replace")
    except OSError:
        return ""
seen = [str(dict(os.environ)), read("/proc/self/environ"), os.getcwd()]
if VIEW:
    seen += [read(f"/proc/{pid}/{name}") for pid in os.listdir("/proc") if pid.isdigit() for name in ("cmdline", "environ")]
    seen += [read("/proc/self/mountinfo")]
    seen += [os.path.join(top, name) for top, folders, names in os.walk("/") if not top.startswith(("/proc", "/usr"))
             for name in (*folders, *names)]
looked_for = "chat" + "sim"
print("SEEN", len(seen), [each for each in seen if looked_for in each.lower()], flush=True)
"""
    looking = looking.replace("VIEW", str(sandbox.level == "bubblewrap"))
    (tmp_path / "server.py").write_text(looking)
    start = Start(command=("python3", "server.py", "{port}"), folder=str(tmp_path))
    played = run(
        load_scenario(ROOT / "scenarios" / "drops.yaml"),
        replace(load_profile("lines"), start=start),
        seed=1,
        sandbox=sandbox,
    )

    said = str(played.error)
    assert "SEEN" in said
    assert "chatsim" not in said.lower(), said


def test_it_ends_with_chatsim_however_that_ends(level: Confinement, tmp_path: Path) -> None:
    name = f"server_{os.urandom(6).hex()}.py"
    (tmp_path / name).write_text("import time\ntime.sleep(600)\n")
    program = f"""
from pathlib import Path
from chatsim.sandbox.sandbox import Sandbox
with Sandbox({level!r}) as sandbox:
    print(sandbox._temporary, flush=True)
    sandbox.run("python3 {name} & python3 {name}", Path({str(tmp_path)!r}), 60)
"""
    grader = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert grader.stdout is not None
    temporary = Path(grader.stdout.readline().strip())
    assert wait_until(lambda: sum(command_of(each).startswith(b"python3\0") for each in running(name)) == 2)
    grader.kill()
    grader.wait()
    grader.stdout.close()

    assert wait_until(lambda: not running(name))
    assert wait_until(lambda: not temporary.exists())


def test_its_folder_goes_with_chatsim_where_nothing_is_confined(tmp_path: Path) -> None:
    program = f"""
import signal, tempfile
tempfile.tempdir = {str(tmp_path)!r}
from chatsim.sandbox.sandbox import Sandbox
with Sandbox("none") as sandbox:
    sandbox.cell().folder.mkdir()
    print("there", flush=True)
    signal.pause()
"""
    grader = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert grader.stdout is not None
    grader.stdout.readline()
    assert list(tmp_path.iterdir())
    grader.kill()
    grader.wait()
    grader.stdout.close()

    assert wait_until(lambda: not list(tmp_path.iterdir()))


def test_an_interrupt_as_its_folder_is_made_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Path.mkdir

    def mkdir(folder: Path, mode: int = 0o777) -> None:
        made(folder, mode)
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Path, "mkdir", mkdir)

    with pytest.raises(KeyboardInterrupt):
        Sandbox("none").__enter__()
    assert not list(tmp_path.iterdir())


def test_where_no_folder_can_be_made_it_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def mkdir(folder: Path, mode: int = 0o777) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(folder))

    monkeypatch.setattr(Path, "mkdir", mkdir)

    with pytest.raises(ConfinementError, match=r"^no temporary folder can be made: no space left on device$"):
        Sandbox("none").__enter__()


def running(name: str) -> list[Path]:
    return [each for each in Path("/proc").iterdir() if each.name.isdigit() and name.encode() in command_of(each)]


def command_of(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def wait_until(condition: Callable[[], bool], patience: float = 30.0) -> bool:
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize("place", ["{socket}", "chat.sock", "@chat"])
@pytest.mark.parametrize("name", ["drops", "restart"])
def test_a_right_server_fails_nothing_at_a_unix_socket(name: str, place: str, sandbox: Sandbox) -> None:
    fixed = {"socket": place} if place != "{socket}" else {}
    start = Start(command=("python3", "lines_at_a_path.py", place), folder=str(SERVERS), **fixed)
    spoken = replace(
        read_profile("profile: at-a-path\nextends: lines\ntransport: unix\n", "at-a-path.yaml"), start=start
    )
    played = run(load_scenario(ROOT / "scenarios" / f"{name}.yaml"), spoken, seed=1, sandbox=sandbox)

    assert (played.outcome, played.error) == (Outcome.PASSED, None), render(Report((played,)), Style())


def test_a_path_that_leads_out_of_the_servers_folder_is_none_of_its_sockets(sandbox: Sandbox, tmp_path: Path) -> None:
    """Or its author has us remove, or speak to, somebody else's socket, with all our rights."""
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "run").symlink_to(tmp_path)
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(str(tmp_path / "s"))
        start = Start(command=("python3", "-c", "import time; time.sleep(9)"), folder=str(folder), socket="run/s")
        spoken = replace(read_profile("profile: p\nextends: lines\ntransport: unix\n", "p.yaml"), start=start)
        played = run(load_scenario(ROOT / "scenarios" / "drops.yaml"), spoken, seed=1, sandbox=sandbox)

        assert "leads out of its folder" in str(played.error)
        assert (tmp_path / "s").is_socket()


def test_a_server_in_a_terminal_has_one_in_there(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its controlling one, so that a Ctrl-C reaches it; and ordinary signals do, too."""
    source = (SERVERS / "right_threads.py").read_text(encoding="utf-8")
    (tmp_path / "server.py").write_text(
        "import os, sys\nassert sys.stdin.isatty() and os.tcgetpgrp(0) == os.getpgrp() == os.getpid()\n"
        + source.replace("from __future__ import annotations\n", "")
    )
    start = Start(command=("python3", "server.py", "{port}"), folder=str(tmp_path), terminal=True)
    spoken = replace(load_profile("lines"), start=start)
    played = run(load_scenario(ROOT / "scenarios" / "drops.yaml"), spoken, seed=1, sandbox=sandbox)

    assert (played.outcome, played.error) == (Outcome.PASSED, None), render(Report((played,)), Style())
