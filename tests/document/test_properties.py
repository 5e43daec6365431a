"""The catalogue of properties: each name once, each in one group, and what `check` asks for."""

from __future__ import annotations

from chatsim.properties import GROUPS, PROMISES, PROPERTIES, named


def test_each_name_stands_once_and_says_when_it_is_violated() -> None:
    names = [known.name for known in PROPERTIES]

    assert len(names) == len(set(names))
    assert all(known.violated_when for known in PROPERTIES)
    assert tuple(GROUPS) == ("messages", "order", "membership", "cleanup", "liveness", "expectations")


def test_check_names_properties_and_groups_in_the_order_of_the_catalogue() -> None:
    assert named(("everything", "order")) == tuple(known.name for known in PROPERTIES)
    assert named(("order",)) == ("fifo-order", "causal-order", "total-order", "membership-order")
    assert named(("stays-up", "delivery")) == ("delivery", "stays-up")
    assert named(("nonsense",)) == ()


def test_prompt_notices_can_be_promised_though_it_is_no_property() -> None:
    assert set(PROMISES) - {known.name for known in PROPERTIES} == {"prompt-notices"}
