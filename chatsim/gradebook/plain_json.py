"""Values as JSON for other programs: plain ASCII, and valid whatever a text holds."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

from chatsim.report.json import dumped, sound

__all__ = ["as_number", "written"]


def written(plain: Mapping[str, Any]) -> str:
    """One JSON object in lines, with a line end. Halves of surrogate pairs are spelled out, and `##[`, which a CI server
    that reads our standard output takes for a command of its own, stands in no text."""
    return dumped(_sound(plain)) + "\n"


def as_number(value: Decimal) -> int | float:
    """As JSON has numbers. Points have two digits after the point at most: as a float they are written as they are."""
    return int(value) if value == value.to_integral_value() else float(value)


def _sound(value: Any) -> Any:
    if isinstance(value, str):
        return sound(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {sound(str(key)): _sound(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_sound(inner) for inner in value]
    return value
