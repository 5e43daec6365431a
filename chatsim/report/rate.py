"""How often a rare failure happens: k of n, with the exact interval of Clopper and Pearson (1934)."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, lgamma, log, log1p

__all__ = ["clopper_pearson"]


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
