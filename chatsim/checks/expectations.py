"""`expectations`: what the scenario itself said must, or must not, come."""

from __future__ import annotations

from collections.abc import Sequence

from chatsim.checks.faults import BUSY
from chatsim.checks.lives import lives_of
from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.checks.wording import clip, counted
from chatsim.history import Entry, History

__all__ = ["expectations"]

NAME = "expectations"


def expectations(history: History) -> Verdict:
    """Every `expect`, `expect-nothing`, `expect-output` and expected refusal is met.

    What came though it must not is proof. What did not come is absence: the director's wait for it is the evidence,
    and if our machine spoilt that wait, nothing is known.
    """
    lives = lives_of(history)
    entries = lives.of("expected")
    unmet = [entry for entry in entries if not entry.detail.get("met")]
    refusals = sum(life.refusal_expected for life in lives.sessions.values())
    exercised = len(entries) + refusals
    if not exercised:
        return Verdict(NAME, Outcome.NOT_EXERCISED, "The scenario expects nothing of its own.")
    if not unmet:
        return Verdict(NAME, Outcome.PASSED, f"{counted(exercised, 'expectation')} met.", exercised=exercised)

    certain = [entry for entry in unmet if entry.detail.get("negative") or not _spoilt(entry, lives.of("wait"))]
    first = (certain or unmet)[0]
    summary = _sentence(first)
    if len(certain) > 1:
        summary += f" {counted(len(certain) - 1, 'more expectation')} not met."
    where = str(first.detail.get("where") or lives.where(first.index))
    if not certain:
        summary += BUSY
        return Verdict(
            NAME, Outcome.INCONCLUSIVE, summary, (first.index,), cause=Cause.MACHINE, exercised=exercised, where=where
        )
    by = first.detail.get("by")
    seen = bool(first.detail.get("negative"))
    return Verdict(
        NAME,
        Outcome.FAILED,
        summary,
        (int(by), first.index) if seen and by is not None else (first.index,),
        Evidence.PROOF if seen else Evidence.ABSENCE,
        exercised=exercised,
        where=where,
    )


def _sentence(entry: Entry) -> str:
    detail = entry.detail
    bot, what = detail.get("bot"), clip(str(detail.get("what", "")))
    if detail.get("negative"):
        return f"{bot or 'The server'} was not to get this, and did: {what}."
    return f"{bot} waited in vain for {what}." if bot else f"The server never printed {what}."


def _spoilt(entry: Entry, waits: Sequence[Entry]) -> bool:
    """Was the wait for it recorded as one that our own machine disturbed, and none as a good one?"""
    step = entry.detail.get("step")
    about = [
        wait.detail.get("valid", True)
        for wait in waits
        if wait.detail.get("step") == step and str(wait.detail.get("for", "")).startswith("expect")
    ]
    return bool(about) and not any(about)
