"""From a scenario, a profile and a seed to a plan: names, unmarked words, what cannot be played."""

from __future__ import annotations

import pytest
from playing import profile_of, scenario_of

from chatsim.engine.plan import Plan, make_plan, why_not
from chatsim.errors import ScenarioError


def plan_of(steps: str = "- join: everyone", *, profile: str = "lines", seed: int = 1, **scenario: str) -> Plan:
    return make_plan(scenario_of(steps, **scenario), profile_of(profile), seed)


def refusal(steps: str, profile: str = "lines", *, attached: bool = False, **scenario: str) -> str | None:
    return why_not(scenario_of(steps, **scenario), profile_of(profile), attached=attached)


# --- names ----------------------------------------------------------------------------------------------------------


def test_a_bot_is_called_as_it_is_named() -> None:
    plan = plan_of()

    assert plan.nicks == {"ann": "ann", "bob": "bob", "cat": "cat"}
    assert plan.notes == ()


def test_a_name_that_is_part_of_another_or_of_the_profiles_words_gets_letters_and_the_report_says_so() -> None:
    plan = plan_of(bots="[ann, anna, joined]")

    assert plan.nicks["anna"] == "anna"
    assert plan.nicks["ann"].startswith("ann")
    assert len(plan.nicks["ann"]) == 6
    assert plan.nicks["joined"].startswith("joined")
    assert len(plan.notes) == 2
    everything = list(plan.nicks.values())
    assert not [(a, b) for a in everything for b in everything if a != b and a.casefold() in b.casefold()]


def test_equal_names_are_left() -> None:
    plan = plan_of(bots='{ann: {}, twin: {nick: "ann"}}')

    assert plan.nicks == {"ann": "ann", "twin": "ann"}


def test_names_keep_the_limit_and_stay_apart() -> None:
    profile = "profile: short\nextends: lines\nlimits: {nick: 6}\n"
    plan = plan_of(profile=profile, bots="{readers: 30}")

    assert all(len(nick) <= 6 for nick in plan.nicks.values())
    assert len(set(plan.nicks.values())) == 30


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_however_short_the_limit_it_is_kept(limit: int) -> None:
    profile = f"profile: tiny\nextends: lines\nlimits: {{nick: {limit}}}\n"
    plan = plan_of(profile=profile, bots="[ann, anna, joined]")

    assert all(len(nick) <= limit for nick in plan.nicks.values())


def test_a_number_of_bots_gets_names_from_faker_by_the_seed() -> None:
    first, again, other = (plan_of(bots="5", seed=seed).nicks for seed in (3, 3, 4))

    assert first == again != other
    assert len({nick.casefold() for nick in first.values()}) == 5
    assert not set(first.values()) & set(first)


def test_a_locale_draws_names_of_that_language() -> None:
    plan = plan_of(bots="{ann: {locale: ja}, bob: {}}")

    assert not plan.nicks["ann"].isascii()
    assert plan.nicks["bob"] == "bob"


def test_a_thousand_names_are_a_thousand() -> None:
    assert (
        len(set(plan_of(bots="1000", profile="profile: any\nextends: lines\nlimits: {nick: 32}\n").nicks.values()))
        == 1000
    )


# --- words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("good morning, everybody", True),
        ("hi", False),  # too short to be anybody's
        ("* ann joined the club", False),  # holds the profile's own words
        ("Welcome, ", False),  # is part of them
    ],
)
def test_words_stand_unmarked_only_if_they_are_unmistakable(text: str, stands: bool) -> None:
    assert (text in plan_of(f'- join: ann\n- chat: {{ann: "{text}"}}').unmarked) == stands


@pytest.mark.parametrize(
    "steps",
    [
        '- join: everyone\n- chat: {ann: "said by one", bob: "said by one"}',
        '- join: everyone\n- chat: {everyone: "said by one"}',
        '- join: everyone\n- chat: {ann: {text: "said by one", count: 2}}',
        '- join: everyone\n- chat: {ann: "said by one"}\n- chat: {bob: "it was said by one only"}',
        '- join: everyone\n- repeat: {times: 2, do: [{chat: {ann: "said by one"}}]}',
    ],
)
def test_words_that_could_be_somebody_elses_are_marked(steps: str) -> None:
    assert "said by one" not in plan_of(steps).unmarked


def test_a_text_that_the_encoding_cannot_carry_is_an_error_with_its_place() -> None:
    profile = "profile: western\nextends: lines\nencoding: latin-1\n"

    with pytest.raises(ScenarioError) as caught:
        plan_of('- join: everyone\n- chat: {ann: "漢字 for all"}\n- chat: {bob: "и это"}', profile=profile)

    assert "simulated.yaml:6" in str(caught.value)
    assert "simulated.yaml:7" in str(caught.value)
    assert "latin-1" in str(caught.value)


def test_a_name_that_the_encoding_cannot_carry_is_one_too() -> None:
    with pytest.raises(ScenarioError, match="漢字"):
        plan_of(profile="profile: western\nextends: lines\nencoding: latin-1\n", bots='{ann: {nick: "漢字"}}')


# --- what cannot be played ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "profile", "lacking"),
    [
        ("- whisper: {ann: {to: bob, text: 'psst, you there'}}", "relay", "direct messages"),
        ('- enter: {ann: "kitchen"}', "relay", "rooms"),
        ("- ask: {ann: roster}", "relay", "a roster that can be asked for"),
        ("- converse: {ann and bob: 3}", "echo", "bots that hear each other"),
        ('- operator: {ann: "yes"}', "lines", "an operator"),
        ("- expect-output: {said: 'anything at all'}", "lines", "output"),
        ("- expect-output: {left: ann}", "relay", "output"),
        ("- expect: {ann: {joined: bob}}", "relay", "join notices"),
        ("- expect: {ann: {left: bob}}", "relay", "leave notices"),
        ("- expect: {ann: {roster: [ann]}}", "relay", "a roster"),
        ("- expect: {ann: {hears: 'x', private: yes}}", "relay", "direct messages"),
        ("- send: {ann: {garbage: length}}", "lines", "length header"),
        ("- chat: {ann: {size: 5kB}}", "operator-desk", "a question of its own"),
        ("- chat: {ann: {size: 401B}}", "irc", "texts longer than the 400 bytes that the profile allows"),
        ("- join: {cat: refused}", "relay", "a join dialogue in which a client can be refused"),
    ],
)
def test_a_step_that_needs_what_the_profile_lacks_is_named(steps: str, profile: str, lacking: str) -> None:
    reason = refusal(f"- join: ann and bob\n{steps}", profile)

    assert reason is not None
    assert lacking in reason
    assert "simulated.yaml:6" in reason
    assert steps.split()[1].rstrip(":") in reason


@pytest.mark.parametrize("framing", ["{digits: 5, align: zeros}", '{struct: "!H"}'])
@pytest.mark.parametrize(
    "step",
    [
        "- chat: {ann: {size: 100kB}}",
        "- send: {ann: {size: 100kB, in-pieces: 3}}",
        f"- whisper: {{ann: {{to: bob, text: '{'a' * 100_000}'}}}}",
    ],
)
def test_a_text_that_is_too_long_for_the_length_header_cannot_be_played(step: str, framing: str) -> None:
    profile = f"profile: short-lengths\nextends: lines\nframing: {framing}\n"

    reason = refusal(f"- join: ann and bob\n{step}", profile)
    assert reason is not None
    assert "a longer header in the profile (`framing`)" in reason
    assert refusal("- join: ann and bob\n- chat: {ann: {size: 5kB}}", profile) is None


@pytest.mark.parametrize("steps", ["- server: restart", "- expect-output: 'anything'"])
def test_what_needs_our_own_server_cannot_be_played_on_one_that_we_only_connect_to(steps: str) -> None:
    assert "only connected to" in (refusal(f"- join: ann\n{steps}", attached=True) or "")
    assert refusal(f"- join: ann\n{steps}") is None


def test_an_expectation_of_words_that_cannot_be_heard_is_named() -> None:
    steps = '- join: ann and bob\n- chat: {ann: "for all to hear"}\n- expect: {WHO: "for all to hear"}'

    assert "echo" in (refusal(steps.replace("WHO", "ann"), "lines") or "")
    assert "hears" in (refusal(steps.replace("WHO", "bob"), "echo") or "")
    assert refusal(steps.replace("WHO", "bob"), "lines") is None
    assert refusal(steps.replace("WHO", "ann"), "echo") is None


def test_more_bots_than_the_profile_allows_are_too_many() -> None:
    reason = refusal("- join: everyone", "profile: small\nextends: lines\nlimits: {clients: 2}\n")

    assert reason is not None
    assert "3 bots" in reason


def test_a_room_that_the_profile_does_not_have_is_named() -> None:
    profile = 'profile: two-rooms\nextends: lines\nrooms: {names: ["hall", "attic"]}\n'

    assert "kitchen" in (refusal('- join: ann\n- enter: {ann: "kitchen"}', profile) or "")
    assert refusal('- join: ann\n- enter: {ann: "hall"}', profile) is None
