"""Who was told how to speak and speaks otherwise has made a mistake; where any way is welcome, a person looks."""

from __future__ import annotations

import small_class
from school import School

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
