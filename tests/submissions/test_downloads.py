"""What learning systems give: whose each thing is, and when it came."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from chatsim.errors import UsageError
from chatsim.submissions import Class, PassedOver, Submission, Unpacked, find, unpack
from chatsim.submissions.moments import moment


def zip_of(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_py", ".py"), data)
    return buffer.getvalue()


def laid(place: Path, how: str, files: dict[str, bytes], *, around: str = "") -> Path:
    """The same download as the zip that it comes in, or as the folder that somebody has unpacked it to."""
    if how == "zip":
        path = place / "download.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(around + name, data)
        return path
    path = place / "download"
    for name, data in files.items():
        (path / around / name).parent.mkdir(parents=True, exist_ok=True)
        (path / around / name).write_bytes(data)
    return path


def landed(place: Path, submission: Submission) -> dict[str, str]:
    result = unpack(submission, place / "targets" / submission.student.key)
    assert isinstance(result, Unpacked), result
    return {
        path.relative_to(result.folder).as_posix(): path.read_text()
        for path in result.folder.rglob("*")
        if path.is_file()
    }


def keys(found: Class) -> list[tuple[str, str]]:
    return [(each.student.key, each.student.name) for each in found.submissions]


HOW = pytest.mark.parametrize("how", ["zip", "folder"])


@HOW
def test_moodle_with_folders(tmp_path: Path, how: str) -> None:
    path = laid(
        tmp_path,
        how,
        {
            "Anna Lee_12345_assignsubmission_file_/chat.zip": zip_of(chat__server_py=b"1"),
            "Иван Петров_12346_assignsubmission_file/server.py": b"2",
            "Иван Петров_12346_assignsubmission_file/lib/room.py": b"3",
            "Anna Lee_12347_assignsubmission_file_/server.py": b"4",
            "Bo Li_12348_assignsubmission_onlinetext_/onlinetext.html": b"<p>it is on my disk",
            "Participant_12349_assignsubmission_file_/server.py": b"5",
            "Participant_12350_assignsubmission_file_/server.py": b"6",
            "notes.txt": b"",
        },
    )

    found = find(path)

    assert found.system == "Moodle"
    first, second, bo, participant, other, ivan = found.submissions
    assert keys(found) == [
        ("Anna_Lee_12345", "Anna Lee 12345"),
        ("Anna_Lee_12347", "Anna Lee 12347"),
        ("Bo_Li", "Bo Li"),
        ("Participant_12349", "Participant 12349"),
        ("Participant_12350", "Participant 12350"),
        ("Иван_Петров", "Иван Петров"),
    ]
    assert landed(tmp_path, first) == {"server.py": "1"}
    assert landed(tmp_path, second) == {"server.py": "4"}
    assert landed(tmp_path, other) == {"server.py": "6"}
    assert landed(tmp_path, ivan) == {"server.py": "2", "lib/room.py": "3"}
    assert landed(tmp_path, bo) == {"onlinetext.html": "<p>it is on my disk"}
    assert landed(tmp_path, participant) == {"server.py": "5"}
    assert found.passed_over == (PassedOver("notes.txt", "it is not named as what students hand in by Moodle"),)


@HOW
def test_moodle_without_folders(tmp_path: Path, how: str) -> None:
    path = laid(
        tmp_path,
        how,
        {
            "Anna Lee_12345_assignsubmission_file_server.py": b"1",
            "Anna Lee_12345_assignsubmission_file_room.py": b"2",
            "Anna Lee_12345_assignsubmission_onlinetext_onlinetext.html": b"see there",
            "Bo Li_12346_assignsubmission_file_my_chat_2.zip": zip_of(server_py=b"3"),
        },
    )

    anna, bo = find(path).submissions

    assert landed(tmp_path, anna) == {"server.py": "1", "room.py": "2", "onlinetext.html": "see there"}
    assert landed(tmp_path, bo) == {"server.py": "3"}


@HOW
def test_canvas(tmp_path: Path, how: str) -> None:
    path = laid(
        tmp_path,
        how,
        {
            "leeanna_123_4567_chat-2.zip": zip_of(server_py=b"1"),
            "libo_LATE_124_4568_server-1.py": b"2",
            "libo_LATE_124_4569_room-1.py": b"3",
            "petrov_125_4570_a-1.py": b"4",
            "petrov_125_4571_a-2.py": b"5",
            "zoe_126_text.html": b"sorry",
            "grades.csv": b"",
        },
    )

    found = find(path)

    assert found.system == "Canvas"
    assert found.passed_over == (PassedOver("grades.csv", "it is not named as what students hand in by Canvas"),)
    anna, bo, petrov, zoe = found.submissions
    assert [each.marked_late for each in found.submissions] == [False, True, False, False]
    assert landed(tmp_path, anna) == {"server.py": "1"}
    assert landed(tmp_path, bo) == {"server.py": "2", "room.py": "3"}
    assert landed(tmp_path, petrov) == {"a-1.py": "4", "a-2.py": "5"}
    assert landed(tmp_path, zoe) == {"text.html": "sorry"}


def test_canvas_without_names(tmp_path: Path) -> None:
    path = laid(tmp_path, "zip", {"anon_aB3dE_4567_server.py": b"1", "anon_zz9ZZ_4568_server.py": b"2"})

    assert keys(find(path)) == [("anon_aB3dE", "anon aB3dE"), ("anon_zz9ZZ", "anon zz9ZZ")]


def test_files_that_are_not_all_named_by_canvas_are_not_taken_for_its(tmp_path: Path) -> None:
    path = laid(tmp_path, "folder", {"leeanna_123_4567_chat.py": b"1", "bo.py": b"2"})

    assert find(path).system == ""


METADATA = b"""---
submission_21:
  :submitters:
  - :name: Anna Lee
    :sid: '0123'
    :email: anna@uni.edu
  :created_at: 2026-11-20 12:30:00.123456000 -08:00
  :score: 3.0
  :results: &1
    tests: !ruby/array:Some::Class
    - name: no
  :history:
  - :id: 1
    :results: *1
submission_22:
  :submitters:
  - :name: Bo Li
    :sid: '0124'
  - :name: Carl
    :sid:
    :email: carl@uni.edu
  :created_at: 2026-11-20 20:31:00.000000000 Z
submission_23:
  :submitters: []
submission_24:
  :submitters:
  - :name: Dora
"""


@HOW
@pytest.mark.parametrize("around", ["", "assignment_9_export/"])
def test_gradescope(tmp_path: Path, how: str, around: str) -> None:
    files = {
        "submission_metadata.yml": METADATA,
        "submission_21/server.py": b"1",
        "submission_22/chat/server.py": b"2",
        "submission_23/server.py": b"3",
        "submission_25/server.py": b"4",
    }

    found = find(laid(tmp_path, how, files, around=around))

    assert found.system == "Gradescope"
    assert [(each.student.name, each.submitted) for each in found.submissions] == [
        ("Anna Lee", moment("2026-11-20 20:30 Z")),
        ("Bo Li", moment("2026-11-20 20:31 Z")),
        ("Carl", moment("2026-11-20 20:31 Z")),
    ]
    assert [landed(tmp_path, each) for each in found.submissions] == [
        {"server.py": "1"},
        {"server.py": "2"},
        {"server.py": "2"},
    ]
    assert found.passed_over == (
        PassedOver("submission_23", "submission_metadata.yml does not say whose it is"),
        PassedOver("submission_24", "submission_metadata.yml names it, and it is not there"),
        PassedOver("submission_25", "submission_metadata.yml does not name it"),
    )


@pytest.mark.parametrize("text", ["[1, 2]", "a: b", "a: [", "a: !!python/object/apply:os.system ['true']", "\x00"])
def test_metadata_that_gradescope_did_not_write_are_refused_and_do_nothing(tmp_path: Path, text: str) -> None:
    path = laid(tmp_path, "folder", {"submission_metadata.yml": text.encode(), "submission_1/x": b""})

    with pytest.raises(UsageError, match=r"submission_metadata\.yml can not be read"):
        find(path)


def test_a_pattern_of_ones_own_is_asked_instead(tmp_path: Path) -> None:
    path = laid(tmp_path, "folder", {"leeanna_123_4567_chat.py": b"1", "libo_124_4568_server.py": b"2"})

    found = find(path, "{student}_*")

    assert (found.system, [key for key, _ in keys(found)]) == ("", ["leeanna", "libo"])


def test_a_zip_that_no_system_made_is_the_submission_of_one_student(tmp_path: Path) -> None:
    path = laid(tmp_path, "zip", {"server.py": b"1", "lib/b.py": b"2"})

    (submission,) = find(path).submissions

    assert (submission.student.key, submission.kind) == ("download", "archive")
    assert landed(tmp_path, submission) == {"server.py": "1", "lib/b.py": "2"}


def test_names_in_a_download_that_lead_out_do_not(tmp_path: Path) -> None:
    path = laid(
        tmp_path,
        "zip",
        {
            "Anna_12345_assignsubmission_file_/../../evil": b"x",
            "Anna_12345_assignsubmission_file_/server.py": b"1",
            "../Bo_12346_assignsubmission_file_/server.py": b"x",
        },
    )

    (anna,) = find(path).submissions

    assert landed(tmp_path, anna) == {"server.py": "1"}
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["download.zip", "targets"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-02 00:00 Z", 86_400),
        ("1970-01-02 00:00:01.999999000 +0000", 86_401),
        ("1970-01-02T01:00:00+01:00", 86_400),
        ("1970-01-01 23:00:00 -01", 86_400),
        ("1970-01-02 00:00:00 UTC", 86_400),
        ("1970-01-02 00:00", None),
        ("1970-13-02 00:00 Z", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_time_is_one_only_with_its_zone(text: str, seconds: float | None) -> None:
    assert moment(text) == seconds
