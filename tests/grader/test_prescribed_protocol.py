"""Who was told how to speak and speaks otherwise has made a mistake; where any way is welcome, a person looks."""

from __future__ import annotations

import small_class
from school import School

from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.grader.noting import noted
from chatsim.grading.order import Wanted
from chatsim.report.report import Run
from chatsim.scenario.reader import read_scenario

OTHERWISE = {"server.py": small_class.RIGHT.replace("{nick} has gone", "{nick} left us")}


def asked(school: School, how: str) -> None:
    assignment = small_class.ASSIGNMENT.replace("profile: profile.yaml", how).replace(", repeat: 2, credit: rate", "")
    (school.folder / "assignment.yaml").write_text(assignment, encoding="utf-8")


def test_a_notice_in_other_words_than_prescribed_costs_its_points(school: School) -> None:
    asked(school, "profile: profile.yaml")
    school.hand_in("other words", OTHERWISE)

    ended = school.grade()

    assert (ended.code, school.book().splitlines()[1]) == (0, "other_words,other words,4,4,4,10,played,,,,4,0")
    page = (school.folder / "grades/pages/other_words.md").read_text(encoding="utf-8")
    assert "**drop-notice**: failed" in page
    assert "How it reads was part of the task, so this is a mistake." in page
    assert 'bob left us" at' in page
    assert 'The profile has "{nick} has gone".' in page
    assert "letter by letter" in page
    assert "It was played again" in page  # it rests on waiting
    assert "`notices" not in page
    assert "inconclusive 1" not in page


def test_where_any_way_to_speak_is_welcome_nobody_is_blamed_for_other_words(school: School) -> None:
    asked(school, "detect: [profile.yaml, any]")
    school.hand_in("other words", OTHERWISE)

    ended = school.grade()

    assert ended.code == 3
    assert school.book().splitlines()[1].startswith("other_words,other words,4,4,10,10,played,yes")


def run_of(*verdicts: Verdict) -> Run:
    return Run("they talk", "talk.yaml", 7, "lines", "python server.py", Outcome.INCONCLUSIVE, verdicts=verdicts)


def outcomes(run: Run, *, prescribed: bool) -> dict[str, str]:
    wanted = Wanted("talking", read_scenario(small_class.TALK.encode(), "talk.yaml"), 7)
    return {each.property: each.outcome for each in noted(run, wanted, prescribed=prescribed).verdicts}


OPEN = Verdict("attribution", Outcome.INCONCLUSIVE, "in a form that the profile does not describe", cause=Cause.PROFILE)
BUSY = Verdict("delivery", Outcome.INCONCLUSIVE, "too busy", cause=Cause.MACHINE)
CUT = Verdict("framing", Outcome.FAILED, "in two pieces", evidence=Evidence.PROOF)


def test_what_the_machine_left_open_stays_open() -> None:
    assert outcomes(run_of(OPEN, BUSY), prescribed=True) == {"attribution": "failed", "delivery": "inconclusive"}
    assert outcomes(run_of(OPEN, BUSY), prescribed=False) == {"attribution": "inconclusive", "delivery": "inconclusive"}


def test_a_message_that_is_not_known_because_it_came_in_pieces_is_one_mistake_and_not_two() -> None:
    assert outcomes(run_of(CUT, OPEN), prescribed=True) == {"framing": "failed", "attribution": "inconclusive"}


def test_what_was_told_by_other_words_is_played_again_before_it_counts() -> None:
    wanted = Wanted("talking", read_scenario(small_class.TALK.encode(), "talk.yaml"), 7)
    record = noted(run_of(OPEN), wanted, prescribed=True)

    assert (record.outcome, record.verdicts[0].doubtful) == ("failed", True)
