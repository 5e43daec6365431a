"""What a check says: one of five outcomes, with the smallest witness that proves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from chatsim.history import History

__all__ = ["Cause", "Check", "Evidence", "Outcome", "Verdict"]


class Outcome(StrEnum):
    """Never two, always five (properties.md)."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    NOT_EXERCISED = "not-exercised"
    NOT_APPLICABLE = "not-applicable"


class Evidence(StrEnum):
    """Proof was seen and needs no second run; absence was waited for in vain, and counts only with a valid wait."""

    PROOF = "proof"
    ABSENCE = "absence"


class Cause(StrEnum):
    """Why a run that exercised a property proves neither: never anything that the server did."""

    MACHINE = "machine"
    TCP = "tcp"
    PROFILE = "profile"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One property judged in one run.

    `summary` is one or two plain sentences for a person, naming bots and texts. `witness` holds the fewest history
    indexes that prove a failure. `exercised` counts the real chances the server had to violate it. `where` is the
    place in the scenario of the step it is about. `at` tells when something late came: once, idle, after speech.
    `hint` is what its author may change; how sure that is (surely, probably, perhaps) and the line of the server's code
    that it points at, as `server.py:31, in handle`, are known only where diagnosis found a cause.
    """

    property: str
    outcome: Outcome
    summary: str = ""
    witness: tuple[int, ...] = ()
    evidence: Evidence | None = None
    cause: Cause | None = None
    exercised: int = 0
    where: str = ""
    at: str = ""
    hint: str = ""
    hint_sure: str = ""
    hint_where: str = ""

    def hinted(self, hint: str, sure: str = "", where: str = "") -> Verdict:
        return replace(self, hint=hint, hint_sure=sure, hint_where=where)


Check = Callable[[History], Verdict]
