"""`growth` and `memory_growth`: a leak is a slope that lasts, and a pool is none."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.checks.growth import ENOUGH, NOISE, Growth, enough, growth, memory_growth

KIB, MIB = 1024, 1024 * 1024
SIZE = 5


def watched(value: Callable[[int], int], size: int = SIZE, least: int = ENOUGH) -> tuple[Growth, list[tuple[int, int]]]:
    """As the director does it: cycle after cycle, for as long as more is needed."""
    samples: list[tuple[int, int]] = []
    judged = growth(samples, size, least=least)
    while judged.needs_more:
        departed = size * (len(samples) + 1)
        assert departed <= judged.until
        samples.append((departed, value(departed)))
        judged = growth(samples, size, least=least)
    return judged, samples


def remembered(value: Callable[[int], int], size: int = 25) -> tuple[Growth, list[tuple[int, int]]]:
    samples: list[tuple[int, int]] = []
    judged = memory_growth(samples, size)
    while judged.needs_more:
        departed = size * (len(samples) + 1)
        assert departed <= judged.until
        samples.append((departed, value(departed)))
        judged = memory_growth(samples, size)
    return judged, samples


def wobble(seed: int, departed: int) -> int:
    """-1, 0 or 1, by the seed."""
    return hash((seed, departed)) % 3 - 1


# --- counts ----------------------------------------------------------------------------------------------------------


def test_of_nothing_nothing_is_known() -> None:
    assert growth([], 5) == Growth("unclear", until=25, needs_more=True)
    assert growth([(5, 9), (10, 9)], 5).needs_more


def test_three_cycles_of_one_client_each_show_nothing() -> None:
    assert growth([(1, 7), (2, 8), (3, 9)], 1).state == "unclear"


@given(st.integers(0, 500), st.integers())
def test_a_number_that_differs_by_one_is_clean_after_five_cycles(start: int, seed: int) -> None:
    """Finding 42: a thread more or less, late in the run."""
    judged, samples = watched(lambda departed: start + wobble(seed, departed))

    assert judged.state == "none"
    assert samples[-1][0] == 25


@given(st.integers(1, 260), st.sampled_from([1, 2, 5, 7, 10, 25]), st.integers())
def test_a_pool_that_fills_by_one_a_client_is_no_leak(pool: int, size: int, seed: int) -> None:
    """Finding 42: a fixed pool of 200 grows by one a client until it is full, and is right."""
    judged, _ = watched(lambda departed: 3 + min(departed, pool) + (departed > pool) * wobble(seed, departed), size)

    assert judged.state == "none"


def test_it_is_said_what_a_pool_has_grown_to() -> None:
    judged, samples = watched(lambda departed: 3 + min(departed, 200))

    assert judged.state == "none"
    assert judged.once == 195  # since the first cycle
    assert samples[-1][0] == 400  # half of that is past the pool


def test_a_pool_that_the_profile_declares_is_waited_for() -> None:
    judged, samples = watched(lambda departed: 3 + min(departed, 1000), least=enough(1000))

    assert (judged.state, enough(1000), enough(None)) == ("none", 1500, 300)
    assert samples[-1][0] <= 2000


@given(st.integers(1, 4), st.integers(0, 500), st.sampled_from([1, 2, 5, 10, 25, 100, 150]), st.integers())
def test_a_leak_of_one_a_client_or_more_always_grows(each: int, start: int, size: int, seed: int) -> None:
    judged, samples = watched(lambda departed: start + each * departed + wobble(seed, departed), size)

    assert judged.state == "grows"
    assert judged.slope == pytest.approx(each, abs=0.05)
    assert samples[-1][0] == max(ENOUGH, 3 * size)


def test_a_leak_of_one_in_three_clients_grows() -> None:
    assert watched(lambda departed: departed // 3)[0].state == "grows"


@given(st.lists(st.integers(-3, 6), min_size=2, max_size=130), st.integers(-1000, 1000))
def test_only_differences_count(steps: list[int], shift: int) -> None:
    values = list(accumulate(steps))
    samples = [(SIZE * (number + 1), value) for number, value in enumerate(values)]
    shifted = [(departed, value + shift) for departed, value in samples]

    assert growth(samples, SIZE) == growth(shifted, SIZE)


@given(st.lists(st.integers(-3, 6), min_size=2, max_size=130), st.integers(2, 9))
def test_what_grows_still_grows_when_it_is_counted_in_smaller_units(steps: list[int], factor: int) -> None:
    samples = [(SIZE * (number + 1), value) for number, value in enumerate(accumulate(steps))]
    finer = [(departed, value * factor) for departed, value in samples]

    if growth(samples, SIZE).state == "grows":
        assert growth(finer, SIZE).state == "grows"


@given(st.lists(st.integers(-6, 2), min_size=5, max_size=130))
def test_what_never_rises_above_its_first_value_by_more_than_the_noise_is_clean(steps: list[int]) -> None:
    values = [min(value, NOISE) for value in accumulate(steps)]
    samples = [(SIZE * (number + 1), value) for number, value in enumerate([0, *values])]

    assert growth(samples, SIZE).state == "none"


def test_one_that_rose_and_stood_still_for_a_quarter_is_unclear_and_watched_on() -> None:
    samples = [(departed, 3 + min(departed, 250)) for departed in range(5, 305, 5)]

    judged = growth(samples, SIZE)
    assert (judged.state, judged.needs_more, judged.until) == ("unclear", True, 600)


def test_one_that_rises_in_great_leaps_stays_unclear_and_there_is_an_end_to_it() -> None:
    judged, samples = watched(lambda departed: (departed + 110) // 120 * 120)

    assert (judged.state, judged.needs_more) == ("unclear", False)
    assert samples[-1][0] == 600


def test_a_growth_that_a_leak_could_be_is_called_steady() -> None:
    assert growth([(5, 8), (10, 13), (15, 18), (20, 23), (25, 28)], 5).steady
    assert not growth([(5, 8), (10, 13), (15, 13), (20, 23), (25, 28)], 5).steady


# --- memory ----------------------------------------------------------------------------------------------------------


def test_memory_is_not_judged_by_a_few_cycles() -> None:
    assert memory_growth([(25 * n, 10 * MIB) for n in range(1, 12)], 25).needs_more


def test_memory_that_stands_still_is_clean_and_the_least_leak_that_would_have_shown_is_told() -> None:
    judged, samples = remembered(lambda departed: 10 * MIB)

    assert (judged.state, len(samples)) == ("none", 12)
    assert judged.visible == pytest.approx(256 * KIB / 175)


def test_the_memory_of_two_hundred_threads_that_wake_one_by_one_is_no_leak_however_the_cycles_are_spaced() -> None:
    """Each thread of a pool keeps some memory from its first client on: seen at a right server, in these very numbers."""
    kib = (12544, 13100, 13772, 14388, 14964, 15564, 16136, 16700, 16876, 17080, 17256, 17508)
    often = [(25 * cycle, value * KIB) for cycle, value in enumerate(kib, 1)]
    seldom = [(375, 17972 * KIB), (450, 18332 * KIB), (525, 18692 * KIB), (600, 18840 * KIB)]

    assert memory_growth([*often, *seldom], 25).state == "unclear"


def test_memory_that_warms_up_is_clean() -> None:
    judged, _ = remembered(lambda departed: 10 * MIB + min(departed, 100) * 40 * KIB)

    assert judged.state == "none"
    assert judged.once == 75 * 40 * KIB


@given(st.integers(4, 100), st.integers())
def test_a_leak_of_four_kilobytes_a_client_always_grows(each: int, seed: int) -> None:
    """In pages, as resident memory does; and the heap a page more or less."""
    judged, _ = remembered(lambda departed: 10 * MIB + (departed * each // 4 + wobble(seed, departed)) * 4 * KIB)

    assert judged.state == "grows"
    assert judged.slope == pytest.approx(each * KIB, rel=0.1)


def test_a_small_leak_is_watched_for_four_times_as_long() -> None:
    _, samples = remembered(lambda departed: departed * 4 * KIB)

    assert 12 < len(samples) <= 48


@given(st.lists(st.integers(0, 4), min_size=48, max_size=48))
def test_a_right_servers_few_pages_a_cycle_are_no_leak(pages: list[int]) -> None:
    """Measured: 0 to 16 KiB in a cycle of 25."""
    grown = list(accumulate(pages))

    assert remembered(lambda departed: grown[departed // 25 - 1] * 4 * KIB)[0].state != "grows"


def test_one_great_lump_is_no_leak() -> None:
    judged, _ = remembered(lambda departed: 10 * MIB + (8 * MIB if departed > 200 else 0))

    assert judged.state == "none"


def test_a_heap_that_saws_up_and_down_is_no_leak() -> None:
    judged, _ = remembered(lambda departed: 10 * MIB + departed // 25 % 5 * MIB)

    assert judged.state == "none"


def test_memory_that_wanders_upwards_too_slowly_for_a_leak_stays_unclear_and_there_is_an_end_to_it() -> None:
    judged, samples = remembered(lambda departed: departed * 3 * KIB // 2)

    assert (judged.state, judged.needs_more, len(samples)) == ("unclear", False, 48)
