"""The orders in which receivers heard one channel, and whether one common order fits them all.

An order domain is one channel. Replays, halves, pieces and second copies have no place in an order. Receivers with the
same order are one *class*, judged once. `common` is exact: it finds an order if and only if the orders of all receivers
together contain no cycle; losses and partial membership need nothing special, only what was heard is compared.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary
from zlib import crc32

from chatsim.checks.views import NEVER, NOT_JUDGED, Views
from chatsim.history import CONSOLE

__all__ = ["Domain", "Order", "domains_of", "union_order"]

MOST_MASKS = 8  # channels that are told apart by a mask each; more are dealt out one by one


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """What one receiver heard of one channel, in order: message numbers, and beside them the history's indexes."""

    receiver: int
    messages: array[int]
    indices: array[int]

    def index_of(self, message: int) -> int:
        return self.indices[self.messages.index(message)]


@dataclass(eq=False)
class Domain:
    """One channel: every receiver's order of it. `heard` is how many hearings there are in all."""

    views: Views
    channel: str
    orders: dict[int, Order] = field(default_factory=dict)

    @cached_property
    def heard(self) -> int:
        return sum(len(order.messages) for order in self.orders.values())

    @cached_property
    def classes(self) -> list[tuple[Order, list[int]]]:
        """The distinct orders, the longest first, each with the receivers that share it."""
        alike: dict[tuple[int, int], list[tuple[Order, list[int]]]] = defaultdict(list)
        for receiver, order in self.orders.items():
            raw = memoryview(order.messages).cast("B")
            likely = alike[len(order.messages), crc32(raw)]
            for other, sharing in likely:
                if memoryview(other.messages).cast("B") == raw:
                    sharing.append(receiver)
                    break
            else:
                likely.append((order, [receiver]))
        found = [each for group in alike.values() for each in group]
        found.sort(key=lambda each: -len(each[0].messages))
        return found

    @cached_property
    def messages(self) -> list[int]:
        """Every message that anybody heard in this channel, in the order of sending."""
        if self.views.numpy is not None:
            mask = self.views.numpy.zeros(len(self.views.messages), bool)
            for order, _ in self.classes:
                mask[self.column(order)] = True
            known: Iterable[int] = self.views.numpy.flatnonzero(mask).tolist()
        else:
            known = set().union(*(order.messages for order, _ in self.classes))
        return sorted(known, key=self.views.send.__getitem__)

    @cached_property
    def heard_by(self) -> list[int]:
        """By message number: the receivers that heard it in this channel, as bits in the order of `orders`."""
        views = self.views
        count = len(views.messages)
        if views.numpy is None:
            masks = [0] * count
            bit = {receiver: 1 << number for number, receiver in enumerate(self.orders)}
            for order, receivers in self.classes:
                mask = sum(bit[receiver] for receiver in receivers)
                for message in order.messages:
                    masks[message] |= mask
            return masks
        width = (len(self.orders) + 7) // 8
        bits = views.numpy.zeros((width, count), views.numpy.uint8)
        for number, order in enumerate(self.orders.values()):
            row = bits[number >> 3]
            row[self.column(order)] |= 1 << (number & 7)
        rows = views.numpy.ascontiguousarray(bits.T).tobytes()
        from_bytes = int.from_bytes
        return [from_bytes(rows[at : at + width], "little") for at in range(0, count * width, width)]

    def column(self, order: Order) -> Any:
        """The messages of an order as a numpy column. Only where numpy is."""
        return self.views.numpy.frombuffer(order.messages, self.views.numpy.int32)

    @cached_property
    def common(self) -> list[int] | None:
        """One order that all receivers' orders fit into; None if there is a cycle among them."""
        orders = [order.messages for order, _ in self.classes]
        if self.views.numpy is not None and len(orders) > 1:
            likely = self._likely_order()
            if likely is not None:
                return likely
            if self.swapped is not None:
                return None
        order, stuck = union_order(orders)
        return None if stuck else order

    def _likely_order(self) -> list[int] | None:
        """The longest order, with what it lacks put in where two others have it; if all orders fit into that.

        Two others, because without an echo nobody hears its own: each of them tells the place among the other's.
        """
        numpy = self.views.numpy
        columns = [self.column(order) for order, _ in self.classes]
        count, longest = len(self.views.messages), columns[0]
        place = numpy.full(count, -1, numpy.int64)
        place[longest] = numpy.arange(len(longest))
        heard = numpy.zeros(count, bool)
        for column in columns:
            heard[column] = True
        lacking = heard & (place < 0)
        after = numpy.full(count, -1, numpy.int64)  # by lacking message: the place in the longest order that it follows
        among = numpy.zeros(count, numpy.int64)  # and its place in the order that it was first found in
        told = numpy.zeros(count, numpy.int8)
        for column in columns[1:] if lacking.any() else ():
            new = lacking[column] & (told[column] < 2)
            if not new.any():
                continue
            here = column[new]
            before = numpy.maximum.accumulate(place[column])[new]
            among[here[told[here] == 0]] = numpy.flatnonzero(new)[told[here] == 0]
            after[here] = numpy.maximum(after[here], before)
            told[here] += 1
            if (told[lacking] >= 2).all():
                break
        missing = numpy.flatnonzero(lacking)
        everything = numpy.concatenate((longest, missing))
        keys = numpy.concatenate((2 * place[longest], 2 * after[missing] + 1))
        united = everything[numpy.lexsort((numpy.concatenate((place[longest], among[missing])), keys))]
        rank = numpy.zeros(count, numpy.int32)
        rank[united] = numpy.arange(len(united), dtype=numpy.int32)
        for column in columns:
            ranks = rank[column]
            if not (ranks[1:] > ranks[:-1]).all():
                return None
        return united.tolist()  # type: ignore[no-any-return]

    @cached_property
    def swapped(self) -> tuple[Order, Order, int, int] | None:
        """Two receivers and two messages that the first heard one way round and the second the other, if the longest
        order is at odds with any other. (It may agree with all and a cycle exist nevertheless.)"""
        longest = self.classes[0][0] if self.classes else None
        for order, _ in self.classes[1:]:
            assert longest is not None
            found = swap(longest, order, self.views.numpy, len(self.views.messages))
            if found is not None:
                return longest, order, *found
        return None


def swap(one: Order, other: Order, numpy: Any, count: int) -> tuple[int, int] | None:
    """(a, b) that `one` heard as a, b and `other` as b, a: of all such neighbours those nearest to each other."""
    if numpy is not None:
        place = numpy.full(count, -1, numpy.int32)
        messages = numpy.frombuffer(one.messages, numpy.int32)
        place[messages] = numpy.arange(len(messages), dtype=numpy.int32)
        heard = numpy.frombuffer(other.messages, numpy.int32)
        common = heard[place[heard] >= 0]
        places = place[common]
        distance = places[:-1] - places[1:]
        at = numpy.flatnonzero(distance > 0)
        if not len(at):
            return None
        nearest = int(at[distance[at].argmin()])
        return int(common[nearest + 1]), int(common[nearest])
    position = {message: number for number, message in enumerate(one.messages)}
    common_messages = [message for message in other.messages if message in position]
    found: tuple[int, int, int] | None = None
    for earlier, later in pairwise(common_messages):
        away = position[earlier] - position[later]
        if away > 0 and (found is None or away < found[0]):
            found = (away, later, earlier)
    return None if found is None else found[1:]


def union_order(orders: Sequence[Sequence[int]]) -> tuple[list[int], bool]:
    """An order that all of these fit into; and whether a cycle kept some messages out of it. O(hearings).

    Kahn's algorithm without its graph: each order is a queue, and the next message is one that stands at the head of
    every queue that holds it.
    """
    if len(orders) == 1:
        return list(orders[0]), False
    holds: dict[int, int] = {}
    for order in orders:
        for message in order:
            holds[message] = holds.get(message, 0) + 1
    waiting: dict[int, list[int]] = defaultdict(list)
    position = [0] * len(orders)
    ready: list[int] = []
    united: list[int] = []

    for number, order in enumerate(orders):
        if len(order):
            head = order[0]
            waiting[head].append(number)
            if len(waiting[head]) == holds[head]:
                ready.append(head)
    while ready:
        message = ready.pop()
        united.append(message)
        for number in waiting.pop(message):
            position[number] += 1
            order = orders[number]
            if position[number] < len(order):
                head = order[position[number]]
                queue = waiting[head]
                queue.append(number)
                if len(queue) == holds[head]:
                    ready.append(head)
    return united, len(united) < len(holds)


def _domains(views: Views) -> list[Domain]:
    channel_of, channels = _channels(views)
    domains = [Domain(views, channel) for channel in channels]
    odd = {message.id for message in views.messages if message.kind in NOT_JUDGED or views.send[message.id] == NEVER}
    odd &= (
        {message for hearing in views.hearings.values() for message in odd.intersection(hearing.messages)}
        if odd
        else odd
    )
    first_send = min((spoken[0] for spoken in views.spoken.values()), key=views.send.__getitem__, default=None)
    for receiver, hearing in views.hearings.items():
        if receiver == CONSOLE and not views.terms.console_receives:
            continue
        messages, indices = hearing.messages, hearing.indices
        born = views.sessions[receiver].born if receiver in views.sessions else -1
        replayed = first_send is not None and views.send[first_send] < born
        if odd or replayed:
            messages, indices = _live(views, messages, indices, odd, born)
        if not len(messages):
            continue
        if len(domains) == 1:
            domains[0].orders[receiver] = Order(receiver, messages, indices)
            continue
        for number, theirs, at in _by_channel(views, messages, indices, channel_of, len(domains)):
            domains[number].orders[receiver] = Order(receiver, theirs, at)
    return [domain for domain in domains if domain.orders]


def _channels(views: Views) -> tuple[array[int], list[str]]:
    number: dict[str, int] = {}
    of = array("i", [number.setdefault(message.channel, len(number)) for message in views.messages])
    return of, list(number)


def _live(
    views: Views, messages: array[int], indices: array[int], odd: set[int], born: int
) -> tuple[array[int], array[int]]:
    """Without replays, halves and pieces."""
    if views.numpy is not None:
        numpy = views.numpy
        column = numpy.frombuffer(messages, numpy.int32)
        live = views.sends_column[column] >= born
        if odd:
            live &= ~numpy.isin(column, list(odd))
        if live.all():
            return messages, indices
        at = numpy.frombuffer(indices, numpy.int32)
        return array("i", column[live].tobytes()), array("i", at[live].tobytes())
    send = views.send
    kept = [number for number, m in enumerate(messages) if send[m] >= born and m not in odd]
    if len(kept) == len(messages):
        return messages, indices
    return array("i", [messages[number] for number in kept]), array("i", [indices[number] for number in kept])


def _by_channel(
    views: Views, messages: array[int], indices: array[int], channel_of: array[int], count: int
) -> Iterable[tuple[int, array[int], array[int]]]:
    if views.numpy is not None and count <= MOST_MASKS:
        numpy = views.numpy
        column, at = numpy.frombuffer(messages, numpy.int32), numpy.frombuffer(indices, numpy.int32)
        channels = numpy.frombuffer(channel_of, numpy.int32)[column]
        for number in range(count):
            here = channels == number
            if here.all():
                yield number, messages, indices
            elif here.any():
                yield number, array("i", column[here].tobytes()), array("i", at[here].tobytes())
        return
    dealt: dict[int, tuple[array[int], array[int]]] = {}
    for message, index in zip(messages, indices, strict=True):
        number = channel_of[message]
        if number not in dealt:
            dealt[number] = (array("i"), array("i"))
        dealt[number][0].append(message)
        dealt[number][1].append(index)
    for number, (theirs, places) in dealt.items():
        yield number, theirs, places


_known: WeakKeyDictionary[Views, list[Domain]] = WeakKeyDictionary()


def domains_of(views: Views) -> list[Domain]:
    """The channels in which anybody heard anything, each with its receivers' orders."""
    found = _known.get(views)
    if found is None:
        found = _known[views] = _domains(views)
    return found
