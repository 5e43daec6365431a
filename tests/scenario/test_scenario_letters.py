"""What a person reads whose scenario is wrong. The golden texts stand in letters.txt: a name, the scenario, the letter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatsim.errors import ScenarioError
from chatsim.scenario.reader import load_scenario, read_scenario

LETTERS = {
    name: (text, letter)
    for name, text, letter in re.findall(
        r"^=== (.*?)\n(.*?)^--- letter\n(.*?)\n(?=^===|\Z)",
        (Path(__file__).parent / "letters.txt").read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
}


def test_there_are_letters() -> None:
    assert len(LETTERS) > 30


@pytest.mark.parametrize("name", LETTERS)
def test_the_letter(name: str) -> None:
    text, letter = LETTERS[name]

    with pytest.raises(ScenarioError) as caught:
        read_scenario(text, "s.yaml")

    assert str(caught.value) == letter


def test_a_scenario_that_is_not_there() -> None:
    with pytest.raises(ScenarioError, match=r"nowhere/at-all\.yaml: there is no such file"):
        load_scenario("nowhere/at-all.yaml")


CROWDED = "\n".join(f"- join: [crowd, one{n}]\n- drop: [crowd, one{n}]" for n in range(100, 302))


@pytest.mark.parametrize(
    ("steps", "what"),
    [
        ("- for-each: {of: everyone, do: [settle, settle, settle, settle, settle, settle]}", "more than 100,000 steps"),
        ("- together: [" + "settle, " * 1001 + "]", "at most 1,000 branches can go together"),
        (CROWDED, "name bots more than 5,000,000 times"),
    ],
)
def test_a_small_file_that_means_absurdly_much_is_refused(steps: str, what: str) -> None:
    with pytest.raises(ScenarioError, match=what):
        read_scenario(f"scenario: test\nbots: {{crowd: 18000, one: 999}}\nsteps:\n{steps}\n")
