"""From a history to all its verdicts, and from the verdicts to the outcome of the run."""

from __future__ import annotations

from collections.abc import Sequence

from chatsim.checks.catalogue import CHECKS
from chatsim.checks.verdict import Outcome, Verdict
from chatsim.history import Header, History
from chatsim.properties import PROPERTIES, named

__all__ = ["judge", "outcome_of"]

FAILED, INCONCLUSIVE, NOT_EXERCISED = Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.NOT_EXERCISED


def judge(history: History, names: Sequence[str] | None = None) -> list[Verdict]:
    """Judge the properties asked for (null: those that the history's header asks for), in the catalogue's order.

    Names may be properties, groups or `everything`. Properties without a check yet are passed over.
    """
    wanted = named(tuple(history.header.check if names is None else names))
    return [CHECKS[name](history) for name in wanted if name in CHECKS]


def outcome_of(verdicts: Sequence[Verdict], header: Header) -> Outcome:
    """Failed if any failed; else inconclusive if any is, or one asked for by name was not exercised, or nothing passed."""
    outcomes = {verdict.outcome for verdict in verdicts}
    by_name = {known.name for known in PROPERTIES} & set(header.check)
    if FAILED in outcomes:
        return FAILED
    idle = any(verdict.outcome is NOT_EXERCISED and verdict.property in by_name for verdict in verdicts)
    if INCONCLUSIVE in outcomes or idle or Outcome.PASSED not in outcomes:
        return INCONCLUSIVE
    return Outcome.PASSED
