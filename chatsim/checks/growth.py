"""Does a number grow with the clients that have gone? Pure arithmetic, for the checks and for who takes the samples.

A leak is a slope that lasts. A pool of threads that fills by one a client looks just the same until it is full, and so
a growth that is seen at once is watched on, past the usual pools, before anybody is blamed for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import ceil
from statistics import median
from typing import Literal

__all__ = ["ENOUGH", "FEWEST", "MEMORY_CYCLES", "NOISE", "Growth", "enough", "growth", "memory_growth"]

NOISE = 2  # threads and descriptors: those of right servers were seen to differ by one, up or down
FEWEST = 3  # samples; of fewer nothing is said
AT_ONCE = (
    20  # departures after the first cycle: five cycles of five; a leak of one in four clients shows as five by then
)
ENOUGH = 300  # departures: past pools of 32, 100 and 200, the usual ones
POOL_AND_A_HALF = 1.5  # of a pool that the profile declares
LEAST_RATE = 0.25  # of the departures that were watched last, it must have grown by this share
AGAIN = 2  # a pool may fill within the half that is judged: watched on to twice as many departures, it is full by then

KIB, MIB = 1024, 1024 * 1024
MEMORY_CYCLES = 12  # allocators take their memory in lumps: a few cycles show nothing
MEMORY_AGAIN = 4  # what shows as 256 KiB at first is 1 MiB after four times as many
MEMORY_PER_DEPARTURE = 2 * KIB
MEMORY_SURE, MEMORY_SURE_NOISE = MIB, 8
MEMORY_NOTHING, MEMORY_NOTHING_NOISE = 256 * KIB, 4
MEMORY_MOST_COMPARED = 400  # samples: the slope looks at all pairs of them


@dataclass(frozen=True, slots=True)
class Growth:
    """What became of a number while clients came and went.

    `none`: it does not grow with them; `once` is then what it had grown by before it stopped. `grows`: it does.
    `unclear`: neither can be said; `needs_more` tells whether more departures, up to `until` in all, would tell.
    `slope` is per departure, `total` from the first to the last sample; both over what was judged (the last half, if
    it was watched for long; for memory, without the first third). `visible` is the least slope that would have shown.
    """

    state: Literal["none", "grows", "unclear"]
    slope: float = 0.0
    total: int = 0
    once: int = 0
    visible: float = 0.0
    until: int = 0
    needs_more: bool = False
    steady: bool = False  # it rose by a quarter of the departures or more, in every cycle: as a leak does, or a pool


def enough(pool: int | None) -> int:
    """How many departures are watched before a growth is called one; more for a server whose profile says `pool`."""
    return max(ENOUGH, ceil(POOL_AND_A_HALF * (pool or 0)))


def growth(samples: Sequence[tuple[int, int]], size: int, *, least: int = ENOUGH) -> Growth:
    """Of a count. `samples`: (departed so far, value) after each cycle; `size`: departures in a cycle.

    Nothing is said before there were three samples and twenty departures after the first. Growth of at most two is
    none; any other is watched on until `least` have departed.
    """
    if not samples:
        return Growth("unclear", until=_cycles(AT_ONCE, size) + size, needs_more=True)
    (first, low), (last, high) = samples[0], samples[-1]
    span, total = last - first, high - low
    if len(samples) < FEWEST or span < AT_ONCE:
        until = max(first + _cycles(AT_ONCE, size), last + size * (FEWEST - len(samples)))
        return Growth("unclear", _rate(samples), total, until=until, needs_more=True)
    visible = (NOISE + 1) / span
    if total <= NOISE:
        return Growth("none", _rate(samples), total, visible=visible)
    steady = total >= LEAST_RATE * span and all(b > a for (_, a), (_, b) in pairwise(samples))
    if last < least:
        return Growth("unclear", _rate(samples), total, until=_cycles(least, size), needs_more=True, steady=steady)
    return _in_the_end(samples, size, least, steady)


def _in_the_end(samples: Sequence[tuple[int, int]], size: int, least: int, steady: bool) -> Growth:
    """By its last half: a pool is full by then."""
    last = samples[-1][0]
    half = _from(samples, last / 2)
    span, total = half[-1][0] - half[0][0], half[-1][1] - half[0][1]
    visible = (NOISE + 1) / span
    if total <= NOISE:
        return Growth("none", _rate(half), total, once=max(0, half[0][1] - samples[0][1]), visible=visible)
    # Half of an even share in every quarter: one in which it stood still is what a full pool looks like.
    lasting = len(half) >= FEWEST and all(b - a > max(NOISE, total / 8) for a, b in pairwise(_at(half, 4)))
    if total >= LEAST_RATE * span and lasting:
        return Growth("grows", _rate(half), total, visible=visible, steady=steady)
    until = _cycles(AGAIN * least, size)
    return Growth("unclear", _rate(half), total, until=until, needs_more=last < until, steady=steady)


def memory_growth(samples: Sequence[tuple[int, int]], size: int) -> Growth:
    """Of resident memory, in bytes. Needs twelve cycles, and four times as many where those do not tell.

    The first third is warm-up. Its noise is what the steps from cycle to cycle differ by: growth must stand out of it.
    """
    cycles = len(samples)
    if cycles < MEMORY_CYCLES:
        return Growth("unclear", _rate(samples), _total(samples), until=MEMORY_CYCLES * size, needs_more=True)
    judged = samples[cycles // 3 :]
    span, total = judged[-1][0] - judged[0][0], _total(judged)
    noise = _noise(judged)
    slope = _theil_sen(judged)
    nothing = max(MEMORY_NOTHING, MEMORY_NOTHING_NOISE * noise)
    once = max(0, judged[0][1] - samples[0][1])
    if total < nothing:
        return Growth("none", slope, total, once=once, visible=nothing / span)
    sure = total >= max(MEMORY_SURE, MEMORY_SURE_NOISE * noise) and slope >= MEMORY_PER_DEPARTURE
    if sure and all(b - a >= total / 4 for a, b in pairwise(_at(judged, 3))):
        return Growth("grows", slope, total, visible=nothing / span)
    until = MEMORY_AGAIN * MEMORY_CYCLES * size
    return Growth("unclear", slope, total, until=until, needs_more=cycles < MEMORY_AGAIN * MEMORY_CYCLES)


def _cycles(departures: float, size: int) -> int:
    """So many departures, in whole cycles."""
    return ceil(departures / size) * size


def _total(samples: Sequence[tuple[int, int]]) -> int:
    return samples[-1][1] - samples[0][1] if samples else 0


def _rate(samples: Sequence[tuple[int, int]]) -> float:
    span = samples[-1][0] - samples[0][0] if samples else 0
    return _total(samples) / span if span else 0.0


def _from(samples: Sequence[tuple[int, int]], departed: float) -> Sequence[tuple[int, int]]:
    """From the last sample that was taken no later than that."""
    start = max((number for number, (at, _) in enumerate(samples) if at <= departed), default=0)
    return samples[start:]


def _at(samples: Sequence[tuple[int, int]], parts: int) -> list[int]:
    """The values at the ends of so many equal parts, counted in departures; fewer, where there are not enough samples."""
    parts = min(parts, len(samples) - 1)
    first, span = samples[0][0], samples[-1][0] - samples[0][0]
    ends = [first + span * part / parts for part in range(parts + 1)]
    return [min(samples, key=lambda sample: abs(sample[0] - end))[1] for end in ends]


def _noise(samples: Sequence[tuple[int, int]]) -> float:
    """The usual difference between two steps, as a standard deviation: one that a few wild steps do not move."""
    steps = [b - a for (_, a), (_, b) in pairwise(samples)]
    middle = median(steps)
    return 1.4826 * median(abs(step - middle) for step in steps)


def _theil_sen(samples: Sequence[tuple[int, int]]) -> float:
    """The median of the slopes between all pairs: no single lump decides it."""
    some = samples[:: max(1, len(samples) // MEMORY_MOST_COMPARED)]
    return median((b - a) / (later - sooner) for (sooner, a), (later, b) in combinations(some, 2) if later > sooner)
