"""What a replay alone says about a run: is what was waited for in vain seen again?

An absence is a claim about waiting, and a busy machine can make anybody wait. Seen again, with the same seed and nothing
else being played, it stands. Not seen again, nobody knows whether the machine was the reason or the failure is rare:
it becomes inconclusive, never passed. What was *seen* needs no second run.
"""

from __future__ import annotations

from dataclasses import replace

from chatsim.checks.judge import outcome_of
from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.report.report import Run

__all__ = ["absences", "undecided", "weighed"]

NOT_SEEN_AGAIN = "In a replay alone, with the same seed, it was not seen again."
NOT_TOLD = "A replay alone, with the same seed, could not tell whether it is so again."


def absences(run: Run) -> tuple[str, ...]:
    """The properties that failed because something was waited for in vain."""
    return tuple(v.property for v in run.verdicts if _is_absence(v))


def undecided(run: Run) -> bool:
    """Is nothing known of this run for no other reason than the machine?"""
    return run.outcome is Outcome.INCONCLUSIVE and any(
        v.outcome is Outcome.INCONCLUSIVE and v.cause is Cause.MACHINE for v in run.verdicts
    )


def weighed(run: Run, replay: Run) -> Run:
    """The run, with each of its absences confirmed by the replay, or inconclusive.

    A replay that was interrupted says nothing: the run stays as it was, and is interrupted, too.
    """
    if replay.interrupted:
        return replace(run, interrupted=True)
    again = {v.property: v.outcome for v in replay.verdicts}
    seen = {name: again.get(name) is Outcome.FAILED for name in absences(run)}
    verdicts = tuple(
        v if seen.get(v.property, True) else _doubted(v, again.get(v.property, Outcome.INCONCLUSIVE))
        for v in run.verdicts
    )
    if run.history is None or not seen:
        return run
    return replace(run, verdicts=verdicts, outcome=outcome_of(verdicts, run.history.header), seen_again=seen)


def _is_absence(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.FAILED and verdict.evidence is Evidence.ABSENCE


def _doubted(verdict: Verdict, again: Outcome) -> Verdict:
    said = NOT_SEEN_AGAIN if again is Outcome.PASSED else NOT_TOLD
    summary = f"{verdict.summary} {said}".lstrip()
    # A hint would explain what may never have happened.
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, cause=Cause.MACHINE, summary=summary, hint="")
