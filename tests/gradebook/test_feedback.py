"""What of a record a student is told, and in which words, before any of it is a page or a text."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import a_class

from chatsim.gradebook.feedback import Feedback, Tried, feedback
from chatsim.gradebook.graded import Graded
from chatsim.gradebook.student_html import student_html
from chatsim.gradebook.student_markdown import student_markdown
from chatsim.gradebook.wording import blocks, lasting, number, score, seeds_told, spans
from chatsim.grading.assignment import Assignment
from chatsim.grading.record import RunRecord, State, VerdictRecord


def told(*runs: RunRecord, folder: str = "") -> Feedback:
    shown = a_class.only_shown(a_class.right())
    assignment = replace(a_class.ASSIGNMENT, file=f"{folder}assignment.yaml")
    return feedback(assignment, replace(shown, record=replace(shown.record, runs=runs)))


def tried(*runs: RunRecord) -> Tried:
    (found,) = [one for part in told(*runs).parts for one in part.tried]
    return found


LEAVING = ("leaving", a_class.STAY, "stay.yaml")  # in which drop-notice and leave-notice count


def test_a_run_is_called_by_what_counts_in_its_part() -> None:
    other, own = a_class.failed(*LEAVING, "fifo-order"), a_class.failed(*LEAVING, "drop-notice")
    also_passed = replace(other, verdicts=(*other.verdicts, VerdictRecord("leave-notice", "passed")))

    assert [tried(run).word for run in (own, other, also_passed)] == ["failed", "not exercised", "passed"]


def test_what_fails_and_does_not_count_is_told_in_a_line_with_the_way_to_see_it() -> None:
    run = a_class.failed(*LEAVING, "fifo-order")
    one = tried(replace(run, verdicts=(*run.verdicts, VerdictRecord("leave-notice", "passed"))))

    assert one.seen == ()
    assert one.also == ('fifo-order: bob got "two" at 0.31 s, before "one": ann had said them in the other order.',)
    assert one.replay.startswith("chatsim run stay.yaml")


def test_a_server_that_lets_nobody_in_has_shown_nothing_of_what_counts() -> None:
    one = tried(a_class.failed(*LEAVING, "lets-in"))

    assert (one.word, [seen.name for seen in one.seen], one.also) == ("failed", ["lets-in"], ())


def test_a_server_that_was_gone_after_what_counts_was_seen_has_passed_and_the_page_says_so() -> None:
    run = a_class.failed(*LEAVING, "stays-up")
    shown = (VerdictRecord("drop-notice", "passed"), VerdictRecord("leave-notice", "passed"))
    one = tried(replace(run, verdicts=(*run.verdicts, *shown)))

    assert (one.word, one.seen) == ("passed", ())
    assert one.said.startswith("What this part asks for passed")
    assert [line.partition(":")[0] for line in one.also] == ["stays-up"]


def test_a_server_that_was_gone_before_is_told_what_it_has_not_shown() -> None:
    run = a_class.failed(*LEAVING, "stays-up")
    verdicts = (*run.verdicts, VerdictRecord("drop-notice", "passed"), VerdictRecord("leave-notice", "not-exercised"))
    one = tried(replace(run, verdicts=verdicts))  # each of both gives a half

    assert (one.word, [seen.name for seen in one.seen], one.also) == ("failed", ["stays-up"], ())
    assert "was gone, and so leave-notice could not be put to the test" in one.said


def test_where_it_fails_by_itself_nothing_has_to_be_explained() -> None:
    assert tried(a_class.failed(*LEAVING, "drop-notice")).said == ""
    assert tried(a_class.passed(*LEAVING)).said == ""


def test_what_waiting_alone_shows_and_nobody_saw_again_is_no_failure() -> None:
    run = a_class.failed(*LEAVING, "drop-notice")
    one = tried(replace(run, verdicts=tuple(replace(verdict, doubtful=True) for verdict in run.verdicts)))

    assert (one.word, [seen.word for seen in one.seen]) == ("inconclusive", ["inconclusive"])
    assert "not seen again" in one.seen[0].because


def test_trouble_of_ours_is_called_so() -> None:
    assert tried(RunRecord("leaving", "x", "x.yaml", 7, 1.0, "error", error="no space left", ours=True)).word == (
        "our trouble"
    )


def test_nobody_is_told_to_change_the_profile_which_says_what_was_asked_for() -> None:
    hint = "Try: tell the others.\nIf it is so on purpose, write `notices: {left: no}` into the profile."
    run = a_class.failed(*LEAVING, "drop-notice")
    one = tried(replace(run, verdicts=(replace(run.verdicts[1], hint=hint),)))

    assert one.seen[0].hint == ("Try: tell the others.",)


def test_of_several_runs_the_gravest_is_told_and_the_others_are_named() -> None:
    runs = [a_class.passed(*LEAVING, seed) for seed in (1, 2)]
    runs += [a_class.unclear(*LEAVING, 3), *(a_class.failed(*LEAVING, "drop-notice", seed) for seed in (4, 5))]
    one = tried(*runs)

    assert (one.number, one.run.seed, one.counts) == (4, 4, "5 runs: 2 passed, 1 inconclusive, 2 failed")
    assert one.others == ("run 3, seed 3: inconclusive", "run 5, seed 5: failed (drop-notice)")


def test_a_run_that_counts_in_two_parts_is_told_in_full_once() -> None:
    run = a_class.failed("talking", a_class.STAY, "stay.yaml", "drop-notice")
    first, second = [one for part in told(run, replace(run, part="leaving")).parts for one in part.tried]

    assert first.text and first.picture and not first.note
    assert (second.text, second.picture) == ((), "")
    assert (second.also, second.replay) == ((), "")
    assert second.note == "It is the run that is told under “Everybody hears everybody” above."
    assert [seen.name for seen in second.seen] == ["drop-notice"]


def test_what_is_told_aside_is_told_once() -> None:
    run = a_class.failed("leaving", a_class.STAY, "stay.yaml", "fifo-order")
    run = replace(run, verdicts=(*run.verdicts, VerdictRecord("leave-notice", "passed")))
    shown = a_class.only_shown(a_class.right())
    parts = tuple(replace(part, properties=("leave-notice",)) for part in a_class.ASSIGNMENT.parts)
    graded = replace(shown, record=replace(shown.record, runs=(run, replace(run, part="talking"))))
    found = [one for part in feedback(replace(a_class.ASSIGNMENT, parts=parts), graded).parts for one in part.tried]

    assert [(one.word, len(one.also), bool(one.replay)) for one in found] == [("passed", 1, True), ("passed", 0, False)]


def test_what_is_told_aside_in_one_part_is_told_in_full_where_it_counts() -> None:
    run = a_class.failed("leaving", a_class.STAY, "stay.yaml", "fifo-order")
    aside = replace(run, verdicts=(*run.verdicts, VerdictRecord("leave-notice", "passed")))
    shown = a_class.only_shown(a_class.right())
    parts = tuple(part for name in ("leaving", "talking") for part in shown.grade.parts if part.name == name)
    graded = Graded(
        replace(shown.record, runs=(aside, replace(aside, part="talking"))), replace(shown.grade, parts=parts)
    )
    first, second = [one for part in feedback(a_class.ASSIGNMENT, graded).parts for one in part.tried]

    assert (first.word, len(first.also), first.text) == ("passed", 1, ())
    assert (second.word, len(second.seen), second.note) == ("failed", 1, "")
    assert second.text and second.picture and second.replay


def test_where_the_assignment_lies_on_the_graders_machine_is_not_told() -> None:
    run = a_class.failed("talking", a_class.STAY, "/home/teacher/a b/stay.yaml", "drop-notice")
    found = told(replace(run, error="/home/teacher/a b/stay.yaml:3:1\n  it is so"), folder="/home/teacher/a b/")

    assert "/home/teacher" not in repr(found)
    (one,) = found.parts[0].tried
    assert one.replay.startswith("chatsim run stay.yaml")


def test_of_what_lies_elsewhere_on_the_graders_machine_only_the_name_is_told() -> None:
    error = "the server's folder cannot be copied: /tmp/room-ab/1/server\n[Errno 28] '/var/tmp/x y': /dev/null, 1/2"
    broken = a_class.not_played("not-built")
    record = replace(broken.record, told=error, output="/opt/teacher/venv/bin/javac: /tmp/m1/A.java:3: no")
    trouble = feedback(a_class.ASSIGNMENT, replace(broken, record=record)).trouble

    assert trouble is not None
    assert trouble.told == ("The server's folder cannot be copied: server", "[Errno 28] 'x y': /dev/null, 1/2")
    assert trouble.output == ("javac: A.java:3: no",)


def test_what_went_wrong_is_told_in_sentences_that_begin_as_sentences_do() -> None:
    error = (
        "the server ended before it listened: ./x\nits last words:\n  no such file\nann connected, and was not let in"
    )
    one = tried(RunRecord("leaving", "x", "x.yaml", 7, 1.0, "error", error=error))
    broken = a_class.not_played("not-started")
    trouble = feedback(a_class.ASSIGNMENT, replace(broken, record=replace(broken.record, told=error))).trouble

    assert one.error == (
        "The server ended before it listened: ./x",
        "Its last words:",
        "  no such file",
        "ann connected, and was not let in",  # a bot is called as it is called
    )
    assert trouble is not None
    assert trouble.told == one.error


def test_of_an_origin_only_its_name_is_told() -> None:
    shown = a_class.only_shown(a_class.right())
    how = dict(feedback(a_class.ASSIGNMENT, replace(shown, record=replace(shown.record, origin="/srv/x/anna.zip"))).how)

    assert how["What was graded"] == "anna.zip"


def test_points_that_are_scaled_are_explained() -> None:
    shown = a_class.only_shown(a_class.right())
    scaled = replace(shown, grade=replace(shown.grade, of=Decimal(100), low=Decimal(94), high=Decimal(94)))

    assert feedback(a_class.ASSIGNMENT, scaled).sentences == (
        "The parts add up to 25 points, and the whole is scaled to 100.",
    )
    assert feedback(a_class.ASSIGNMENT, shown).sentences == ()


# --- words -------------------------------------------------------------------------------------------------------------


def test_numbers_are_written_as_people_write_them() -> None:
    values = ("20.00", "17.50", "0.333", "0.125", "0.135", "-0.001", "1E+2", "0")

    assert [number(Decimal(value)) for value in values] == ["20", "17.5", "0.33", "0.12", "0.14", "0", "100", "0"]


def test_times_are_told_in_their_two_largest_units() -> None:
    told = [lasting(seconds) for seconds in (59, 60, 3600, 3660, 86400, 90_000, 200_000)]

    assert told == [
        "less than a minute",
        "1 minute",
        "1 hour",
        "1 hour 1 minute",
        "1 day",
        "1 day 1 hour",
        "2 days 7 hours",
    ]


def test_seeds_that_follow_one_another_are_a_range() -> None:
    assert [seeds_told(seeds) for seeds in ([7], [7, 7], [9, 7], [7, 8, 9], [7, 8, 10])] == [
        "7", "7", "7 and 9", "7 to 9", "7, 8 and 10",
    ]  # fmt: skip


def test_code_stands_between_backticks_that_have_partners() -> None:
    assert spans("put `x` into `y`") == ((False, "put "), (True, "x"), (False, " into "), (True, "y"))
    assert spans("a ` alone") == ((False, "a ` alone"),)


def test_what_a_program_printed_stands_together() -> None:
    told = [
        "It ended at once.",
        "Its last words:",
        "  Traceback:",
        "    File x",
        "",
        "  Error",
        "So it is.",
        "",
        "Done.",
    ]

    assert list(blocks(told)) == [
        (False, ("It ended at once.",)),
        (False, ("Its last words:",)),
        (True, ("Traceback:", "  File x", "Error")),
        (False, ("So it is.",)),
        (False, ("Done.",)),
    ]


def test_a_score_says_what_is_certain() -> None:
    right, wrong = a_class.right().grade, a_class.wrong().grade

    assert [score(one) for one in (right, wrong, a_class.not_played("infrastructure").grade)] == [
        "23.5 of 25 points",
        "between 0 and 9 of 25 points",
        "no points yet, of 25",
    ]


# --- what somebody without the assignment needs ---------------------------------------------------------------------


def about(**changed: object) -> Graded:
    shown = a_class.only_shown(a_class.right())
    return replace(shown, record=replace(shown.record, **changed))  # type: ignore[arg-type]


def asking(**changed: object) -> Assignment:
    return replace(a_class.ASSIGNMENT, server=replace(a_class.ASSIGNMENT.server, **changed))  # type: ignore[arg-type]


def test_a_profile_that_was_worked_out_is_shown_since_nobody_has_it() -> None:
    text = 'profile: server\nhears: "{nick}: {text}"\n'
    found = about(worked_out=text, profile="worked out")

    assert feedback(a_class.ASSIGNMENT, found).spoken == ("profile: server", 'hears: "{nick}: {text}"')
    assert f"This profile was found, and played with:\n\n```text\n{text}```" in student_markdown(
        a_class.ASSIGNMENT, found
    )
    assert "The profile that was found" in student_html(a_class.ASSIGNMENT, found)
    assert feedback(a_class.ASSIGNMENT, about()).spoken == ()


def test_nobody_is_sent_to_a_prescription_that_there_was_not() -> None:
    def advice(assignment: Assignment) -> str:
        trouble = feedback(assignment, a_class.not_played("not-understood")).trouble
        assert trouble is not None
        return trouble.advice

    assert "against the assignment, letter by letter" in advice(a_class.ASSIGNMENT)
    assert advice(asking(any=True)).startswith("It helps whoever looks at it if you write down how a client joins")


def test_what_chatsim_saw_of_a_server_is_not_called_printed() -> None:
    def heard(state: State) -> str:
        trouble = feedback(a_class.ASSIGNMENT, a_class.not_played(state)).trouble
        assert trouble is not None
        return trouble.heard

    assert heard("not-understood") == "What was seen where it went furthest"
    assert heard("not-built") == "What was printed"


def test_a_server_that_has_to_be_built_is_built_before_it_is_seen_at_home() -> None:
    run = a_class.failed(*LEAVING, "drop-notice")
    built = feedback(asking(build="cc -o server {file}\n"), about(runs=(run,)))
    (one,) = [one for part in built.parts for one in part.tried]

    assert one.home == "See it at home (built first, if your server has to be)"
    assert ("Built with", "cc -o server {file}") in built.how
    assert tried(run).home == "See it at home"


def test_where_nothing_had_to_be_played_nothing_is_said_of_a_start() -> None:
    how = dict(feedback(a_class.ASSIGNMENT, about(runs=())).how)

    assert {"Started with", "Protocol", "Patience", "Your server ran"}.isdisjoint(how)
    assert "Graded by" in how


def test_a_command_can_be_copied_from_the_text() -> None:
    text = student_markdown(a_class.ASSIGNMENT, about(server="sh -c 'exec \"$0\"' server.py {port}"))

    assert "- Started with: `sh -c 'exec \"$0\"' server.py {port}`" in text


def test_who_was_late_can_reckon_it() -> None:
    how = dict(feedback(a_class.ASSIGNMENT, a_class.only_shown(a_class.wrong())).how)

    assert how["Due"] == "2026-11-30 23:00 UTC, and 15 minutes of grace"
