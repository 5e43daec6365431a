"""The interval of Clopper and Pearson, held against published values and its own definition."""

from __future__ import annotations

import math
from dataclasses import replace

import literal
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.checks.verdict import Cause, Outcome, Verdict
from chatsim.report.rate import Rate, clopper_pearson, rarer_than, rates
from chatsim.report.report import Run


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (7, 75, 0.0384, 0.1829),
        (1, 1000, 0.000025, 0.005558),
    ],
)
def test_known_values(k: int, n: int, low: float, high: float) -> None:
    assert clopper_pearson(k, n) == pytest.approx((low, high), abs=6e-5)


@given(st.integers(min_value=1, max_value=300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_observed_rate_lies_within_and_failing_mirrors_passing(of: tuple[int, int]) -> None:
    k, n = of

    low, high = clopper_pearson(k, n)

    assert low <= k / n <= high
    assert clopper_pearson(n - k, n) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(st.integers(min_value=1, max_value=500))
def test_without_a_failure_the_upper_end_is_exact(n: int) -> None:
    assert clopper_pearson(0, n)[1] == pytest.approx(1 - 0.025 ** (1 / n), rel=1e-9)


@given(st.integers(min_value=2, max_value=60).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n))))
def test_at_its_ends_what_was_seen_is_as_unlikely_as_promised(of: tuple[int, int]) -> None:
    k, n = of

    low, high = clopper_pearson(k, n)

    def chance(of: range, rate: float) -> float:
        return math.fsum(math.comb(n, i) * rate**i * (1 - rate) ** (n - i) for i in of)

    assert chance(range(k, n + 1), low) == pytest.approx(0.025, rel=1e-6)
    assert chance(range(k + 1), high) == pytest.approx(0.025, rel=1e-6)


@pytest.mark.parametrize(("k", "n"), [(1, 0), (0, 0), (-1, 5), (6, 5)])
def test_nonsense_is_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="no rate"):
        clopper_pearson(k, n)


# --- of the repeats of one scenario -----------------------------------------------------------------------------------


def failed(seed: int) -> Run:
    return replace(literal.failed(), seed=seed)


def test_k_of_n_with_the_first_failing_run_and_its_seed() -> None:
    (rate,) = rates([literal.passed(7), failed(8), literal.passed(9), failed(10)])

    assert rate == Rate("drop-notice", 2, 4, 2, 8, clopper_pearson(2, 4))


def test_runs_that_are_no_evidence_leave_the_denominator() -> None:
    (rate,) = rates([literal.unclear(7), failed(8), literal.not_started(), literal.passed(9)])

    assert (rate.failed, rate.valid, rate.first_run) == (1, 2, 2)


def test_a_run_that_failed_otherwise_and_can_not_tell_of_this_does_not_count_for_this() -> None:
    unclear = Verdict("drop-notice", Outcome.INCONCLUSIVE, cause=Cause.MACHINE)
    order = Verdict("fifo-order", Outcome.FAILED)
    other = replace(failed(8), verdicts=(order, unclear))

    by_name = {rate.property: rate for rate in rates([failed(7), other, literal.passed(9)])}

    assert (by_name["drop-notice"].failed, by_name["drop-notice"].valid) == (1, 2)
    assert (by_name["fifo-order"].failed, by_name["fifo-order"].valid) == (1, 3)


def test_what_stopped_at_its_first_failure_has_no_rate() -> None:
    (rate,) = rates([literal.passed(7), failed(8)], stopped=True)

    assert rate.interval is None
    assert (rate.first_run, rate.first_seed) == (2, 8)


@pytest.mark.parametrize(("rate", "runs"), [(0.1, 29), (0.05, 59), (0.01, 299)])
def test_so_many_clean_runs_show_a_rate_below(rate: float, runs: int) -> None:
    assert rarer_than(runs) <= rate < rarer_than(runs - 1)
