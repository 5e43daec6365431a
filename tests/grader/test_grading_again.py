"""`chatsim grade` into a folder in which there is something already: what is taken over, and what is not.

Nobody here hands in a server that would have to be played: so it is quick.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import small_class
from school import ROOT, School

from chatsim.cli.class_grading import asked, grade_class
from chatsim.cli.files import Problems

EMPTY = {"readme.txt": "I was ill."}
LATE = small_class.ASSIGNMENT + "due: 2026-01-10 12:00 UTC\nlate: {per: 1 day, minus: 10 %}\n"


@pytest.fixture
def two(school: School) -> School:
    school.hand_in("ann", EMPTY)
    school.hand_in("bob", EMPTY)
    return school


def names(school: School, results: str = "grades") -> list[str]:
    return [line.split(",")[0] for line in school.book(results).splitlines()[1:]]


def record(school: School, key: str) -> Path:
    return school.folder / f"grades/students/{key}/record.json"


def test_fresh_forgets_and_grades_all_anew(two: School) -> None:
    two.grade("--quiet")
    shutil.rmtree(two.folder / "handed in/ann")

    again = two.grade("--fresh")

    assert "1 submission," in again.err
    assert names(two) == ["bob"]
    assert not (two.folder / "grades/pages/ann.md").exists()


def test_fresh_helps_where_something_is_damaged(two: School) -> None:
    two.grade("--quiet")
    record(two, "ann").write_text("{", encoding="utf-8")
    (two.folder / "grades/grading.json").write_text("", encoding="utf-8")
    assert two.grade().code == 2

    assert two.grade("--fresh").code == 0
    assert names(two) == ["ann", "bob"]


def test_fresh_forgets_nothing_that_is_no_result(two: School) -> None:
    precious = two.folder / "grades/students/thesis.tex"
    precious.parent.mkdir(parents=True)
    precious.write_text("precious")

    ended = two.grade("--fresh")

    assert ended.code == 2
    assert "grades is no folder of results: it holds students" in ended.err
    assert precious.exists()


def test_standard_output_is_the_exported_table_and_nothing_else(two: School) -> None:
    ended = two.grade("--export", "csv=-")

    assert ended.out == two.book()
    assert "2 graded. The class: grades/index.html, grades/grades.csv" in ended.err


def test_a_single_submission_may_be_named_by_a_link(two: School) -> None:
    (two.folder / "submission").symlink_to("handed in/ann")

    ended = two.call("grade", "submission", "--single", "--unsafe-no-sandbox", "--patience", "0.5")

    assert ended.code == 0
    assert "submission: no server found" in ended.err


def test_what_can_not_be_a_path_is_told_with_what_else_is_wrong(two: School) -> None:
    ended = two.call("grade", "x" * 300, "--jobs", "-1")

    assert ended.code == 2
    assert ended.err.splitlines()[0] == f"{'x' * 300} can not be read: file name too long"
    assert "--jobs can not be less than 0" in ended.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    ("where", "code"), [(">&-", 0), ("| true", 0), (">/dev/full", 2), (">&- 2>&-", 0), ("<&- >&- 2>&-", 0)]
)
def test_wherever_standard_output_leads_everybody_is_graded(two: School, where: str, code: int) -> None:
    line = f'"{sys.executable}" -m chatsim grade "handed in" --unsafe-no-sandbox --patience 0.5 --export csv=- {where}'
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=two.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == code, ended.stderr
    assert "chatsim itself failed" not in ended.stderr
    assert names(two) == ["ann", "bob"]


def test_what_can_not_be_written_in_the_end_is_told_in_the_beginning(two: School) -> None:
    ended = two.grade("--export", "csv=nowhere/x.csv", "--export", "json=.")

    assert (ended.code, ended.err.splitlines()[-3:]) == (2, ["there is no folder nowhere", "", ". is a folder"])
    assert not (two.folder / "grades").exists()


def test_what_is_damaged_of_somebody_else_is_told_before_anybody_is_graded(two: School) -> None:
    two.grade("--quiet", "--student", "ann")
    record(two, "ann").write_bytes(b"")

    ended = two.grade("--student", "bob")

    assert ended.code == 2
    assert "grades/students/ann/record.json can not be read" in ended.err
    assert "1 submission" not in ended.err


def test_a_first_assignment_that_can_not_be_written_is_told(two: School) -> None:
    (two.folder / "there").write_text("a file")

    ended = two.call("grade", "handed in", "--init", "-a", "there/assignment.yaml")

    assert (ended.code, ended.err) == (2, "there/scenarios: not a directory\n")


def test_without_room_for_temporary_files_nobody_is_graded(two: School) -> None:
    program = "import tempfile; tempfile._candidate_tempdir_list = lambda: ['/nowhere']; "
    program += "from chatsim.cli.main import entry; entry()"
    ended = subprocess.run(
        [sys.executable, "-c", program, "grade", "handed in", "--unsafe-no-sandbox"],
        cwd=two.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert "submissions can be unpacked nowhere: No usable temporary directory found" in ended.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes that have a name here")
def test_an_interrupt_before_anybody_is_graded_is_told_as_any_other(two: School) -> None:
    os.mkfifo(two.folder / "marks.yaml")
    process = two.start("grade", "handed in", "--unsafe-no-sandbox", "--marks", "marks.yaml")
    with (two.folder / "marks.yaml").open("w"):  # it is being read, and does not end
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert err.splitlines()[-1] == "Interrupted. What was finished is in grades; the same command goes on from there."


@pytest.mark.parametrize(
    ("options", "at_once"), [({"jobs": 40}, 2), ({"jobs": 1}, 1), ({"jobs": 40, "students": ("ann",)}, 2)]
)
def test_the_machine_is_measured_as_busy_as_it_will_be(
    two: School, monkeypatch: pytest.MonkeyPatch, options: dict[str, object], at_once: int
) -> None:
    measured: list[int] = []

    def patience_here(jobs: int) -> float:
        measured.append(jobs)
        return 1.0

    monkeypatch.setattr("chatsim.grader.calibrating.patience_here", patience_here)
    monkeypatch.chdir(two.folder)
    usual: dict[str, object] = dict.fromkeys(("submitted", "marks", "patience", "shard", "scheduler"))
    usual |= {"submissions": "handed in", "assignment": "assignment.yaml", "results": "grades", "sandbox": "none"}
    usual |= {"students": (), "export": (), "single": False, "fresh": False, "engine": "local", "quiet": True}
    call = asked(Problems(), **usual | options)
    assert call is not None
    grade_class(call)

    assert measured == [at_once]


def test_marks_may_be_about_who_is_not_graded_now(two: School) -> None:
    (two.folder / "marks.yaml").write_text("bob: {talking: {points: 2}}\n", encoding="utf-8")

    assert two.grade("--marks", "marks.yaml", "--student", "ann").code == 0
    assert names(two) == ["ann"]
    assert two.grade("--shard", "2/2").code == 0
    assert "bob,bob,2,2,2," in two.book()


@pytest.mark.parametrize("shard", ["3/2", "0/2", "1", "a/b", f"1/{'9' * 5000}"])
def test_what_is_no_part_of_a_class_is_told(two: School, shard: str) -> None:
    ended = two.grade("--shard", shard)

    assert ended.code == 2
    assert f"--shard {shard[:30]} is not I/N\nThe second of five parts: --shard 2/5" in ended.err


def test_what_a_grading_goes_by_and_what_it_has_written_is_no_submission(two: School) -> None:
    """As where somebody calls it in the folder of the class, with all that it needs among the students."""
    two.grade("--quiet", results="earlier")
    scenarios = two.folder / "scenarios"
    scenarios.mkdir()
    for name in ("talk.yaml", "drop.yaml"):
        (two.folder / name).rename(scenarios / name)
    text = small_class.ASSIGNMENT.replace("scenario: ", "scenario: scenarios/")
    (two.folder / "assignment.yaml").write_text(text, encoding="utf-8")
    for each in (two.folder / "handed in").iterdir():
        each.rename(two.folder / each.name)
    (two.folder / "handed in").rmdir()
    words = ["grade", ".", "--unsafe-no-sandbox", "--patience", "0.5"]

    first, again = two.call(*words), two.call(*words)

    assert names(two) == ["ann", "bob"]
    assert "passed over: earlier: results are kept there" in first.err
    assert "passed over: scenarios: it is part of the assignment" in first.err
    assert "passed over: grades: results are kept there" in again.err
    assert "submission," not in again.err


def test_a_student_called_like_the_page_of_another_harms_nobody(two: School) -> None:
    two.hand_in("ann.html", EMPTY)

    assert two.grade("--quiet").code == 0
    assert names(two) == ["ann", "ann_html", "bob"]


def test_whoever_asks_for_one_and_for_a_choice_is_told(two: School) -> None:
    ended = two.grade("--single", "--student", "ann")

    assert ended.code == 2
    assert "--single is about one submission; --student and --shard choose among several" in ended.err


@pytest.mark.parametrize("kind", ["canvas", "gradescope"])
def test_what_can_not_be_exported_in_the_end_is_refused_in_the_beginning(two: School, kind: str) -> None:
    ended = two.grade("--export", f"{kind}=x")

    assert ended.code == 2
    assert "submissions," not in ended.err
    assert not (two.folder / "grades").exists()


def test_who_was_graded_by_another_assignment_is_in_no_book_of_this_one(two: School) -> None:
    two.grade("--quiet")
    (two.folder / "assignment.yaml").write_text(small_class.ASSIGNMENT.replace("seed: 7", "seed: 8"), encoding="utf-8")

    ended = two.grade("--student", "ann")

    assert names(two) == ["ann"]
    assert "Left out: 1 who was graded by an earlier assignment, and not by this one." in ended.err


def test_points_are_not_counted_anew_from_other_runs_than_the_assignment_asks_for(two: School) -> None:
    two.grade("--quiet")
    (two.folder / "assignment.yaml").write_text(small_class.ASSIGNMENT.replace("seed: 7", "seed: 8"), encoding="utf-8")

    ended = two.call("export", "grades", "csv=-")

    assert (ended.code, ended.out) == (2, "")
    assert "assignment.yaml asks for other runs than were played for grades" in ended.err


def test_export_makes_no_folder_of_results(two: School) -> None:
    ended = two.call("export", "nowhere", "csv=-")

    assert ended.code == 2
    assert "nowhere holds no results" in ended.err
    assert not (two.folder / "nowhere").exists()


def test_another_part_of_the_class_into_the_same_folder_goes_on(two: School) -> None:
    two.grade("--quiet", "--shard", "1/2")

    ended = two.grade("--shard", "2/2")

    assert "another one than before" not in ended.err
    assert "1 submission," in ended.err
    assert names(two) == ["ann", "bob"]


def test_a_student_is_in_the_same_part_also_when_graded_alone(two: School) -> None:
    two.grade("--quiet", "--shard", "2/2", "--student", "bob", results="second")
    two.grade("--quiet", "--shard", "1/2", "--student", "bob", results="first")

    assert (names(two, "first"), names(two, "second")) == ([], ["bob"])


def test_who_comes_now_is_graded_by_what_is_there_now_and_it_is_told(two: School) -> None:
    two.grade("--quiet", "--student", "ann")
    head = two.folder / "grades/grading.json"
    plain = json.loads(head.read_text(encoding="utf-8"))
    head.write_text(json.dumps({**plain, "version": "0.0.1", "confinement": "bubblewrap", "machine": "a slow one"}))

    ended = two.grade()

    assert "Until now, chatsim was 0.0.1, and for who comes now it is " in ended.err
    assert "Until now, the sandbox was bubblewrap, and for who comes now it is none." in ended.err
    bob = json.loads(record(two, "bob").read_text(encoding="utf-8"))
    assert (bob["version"], bob["machine"]) == (plain["version"], plain["machine"])
    assert json.loads(head.read_text(encoding="utf-8"))["confinement"] == "none"


def test_a_date_that_is_put_right_counts_and_nothing_is_played_for_it(two: School) -> None:
    (two.folder / "assignment.yaml").write_text(LATE, encoding="utf-8")
    students = two.folder / "students.csv"

    def grade(submitted: str) -> str:
        students.write_text(f"student,source,submitted\nann,handed in/ann,{submitted}\n", encoding="utf-8")
        ended = two.call("grade", "students.csv", "--unsafe-no-sandbox", "--patience", "0.5")
        assert ended.code == 0, ended.err
        return ended.err

    grade("2026-01-11 14:00 UTC")
    assert two.book().splitlines()[1].split(",")[8:10] == ["26.00", "20"]
    told = grade("2026-01-10 11:00 UTC")

    assert "submission" not in told
    assert two.book().splitlines()[1].split(",")[8:10] == ["", ""]


def test_a_mistake_in_the_marks_is_told_before_anybody_is_graded(two: School) -> None:
    (two.folder / "marks.yaml").write_text("anna: {talking: {points: 2}}\n", encoding="utf-8")

    ended = two.grade("--marks", "marks.yaml")

    assert ended.code == 2
    assert "marks.yaml:1:1" in ended.err
    assert "submissions," not in ended.err
