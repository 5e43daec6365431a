"""A story in which those who are there knock for newcomers, as in a real run: nobody but the named bots speaks."""

from __future__ import annotations

from typing import Any

from tests.checks.story import Story


class Gathering(Story):
    """`join` and `knock` differ: the knock is a message like any other, owed to all who were there before it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.there: list[str] = []  # who would hear a knock

    def join(self, *bots: str) -> None:
        """They connect, are told, and are there: somebody who is there already speaks, and everybody hears it.

        Where nobody is, the second of them speaks, and then the first. One alone hears nobody, and is not there yet.
        """
        self.connect(*bots)
        self.told(*bots)
        if self.there:
            self.knock_for(self.there[0], *bots)
        elif len(bots) > 1:
            self.knock_for(bots[1], *bots)
            self.knock_for(bots[0], *bots)
        self.there += bots

    def knock_for(self, speaker: str, *newcomers: str) -> None:
        public = self.terms.public
        if not (public.possible and public.heard):
            return
        text = f"knock {len(self.history.messages)}"
        self.say(speaker, text, kind="knock")
        for bot in dict.fromkeys((*self.there, *newcomers)):
            if bot != speaker:
                self.hear(bot, text)
        if public.echo:
            self.hear(speaker, text, "echo")
        if public.ack:
            self.ack(speaker, text)

    def leave(self, bot: str, clean: bool = True) -> int:
        self.there = [other for other in self.there if other != bot]
        return super().leave(bot, clean)

    def drop(self, bot: str, how: str = "reset") -> int:
        self.there = [other for other in self.there if other != bot]
        return super().drop(bot, how)
