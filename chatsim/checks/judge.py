"""From a history to all its verdicts, and from the verdicts to the outcome of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chatsim.checks.catalogue import CHECKS
from chatsim.checks.lives import lives_of
from chatsim.checks.server_liveness import began_to_end, unasked_end
from chatsim.checks.verdict import Evidence, Outcome, Verdict
from chatsim.history import Header, History
from chatsim.properties import PROPERTIES, named

__all__ = ["judge", "outcome_of"]

PASSED, FAILED, INCONCLUSIVE = Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE
NOT_EXERCISED = Outcome.NOT_EXERCISED

# What becomes of a server is their own subject: they read on where it has ended.
OF_ITS_END = frozenset(
    ("stays-up", "keeps-clients", "clean-exit", "survives-malformed", "no-head-of-line-blocking", "no-crash-output")
)
# What an end alone can look like: a connection that is refused, a text that breaks off. All other proofs stand.
SEEN_AT_AN_END = frozenset(("lets-in", "still-serves", "intact", "framing", "roster", "expectations"))


def judge(history: History, names: Sequence[str] | None = None) -> list[Verdict]:
    """Judge the properties asked for (null: those that the history's header asks for), in the catalogue's order.

    Names may be properties, groups or `everything`. Properties without a check yet are passed over.

    Where `stays-up` is judged and fails because the server ended, that is said once: what others would fail for only
    because nobody was there any more, they are not failed for.
    """
    wanted = named(tuple(history.header.check if names is None else names))
    verdicts = [CHECKS[name](history) for name in wanted if name in CHECKS]
    death = unasked_end(lives_of(history))
    # Only beside a failed `stays-up`: otherwise a server could excuse itself by ending.
    if death is None or not any(v.property == "stays-up" and death.index in v.witness for v in verdicts):
        return verdicts
    lives = lives_of(history)
    alive = history.until(began_to_end(lives, death))
    when = lives.when(death.index)
    return [_but_for_the_end(verdict, alive, when) for verdict in verdicts]


def _but_for_the_end(verdict: Verdict, alive: History, when: str) -> Verdict:
    """The verdict on the time in which the server lived, where what came of its end is all that is wrong."""
    proved = verdict.evidence is Evidence.PROOF and verdict.property not in SEEN_AT_AN_END
    if verdict.property in OF_ITS_END or proved or verdict.outcome not in (FAILED, INCONCLUSIVE):
        return verdict
    before = CHECKS[verdict.property](alive)
    if before.outcome is verdict.outcome:
        return before
    if before.outcome is NOT_EXERCISED:
        return replace(before, summary=f"The server ended at {when}, before it was put to the test: see `stays-up`.")
    return replace(before, summary=f"{before.summary} Judged up to the server's end at {when}: see `stays-up`.")


def outcome_of(verdicts: Sequence[Verdict], header: Header) -> Outcome:
    """Failed if any failed; else inconclusive if any is, or one asked for by name was not exercised, or nothing passed."""
    outcomes = {verdict.outcome for verdict in verdicts}
    by_name = {known.name for known in PROPERTIES} & set(header.check)
    if FAILED in outcomes:
        return FAILED
    idle = any(verdict.outcome is NOT_EXERCISED and verdict.property in by_name for verdict in verdicts)
    if INCONCLUSIVE in outcomes or idle or PASSED not in outcomes:
        return INCONCLUSIVE
    return PASSED
