"""Words of others within Markdown: they stay words, and can be read in the source, too.

Only signs that could mean something are escaped. Links that would make themselves, and mentions, are broken by a character
reference, which every dialect shows as the sign that it stands for.
"""

from __future__ import annotations

import re

from chatsim.gradebook.wording import spans
from chatsim.report.printable import printable

__all__ = ["block", "code", "paragraph", "words"]

_SIGNS = re.compile(r"[\\`*_\[\]<>&#|~!$]")
_LINKS = re.compile(r"(?<=:)//|(?<=www)\.|@", re.IGNORECASE)
_BEGINNING = re.compile(r"^(\s*)([-+=]|[0-9]{1,9}[.)])")


def words(text: str) -> str:
    """In one line, after something else: not at its beginning."""
    told = _SIGNS.sub(r"\\\g<0>", printable(text))
    return _LINKS.sub(lambda found: "".join(f"&#{ord(sign)};" for sign in found[0]), told)


def paragraph(text: str) -> str:
    """A line of its own, also within a quotation or a list. What stands between backticks is code."""
    told = "".join(code(part) if is_code else words(part) for is_code, part in spans(text.strip()))
    return _BEGINNING.sub(_begun, told)


def _begun(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2][:-1]}\\{found[2][-1]}"


def code(text: str) -> str:
    """In one line, as it is to be typed."""
    told = printable(text)
    fence = "`" * (1 + _longest(told))
    pad = " " if told.startswith("`") or told.endswith("`") or not told.strip() else ""
    return f"{fence}{pad}{told}{pad}{fence}"


def block(lines: tuple[str, ...]) -> str:
    """Lines as they were printed; nothing within is markup."""
    told = "\n".join(map(printable, lines))
    fence = "`" * max(3, 1 + _longest(told))
    return f"{fence}text\n{told}\n{fence}"


def _longest(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
