"""Do the others go on? What was heard and who came in meanwhile, and what was waited for in vain.

For the properties that say: what one client does must hurt nobody else. An item of the recorded waits counts here only
where it was owed, and was begun, and waited for, within the time that is asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from chatsim.checks.joining import JOINING, may_come_in, name_was_free
from chatsim.checks.lives import NEVER
from chatsim.checks.views import Views
from chatsim.checks.wording import counted
from chatsim.history import CONSOLE, Entry

__all__ = ["Held", "Others", "held_up", "went_on"]

OF_MESSAGES = ("message", "echo", "ack", "output")


@dataclass(frozen=True, slots=True)
class Held:
    """One who waited in vain: for a message, or to come in. `certain` false: our machine spoilt the wait."""

    session: int
    begun: int
    waited: int  # the index of the wait
    certain: bool
    joining: bool
    summary: str


@dataclass(frozen=True, slots=True)
class Others:
    """How many messages of others came to others, and how many newcomers came in."""

    messages: int
    newcomers: int

    @property
    def chances(self) -> int:
        return self.messages + self.newcomers

    def __str__(self) -> str:
        told = []
        if self.messages:
            told.append(
                f"{counted(self.messages, 'message')} of others {'was' if self.messages == 1 else 'were'} heard"
            )
        if self.newcomers:
            told.append(f"{counted(self.newcomers, 'newcomer')} came in")
        return " and ".join(told)


def went_on(views: Views, since: int, until: int, but: Collection[int]) -> Others:
    """What came off between two indexes, begun and ended within, among those who are not left out."""
    messages = 0
    for message in views.sent:
        sender, sent = views.sender(message), views.send[message]
        if not since < sent < until or sender in but or not views.judged(message):
            continue
        if min(views.first_heard[message], views.acked.get(message, NEVER)) > until:
            continue
        others = [session for session in views.owed(message) if session not in but]
        messages += bool(others or views.owes_echo(message) or views.owes_receipt(message))
    newcomers = sum(
        since < view.begun < view.told < until
        for view in views.sessions.values()
        if view.number not in but and view.life.connected < view.told
    )
    return Others(messages, newcomers)


def held_up(views: Views, since: int, until: int, but: Collection[int]) -> Iterator[Held]:
    """What others waited for in vain between two indexes, in the order in which the waits ended.

    Nothing after a server's end is one of these: who waits for a dead server is not kept waiting by a client.
    """
    for wait in views.lives.of("wait"):
        if not since < wait.index < until or views.lives.died_before(wait.index):
            continue
        for row in wait.detail.get("missing") or ():
            if len(row) != 3:
                continue
            what, session, ref = str(row[0]), int(row[1]), row[2]
            if what in OF_MESSAGES and isinstance(ref, int):
                held = _message(views, wait, what, session, ref, but)
            elif str(wait.detail.get("for", "")) in JOINING:
                held = _newcomer(views, wait, what, session, but)
            else:
                held = None
            if held is not None and held.begun > since and not views.lives.down_between(held.begun, wait.index):
                yield held


def _message(views: Views, wait: Entry, what: str, session: int, message: int, but: Collection[int]) -> Held | None:
    if not 0 <= message < len(views.messages) or not views.judged(message):
        return None
    sender = views.sender(message)
    receiver = CONSOLE if what == "output" else session
    owes: dict[str, Callable[[int], bool]] = {"echo": views.owes_echo, "ack": views.owes_receipt}
    owed = owes[what](message) if what in owes else receiver in views.owed(message)
    if sender in but or receiver in but or not owed or views.cut_off(receiver) < wait.index:
        return None
    waited = views.waited_in_vain(message, receiver, receipt=what == "ack")
    if waited is None or waited > wait.index:
        return None
    text, who = views.quote(message), views.label(sender)
    at = views.lives.when(views.send[message])
    if what in owes:
        summary = f"{who} said {text} at {at} and got no {'echo' if what == 'echo' else 'receipt'} of it"
    elif receiver == CONSOLE:
        summary = f"{who} said {text} at {at}, and the server's console did not show it"
    else:
        summary = f"{who} said {text} at {at}, and {views.label(receiver)} did not hear it"
    return Held(session, views.send[message], wait.index, waited >= 0, False, summary)


def _newcomer(views: Views, wait: Entry, what: str, session: int, but: Collection[int]) -> Held | None:
    view = views.sessions.get(session)
    if view is None or session in but or view.life.refused < wait.index or view.life.closed < wait.index:
        return None
    if not may_come_in(views, view) or not name_was_free(views, view):
        return None
    summary = f"{view.label} wanted to join at {views.lives.when(view.life.connect)}"
    summary += ", and heard nobody" if what == "knock" else " and was not let in"
    return Held(session, view.life.connect, wait.index, bool(wait.detail.get("valid")), True, summary)
