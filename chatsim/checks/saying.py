"""What the verdicts on messages have in common: when a property is not judged at all, and how a sentence is put."""

from __future__ import annotations

from collections.abc import Iterable

from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.checks.views import Views
from chatsim.checks.wording import named

__all__ = ["failed", "inconclusive", "not_applicable", "passed", "quoted", "unpromised", "who"]


def unpromised(views: Views, name: str) -> Verdict | None:
    """The verdict on a property that neither the profile nor the scenario promises; None if it is promised."""
    if views.terms.promised(name):
        return None
    return not_applicable(name, "The profile does not promise it.")


def not_applicable(name: str, why: str) -> Verdict:
    return Verdict(name, Outcome.NOT_APPLICABLE, why)


def passed(name: str, exercised: int, summary: str, nothing: str) -> Verdict:
    """Passed, if there was a real chance to violate it; `nothing` says what was lacking otherwise."""
    if exercised == 0:
        return Verdict(name, Outcome.NOT_EXERCISED, nothing)
    return Verdict(name, Outcome.PASSED, summary, exercised=exercised)


def failed(
    views: Views,
    name: str,
    summary: str,
    witness: Iterable[int],
    *,
    about: int | None,
    exercised: int,
    evidence: Evidence = Evidence.PROOF,
    hint: str = "",
) -> Verdict:
    """`about`: the message whose step is the place to look at; the witness may hold an index twice, or none (-1)."""
    return Verdict(
        name,
        Outcome.FAILED,
        summary,
        tuple(sorted({index for index in witness if index >= 0})),
        evidence,
        exercised=max(1, exercised),
        where=views.place_of(about) if about is not None else "",
        hint=hint,
    )


def inconclusive(
    views: Views, name: str, cause: Cause, summary: str, witness: Iterable[int], about: int | None, hint: str = ""
) -> Verdict:
    return Verdict(
        name,
        Outcome.INCONCLUSIVE,
        summary,
        tuple(sorted({index for index in witness if index >= 0})),
        cause=cause,
        exercised=1,
        where=views.place_of(about) if about is not None else "",
        hint=hint,
    )


def who(views: Views, sessions: Iterable[int]) -> str:
    return named([views.label(session) for session in sessions])


def quoted(views: Views, first: int, second: int) -> tuple[str, str]:
    """Two messages in quotes; where their words are the same, told apart by when they were sent."""
    one, two = views.quote(first), views.quote(second)
    if one != two:
        return one, two
    earlier = views.send[first] < views.send[second]
    return (f"{one} (the earlier)", f"{two} (the later)") if earlier else (f"{one} (the later)", f"{two} (the earlier)")
