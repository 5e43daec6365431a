"""What was seen of a submission, as it is stored: one JSON object. Its shape is published in `record.schema.json`, beside this
file, and counted in `format`.

    python -m chatsim.grading.stored > chatsim/grading/record.schema.json

What is written is read back as it was, whatever a server has sent: texts are pure ASCII, with all else escaped. What is
damaged, or of another kind or version, is refused with the place in it that is wrong.
"""

from __future__ import annotations

import json
from typing import Any, Final

from chatsim.errors import RecordError
from chatsim.grading.plain import NotPlainError, plain, read, schema_of
from chatsim.grading.record import SubmissionRecord

__all__ = ["FORMAT", "from_json", "schema", "schema_text", "to_json"]

FORMAT: Final = 1
KIND: Final = "submission"


def to_json(record: SubmissionRecord) -> str:
    """One line of JSON, without a line end."""
    return json.dumps({"chatsim": KIND, "format": FORMAT, **plain(record)}, allow_nan=False)


def from_json(text: str | bytes, file: str = "a stored result") -> SubmissionRecord:
    """The record; `file` is what the text is called in errors. Raises RecordError."""
    try:
        data: Any = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _refused(file, "it is no JSON: perhaps it was not written to its end") from None
    if not isinstance(data, dict) or data.pop("chatsim", None) != KIND:
        raise _refused(file, "it is not the stored result of a submission")
    if (number := data.pop("format", None)) != FORMAT or isinstance(number, bool):
        raise _refused(
            file, f"its format is {str(number)[:20]}, and this chatsim reads {FORMAT}: it was stored by another one"
        )
    try:
        return read(SubmissionRecord, data)
    except NotPlainError as error:
        raise _refused(file, str(error)) from None


def _refused(file: str, why: str) -> RecordError:
    return RecordError(f"{file} can not be read: {why}", hint="Remove it, and that submission is graded again.")


def _no_number(word: str) -> float:
    raise ValueError(word)


def schema() -> dict[str, Any]:
    """The schema as JSON data (draft 2020-12)."""
    definitions: dict[str, Any] = {}
    schema_of(SubmissionRecord, definitions)
    whole = definitions.pop(SubmissionRecord.__name__)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What chatsim grade has seen of a submission",
        **whole,
        "required": ["chatsim", "format", *whole["required"]],
        "properties": {"chatsim": {"const": KIND}, "format": {"const": FORMAT}, **whole["properties"]},
        "$defs": definitions,
    }


def schema_text() -> str:
    """As it is checked in."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
