"""Histories in a few readable lines: `story.join("ann")`, `story.say("ann", "hi")`, `story.hear("bob", "hi")`.

A story only records what it is told; it never works anything out. Time goes on by ten milliseconds an entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chatsim.history import CONSOLE, OPERATOR, WORLD, Header, History
from chatsim.terms import Speech, Terms

BROADCAST = Terms(
    framed_sent=True,
    framed_received=True,
    join_dialogue=True,
    leave_dialogue=True,
    public=Speech(possible=True, heard=True),
    notices=frozenset(("joined", "left", "dropped")),
)
ECHO = replace(BROADCAST, public=Speech(possible=True, heard=False, echo=True), notices=frozenset())
CONSOLE_HEARS = replace(
    BROADCAST, public=Speech(possible=True), console_receives=True, output=frozenset(("said",)), notices=frozenset()
)


def with_speech(terms: Terms = BROADCAST, **changes: Any) -> Terms:
    """The same terms, with another way of speaking in public: `with_speech(echo=True)`."""
    return replace(terms, public=replace(terms.public, **changes))


def promising(*names: str, terms: Terms = BROADCAST) -> Terms:
    return replace(terms, promises={**terms.promises, **dict.fromkeys(names, True)})


class Story:
    """One history under way. Bots are named; a bot that connects again speaks for its newest connection."""

    def __init__(self, terms: Terms = BROADCAST, check: tuple[str, ...] = ("everything",)) -> None:
        self.history = History(Header(scenario="a story", terms=terms.to_json(), check=check))
        self.terms = terms
        self.now = 0.0
        self.session: dict[str, int] = {"the console": CONSOLE, "the operator": OPERATOR, "the world": WORLD}
        self._connections: dict[str, int] = {}
        self._sessions = 0
        self._said: dict[str, int] = {}
        self._step = -1

    # --- coming and going ---------------------------------------------------------------------------------------------

    def connect(self, *bots: str, nick: str | None = None) -> int:
        index = -1
        for bot in bots:
            number = self.session[bot] = self._sessions
            self._sessions += 1
            self._connections[bot] = self._connections.get(bot, 0) + 1
            index = self.note("connect", bot, bot=bot, nick=nick or bot, number=self._connections[bot])
            self.note("connected", bot, ip="127.0.0.1", port=40_000 + number)
        return index

    def told(self, *bots: str, nick: str | None = None) -> int:
        index = -1
        for bot in bots:
            index = self.note("told", bot, nick=nick)
        return index

    def join(self, *bots: str) -> None:
        """They connect, are told, and are there: one knock is heard by all of them (from a bot without a name)."""
        self.connect(*bots)
        self.told(*bots)
        self.knock(*bots)

    def knock(self, *bots: str) -> None:
        """A message that nobody of the story sent proves to each of them that it is there."""
        if not self.terms.others_hear:
            return
        if "the knocker" not in self.session:
            self.connect("the knocker")
        text = f"knock {len(self.history.messages)}"
        self.say("the knocker", text, kind="knock")
        for bot in bots:
            self.hear(bot, text)

    def leave(self, bot: str, clean: bool = True) -> int:
        index = self.note("leave", bot)
        self.note("left", bot, clean=clean)
        return index

    def drop(self, bot: str, how: str = "reset") -> int:
        return self.note("drop", bot, how=how)

    def closed(self, bot: str, how: str = "eof", declared: str | None = None) -> int:
        return self.note("closed", bot, how=how, declared=declared)

    def rename(self, bot: str, nick: str, confirmed: bool = True) -> int:
        """It takes another name, and the server lets it. Returns the index from which on it is called so."""
        self.note("rename", bot, nick=nick)
        return self.note("renamed", bot, nick=nick, confirmed=confirmed)

    def not_renamed(self, bot: str, nick: str) -> int:
        """It wants to take another name, and the server does not let it."""
        self.note("rename", bot, nick=nick)
        return self.note("not-renamed", bot, nick=nick, by="taken")

    def notice(self, to: str, what: str, nick: str | None) -> int:
        return self.note("notice", to, what=what, nick=nick, text=f"* {nick} {what}")

    # --- speaking and hearing -----------------------------------------------------------------------------------------

    def say(
        self,
        bot: str,
        text: str,
        *,
        kind: str = "chat",
        channel: str = "lobby",
        to: str | None = None,
        handed: bool = True,
        shared: bool = False,
    ) -> int:
        """Send it, and hand it over at once. Returns the index of `send`. A text names the last message that had it."""
        addressee = None if to is None else self.session[to]
        message = self.history.new_message(
            self.session[bot], kind, channel, text, to=addressee, step=self._step, shared=shared
        )
        self._said[text] = message.id
        index = self._row("send", bot, text)
        if handed:
            self._row("handed", bot, text)
        return index

    def handed(self, bot: str, text: str) -> int:
        return self._row("handed", bot, text)

    def hear(self, bot: str, text: str, form: str = "hears") -> int:
        return self._row("heard", bot, text, form)

    def all_hear(self, text: str, *bots: str) -> None:
        for bot in bots:
            self.hear(bot, text)

    def ack(self, bot: str, text: str | None) -> int:
        self.now += 0.01
        return self.history.say(self.now, "ack", self.session[bot], -1 if text is None else self._said[text])

    def whisper(self, bot: str, to: str, text: str) -> int:
        low, high = sorted((self.session[bot], self.session[to]))
        return self.say(bot, text, kind="whisper", channel=f"whisper:{low}:{high}", to=to)

    def reply(self, to: str | None, text: str) -> int:
        """The operator types."""
        channel = "lobby" if to is None else f"desk:{self.session[to]}"
        return self.say("the operator", text, kind="reply", channel=channel, to=to)

    def message(self, text: str) -> int:
        """The number of the last message with this text."""
        return self._said[text]

    def damaged(self, bot: str, message: str, how: str, text: str = "", with_: tuple[str, ...] = ()) -> int:
        others: dict[str, Any] = {"with": [self._said[other] for other in with_]} if with_ else {}
        return self.note("damaged", bot, message=self._said[message], how=how, text=text, **others)

    def named(self, bot: str, message: str, name: str) -> int:
        return self.note("named", bot, message=self._said[message], name=name)

    # --- the world ----------------------------------------------------------------------------------------------------

    def step(self, verb: str = "chat", place: str = "story.yaml:3:5", text: str = "") -> int:
        """A step begins; what is said from now on was said by it."""
        self._step += 1
        return self.note("step", number=self._step, verb=verb, place=place, text=text, phase="begin")

    def settled(self, how: str = "all-heard", channels: list[str] | None = None, valid: bool | None = None) -> int:
        return self.note("settled", how=how, channels=channels, valid=(how == "patience") if valid is None else valid)

    def waited(self, *missing: tuple[str, str, str], valid: bool = True, purpose: str = "settle") -> int:
        """A wait ended unmet: ("heard", "bob", "hi"). Without any, it did not say for what."""
        refs = [[what, self.session[bot], self._said.get(ref, ref)] for what, bot, ref in missing]
        self.now += 2.0
        detail: Mapping[str, Any] = {"for": purpose, "missing": refs, "patience": 2.0, "waited": 2.0, "valid": valid}
        return self.note("wait", **detail)

    def server(self, what: str, **detail: Any) -> int:
        return self.note("server", what=what, **detail)

    def ended(self, why: str = "done") -> int:
        return self.note("ended", why=why)

    def note(self, kind: str, bot: str = "the world", /, **detail: Any) -> int:
        """Any entry with words."""
        self.now += 0.01
        return self.history.note(self.now, kind, self.session[bot], **detail)

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def _row(self, kind: str, bot: str, text: str, form: str = "unknown") -> int:
        self.now += 0.01
        return self.history.say(self.now, kind, self.session[bot], self._said[text], form)
