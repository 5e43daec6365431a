"""What a replay alone says about a run: is what was waited for in vain seen again?

An absence is a claim about waiting, and a busy machine can make anybody wait. Seen again, with the same seed and nothing
else being played, it stands. Not seen again, nobody knows whether the machine was the reason or the failure is rare:
it becomes inconclusive, never passed. What was *seen* needs no second run, unless the server had been cut off from
something that it looked for: then the reason may be ours, and the replay, on the machine's own network, tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chatsim.checks.judge import outcome_of
from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.report.report import Run

__all__ = ["absences", "doubtful", "unconfirmed", "undecided", "weighed"]

NOT_SEEN_AGAIN = "In a replay alone, with the same seed, it was not seen again."
NOT_REPLAYED = "It was to be replayed alone, and that was interrupted."
NOT_TOLD = "A replay alone, with the same seed, could not tell whether it is so again."


def absences(run: Run) -> tuple[str, ...]:
    """The properties that failed because something was waited for in vain."""
    return tuple(v.property for v in run.verdicts if _is_absence(v))


def doubtful(run: Run) -> tuple[str, ...]:
    """The properties whose failure may be ours: absences, and all of them where the server had been cut off."""
    failed = tuple(v.property for v in run.verdicts if v.outcome is Outcome.FAILED)
    return failed if run.cut_off else absences(run)


def undecided(run: Run) -> bool:
    """Is nothing known of this run for no other reason than the machine?"""
    return run.outcome is Outcome.INCONCLUSIVE and any(
        v.outcome is Outcome.INCONCLUSIVE and v.cause is Cause.MACHINE for v in run.verdicts
    )


def weighed(run: Run, replay: Run, *, alone: bool = True) -> Run:
    """The run, with each of its doubtful failures confirmed by the replay, or inconclusive. `alone`: nothing was played
    beside the replay; else nobody is told that it was.

    A replay that was interrupted says nothing: they are not confirmed, and the run is interrupted, too.
    """
    if replay.interrupted:
        return replace(unconfirmed(run), interrupted=True)
    again = {v.property: v.outcome for v in replay.verdicts}
    seen = {name: again.get(name) is Outcome.FAILED for name in doubtful(run)}
    said = {name: NOT_SEEN_AGAIN if again.get(name) is Outcome.PASSED else NOT_TOLD for name in seen}
    if not alone:
        said = {name: words.replace("replay alone", "replay") for name, words in said.items()}
    doubted = _without(run, {name: said[name] for name in seen if not seen[name]})
    return replace(doubted, seen_again=seen) if alone else doubted


def unconfirmed(run: Run) -> Run:
    """The run as it is told when its replay has to be left out: what is doubtful is no failure yet."""
    names = doubtful(run)
    return replace(_without(run, dict.fromkeys(names, NOT_REPLAYED)), seen_again=dict.fromkeys(names))


def _without(run: Run, doubted: Mapping[str, str]) -> Run:
    """The run with these properties inconclusive, and what is said of each."""
    if run.history is None or not doubted:
        return run
    verdicts = tuple(_doubted(v, doubted[v.property]) if v.property in doubted else v for v in run.verdicts)
    return replace(run, verdicts=verdicts, outcome=outcome_of(verdicts, run.history.header))


def _is_absence(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.FAILED and verdict.evidence is Evidence.ABSENCE


def _doubted(verdict: Verdict, said: str) -> Verdict:
    summary = f"{verdict.summary} {said}".lstrip()
    # A hint would explain what may never have happened.
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, cause=Cause.MACHINE, summary=summary, hint="")
