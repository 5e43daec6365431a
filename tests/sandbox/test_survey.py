"""What a machine offers is found out by trying it; where the best is not to be had, the next one is, and it is said why."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from chatsim.errors import ConfinementError
from chatsim.sandbox import bubblewrap, landlock
from chatsim.sandbox.sandbox import Sandbox
from chatsim.sandbox.survey import best_level, levels, survey, why_not

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only on Linux are servers confined")


def refusing(folder: Path) -> str:
    """A bubblewrap that does what it does in a container that forbids it."""
    program = folder / "bwrap"
    program.write_text('#!/bin/sh\necho "bwrap: Creating new namespace failed: Operation not permitted" >&2\nexit 1\n')
    program.chmod(0o755)
    return str(program)


def test_where_bubblewrap_is_refused_the_next_level_is_taken_and_it_is_said_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bubblewrap, "program", lambda: refusing(tmp_path))
    found = survey()

    assert found.offers[0].level == "bubblewrap"
    assert "Operation not permitted" in found.offers[0].why
    assert "namespaces" in found.offers[0].hint or "container" in found.offers[0].hint
    assert found.best == levels()[1] if not why_not(levels()[1]).why else found.best == "none"


def test_where_bubblewrap_is_not_installed_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "program", lambda: None)
    offer = why_not("bubblewrap")

    assert offer.why == "bubblewrap is not installed"
    assert "apt install bubblewrap" in offer.hint


def test_where_nothing_is_to_be_had_the_best_level_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "program", lambda: None)
    if os.geteuid() == 0:
        pytest.skip("root can always start a server as another user")
    monkeypatch.setattr(landlock, "version", lambda: 0)

    assert best_level() == "none"


def test_a_server_that_could_not_be_confined_is_nobodys_fault_and_was_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bubblewrap, "program", lambda: refusing(tmp_path))
    folder = tmp_path / "folder"
    folder.mkdir()
    with Sandbox("bubblewrap") as sandbox, pytest.raises(ConfinementError, match="Operation not permitted"):
        sandbox.run("touch started", folder, 10)

    assert not (folder / "started").exists()


def test_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    """Also where temporary files are in a place that nobody else gets to."""
    program = "from chatsim.sandbox.survey import survey; print(survey().best)"
    tmp_path.chmod(0o700)
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == best_level()
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_another_user_gets_to_its_folder_wherever_ours_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can start a server as another user")
    tmp_path.chmod(0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    assert why_not("user").why == ""
