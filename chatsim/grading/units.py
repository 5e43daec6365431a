"""Values of the assignment language that have units: points, percents, sizes, times, and the moment when it is due.

Assignments speak of days and gibibytes, so they have larger units than scenarios, and a blank may stand before one. Each
conversion notes a problem with its place and gives None where the text is no such value, and where there is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Final

from chatsim.document import Node, Reading, Scalar, described, excerpt, nearest

__all__ = ["MOST_POINTS", "as_size", "as_time", "read_moment", "read_percent", "read_points", "read_size", "read_time"]

MOST_POINTS: Final = 1_000_000

_POINTS: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]+)?")
_PERCENT: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,2})?) ?%")
_WITH_UNIT: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([A-Za-z]+)")
_NUMBER: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
_MOMENT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ]+(\d\d):(\d\d)(?::(\d\d))?(?: *(Z|UTC|[+-]\d\d(?::?\d\d)?))?)?", re.ASCII
)

_SIZES: Final[Mapping[str, int]] = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}
_TIMES: Final[Mapping[str, int]] = {
    **dict.fromkeys(("s", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("week", "weeks"), 7 * 86_400),
}
_EXAMPLE: Final = "2026-11-30 23:59 +01:00"


def read_points(reading: Reading, node: Node | None, what: str = "points", *, positive: bool = False) -> Decimal | None:
    """A number with at most two digits after its dot, so that it can be given exactly."""
    scalar = reading.scalar(node, what=f"{what} (a number)")
    if scalar is None:
        return None
    if not _POINTS.fullmatch(scalar.text):
        reading.wrong(f"{what} (a number) are expected here, not {excerpt(scalar.text)}", scalar)
        return None
    value = Decimal(scalar.text)
    if value != round(value, 2):
        reading.wrong(f"{what} have at most two digits after the dot", scalar)
        return None
    if value > MOST_POINTS:
        reading.wrong(f"at most {MOST_POINTS:,} {what} are expected here", scalar)
        return None
    if positive and not value:
        reading.wrong(f"more than 0 {what} are expected here", scalar)
        return None
    return value


def read_percent(reading: Reading, node: Node | None) -> Decimal | None:
    """Percent, from `10%`; between 0 and 100."""
    scalar = reading.scalar(node, what="a percentage such as 10%")
    if scalar is None:
        return None
    found = _PERCENT.fullmatch(scalar.text)
    if found is None:
        hint = f"Write {scalar.text}%" if _NUMBER.fullmatch(scalar.text) else ""
        reading.wrong(f"a percentage such as 10% is expected here, not {excerpt(scalar.text)}", scalar, hint=hint)
        return None
    value = Decimal(found[1])
    if value > 100:
        reading.wrong("a percentage of at most 100% is expected here", scalar)
        return None
    return value


def read_size(reading: Reading, node: Node | None, *, low: int, high: int) -> int | None:
    """Bytes, from `512 MiB`, `1GiB`, `500 kB`: `KiB` and its like are powers of 1024, `kB` and its like of 1000."""
    value = _with_unit(reading, node, "size", _SIZES, "512 MiB, 1 GiB or 500 kB")
    if value is None or node is None:
        return None
    size = int(value)
    if size != value:
        reading.wrong("a size must be a whole number of bytes", node)
        return None
    if not low <= size <= high:
        reading.wrong(f"a size from {as_size(low)} to {as_size(high)} is expected here", node)
        return None
    return size


def read_time(reading: Reading, node: Node | None, *, low: float, high: float) -> float | None:
    """Seconds, from `60s`, `2min`, `1 day`."""
    value = _with_unit(reading, node, "time", _TIMES, "60s, 15min, 2h or 1 day")
    if value is None or node is None:
        return None
    if not low <= value <= high:
        reading.wrong(f"a time from {as_time(low)} to {as_time(high)} is expected here", node)
        return None
    return float(value)


def read_moment(reading: Reading, node: Node | None) -> float | None:
    """Seconds since 1970, from a date, a time of day, and how far its zone is from UTC: no two readers may differ."""
    scalar = reading.scalar(node, what=f"a date and time such as {_EXAMPLE}")
    if scalar is None:
        return None
    found = _MOMENT.fullmatch(scalar.text)
    if found is None:
        hint = _at_its_end(scalar.text)
        reading.wrong(
            f"a date and time such as {_EXAMPLE} is expected here, not {excerpt(scalar.text)}", scalar, hint=hint
        )
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    if hour is None:
        reading.wrong("this date has no time of day", scalar, hint=f"Write {scalar.text} 23:59 +01:00")
        return None
    if zone is None:
        hint = f"Write {scalar.text} +01:00 (one hour ahead of UTC), or {scalar.text} Z for UTC."
        reading.wrong("this has no time zone, and nobody could tell when it is", scalar, hint=hint)
        return None
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=_zone(zone))
        return moment.timestamp()
    except (ValueError, OverflowError):
        reading.wrong("there is no such day or time", scalar)
        return None


def _zone(written: str) -> timezone:
    if written in ("Z", "UTC"):
        return UTC
    hours, minutes = int(written[1:3]), int(written[-2:]) if len(written) > 3 else 0
    if hours > 14 or minutes > 59:
        raise ValueError(written)
    away = timedelta(hours=hours, minutes=minutes)
    return timezone(away if written[0] == "+" else -away)


def _at_its_end(text: str) -> str:
    """A word in place of the zone: what is meant depends on the day, and so has to be said in hours."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]+\d\d:\d\d(?::\d\d)? *[A-Za-z]+(?:/[A-Za-z_]+)*", text, re.ASCII):
        return "The zone is written as its distance from UTC, such as +01:00."
    return ""


def _with_unit(
    reading: Reading, node: Node | None, kind: str, units: Mapping[str, int], examples: str
) -> Decimal | None:
    scalar = reading.scalar(node, what=f"a {kind} such as {examples}")
    if scalar is None:
        return None
    found = _WITH_UNIT.fullmatch(scalar.text)
    if found is not None and found[2] in units:
        return Decimal(found[1]) * units[found[2]]
    if _NUMBER.fullmatch(scalar.text):
        few = [f"{scalar.text} {unit}" for unit in (("MiB", "GiB") if kind == "size" else ("s", "min", "h"))]
        reading.wrong(f"a {kind} needs a unit: {described(few)}", scalar)
        return None
    _wrong_unit(reading, scalar, found, kind, units, examples)
    return None


def _wrong_unit(
    reading: Reading, scalar: Scalar, found: re.Match[str] | None, kind: str, units: Mapping[str, int], examples: str
) -> None:
    unit = nearest(found[2], units) if found is not None else None
    tail = f'. Did you mean "{found[1]} {unit}"?' if unit and found is not None else ""
    reading.wrong(f"a {kind} such as {examples} is expected here, not {excerpt(scalar.text)}{tail}", scalar)


def as_size(count: int) -> str:
    """In the largest unit that leaves a whole number: `512 MiB`. More than 0 bytes, or `0 B`."""
    if not count:
        return "0 B"
    unit, length = next(
        (name, size) for name, size in reversed([*_SIZES.items()]) if count >= size and not count % size
    )
    return f"{count // length} {unit}"


def as_time(seconds: float) -> str:
    """Likewise: `2 min`, `1 day`."""
    for unit, length in (("weeks", 604_800), ("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            count = int(seconds // length)
            return f"{count} {unit.removesuffix('s') if count == 1 else unit}"
    return f"{seconds:g} s"
