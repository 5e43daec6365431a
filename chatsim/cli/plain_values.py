"""Texts into numbers and lists, without Typer's own way to do it, which loads pydantic first: 0.15 s a call.

Typer gives every parameter an object that coerces its value, made when the first value is looked at. Ours is put there
beforehand. A Typer that does it in another way does not look there, and then nothing is changed but the speed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args

import typer

__all__ = ["use_plain_values"]

_SIMPLE = {str: "text", int: "integer", float: "number", bool: "yes or no"}


def use_plain_values(parameters: Iterable[Any]) -> None:
    """Let these parameters of a command be read by `_Plain`, those that it knows how to read."""
    for parameter in parameters:
        annotation = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
        if not hasattr(parameter, "_runtime_param"):
            continue
        inner = next((known for known in get_args(annotation) if known in _SIMPLE), annotation)
        if inner in _SIMPLE:
            information = parameter.type_descriptor.parameter_info
            parameter._runtime_param = _Plain(inner, information.min, information.max)


@dataclass(frozen=True)
class _Plain:
    kind: type
    least: float | None
    most: float | None

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if isinstance(value, list | tuple):
            return [self._one(item, param, ctx) for item in value]
        return self._one(value, param, ctx)

    def _one(self, value: Any, param: Any, ctx: Any) -> Any:
        try:
            known: Any = value if isinstance(value, self.kind) else self.kind(value)
        except ValueError:
            raise typer.BadParameter(f"{value!r} is not a valid {_SIMPLE[self.kind]}.", ctx=ctx, param=param) from None
        if self.least is not None and known < self.least:
            raise typer.BadParameter(f"{value} is less than {self.least:g}.", ctx=ctx, param=param)
        if self.most is not None and known > self.most:
            raise typer.BadParameter(f"{value} is more than {self.most:g}.", ctx=ctx, param=param)
        return known
