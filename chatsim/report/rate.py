"""How often a rare failure happens: k of n, with the exact interval of Clopper and Pearson (1934)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, log1p

from chatsim.report.report import VALID_ENOUGH, Run

__all__ = ["VALID_ENOUGH", "Rate", "clopper_pearson", "rarer_than", "rates", "standing", "valid"]


@dataclass(frozen=True, slots=True)
class Rate:
    """One property failed in so many of the runs that could tell. Runs count from 1.

    `interval` holds the true rate with 95 % confidence. It is null for runs that stopped at their first failure: a run
    that was picked because it failed says nothing about how often runs fail.
    """

    property: str
    failed: int
    valid: int
    first_run: int
    first_seed: int
    interval: tuple[float, float] | None


def valid(runs: Sequence[Run]) -> list[Run]:
    """The runs that count: neither inconclusive nor never really played."""
    return [run for run in runs if _counts(run)]


def standing(runs: Sequence[Run]) -> str:
    """What came of one scenario as a whole: error, failed, inconclusive, passed or not-applicable.

    The gravest of its runs; but inconclusive ones are left out where at least `VALID_ENOUGH` of all passed.
    """
    words = ["error" if run.error is not None else run.outcome.value for run in runs]
    played = [word for word in words if word != "not-applicable"]
    if not played:
        return "not-applicable"
    worst = next((word for word in ("error", "failed", "inconclusive") if word in played), "passed")
    return "passed" if worst == "inconclusive" and words.count("passed") >= VALID_ENOUGH * len(played) else worst


def _counts(run: Run) -> bool:
    return run.error is None and run.outcome.value in ("passed", "failed")


def rates(runs: Sequence[Run], *, stopped: bool = False) -> list[Rate]:
    """How often each property failed that did, the most frequent first. `runs`: all repeats of one scenario, in order.

    A run that failed by another property, and is inconclusive about this one, does not count for this one.
    """
    counted = [(number, run) for number, run in enumerate(runs, start=1) if _counts(run)]
    failing: dict[str, list[int]] = {}
    unclear: Counter[str] = Counter()
    for number, run in counted:
        for verdict in run.verdicts:
            if verdict.outcome.value == "failed":
                failing.setdefault(verdict.property, []).append(number)
            elif verdict.outcome.value == "inconclusive":
                unclear[verdict.property] += 1
    found = []
    for name, numbers in failing.items():
        k, n = len(numbers), len(counted) - unclear[name]
        interval = None if stopped else clopper_pearson(k, n)
        found.append(Rate(name, k, n, numbers[0], runs[numbers[0] - 1].seed, interval))
    return sorted(found, key=lambda rate: -rate.failed)


def rarer_than(n: int, confidence: float = 0.95) -> float:
    """After n runs without a failure, with this confidence the rate is below this: (1 - rate)^n = 1 - confidence."""
    return 1.0 - float((1 - confidence) ** (1 / n))


def clopper_pearson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval that holds the true rate with at least this confidence, when k of n independent runs failed.

    Exact whatever the rate: it never promises more than its confidence, and for small n is wider than needed. n ≥ 1.
    """
    if not 0 <= k <= n or n < 1:
        raise ValueError(f"{k} of {n} is no rate")
    tail = (1 - confidence) / 2
    low = 0.0 if k == 0 else _where(lambda rate: _at_least(k, n, rate) < tail)
    high = 1.0 if k == n else _where(lambda rate: _at_least(k + 1, n, rate) < 1 - tail)
    return low, high


def _where(below: Callable[[float], bool]) -> float:
    """The rate at which `below` turns false; it is true at 0 and false at 1, once."""
    low, high = 0.0, 1.0
    for _ in range(60):  # halving 60 times leaves less than a double can tell apart
        middle = (low + high) / 2
        if below(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_least(k: int, n: int, rate: float) -> float:
    """The chance of k or more in n. Summed from logarithms, so that a thousand runs do not underflow."""
    if rate <= 0.0 or rate >= 1.0:
        return float(k <= (n if rate >= 1.0 else 0))
    hit, miss = log(rate), log1p(-rate)
    return sum(
        exp(lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) + i * hit + (n - i) * miss) for i in range(k, n + 1)
    )
