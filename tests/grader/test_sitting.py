"""One submission's turn: each way in which there is no server to be played with is a result, and says so."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import small_class
from school import ROOT

from chatsim.checks.verdict import Outcome
from chatsim.errors import ChatsimError, StartError
from chatsim.grader.calibrating import MOST, USUAL, patience_here
from chatsim.grader.grading import blank
from chatsim.grader.noting import for_its_author
from chatsim.grader.sitting import Sitting
from chatsim.grader.store import Terms
from chatsim.grading.assignment import Assignment
from chatsim.grading.order import Phase
from chatsim.grading.points import grade
from chatsim.grading.reader import load_assignment
from chatsim.grading.record import Student, SubmissionRecord
from chatsim.jobs import Crew
from chatsim.report.report import Run
from chatsim.submissions.submission import Submission

BUILT = small_class.ASSIGNMENT.replace("find: server.py, ", 'find: server.py, build: "{build}", ')
SILENT = "import time\nprint('thinking')\nwhile True:\n    time.sleep(1)\n"
ANN = Student("ann", "Ann")
RUN = Run("a claim", "a.yaml", 1, "lines", "a server", Outcome.PASSED)


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    return load_assignment(str(small_class.set_assignment(tmp_path)))


def sitting(assignment: Assignment, submission: Submission, phase: Phase = "all") -> Sitting:
    terms = Terms(assignment.played, assignment.file, 7, 0.5, "none", "1.0", "here")
    return Sitting(assignment, submission, "none", blank(submission, terms, "none"), phase)


def played(assignment: Assignment, folder: Path, files: dict[str, str], phase: Phase = "all") -> SubmissionRecord:
    submission = Submission(ANN, small_class.hand_in(folder, "ann", files), "folder")
    return sitting(assignment, submission, phase).play()


def test_who_has_handed_in_twice_is_not_opened(assignment: Assignment, tmp_path: Path) -> None:
    told = "There are two submissions: a.zip and b.zip. Which of them counts?"
    record = sitting(assignment, Submission(ANN, tmp_path, "several", told=told)).play()

    assert (record.state, record.told, record.settled) == ("several-submissions", told, True)


def test_without_a_server_it_is_settled_at_once(assignment: Assignment, tmp_path: Path) -> None:
    none = played(assignment, tmp_path / "none", {"notes.txt": "soon"})

    assert (none.state, none.settled) == ("no-server", True)


def test_a_damaged_archive_is_a_result(assignment: Assignment, tmp_path: Path) -> None:
    (tmp_path / "ann.zip").write_bytes(b"PK\x03\x04 and no more")

    record = sitting(assignment, Submission(ANN, tmp_path / "ann.zip", "archive")).play()

    assert (record.state, record.settled) == ("not-unpacked", True)


def test_what_does_not_build_is_told_with_its_last_words(tmp_path: Path) -> None:
    path = small_class.set_assignment(tmp_path, BUILT.replace("{build}", "echo no such luck; exit 3"))
    record = played(load_assignment(str(path)), tmp_path / "in", {"server.py": ""})

    assert (record.state, record.settled) == ("not-built", True)
    assert record.told.startswith("The build failed: it ended with exit code 3")
    assert "no such luck" in record.output


def test_a_build_without_an_end_is_ended_and_may_try_again(tmp_path: Path) -> None:
    text = BUILT.replace("{build}", "sleep 3600") + "limits: {build: 1 s}\n"
    record = played(
        load_assignment(str(small_class.set_assignment(tmp_path, text))), tmp_path / "in", {"server.py": ""}
    )

    assert (record.state, record.settled) == ("not-built", False)
    assert record.told.startswith("The build failed: it was not done within 1 s and was ended")


def test_a_build_may_take_longer_where_everybody_is_given_more_patience(tmp_path: Path) -> None:
    text = BUILT.replace("{build}", "sleep 3600") + "limits: {build: 1 s}\n"
    assignment = load_assignment(str(small_class.set_assignment(tmp_path, text)))
    submission = Submission(ANN, small_class.hand_in(tmp_path / "in", "ann", {"server.py": ""}), "folder")
    slow = sitting(assignment, submission)

    record = replace(slow, known=replace(slow.known, patience=1.5)).play()

    assert record.told.startswith("The build failed: it was not done within 1.5 s and was ended")


def test_whatever_is_said_of_a_lost_one_nothing_that_was_known_is_forgotten(
    assignment: Assignment, tmp_path: Path
) -> None:
    one = sitting(assignment, Submission(ANN, tmp_path, "folder"))
    lost = replace(one, known=replace(one.known, profile="lines")).lost(ChatsimError("the worker has died"))

    assert (lost.state, lost.profile, lost.settled) == ("infrastructure", "lines", False)
    assert not one.is_whole(lost)


# --- played again ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phase", "disturbed", "settled"), [("again", False, True), ("again", True, False), ("alone", True, True)]
)
def test_a_replay_counts_if_nothing_disturbed_it_or_nothing_was_beside_it(
    assignment: Assignment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    phase: Phase,
    disturbed: bool,
    settled: bool,
) -> None:
    monkeypatch.setattr("chatsim.grader.sitting.Disturbance", lambda: disturbed)
    exits = {"server.py": "raise SystemExit(3)"}
    first = played(assignment, tmp_path, exits)
    assert (first.state, first.settled, len(first.runs)) == ("not-started", False, 1)

    one = sitting(assignment, Submission(ANN, tmp_path / "ann", "folder"), phase)
    record = replace(one, known=first).play()

    (run,) = record.runs
    assert (record.state, record.settled) == ("not-started", settled)
    assert (run.undisturbed, run.disturbed) == ((1, False) if settled else (0, True))


KILLED = """
import os, signal, sys
from chatsim.grader import handed_in
from chatsim.grader.grading import blank
from chatsim.grader.sitting import Sitting
from chatsim.grader.store import Terms
from chatsim.grading.reader import load_assignment
from chatsim.grading.record import Student
from chatsim.submissions.submission import Submission
from pathlib import Path

def killed(folder, rules):
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

handed_in.locate = killed
assignment = load_assignment(sys.argv[1])
submission = Submission(Student("ann", "Ann"), Path(sys.argv[2]), "folder")
terms = Terms(assignment.played, assignment.file, 7, 0.5, "none", "1.0", "here")
Sitting(assignment, submission, "none", blank(submission, terms, "none")).play()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what outlives us to tidy up is there on Linux only")
def test_what_was_unpacked_goes_with_us_even_if_we_are_killed(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    path = small_class.set_assignment(tmp_path)
    handed_in = small_class.hand_in(tmp_path / "in", "ann", {"server.py": ""})
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), str(handed_in)],
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert Path(killed.stdout.strip()).is_relative_to(temporary)
    deadline = time.monotonic() + 20
    while list(temporary.iterdir()):
        assert time.monotonic() < deadline, list(temporary.rglob("*"))
        time.sleep(0.005)


def test_who_does_not_listen_is_not_told_to_use_options_that_students_do_not_have(
    assignment: Assignment, tmp_path: Path
) -> None:
    quick = replace(assignment, patience=0.02)
    submission = Submission(ANN, small_class.hand_in(tmp_path / "in", "ann", {"server.py": SILENT}), "folder")
    first = sitting(quick, submission)

    record = replace(first, known=replace(first.known, patience=0.02)).play()

    (run,) = record.runs
    assert (record.state, run.unstarted) == ("not-started", True)
    assert "does it need an argument on its command line" in record.told.lower()
    assert "patience" not in record.told + run.error + run.text.partition("seed")[2]


def test_where_it_listens_otherwise_nobody_is_told_to_change_the_profile() -> None:
    error = StartError("the server listens on 1, not on 2", hint="Say so in the profile, start: {port: 1}\nOr end it.")

    assert str(for_its_author(error)) == "the server listens on 1, not on 2\nOr end it."


@pytest.mark.parametrize("full", [{"f_bavail": 10}, {"f_favail": 1}])
def test_a_build_on_a_full_disk_is_our_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: dict[str, int]
) -> None:
    plain = {"f_bavail": 1_000_000, "f_frsize": 4096, "f_files": 1_000_000, "f_favail": 1_000_000}
    assignment = load_assignment(str(small_class.set_assignment(tmp_path, BUILT.replace("{build}", "exit 1"))))

    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(**plain))
    failed = played(assignment, tmp_path / "1", {"server.py": ""})
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(**plain | full))
    ours = played(assignment, tmp_path / "2", {"server.py": ""})

    assert (failed.state, failed.settled) == ("not-built", True)
    assert (ours.state, ours.settled) == ("infrastructure", False)


@pytest.mark.parametrize("function", ["copytree", "copyfile"])
@pytest.mark.parametrize(("number", "ours"), [(errno.ENOSPC, True), (errno.EACCES, False)])
def test_where_the_machine_has_no_room_for_the_server_it_is_our_trouble(
    assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, number: int, ours: bool
) -> None:
    """What nobody may read is the student's: a build has made it so."""

    def refused(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "/tmp/[Errno 28]")

    monkeypatch.setattr(shutil, function, refused)
    record = played(assignment, tmp_path / "in", {"server.py": ""}, "alone")

    assert record.settled is not ours
    assert grade(assignment, record).points == (None if ours else 0)
    assert os.strerror(number) in record.runs[0].error


# --- with how much patience --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "patience"), [(0.1, 1.0), (1.0, 1.0), (1.2, 1.0), (1.3, 1.5), (2.2, 2.0), (3.4, 3.5), (100.0, MOST)]
)
def test_a_slower_machine_is_more_patient_in_halves_and_within_bounds(
    times: float, patience: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def as_ready(crew: Crew[Run], jobs: list[object]) -> list[tuple[int, Run]]:
        asked.extend(jobs)
        outliers = [0.0, 1000.0]  # one that was lucky, one that was not: they decide nothing
        seconds = [*outliers, *[times * USUAL] * (len(jobs) - len(outliers))]
        return [(number, replace(RUN, duration_s=each)) for number, each in enumerate(seconds)]

    monkeypatch.setattr(Crew, "as_ready", as_ready)

    assert patience_here(2) == patience
    assert len(asked) == 6


def test_where_not_even_a_trusted_server_can_be_played_it_is_our_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    trouble = ChatsimError("no loopback here")
    monkeypatch.setattr(Crew, "as_ready", lambda crew, jobs: [(0, replace(RUN, error=trouble))])

    with pytest.raises(ChatsimError, match="no loopback here"):
        patience_here(1)
