"""Languages of drawn names and texts: those that Faker knows, and `mixed`: many in turn, with the hardest texts."""

from __future__ import annotations

import locale as conventions
import re
from typing import Final

from chatsim.document import Node, Reading, excerpt

__all__ = ["read_locale"]

MIXED: Final = "mixed"  # many languages and scripts in turn, the hardest texts among them
_LOCALE: Final = re.compile(r"[a-z]{2,3}(?:[_-][A-Za-z]{2,4})?")


def read_locale(reading: Reading, node: Node | None) -> str | None:
    """`ja`, `ja_JP`, `ru-RU` as Faker spells it. Faker is imported only here, and only if a language is named."""
    scalar = reading.scalar(node, what="a language such as ja or ru_RU")
    if scalar is None:
        return None
    if scalar.text == MIXED:
        return MIXED
    if not _LOCALE.fullmatch(scalar.text):
        reading.wrong(f"a language such as ja or ru_RU is expected here, not {excerpt(scalar.text)}", scalar)
        return None
    from faker.config import AVAILABLE_LOCALES

    # As Faker does it: `ja` becomes ja_JP by the C library's table of aliases.
    spelled = conventions.normalize(scalar.text.replace("-", "_")).split(".")[0].split("@")[0]
    if spelled in AVAILABLE_LOCALES:
        return spelled
    if scalar.text in AVAILABLE_LOCALES:
        return scalar.text
    reading.unknown(f"no texts can be drawn in {excerpt(scalar.text)}", scalar, sorted(AVAILABLE_LOCALES))
    return None
