"""Whatever a scenario does, and however awkward a right server is about it: nothing fails, and nothing stays unclear."""

from __future__ import annotations

from dataclasses import replace

from habits import AwkwardRoom, Habits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playing import play
from random_scenarios import PROFILES, Drawn, scenarios

from reference_server.dialects import DIALECTS

# The same examples each time: one that is new is looked for by hand, with more of them (docs/evidence.md).
SLOWLY = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
NO_PROMISES = "promises: {total-order: no, causal-order: no, unique-nicknames: no, prompt-notices: no}"


def promising_nothing(dialect: str, more: str = "") -> str:
    return f"profile: easy\nextends: {dialect}\n{NO_PROMISES}\n{more}"


EASY = {promising_nothing(dialect): dialect for dialect in PROFILES}
REPLAYING = promising_nothing("lines", "replays: yes")


def late(*seconds: float) -> st.SearchStrategy[float]:
    return st.sampled_from((0.0, *seconds))


habits = st.builds(
    Habits,
    lists_late=late(0.05, 0.3),
    delivers_by_threads=late(0.02),
    tells_late=late(0.02, 0.5),
    closes_late=late(0.05, 0.5),
    releases_late=late(0.3),
    notices_by_writing=st.booleans(),
    accepts_late=late(3.2),
    evicts=st.sampled_from((0, 0, 200)),
    shreds=st.booleans(),
    # What a write brings to light is told a moment later at the most: the looks at what is left do not wait for more.
).map(lambda drawn: replace(drawn, tells_late=min(drawn.tells_late, 0.02)) if drawn.notices_by_writing else drawn)


def nothing_is_wrong(drawn: Drawn, dialect: str, manners: Habits, seed: int) -> None:
    made = DIALECTS[dialect]
    played = play(
        drawn.steps, bots=drawn.cast, profile=drawn.profile, dialect=made, seed=seed, house=AwkwardRoom, habits=manners
    )
    assert not played.bad(), (drawn.steps, manners, seed)


@SLOWLY
@given(drawn=scenarios(profiles=tuple(EASY)), manners=habits, seed=st.integers(0, 2**32))
def test_no_habit_of_a_right_server_is_blamed(drawn: Drawn, manners: Habits, seed: int) -> None:
    nothing_is_wrong(drawn, EASY[drawn.profile], manners, seed)


@SLOWLY
@given(drawn=scenarios(profiles=(REPLAYING,)), manners=habits, seed=st.integers(0, 2**32))
def test_nor_is_one_that_tells_newcomers_what_was_said_before(drawn: Drawn, manners: Habits, seed: int) -> None:
    nothing_is_wrong(drawn, "lines", replace(manners, replays=5), seed)
