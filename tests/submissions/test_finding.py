"""What was handed in is found, each with its student; nothing is lost, and nothing is guessed."""

from __future__ import annotations

import errno
import os
import zipfile
from pathlib import Path

import pytest

from chatsim.errors import UsageError
from chatsim.submissions import Class, PassedOver, Refused, find, unpack


def made(folder: Path, *names: str) -> Path:
    """Files, and folders where a name ends with a slash."""
    for name in names:
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".zip"):
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("server.py", "")
        else:
            path.write_text("")
    return folder


def told(found: Class) -> dict[str, tuple[str, str]]:
    return {each.student.key: (each.kind, each.origin) for each in found.submissions}


def test_folders_archives_and_single_files_are_submissions_and_the_rest_is_told(tmp_path: Path) -> None:
    made(tmp_path, "Anna Lee/", "ben.zip", "carl.tar.gz", "dora.py", "emil.rar", "README.md", "grades.csv", "program")
    (tmp_path / "link").symlink_to("ben.zip")
    os.mkfifo(tmp_path / "pipe")

    found = find(tmp_path)

    assert told(found) == {
        "Anna_Lee": ("folder", "Anna Lee"),
        "ben": ("archive", "ben.zip"),
        "carl": ("archive", "carl.tar.gz"),
        "dora": ("file", "dora.py"),
        "emil": ("archive", "emil.rar"),
        "program": ("file", "program"),
    }
    assert found.passed_over == (
        PassedOver("README.md", "it is a document, and no program"),
        PassedOver("grades.csv", "it is a document, and no program"),
        PassedOver("link", "it is a link, and could lead anywhere"),
        PassedOver("pipe", "it is neither a folder nor a file"),
    )


def test_a_folder_that_can_not_be_looked_into_is_its_own_students_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may look into all of them, so it is only told that it may not."""
    made(tmp_path, "anna/server.py", "ben/server.py")
    plain = os.stat

    def stat(path: object, **how: object) -> object:
        if str(path).startswith(f"{tmp_path}/anna/"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return plain(path, **how)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "stat", stat)

    assert told(find(tmp_path)) == {"anna": ("folder", "anna"), "ben": ("folder", "ben")}


def test_what_machines_left_is_passed_over_in_silence(tmp_path: Path) -> None:
    made(
        tmp_path, "anna.zip", ".hidden/", ".DS_Store", "__MACOSX/", "Thumbs.db", "~$report.doc", ".git/", "ben.zip.part"
    )

    found = find(tmp_path)

    assert told(found) == {"anna": ("archive", "anna.zip")}
    assert found.passed_over == ()


def test_the_pattern_says_whose_it_is_and_what_does_not_fit_is_told(tmp_path: Path) -> None:
    made(tmp_path, "anna_chat.zip", "ben_v2/", "carl.zip")

    found = find(tmp_path, "{student}_*")

    assert told(found) == {"anna": ("archive", "anna_chat.zip"), "ben": ("folder", "ben_v2")}
    assert found.passed_over == (PassedOver("carl.zip", 'its name does not fit "{student}_*"'),)


def test_a_pattern_may_have_the_end_of_the_name_in_it(tmp_path: Path) -> None:
    made(tmp_path, "hw1-anna.zip", "hw1-ben.py")

    assert told(find(tmp_path, "hw1-{student}.zip")) == {"anna": ("archive", "hw1-anna.zip")}


def test_two_submissions_of_one_student_are_a_result_and_no_choice(tmp_path: Path) -> None:
    made(tmp_path, "anna_1.zip", "anna_2/", "ben_1.zip", "ben_2.zip", "ben_3.zip", "carl_1.zip")

    anna, ben, carl = find(tmp_path, "{student}_*").submissions

    assert (anna.kind, anna.told) == (
        "several",
        "There are two submissions: anna_1.zip and anna_2. Which of them counts?",
    )
    assert ben.told == "There are three submissions: ben_1.zip, ben_2.zip and ben_3.zip. Which of them counts?"
    assert carl.kind == "archive"


def test_one_name_in_two_spellings_of_unicode_is_one_student(tmp_path: Path) -> None:
    made(tmp_path, "Zo\u00eb.zip", "Zoe\u0308.py")
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system takes both names for one")

    (zoe,) = find(tmp_path).submissions

    assert zoe.kind == "several"


def test_no_time_of_a_file_is_taken_for_that_of_handing_in(tmp_path: Path) -> None:
    made(tmp_path, "anna.zip", "ben/server.py")

    assert [each.submitted for each in find(tmp_path).submissions] == [None, None]


def test_the_submission_of_one_student_is_a_class_of_one(tmp_path: Path) -> None:
    made(tmp_path, "anna.zip", "ben.py")

    assert told(find(tmp_path / "anna.zip")) == {"anna": ("archive", "anna.zip")}
    assert told(find(tmp_path / "ben.py")) == {"ben": ("file", "ben.py")}
    (tmp_path / "link").symlink_to("ben.py")
    assert told(find(tmp_path / "link")) == {"ben": ("file", "ben.py")}


def test_a_folder_without_any_submission_is_told_with_what_lies_there(tmp_path: Path) -> None:
    made(tmp_path, "empty/", "class/README.md", "class/anna.zip", "class/.DS_Store")

    with pytest.raises(UsageError) as empty:
        find(tmp_path / "empty")
    with pytest.raises(UsageError) as none_fits:
        find(tmp_path / "class", "{student}_*")

    assert str(empty.value) == f"there is no submission in {tmp_path / 'empty'}"
    assert str(none_fits.value) == (
        f"there is no submission in {tmp_path / 'class'}\n"
        'Passed over: README.md (it is a document, and no program), anna.zip (its name does not fit "{student}_*")'
    )


def test_what_names_do_to_a_terminal_is_spelled_out(tmp_path: Path) -> None:
    made(tmp_path, "a\x1b[31m.zip", "b\x1b[2J.md")

    found = find(tmp_path)

    assert found.submissions[0].origin == "a\\x1b[31m.zip"
    assert found.submissions[0].student.name == "a[31m"
    assert found.passed_over[0].name == "b\\x1b[2J.md"


def test_dots_in_the_names_of_folders_and_repositories_are_part_of_them(tmp_path: Path) -> None:
    made(tmp_path, "anna.lee/", *(f"bo.li.git/{name}" for name in ("HEAD", "objects/x", "refs/x")))

    assert [each.student.name for each in find(tmp_path).submissions] == ["anna.lee", "bo.li"]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        find(tmp_path / "gone")
    with pytest.raises(UsageError, match="once"):
        find(tmp_path, "{students}")


def test_a_damaged_archive_that_is_named_alone_is_a_result_as_in_a_class(tmp_path: Path) -> None:
    made(tmp_path, "anna.zip")
    (tmp_path / "anna.zip").write_bytes((tmp_path / "anna.zip").read_bytes().replace(b"PK\x01\x02", b"PK\x01\x03"))

    (submission,) = find(tmp_path / "anna.zip").submissions
    result = unpack(submission, tmp_path / "target")

    assert isinstance(result, Refused)
    assert "damaged" in result.told
