"""The editors' schema says what the reader says, as far as a schema can."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
import yaml
from right_scenarios import EVERYTHING, SIX

from chatsim.scenario.schema import schema, schema_text

VALIDATOR = jsonschema.Draft202012Validator(schema())


def as_an_editor_sees_it(text: str) -> Any:
    return json.loads(json.dumps(yaml.safe_load(text)))


def test_the_checked_in_schema_is_up_to_date() -> None:
    """Otherwise: python -m chatsim.scenario.schema > chatsim/scenario/scenario.schema.json"""
    checked_in = files("chatsim.scenario").joinpath("scenario.schema.json").read_text(encoding="utf-8")

    assert checked_in == schema_text()


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("text", [*SIX, EVERYTHING])
def test_what_the_reader_reads_the_schema_accepts(text: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(as_an_editor_sees_it(text))] == []


@pytest.mark.parametrize(
    ("bots", "step"),
    [
        ("[ann]", "dropp: ann"),
        ("[ann]", "drop: {ann: rest}"),
        ("[ann]", "drop: {ann: {how: reset}}"),
        ("[ann]", "chat: {ann: {cuont: 3}}"),
        ("[ann]", "chat: {ann: {count: many}}"),
        ("[ann]", "chat: {ann: {size: 5}}"),
        ("[ann]", "pause: 5"),
        ("[ann]", "server: explode"),
        ("[ann]", "repeat: {do: [settle]}"),
        ("[ann]", "{join: ann, drop: ann}"),
        ("[ann]", "together: []"),
        ("[ann]", "send: ann"),
        ("[ann]", "expect: {ann: {closed: no}}"),
        ("[ann]", "join: []"),
        ("0", "join: everyone"),
        ("{ann: {nikc: x}}", "join: ann"),
    ],
)
def test_obvious_mistakes_are_underlined(bots: str, step: str) -> None:
    text = (
        f"scenario: test\nbots: {bots}\nsteps: [{step}]"
        if step[0] == "{"
        else f"scenario: test\nbots: {bots}\nsteps:\n  - {step}"
    )

    assert not VALIDATOR.is_valid(as_an_editor_sees_it(text))


def test_an_unknown_key_and_an_unknown_property_are_underlined() -> None:
    right = as_an_editor_sees_it(SIX[0])

    assert not VALIDATOR.is_valid({**right, "stpes": []})
    assert not VALIDATOR.is_valid({**right, "check": ["delivrey"]})
    assert not VALIDATOR.is_valid({**right, "promises": {"total-ordre": True}})
    assert VALIDATOR.is_valid({**right, "check": "order"})
