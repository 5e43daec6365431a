"""Properties and groups of them, as scenarios and assignments ask for them by name."""

from __future__ import annotations

from chatsim.document import Node, Reading, Scalar, excerpt
from chatsim.properties import GROUPS, PROPERTIES

__all__ = ["asked_for"]


def asked_for(reading: Reading, node: Node) -> dict[str, Scalar]:
    """Each word once, in the order in which they stand; what is no property and no group is noted as a problem."""
    choices = ("everything", *GROUPS, *(known.name for known in PROPERTIES))
    words: dict[str, Scalar] = {}
    for item in reading.one_or_many(node, what="a property or a group of properties"):
        scalar = reading.scalar(item, what="a property or a group of properties")
        if scalar is None:
            continue
        if scalar.text not in choices:
            hint = "The groups: " + ", ".join(GROUPS) + '. "chatsim properties" lists all.'
            reading.unknown(f"there is no property or group {excerpt(scalar.text)}", scalar, choices, hint=hint)
        elif scalar.text in words:
            reading.wrong(f"{excerpt(scalar.text)} is asked for twice", scalar)
        else:
            words[scalar.text] = scalar
    return words
