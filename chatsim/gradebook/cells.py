"""Words of others within a table that a spreadsheet opens: none of them is a formula, whatever takes the table apart.

A spreadsheet takes a cell for a formula by its first sign, and which signs separate cells is its own setting: what is one cell
to us may be two to it. So a formula's sign gets an apostrophe before it at the beginning of a cell, and also after
everything that could begin another one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from chatsim.report.printable import printable

__all__ = ["cell", "table"]

# The full-width ones are taken for their narrow sisters by spreadsheets of East Asian locales.
_FORMULA = re.compile(r"(^|[,;|\"'])([\s\u3000]*)(?=[=+\-@＝＋－＠])")


def cell(text: str) -> str:
    """The text, so that it is only shown. Control characters, tabs and line ends among them, are spelled out."""
    return _FORMULA.sub(r"\1\2'", printable(text))


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows as RFC 4180 has them (commas, CRLF), each cell as it is: whoever calls has made the words of others `cell`s."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue()
