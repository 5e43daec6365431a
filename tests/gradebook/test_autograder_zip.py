"""The zip for Gradescope: unpacked and run as Gradescope documents it, in a folder of its own instead of /autograder."""

from __future__ import annotations

import io
import json
import re
import shutil
import stat
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from chatsim.errors import UsageError
from chatsim.gradebook.autograder import NEEDED_PYTHON, autograder_zip
from chatsim.gradebook.carried import REQUIRED, assignment_files, own_packages
from chatsim.grading.assignment import Assignment, Part, ServerRules
from chatsim.profile.reader import load_profile
from chatsim.scenario.reader import load_scenario

ROOT = Path(__file__).parents[2]

# In place of chatsim: it notes how it was called, and does what the submission says.
STANDIN = """\
import json, pathlib, sys
words = sys.argv[1:]
if words == ["--version"]:
    print("chatsim 0.0")
    sys.exit(0)
export = words[words.index("--export") + 1].partition("=")[2]
wish = json.loads((pathlib.Path(words[1]) / "wish.json").read_text())
pathlib.Path(words[1], "called.json").write_text(json.dumps(words))
print("secret words of the grader")
if wish["write"]:
    pathlib.Path(export).write_text('{"score": 1, "tests": []}')
sys.exit(wish["exit"])
"""

pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="there is no shell here")


def unpacked(root: Path, content: bytes) -> dict[str, str]:
    """As Gradescope lays it out; the environment to run it in: nothing of ours but a Python."""
    source = root / "source"
    source.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(source)
        for info in archive.infolist():
            (source / info.filename).chmod(stat.S_IMODE(info.external_attr >> 16))
    (root / "results").mkdir()
    (root / "submission").mkdir()
    shutil.copy(source / "run_autograder", root / "run_autograder")
    programs = root / "bin"
    programs.mkdir()
    # It sees no package but those of the zip.
    (programs / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', encoding="utf-8")
    (programs / "python3").chmod(0o755)
    (programs / "apt-get").write_text("#!/bin/sh\nexit 100\n", encoding="utf-8")  # no network, no packages
    (programs / "apt-get").chmod(0o755)
    return {"PATH": f"{programs}:/usr/bin:/bin", "AUTOGRADER_ROOT": str(root), "LANG": "C.UTF-8"}


def run(root: Path, what: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(root / what)], cwd=root, env=dict(environment), capture_output=True, text=True, timeout=100, check=False
    )


def standin(
    root: Path, assignment: str = "assignment.yaml", *, wish: object = None, unsafe: bool = False
) -> dict[str, str]:
    content = autograder_zip(assignment, {assignment: b"x"}, {"chatsim/__main__.py": STANDIN.encode()}, unsafe=unsafe)
    environment = unpacked(root, content)
    (root / "submission" / "wish.json").write_text(json.dumps(wish or {"write": True, "exit": 0}), encoding="utf-8")
    assert run(root, "source/setup.sh", environment).returncode == 0
    return environment


@pytest.mark.parametrize("exit_code", [0, 3])
def test_results_are_written_and_nothing_is_said(tmp_path: Path, exit_code: int) -> None:
    environment = standin(tmp_path, wish={"write": True, "exit": exit_code})

    done = run(tmp_path, "run_autograder", environment)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert json.loads((tmp_path / "results" / "results.json").read_text(encoding="utf-8"))["score"] == 1


@pytest.mark.parametrize("wish", [{"write": False, "exit": 0}, {"write": True, "exit": 4}, {"write": False, "exit": 5}])
def test_where_grading_fails_there_are_no_results_and_the_teacher_reads_why(tmp_path: Path, wish: object) -> None:
    environment = standin(tmp_path, wish=wish)
    (tmp_path / "results" / "results.json").write_text("old", encoding="utf-8")

    done = run(tmp_path, "run_autograder", environment)

    assert done.returncode == 1
    assert "could not grade this submission" in done.stdout and "secret words of the grader" in done.stdout
    assert not (tmp_path / "results" / "results.json").exists()


@pytest.mark.parametrize("name", ["assignment.yaml", 'it\'s $HOME `x`; rm -rf "a b".yaml'])
def test_chatsim_is_asked_for_one_submission_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    environment = standin(tmp_path, name)
    run(tmp_path, "run_autograder", environment)

    called = json.loads((tmp_path / "submission" / "called.json").read_text(encoding="utf-8"))

    assert called[:2] == ["grade", str(tmp_path / "submission")]
    assert called[called.index("--assignment") + 1] == str(tmp_path / "source" / "assignment" / name)
    assert "--single" in called and "--unsafe-no-sandbox" not in called


def test_only_who_asks_for_it_gets_servers_that_are_not_confined(tmp_path: Path) -> None:
    environment = standin(tmp_path, unsafe=True)
    run(tmp_path, "run_autograder", environment)

    assert "--unsafe-no-sandbox" in json.loads((tmp_path / "submission" / "called.json").read_text(encoding="utf-8"))


def test_a_python_that_is_too_old_is_told_when_the_image_is_built(tmp_path: Path) -> None:
    environment = unpacked(tmp_path, autograder_zip("a.yaml", {"a.yaml": b""}, {}))
    (tmp_path / "bin" / "python3").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    for minor in range(11, 20):
        (tmp_path / "bin" / f"python3.{minor}").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        (tmp_path / "bin" / f"python3.{minor}").chmod(0o755)

    done = run(tmp_path, "source/setup.sh", environment)

    assert done.returncode == 1
    assert "chatsim needs Python 3.11 or newer" in done.stderr


def test_the_same_files_give_the_same_zip_and_its_two_scripts_can_be_run() -> None:
    content = autograder_zip("a.yaml", {"a.yaml": b"1", "s/b.yaml": b"2"}, {"chatsim/x.py": b"3"}, setup="echo hello")

    assert content == autograder_zip(
        "a.yaml", {"s/b.yaml": b"2", "a.yaml": b"1"}, {"chatsim/x.py": b"3"}, setup="echo hello"
    )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        modes = {info.filename: (info.external_attr >> 16) & 0o777 for info in archive.infolist()}
        assert b"\necho hello\n" in archive.read("setup.sh")
    assert modes == {
        "setup.sh": 0o755,
        "run_autograder": 0o755,
        "assignment/a.yaml": 0o644,
        "assignment/s/b.yaml": 0o644,
        "packages/chatsim/x.py": 0o644,
    }


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "a\\b"])
def test_nothing_in_it_lies_outside(name: str) -> None:
    with pytest.raises(ValueError, match="outside"):
        autograder_zip("a.yaml", {"a.yaml": b"", name: b""}, {})


def test_what_it_carries_is_what_the_project_requires() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert [re.match(r"[A-Za-z0-9]+", word)[0] for word in project["dependencies"]] == list(REQUIRED)  # type: ignore[index]
    assert project["requires-python"] == ">=" + ".".join(map(str, NEEDED_PYTHON))


def test_chatsim_runs_from_the_zip_alone(tmp_path: Path) -> None:
    """With no package of this machine in reach, it plays a whole scenario."""
    scenario = (ROOT / "scenarios" / "lobby.yaml").read_bytes()
    environment = unpacked(tmp_path, autograder_zip("lobby.yaml", {"lobby.yaml": scenario}, own_packages()))
    built = run(tmp_path, "source/setup.sh", environment)
    assert (built.returncode, built.stdout.split()[:1]) == (0, ["chatsim"]), built.stderr

    played = subprocess.run(
        [str(tmp_path / "bin" / "python3"), "-m", "chatsim", "run", "assignment/lobby.yaml", "--seed", "7"],
        cwd=tmp_path / "source",
        env=environment | {"PYTHONPATH": str(tmp_path / "source" / "packages"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert played.returncode == 0, played.stdout + played.stderr
    assert played.stdout.startswith("PASSED")


ASSIGNMENT = """\
assignment: chat-1
title: "A chat server"
server: {find: server.py, command: "python3 {file} {port}", profile: lines}
parts:
  - {part: talking, title: "People talk", points: 6, scenario: talk.yaml, properties: delivery}
  - {part: zqsecret, title: "zqsecret title", points: 4, scenario: hidden/zqsecret.yaml, visible: never}
"""
TALK = "scenario: {}\nbots: [ann, bob]\nsteps:\n  - join: everyone\n  - chat: {{ann: {{count: 3}}}}\n"


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_it_grades_a_submission_without_a_network(tmp_path: Path) -> None:
    files = {
        "assignment.yaml": ASSIGNMENT.encode(),
        "talk.yaml": TALK.format("people talk").encode(),
        "hidden/zqsecret.yaml": TALK.format("zqsecret claim").encode(),
    }
    environment = unpacked(tmp_path, autograder_zip("assignment.yaml", files, own_packages()))
    (tmp_path / "submission" / "server.py").write_bytes((ROOT / "tests" / "servers" / "right_threads.py").read_bytes())
    built = run(tmp_path, "source/setup.sh", environment)
    assert built.returncode == 0, built.stderr

    alone = [*without_network(), str(tmp_path / "run_autograder")]
    done = subprocess.run(
        alone, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=110, check=False
    )
    if "can not be confined" in done.stdout or "bubblewrap" in done.stdout:
        pytest.skip(f"servers can not be confined here: {done.stdout[:200]}")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    results = json.loads((tmp_path / "results" / "results.json").read_text(encoding="utf-8"))
    assert [test["max_score"] for test in results["tests"]] == [6, 4]
    told = results["extra_data"]["chatsim"]
    assert (
        told["high"] == 10
    )  # on a machine that is too busy, nobody can tell; but a right server is never called wrong
    assert results["score"] == 10 or told["needs_review"]
    shown = json.dumps([results["output"], [test for test in results["tests"] if test["visibility"] != "hidden"]])
    assert "zqsecret" not in shown and str(tmp_path) not in shown
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["results.json"]


def without_network() -> list[str]:
    """A way to run something with no network but its own, where that is allowed."""
    alone = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0"']
    try:
        allowed = subprocess.run([*alone, "true"], capture_output=True, timeout=20, check=False).returncode == 0
    except OSError:
        allowed = False
    return alone if allowed else []


# --- the files of an assignment ----------------------------------------------------------------------------------------


def laid(folder: Path) -> Assignment:
    (folder / "room").mkdir()
    (folder / "base.yaml").write_text(
        'profile: base\nframing: newline\njoin: [{send: "{nick}"}]\nsays: "{text}"\nhears: "<{nick}> {text}"\n',
        encoding="utf-8",
    )
    (folder / "mine.yaml").write_text('profile: mine\nextends: "base.yaml"  # and no more\n', encoding="utf-8")
    (folder / "room" / "talk.yaml").write_text(
        "scenario: talk\nbots: [ann, bob]\nsteps:\n  - join: everyone\n  - chat: {ann: hello}\n", encoding="utf-8"
    )
    (folder / "notes.txt").write_text("not part of it", encoding="utf-8")
    (folder / "assignment.yaml").write_text("assignment: x\n", encoding="utf-8")
    return Assignment(
        "x",
        "x",
        ServerRules("./server {port}", profiles=(load_profile(str(folder / "mine.yaml")), load_profile("lines"))),
        (Part("talking", "", 1, (load_scenario(folder / "room" / "talk.yaml"),)),),  # type: ignore[arg-type]
        file=str(folder / "assignment.yaml"),
    )


def test_an_assignment_is_packed_with_all_that_it_names_and_nothing_else(tmp_path: Path) -> None:
    name, files = assignment_files(laid(tmp_path))

    assert name == "assignment.yaml"
    assert sorted(files) == ["assignment.yaml", "base.yaml", "mine.yaml", "room/talk.yaml"]
    assert files["assignment.yaml"] == b"assignment: x\n"


def test_a_file_that_is_gone_is_an_error_that_names_it(tmp_path: Path) -> None:
    assignment = laid(tmp_path)
    (tmp_path / "room" / "talk.yaml").unlink()

    with pytest.raises(UsageError, match=r"room/talk\.yaml can not be read: no such file"):
        assignment_files(assignment)
