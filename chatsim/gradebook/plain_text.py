"""What a student reads, as lines of plain text: for learning systems that know no markup."""

from __future__ import annotations

from collections.abc import Iterator

from chatsim.gradebook.feedback import PartTold, Seen, Tried, Trouble
from chatsim.report.printable import printable, wrap

__all__ = ["WIDTH", "part_lines", "part_text", "trouble_lines"]

WIDTH = 96


def part_text(part: PartTold) -> str:
    """What was tried for one part; each line is printable, and none longer than a terminal is wide."""
    return "\n".join(part_lines(part)).strip("\n")


def part_lines(part: PartTold) -> Iterator[str]:
    """The same, line by line."""
    if part.counted:
        yield from _wrapped(f"What counts here: {', '.join(part.counted)}.")
    for line in part.comment:
        yield from _wrapped(line)
    for one in part.tried:
        yield ""
        yield from _tried(one)


def trouble_lines(trouble: Trouble) -> Iterator[str]:
    """Why nothing was played, without a head."""
    for line in trouble.told:
        yield from _wrapped(line)
    if trouble.advice:
        yield from _wrapped(trouble.advice)
    if trouble.output:
        yield ""
        yield f"{trouble.heard}:"
        for line in trouble.output:
            yield from _wrapped(line, "  ")


def _tried(one: Tried) -> Iterator[str]:
    yield from _wrapped(f"{one.word.upper()}  {one.claim}")
    if one.counts:
        which = f" This is run {one.number}, seed {one.run.seed}:" if one.word != "passed" else ""
        yield from _wrapped(f"{one.counts}.{which}", "  ")
    if one.said:
        yield from _wrapped(one.said, "  ")
    for line in one.error:
        yield from _wrapped(line, "  ")
    for seen in one.seen:
        yield from _seen(seen)
    for line in one.also:
        yield from _wrapped(f"Seen, too; it costs nothing in this part: {line}", "  ")
    if one.note:
        yield from _wrapped(one.note, "  ")
    if one.replay:
        yield from _wrapped(f"{one.home}: {one.replay}", "  ")
    for line in one.others:
        yield from _wrapped(line, "  ")


def _seen(seen: Seen) -> Iterator[str]:
    yield from _wrapped(f"{seen.name} ({seen.word})", "  ")
    for line in filter(None, (seen.summary, seen.because, *seen.hint)):
        yield from _wrapped(line, "    ")
    if seen.violated:
        yield from _wrapped(f"Fails when {seen.violated}.", "    ")


def _wrapped(text: str, indent: str = "") -> Iterator[str]:
    yield from wrap(printable(text), WIDTH, indent)
