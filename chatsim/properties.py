"""The catalogue of properties: their names, groups and when each is violated. The public vocabulary, as pure data.

The console, the JSON, the checks, a scenario's `check` and the docs use exactly these names. In what order they stand
here, in that order reports list them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["GROUPS", "PROMISES", "PROPERTIES", "Property", "named"]


@dataclass(frozen=True, slots=True)
class Property:
    """One property. `violated_when` completes "Violated when ..."."""

    name: str
    group: str
    violated_when: str


PROPERTIES: Final[tuple[Property, ...]] = (
    # --- messages ----------------------------------------------------------------------------------------------------
    Property(
        "delivery",
        "messages",
        "a definite message never reaches a session, other than its sender's, that it is owed to; or such a session "
        "hears a later message of that sender and channel, and never this one",
    ),
    Property(
        "no-duplication",
        "messages",
        "one session gets one message twice in the same form (an acknowledgement, an echo that reads differently and "
        "a replay to a new session are other forms)",
    ),
    Property(
        "no-creation",
        "messages",
        "a line comes under the name of somebody in this run that is no message, no piece of one and no notice that "
        "could be true; or a flood of such",
    ),
    Property(
        "intact",
        "messages",
        "the text differs from what was sent: stripped, truncated, split, garbled, in a wrong encoding (what the "
        "profile declares under `text` and `limits` is taken into account)",
    ),
    Property(
        "framing",
        "messages",
        "two messages come glued under one boundary or one rendering, or one comes in pieces, where the profile "
        "promises boundaries or the sends were apart",
    ),
    Property("attribution", "messages", "a message arrives under another name than its sender's"),
    Property(
        "echo",
        "messages",
        "the sender hears its own message where the profile says not; or the echo or acknowledgement owed is missing",
    ),
    Property(
        "isolation",
        "messages",
        "a session gets what is not for it: of another room, for another addressee, or before it has joined",
    ),
    # --- order -------------------------------------------------------------------------------------------------------
    Property(
        "fifo-order",
        "order",
        "one session gets two messages of one sending session and channel in the other order than they were sent",
    ),
    Property(
        "causal-order",
        "order",
        "a session gets a message before one that its sender had heard, or that lies in that one's causal past "
        "(different senders)",
    ),
    Property("total-order", "order", "the orders of all receivers together contain a cycle"),
    Property(
        "membership-order",
        "order",
        "a session gets a message of somebody before the join notice, or after the leave notice, of that same session "
        "of theirs",
    ),
    # --- membership --------------------------------------------------------------------------------------------------
    Property(
        "lets-in", "membership", "a newcomer with a free name, within the limits, is refused or never becomes present"
    ),
    Property("join-notice", "membership", "a session owed the notice of a join does not get it exactly once"),
    Property(
        "leave-notice", "membership", "a session owed the notice of a polite departure does not get it exactly once"
    ),
    Property(
        "drop-notice",
        "membership",
        "a session owed the notice of an abrupt departure (reset, close without goodbye, mid-message) does not get it "
        "exactly once",
    ),
    Property(
        "roster",
        "membership",
        "the answer lacks somebody who was there from before it was asked until it came, or names somebody who never "
        "was or is a ghost",
    ),
    Property("unique-nicknames", "membership", "two sessions, both seen at once, are shown to a third under one name"),
    Property(
        "nickname-released",
        "membership",
        "a nickname is still refused long after its holder left, dropped or took another",
    ),
    # --- cleanup -----------------------------------------------------------------------------------------------------
    Property(
        "closes-connection",
        "cleanup",
        "the server does not close its end after a client has left (its socket stays in CLOSE_WAIT)",
    ),
    Property(
        "no-ghosts",
        "cleanup",
        "a departed client is still in the roster, or hears two successive messages sent after its departure had "
        "settled",
    ),
    Property("no-thread-leak", "cleanup", "threads (or child processes) grow with the number of departed clients"),
    Property(
        "no-socket-leak",
        "cleanup",
        "file descriptors, or sockets in CLOSE_WAIT, grow with the number of departed clients",
    ),
    Property(
        "no-memory-leak",
        "cleanup",
        "resident memory grows with the number of departed clients; or by half of what was pushed at a client that "
        "does not read, 64 MiB or more",
    ),
    Property("no-spin", "cleanup", "the server is never at rest while nothing is going on"),
    Property(
        "clean-exit",
        "cleanup",
        "with a client connected, the server does not end in time when told to, leaves processes behind, or cannot be "
        "started again at once on the port",
    ),
    # --- liveness ----------------------------------------------------------------------------------------------------
    Property("stays-up", "liveness", "the server process ends unasked, or stops accepting, during the run"),
    Property("keeps-clients", "liveness", "the server closes or resets a session that did nothing the profile forbids"),
    Property("still-serves", "liveness", "after a fault, a newcomer cannot join, speak and be heard"),
    Property(
        "no-head-of-line-blocking",
        "liveness",
        "one client that does not read, sends half a message, or connects and says nothing keeps others from joining "
        "or hearing each other",
    ),
    Property(
        "survives-malformed",
        "liveness",
        "bad input from one client hurts anyone else (closing the offender is all right)",
    ),
    Property(
        "no-crash-output", "liveness", "an unhandled exception shows on the server's output before our stop signal"
    ),
    # --- the scenario's own ------------------------------------------------------------------------------------------
    Property(
        "expectations",
        "expectations",
        "an `expect`, `expect-nothing`, `expect-output` or expected refusal of the scenario is not met",
    ),
)

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    group: tuple(known.name for known in PROPERTIES if known.group == group)
    for group in dict.fromkeys(known.group for known in PROPERTIES)
}

PROMISES: Final[tuple[str, ...]] = (*(known.name for known in PROPERTIES), "prompt-notices")
"""What `promises` may name: every property, and that notices come at once."""


def named(words: tuple[str, ...]) -> tuple[str, ...]:
    """The properties that a scenario's `check` asks for, in the catalogue's order. `everything` names all.

    A word that is neither a property nor a group names nothing: readers refuse it where it stands.
    """
    if "everything" in words:
        return tuple(known.name for known in PROPERTIES)
    return tuple(known.name for known in PROPERTIES if known.name in words or known.group in words)
