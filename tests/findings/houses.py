"""Servers for the simulated room that are right, and that the reference server is not like: dialects with other manners."""

from __future__ import annotations

from reference_server.dialects.dialect import Effects
from reference_server.dialects.lines import Lines, to_all, to_one

__all__ = ["ONE_ROOM", "OneRoom"]

ONE_ROOM = """
profile: one-room
extends: lines
refuses: ["Sorry, the name {*}", "Sorry, {room} is full."]
rooms: {many: no}
"""


class OneRoom(Lines):
    """Whoever enters a room leaves the one before, and its members are told so. Nobody gets into the cellar."""

    forgets_to_tell = False

    def _enter(self, guest: int, nick: str, name: str) -> Effects:
        if name == "cellar":
            yield to_one(guest, "Sorry, cellar is full.")
            return
        for old in ("kitchen", "garden"):
            if self.room.is_in(guest, old):
                others = self.room.others_in(old, guest)
                self.room.exit(guest, old)
                if not self.forgets_to_tell:
                    yield to_all(others, f"* {nick} left {old}")
        yield from super()._enter(guest, nick, name)
