"""The JSON Schema of the scenario language, for editors; made of the verb table, so that it can't say anything else.

    python -m chatsim.scenario.schema > chatsim/scenario/scenario.schema.json

It judges what YAML makes of a file, and so is milder than the reader: a text may look like a number to it. What names
whom, and whether a step makes sense, is beyond it.
"""

from __future__ import annotations

import json
from typing import Any

from chatsim.properties import GROUPS, PROMISES, PROPERTIES
from chatsim.scenario.reader import MAX_SEED, TOP_KEYS
from chatsim.scenario.verbs import LOCALE, MAX_BOTS, VERBS, Key, Verb

__all__ = ["schema", "schema_text"]

_TEXT = {"type": ["string", "number", "boolean"]}
_NOTHING: dict[str, Any] = {"type": "null"}
_EMPTY = {"type": "object", "maxProperties": 0}


def schema() -> dict[str, Any]:
    """The schema as JSON data (draft 2020-12)."""
    about = dict(TOP_KEYS)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A chatsim scenario",
        "type": "object",
        "additionalProperties": False,
        "required": ["scenario", "bots", "steps"],
        "properties": {
            "scenario": {**_TEXT, "description": about["scenario"]},
            "bots": {**_bots(), "description": about["bots"]},
            "seed": {"type": "integer", "minimum": 0, "maximum": MAX_SEED, "description": about["seed"]},
            "promises": {
                "type": "object",
                "additionalProperties": False,
                "properties": {name: {"enum": [True, False, "yes", "no"]} for name in PROMISES},
                "description": about["promises"],
            },
            "check": {**_one_or_many({"$ref": "#/$defs/check"}), "description": about["check"]},
            "steps": {"$ref": "#/$defs/steps", "description": about["steps"]},
        },
        "$defs": {
            "check": {"enum": ["everything", *GROUPS, *dict.fromkeys(known.name for known in PROPERTIES)]},
            "who": _one_or_many({"type": "string", "minLength": 1}),
            "words": _one_or_many(_TEXT),
            "steps": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}},
            "step": {"anyOf": [{"$ref": "#/$defs/verb"}, {"const": "settle"}]},
            "branch": {
                "anyOf": [
                    {"$ref": "#/$defs/step"},
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["do"],
                        "properties": {"do": {"$ref": "#/$defs/steps"}},
                    },
                ]
            },
            "verb": {
                "type": "object",
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
                "properties": {verb.name: {**_verb(verb), "description": verb.help} for verb in VERBS.values()},
            },
        },
    }


def schema_text() -> str:
    """As it is checked in."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _one_or_many(one: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]}


def _bots() -> dict[str, Any]:
    number = {"type": "integer", "minimum": 1, "maximum": MAX_BOTS}
    names = {"type": "array", "minItems": 1, "items": {"type": ["string", "boolean"]}}
    one = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "nick": {**_TEXT, "description": "Its nickname; by default its name."},
            "locale": {**LOCALE.schema, "description": "The language of its drawn nickname and texts."},
        },
    }
    each = {"anyOf": [_NOTHING, number, names, one]}
    return {"anyOf": [number, names, {"type": "object", "minProperties": 1, "additionalProperties": each}]}


def _verb(verb: Verb) -> dict[str, Any]:
    who = {"$ref": "#/$defs/who"}
    match verb.shape:
        case "bots":
            details = {"type": "object", "minProperties": 1, "additionalProperties": _detail(verb)}
            return {"anyOf": [who, details]} if verb.bare else details
        case "operator":
            lines = _value(verb.short)
            return {"anyOf": [*lines["anyOf"], {"type": "object", "minProperties": 1, "additionalProperties": lines}]}
        case "output":
            return _detail(verb)
        case "server" | "pause":
            return _value(verb.short)
        case "settle":
            return _NOTHING
        case "together":
            return {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/branch"}}
        case "repeat" | "for-each":
            return _map(verb, required=True)


def _detail(verb: Verb) -> dict[str, Any]:
    choices = []
    if verb.short is not None:
        choices.append(_value(verb.short))
    if verb.keys:
        choices.append(_map(verb))
    if verb.bare:
        choices += [_NOTHING, _EMPTY] if verb.shape == "bots" else []
    return choices[0] if len(choices) == 1 else {"anyOf": choices}


def _map(verb: Verb, *, required: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {key.name: _value(key) for key in verb.keys},
    }
    if required:
        found["required"] = [key.name for key in verb.keys]
    return found


def _value(key: Key | None) -> dict[str, Any]:
    assert key is not None
    found = dict(key.kind.schema)
    if "enum" in found:
        found["enum"] = [*found["enum"], "it"]  # inside for-each, any word may be the current one
    elif key.kind.name in ("number", "size", "time", "span", "pieces", "locale"):
        found = {"anyOf": [found, {"const": "it"}]}
    return {**found, "description": key.help}


if __name__ == "__main__":
    print(schema_text(), end="")
