"""Small pieces of the sentences that the verdicts are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["clip", "counted", "exception_in", "named", "sized"]

MOST_NAMES = 4  # more than that are counted: a sentence must stay readable with a thousand bots
MOST_TEXT = 120


def named(names: Sequence[str], last: str = "and") -> str:
    """ "ann", "ann and bob", "ann, bob and cat", "ann, bob, cat and 7 others". Each once, in the order given."""
    unique = list(dict.fromkeys(names))
    if len(unique) > MOST_NAMES:
        kept = unique[: MOST_NAMES - 1]
        return f"{', '.join(kept)} and {len(unique) - len(kept)} others"
    if len(unique) < 2:
        return "".join(unique)
    return f"{', '.join(unique[:-1])} {last} {unique[-1]}"


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 client", "3 clients"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def sized(number: float) -> str:
    """ "300 bytes", "24.0 KiB", "1.5 MiB"."""
    if number >= 1024 * 1024:
        return f"{number / 1024 / 1024:.1f} MiB"
    return f"{number / 1024:.1f} KiB" if number >= 1024 else f"{number:.0f} bytes"


def clip(text: str, most: int = MOST_TEXT) -> str:
    """One line of it, not too long."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def exception_in(trace: str) -> str:
    """The line of a trace that names the exception: Python writes it last, Java and Node before the frames."""
    lines = [line for line in trace.splitlines() if line.strip()]
    before_frames = (
        line for line, following in pairwise(lines) if re.match(r"\s+at ", following) and not re.match(r"\s+at ", line)
    )
    return next(before_frames, lines[-1] if lines else "").strip()
