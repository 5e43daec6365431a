"""Any text whatsoever gives a Scenario or a ScenarioError whose problems point into it; never another exception."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from right_scenarios import EVERYTHING, SIX

from chatsim.errors import ScenarioError
from chatsim.scenario.reader import read_scenario
from chatsim.scenario.verbs import VERBS

WORDS = st.sampled_from(
    [
        *VERBS,
        *(
            "everyone",
            "everyone else",
            "it",
            "and",
            "but",
            "do",
            "of",
            "times",
            "null",
            "~",
            "[]",
            "{}",
            '""',
            '"',
            "'",
        ),
        *("{", "}", "[", "]", ": ", "#x", "*a", "&a", "!", "|", "- ", "\n", "\t", "  ", "\x85", "\0", "\ud800", "漢"),
        *("5ms", "1m..2m", "9" * 30, "ann", "hex", "hears", "in-order", "within", "roster", "bytes", "reset", "yes"),
    ]
)


@st.composite
def damaged_scenarios(draw: st.DrawFn) -> str:
    """A right scenario in which pieces are cut out, put in, repeated or swapped."""
    text = draw(st.sampled_from([*SIX, EVERYTHING]))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(text)))
        match draw(st.integers(0, 3)):
            case 0:
                text = text[:at] + draw(WORDS) + text[at:]
            case 1:
                text = text[:at] + text[at + draw(st.integers(1, 12)) :]
            case 2:
                word = draw(WORDS)
                end = text.find(" ", at)
                text = text[:at] + word + (text[end:] if end >= 0 else "")
            case _:
                lines = text.split("\n")
                line = draw(st.sampled_from(lines))
                lines.insert(draw(st.integers(0, len(lines))), line)
                text = "\n".join(lines)
    return text


def read(text: str | bytes) -> None:
    try:
        scenario = read_scenario(text, "f")
    except ScenarioError as error:
        assert error.problems
        for problem in error.problems:
            assert str(problem)
            assert problem.place is None or 1 <= problem.place.column <= len(problem.excerpt) + problem.cut + 1
    else:
        assert scenario.name and scenario.bots and scenario.steps


@settings(max_examples=400)
@given(damaged_scenarios())
def test_a_damaged_scenario(text: str) -> None:
    read(text)


@given(st.text() | st.binary())
def test_any_text(text: str | bytes) -> None:
    read(text)


@given(st.recursive(WORDS, lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner), max_leaves=30))
def test_any_tree_in_place_of_the_steps(tree: object) -> None:
    import json

    read('scenario: x\nbots: [ann, bob]\nsteps: [{"join": "ann"}, ' + json.dumps(tree, ensure_ascii=False) + "]")
