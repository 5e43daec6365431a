"""`chatsim faults` tells what the textbook server can do wrong, as that server says itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from chatsim.properties import PROPERTIES

ROOT = Path(__file__).parents[2]


def faults(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chatsim", "faults", *words]
    environment = {**os.environ, "COLUMNS": "100"}
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=30)


def headings(table: str) -> list[str]:
    return [line for line in table.splitlines() if line and not line.startswith(" ")]


def test_they_stand_under_what_they_break() -> None:
    first, *broken = headings(faults().stdout)

    assert first == "What it breaks, and how:"
    assert set(broken) == {known.name for known in PROPERTIES}


def test_one_can_be_asked_for_by_its_name() -> None:
    told = faults("checks-and-then-adds").stdout

    assert headings(told) == ["unique-nicknames"]
    assert "Looks whether the name is free" in told
    assert "Not in every run." in told
    assert "(lines, prompted," in told


def test_all_that_break_one_property_can_be_asked_for() -> None:
    told = faults("lets-in").stdout

    assert headings(told) == ["lets-in"]
    assert "counts-only-up" in told and "serves-one-after-the-other" in told


def test_programs_are_told_the_same_as_json() -> None:
    (told,) = json.loads(faults("catches-nothing", "--json").stdout)

    assert (told["name"], told["breaks"]) == ("catches-nothing", "no-crash-output")


def test_a_name_that_does_not_exist_is_answered_with_the_nearest() -> None:
    done = faults("catches-nothin")

    assert done.returncode == 2
    assert 'there is no fault "catches-nothin"' in done.stderr
    assert 'Did you mean "catches-nothing"?' in done.stderr


def test_serve_starts_one_or_says_why_not() -> None:
    command = [sys.executable, "-m", "chatsim", "serve", "--fault", "gives-no-receipt", "--dialect", "echo"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=30)

    assert done.returncode == 2
    assert "the fault gives-no-receipt does not show in echo, but in json-lines" in done.stderr
