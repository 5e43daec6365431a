"""`causal-order`: nobody hears a message before one that its sender had heard, or that lies in that one's causal past.

First a quick look, one pass over what was heard: a receiver that heard m before m0 violates it only if somebody had
heard m0, or a later message of its sender, before m was sent. Only where that is so are vector clocks worked out. They
are exact for partial deliveries too, where comparing direct replies is not: whoever misses the link in between still
hears the ends in order, or not.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chatsim.checks import saying
from chatsim.checks.orders import Domain, Order, domains_of
from chatsim.checks.verdict import Verdict
from chatsim.checks.views import NEVER, Views, views_of
from chatsim.checks.wording import counted
from chatsim.history import History

__all__ = ["causal_order", "overtaken_cause"]

NAME = "causal-order"


def causal_order(history: History) -> Verdict:
    views = views_of(history)
    verdict = saying.unpromised(views, NAME)
    if verdict is not None:
        return verdict
    domains = domains_of(views)
    exercised = sum(_replies_heard(domain) for domain in domains)
    for domain in domains:
        found = overtaken_cause(domain)
        if found is not None:
            return _failed(views, domain, *found, exercised)
    return saying.passed(
        NAME,
        exercised,
        f"{counted(exercised, 'reply', 'replies')} came after what they answered.",
        "Nobody heard both a message and one that its sender had heard before.",
    )


def _failed(views: Views, domain: Domain, order: Order, cause: int, effect: int, exercised: int) -> Verdict:
    chain = _chain(domain, cause, effect)
    one, two = saying.quoted(views, cause, effect)
    first, second = views.label(views.sender(cause)), views.label(views.sender(effect))
    summary = f"{views.label(order.receiver)} heard {two} from {second} before {one} from {first}."
    if len(chain) == 1:
        summary += f" {second} had heard {one} before it said {two}."
    else:
        summary += f" {two} follows from {one}: {second} had heard what others said after they had heard it."
    witness = (*chain, views.send[effect], order.index_of(effect), order.index_of(cause))
    return saying.failed(
        views,
        NAME,
        summary,
        witness,
        about=effect,
        exercised=exercised,
        hint="A broadcast may still be under way when the next begins: let one lock, or one queue, cover the whole of it.",
    )


# --- the quick look -----------------------------------------------------------------------------------------------------


def overtaken_cause(domain: Domain) -> tuple[Order, int, int] | None:
    """(order, cause, effect): a receiver that heard the effect first; None if nobody did."""
    views = domain.views
    if views.numpy is not None and domain.common is not None and not _suspects(domain, domain.common):
        return None  # every receiver's order is part of the common one
    clocks: Clocks | None = None
    for order, _ in domain.classes:
        if _may_violate(domain, order):
            clocks = clocks or Clocks(domain)
            found = _violation(clocks, order.messages)
            if found is not None:
                return order, *found
    return None


def _suspects(domain: Domain, messages: Sequence[int]) -> bool:
    """Is there a message before one that somebody may have known of before it was sent?"""
    first, send = domain.views.first_implied, domain.views.send
    earliest = NEVER
    for message in reversed(messages):
        if earliest < send[message]:
            return True
        if first[message] < earliest:
            earliest = first[message]
    return False


def _may_violate(domain: Domain, order: Order) -> bool:
    numpy = domain.views.numpy
    if numpy is None:
        return _suspects(domain, order.messages)
    column = domain.column(order)
    still_to_come = numpy.minimum.accumulate(domain.views.first_implied_column[column][::-1])[::-1]
    return bool((still_to_come[1:] < domain.views.sends_column[column][:-1]).any())


# --- vector clocks ------------------------------------------------------------------------------------------------------


@dataclass
class Clocks:
    """By message: how many messages of each sender lie in its causal past, in this channel."""

    domain: Domain
    number: dict[int, int] = field(default_factory=dict)  # message -> the how-manieth of its sender, from 1
    column: dict[int, int] = field(default_factory=dict)  # sender -> its place in a clock
    past: dict[int, array[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        views = self.domain.views
        sent = self.domain.messages
        for message in sent:
            sender = views.messages[message].sender
            self.column.setdefault(sender, len(self.column))
        counts: dict[int, int] = defaultdict(int)
        now = {sender: array("i", bytes(4 * len(self.column))) for sender in self.column}
        position: dict[int, int] = defaultdict(int)
        for message in sent:
            sender = views.messages[message].sender
            counts[sender] += 1
            self.number[message] = counts[sender]
        for message in sent:
            sender = views.messages[message].sender
            clock = now[sender]
            order = self.domain.orders.get(sender)
            if order is not None:
                start = position[sender]
                end = position[sender] = bisect_left(order.indices, views.send[message], start)
                clock = now[sender] = self._joined(clock, order.messages[start:end], sender)
            self.past[message] = array("i", clock)
            clock[self.column[sender]] = self.number[message]

    def _joined(self, clock: array[int], heard: array[int], own: int) -> array[int]:
        # The last sent first: what lies in its past needs no joining of its own any more.
        said, send = self.domain.views.messages, self.domain.views.send
        for message in sorted(heard, key=send.__getitem__, reverse=True):
            sender = said[message].sender
            column = self.column[sender]
            if sender == own or clock[column] >= self.number[message]:
                continue
            clock = array("i", map(max, clock, self.past[message]))
            clock[column] = self.number[message]
        return clock

    def before(self, cause: int, effect: int) -> bool:
        """Does the cause lie in the causal past of the effect?"""
        sender = self.domain.views.messages[cause].sender
        return self.past[effect][self.column[sender]] >= self.number[cause]


def _violation(clocks: Clocks, messages: Sequence[int]) -> tuple[int, int] | None:
    """(cause, effect) of which the effect comes first, of different senders; the last such effect."""
    views = clocks.domain.views
    said, send, implied = views.messages, views.send, views.first_implied
    least: dict[int, int] = {}  # sender's place -> its least number still to come
    first: dict[int, int] = {}  # and that message
    earliest = NEVER
    for effect in reversed(messages):
        own = clocks.column[said[effect].sender]
        past = clocks.past[effect]
        for column, number in least.items() if earliest < send[effect] else ():
            if number <= past[column] and column != own:
                return first[column], effect
        earliest = min(earliest, implied[effect])
        number = clocks.number[effect]
        if number < least.get(own, number + 1):
            least[own], first[own] = number, effect
    return None


def _chain(domain: Domain, cause: int, effect: int) -> list[int]:
    """The hearings that lead from the cause to the sending of the effect: one, if its sender heard the cause itself."""
    views, clocks = domain.views, Clocks(domain)
    chain: list[int] = []
    while True:
        order = domain.orders.get(views.sender(effect))
        if order is None or views.sender(effect) == views.sender(cause):
            return chain[::-1]
        heard = [
            (m, index)
            for m, index in zip(order.messages, order.indices, strict=True)
            if index < views.send[effect] and views.sender(m) != views.sender(effect)
        ]
        direct = next((index for m, index in heard if m == cause), None)
        if direct is not None:
            return [*chain, direct][::-1]
        link = next(((m, index) for m, index in heard if clocks.before(cause, m)), None)
        if link is None:
            return chain[::-1]
        effect, index = link
        chain.append(index)


# --- was there a chance? ------------------------------------------------------------------------------------------------


def _replies_heard(domain: Domain) -> int:
    """Messages that somebody heard who had also heard (or was yet to hear) one that their sender had heard before."""
    views, masks = domain.views, domain.heard_by
    quick = sum(
        1 for message, causes in _ends_of_causes(domain) if any(masks[message] & masks[cause] for cause in causes)
    )
    if quick:
        return quick
    replies = 0
    known: dict[int, int] = defaultdict(int)  # sender -> who heard anything that it has heard
    position: dict[int, int] = defaultdict(int)
    for message in domain.messages:
        sender = views.messages[message].sender
        order = domain.orders.get(sender)
        if order is None:
            continue
        while position[sender] < len(order.indices) and order.indices[position[sender]] < views.send[message]:
            heard = order.messages[position[sender]]
            if views.messages[heard].sender != sender:
                known[sender] |= masks[heard]
            position[sender] += 1
        replies += bool(known[sender] & masks[message])
    return replies


def _ends_of_causes(domain: Domain) -> Iterator[tuple[int, list[int]]]:
    """Each message with the first and the last that its sender had heard of others before: nearly always enough."""
    views = domain.views
    said = views.messages
    spoken: dict[int, list[int]] = defaultdict(list)
    for message in domain.messages:
        spoken[said[message].sender].append(message)
    for sender, messages in spoken.items():
        order = domain.orders.get(sender)
        if order is None:
            continue
        heard = order.messages
        first = next((at for at, other in enumerate(heard) if said[other].sender != sender), len(heard))
        for message, count in zip(messages, _heard_before(views, order, messages), strict=True):
            last = count - 1
            while last > first and said[heard[last]].sender == sender:
                last -= 1
            if first <= last:
                yield message, [heard[first], heard[last]]


def _heard_before(views: Views, order: Order, messages: Sequence[int]) -> Sequence[int]:
    """How much of this order had been heard before each of these was sent."""
    if views.numpy is not None:
        sends = [views.send[message] for message in messages]
        return views.numpy.searchsorted(order.indices, sends).tolist()  # type: ignore[no-any-return]
    return [bisect_left(order.indices, views.send[message]) for message in messages]
