"""Several sessions may suffer the same: one verdict on all of them, that tells of the clearest case."""

from __future__ import annotations

from dataclasses import dataclass

from chatsim.checks.lives import Life, Lives
from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.checks.wording import named

__all__ = ["BUSY", "Fault", "failed"]

BUSY = " But this machine was too busy meanwhile to be sure."


@dataclass(frozen=True, slots=True)
class Fault:
    """What one session suffered. `certain` false: our machine spoilt the wait that would have shown it."""

    life: Life
    summary: str
    witness: tuple[int, ...]
    evidence: Evidence
    certain: bool = True
    hint: str = ""


def failed(name: str, lives: Lives, faults: list[Fault], exercised: int, what: str) -> Verdict:
    """The verdict on a list of faults: proof first, then what is certain; inconclusive if nothing is."""
    ordered = sorted(faults, key=lambda f: (not f.certain, f.evidence is not Evidence.PROOF, f.witness[0]))
    first = ordered[0]
    summary = first.summary
    same = [f.life.bot for f in ordered if f.certain == first.certain and f.life.bot != first.life.bot]
    if same:
        summary += f" {what} {named(same)}."
    if not first.certain:
        summary += BUSY
    return Verdict(
        name,
        Outcome.FAILED if first.certain else Outcome.INCONCLUSIVE,
        summary,
        first.witness,
        first.evidence if first.certain else None,
        None if first.certain else Cause.MACHINE,
        exercised,
        lives.where(first.witness[0]),
        hint=first.hint,
    )
