"""`fifo-order`: everybody hears what one session said in one channel in the order in which it said it."""

from __future__ import annotations

from collections.abc import Sequence

from chatsim.checks import saying
from chatsim.checks.orders import Domain, Order, domains_of
from chatsim.checks.verdict import Verdict
from chatsim.checks.views import Views, views_of
from chatsim.checks.wording import counted
from chatsim.history import History

__all__ = ["fifo_order", "overtaken"]

NAME = "fifo-order"


def fifo_order(history: History) -> Verdict:
    views = views_of(history)
    verdict = saying.unpromised(views, NAME)
    if verdict is not None:
        return verdict
    domains = domains_of(views)
    exercised = sum(_comparisons(domain) for domain in domains)
    found = [swap for domain in domains if (swap := overtaken(domain)) is not None]
    if not found:
        return saying.passed(
            NAME,
            exercised,
            f"{counted(exercised, 'message')} came after the one that its sender had said before.",
            "Nobody heard two messages of one sender.",
        )
    order, later, earlier = min(found, key=lambda swap: swap[0].index_of(swap[2]))
    one, two = saying.quoted(views, earlier, later)
    sender = views.label(views.sender(earlier))
    return saying.failed(
        views,
        NAME,
        f"{views.label(order.receiver)} heard {two} from {sender} before {one}, which {sender} had said first.",
        (views.send[earlier], views.send[later], order.index_of(later), order.index_of(earlier)),
        about=later,
        exercised=exercised,
    )


def _comparisons(domain: Domain) -> int:
    """How often somebody heard a message of whom it had heard another before."""
    views, total = domain.views, 0
    for order, receivers in domain.classes:
        if views.numpy is not None:
            senders = int((views.numpy.bincount(views.senders_column[domain.column(order)]) > 0).sum())
        else:
            senders = len({views.messages[message].sender for message in order.messages})
        total += (len(order.messages) - senders) * len(receivers)
    return total


def overtaken(domain: Domain) -> tuple[Order, int, int] | None:
    """(order, later, earlier): the first two neighbours of one sender that somebody heard the wrong way round."""
    views = domain.views
    # Every receiver's order is part of the common one: if nothing is overtaken there, it is nowhere.
    if views.numpy is not None and domain.common is not None and _first_descent(views, domain.common) is None:
        return None
    found: list[tuple[int, Order, int, int]] = []
    for order, _ in domain.classes:
        descent = _first_descent(views, order.messages) if _may_descend(domain, order) else None
        if descent is not None:
            found.append((order.index_of(descent[1]), order, *descent))
    if not found:
        return None
    _, order, later, earlier = min(found, key=lambda each: each[0])
    return order, later, earlier


def _first_descent(views: Views, messages: Sequence[int]) -> tuple[int, int] | None:
    last: dict[int, int] = {}
    send, said = views.send, views.messages
    for message in messages:
        sender = said[message].sender
        before = last.get(sender)
        if before is not None and send[message] < send[before]:
            return before, message
        last[sender] = message
    return None


def _may_descend(domain: Domain, order: Order) -> bool:
    """False where a quick look (numpy, on long histories) has shown that every sender's messages rise."""
    numpy = domain.views.numpy
    if numpy is None:
        return True
    column = domain.column(order)
    senders = domain.views.senders_column[column]
    by_sender = numpy.argsort(senders, kind="stable")
    senders, sends = senders[by_sender], domain.views.sends_column[column][by_sender]
    return bool(((senders[1:] == senders[:-1]) & (sends[1:] < sends[:-1])).any())
