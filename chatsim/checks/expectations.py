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
REFUSED_JOIN = "a refused join"  # what the director calls an expected refusal
SERVER = "the server"


def expectations(history: History) -> Verdict:
    """Every `expect`, `expect-nothing`, `expect-output` and expected refusal is met.

    What came though it must not is proof. What did not come is absence: the director's wait for it is the evidence,
    and if our machine spoilt that wait, nothing is known.
    """
    lives = lives_of(history)
    entries = lives.of("expected")
    unmet = [entry for entry in entries if not entry.detail.get("met")]
    exercised = len(entries)
    if not exercised:
        return Verdict(NAME, Outcome.NOT_EXERCISED, "The scenario expects nothing of its own.")
    if not unmet:
        return Verdict(NAME, Outcome.PASSED, f"{counted(exercised, 'expectation')} met.", exercised=exercised)

    certain = [entry for entry in unmet if _was_seen(entry) or not _spoilt(entry, lives.of("wait"))]
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
    seen = _was_seen(first)
    return Verdict(
        NAME,
        Outcome.FAILED,
        summary,
        (int(by), first.index) if seen and by is not None else (first.index,),
        Evidence.PROOF if seen else Evidence.ABSENCE,
        exercised=exercised,
        where=where,
    )


def _was_seen(entry: Entry) -> bool:
    """Is it broken by something that came, rather than by something that did not?"""
    return bool(entry.detail.get("negative")) or entry.detail.get("what") == REFUSED_JOIN


def _sentence(entry: Entry) -> str:
    """ "bob was to hear "soup?", but that did not happen." """
    bot, what = str(entry.detail.get("bot") or SERVER), clip(str(entry.detail.get("what", "")))
    if what == REFUSED_JOIN:
        return f"{bot} was to be refused, but was let in."
    what = what.removeprefix(f"{SERVER} ")
    wanted = what if what.startswith("to ") else f"to get {what}"
    bot = bot[0].upper() + bot[1:] if bot == SERVER else bot
    if entry.detail.get("negative"):
        return f"{bot} was not {wanted}, but that happened."
    return f"{bot} was {wanted}, but that did not happen."


def _spoilt(entry: Entry, waits: Sequence[Entry]) -> bool:
    """Was the wait for it recorded as one that our own machine disturbed, and none as a good one?"""
    step, what = entry.detail.get("step"), entry.detail.get("what")
    about = []
    for wait in waits:
        rows = wait.detail.get("missing") or ()
        here = wait.detail.get("step") == step and str(wait.detail.get("for", "")).startswith("expect")
        if here and (not rows or any(what == row[-1] for row in rows)):
            about.append(bool(wait.detail.get("valid")))
    return bool(about) and not any(about)
