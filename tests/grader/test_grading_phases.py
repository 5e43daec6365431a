"""A class is graded in phases; who is played in which, and what is taken over from an earlier grading."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import small_class

from chatsim.errors import ChatsimError
from chatsim.grader.engines import Heard, Players
from chatsim.grader.grading import Grading
from chatsim.grader.sitting import Sitting
from chatsim.grader.store import Store, Terms
from chatsim.grading.assignment import Assignment
from chatsim.grading.counting import may_be_full
from chatsim.grading.order import Phase, next_run
from chatsim.grading.reader import load_assignment
from chatsim.grading.record import RunRecord, Student, SubmissionRecord, VerdictRecord
from chatsim.submissions.submission import Submission

PASSED = RunRecord("talking", "two talk, and each hears the other", "talk.yaml", 7, 1.0, "passed")
DOUBT = VerdictRecord("delivery", "failed", evidence="absence", doubtful=True)
OURS = replace(PASSED, outcome="error", error="no room on the disk", ours=True, undisturbed=1)

Play = Callable[[Sitting], SubmissionRecord]


@dataclass
class Playing:
    """An engine that plays nothing, and notes what it was asked for."""

    play: Play
    several: bool = True
    asked: list[tuple[Phase, str, SubmissionRecord]] = field(default_factory=list)

    def players(self, heard: Heard, phase: Phase) -> AbstractContextManager[Players]:
        return nullcontext(self)

    def as_ready(self, jobs: Iterable[Sitting]) -> Iterator[tuple[int, SubmissionRecord]]:
        for number, sitting in enumerate(jobs):
            self.asked.append((sitting.phase, sitting.known.student.key, sitting.known))
            yield number, self.play(sitting)


class Nobody:
    """Who is told, and does not listen."""

    def begins(self, total: int, phase: Phase) -> None: ...

    def doing(self, student: str, words: str) -> None: ...

    def done(self, record: SubmissionRecord) -> None: ...


@dataclass
class Room:
    assignment: Assignment
    store: Store
    submissions: list[Submission]

    def grade(self, play: Play, *, several: bool = True) -> Playing:
        engine = Playing(play, several)
        terms = Terms(self.assignment.played, self.assignment.file, 7, 1.0, "none", "2.0", "this machine")
        Grading(self.assignment, terms, "none", self.submissions, self.store, engine, Nobody()).run()
        return engine


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    path = small_class.set_assignment(tmp_path)
    found = [
        Submission(Student(name, name.title()), small_class.hand_in(tmp_path / "in", name, {"server.py": ""}), "folder")
        for name in ("ann", "bob")
    ]
    with Store(tmp_path / "grades") as store:
        yield Room(load_assignment(str(path)), store, found)


def settle(sitting: Sitting) -> SubmissionRecord:
    return replace(sitting.known, runs=(PASSED,), settled=True)


def test_who_is_settled_is_not_asked_again(room: Room) -> None:
    assert [(phase, key) for phase, key, _ in room.grade(settle).asked] == [("all", "ann"), ("all", "bob")]
    assert room.grade(settle).asked == []


def absent(sitting: Sitting, *, disturbed: bool) -> RunRecord:
    """Its first run, which rests on waiting."""
    part = sitting.assignment.parts[0]
    file = part.scenarios[0].file
    return replace(PASSED, part=part.name, file=file, outcome="failed", verdicts=(DOUBT,), disturbed=disturbed)


def in_doubt_until(last: Phase) -> Play:
    """Everybody's only run rests on waiting; from the phase before the last one on it is known that it was disturbed."""

    def play(sitting: Sitting) -> SubmissionRecord:
        run = absent(sitting, disturbed=sitting.phase == "again")
        return replace(sitting.known, runs=(run,), settled=sitting.phase == last)

    return play


def test_who_is_in_doubt_is_played_again_with_what_is_known(room: Room) -> None:
    asked = room.grade(in_doubt_until("again")).asked

    assert [(phase, key) for phase, key, _ in asked] == [
        ("all", "ann"),
        ("all", "bob"),
        ("again", "ann"),
        ("again", "bob"),
    ]
    assert [len(known.runs) for phase, _, known in asked if phase == "again"] == [1, 1]


def test_who_was_disturbed_even_then_is_played_alone(room: Room) -> None:
    asked = room.grade(in_doubt_until("alone")).asked

    assert [phase for phase, _, _ in asked] == ["all", "all", "again", "again", "alone", "alone"]
    assert [known.runs[0].disturbed for phase, _, known in asked if phase == "alone"] == [True, True]


def test_where_nobody_is_beside_anybody_what_is_in_doubt_is_played_alone_at_once(room: Room) -> None:
    asked = room.grade(in_doubt_until("alone"), several=False).asked

    assert [phase for phase, _, _ in asked] == ["all", "all", "alone", "alone"]


def test_whose_worker_dies_in_the_last_phase_has_one_more_chance_and_no_third_one(room: Room) -> None:
    def play(sitting: Sitting) -> SubmissionRecord:
        if sitting.phase == "alone":
            return sitting.lost(ChatsimError("the worker has died"))
        return in_doubt_until("alone")(sitting)

    asked = room.grade(play).asked

    assert [phase for phase, key, _ in asked if key == "ann"] == ["all", "again", "alone", "alone"]


def test_who_was_interrupted_after_the_last_run_is_settled_by_the_next_grading(room: Room) -> None:
    def interrupted(sitting: Sitting) -> SubmissionRecord:
        """All that is to be played is there, and nothing of it is in doubt."""
        known = sitting.known
        while (wanted := next_run(sitting.assignment, known, may_be_full, "all")) is not None:
            file = wanted.scenario.file
            run = replace(PASSED, part=wanted.part, scenario=wanted.scenario.name, file=file, seed=wanted.seed)
            known = replace(known, runs=(*known.runs, run))
        return known

    room.grade(interrupted)

    assert [(phase, key) for phase, key, _ in room.grade(settle).asked] == [("alone", "ann"), ("alone", "bob")]
    assert room.grade(settle).asked == []


def test_whose_runs_all_wait_for_the_next_phase_is_not_unpacked_in_this_one(room: Room) -> None:
    room.grade(lambda sitting: replace(sitting.known, runs=(absent(sitting, disturbed=True),)))

    assert [phase for phase, _, _ in room.grade(in_doubt_until("alone")).asked] == ["alone", "alone"]


def test_what_is_known_of_a_submission_that_has_gone_stays(room: Room, tmp_path: Path) -> None:
    def goes(sitting: Sitting) -> SubmissionRecord:
        """As everybody's does when somebody moves the folder."""
        shutil.rmtree(sitting.submission.path)
        return settle(sitting)

    asked = room.grade(goes).asked

    assert [(phase, key) for phase, key, _ in asked] == [("all", "ann"), ("all", "bob")]
    assert room.grade(settle).asked == []
    assert [each.runs for each in room.store.records()] == [(PASSED,), (PASSED,)]


def test_who_has_written_something_since_is_played_from_the_beginning(room: Room, tmp_path: Path) -> None:
    room.grade(settle)
    small_class.hand_in(tmp_path / "in", "bob", {"server.py": "print('now')"})

    assert [(key, known.runs) for _, key, known in room.grade(settle).asked] == [("bob", ())]


def test_what_could_not_be_played_by_our_fault_is_tried_again_by_the_next_grading(room: Room) -> None:
    def troubled(sitting: Sitting) -> SubmissionRecord:
        return replace(sitting.known, runs=(PASSED, OURS), settled=False)

    room.grade(troubled)
    engine = room.grade(settle)

    assert [known.runs for _, _, known in engine.asked] == [(PASSED,), (PASSED,)]


def test_dates_and_names_are_taken_over_without_playing(room: Room) -> None:
    room.grade(settle)
    room.submissions[0] = replace(room.submissions[0], submitted=1000.0, student=Student("ann", "Ann Lee"))

    assert room.grade(settle).asked == []
    known = room.store.record("ann")
    assert known is not None
    assert (known.submitted, known.student.name, known.runs) == (1000.0, "Ann Lee", (PASSED,))
