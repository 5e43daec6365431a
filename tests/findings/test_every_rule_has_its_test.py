"""The table of docs/evidence.md: each rule of evidence names the tests that hold it, and they exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
TABLE = (TESTS.parent / "docs" / "evidence.md").read_text(encoding="utf-8").partition("| --- | --- |\n")[2]
RULES = [line.strip("| ").split(" | ", 1) for line in TABLE.splitlines() if line.startswith("|")]
RULES_REVIEWED = 70


def test_no_rule_is_missing_and_none_stands_twice() -> None:
    assert len({rule for rule, _ in RULES}) == len(RULES) == RULES_REVIEWED


@pytest.mark.parametrize(("rule", "tests"), RULES, ids=[rule for rule, _ in RULES])
def test_a_rule_of_evidence_is_held_by_tests_that_exist(rule: str, tests: str) -> None:
    named = re.findall(r"`([\w/.]+)::(\w+)`", tests)

    assert named, f"no test is named for: {rule}"
    for file, name in named:
        assert re.search(rf"^ *def {name}\(", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE), name
