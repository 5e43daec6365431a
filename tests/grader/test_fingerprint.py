"""Is it the submission that was graded before?"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import small_class

from chatsim.grader.fingerprint import fingerprint
from chatsim.grading.record import Student
from chatsim.submissions.submission import Submission


def of(path: Path) -> str:
    return fingerprint(Submission(Student("ann", "Ann"), path, "folder"))


def rename(folder: Path) -> None:
    (folder / "server.py").rename(folder / "srv.py")


def touch(folder: Path) -> None:
    os.utime(folder / "lib/talk.py", ns=(1, 1))


def grow(folder: Path) -> None:
    (folder / "lib/more.py").touch()


def shrink(folder: Path) -> None:
    (folder / "lib/talk.py").unlink()


def lead_elsewhere(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").symlink_to("lib/talk.py")


def lead_to_another_folder(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").symlink_to("lib")


CHANGES = [rename, touch, grow, shrink, lead_elsewhere, lead_to_another_folder]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = small_class.hand_in(tmp_path, "ann", {"server.py": "1", "lib/talk.py": "2", "b\udcff.py": "3"})
    (made / "link").symlink_to("nowhere, and it is no trouble")
    return made


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: str(change.__name__))
def test_whatever_was_written_since_is_seen(folder: Path, change: Callable[[Path], None]) -> None:
    before = of(folder)
    assert of(folder) == before

    change(folder)

    assert of(folder) != before


def test_looking_into_it_is_no_change(folder: Path) -> None:
    before = of(folder)
    (folder / ".git").mkdir()
    (folder / ".git/index").write_text("somebody has asked for its state")
    os.utime(folder, ns=(1, 1))

    assert of(folder) == before


def test_however_deep_somebody_has_dug_it_is_seen(folder: Path) -> None:
    deep = "d/" * 1_500  # more than Python goes into by recursion, and no more than a path may have
    try:
        subprocess.run(["mkdir", "-p", deep], cwd=folder, check=True)
        before = of(folder)
        (folder / deep / "treasure").touch()

        assert of(folder) != before
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_what_is_not_there_has_one_too(tmp_path: Path) -> None:
    assert of(tmp_path / "gone") == of(tmp_path / "gone")


def test_an_archive_is_known_by_its_own_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "ann.zip"
    path.write_bytes(b"PK")
    before = of(path)

    path.write_bytes(b"PK more")

    assert of(path) != before
