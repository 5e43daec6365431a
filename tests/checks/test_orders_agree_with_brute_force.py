"""The quick checks of order agree with slow, obvious ones, on random partial histories, with numpy and without."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsim.checks.causal import causal_order, overtaken_cause
from chatsim.checks.fifo import fifo_order
from chatsim.checks.orders import Domain, domains_of
from chatsim.checks.total import concurrent_pairs, contradiction, total_order
from chatsim.checks.verdict import Outcome
from chatsim.checks.views import Views
from chatsim.history import History
from tests.checks.story import Story, promising
from tests.checks.ways import quick

BOTS = ("ann", "bob", "cat", "dan", "eve")


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Up to five bots speak; each hears some of it, in any order that a broken server could bring about."""
    story = Story(promising("total-order", "causal-order"))
    bots = BOTS[: draw(st.integers(2, 5))]
    story.connect(*bots)
    story.told(*bots)
    waiting: dict[str, list[str]] = {bot: [] for bot in bots}
    orderly = draw(st.booleans())  # mostly in order: then what is wrong is rare, and found only by a real search
    for number in range(draw(st.integers(1, 28))):
        bot = draw(st.sampled_from(bots))
        if draw(st.booleans()) and waiting[bot]:
            last = 0 if orderly and draw(st.integers(0, 9)) else len(waiting[bot]) - 1
            story.hear(bot, waiting[bot].pop(draw(st.integers(0, last))))
        else:
            text = f"m{number}"
            story.say(bot, text)
            for other in bots:
                if draw(st.integers(0, 4)):
                    waiting[other].append(text)
    return story.history


both_ways = pytest.mark.parametrize("numpy", [False, True], ids=["plain", "numpy"])


def only_domain(history: History) -> Domain | None:
    domains = domains_of(Views(history))
    assert len(domains) <= 1
    return domains[0] if domains else None


# --- the slow, obvious versions -----------------------------------------------------------------------------------------


def heard_orders(history: History) -> dict[int, list[tuple[int, int]]]:
    orders: dict[int, list[tuple[int, int]]] = {}
    for entry in history.of("heard"):
        orders.setdefault(entry.session, []).append((entry.ref, entry.index))
    return orders


def closure(pairs: set[tuple[int, int]], count: int) -> set[tuple[int, int]]:
    reach = [[(a, b) in pairs for b in range(count)] for a in range(count)]
    for k in range(count):
        for a in range(count):
            if reach[a][k]:
                for b in range(count):
                    reach[a][b] = reach[a][b] or reach[k][b]
    return {(a, b) for a in range(count) for b in range(count) if reach[a][b]}


def precedences(history: History) -> set[tuple[int, int]]:
    return {(one, other) for order in heard_orders(history).values() for (one, _), (other, _) in combinations(order, 2)}


def has_cycle(history: History) -> bool:
    return any(a == b for a, b in closure(precedences(history), len(history.messages)))


def shortest_cycle(history: History) -> int:
    pairs = precedences(history)
    messages = range(len(history.messages))
    for length in range(2, 6):
        for cycle in permutations(messages, length) if len(history.messages) <= 9 else ():
            if all((one, other) in pairs for one, other in zip(cycle, (*cycle[1:], cycle[0]), strict=True)):
                return length
    return 0


def causal_past(history: History) -> set[tuple[int, int]]:
    sends = {entry.ref: entry.index for entry in history.of("send")}
    said = history.messages
    pairs = {
        (one.id, other.id)
        for one in said
        for other in said
        if one.sender == other.sender and sends[one.id] < sends[other.id]
    }
    for receiver, order in heard_orders(history).items():
        pairs |= {
            (m, mine.id) for m, index in order for mine in said if mine.sender == receiver and index < sends[mine.id]
        }
    return closure(pairs, len(said))


def causal_violations(history: History) -> set[tuple[int, int, int]]:
    past, said = causal_past(history), history.messages
    return {
        (receiver, other, one)
        for receiver, order in heard_orders(history).items()
        for (one, _), (other, _) in combinations(order, 2)
        if (other, one) in past and said[one].sender != said[other].sender
    }


def fifo_violations(history: History) -> set[tuple[int, int, int]]:
    sends = {entry.ref: entry.index for entry in history.of("send")}
    said = history.messages
    return {
        (receiver, one, other)
        for receiver, order in heard_orders(history).items()
        for (one, _), (other, _) in combinations(order, 2)
        if said[one].sender == said[other].sender and sends[other] < sends[one]
    }


def concurrent(history: History) -> int:
    sends = {entry.ref: entry.index for entry in history.of("send")}
    orders = {receiver: dict(order) for receiver, order in heard_orders(history).items()}
    pairs = 0
    for one, other in combinations(history.messages, 2):
        knew = orders.get(one.sender, {}).get(other.id, 10**9) < sends[one.id]
        knew |= orders.get(other.sender, {}).get(one.id, 10**9) < sends[other.id]
        both = sum(one.id in order and other.id in order for order in orders.values())
        pairs += one.sender != other.sender and not knew and both >= 2
    return pairs


# --- the invariants -----------------------------------------------------------------------------------------------------


@both_ways
@settings(max_examples=120, deadline=None)
@given(history=histories())
def test_total_order_fails_exactly_if_all_orders_together_contain_a_cycle(numpy: bool, history: History) -> None:
    with quick(numpy):
        domain = only_domain(history)
        cycle = contradiction(domain) if domain else []
        verdict = total_order(history)

    assert bool(cycle) == has_cycle(history)
    assert (verdict.outcome is Outcome.FAILED) == has_cycle(history)
    orders = heard_orders(history)
    for order, first, second in cycle:
        heard = [message for message, _ in orders[order.receiver]]
        assert heard.index(first) < heard.index(second)
    assert [second for _, _, second in cycle] == [first for _, first, _ in cycle[1:] + cycle[:1]]
    assert len({order.receiver for order, _, _ in cycle}) == len(cycle)


@both_ways
@settings(max_examples=80, deadline=None)
@given(history=histories().filter(lambda history: len(history.messages) <= 9))
def test_the_witness_against_total_order_is_a_shortest_cycle(numpy: bool, history: History) -> None:
    with quick(numpy):
        domain = only_domain(history)
        cycle = contradiction(domain) if domain else []

    shortest = shortest_cycle(history)
    assert len(cycle) == shortest or (shortest == 0 and len(cycle) > 5)


@both_ways
@settings(max_examples=120, deadline=None)
@given(history=histories())
def test_causal_order_fails_exactly_if_somebody_heard_a_message_before_one_of_its_past(
    numpy: bool, history: History
) -> None:
    with quick(numpy):
        domain = only_domain(history)
        found = overtaken_cause(domain) if domain else None
        verdict = causal_order(history)

    violations = causal_violations(history)
    assert (verdict.outcome is Outcome.FAILED) == bool(violations)
    if found is not None:
        order, cause, effect = found
        assert (order.receiver, cause, effect) in violations


@both_ways
@settings(max_examples=120, deadline=None)
@given(history=histories())
def test_fifo_order_fails_exactly_if_somebody_heard_two_of_one_sender_the_wrong_way_round(
    numpy: bool, history: History
) -> None:
    with quick(numpy):
        verdict = fifo_order(history)

    assert (verdict.outcome is Outcome.FAILED) == bool(fifo_violations(history))


@both_ways
@settings(max_examples=120, deadline=None)
@given(history=histories())
def test_concurrent_pairs_are_counted_exactly(numpy: bool, history: History) -> None:
    with quick(numpy):
        domain = only_domain(history)
        pairs = concurrent_pairs(domain) if domain else 0

    assert pairs == concurrent(history)


@settings(max_examples=80, deadline=None)
@given(history=histories())
def test_numpy_changes_no_verdict(history: History) -> None:
    checks = (total_order, causal_order, fifo_order)

    def verdicts() -> list[object]:
        again = History.read(list(history.lines()))
        return [(v.outcome, v.exercised) for v in (check(again) for check in checks)]

    with quick(False):
        plain = verdicts()
    with quick(True):
        fast = verdicts()

    assert plain == fast
