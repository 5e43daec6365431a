"""Before it counts: what timing alone could have caused is played again, with nothing that disturbs it (properties.md).

An absence is a claim about waiting, and in a class that is played side by side anybody may have to wait. So a run whose
failure rests on waiting, or that could not be played, is played once more undisturbed, and that run counts. What is
inconclusive is played so up to twice, with four times the patience; what remains is for a person to decide.

Pure: who plays asks `again` what is wanted, and gives the new run to `settled`; whether anything disturbed that run, it
has to know.
"""

from __future__ import annotations

from dataclasses import replace

from chatsim.grading.record import OutcomeWord, RunRecord, VerdictRecord

__all__ = ["MORE_PATIENCE", "again", "settled"]

MORE_PATIENCE = 4.0  # times the usual
TRIES = 2  # with it
NOT_SEEN_AGAIN = "Played again undisturbed, with the same seed, it was not seen again."


def again(run: RunRecord) -> float | None:
    """How much patience the next undisturbed run is to have, in times of the usual; None: what is known counts."""
    if run.needs_review or run.outcome in ("passed", "not-applicable"):
        return None
    if run.outcome == "inconclusive":
        return MORE_PATIENCE
    if run.ours or run.outcome == "error":
        return 1.0 if run.undisturbed == 0 and not run.sure else None
    return 1.0 if run.undisturbed == 0 and any(verdict.doubtful for verdict in run.verdicts) else None


def settled(run: RunRecord, replay: RunRecord) -> RunRecord:
    """What is to be said now that `replay` was played undisturbed, as `again` had asked. It may ask for another one."""
    undisturbed = run.undisturbed + 1
    patient = run.patient + (run.outcome == "inconclusive")
    replay = replace(replay, undisturbed=undisturbed, patient=patient, verdicts=tuple(map(_sure, replay.verdicts)))
    if replay.ours:  # it says nothing, and the next one would hardly say more
        return replay if run.ours else replace(run, undisturbed=undisturbed, patient=patient, needs_review=True)
    if run.outcome == "inconclusive":
        return replay if replay.outcome != "inconclusive" else replace(replay, needs_review=patient >= TRIES)
    seen = any(verdict.outcome == "failed" and not verdict.doubtful for verdict in run.verdicts)
    if run.outcome == "error" or run.ours or (not seen and replay.outcome in ("failed", "error")):
        return replay  # what was seen by itself is better evidence than what was seen in a crowd
    failed = {verdict.property for verdict in replay.verdicts if verdict.outcome == "failed"}
    verdicts = tuple(_weighed(verdict, verdict.property in failed) for verdict in run.verdicts)
    outcome: OutcomeWord = "failed" if any(verdict.outcome == "failed" for verdict in verdicts) else "inconclusive"
    return replace(run, undisturbed=undisturbed, disturbed=False, verdicts=verdicts, outcome=outcome)


def _sure(verdict: VerdictRecord) -> VerdictRecord:
    return replace(verdict, doubtful=False)


def _weighed(verdict: VerdictRecord, is_so_again: bool) -> VerdictRecord:
    if not verdict.doubtful or is_so_again:
        return _sure(verdict)
    said = f"{verdict.summary} {NOT_SEEN_AGAIN}".lstrip()
    # A hint would explain what may never have happened.
    return replace(_sure(verdict), outcome="inconclusive", cause="machine", summary=said, hint="")
