"""Matching notices to what they are of: Hall's conditions, which for nested windows are mere counting.

A transition (a join, a departure) that begins at b may be told of by any notice after b. Of one nickname there may be
several transitions, and nothing in a notice says which is meant. So the question is whether *some* assignment exists:
each notice to another transition that had begun, each transition that is owed a notice to one. The windows (b, end) are
nested, so both halves are decided by counting, and if each can be satisfied, both can be at once (Mendelsohn-Dulmage).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

__all__ = ["assigned", "one_too_many", "untold"]


def one_too_many(begins: Sequence[int], notices: Sequence[int]) -> int | None:
    """Which notice (its position) is the first that cannot be of anything, or None. Both sequences rise.

    `begins` are those of *all* transitions, owed or not. A notice before anything had begun is left out: it tells of
    what never was (`no-creation`), not of one thing twice.
    """
    counted = 0
    for position, at in enumerate(notices):
        begun = bisect_left(begins, at)
        if begun:
            counted += 1
            if counted > begun:
                return position
    return None


def untold(owed: Sequence[int], notices: Sequence[int]) -> list[int]:
    """Which of the owed transitions (their positions) no notice is left for; as few as possible. Both sequences rise.

    The latest has the fewest notices to choose from, so it chooses first.
    """
    free = len(notices)
    missing = []
    for position in range(len(owed) - 1, -1, -1):
        if free > bisect_right(notices, owed[position]):
            free -= 1
        else:
            missing.append(position)
    return missing[::-1]


def assigned(owed: Sequence[int], notices: Sequence[int]) -> list[int | None]:
    """For each owed transition the notice (its position) that is taken to be of it: in order, the earliest possible."""
    following = 0
    taken: list[int | None] = []
    for begin in owed:
        following = max(following, bisect_right(notices, begin))
        taken.append(following if following < len(notices) else None)
        following += 1
    return taken
