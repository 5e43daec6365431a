"""docs/grade-formats.md says what the code does."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from chatsim.cli.exporting import FORMATS
from chatsim.gradebook.classroom50 import NEEDED
from chatsim.gradebook.csv import COLUMNS
from chatsim.gradebook.gradescope import VISIBILITY
from chatsim.gradebook.prairielearn import INVALID, MOST, MOST_PICTURES

DOCUMENT = (Path(__file__).parents[2] / "docs" / "grade-formats.md").read_text(encoding="utf-8")


def cells(mark: str) -> list[list[str]]:
    """What stands in back ticks, cell by cell, in the table after `<!-- checked: MARK -->`, without its head."""
    found = re.search(rf"^<!-- checked: {mark} -->\n\n((?:\|[^\n]*\n)+)", DOCUMENT, re.MULTILINE)
    assert found is not None, mark
    rows = found[1].splitlines()[2:]
    return [[" ".join(re.findall(r"`([^`]+)`", cell)) for cell in row.strip("|").split("|")] for row in rows]


def test_every_format_that_can_be_exported_is_described() -> None:
    assert {name for row in cells("formats") for name in row[0].split()} == set(FORMATS)


def test_every_column_of_the_table_is_described() -> None:
    assert tuple(name for row in cells("columns") for name in row[0].split()) == (*COLUMNS, "part:NAME")


def test_what_gradescope_keeps_from_students_is_described() -> None:
    assert dict(cells("visibility")) == VISIBILITY


def test_what_classroom_50_has_to_say_is_described() -> None:
    assert dict(cells("classroom50")) == NEEDED


def test_what_prairielearn_gets_is_described() -> None:
    assert {"several-submissions", "not-unpacked", "no-server", "several-servers", "not-built"} == INVALID
    assert (MOST, MOST_PICTURES) == (1_000_000, 6)
    assert "up to six\npictures" in DOCUMENT and "below the 1 MB" in DOCUMENT


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_the_scripts_are_ones_that_their_shells_take() -> None:
    scripts = re.findall(r"```sh\n(.*?)```", DOCUMENT, re.DOTALL)
    assert len(scripts) >= 6

    for script in scripts:
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), script
    compile(re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)[0], "docs/grade-formats.md", "exec")
