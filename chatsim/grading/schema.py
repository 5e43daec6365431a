"""The JSON Schema of the assignment language, for editors; made of the tables in keys.py, so that it can't say anything else.

    python -m chatsim.grading.schema > chatsim/grading/assignment.schema.json

It judges what YAML makes of a file, and refuses none that the reader takes. It is milder: whether files are there, what needs
what, and what the runs can say is beyond it.
"""

from __future__ import annotations

import json
from typing import Any

from chatsim.grading import keys
from chatsim.grading.part_rules import MOST_PARTS
from chatsim.grading.units import MOST_POINTS
from chatsim.profile.keys import Key, Keys
from chatsim.scenario.reader import MAX_SEED

__all__ = ["schema", "schema_text"]

_NUMBER = r"[0-9]+(\.[0-9]+)?"


def schema() -> dict[str, Any]:
    """The schema as JSON data (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A chatsim assignment",
        **_object(keys.ASSIGNMENT),
        "$defs": _forms(),
    }


def schema_text() -> str:
    """As it is checked in."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _object(table: Keys) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: {"description": key.about, **_shape(key)} for key in table.keys},
    }
    required = [key.name for key in table.keys if key.required]
    return {**found, "required": required} if required else found


def _shape(key: Key) -> dict[str, Any]:
    if isinstance(key.form, Keys):
        return _object(key.form)
    if isinstance(key.form, tuple):
        return {"enum": list(key.form)}
    return {"$ref": f"#/$defs/{key.form}"}


def _forms() -> dict[str, Any]:
    text = {
        "type": ["string", "number", "boolean", "null"]
    }  # what YAML takes for something else is a text to the reader
    return {
        "text": text,
        "texts": {"anyOf": [text, {"type": "array", "minItems": 1, "items": text}]},
        "points": _number("number", minimum=0, maximum=MOST_POINTS),
        "count": _number("integer", minimum=1),
        "seed": _number("integer", minimum=0, maximum=MAX_SEED),
        "factor": _number("number", minimum=0.1, maximum=100),
        "percent": {"type": "string", "pattern": f"^{_NUMBER} ?%$"},
        "size": {"type": "string", "pattern": f"^{_NUMBER} ?(B|[kMG]B|[KMG]iB)$"},
        "time": {
            "type": "string",
            "pattern": f"^{_NUMBER} ?(s|m|min|h|d|(second|minute|hour|day|week)s?)$",
        },
        "moment": {"type": "string", "description": "such as 2026-11-30 23:59 +01:00"},
        "parts": {"type": "array", "minItems": 1, "maxItems": MOST_PARTS, "items": _object(keys.PART)},
    }


def _number(kind: str, **bounds: float) -> dict[str, Any]:
    """Also in quotes, as the reader takes it."""
    return {"anyOf": [{"type": kind, **bounds}, {"type": "string", "pattern": rf"^[+-]?{_NUMBER}$"}]}


if __name__ == "__main__":
    print(schema_text(), end="")
