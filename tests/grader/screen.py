"""What stands on a terminal after all that was written to it: as much of one as a live table needs."""

from __future__ import annotations

import io
import re

__all__ = ["Terminal", "screen"]

PIECE = re.compile(r"\x1b\[(\?25[lh])|\x1b\[(\d*)([AKmG])|(\r)|(\n)|([^\x1b\r\n])")


class Terminal(io.StringIO):
    """Something to write to that says it is one."""

    def isatty(self) -> bool:
        return True

    def shows(self, columns: int) -> str:
        return screen(self.getvalue(), columns)


def screen(written: str, columns: int) -> str:
    """Its lines, without empty ones at the end. Whatever is too long goes on in the next line, as terminals have it."""
    lines = [""]
    row = column = at = 0
    while at < len(written):
        found = PIECE.match(written, at)
        assert found is not None, f"no such terminal: {written[at : at + 10]!r}"
        at = found.end()
        _, number, letter, home, down, text = found.groups()
        if letter == "A":
            row = max(0, row - int(number or 1))
        elif letter == "K":
            assert number == "2"
            lines[row] = ""
        elif home:
            column = 0
        elif down or (text and column >= columns):
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        if text:
            lines[row] = lines[row].ljust(column)[:column] + text + lines[row][column + 1 :]
            column += 1
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"
