"""Values → JSON data and back, told by the types of their fields. Strict: what is missing, too much or of another kind is
an error that names its place, such as `runs[3].seed`.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from math import isfinite
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

__all__ = ["NotPlainError", "plain", "read", "schema_of"]

T = TypeVar("T")


class NotPlainError(ValueError):
    """JSON data that is no such value. Its text says where, and what is expected there."""


def plain(value: Any) -> Any:
    """Maps, lists, texts, numbers and null, as JSON holds them."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


def read(kind: type[T], data: Any, where: str = "") -> T:
    """The value of this class. Raises NotPlainError."""
    found: T = _read(kind, data, where)
    return found


def schema_of(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a class; it and those that it is made of are put into the definitions."""
    return _schema(kind, definitions)


@lru_cache(maxsize=64)
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, data: Any, where: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if data is None and type(None) in arguments:
            return None
        (one,) = (each for each in arguments if each is not type(None))
        return _read(one, data, where)
    if origin is Literal:
        if not isinstance(data, str) or data not in arguments:
            raise NotPlainError(f"{_at(where)}one of {', '.join(arguments)} is expected, not {_shown(data)}")
        return data
    if origin is tuple:
        return _items(arguments, data, where)
    if is_dataclass(kind):
        return _value(kind, data, where)
    return _simple(kind, data, where)


def _items(arguments: tuple[Any, ...], data: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise NotPlainError(f"{_at(where)}a list is expected, not {_shown(data)}")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_read(arguments[0], item, f"{where}[{number}]") for number, item in enumerate(data))
    if len(data) != len(arguments):
        raise NotPlainError(f"{_at(where)}a list of {len(arguments)} is expected, not of {len(data)}")
    return tuple(
        _read(kind, item, f"{where}[{number}]") for number, (kind, item) in enumerate(zip(arguments, data, strict=True))
    )


def _value(kind: Any, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise NotPlainError(f"{_at(where)}a map is expected, not {_shown(data)}")
    hints = _hints(kind)
    for name in data:
        if name not in hints:
            raise NotPlainError(f"{_at(where)}nothing is called {_shown(name)} there")
    for field in fields(kind):
        if field.name not in data and field.default is MISSING and field.default_factory is MISSING:
            raise NotPlainError(f"{_at(where)}{field.name} is missing")
    return kind(**{name: _read(hints[name], item, f"{where}.{name}" if where else name) for name, item in data.items()})


def _simple(kind: Any, data: Any, where: str) -> Any:
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        try:
            return float(data)
        except OverflowError:
            raise NotPlainError(f"{_at(where)}this number is too large") from None
    if kind is float and isinstance(data, float) and not isfinite(data):
        raise NotPlainError(f"{_at(where)}this number is too large")
    if type(data) is not kind:  # a bool is no int here
        raise NotPlainError(f"{_at(where)}{_NAMES[kind]} is expected, not {_shown(data)}")
    return data


_NAMES: Mapping[type, str] = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
_TYPES: Mapping[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (one,) = (each for each in arguments if each is not type(None))
        return {"anyOf": [_schema(one, definitions), {"type": "null"}]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return {"type": "array", "items": _schema(arguments[0], definitions)}
        items = [_schema(each, definitions) for each in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if is_dataclass(kind) and isinstance(kind, type):
        if kind.__name__ not in definitions:
            definitions[kind.__name__] = {}
            definitions[kind.__name__] = {
                "description": " ".join((kind.__doc__ or "").split()),
                "type": "object",
                "additionalProperties": False,
                "required": [each.name for each in fields(kind)],
                "properties": {name: _schema(each, definitions) for name, each in _hints(kind).items()},
            }
        return {"$ref": f"#/$defs/{kind.__name__}"}
    return {"type": _TYPES[kind]}


def _at(where: str) -> str:
    return f"{where}: " if where else ""


def _shown(data: Any) -> str:
    text = ascii(data)
    return text if len(text) <= 40 else f"{text[:39]}…"
