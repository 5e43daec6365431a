"""The runs of one part → its share of the points, as an interval. Pure, and exact: shares are fractions.

What can not be told is neither given nor taken: such a run counts as failed below, and as passed above. Nothing that is
our own trouble, nor anything that rests on waiting alone and was not confirmed, ever counts as failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from chatsim.grading.assignment import Part
from chatsim.grading.record import RunRecord, VerdictRecord

__all__ = [
    "VALID_ENOUGH",
    "Share",
    "Standing",
    "its_end_counts",
    "may_be_full",
    "never_tested_in",
    "not_shown",
    "share_of",
    "standing_of",
]

VALID_ENOUGH: Final = Fraction(4, 5)  # of the runs of one scenario; then those that could not tell are left out

ENDS_ALL: Final = frozenset(("lets-in", "stays-up", "keeps-clients", "still-serves"))
"""A server that fails one of these lets nobody in or is gone: what it was not put to the test for, it has not shown."""

TOLD: Final = frozenset(("passed", "failed", "inconclusive"))  # outcomes of what was put to the test

Standing = Literal["passed", "failed", "unclear", "ours", "silent"]
"""What one run says: `ours`, nothing, by a trouble that is no student's; `silent`, nothing, and nothing was wrong."""


@dataclass(frozen=True, slots=True)
class Share:
    """Between `low` and `high`, from 0 to 1. `passed` of `played` runs that count; `ours`: all that is unclear is our own
    trouble. `why`: what could not be told, or what failed, in one sentence."""

    low: Fraction
    high: Fraction
    passed: int = 0
    played: int = 0
    ours: bool = False
    why: str = ""


NOTHING: Final = Share(Fraction(0), Fraction(0))
UNKNOWN: Final = Share(Fraction(0), Fraction(1))


def share_of(part: Part, runs: Sequence[RunRecord]) -> Share:
    """What these runs, all of this part, are worth. Runs that should be there and are not are our own trouble."""
    missing = _missing(part, runs)
    missed = not_shown(part, runs)
    kept = [*_kept(runs, lambda run: standing_of(run, part, missed)), *missing]
    passed, failed = kept.count("passed"), kept.count("failed")
    if part.credit == "each":
        share = _each(part, runs, missing)
    elif part.credit == "rate":
        share = _rate(part, runs, kept)
    else:
        share = _all(part, runs, kept)
    unclear = share.low != share.high
    ours = unclear and "ours" in kept and "unclear" not in kept
    return Share(share.low, share.high, passed, passed + failed, ours, share.why or _why(part, runs, kept, missed))


def may_be_full(part: Part, runs: Sequence[RunRecord]) -> bool:
    """Has it all its points by these runs, or may it have them, since some are missing, nobody could tell, or a person gives
    them?"""
    return part.credit == "look" or share_of(part, runs).high == 1


# --- the three ways --------------------------------------------------------------------------------------------------


def _all(part: Part, runs: Sequence[RunRecord], kept: Sequence[Standing]) -> Share:
    if "failed" in kept:
        return NOTHING
    if (untried := _untried(part, runs)) is not None:
        return Share(Fraction(0), Fraction(1), why=untried)
    if "passed" not in kept or "unclear" in kept or "ours" in kept:
        return UNKNOWN
    return Share(Fraction(1), Fraction(1))


def _rate(part: Part, runs: Sequence[RunRecord], kept: Sequence[Standing]) -> Share:
    passed, failed = kept.count("passed"), kept.count("failed")
    all_that_count = len(kept) - kept.count("silent")
    if not all_that_count:
        return Share(Fraction(0), Fraction(1), why=_untried(part, runs) or "")
    low, high = Fraction(passed, all_that_count), Fraction(all_that_count - failed, all_that_count)
    if passed and (untried := _untried(part, runs)) is not None:
        return Share(Fraction(0), high, why=untried)
    return Share(low, high)


def _each(part: Part, runs: Sequence[RunRecord], missing: Sequence[Standing]) -> Share:
    standings = {name: _of_property(name, runs, missing) for name in part.properties}
    count: dict[str, Standing] = {
        name: "unclear" if standing == "silent" else standing
        for name, standing in standings.items()
        if standing != "silent" or name in part.named
    }
    if not count:
        return Share(Fraction(0), Fraction(1), why="Nothing of it was put to the test.")
    words = list(count.values())
    passed, failed = words.count("passed"), words.count("failed")
    low, high = Fraction(passed, len(words)), Fraction(len(words) - failed, len(words))
    return Share(low, high, why=" ".join(_told_of(count, standings)))


def _told_of(count: Mapping[str, Standing], standings: Mapping[str, Standing]) -> Iterator[str]:
    """What keeps it from being all, a sentence each."""
    wrong = [name for name, word in count.items() if word == "failed"]
    untried = [name for name in count if standings[name] == "silent"]
    unclear = [name for name, word in count.items() if word in ("unclear", "ours") and name not in untried]
    for told, names in (("Not shown", wrong), ("Nobody could tell", unclear), ("Never put to the test", untried)):
        if names:
            yield f"{told}: {', '.join(names)}."


# --- what one run says -----------------------------------------------------------------------------------------------


def standing_of(run: RunRecord, part: Part, missed: Sequence[str]) -> Standing:
    """`missed`: what the server has `not_shown` in all runs of this part."""
    standing = _of_run(run, part.properties)
    return "failed" if missed and standing in ("passed", "unclear") and _ended(run) else standing


def its_end_counts(run: RunRecord, part: Part, missed: Sequence[str]) -> bool:
    """Does it cost something in this part that the server let nobody in, or was gone, whether or not the part asks for that?
    Where what it asks for was put to the test all the same, it does not."""
    if not part.properties:
        return True
    tried = any(verdict.property in part.properties and verdict.outcome in TOLD for verdict in run.verdicts)
    return _ended(run) and (bool(missed) or not tried)


def _of_run(run: RunRecord, properties: Sequence[str]) -> Standing:
    if run.ours:
        return "ours"
    if run.outcome == "error":
        return "unclear" if run.needs_review else "failed"
    if run.outcome == "not-applicable":
        return "unclear"
    if not properties:
        return _of_outcome(run)
    verdicts = [verdict for verdict in run.verdicts if verdict.property in properties]
    if any(_failed(verdict) for verdict in verdicts):
        return "failed"
    if any(verdict.outcome in ("failed", "inconclusive") for verdict in verdicts):
        return "unclear"
    if any(verdict.outcome == "passed" for verdict in verdicts):
        return "passed"
    return "failed" if _ended(run) else "silent"


def _of_outcome(run: RunRecord) -> Standing:
    if run.outcome == "passed":
        return "passed"
    if run.outcome == "failed":
        wrong = [verdict for verdict in run.verdicts if verdict.outcome == "failed"]
        return "unclear" if wrong and all(verdict.doubtful for verdict in wrong) else "failed"
    return "unclear"


def _failed(verdict: VerdictRecord) -> bool:
    return verdict.outcome == "failed" and not verdict.doubtful


def _ended(run: RunRecord) -> bool:
    """Did the server see to it that nothing more could be put to the test?"""
    if run.ours:
        return False
    if run.outcome == "error":
        return not run.needs_review
    return any(_failed(verdict) and verdict.property in ENDS_ALL for verdict in run.verdicts)


# --- what all runs say -----------------------------------------------------------------------------------------------


def _of_property(name: str, runs: Sequence[RunRecord], missing: Sequence[Standing]) -> Standing:
    """Failed if it ever did; what was not put to the test in one run may have been in another."""

    def standing(run: RunRecord) -> Standing:
        if run.ours:
            return "ours"
        verdict = next((verdict for verdict in run.verdicts if verdict.property == name), None)
        if verdict is None or verdict.outcome in ("not-exercised", "not-applicable", "error"):
            return "silent"
        if verdict.outcome == "passed":
            return "passed"
        return "failed" if _failed(verdict) else "unclear"

    words = [*_kept(runs, standing), *missing]
    if "failed" in words:
        return "failed"
    if "unclear" in words:
        return "unclear"
    if "ours" in words:
        return "ours"
    if "passed" in words:
        return "passed"
    return "failed" if any(_ended(run) for run in runs) else "silent"


def not_shown(part: Part, runs: Sequence[RunRecord]) -> tuple[str, ...]:
    """What was asked for and never put to the test, because the server let nobody in or was gone: that counts as missed.

    Of what all runs of a scenario have left out though nobody ended them, it is not the server that kept it from the test.
    """
    ended = [all(_ended(run) for run in group) for group in _scenarios(runs).values()]
    if not any(_ended(run) for run in runs) or (part.credit != "each" and not any(ended)):
        return ()
    tried = _tried(runs)
    whole = part.credit == "each" or tried.isdisjoint(part.properties)
    return tuple(name for name in (part.properties if whole else part.named) if name not in tried)


def never_tested_in(part: Part, runs: Sequence[RunRecord]) -> tuple[str, ...]:
    """What the part asks for by name, and none of these runs has put to the test, though some went to their end."""
    if not any(run.outcome not in ("error", "not-applicable") and not run.ours and not _ended(run) for run in runs):
        return ()
    tried = _tried(runs)
    return tuple(name for name in part.named if name not in tried)


def _tried(runs: Sequence[RunRecord]) -> set[str]:
    return {verdict.property for run in runs for verdict in run.verdicts if verdict.outcome in TOLD}


def _untried(part: Part, runs: Sequence[RunRecord]) -> str | None:
    """What should have been put to the test and was not, in a sentence: a pass without it would be an empty one."""
    tried = _tried(runs)
    lacking = [name for name in part.named if name not in tried]
    if lacking:
        return f"Never put to the test: {', '.join(lacking)}."
    if part.properties and tried.isdisjoint(part.properties):
        return "Nothing of it was put to the test."
    return None


def _kept(runs: Iterable[RunRecord], standing: Callable[[RunRecord], Standing]) -> list[Standing]:
    """What the runs say, scenario by scenario. Where enough of its runs could tell, the others are left out."""
    kept: list[Standing] = []
    for group in _scenarios(runs).values():
        words = [standing(run) for run in group]
        told = sum(word in ("passed", "failed") for word in words)
        enough = told >= VALID_ENOUGH * (len(words) - words.count("silent"))
        kept += [word for word in words if not (enough and word in ("unclear", "ours"))]
    return kept


def _scenarios(runs: Iterable[RunRecord]) -> dict[tuple[str, str], list[RunRecord]]:
    groups: dict[tuple[str, str], list[RunRecord]] = {}
    for run in runs:
        groups.setdefault((run.file, run.scenario), []).append(run)
    return groups


def _missing(part: Part, runs: Sequence[RunRecord]) -> list[Standing]:
    """A run that should be there and is not."""
    return ["ours"] * max(0, len(part.scenarios) * part.repeat - len(runs))


def _why(part: Part, runs: Sequence[RunRecord], kept: Sequence[Standing], missed: Sequence[str]) -> str:
    passed, failed = kept.count("passed"), kept.count("failed")
    unclear, ours = kept.count("unclear"), kept.count("ours")
    all_that_count = len(kept) - kept.count("silent")
    if failed and (part.credit == "all" or not (unclear or ours)):
        told = f"{passed} of {passed + failed} runs passed."
        lacking = [name for name in missed if name in part.named]
        return f"{told} Not shown: {', '.join(lacking)}." if lacking else told
    unplayable = sorted({run.scenario for run in runs if run.outcome == "not-applicable"})
    if unplayable:
        return f"It can not be played with what this server speaks: {'; '.join(unplayable)}."
    if unclear:
        return f"In {unclear} of {all_that_count} runs nobody could tell."
    if ours:
        return f"{ours} of {all_that_count} runs could not be played, by no fault of this server."
    return ""
