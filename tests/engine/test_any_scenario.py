"""Whatever a scenario does: over a right server it passes without waiting, over a wrong one it ends all the same."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playing import play
from random_scenarios import PROFILES, Drawn, scenarios
from simulated import Faults

SLOWLY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOWLY
@given(drawn=scenarios(), seed=st.integers(0, 2**32))
def test_over_a_right_server_nothing_fails_and_nothing_is_waited_for_in_vain(drawn: Drawn, seed: int) -> None:
    played = play(drawn.steps, bots=drawn.cast, profile=drawn.profile, seed=seed)

    assert not played.bad()
    assert not played.details("wait")
