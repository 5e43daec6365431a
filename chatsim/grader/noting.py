"""A run that was played, as it is kept: told once, here, where its history still is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import replace
from hashlib import sha256

from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.errors import ChatsimError, LimitError, StartError
from chatsim.grading import advice
from chatsim.grading.order import Wanted
from chatsim.grading.record import RunRecord, VerdictRecord
from chatsim.report import text
from chatsim.report.confirm import doubtful
from chatsim.report.printable import printable_lines
from chatsim.report.report import Report, Run
from chatsim.report.spacetime.layout import diagram
from chatsim.report.spacetime.svg import svg

__all__ = ["for_its_author", "noted", "out_of_time"]

WIDTH = 92  # columns of the text: a page has a margin
MOST_TEXT = 40_000  # characters that are kept of a run's text
MOST_EVENTS = 60  # of a diagram: it is a help for the eye, and the text has it all

OF_MESSAGES = frozenset(("attribution", "echo", "no-duplication"))
MANGLED = frozenset(("framing", "intact", "no-creation"))
LETTER_BY_LETTER = "Try: let the server write it as the assignment says, letter by letter."

_OF_THE_CALL = re.compile(r"(?:^|\s)--[a-z]|\bprofile\b")


def noted(run: Run, wanted: Wanted, *, prescribed: bool = False) -> RunRecord:
    """The record of a run that ended by itself. `prescribed`: its author was told how the server is to be spoken to."""
    run = _for_a_student(_held_to_it(run) if prescribed else run)
    if (error := run.error) is not None:
        ours = error.exit_code == ChatsimError.exit_code
        unstarted, over = isinstance(error, StartError), isinstance(error, LimitError)
        told = error if ours else for_its_author(error)
        return replace(
            _bare(replace(run, error=told), wanted),
            error=printable_lines(str(told)),
            unstarted=unstarted,
            stopped=over,
            sure=over,
            ours=ours,
        )
    doubted = doubtful(run)
    return replace(
        _bare(run, wanted),
        outcome=run.outcome.value,
        verdicts=tuple(_verdict(each, each.property in doubted) for each in run.verdicts),
        picture=_picture(run, wanted) if run.outcome is Outcome.FAILED else "",
    )


def _held_to_it(run: Run) -> Run:
    """What is open only because the profile may be wrong has failed where the profile is what was asked for. Whatever was
    awaited in its words did not come in time, so this rests on waiting, and is played again before it counts."""
    wrong = {verdict.property for verdict in run.verdicts if verdict.outcome is Outcome.FAILED}
    verdicts = tuple(
        _asked_for(verdict) if verdict.cause is Cause.PROFILE and not _explained(verdict.property, wrong) else verdict
        for verdict in run.verdicts
    )
    failed = any(verdict.outcome is Outcome.FAILED for verdict in verdicts)
    outcome = Outcome.FAILED if failed and run.outcome is Outcome.INCONCLUSIVE else run.outcome
    return replace(run, verdicts=verdicts, outcome=outcome)


def _explained(name: str, wrong: Set[str]) -> bool:
    """A message in pieces reads like none, and one mistake is not to cost the points of two properties."""
    return name in OF_MESSAGES and not wrong.isdisjoint(MANGLED)


def _asked_for(verdict: Verdict) -> Verdict:
    hint = f"{verdict.hint}\n{LETTER_BY_LETTER}".lstrip()
    return replace(verdict, outcome=Outcome.FAILED, evidence=Evidence.ABSENCE, hint=hint)


def _for_a_student(run: Run) -> Run:
    verdicts = tuple(replace(verdict, hint=advice.for_its_author(verdict.hint)) for verdict in run.verdicts)
    return replace(run, verdicts=verdicts)


def for_its_author(error: ChatsimError) -> ChatsimError:
    """The same without advice that is none for students: who is graded chooses neither the options nor the profile."""
    return ChatsimError(replace(problem, hint="\n".join(_of_the_server(problem.hint))) for problem in error.problems)


def _of_the_server(hint: str) -> Iterator[str]:
    for line in hint.split("\n"):
        if not _OF_THE_CALL.search(line):
            yield line


def out_of_time(run: Run, wanted: Wanted, seconds: float) -> RunRecord:
    """The record of a run that was ended because it took too long."""
    said = f"It was not done within {seconds:g} s, and was ended."
    bare = _bare(run, wanted)
    return replace(bare, error=said, stopped=True, text=f"{bare.text}\n{said}\n")


def _bare(run: Run, wanted: Wanted) -> RunRecord:
    """An error, until more is said."""
    scenario = wanted.scenario
    return RunRecord(
        wanted.part,
        scenario.name,
        scenario.file,
        wanted.seed,
        wanted.patience,
        "error",
        run.duration_s,
        text=_told(run),
        replay=run.replay,
    )


def _told(run: Run) -> str:
    told = text.render(Report((replace(run, replay=""),)), text.Style(width=WIDTH, profile_is_given=True))
    return told if len(told) <= MOST_TEXT else f"{told[:MOST_TEXT]}\n… (more was seen than is shown here)\n"


def _verdict(verdict: Verdict, is_doubtful: bool) -> VerdictRecord:
    return VerdictRecord(
        verdict.property,
        verdict.outcome.value,
        verdict.summary,
        verdict.hint,
        verdict.cause.value if verdict.cause is not None else "",
        verdict.evidence.value if verdict.evidence is not None else "",
        is_doubtful,
    )


def _picture(run: Run, wanted: Wanted) -> str:
    if run.history is None:
        return ""
    # Several stand on one page, and the names within an SVG are the page's.
    prefix = "d" + sha256(f"{wanted.part}\0{run.file}\0{run.scenario}\0{run.seed}".encode()).hexdigest()[:8]
    return svg(diagram(run.history, run.verdicts, most=MOST_EVENTS), prefix)
