"""The ground on which chatsim meets hostile servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ground import Ground


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = Ground(tmp_path)
    yield made
    made.close()
