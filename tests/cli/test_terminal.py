"""Files whole or not at all; readers who leave early; colours only where they are wanted."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from chatsim.cli.terminal import colours, unwritable, whole_file


def test_a_file_takes_its_name_when_all_is_written(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")

    with whole_file(str(target)) as file:
        file.write("new")
        assert target.read_text() == "old"

    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_what_stood_there_stays_if_writing_fails(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")

    with pytest.raises(ZeroDivisionError), whole_file(str(target)) as file:
        file.write("half")
        raise ZeroDivisionError

    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    target, link = tmp_path / "real.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)

    with whole_file(str(link)) as file:
        file.write("new")

    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_device_is_written_to_and_not_replaced() -> None:
    with whole_file(os.devnull) as file:
        file.write("anything")

    assert not Path(os.devnull).is_file()


def test_what_can_not_be_written_is_known_before(tmp_path: Path) -> None:
    assert unwritable(str(tmp_path)) == f"{tmp_path} is a folder"
    assert "no folder" in (unwritable(str(tmp_path / "nowhere" / "x")) or "")
    assert unwritable(str(tmp_path / "x")) is None
    assert unwritable("-") is None


def test_colours_are_for_terminals_and_never_against_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert colours()

    monkeypatch.setenv("NO_COLOR", "1")
    assert not colours()

    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    assert not colours()
