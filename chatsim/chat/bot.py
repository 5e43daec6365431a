"""What a bot can do when a program leads it: the verbs of the scenario language, as methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from chatsim.scenario.steps import Expectation

if TYPE_CHECKING:
    from chatsim.chat.chat import Chat

__all__ = ["Bot"]

Wanted = Literal["accepted", "refused", "either"]
How = Literal["reset", "close", "half-close", "mid-message", "vanish"]
Garbage = Literal["utf-8", "nul", "length", "endless", "half", "empty"]


class Bot:
    """One of a chat's bots. Each method is one step: it returns when the step is done, as `chatsim steps` tells it.

    Times are seconds, sizes are bytes. A step that makes no sense (to speak after having gone) raises ScenarioError, and one
    that the profile has no words for NotApplicableError; both before anything is sent. One that the server makes
    impossible (it has thrown the bot out) raises ChatFailedError.
    """

    def __init__(self, chat: Chat, name: str) -> None:
        self._chat = chat
        self.name = name

    def __repr__(self) -> str:
        return f"<bot {self.name}>"

    @property
    def nick(self) -> str:
        """The nickname under which the others know it, or will."""
        return self._chat.nick_of(self.name)

    @property
    def heard(self) -> list[str]:
        """The words of all that it has heard others say, or itself, in order, over all its connections."""
        return self._chat.heard_by(self.name)

    # --- coming and going ---------------------------------------------------------------------------------------------

    def connect(self) -> Bot:
        """Open the connection and say nothing."""
        __tracebackhide__ = True
        self._do("connect")
        return self

    def join(self, wanted: Wanted = "accepted") -> Bot:
        """Go through the join dialogue. `wanted`: a join that is to be refused fails the test if it is not."""
        __tracebackhide__ = True
        self._do("join", wanted)
        return self

    def rejoin(self, wanted: Wanted = "accepted") -> Bot:
        """Join again after having gone, with a new connection."""
        __tracebackhide__ = True
        self._do("rejoin", wanted)
        return self

    def disconnect(self) -> None:
        """Leave politely."""
        __tracebackhide__ = True
        self._do("disconnect")

    def drop(self, how: How = "reset") -> None:
        """Be gone without a word."""
        __tracebackhide__ = True
        self._do("drop", how)

    def stall(self) -> None:
        """Stop reading."""
        __tracebackhide__ = True
        self._do("stall")

    def resume(self) -> None:
        """Read again."""
        __tracebackhide__ = True
        self._do("resume")

    def enter(self, room: str) -> None:
        __tracebackhide__ = True
        self._do("enter", room)

    def exit(self, room: str) -> None:
        __tracebackhide__ = True
        self._do("exit", room)

    def rename(self, nick: str) -> None:
        """Take another nickname."""
        __tracebackhide__ = True
        self._do("rename", nick)

    # --- speaking -----------------------------------------------------------------------------------------------------

    def say(
        self,
        *texts: str,
        count: int | None = None,
        size: int | None = None,
        every: float | None = None,
        locale: str | None = None,
        room: str | None = None,
        wait: bool = True,
    ) -> None:
        """Say these texts, one after the other; without any, such as are drawn from the seed.

        Done when all who must hear it have, or when patience is spent; with `wait=False` as soon as it is written.
        """
        __tracebackhide__ = True
        talk: dict[str, Any] = {"text": list(texts) or None, "count": count, "size": _size(size), "every": _time(every)}
        self._do("chat", **talk, locale=locale, wait=None if wait else False, **{"in": room})

    def whisper(self, to: Bot | str, *texts: str, count: int | None = None) -> None:
        """Say it to one bot only."""
        __tracebackhide__ = True
        self._do("whisper", to=_name(to), text=list(texts) or None, count=count)

    def send(
        self,
        text: str | None = None,
        *,
        size: int | None = None,
        pieces: int | None = None,
        every: float | None = None,
        glued: int | None = None,
        garbage: Garbage | None = None,
        raw: str | None = None,
        data: bytes | None = None,
    ) -> None:
        """Send a message in an unusual way, or bad input. `pieces`: in so many writes; 0: one byte a write."""
        __tracebackhide__ = True
        message: dict[str, Any] = {"text": text, "size": _size(size), "every": _time(every), "glued": glued}
        cut: dict[str, Any] = {"in-pieces": "bytes" if pieces == 0 else pieces}
        bad = {"garbage": garbage, "raw": raw, "hex": data.hex() if data is not None else None}
        self._do("send", **message, **cut, **bad)

    def ask(self) -> list[str]:
        """Ask the server who is there; the nicknames that it names."""
        __tracebackhide__ = True
        self._do("ask")
        return self._chat.roster_of(self.name)

    # --- expecting ----------------------------------------------------------------------------------------------------

    def hears(
        self,
        text: str,
        *more: str,
        by: Bot | str | None = None,
        room: str | None = None,
        private: bool = False,
        in_order: bool = False,
        within: float | None = None,
    ) -> None:
        """It has heard this (and all of these), ever, and no earlier expectation took it; or it does so before patience is
        spent."""
        __tracebackhide__ = True
        self._expect(within, hears=[text, *more], private=private or None, **_said(by, room, in_order))

    def hears_nothing(
        self, *texts: str, by: Bot | str | None = None, room: str | None = None, within: float | None = None
    ) -> None:
        """None of these (without any: nothing that anybody says) has come since the step before, nor does until nothing is
        under way, or within so many seconds."""
        __tracebackhide__ = True
        if texts:
            self._expect(within, verb="expect-nothing", hears=list(texts), **_said(by, room))
        else:
            self._chat.expect_silence(self.name, Expectation(sender=_name(by), room=room, within=within))

    def is_told(
        self, *, joined: Bot | str | None = None, left: Bot | str | None = None, within: float | None = None
    ) -> None:
        """It is told who joined, or who left."""
        __tracebackhide__ = True
        self._expect(within, joined=_name(joined), left=_name(left))

    def is_told_nothing(
        self, *, joined: Bot | str | None = None, left: Bot | str | None = None, within: float | None = None
    ) -> None:
        """It has not been told that since the step before, nor is it."""
        __tracebackhide__ = True
        self._expect(within, verb="expect-nothing", joined=_name(joined), left=_name(left))

    def gets(self, line: str, *, within: float | None = None) -> None:
        """A line of the server's that matches this template."""
        __tracebackhide__ = True
        self._expect(within, line=line)

    def is_closed(self, *, within: float | None = None) -> None:
        """The server closes its connection."""
        __tracebackhide__ = True
        self._expect(within, closed=True)

    def sees(self, *bots: Bot | str) -> None:
        """The last answer to `ask` names exactly these."""
        __tracebackhide__ = True
        self._expect(None, roster=[_name(bot) for bot in bots])

    def _expect(self, within: float | None, verb: str = "expect", **detail: Any) -> None:
        __tracebackhide__ = True
        self._do(verb, within=_time(within), **detail)

    def _do(self, verb: str, short: str | None = None, **detail: Any) -> None:
        """`short`: the detail itself; else the keys of one, as far as they are given."""
        __tracebackhide__ = True
        given = {key: value for key, value in detail.items() if value is not None}
        self._chat.do(verb, {self.name: short if short is not None or not given else given})


def _said(by: Bot | str | None, room: str | None, in_order: bool = False) -> dict[str, Any]:
    return {"from": _name(by), "in": room, "in-order": in_order or None}


def _name(bot: Bot | str | None) -> str | None:
    return bot.name if isinstance(bot, Bot) else bot


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds:.6f}s"


def _size(size: int | None) -> str | None:
    return None if size is None else f"{size}B"
