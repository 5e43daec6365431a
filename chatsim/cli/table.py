"""A table as lines: columns side by side, the last one wrapped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chatsim.report.printable import columns, wrap

__all__ = ["aligned"]


def aligned(rows: Iterable[Sequence[str]], width: int, indent: str = "  ") -> str:
    """The rows, each column as wide as its widest word; what stands in the last is wrapped under itself."""
    told = [tuple(row) for row in rows]
    widths = [max(columns(row[i]) for row in told) for i in range(len(told[0]) - 1)] if told else []
    lines: list[str] = []
    for *first, last in told:
        cells = (f"{cell}{' ' * (size - columns(cell))}  " for cell, size in zip(first, widths, strict=True))
        head = indent + "".join(cells)
        lines += wrap(last, max(width, len(head) + 20), indent=head, later=" " * columns(head))
    return "\n".join(lines)
