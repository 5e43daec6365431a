"""The workflows in docs/ci.md are short, can be read, and their commands do what the document says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xmlschema
import yaml

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
WORKFLOWS = re.findall(r"^```yml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
(PROJECT,) = re.findall(r"^```toml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
INSTALL = "pip install chatsim"


def commands(workflow: str) -> list[str]:
    """What a runner would give to a shell, in turn."""
    return list(_commands(yaml.safe_load(workflow)))


def _commands(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("run", "script"):
                yield from [value] if isinstance(value, str) else value
            else:
                yield from _commands(value)
    elif isinstance(part, list):
        for value in part:
            yield from _commands(value)


def artifacts(part: Any) -> Iterator[str]:
    """The files that are kept, as patterns."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("path", "paths", "junit"):
                yield from [value] if isinstance(value, str) else value
            else:
                yield from artifacts(value)
    elif isinstance(part, list):
        for value in part:
            yield from artifacts(value)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A student's repository: a server with one mistake, its profile, a scenario, and what the document says."""
    example = ROOT / "docs" / "example"
    (tmp_path / "scenarios").mkdir()
    for source, name in (
        ("server.py", "server.py"),
        ("profile.yaml", "chat.yaml"),
        ("cut-off.yaml", "scenarios/a.yaml"),
    ):
        (tmp_path / name).write_bytes((example / source).read_bytes())
    tomllib.loads(PROJECT)
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    return tmp_path


def run(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    words = shlex.split(command)
    assert words[0] == "chatsim"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_there_is_one_for_each_server_that_is_named() -> None:
    assert [workflow.splitlines()[0] for workflow in WORKFLOWS] == [
        "# .github/workflows/chat.yml",
        "# .gitlab-ci.yml",
        "# .gitlab-ci.yml",
    ]


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_is_short_and_begins_with_the_installation(workflow: str) -> None:
    assert len(workflow.splitlines()) < 15
    assert commands(workflow)[0] == INSTALL
    assert len(commands(workflow)) == 2


@pytest.mark.parametrize("workflow", WORKFLOWS[:2])
def test_the_commands_of_a_workflow_find_the_mistake_and_leave_what_is_kept(workflow: str, project: Path) -> None:
    on_github = "github" in workflow.splitlines()[0]
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "summary.md", "GITHUB_WORKSPACE": str(project)}

    done = run(commands(workflow)[1], project, **(environment if on_github else {}))

    assert done.returncode == 1, done.stderr
    assert "FAILED  drop-notice" in done.stdout
    assert ("\n::error file=scenarios/a.yaml,line=6," in done.stdout) == on_github
    assert (project / "summary.md").exists() == on_github
    patterns = artifacts(yaml.safe_load(workflow))
    assert {file.name for pattern in patterns for file in project.glob(pattern)} == {"report.html", "report.xml"}
    xmlschema.validate((project / "report.xml").read_text(encoding="utf-8"), ROOT / "tests" / "report" / "xunit2.xsd")


def test_with_a_baseline_the_mistake_that_is_known_stops_no_build(project: Path) -> None:
    command = commands(WORKFLOWS[2])[1]
    (update,) = re.findall(r"`(chatsim run --baseline [^`]*--update-baseline)`", TEXT)

    assert run(command, project).returncode == 2  # nobody has written it yet
    assert run(update, project).returncode == 0
    again = run(command, project)

    assert again.returncode == 0
    assert "nothing got worse, 1 was known." in again.stdout
