"""When something was handed in, as learning systems and lists write it."""

from __future__ import annotations

import re
from datetime import datetime

__all__ = ["moment"]

_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)", re.IGNORECASE
)


def moment(text: str) -> float | None:
    """Seconds since 1970 of `2026-11-30 23:59:00 +01:00`; None for anything else, also for a time without its zone."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    day, hour, zone = found.groups()
    zone = "+00:00" if zone.upper() in ("Z", "UTC") else zone
    try:
        return datetime.fromisoformat(f"{day}T{hour}{zone}").timestamp()
    except (ValueError, OverflowError):
        return None
