"""The report as test cases, the way CI servers think: one suite a scenario, in it one case a property.

Five outcomes become four, since that is what every such format knows:

    passed                          passed
    failed                          failed
    inconclusive                    error: nobody knows, and a build must not look green for it
    not exercised, not applicable   skipped
    known from a baseline           known: it did not pass, and nobody should stop for it

Each suite begins with the case `played`: was the scenario played at all, and did it prove anything? It takes what no
property can be blamed for: a server that did not start (error), a scenario that is not applicable (skipped), or a run
in which nothing was put to the test (error). So the cases of a suite are red if and only if its scenario's exit code is.
Repeats of a scenario are one suite, and each property of all its runs is one case: names that stay the same are what
CI servers tell trends by.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from chatsim.checks.verdict import Outcome, Verdict
from chatsim.report import text
from chatsim.report.comparison import DELIVERY_TIME, PLAYED, Change, Kind
from chatsim.report.printable import printable, shorten
from chatsim.report.rate import standing, valid
from chatsim.report.report import Report, Run

__all__ = ["PLAYED", "Case", "Status", "Suite", "suites"]

UNFINISHED = "finished"
LONGEST = 500  # characters of a message: a CI server shows it in one line of a list
PLAIN = text.Style(width=100)

EXERCISED = (Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE)


class Status(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Case:
    """One property of one scenario. `outcome` is chatsim's own word; `where` the place of its step, as file:line:column.

    `message` is one line, `details` what the console tells of it, in lines; both are safe to show.
    """

    name: str
    status: Status
    outcome: str
    message: str = ""
    details: str = ""
    seconds: float = 0.0
    where: str = ""
    run: Run | None = None  # the one that it is told by


@dataclass(frozen=True, slots=True)
class Suite:
    """One scenario. `told` is what the console says of it, if there is anything that did not pass."""

    name: str
    file: str
    runs: tuple[Run, ...]
    cases: tuple[Case, ...]
    told: str = ""

    def count(self, status: Status) -> int:
        return sum(case.status is status for case in self.cases)

    @property
    def seconds(self) -> float:
        return sum(run.duration_s for run in self.runs)


def suites(report: Report) -> list[Suite]:
    """Every scenario; at the end, if the work was broken off, one suite that says so, with one case, an error."""
    found = [_suite(runs, report) for runs in report.scenarios()]
    if report.interrupted or any(run.interrupted for run in report.runs):
        said = "Interrupted: what had been finished is told, the rest was not played."
        found.append(Suite("chatsim", "", (), (Case(UNFINISHED, Status.ERROR, "interrupted", said, said),)))
    return found


def _suite(runs: tuple[Run, ...], report: Report) -> Suite:
    whole = standing(runs)
    first = runs[0]
    compared = report.comparison
    changes = {change.subject: change for change in compared.about(*_key(first))} if compared is not None else {}
    names = dict.fromkeys(verdict.property for run in runs for verdict in run.verdicts)
    cases = [_case(name, runs, whole) for name in names]
    played = _played(runs, whole, [case.status for case in cases])
    cases = [played, *cases]
    quiet = all(case.status in (Status.PASSED, Status.SKIPPED) for case in cases)
    told = "" if quiet else text.scenario(runs, report, PLAIN)
    if compared is not None:
        cases = [_weighed(case, changes.get(case.name)) for case in cases]
        cases += _slower(changes.get(DELIVERY_TIME), first)
    return Suite(printable(first.scenario), printable(first.file), runs, tuple(cases), told)


def _key(run: Run) -> tuple[str, str, str]:
    return run.file, run.scenario, run.profile


def _weighed(case: Case, change: Change | None) -> Case:
    """The case as it counts beside a baseline: what is known there is no reason to stop, and what is better is well."""
    if change is not None and change.kind is Kind.DOUBTFUL and case.status in (Status.PASSED, Status.SKIPPED):
        subject = "The scenario" if case.name == PLAYED else case.name
        return replace(case, status=Status.ERROR, outcome="inconclusive", message=_line(f"{subject} {change.words}."))
    if case.status not in (Status.FAILED, Status.ERROR) or case.outcome == "error":
        return case
    if change is None:  # nothing about it is otherwise than in the runs that were left out
        return replace(case, status=Status.PASSED, outcome="passed", message="", details="")
    said = f"{case.name} {change.words}"
    if change.kind in (Kind.KNOWN, Kind.BETTER):
        return replace(case, status=Status.KNOWN, message=_line(f"Known: {said}. {case.message}"))
    return replace(case, message=_line(f"{change.kind.value.capitalize()}: {said}. {case.message}"))


def _slower(change: Change | None, run: Run) -> list[Case]:
    if change is None or change.kind is not Kind.WORSE:
        return []
    said = _line(f"{change.words[:1].upper()}{change.words[1:]}.")
    return [Case(DELIVERY_TIME, Status.FAILED, change.kind.value, said, said, run=run)]


def _played(runs: Sequence[Run], whole: str, statuses: Sequence[Status]) -> Case:
    """Takes what no property can be blamed for."""
    seconds = sum(run.duration_s for run in runs)
    wrong = next((run for run in runs if run.error is not None), None)
    if wrong is not None and wrong.error is not None:
        message = _line("; ".join(problem.what.split("\n")[0] for problem in wrong.error.problems))
        return Case(PLAYED, Status.ERROR, "error", message, _lines(text.trouble(wrong, PLAIN)), seconds, run=wrong)
    if whole == "not-applicable":
        why = next((run.why for run in runs if run.why), "")
        return Case(PLAYED, Status.SKIPPED, whole, _line(why), run=runs[0])
    if whole == "passed" or Status.FAILED in statuses or (whole != "failed" and Status.ERROR in statuses):
        return Case(PLAYED, Status.PASSED, "passed", seconds=seconds, run=runs[0])
    unclear = next((run for run in runs if run.outcome.value == whole), runs[0])
    status = Status.FAILED if whole == "failed" else Status.ERROR
    return Case(
        PLAYED, status, whole, _why_unclear(unclear), _lines(text.trouble(unclear, PLAIN)), seconds, run=unclear
    )


def _why_unclear(run: Run) -> str:
    if run.interrupted:
        return "The run was interrupted: what was finished is judged, nothing else is."
    named = text.asked_in_vain(run)
    if named:
        return f"Nothing in this run put {', '.join(v.property for v in named)} to the test; the scenario asks for it."
    return "Nothing in this run put any property to the test."


def _case(name: str, runs: Sequence[Run], whole: str) -> Case:
    """One property in all runs. Inconclusive runs are left out where the whole is known without them."""
    seen = [(run, verdict) for run in runs for verdict in run.verdicts if verdict.property == name]
    by = {outcome: [each for each in seen if each[1].outcome is outcome] for outcome in Outcome}
    failed, unclear, passed = by[Outcome.FAILED], by[Outcome.INCONCLUSIVE], by[Outcome.PASSED]
    if failed:
        return _told(Status.FAILED, *failed[0], _rate(len(failed), name, runs, failed[0][0]))
    if unclear and whole != "passed" and not (passed and whole == "failed" and len(runs) > 1):
        often = f"inconclusive in {len(unclear)} of {len(runs)} runs: " if len(runs) > 1 else ""
        return _told(Status.ERROR, *unclear[0], often)
    if passed:
        return Case(name, Status.PASSED, "passed", run=passed[0][0])
    run, verdict = seen[0]
    return Case(name, Status.SKIPPED, verdict.outcome.value, _line(verdict.summary), where=verdict.where, run=run)


def _rate(failed: int, name: str, runs: Sequence[Run], first: Run) -> str:
    if len(runs) == 1:
        return ""
    able = sum(any(v.property == name and v.outcome in EXERCISED[:2] for v in run.verdicts) for run in valid(runs))
    return f"failed in {failed} of {able} runs, first with seed {first.seed}: "


def _told(status: Status, run: Run, verdict: Verdict, before: str) -> Case:
    details = text.verdict(verdict, run, PLAIN)
    if run.replay:
        details += f"\n  Reproduce with: {printable(run.replay)}\n"
    message = _line(before + verdict.summary)
    return Case(verdict.property, status, verdict.outcome.value, message, _lines(details), 0.0, verdict.where, run)


def _line(said: str) -> str:
    return shorten(printable(" ".join(said.split())), LONGEST)


def _lines(said: str) -> str:
    """Less the indent that all lines share: on the console they stand below a head, here they stand alone."""
    return "\n".join(_dedented(said.strip("\n").split("\n")))


def _dedented(lines: Sequence[str]) -> Iterator[str]:
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    for line in lines:
        yield line[margin:]
