"""`--export FORMAT=F`: read, refused, and written whole or not at all."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from chatsim.cli.class_books import Books
from chatsim.cli.exporting import FORMATS, INTO_A_TABLE, OF_ONE, Table, exports, refuse_what_needs_one, write
from chatsim.errors import UsageError
from chatsim.gradebook.graded import Graded
from chatsim.grading.assignment import Assignment, ServerRules
from chatsim.grading.points import grade
from chatsim.grading.record import Student, SubmissionRecord

NOTHING = Assignment("chat-1", "A chat server", ServerRules("python server.py {port}"), ())


def books(*names: str) -> Books:
    records = [SubmissionRecord(Student(name, name.title()), "no-server", settled=True) for name in names]
    return Books(NOTHING, tuple(Graded(each, grade(NOTHING, each)) for each in records), now=0.0)


def test_a_file_s_name_may_hold_what_it_likes() -> None:
    assert exports(["csv=a=b.csv", "json=-"]) == (("csv", "a=b.csv"), ("json", "-"))


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        exports(["pdf=x", "csv", "csv=", "moodle=x"], table=False)

    told = str(caught.value)
    assert [word in told for word in ("pdf=x is not", "csv is not", "csv= is not", "moodle writes points")] == [
        True
    ] * 4


def test_a_table_can_be_written_into_where_there_is_one() -> None:
    assert exports(["canvas=x"]) == (("canvas", "x"),)


@pytest.mark.parametrize("kind", sorted(INTO_A_TABLE))
def test_without_a_table_nothing_is_written_into_it(kind: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has exported itself"):
        write(kind, str(tmp_path / "x"), books("ann"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", sorted(FORMATS.keys() - INTO_A_TABLE - {"classroom50"}))
def test_every_format_of_a_class_or_of_one_is_written(kind: str, tmp_path: Path) -> None:
    write(kind, str(tmp_path / "x"), books("ann"))

    assert (tmp_path / "x").stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("kind", sorted(FORMATS.keys() - INTO_A_TABLE))
def test_what_is_about_one_submission_is_refused_for_two_and_nothing_else(kind: str, tmp_path: Path) -> None:
    two = books("ann", "bob")
    if kind not in OF_ONE:
        refuse_what_needs_one([(kind, "x")], 2)
        write(kind, str(tmp_path / "x"), two)
        return

    with pytest.raises(UsageError, match="is about one submission, and there are 2"):
        refuse_what_needs_one([(kind, "x")], 2)
    with pytest.raises(UsageError, match="is about one submission, and there are 2"):
        write(kind, str(tmp_path / "x"), two)
    assert not (tmp_path / "x").exists()


def test_what_can_not_be_written_is_told_and_what_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(UsageError, match="can not be written: is a directory"):
        write("csv", str(tmp_path / "folder"), books("ann"))
    with pytest.raises(UsageError, match="can not be written: no such file or directory"):
        write("csv", str(tmp_path / "nowhere/x.csv"), books("ann"))
    with pytest.raises(UsageError, match="can not be written: file name too long"):
        write("csv", str(tmp_path / ("x" * 300)), books("ann"))
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_an_interrupt_leaves_no_half_of_an_export(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(path: Path, to: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)

    with pytest.raises(KeyboardInterrupt):
        write("csv", str(tmp_path / "x.csv"), books("ann"))
    assert not list(tmp_path.iterdir())


def test_a_pipe_gets_no_mark_of_byte_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="utf-8"))

    write("csv", "-", books("ann"))
    write("csv", str(tmp_path / "x.csv"), books("ann"))

    assert (tmp_path / "x.csv").read_bytes() == "\ufeff".encode() + buffer.getvalue()


def test_points_go_into_the_table_that_was_exported(tmp_path: Path) -> None:
    table = Table(b"Identifier,Full name,Email address,Grade\r\n1,Ann,ann@x.org,\r\n", "moodle.csv", "")

    write("moodle", str(tmp_path / "x.csv"), books("ann"), table)

    assert "Ann" in (tmp_path / "x.csv").read_text(encoding="utf-8-sig")
