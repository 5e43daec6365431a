"""Whatever a scenario does: over a right server it passes without waiting, over a wrong one it ends all the same."""

from __future__ import annotations

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from playing import play
from random_scenarios import Drawn, scenarios
from simulated import Faults

SLOWLY = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
LONGEST_STEP = 60.0  # seconds of virtual time that one step of these may take in a room that is as wrong as can be

share = st.sampled_from((0.0, 0.0, 0.3))
faults = st.builds(
    Faults,
    lose=share,
    duplicate=share,
    reorder=share,
    forget_notices=share,
    refuse=st.sampled_from((False,) * 9 + (True,)),
    never_close=st.booleans(),
    kick=share,
    lists_late=st.sampled_from((0.0, 0.0, 0.05)),
    slow=st.sampled_from((0.0, 0.0, 0.3)),
    freeze_at=st.sampled_from((1e9, 1e9, 0.02, 0.05)),
    crash_at=st.sampled_from((1e9, 1e9, 0.02, 0.05)),
    stubborn=st.booleans(),
    mute=st.sampled_from((False,) * 9 + (True,)),
    releases_late=st.sampled_from((0.0, 0.0, 0.3, 20.0)),
)

# What was once found to be judged wrong, or waited for in vain.
THE_KNOCKER_DROPS = Drawn(
    ("anna", "boris", "elena"),
    "- join: anna and boris\n- together:\n    - do: [{pause: 1ms..9ms}, {drop: {anna: close}}]\n    - join: elena",
    "header-10",
)
STALLED_AND_FROZEN = Drawn(
    ("anna", "boris"), "- join: anna and boris\n- stall: anna\n- server: freeze\n- server: thaw", "relay"
)
FROZEN_BEFORE_IT_PRINTED = Drawn(
    ("anna", "boris"),
    "- join: anna and boris\n- chat: {anna: {wait: no}}\n- server: freeze\n- settle:\n- server: thaw",
    "nickname-console",
)
OUT_OF_A_ROOM = Drawn(
    ("anna", "boris"),
    '- join: anna and boris\n- enter: {anna and boris: "garden"}\n- exit: {anna: "garden"}\n- chat: {boris: {count: 1}}',
    "lines",
)
VANISHED = Drawn(("anna", "boris"), "- join: anna and boris\n- drop: {anna: vanish}\n- drop: boris", "json-lines")
IN_PIECES = Drawn(
    ("anna", "boris", "clara"),
    "- join: anna and boris and clara\n- send: {boris: {size: 40B, in-pieces: bytes}}\n- chat: {anna and boris: {count: 5}}",
    "prompted",
)

# "… tomorrow st" and "anna: …", glued: the piece of "… tomorrow station" could go on with the first "a".
EATS_A_LETTER = Drawn(
    ("anna", "boris", "clara"),
    """- join: anna and boris
- chat: {anna and boris: {count: 1}}
- send: {anna: {size: 60B, in-pieces: 3}}
- together:
    - chat: {anna: {count: 4, every: 1ms..4ms}}
    - join: clara
- chat: {anna: {count: 1}}
- send: {anna: {size: 60B, glued: 2}}
- send: {boris: {size: 60B, in-pieces: 3}}
- settle:""",
    "prompted",
)


@SLOWLY
@given(drawn=scenarios(), seed=st.integers(0, 2**32))
@example(drawn=EATS_A_LETTER, seed=0)
@example(drawn=THE_KNOCKER_DROPS, seed=0)
@example(drawn=STALLED_AND_FROZEN, seed=0)
@example(drawn=OUT_OF_A_ROOM, seed=0)
@example(drawn=VANISHED, seed=0)
@example(drawn=IN_PIECES, seed=0)
def test_over_a_right_server_nothing_fails_and_nothing_is_waited_for_in_vain(drawn: Drawn, seed: int) -> None:
    played = play(drawn.steps, bots=drawn.cast, profile=drawn.profile, seed=seed)

    assert not played.bad()
    assert not played.details("wait")
    assert played.seconds < 0.6 * (len(played.steps()) + 2)


@SLOWLY
@given(drawn=scenarios(), seed=st.integers(0, 2**32))
@example(drawn=IN_PIECES, seed=0)
@example(drawn=FROZEN_BEFORE_IT_PRINTED, seed=0)
def test_nor_over_one_that_is_slow_and_reads_what_has_gathered(drawn: Drawn, seed: int) -> None:
    played = play(drawn.steps, bots=drawn.cast, profile=drawn.profile, seed=seed, think=0.003, latency=(0.0005, 0.02))

    assert not played.bad()
    assert not played.details("wait")


@SLOWLY
@given(drawn=scenarios(), wrong=faults, seed=st.integers(0, 2**32))
def test_over_a_wrong_one_it_ends_and_is_judged(drawn: Drawn, wrong: Faults, seed: int) -> None:
    played = play(drawn.steps, bots=drawn.cast, profile=drawn.profile, seed=seed, faults=wrong)

    assert played.history.last("ended") is not None
    assert played.seconds < LONGEST_STEP * (drawn.steps.count("\n") + 3)
