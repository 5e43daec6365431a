"""What a person decides: who waits for that is counted, and what was decided is not forgotten with an option."""

from __future__ import annotations

import small_class
from school import School

LOOKED_AT = """assignment: review
server: {find: server.py, command: "python {file} {port}", profile: profile.yaml}
parts:
  - {part: style, points: 6, credit: look}
"""


def looked_at(school: School) -> None:
    (school.folder / "assignment.yaml").write_text(LOOKED_AT, encoding="utf-8")
    (school.folder / "marks.yaml").write_text("ann: {style: 5}\n", encoding="utf-8")
    for name in ("ann", "bob"):
        school.hand_in(name, small_class.SERVERS["right"])


def points(school: School) -> list[str]:
    return [line.split(",")[2] for line in school.book().splitlines()[1:]]


def test_those_whom_a_person_has_to_look_at_are_counted_and_not_listed(school: School) -> None:
    looked_at(school)

    ended = school.grade()

    assert (ended.code, points(school)) == (3, ["0", "0"])
    assert "  2 with parts that a person has to look at (--marks)" in ended.out
    assert "to be decided" not in ended.out
    assert "nothing had to be played" in ended.err


def test_marks_that_were_given_once_count_until_others_are_given(school: School) -> None:
    looked_at(school)
    marks = school.folder / "marks.yaml"
    school.grade("--marks", "marks.yaml")

    exported = school.call("export", "grades", "csv=-")
    assert (exported.code, points(school)) == (0, ["5", "0"])
    assert "as before" in exported.err

    marks.write_text("ann: {style: 5}\nbob: {style: 4}\n", encoding="utf-8")
    school.grade("--student", "bob")
    assert points(school) == ["5", "4"]

    marks.unlink()
    for missing in (school.call("export", "grades", "csv=-"), school.grade()):
        assert missing.code == 2
        assert "marks.yaml is not there, by which points were last counted" in missing.err
        assert "submission" not in missing.err  # nobody was graded in vain

    marks.write_text("{}\n", encoding="utf-8")
    school.call("export", "grades", "csv=-", "--marks", "marks.yaml")
    assert points(school) == ["0", "0"]


def test_who_grades_all_anew_decides_anew(school: School) -> None:
    looked_at(school)
    school.grade("--marks", "marks.yaml")

    school.grade("--fresh")

    assert points(school) == ["0", "0"]
