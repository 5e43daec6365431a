"""The editors' schema says what the reader says, as far as a schema can."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
import yaml
from class_folder import RIGHT, SMALL

from chatsim.grading.schema import schema, schema_text

VALIDATOR = jsonschema.Draft202012Validator(schema())


def as_an_editor_sees_it(text: str) -> Any:
    return json.loads(json.dumps(yaml.safe_load(text), default=str))


def test_the_checked_in_schema_is_up_to_date() -> None:
    """Otherwise: python -m chatsim.grading.schema > chatsim/grading/assignment.schema.json"""
    checked_in = files("chatsim.grading").joinpath("assignment.schema.json").read_text(encoding="utf-8")

    assert checked_in == schema_text()


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("text", [RIGHT, SMALL])
def test_what_the_reader_reads_the_schema_accepts(text: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(as_an_editor_sees_it(text))] == []


@pytest.mark.parametrize(
    "change",
    [
        "servre: {}",
        "server: {profile: lines}",
        "server: {command: x, profil: lines}",
        "parts: []",
        "parts: [{part: a}]",
        "parts: [{points: 1}]",
        "parts: [{part: a, points: ten}]",
        "parts: [{part: a, points: -1}]",
        "parts: [{part: a, points: 1, credit: some}]",
        "parts: [{part: a, points: 1, visible: hidden}]",
        "parts: [{part: a, points: 1, repeat: 0}]",
        "parts: [{part: a, points: 1, needs: []}]",
        "limits: {memory: 512}",
        "limits: {run: 1 minuet}",
        "limits: {swap: 1 GiB}",
        "late: {per: 1 day}",
        "late: {per: 1 day, minus: 10}",
        "seed: -1",
        "patience: 0",
        "unresolved: kept",
    ],
)
def test_obvious_mistakes_are_underlined(change: str) -> None:
    right = as_an_editor_sees_it(SMALL)

    assert not VALIDATOR.is_valid({**right, **as_an_editor_sees_it(change)})
