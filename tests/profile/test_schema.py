"""The schema for editors says what the reader takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from chatsim.profile.reader import builtin_names, builtin_text
from chatsim.profile.schema import SCHEMA_FILE, profile_schema, schema_text


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema.Draft202012Validator.check_schema(profile_schema())
    return jsonschema.Draft202012Validator(profile_schema())


def test_the_schema_in_the_repository_is_up_to_date() -> None:
    """`python -m chatsim.profile.schema` writes it."""
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("name", builtin_names())
def test_every_built_in_profile_is_valid(validator: Any, name: str) -> None:
    document = yaml.safe_load(builtin_text(name))

    assert list(validator.iter_errors(document)) == []


@pytest.mark.parametrize(
    "text",
    [
        "{profile: p, extends: lines, whisper: null, rooms: {exit: null}, framing: {digits: 10}}",
        '{profile: p, start: {command: [a, b], stop: {stdin: "q"}, env: {A: 1}, port: 80}, strip: [ansi], replays: 5}',
        '{profile: p, nick: "{ip}:{client-port}", pace: 5ms, join: [{pause: 1s..2s}, {await: [a, b]}]}',
        '{profile: p, framing: {sent: newline, received: {struct: "!I", plus: 2}}, promises: {total-order: yes}}',
    ],
)
def test_what_the_reader_takes_is_valid(validator: Any, text: str) -> None:
    assert list(validator.iter_errors(yaml.safe_load(text))) == []


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{profile: a b}",
        "{profile: p, echoo: yes}",
        "{profile: p, says: {nick: null}}",
        "{profile: p, framing: newlines}",
        "{profile: p, framing: {digits: 10, plus: 1}}",
        "{profile: p, join: [a]}",
        "{profile: p, limits: {text: 1000}}",
        "{profile: p, promises: {total-oder: yes}}",
    ],
)
def test_what_the_reader_refuses_an_editor_shows(validator: Any, text: str) -> None:
    assert list(validator.iter_errors(yaml.safe_load(text))) != []


def test_the_mistakes_of_the_golden_letter_show_in_an_editor_too(validator: Any) -> None:
    text = (Path(__file__).parent / "golden" / "mistakes.yaml").read_text(encoding="utf-8")

    assert list(validator.iter_errors(yaml.safe_load(text))) != []
