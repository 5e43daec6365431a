"""A school of the test's own, which nobody has left when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_class
from school import School


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    small_class.set_assignment(tmp_path)
    (tmp_path / "handed in").mkdir()
    made = School(tmp_path, [])
    yield made
    left: list[Any] = []
    for process in made.started:
        if process.is_running():
            left.append(process)
            process.kill()
    assert not left, f"still running: {left}"


@pytest.fixture
def a_whole_class(school: School) -> School:
    for name, files in small_class.SERVERS.items():
        school.hand_in(name, files)
    return school
