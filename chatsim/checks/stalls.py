"""What was said to one that did not read."""

from __future__ import annotations

from chatsim.checks.lives import Life, lives_of
from chatsim.history import History

__all__ = ["pushed_at"]


def pushed_at(history: History, life: Life, first: int, last: int) -> int:
    """How many bytes of text were said between two indexes that this session would have been sent, had it read.

    What the server writes around a text is not counted, nor whether it wrote anything at all.
    """
    total = 0
    for entry in history.of("send"):
        if first < entry.index < last and entry.session != life.number:
            said = history.messages[entry.ref]
            if _is_for(history, life, said.channel, said.to, entry.index):
                total += len(said.text.encode("utf-8", "surrogatepass"))
    return total


def _is_for(history: History, life: Life, channel: str, to: int | None, index: int) -> bool:
    if channel.startswith("room:"):
        return any(room == channel[5:] and since < index < until for room, since, until in life.rooms)
    if to is not None:
        return to == life.number
    return channel == "lobby" and lives_of(history).terms.public.heard
