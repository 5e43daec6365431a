"""`total-order`: one common order fits what all receivers of a channel heard.

Violated if and only if the orders of all receivers together contain a cycle. Nearly always two receivers heard two
messages the other way round, and then those are the witness; otherwise it is a shortest cycle of three or more.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Sequence
from itertools import combinations
from math import comb

from chatsim.checks import saying
from chatsim.checks.orders import Domain, Order, domains_of, swap, union_order
from chatsim.checks.verdict import Verdict
from chatsim.checks.views import Views, views_of
from chatsim.checks.wording import counted
from chatsim.history import History

__all__ = ["concurrent_pairs", "contradiction", "total_order"]

NAME = "total-order"
MOST_GROUPS = (
    300  # of messages with one sender and the same receivers; beyond it pairs are counted near each other only
)
NEAR = 64
MOST_STARTS = 200  # messages from which a shortest cycle is looked for

Edge = tuple[Order, int, int]  # this receiver heard the one before the other


def total_order(history: History) -> Verdict:
    views = views_of(history)
    verdict = saying.unpromised(views, NAME)
    if verdict is not None:
        return verdict
    domains = domains_of(views)
    exercised = sum(concurrent_pairs(domain) for domain in domains)
    for domain in domains:
        cycle = contradiction(domain)
        if cycle:
            return _failed(views, cycle, exercised)
    return saying.passed(
        NAME,
        exercised,
        f"One order fits what all heard; {counted(exercised, 'pair')} of messages were said at the same time.",
        "No two messages were said at the same time and heard by the same two receivers.",
    )


def _failed(views: Views, cycle: Sequence[Edge], exercised: int) -> Verdict:
    parts = []
    for order, first, second in cycle[:4]:
        one, two = saying.quoted(views, first, second)
        parts.append(f"{views.label(order.receiver)} heard {one} before {two}")
    summary = ", ".join(parts) + "."
    if len(cycle) > 4:
        summary = summary[:-1] + f", and so on round a circle of {len(cycle)}."
    if len(cycle) > 2:
        summary += " No one order fits them all."
    witness = [index for order, first, second in cycle for index in (order.index_of(first), order.index_of(second))]
    return saying.failed(
        views,
        NAME,
        summary,
        witness,
        about=cycle[0][1],
        exercised=exercised,
        hint="Two messages may be on their way to all clients at once: let one lock, or one queue, cover the whole broadcast.",
    )


# --- is there a cycle? --------------------------------------------------------------------------------------------------


def contradiction(domain: Domain) -> list[Edge]:
    """The shortest cycle found: k receivers and k messages, two if two suffice; empty if there is none."""
    if domain.common is not None:
        return []
    views = domain.views
    if domain.swapped is not None:
        one, other, a, b = domain.swapped
        return [(one, a, b), (other, b, a)]
    united, _ = union_order([order.messages for order, _ in domain.classes])
    placed = set(united)
    left = [(order, [m for m in order.messages if m not in placed]) for order, _ in domain.classes]
    left = [(order, messages) for order, messages in left if len(messages) > 1]
    for (one, _), (other, _) in combinations(left, 2):
        pair = swap(one, other, views.numpy, len(views.messages))
        if pair is not None:
            return [(one, *pair), (other, pair[1], pair[0])]
    return _shortest_cycle(left)


def _shortest_cycle(orders: Sequence[tuple[Order, list[int]]]) -> list[Edge]:
    place = [{message: number for number, message in enumerate(messages)} for _, messages in orders]
    holders: dict[int, list[int]] = defaultdict(list)
    for number, (_, messages) in enumerate(orders):
        for message in messages:
            holders[message].append(number)
    best: list[Edge] = []
    for start in list(holders)[:MOST_STARTS]:
        found = _cycle_through(start, orders, place, holders)
        if found and (not best or len(found) < len(best)):
            best = found
    return best


def _cycle_through(
    start: int,
    orders: Sequence[tuple[Order, list[int]]],
    place: Sequence[dict[int, int]],
    holders: dict[int, list[int]],
) -> list[Edge]:
    """Breadth first from one message along "somebody heard it before", back to that message."""
    came_by: dict[int, tuple[int, int]] = {}  # message -> (order, the message before)
    reached = [len(messages) for _, messages in orders]  # from here to the end everything in this order was reached
    queue = deque([start])
    while queue:
        message = queue.popleft()
        for number in holders[message]:
            at = place[number][message]
            messages = orders[number][1]
            for later in messages[at + 1 : reached[number]]:
                if later == start:
                    return _edges(start, number, message, came_by, orders)
                if later not in came_by:
                    came_by[later] = (number, message)
                    queue.append(later)
            reached[number] = min(reached[number], at + 1)
    return []


def _edges(
    start: int,
    number: int,
    message: int,
    came_by: dict[int, tuple[int, int]],
    orders: Sequence[tuple[Order, list[int]]],
) -> list[Edge]:
    edges = [(orders[number][0], message, start)]
    while message != start:
        number, before = came_by[message]
        edges.append((orders[number][0], before, message))
        message = before
    return edges[::-1]


# --- was there a chance? ------------------------------------------------------------------------------------------------


def concurrent_pairs(domain: Domain) -> int:
    """Pairs of messages of different senders, neither of whom had heard the other's, with two receivers in common.

    Exact, unless losses leave hundreds of different audiences: then only pairs sent near each other are counted.
    """
    views, masks = domain.views, domain.heard_by
    group_of: dict[tuple[int, int], int] = {}
    group = {m: group_of.setdefault((views.messages[m].sender, masks[m]), len(group_of)) for m in domain.messages}
    groups = list(group_of)
    if len(groups) > MOST_GROUPS:
        near = _count_near(domain)
        if near:
            return near
    fits = [[_two_in_common(one, other) for other in groups] for one in groups] if len(groups) <= MOST_GROUPS else []
    if fits and all(fits[a][b] for a in range(len(groups)) for b in range(len(groups)) if groups[a][0] != groups[b][0]):
        return _count_all(domain)
    if fits and not any(map(any, fits)):
        return 0
    return _count_by_group(domain, group, groups)


def _two_in_common(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] != other[0] and (one[1] & other[1]).bit_count() >= 2


def _heard_of_others(domain: Domain, session: int) -> tuple[Sequence[int], Sequence[int]]:
    """(messages, indexes) that this session heard of others in this channel."""
    order = domain.orders.get(session)
    if order is None:
        return (), ()
    said = domain.views.messages
    own = domain.views.spoken.get(session, ())
    number = list(domain.orders).index(session)
    if not any(domain.heard_by[m] >> number & 1 for m in own):
        return order.messages, order.indices
    pairs = [(m, index) for m, index in zip(order.messages, order.indices, strict=True) if said[m].sender != session]
    return [m for m, _ in pairs], [index for _, index in pairs]


def _count_all(domain: Domain) -> int:
    """Every pair of different senders counts, less those of which the sender of the later had heard the earlier."""
    views = domain.views
    sendings: dict[int, list[int]] = defaultdict(list)
    for message in domain.messages:
        sendings[views.messages[message].sender].append(views.send[message])
    total = comb(len(domain.messages), 2)
    for sender, sends in sendings.items():
        indices = _heard_of_others(domain, sender)[1]
        total -= comb(len(sends), 2)
        if views.numpy is not None and len(indices):
            total -= int(views.numpy.searchsorted(indices, sends).sum())
        else:
            total -= sum(bisect_left(indices, sent) for sent in sends)
    return total


def _count_by_group(domain: Domain, group: dict[int, int], groups: Sequence[tuple[int, int]]) -> int:
    views = domain.views
    sent: dict[int, int] = defaultdict(int)
    heard: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    reading: dict[int, tuple[Sequence[int], Sequence[int]]] = {}
    position: dict[int, int] = defaultdict(int)
    total = 0
    for message in domain.messages:
        sender = views.messages[message].sender
        if sender not in reading:
            reading[sender] = _heard_of_others(domain, sender)
        messages, indices = reading[sender]
        while position[sender] < len(indices) and indices[position[sender]] < views.send[message]:
            heard[sender][group[messages[position[sender]]]] += 1
            position[sender] += 1
        mine = groups[group[message]]
        for other, count in sent.items():
            if _two_in_common(groups[other], mine):
                total += count - heard[sender][other]
        sent[group[message]] += 1
    return total


def _count_near(domain: Domain) -> int:
    views, masks = domain.views, domain.heard_by
    rank = {message: number for number, message in enumerate(domain.messages)}
    reading = {sender: _heard_of_others(domain, sender) for sender in views.spoken}
    position: dict[int, int] = defaultdict(int)
    known: dict[int, set[int]] = defaultdict(set)  # sender -> what it has heard, as far as that is near
    total = 0
    for number, message in enumerate(domain.messages):
        sender = views.messages[message].sender
        messages, indices = reading[sender]
        end = bisect_left(indices, views.send[message], position[sender])
        near = number - NEAR
        known[sender] = {m for m in known[sender] if rank[m] >= near}
        known[sender].update(m for m in messages[position[sender] : end] if rank[m] >= near)
        position[sender] = end
        for earlier in domain.messages[max(0, near) : number]:
            if views.messages[earlier].sender != sender and earlier not in known[sender]:
                total += (masks[earlier] & masks[message]).bit_count() >= 2
    return total
