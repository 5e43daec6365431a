"""Whole texts that a person or a program reads, kept in `golden/`. UPDATE_GOLDEN=1 writes them anew; then read them."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str, text: str) -> str:
    """What is kept under this name; written anew first, where that is wanted."""
    file = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_bytes(text.encode("utf-8"))
    return file.read_bytes().decode("utf-8")
