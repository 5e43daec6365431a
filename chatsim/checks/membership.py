"""The properties of membership: who is let in, who is told of it, who is listed, and under which name."""

from __future__ import annotations

from chatsim.checks.joining import lets_in
from chatsim.checks.nicknames import nickname_released, unique_nicknames
from chatsim.checks.notices import drop_notice, join_notice, leave_notice
from chatsim.checks.rosters import roster

__all__ = [
    "drop_notice",
    "join_notice",
    "leave_notice",
    "lets_in",
    "nickname_released",
    "roster",
    "unique_nicknames",
]
