"""Files whole or not at all; readers who leave early; colours only where they are wanted."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from chatsim.cli.terminal import colours, tell, unwritable, whole_file
from chatsim.errors import UsageError


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


def test_a_terminal_that_was_closed_is_a_reader_who_has_gone() -> None:
    pty = pytest.importorskip("pty")
    theirs, ours = pty.openpty()
    os.close(theirs)
    with open(ours, "w", encoding="utf-8") as terminal:  # noqa: PTH123 - a descriptor
        tell("to nobody", terminal)
        tell("nor this", terminal)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_where_there_is_no_room_it_is_an_error() -> None:
    with Path("/dev/full").open("w") as full, pytest.raises(UsageError, match="could not be written: No space left"):
        tell("too much", full)


def test_what_can_not_be_written_is_known_before(tmp_path: Path) -> None:
    assert unwritable(str(tmp_path)) == f"{tmp_path} is a folder"
    assert "no folder" in (unwritable(str(tmp_path / "nowhere" / "x")) or "")
    assert unwritable(str(tmp_path / "x")) is None
    assert unwritable("-") is None


def test_a_file_in_a_folder_that_takes_no_draft_of_it_is_known_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "report.json"
    report.touch()
    monkeypatch.setattr(os, "access", lambda place, _: Path(place) != tmp_path)

    assert unwritable(str(report)) == f"{report} may not be written"
    assert unwritable(os.devnull) is None


@pytest.mark.parametrize(
    ("terminal", "wanted", "environment", "coloured"),
    [
        (True, "auto", {}, True),
        (False, "auto", {}, False),
        (True, "auto", {"TERM": "dumb"}, False),
        (True, "auto", {"NO_COLOR": "1"}, False),
        (True, "auto", {"NO_COLOR": ""}, True),
        (False, "auto", {"FORCE_COLOR": "1"}, True),
        (False, "auto", {"FORCE_COLOR": ""}, False),
        (False, "auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        (True, "auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (False, "always", {"NO_COLOR": "1"}, True),
        (True, "never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours_are_as_they_are_wanted_and_else_for_terminals(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, wanted: str, environment: dict[str, str], coloured: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)

    assert colours(wanted=wanted) == coloured


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "ann → “жук” … ✓\n"),
        ("ascii", 'ann -> "\\u0436\\u0443\\u043a" ... v\n'),
        ("koi8-r", 'ann -> "жук" ... v\n'),
    ],
)
def test_what_is_told_is_written_in_what_can_be_shown(tmp_path: Path, encoding: str, shown: str) -> None:
    with (tmp_path / "out").open("w+", encoding=encoding) as stream:
        tell("ann → “жук” … ✓", stream)
        stream.seek(0)

        assert stream.read() == shown
