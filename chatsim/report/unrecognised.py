"""What was received and not recognised, as lines for the author of the profile, with the template that comes nearest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatsim.history import History
from chatsim.profile.nearness import Near, nearest, skeleton, templates_in

__all__ = ["Odd", "unrecognised"]

COMPARED = 50  # so many different texts; a server that says more of what nobody knows is told by the first of them


@dataclass(frozen=True, slots=True)
class Odd:
    """One kind of text, whatever names stand in it. `text`: as it came first; `who` (a session) got it then."""

    text: str
    who: int
    times: int
    near: Near | None


def unrecognised(history: History) -> list[Odd]:
    """The kinds in the order in which they first came, the empty ones left out."""
    values = {
        "nick": {str(entry.detail.get("nick") or "") for entry in history.of("connect", "told")},
        "room": {str(entry.detail.get("room") or "") for entry in history.of("enter")},
        "text": {message.text for message in history.messages[:1000]},
    }
    first: dict[str, tuple[str, int]] = {}
    times: dict[str, int] = {}
    for text, session in _lines(history):
        bones = skeleton(text, values) if len(first) < COMPARED else text
        if bones in first or len(first) < COMPARED:
            first.setdefault(bones, (text, session))
            times[bones] = times.get(bones, 0) + 1
    named = templates_in(history.header.profile_source) if first else []
    return [Odd(text, who, times[bones], nearest(text, named, values)) for bones, (text, who) in first.items()]


def _lines(history: History) -> Iterator[tuple[str, int]]:
    for entry in history.of("unrecognised"):
        for line in str(entry.detail.get("text", "")).split("\n"):
            if line.strip("\r\0 \t"):
                yield line.strip("\r\0"), entry.session
