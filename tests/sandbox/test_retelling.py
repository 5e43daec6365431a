"""What a server printed is told without where things lie: relative to its folder, and the interpreter's library by its name."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from chatsim.profile.profile import Start
from chatsim.profile.reader import load_profile
from chatsim.report.report import Report
from chatsim.report.text import Style, render
from chatsim.runs import run
from chatsim.sandbox.retelling import retelling
from chatsim.sandbox.sandbox import Sandbox
from chatsim.scenario.reader import load_scenario

ROOT = Path(__file__).parent.parent.parent
HERE = "/tmp/room-ab/1/server"
RETOLD = retelling((HERE, "/home/student/server"), "/home/student", "/tmp/room-ab/1/scratch")


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        (f'  File "{HERE}/pkg/server.py", line 3, in handle', '  File "pkg/server.py", line 3, in handle'),
        ('  File "/home/student/server/server.py", line 3', '  File "server.py", line 3'),
        ("file:///home/student/server/server.mjs:4", "server.mjs:4"),
        ("    at /home/student/server/server.js:4:11", "    at server.js:4:11"),
        (f"I am in {HERE}, and see {HERE}/", "I am in ., and see ./"),
        ("/tmp/room-ab/1/scratch/x and /home/student/.cache", "/tmp/x and ~/.cache"),
        ('  File "/usr/lib/python3.11/asyncio/streams.py", line 1', '  File "python3.11/asyncio/streams.py", line 1'),
        ('File "/opt/a b/lib/python3.13t/socket.py", line 1', 'File "python3.13t/socket.py", line 1'),
        ("from 'socket' (/opt/a/lib64/python3.13/socket.py)", "from 'socket' (python3.13/socket.py)"),
        ("/root/.pyenv/versions/3.9/lib/python3.9/json/__init__.py", "python3.9/json/__init__.py"),
        ("/usr/bin/python3: can't open file '/home/student/server/x.py'", "python3: can't open file 'x.py'"),
    ],
)
def test_a_path_is_told_as_the_author_of_the_server_knows_it(printed: str, told: str) -> None:
    assert RETOLD(printed) == told


@pytest.mark.parametrize(
    "said",
    [
        "ann: hello",
        "either/or, 1/2, http://host/home/student/server/x",
        f"{HERE}2/server.py /srv{HERE}/x",
        "see /etc/passwd and /usr/bin/python3",
        "lib/python3.11/socket.py",
    ],
)
def test_what_is_no_such_path_is_left_as_it_is(said: str) -> None:
    assert RETOLD(said) == said


SERVER = """import os, sys, traceback
print(os.getcwd(), os.path.abspath("data.txt"), flush=True)
try:
    import json
    json.loads("{")
except ValueError:
    traceback.print_exc()
import right_threads
right_threads.ChatServer().run(int(sys.argv[1]))
"""


def told_of(sandbox: Sandbox, folder: Path) -> str:
    shutil.copy(ROOT / "tests" / "servers" / "right_threads.py", folder)
    (folder / "server.py").write_text(SERVER)
    start = Start(command=("python3", "server.py", "{port}"), folder=str(folder))
    spoken = replace(load_profile("lines"), start=start)
    played = run(load_scenario(ROOT / "scenarios" / "drops.yaml"), spoken, seed=1, sandbox=sandbox)
    assert played.history is not None
    lines = [str(entry.detail["line"]) for entry in played.history.of("out")]
    assert lines[0] == ". data.txt"
    return "\n".join((*lines, *played.server_words, render(Report((played,)), Style(2))))


def test_nothing_of_this_machine_is_seen_of_a_server_that_prints_traces(sandbox: Sandbox, tmp_path: Path) -> None:
    told = told_of(sandbox, tmp_path)

    assert 'File "server.py", line 5' in told
    assert '/json/__init__.py", line' in told
    assert "/usr/" not in told and "/home/" not in told and "room-" not in told


def test_nor_where_nothing_is_confined(tmp_path: Path) -> None:
    with Sandbox("none") as unsafe:
        told = told_of(unsafe, tmp_path)

    assert 'File "server.py", line 5' in told
    assert "/usr/" not in told and "room-" not in told


def test_nor_of_a_build(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text("def main(:\n")

    done = sandbox.run("pwd; python3 -m py_compile server.py; python3 $PWD/server.py", tmp_path, 20)

    assert done.output.startswith(b".\n")
    assert b"/home/" not in done.output and bytes(tmp_path) not in done.output and b"room-" not in done.output
