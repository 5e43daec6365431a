"""How grades are put into words and numbers, the same in every format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby

from chatsim.grading.grade import Grade, PartGrade, PartState
from chatsim.grading.record import Confinement, State

__all__ = [
    "BUILT",
    "CONFINED",
    "PART_BADGES",
    "PART_WORDS",
    "SPOKEN",
    "STARTED",
    "STATE_WORDS",
    "blocks",
    "counted",
    "day",
    "lasting",
    "late_sentence",
    "listed",
    "number",
    "part_score",
    "score",
    "seeds_told",
    "spans",
]

# What is typed in a shell, among the things that are told of how it was graded.
BUILT, STARTED = "Built with", "Started with"

SPOKEN = "How your server is spoken to was worked out by trying it. This profile was found, and played with:"

CENT = Decimal("0.01")

# In as few words as a cell of a table has room for.
STATE_WORDS: dict[State, str] = {
    "played": "played",
    "several-submissions": "several submissions",
    "not-unpacked": "not unpacked",
    "no-server": "no server found",
    "several-servers": "several servers found",
    "not-built": "not built",
    "not-started": "did not start",
    "not-understood": "not understood",
    "stopped": "stopped",
    "infrastructure": "trouble on the grader's side",
}
PART_WORDS: dict[PartState, str] = {
    "full": "full points",
    "partial": "some of the points",
    "none": "no points",
    "not-run": "not run",
    "needs-review": "to be reviewed",
    "to-look": "somebody will look",
    "infrastructure": "our trouble, not yours",
    "later": "told after the due date",
}
# The colours of a report's outcomes.
PART_BADGES: dict[PartState, str] = {
    "full": "passed",
    "partial": "partial",
    "none": "failed",
    "not-run": "not-run",
    "needs-review": "inconclusive",
    "to-look": "inconclusive",
    "infrastructure": "inconclusive",
    "later": "not-run",
}
CONFINED: dict[Confinement, str] = {
    "bubblewrap": "in a sandbox of its own (bubblewrap), without a way out to the network",
    "user": "as a user of its own, with limits",
    "landlock": "with what the kernel limits by itself (Landlock)",
    "none": "not confined",
}


def number(value: Decimal) -> str:
    """`17.5`, `20`, `0.33`: at most two digits after the point, halves to even, and no zeros that say nothing."""
    text = f"{value.quantize(CENT, ROUND_HALF_EVEN):f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def counted(count: int | Decimal, one: str, many: str = "") -> str:
    """`1 run`, `3 runs`, `0.5 points`."""
    told = number(count) if isinstance(count, Decimal) else str(count)
    return f"{told} {one if told == '1' else many or one + 's'}"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


def spans(line: str) -> tuple[tuple[bool, str], ...]:
    """The line in pieces: (is it code?, words). What stands between backticks is code, if each has its partner."""
    parts = line.split("`")
    if len(parts) % 2 == 0:
        return ((False, line),)
    return tuple((number % 2 == 1, part) for number, part in enumerate(parts) if part)


def blocks(lines: Iterable[str]) -> Iterator[tuple[bool, tuple[str, ...]]]:
    """What belongs together: (was it printed by a program?, lines). Lines that are indented were; each other one is a
    paragraph of its own. Blank lines are none."""
    for printed, together in groupby(lines, key=lambda line: line.startswith((" ", "\t")) or not line.strip()):
        if not printed:
            for line in together:
                yield False, (line,)
        elif found := tuple(line for line in together if line.strip()):
            least = min(len(line) - len(line.lstrip()) for line in found)
            yield True, tuple(line[least:] for line in found)


def score(grade: Grade) -> str:
    """What a student has, in one line: a number, what it lies between, or that there is none yet."""
    of = counted(grade.of, "point")
    if grade.state == "infrastructure" or (grade.points is None and grade.low == grade.high):
        return f"no points yet, of {number(grade.of)}"
    if grade.low != grade.high:
        return f"between {number(grade.low)} and {number(grade.high)} of {of}"
    return f"{number(grade.low)} of {of}"


def part_score(part: PartGrade) -> str:
    """The same of a part, as short as a cell of a table wants it: `7.5 of 10`, `5 to 10 of 10`."""
    reached = number(part.low) if part.low == part.high else f"{number(part.low)} to {number(part.high)}"
    return f"{reached} of {number(part.of)}"


def lasting(seconds: float) -> str:
    """A time as people say it, in its two largest units: `1 day 3 hours`, `45 minutes`, `less than a minute`."""
    minutes = int(seconds // 60)
    units = (("day", minutes // 1440), ("hour", minutes // 60 % 24), ("minute", minutes % 60))
    told = [counted(many, unit) for unit, many in units if many]
    return " ".join(told[:2]) or "less than a minute"


def late_sentence(grade: Grade) -> str:
    """How late it was and what that costs; empty if it came in time, or nothing tells when it came."""
    if grade.late <= 0:
        return ""
    if not grade.minus:
        return f"It was handed in {lasting(grade.late)} late; nothing is taken off for that."
    return f"It was handed in {lasting(grade.late)} late: {number(grade.minus)} % of the points reached are taken off."


def day(seconds: float) -> str:
    """A moment, in the one time zone that means the same to everybody; empty where no calendar has it."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, OSError, ValueError):
        return ""


def seeds_told(seeds: Iterable[int]) -> str:
    """`7`, `7 and 9`, `7 to 11`."""
    known = sorted(set(seeds))
    if len(known) > 2 and known[-1] - known[0] == len(known) - 1:
        return f"{known[0]} to {known[-1]}"
    return listed([str(seed) for seed in known])
