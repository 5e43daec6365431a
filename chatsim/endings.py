"""How a process ended, in words: the same wherever it is told."""

from __future__ import annotations

__all__ = ["exit_code"]

SIGNALS = 64  # Linux has so many; elsewhere there are fewer


def exit_code(code: int) -> str:
    """`exit code 3`; `exit code 139 (or signal 11)`: a shell says so of what a signal has ended, and so does bubblewrap."""
    told = f"exit code {code}"
    return f"{told} (or signal {code - 128})" if 128 < code <= 128 + SIGNALS else told
