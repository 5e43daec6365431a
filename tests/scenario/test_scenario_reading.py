"""What a scenario's text becomes."""

from __future__ import annotations

import pytest
from right_scenarios import EVERYTHING, SIX

from chatsim.errors import ScenarioError
from chatsim.scenario.reader import load_scenario, read_scenario
from chatsim.scenario.scenario import Scenario
from chatsim.scenario.steps import Act, Departure, Join, Pause, Repeat, Settle, Span, Step, Talk, Together
from chatsim.scenario.verbs import VERBS


def steps_of(steps: str, bots: str = "[ann, bob, cat]") -> tuple[Step, ...]:
    return read_scenario(f"scenario: test\nbots: {bots}\nsteps:\n{steps}").steps


def act(step: Step) -> Act:
    assert isinstance(step, Act)
    return step


@pytest.mark.parametrize("text", SIX)
def test_the_six_scenarios_of_the_language_are_read(text: str) -> None:
    assert read_scenario(text).steps


def test_every_verb_can_be_read() -> None:
    def verbs(steps: tuple[Step, ...]) -> set[str]:
        found = {step.verb for step in steps}
        for step in steps:
            if isinstance(step, Together):
                found = found.union(*(verbs(branch) for branch in step.branches))
            elif isinstance(step, Repeat):
                found |= verbs(step.steps)
        return found

    assert verbs(read_scenario(EVERYTHING).steps) == VERBS.keys() - {"for-each"}


def test_the_head_of_a_scenario() -> None:
    scenario = read_scenario(EVERYTHING, "e.yaml")

    assert scenario.name == "every verb with every detail"
    assert scenario.seed == 7
    assert scenario.promises == {"total-order": True, "prompt-notices": False}
    assert scenario.check == ("order", "delivery", "cleanup")
    assert {name: str(place) for name, place in scenario.check_places.items()} == {"delivery": "e.yaml:5:16"}
    assert len(scenario.digest) == 64


def test_a_scenario_without_check_is_judged_by_everything() -> None:
    scenario = read_scenario(SIX[0])

    assert scenario.check == ("everything",)
    assert scenario.seed is None


# --- the cast ------------------------------------------------------------------------------------------------------


def cast_of(bots: str) -> Scenario:
    return read_scenario(f"scenario: test\nbots: {bots}\nsteps: [join: everyone]")


def test_a_number_of_bots_gets_numbers_of_one_length_and_drawn_names() -> None:
    scenario = cast_of("12")

    assert [bot.name for bot in scenario.bots][:2] == ["bot01", "bot02"]
    assert len(scenario.bots) == 12
    assert scenario.drawn_names


def test_three_bots_are_bot1_to_bot3() -> None:
    assert [bot.name for bot in cast_of("3").bots] == ["bot1", "bot2", "bot3"]


def test_a_list_of_bots_keeps_its_names() -> None:
    scenario = cast_of("[ann, no, Зоя, 漢字]")

    assert [bot.name for bot in scenario.bots] == ["ann", "no", "Зоя", "漢字"]
    assert not scenario.drawn_names


def test_a_map_of_bots_with_nicknames_languages_and_groups() -> None:
    scenario = cast_of("{ann: {nick: no, locale: ja}, readers: 10, few: [eve, ann], dog: }")

    assert [bot.name for bot in scenario.bots] == ["ann", *(f"readers{n:02}" for n in range(1, 11)), "eve", "dog"]
    assert (scenario.bots[0].nick, scenario.bots[0].locale) == ("no", "ja_JP")
    assert scenario.bots[1].group == "readers"
    assert scenario.groups["few"] == ("eve", "ann")
    assert len(scenario.groups["readers"]) == 10


# --- WHO -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "bots"),
    [
        ("ann", ("ann",)),
        ("bob and ann", ("ann", "bob")),
        ("pair", ("bob", "cat")),
        ("pair and ann", ("ann", "bob", "cat")),
        ("[cat, ann]", ("ann", "cat")),
        ("[pair, ann]", ("ann", "bob", "cat")),
        ("ann  and   cat", ("ann", "cat")),
    ],
)
def test_named_bots_come_in_the_order_of_the_cast(who: str, bots: tuple[str, ...]) -> None:
    (step,) = steps_of(f"  - join: {who}", "{ann: {}, bob: {}, cat: {}, pair: [cat, bob]}")

    ((named, detail),) = act(step).entries
    assert named.bots == bots
    assert not named.everyone
    assert detail == Join()


def test_everyone_and_those_left_out() -> None:
    steps = steps_of(
        "  - join: everyone but ann\n  - join: everyone\n  - chat: {ann and cat: x, everyone else: y}\n"
        "  - chat: everyone but bob and cat"
    )

    first, second, third, fourth = (act(step).entries for step in steps)
    assert (first[0][0].everyone, first[0][0].but) == (True, ("ann",))
    assert (second[0][0].everyone, second[0][0].but, second[0][0].bots) == (True, (), ())
    assert (third[1][0].everyone, third[1][0].but) == (True, ("ann", "cat"))
    assert fourth[0][0].but == ("bob", "cat")


# --- steps of steps --------------------------------------------------------------------------------------------------


def test_for_each_is_unrolled_with_it_as_who_as_word_and_as_text() -> None:
    steps = steps_of(
        "  - join: everyone\n"
        "  - for-each:\n      of: everyone but cat\n      do:\n        - chat: {it: it}\n        - drop: it and cat\n"
        "        - join: [it, cat]"
    )

    chat, drop, join, chat2, drop2, join2 = (act(step) for step in steps[1:])
    assert chat.entries[0][0].bots == ("ann",) and chat.entries[0][1] == Talk(("ann",))
    assert drop.entries[0][0].bots == ("ann", "cat")
    assert join.entries[0][0].bots == ("ann", "cat")
    assert chat2.entries[0][0].bots == ("bob",)
    assert drop2.entries[0][0].bots == ("bob", "cat")
    assert chat.place == chat2.place
    assert (chat.text, chat2.text) == ("- chat: {it: it}  (it: ann)", "- chat: {it: it}  (it: bob)")
    assert join2.verb == "join"


def test_for_each_over_words() -> None:
    steps = steps_of("  - join: ann\n  - for-each: {of: [close, reset], do: [{drop: {ann: it}}, {join: ann}]}")

    assert [act(step).entries[0][1] for step in steps] == [
        Join(),
        Departure("close"),
        Join(),
        Departure("reset"),
        Join(),
    ]


def test_an_inner_for_each_has_an_it_of_its_own() -> None:
    steps = steps_of(
        "  - join: ann\n"
        "  - for-each: {of: [one, two], do: [{chat: {ann: it}}, {for-each: {of: [x, it], do: [chat: {ann: it}]}}]}"
    )

    texts = [detail.texts for step in steps[1:] for _, detail in act(step).entries if isinstance(detail, Talk)]
    assert texts == [("one",), ("x",), ("one",), ("two",), ("x",), ("two",)]


def test_a_quoted_it_is_a_text() -> None:
    steps = steps_of('  - join: ann\n  - for-each: {of: [one], do: [chat: {ann: "it"}]}')

    assert act(steps[1]).entries[0][1] == Talk(("it",))


def test_together_has_one_branch_a_step_and_do_makes_one_of_several() -> None:
    (_, step) = steps_of("  - join: everyone\n  - together: [chat: ann, do: [pause: 1s..2s, settle, drop: bob]]")

    assert isinstance(step, Together)
    assert [len(branch) for branch in step.branches] == [1, 3]
    pause, settle, _ = step.branches[1]
    assert isinstance(pause, Pause) and pause.span == Span(1.0, 2.0)
    assert isinstance(settle, Settle)


@pytest.mark.parametrize(
    ("body", "cycle"),
    [
        ("[join: ann, drop: ann]", "reset"),
        ("[join: ann, drop: {ann: half-close}]", "half-close"),
        ("[join: ann and bob, chat: ann, disconnect: ann and bob]", "disconnect"),
        ("[join: everyone but cat, drop: everyone but cat]", "reset"),
        ("[join: ann and bob, drop: ann, disconnect: bob]", None),
        ("[join: {ann: either}, drop: ann]", None),
        ("[chat: cat]", None),
    ],
)
def test_a_repeat_in_which_all_who_join_go_in_one_way_is_a_cycle(body: str, cycle: str | None) -> None:
    steps = steps_of(f"  - join: cat\n  - repeat: {{times: 5, do: {body}}}")

    assert isinstance(steps[1], Repeat)
    assert (steps[1].times, steps[1].cycle) == (5, cycle)


def test_a_repeat_that_leaves_somebody_behind_is_no_cycle() -> None:
    (step,) = steps_of("  - repeat: {times: 1, do: [join: ann and bob, drop: ann]}")

    assert isinstance(step, Repeat) and step.cycle is None


def test_a_mistake_in_for_each_is_told_for_its_first_word_only() -> None:
    with pytest.raises(ScenarioError) as caught:
        steps_of("  - join: ann\n  - for-each: {of: [one, two, three], do: [drop: {ann: it}]}")

    assert [problem.what.count('"one"') for problem in caught.value.problems] == [1]


def test_a_file_is_read_with_its_name(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "a.yaml"
    path.write_text(SIX[0], encoding="utf-8")

    scenario = load_scenario(path)

    assert scenario.file == str(path)
    assert act(scenario.steps[0]).place.line == 4
    assert act(scenario.steps[0]).text == "- join: early"
