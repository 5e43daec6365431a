"""The JSON Schema of a profile, for editors: made of the tables in keys.py, kept beside this file, compared by a test.

It knows less than the reader (templates are texts to it, and what must fit together is not said), but refuses no
profile that the reader takes. Values may be YAML numbers or booleans where the reader takes the text as written.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from chatsim.profile import keys
from chatsim.profile.keys import Key, Keys
from chatsim.properties import PROMISES

__all__ = ["SCHEMA_FILE", "profile_schema", "schema_text"]

SCHEMA_FILE: Final = Path(__file__).parent / "profile.schema.json"

_YES_NO: Final[dict[str, Any]] = {"enum": [True, False, "yes", "no", "true", "false"]}
_NO: Final[dict[str, Any]] = {"enum": [False, "no", "false"]}


def schema_text() -> str:
    """What stands in the file."""
    return json.dumps(profile_schema(), indent=2, ensure_ascii=False) + "\n"


def profile_schema() -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "chatsim profile",
        "description": "How one chat server is started and spoken to.",
        **_object(keys.PROFILE),
        "$defs": _forms(),
    }


def _object(table: Keys, *, removable: bool = True) -> dict[str, Any]:
    required = [key.name for key in table.keys if key.required]
    properties = {key.name: _described(key, removable=removable) for key in table.keys}
    plain = {"type": "object", "properties": properties, "additionalProperties": False}
    # A map may lack what it takes over from the profile that it extends, so only the name is required everywhere.
    return {**plain, "required": ["profile"]} if "profile" in required else plain


def _described(key: Key, *, removable: bool) -> dict[str, Any]:
    shape = _shape(key.form)
    if removable and not key.required:
        shape = {"anyOf": [shape, {"type": "null"}]}  # after `extends`, null removes
    return {"description": key.about, **shape}


def _shape(form: str | tuple[str, ...] | Keys) -> dict[str, Any]:
    if isinstance(form, Keys):
        return _object(form)
    if isinstance(form, tuple):
        return {"enum": list(form)}
    return {"$ref": f"#/$defs/{form}"}


def _ref(form: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{form}"}


def _any(*shapes: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": list(shapes)}


def _list(form: str) -> dict[str, Any]:
    return {"type": "array", "items": _ref(form), "minItems": 1}


def _written(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern}


def _strict(table: Keys) -> dict[str, Any]:
    """A map that is one value: nothing of it can come from another profile."""
    required = [key.name for key in table.keys if key.required]
    return {**_object(table, removable=False), **({"required": required} if required else {})}


_NUMBER_OF_TIME: Final = r"[0-9]+(\.[0-9]+)?(ms|s|m)"


def _forms() -> dict[str, Any]:
    text = {"type": ["string", "number", "boolean"]}
    return {
        "text": text,
        "texts": _any(_ref("text"), _list("text")),
        "text-map": {"type": "object", "additionalProperties": _any(_ref("text"), {"type": "null"})},
        "name": {"type": ["string", "integer", "boolean"], "pattern": "^[A-Za-z0-9-]{1,64}$"},
        "yes-no": _YES_NO,
        "number": _any({"type": "integer", "minimum": 1}, _written("^[0-9]+$")),
        "whole-number": _any({"type": "integer"}, _written("^[+-]?[0-9]+$")),
        "decimal": _any({"type": "number", "exclusiveMinimum": 0}, _written(r"^[0-9]+(\.[0-9]+)?$")),
        "time": _written(f"^{_NUMBER_OF_TIME}$"),
        "span": _written(rf"^{_NUMBER_OF_TIME}(\.\.{_NUMBER_OF_TIME})?$"),
        "size": _written(r"^[0-9]+(\.[0-9]+)?(B|kB|MB)$"),
        "template": {**text, "description": "a text with placeholders such as {nick} and {text}"},
        "templates": _any(_ref("template"), _list("template")),
        "template-or-no": _any(_NO, _ref("template")),
        "templates-or-no": _any(_NO, _ref("templates")),
        "says": _any(_NO, _ref("dialogue")),
        "echo": _any(_YES_NO, _ref("templates")),
        "dialogue": _any(_ref("template"), {"type": "array", "items": _strict(keys.DIALOGUE_STEP)}),
        "ways": {"type": "array", "items": _ref("dialogue"), "minItems": 2},
        "framing": _any(
            {"enum": list(keys.FRAMING_WORDS)},
            _strict(keys.FRAMING_SEPARATOR),
            _strict(keys.FRAMING_DIGITS),
            _strict(keys.FRAMING_LENGTH),
            _strict(keys.FRAMING_STRUCT),
            _strict(keys.FRAMING_RECORD),
            _strict(keys.FRAMING_PYTHON),
        ),
        "framing-by-direction": _any(_ref("framing"), _strict(keys.FRAMING_BY_DIRECTION)),
        "nick": _any({"enum": ["chosen", "assigned", "none"]}, _written(r"\{(ip|client-port)\}")),
        "command": _any(_ref("text"), _list("text")),
        "stop": _any({"enum": ["SIGINT", "SIGTERM"]}, _strict(keys.STOP_STDIN)),
        "whenever": {"type": "array", "items": _strict(keys.WHENEVER)},
        "strip": _any(_ref("template"), _list("template")),
        "replays": _any(_YES_NO, {"type": "integer", "minimum": 0}, _written("^[0-9]+$")),
        "pace": _any({"enum": ["free", "one-at-a-time"]}, _ref("time")),
        "promises": {
            "type": "object",
            "properties": dict.fromkeys(PROMISES, _any(_ref("yes-no"), {"type": "null"})),
            "additionalProperties": False,
        },
    }


def main() -> None:
    """`python -m chatsim.profile.schema` writes the file anew."""
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
