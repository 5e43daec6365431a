"""Counting by Hall's conditions gives what an exhaustive search for an assignment gives."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from story import Story

from chatsim.checks.counting import assigned, one_too_many, untold
from chatsim.checks.membership import drop_notice
from chatsim.checks.verdict import Evidence, Outcome

moments = st.integers(0, 12)


def matching(left: list[int], right: list[int]) -> bool:
    """Is there a way to give each begin of `left` a notice of `right` of its own, later than it? By trying them all."""
    if not left:
        return True
    return any(
        at > left[0] and matching(left[1:], right[:place] + right[place + 1 :]) for place, at in enumerate(right)
    )


def most_told(owed: list[int], notices: list[int]) -> int:
    """How many of the owed can have a notice of their own, at most."""
    for size in range(len(owed), -1, -1):
        if any(matching(list(some), notices) for some in combinations(owed, size)):
            return size
    raise AssertionError


def covered(begins: list[int], notices: list[int]) -> bool:
    """Is there a way to give each notice a transition of its own that had begun before it? By trying them all."""
    if not notices:
        return True
    return any(
        begin < notices[0] and covered(begins[:place] + begins[place + 1 :], notices[1:])
        for place, begin in enumerate(begins)
    )


@given(st.lists(moments, max_size=5).map(sorted), st.lists(moments, max_size=5).map(sorted))
def test_as_few_are_untold_as_any_assignment_allows(owed: list[int], notices: list[int]) -> None:
    missing = untold(owed, notices)

    assert len(owed) - len(missing) == most_told(owed, notices)
    told = [begin for place, begin in enumerate(owed) if place not in missing]
    assert matching(told, notices)


@given(st.lists(moments, max_size=5).map(sorted), st.lists(moments, max_size=5).map(sorted))
def test_one_is_too_many_exactly_when_no_assignment_of_all_exists(begins: list[int], notices: list[int]) -> None:
    could_be = [at for at in notices if begins and at > begins[0]]  # others are `no-creation`

    surplus = one_too_many(begins, notices)

    assert (surplus is None) == covered(begins, could_be)
    if surplus is not None:
        assert covered(begins, [at for at in notices[:surplus] if at > begins[0]])


@given(st.lists(moments, max_size=5).map(sorted), st.lists(moments, max_size=5).map(sorted))
def test_what_is_not_untold_is_assigned_a_later_notice_of_its_own(owed: list[int], notices: list[int]) -> None:
    missing = set(untold(owed, notices))
    told = [begin for place, begin in enumerate(owed) if place not in missing]

    taken = assigned(told, notices)

    assert None not in taken
    assert len(set(taken)) == len(taken)
    assert all(notices[place] > begin for begin, place in zip(told, taken, strict=True) if place is not None)


@given(st.lists(st.sampled_from(["bob drops", "ann is told", "all settles"]), max_size=12))
def test_the_verdict_on_a_bot_that_drops_again_and_again_is_that_of_the_search(events: list[str]) -> None:
    """bob drops and comes back; the search sees the same drops and notices, at the same indexes."""
    story = Story()
    story.join("ann")
    story.join("bob")
    story.settled()
    drops: list[int] = []
    notices: list[int] = []
    for event in events:
        if event == "bob drops":
            drops.append(story.drop("bob"))
            story.join("bob")
        elif event == "ann is told":
            notices.append(story.notice("ann", "dropped", "bob"))
        else:
            story.settled("patience")
    story.settled("patience")

    verdict = drop_notice(story.history)

    could_be = [at for at in notices if drops and at > drops[0]]
    if not covered(drops, could_be):
        assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    elif most_told(drops, notices) < len(drops):
        assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.ABSENCE)
    elif drops:
        assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, len(drops))
    else:
        assert verdict.outcome is Outcome.NOT_EXERCISED
