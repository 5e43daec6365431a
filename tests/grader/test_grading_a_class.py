"""`chatsim grade`, from what was handed in to a book of grades; disturbed in every way, with the same grades."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import small_class
from school import School

HERE = Path(__file__).parent

BOOK = """\
key,name,points,low,high,of,state,review,late_hours,late_percent,part:talking,part:dropping
broken,broken,0,0,0,10,not-started,,,,0,0
echoing_twice,echoing twice,0,0,0,10,played,,,,0,0
empty,empty,0,0,0,10,no-server,,,,0,0
forgetful,forgetful,4,4,4,10,played,,,,4,0
right,right,10,10,10,10,played,,,,4,6
"""


def golden(name: str, told: str) -> str:
    file = HERE / f"golden/{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(told, encoding="utf-8")
    return file.read_text(encoding="utf-8")


def in_general(told: str) -> str:
    """Without what differs from run to run: how long it takes, and who is ready first."""
    lines = re.sub(r"  \(about \d+ \w+ left\)", "", told).splitlines()
    lines = [re.sub(r"^  \d+ of (\d+)  ", r"  # of \1  ", line) for line in lines]
    for first in [number for number, line in enumerate(lines) if " submission" in line]:
        last = next((n for n in range(first + 1, len(lines)) if not lines[n].startswith("  ")), len(lines))
        lines[first + 1 : last] = sorted(lines[first + 1 : last])
    return "\n".join(lines) + "\n"


def test_a_class_is_graded_each_by_what_its_server_does(a_whole_class: School) -> None:
    ended = a_whole_class.grade("--jobs", "1")  # of several at a time, it is the machine's affair who disturbs whom

    assert a_whole_class.book() == BOOK
    assert ended.code == 0
    told = f"{ended.out}--- standard error\n{in_general(ended.err)}"
    assert told == golden("a class", told)


def test_everybody_gets_a_page_and_whoever_grades_an_overview(a_whole_class: School) -> None:
    a_whole_class.grade("--quiet")

    grades = a_whole_class.folder / "grades"
    keys = {"broken", "echoing_twice", "empty", "forgetful", "right"}
    assert {path.stem for path in (grades / "pages").glob("*.html")} == keys
    assert {path.stem for path in (grades / "pages").glob("*.md")} == keys
    overview = (grades / "index.html").read_text(encoding="utf-8")
    assert all(f'href="students/{key}.html"' in overview for key in keys)
    assert all((grades / f"students/{key}.html").exists() for key in keys)
    assert "chatsim run drop.yaml --server 'python server.py {port}' --profile profile.yaml --seed 7" in (
        grades / "pages/forgetful.md"
    ).read_text(encoding="utf-8")
    assert json.loads((grades / "grades.json").read_text(encoding="utf-8"))["students"][4]["points"] == 10


def test_called_again_it_plays_nothing_and_says_the_same(a_whole_class: School) -> None:
    first = a_whole_class.grade()
    again = a_whole_class.grade()

    assert "submission" not in again.err
    assert (again.code, again.out) == (first.code, first.out)
    assert a_whole_class.book() == BOOK


def test_who_has_handed_in_anew_or_later_is_graded_and_nobody_else(a_whole_class: School) -> None:
    a_whole_class.grade("--quiet")
    a_whole_class.hand_in("forgetful", small_class.SERVERS["right"])
    a_whole_class.hand_in("late one", small_class.SERVERS["right"])

    again = a_whole_class.grade()

    assert "2 submissions" in again.err
    assert "forgetful,forgetful,10,10,10," in a_whole_class.book()
    assert "late_one,late one,10,10,10," in a_whole_class.book()


def test_other_points_are_counted_and_another_seed_grades_everybody_anew(a_whole_class: School) -> None:
    a_whole_class.grade("--quiet")
    path = a_whole_class.folder / "assignment.yaml"

    path.write_text(small_class.ASSIGNMENT.replace("points: 4", "points: 14"), encoding="utf-8")
    counted = a_whole_class.grade()
    assert "submission" not in counted.err
    assert "right,right,20,20,20,20," in a_whole_class.book()

    path.write_text(small_class.ASSIGNMENT.replace("seed: 7", "seed: 8"), encoding="utf-8")
    played = a_whole_class.grade()
    assert "The assignment is another one than before: everybody is graded anew." in played.err
    assert a_whole_class.book() == BOOK


def test_one_student_can_be_graded_alone(a_whole_class: School) -> None:
    ended = a_whole_class.grade("--student", "echoing twice", "--student", "right")

    assert [line.split(",")[0] for line in a_whole_class.book().splitlines()[1:]] == ["echoing_twice", "right"]
    assert ended.code == 0
    missing = a_whole_class.grade("--student", "nobody")
    assert (missing.code, missing.err.splitlines()[-2:]) == (
        2,
        [
            "there is no submission of nobody in handed in",
            "There are: broken, echoing twice, empty, forgetful, right",
        ],
    )
    nearly = a_whole_class.grade("--student", "forgetfull")
    assert (nearly.code, nearly.err.splitlines()[-1]) == (2, "Did you mean forgetful?")


def test_one_student_is_graded_anew_and_the_others_keep_what_they_have(school: School) -> None:
    for name in ("right", "other"):
        school.hand_in(name, small_class.SERVERS["right"])
    school.grade("--quiet")
    book = school.book()

    again = school.grade("--fresh", "--student", "other")

    assert "1 of 1  other" in again.err
    assert "right" not in again.err
    assert school.book() == book


def test_a_server_that_never_listens_costs_its_own_points_alone(school: School) -> None:
    school.hand_in("sleeper", {"server.py": "import time\ntime.sleep(3600)\n"})
    school.hand_in("right", small_class.SERVERS["right"])

    ended = school.grade()

    assert ended.code == 0
    assert [line.split(",")[:3] for line in school.book().splitlines()[1:]] == [
        ["right", "right", "10"],
        ["sleeper", "sleeper", "0"],
    ]


# --- disturbed ---------------------------------------------------------------------------------------------------------


def all_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """It and all that it has started."""
    first = psutil.Process(process.pid)
    return [first, *first.children(recursive=True)]


def command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has ended since
        return ""


@pytest.mark.timeout(300)
def test_killed_at_twenty_moments_it_ends_with_the_same_book(a_whole_class: School) -> None:
    moments = random.Random(20)
    kills = 0
    words: list[str] = []
    while kills < 20:
        process = a_whole_class.start(
            *["grade", "handed in", "--unsafe-no-sandbox", "--patience", "0.5", "--quiet", *words]
        )
        try:
            assert process.wait(moments.uniform(0.2, 2.5)) == 0
            words = ["--fresh"]  # it was quicker: once more from the beginning
            process.communicate()
            continue
        except subprocess.TimeoutExpired:
            pass
        everybody = all_of(process)
        process.kill()
        process.communicate()
        kills += 1
        words = []
        _, alive = psutil.wait_procs(everybody, timeout=20)
        assert not alive

    assert a_whole_class.grade("--quiet").code == 0
    assert a_whole_class.book() == BOOK


def test_a_worker_that_is_killed_costs_nobody_anything(a_whole_class: School) -> None:
    process = a_whole_class.start("grade", "handed in", "--unsafe-no-sandbox", "--patience", "0.5", "--jobs", "2")
    assert process.stderr is not None
    line = ""
    while "  1 of 5" not in line:
        line = process.stderr.readline()
    workers = [each for each in all_of(process) if "chatsim.jobs" in command_of(each)]
    assert workers
    workers[0].kill()
    process.communicate(timeout=120)

    assert process.returncode == 0
    assert a_whole_class.book() == BOOK


def test_ctrl_c_keeps_what_was_finished_and_the_same_command_goes_on(a_whole_class: School) -> None:
    process = a_whole_class.start("grade", "handed in", "--unsafe-no-sandbox", "--patience", "0.5")
    assert process.stderr is not None
    line = ""
    while "  2 of 5" not in line:
        line = process.stderr.readline()
    everybody = all_of(process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert err.splitlines()[-1] == "Interrupted. What was finished is in grades; the same command goes on from there."
    _, alive = psutil.wait_procs(everybody, timeout=20)
    assert not alive
    known = len(a_whole_class.book().splitlines()) - 1
    assert known >= 2
    assert a_whole_class.grade("--quiet").code == 0
    assert a_whole_class.book() == BOOK


@pytest.mark.timeout(300)
def test_with_all_processors_busy_the_grades_are_the_same(a_whole_class: School) -> None:
    a_whole_class.grade("--quiet", results="quiet")
    spinning = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(len(os.sched_getaffinity(0)))
    ]
    try:
        a_whole_class.grade("--quiet", results="busy")
    finally:
        for each in spinning:
            each.kill()
            each.wait()
    a_whole_class.grade("--quiet", results="quiet again")

    assert a_whole_class.book("quiet") == a_whole_class.book("busy") == a_whole_class.book("quiet again") == BOOK


# --- in parts ----------------------------------------------------------------------------------------------------------


def test_graded_in_parts_and_merged_it_is_the_same_class(a_whole_class: School) -> None:
    for part in ("1/2", "2/2"):
        a_whole_class.grade("--quiet", "--shard", part, results=f"part {part[0]}")
    assert len(a_whole_class.book("part 1").splitlines()) + len(a_whole_class.book("part 2").splitlines()) == 7

    ended = a_whole_class.call("merge", "part 1", "part 2", "-o", "whole")

    assert ended.code == 0, ended.err
    assert a_whole_class.book("whole") == BOOK


@pytest.mark.timeout(300)
def test_graded_in_a_cluster_it_is_the_same_class(a_whole_class: School) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'chatsim[dask]'")
    from distributed import LocalCluster

    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=1,
        threads_per_worker=2,
        dashboard_address=None,
        host="127.0.0.1",
        local_directory=a_whole_class.folder,
    ) as cluster:
        ended = a_whole_class.grade("--engine", "dask", "--scheduler", cluster.scheduler_address)

    assert ended.code == 0, ended.err
    assert a_whole_class.book() == BOOK


def test_a_cluster_that_nobody_answers_for_is_told(a_whole_class: School) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'chatsim[dask]'")

    ended = a_whole_class.grade("--engine", "dask", "--scheduler", "nonsense")

    assert ended.code == 2
    assert "no Dask scheduler answers at nonsense" in ended.err


# --- what is wrong -----------------------------------------------------------------------------------------------------


def test_all_that_is_wrong_with_a_call_is_told_at_once(a_whole_class: School) -> None:
    ended = a_whole_class.call(
        *["grade", "nowhere", "-a", "none.yaml", "--jobs", "-1", "--patience", "0", "--shard", "3/2"],
        *["--engine", "cloud", "--sandbox", "tin foil", "--export", "pdf=x"],
    )

    assert ended.code == 2
    assert ended.err == golden("a wrong call", ended.err)


def test_results_do_not_go_where_something_else_lies(a_whole_class: School) -> None:
    (a_whole_class.folder / "grades").mkdir()
    (a_whole_class.folder / "grades/thesis.tex").write_text("precious")

    ended = a_whole_class.grade()

    assert ended.code == 2
    assert "grades is no folder of results: it holds thesis.tex" in ended.err


def test_a_patience_that_is_another_than_it_was_for_others_is_refused(a_whole_class: School) -> None:
    a_whole_class.grade("--quiet", "--student", "empty")

    ended = a_whole_class.call("grade", "handed in", "--unsafe-no-sandbox", "--patience", "3")

    assert ended.code == 2
    assert "grades was begun with --patience 0.5, and is the same for everybody" in ended.err


# --- autograders -------------------------------------------------------------------------------------------------------


def test_a_single_submission_is_graded_for_an_autograder(a_whole_class: School) -> None:
    ended = a_whole_class.call(
        *["grade", "handed in/forgetful", "--single", "--quiet", "--unsafe-no-sandbox", "--patience", "0.5"],
        *["--export", "gradescope=results.json", "--export", "vpl=-"],
    )

    assert ended.code == 0
    assert json.loads((a_whole_class.folder / "results.json").read_text(encoding="utf-8"))["score"] == 4
    assert ended.out.splitlines()[-1] == "Grade :=>> 4"


def test_points_are_counted_anew_without_playing(a_whole_class: School) -> None:
    a_whole_class.grade("--quiet")
    (a_whole_class.folder / "marks.yaml").write_text('empty: {talking: {points: 2, comment: "was ill"}}\n')

    ended = a_whole_class.call("export", "grades", "csv=-", "--marks", "marks.yaml")

    assert ended.code == 0, ended.err
    assert "empty,empty,2,2,2," in ended.out


def test_what_was_left_out_of_a_submission_stands_on_its_page(school: School) -> None:
    school.hand_in("ann", small_class.SERVERS["right"])
    (school.folder / "handed in/ann/secret").symlink_to("/etc/passwd")

    school.grade("--quiet")

    assert "secret" in (school.folder / "grades/pages/ann.md").read_text(encoding="utf-8")
    assert "ann,ann,10,10,10," in school.book()


def test_a_build_that_digs_too_deep_is_removed_all_the_same(school: School) -> None:
    build = "import os\\nfor _ in range(3000): os.mkdir('d'), os.chdir('d')"
    text = small_class.ASSIGNMENT.replace("server: {", f'server: {{build: "printf \\"{build}\\" | python3", ')
    (school.folder / "assignment.yaml").write_text(text, encoding="utf-8")
    school.hand_in("mole", small_class.SERVERS["right"])
    temporary = school.folder / "temporary"
    temporary.mkdir()

    process = school.start("grade", "handed in", "--unsafe-no-sandbox", "--patience", "0.5", TMPDIR=str(temporary))
    process.communicate(timeout=120)

    assert process.returncode in (0, 3)
    assert list(temporary.iterdir()) == []


def test_a_single_submission_may_be_late(school: School) -> None:
    text = small_class.ASSIGNMENT + "due: 2026-11-30 23:59 +01:00\nlate: {per: 1 day, minus: 10%}\n"
    (school.folder / "assignment.yaml").write_text(text, encoding="utf-8")
    school.hand_in("ann", small_class.SERVERS["right"])
    words = ["grade", "handed in/ann", "--single", "--quiet", "--unsafe-no-sandbox", "--patience", "0.5"]

    ended = school.call(*words, "--submitted", "2026-12-01T00:30:00+01:00", "--export", "vpl=-")

    assert ended.out.splitlines()[-1] == "Grade :=>> 9"
    assert school.call(*words, "--submitted", "2026-12-01").err.splitlines()[-2:] == [
        "--submitted 2026-12-01 is no time with its zone",
        "For example 2026-11-30T22:10+01:00",
    ]


def test_what_takes_too_long_is_stopped_and_told_so(school: School) -> None:
    text = small_class.ASSIGNMENT.replace("server: {", "limits: {run: 1s}\nserver: {")
    (school.folder / "assignment.yaml").write_text(text, encoding="utf-8")
    (school.folder / "talk.yaml").write_text(f"{small_class.TALK}  - pause: 20s\n", encoding="utf-8")
    school.hand_in("ann", small_class.SERVERS["right"])

    ended = school.grade()

    assert "Ann: was stopped" in ended.err.replace("ann", "Ann")
    assert "ann,ann,0,0,0,10,stopped," in school.book()
    page = (school.folder / "grades/pages/ann.md").read_text(encoding="utf-8")
    assert "Your server was stopped" in page
    assert "It was not done within 1 s, and was ended." in page
