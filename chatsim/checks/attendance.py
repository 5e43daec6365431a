"""Who was there from before one moment until after another: asked thousands of times, of thousands who came and went.

An answer costs about as much as it has names in it, not as much as there ever were sessions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Generic, TypeVar

__all__ = ["Attendance"]

Who = TypeVar("Who")


class Attendance(Generic[Who]):
    """Made of (there from, there until, who): both are history indexes, or NEVER."""

    def __init__(self, spans: Iterable[tuple[int, int, Who]]) -> None:
        ordered = sorted(spans, key=lambda span: span[0])
        self._begins = [begin for begin, _, _ in ordered]
        self._who = [who for _, _, who in ordered]
        # A heap of the latest ends: that of a node is the later one of its two children's.
        self._leaves = 1 << (len(ordered) - 1).bit_length() if ordered else 1
        self._latest = [-1] * self._leaves + [end for _, end, _ in ordered]
        self._latest += [-1] * (2 * self._leaves - len(self._latest))
        for node in range(self._leaves - 1, 0, -1):
            self._latest[node] = max(self._latest[2 * node], self._latest[2 * node + 1])

    def throughout(self, since: int, until: int) -> list[Who]:
        """Who came before `since` and was there until after `until`, in the order of coming."""
        came = bisect_left(self._begins, since)
        found: list[Who] = []
        nodes = [(1, 0, self._leaves)]
        while nodes:
            node, first, count = nodes.pop()
            if first >= came or self._latest[node] <= until:
                continue
            if count == 1:
                found.append(self._who[first])
                continue
            half = count // 2
            nodes.append((2 * node + 1, first + half, half))
            nodes.append((2 * node, first, half))
        return found
