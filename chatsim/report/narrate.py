"""A history entry in plain words, one line each: `0.61 s  bob  dropped (reset)`.

Words for a person who reads why a property failed. Texts that came from the server are shown safely and shortened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chatsim.checks.wording import exception_in
from chatsim.endings import exit_code
from chatsim.history import CONSOLE, OPERATOR, WORLD, Entry, History
from chatsim.report.printable import printable, quoted, shorten

__all__ = ["Narrator"]


class Narrator:
    """Tells entries of one history. Reads the connects once; the history must not grow meanwhile."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._names = _names(history)
        self._bots = {entry.session: entry.detail.get("bot", "") for entry in history.of("connect")}

    def name(self, session: int) -> str:
        """Who it was: the bot, with the number of its connection from the second on, as the verdicts call it."""
        return self._names.get(session, f"connection {session}")

    def time(self, index: int) -> str:
        return f"{self.history[index].t:.2f} s"

    def words(self, index: int) -> str:
        """What happened there, without when and to whom."""
        return self._words(self.history[index])

    def who(self, index: int) -> str:
        """Whose it was, with `server` for what the server itself did and `run` for what is nobody's."""
        return self._who(self.history[index])

    def concerned(self, index: int) -> list[str]:
        """The bots that an entry is about: whose it is, and of a wait in vain those who were waited for."""
        entry = self.history[index]
        rows = entry.detail.get("missing") or () if entry.kind == "wait" else ()
        sessions = [entry.session, *(row[1] for row in rows if isinstance(row, list | tuple) and len(row) > 1)]
        bots = [bot for session in sessions if (bot := self._bots.get(session))]
        expected = entry.detail.get("bot") if entry.kind == "expected" else None
        return list(dict.fromkeys((*bots, expected) if expected in self._bots.values() else bots))

    def lines(self, indexes: Iterable[int]) -> list[str]:
        """One aligned line an entry: when, who, what."""
        rows = [(self.time(index), self._who(self.history[index]), self.words(index)) for index in indexes]
        times = max((len(time) for time, _, _ in rows), default=0)
        names = max((len(name) for _, name, _ in rows), default=0)
        return [f"{time:>{times}}  {name:<{names}}  {words}" for time, name, words in rows]

    def _who(self, entry: Entry) -> str:
        if entry.kind == "expected" and entry.detail.get("bot"):
            return printable(str(entry.detail["bot"]).removeprefix("the "))
        if entry.session == WORLD:
            return "server" if entry.kind in ("server", "out", "crash") else "run"
        return self.name(entry.session)

    def _words(self, entry: Entry) -> str:
        if entry.ref >= 0:
            return self._of_message(entry)
        tell = _WORDS.get(entry.kind)
        if tell is None:
            return printable(entry.kind)
        try:
            return printable(tell(entry.detail, self))  # a history may hold texts where numbers are meant
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            # A history may come from another version: then its own words must do.
            return printable(shorten(f"{entry.kind} {dict(entry.detail)}", 200))

    def _of_message(self, entry: Entry) -> str:
        message = self.history.messages[entry.ref]
        text = self.text(entry.ref)
        of = self.name(message.sender)
        match entry.kind:
            case "send" if message.to is not None:
                return f"said {text} to {self.name(message.to)}"
            case "send":
                return f"said {text}" + _in(message.channel)
            case "handed":
                return f"had sent all of {text}"
            case "ack":
                return f"got the receipt for {text}"
            case _ if entry.session == CONSOLE:
                return f"printed {text} of {of}"
            case _ if entry.session == message.sender:
                return f"heard its own {text}"
            case _:
                return f"heard {text} from {of}" + _in(message.channel)

    def text(self, message: int) -> str:
        """What a message says, quoted."""
        said = self.history.messages[message]
        mark = {"knock": " (a knock)", "fence": " (a fence)", "half": " (half of it)"}.get(said.kind, "")
        return quoted(said.words or said.text, 60) + mark


def _names(history: History) -> dict[int, str]:
    names = {WORLD: "run", CONSOLE: "console", OPERATOR: "operator"}
    for entry in history.of("connect"):
        bot, number = printable(str(entry.detail.get("bot", "?"))), entry.detail.get("number", 1)
        again = isinstance(number, int) and number > 1
        names[entry.session] = f"{bot} ({_ordinal(number)} connection)" if again else bot
    return names


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}" + {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _in(channel: str) -> str:
    kind, _, name = channel.partition(":")
    return f" in {quoted(name, 30)}" if kind == "room" else ""


def _list(words: Iterable[object]) -> str:
    shown = [printable(str(word)) for word in words]
    if len(shown) > 12:
        shown = [*shown[:12], f"and {len(shown) - 12} more"]
    return ", ".join(shown) or "nobody"


Detail = Mapping[str, Any]


def _told(detail: Detail, _: Narrator) -> str:
    return f"had joined as {printable(str(detail['nick']))}" if detail.get("nick") else "had joined"


def _refused(detail: Detail, _: Narrator) -> str:
    by = detail["by"]
    return "was refused: the server closed the connection" if by == "closed" else f"was refused: {quoted(by)}"


def _notice(detail: Detail, _: Narrator) -> str:
    nick, room = detail.get("nick"), detail.get("room")
    what = {"joined": "joined", "left": "left", "dropped": "dropped"}[detail["what"]]
    where = f" {quoted(room, 30)}" if room else ""
    who = printable(nick) if nick else "somebody (no name)"
    return f"was told that {who} {what}{where}: {quoted(detail['text'])}"


def _damaged(detail: Detail, to: Narrator) -> str:
    how = {
        "truncated": "got only a part of",
        "split": "got in pieces",
        "garbled": "got garbled",
        "stripped": "got without its blanks",
        "case": "got in other letters",
        "glued": "got glued to another",
    }[detail["how"]]
    said = to.history.messages[detail["message"]]
    if detail["how"] == "glued":
        others = [to.text(other) for other in detail.get("with") or ()]
        return f"got as one message: {' and '.join([to.text(said.id), *others[:2]])}" + ("…" if len(others) > 2 else "")
    return f"{how}: {to.text(said.id)} from {to.name(said.sender)} came as {quoted(detail['text'])}"


def _named(detail: Detail, to: Narrator) -> str:
    said = to.history.messages[detail["message"]]
    return f"heard {to.text(said.id)} of {to.name(said.sender)} under the name {quoted(str(detail['name']), 30)}"


def _foreign(detail: Detail, _: Narrator) -> str:
    return f"heard what nobody said: {quoted(detail['text'])}" + (
        f" under the name {quoted(detail['nick'], 30)}" if detail.get("nick") else ""
    )


def _drop(detail: Detail, _: Narrator) -> str:
    how = detail["how"]
    return "vanished (neither reads nor closes)" if how == "vanish" else f"dropped ({printable(how)})"


def _closed(detail: Detail, _: Narrator) -> str:
    how = "was reset by the server" if detail["how"] == "reset" else "was closed by the server"
    why = detail.get("declared")
    if not why:
        return how
    return how + {
        "server": ", which was down or had been told to stop",
        "we left": ", after it had gone",
        "bad input": ", as it may be after bad input",
        "operator": ", as the operator wanted",
    }.get(str(why), f" (as the profile allows: {printable(str(why))})")


def _wait(detail: Detail, to: Narrator) -> str:
    missing = detail.get("missing") or []
    waited = f"waited {detail['waited']:.2f} s in vain" if detail.get("waited") is not None else "waited in vain"
    reason = "" if detail.get("valid", True) else " (this machine was too busy for it to count)"
    shown = "; ".join(_missing(item, to) for item in missing[:3])
    more = f"; and {len(missing) - 3} more" if len(missing) > 3 else ""
    return waited + (f": {shown}{more}" if shown else "") + reason


def _missing(item: Any, to: Narrator) -> str:
    """One row of what a wait was for: what, whose, and the message or the words."""
    what, session, about = item
    who = to.name(session)
    if isinstance(about, int) and 0 <= about < len(to.history.messages):
        text, sender = to.text(about), to.name(to.history.messages[about].sender)
        return {
            "echo": f"{who} did not hear itself say {text}",
            "ack": f"{who} got no receipt for {text}",
            "output": f"the console did not show {text} of {sender}",
        }.get(what, f"{who} did not hear {text} from {sender}")
    words = printable(str(about))
    happened, _, nick = words.partition(" ")
    return {
        "notice": f"{who} was not told that {nick or 'somebody'} {happened}",
        "close": f"the server did not close its end of {who}'s connection",
        "catching up": f"{who} did not get what had come meanwhile",
        "join": f"{who} was neither let in nor refused",
        "nickname": f"{words} was still refused as a name",
        "knock": f"{who} did not hear its knock",
        "roster": f"{who} got no answer to who is there",
        "expect": f"{who} did not get {words}",
        "output": f"the server did not print {words}",
        "enter": f"{who} could not enter {words}",
        "exit": f"{who} could not leave {words}",
        "rename": f"{who} was not told that it is called {words}",
        "server": f"the server was {words}",
    }.get(what, f"{who} without {printable(str(what))} {words}".rstrip())


def _how(code: int | None) -> str:
    if code is None:
        return ""
    return f" by signal {-code}" if code < 0 else f" with {exit_code(code).removeprefix('exit ')}"


def _server(detail: Detail, _: Narrator) -> str:
    what = detail["what"]
    if what == "exited":
        return f"ended{_how(detail.get('code'))}" + ("" if detail.get("asked") else ", unasked")
    words = {
        "started": "was started",
        "listening": "was listening",
        "stopping": "was told to stop",
        "ended": "was gone, with all its processes",
        "left-behind": "left processes behind",
        "failed": f"could not be started: {printable(str(detail.get('why', '')))}",
        "kill": "was killed by the scenario",
        "restart": "was restarted by the scenario",
        "freeze": "was frozen by the scenario",
        "thaw": "was thawed by the scenario",
    }
    return words.get(what, printable(what))


def _expected(detail: Detail, _: Narrator) -> str:
    what = printable(shorten(str(detail["what"]), 100))
    if detail.get("negative"):
        wanted = what if what.startswith("to ") else f"to get {what}"
        return f"was not {wanted}" + ("" if detail["met"] else ", and that happened")
    return f"expected {what}" + ("" if detail["met"] else ", in vain")


def _settled(detail: Detail, _: Narrator) -> str:
    return {
        "all-heard": "all that was owed had come",
        "fence": "all that was owed had come, and a fence after it",
        "quiet": "nothing had come for a while",
        "patience": "the patience was spent",
    }.get(str(detail.get("how")), "all was settled")


def _crash(detail: Detail, _: Narrator) -> str:
    return f"reported an unhandled exception: {quoted(exception_in(str(detail['text'])))}"


def _facts(detail: Detail, _: Narrator) -> str:
    known = {
        "threads": "threads",
        "fds": "open descriptors",
        "children": "child processes",
        "rss": "bytes of memory",
    }
    left = detail.get("close_wait")
    if left:
        what = "a connection" if len(left) == 1 else f"{len(left)} connections"
        return f"the server still had {what} that our side had closed and it had not (CLOSE_WAIT)"
    parts = [f"{detail[key]} {word}" for key, word in known.items() if key in detail]
    return "the server had " + (", ".join(parts) or "nothing that can be seen from here")


def _cycle(detail: Detail, _: Narrator) -> str:
    known = {"threads": "threads", "children": "child processes", "fds": "open descriptors", "close_wait": "CLOSE_WAIT"}
    parts = [f"{detail[key]} {word}" for key, word in known.items() if key in detail]
    parts += [f"{detail['rss'] / 2**20:.1f} MiB of memory"] if isinstance(detail.get("rss"), int) else []
    return f"after {detail['departed']} departures the server had " + (", ".join(parts) or "nothing that can be seen")


def _rest(detail: Detail, _: Narrator) -> str:
    busiest = "; ".join(f"{printable(str(name))} {share:.0%}" for name, share in detail["top"][:3])
    load = f"the server wanted {detail['load']:.0%} of a processor for {1000 * detail['seconds']:.0f} ms of rest"
    return load + (f" ({busiest})" if busiest else "")


def _stacks(detail: Detail, _: Narrator) -> str:
    lines = [line for line in str(detail["text"]).split("\n") if line.strip()] or [""]
    return (
        f"the server's threads told what they were doing, as {printable(str(detail['by']))} sees it: {quoted(lines[0])}"
    )


def _step(detail: Detail, _: Narrator) -> str:
    text = printable(shorten(str(detail.get("text") or detail.get("verb", "")).strip(), 80))
    return f"{'step' if detail.get('phase') == 'begin' else 'end of step'} {detail['number']}: {text}"


_WORDS: dict[str, Callable[[Detail, Narrator], str]] = {
    "ack": lambda d, to: "got a receipt that fits no message",
    "heard": lambda d, to: "heard something",
    "connect": lambda d, to: "began to connect",
    "connected": lambda d, to: "was connected",
    "unreachable": lambda d, to: f"could not connect: {printable(str(d['why']))}",
    "told": _told,
    "present": lambda d, to: (
        "counted as present, though it never heard its knock" if d.get("how") == "patience" else "was present"
    ),
    "refused": _refused,
    "enter": lambda d, to: f"began to enter {quoted(d['room'], 30)}",
    "entered": lambda d, to: f"had entered {quoted(d['room'], 30)}",
    "exit": lambda d, to: f"began to leave {quoted(d['room'], 30)}",
    "exited": lambda d, to: f"had left {quoted(d['room'], 30)}",
    "rename": lambda d, to: f"wanted to be called {quoted(d['nick'], 30)}",
    "renamed": lambda d, to: f"was called {quoted(d['nick'], 30)} from now on",
    "not-renamed": lambda d, to: f"was not let be called {quoted(d['nick'], 30)}: {quoted(d['by'])}",
    "told-renamed": lambda d, to: f"was told of a new name: {quoted(d['text'])}",
    "notice": _notice,
    "damaged": _damaged,
    "named": _named,
    "foreign": _foreign,
    "unrecognised": lambda d, to: f"got what the profile does not explain: {quoted(d['text'])}",
    "ask": lambda d, to: "asked who is there",
    "roster": lambda d, to: f"was told who is there: {_list(d['names'])}",
    "leave": lambda d, to: "began to leave",
    "left": lambda d, to: "had left" + ("" if d.get("clean", True) else " (before all was read)"),
    "drop": _drop,
    "stall": lambda d, to: "stopped reading",
    "resume": lambda d, to: "went on reading",
    "act": lambda d, to: f"sent bad input ({printable(str(d['what']))})",
    "closed": _closed,
    "flooded": lambda d, to: f"was flooded with {d['bytes']:,} bytes that no message explains",
    "step": _step,
    "skipped": lambda d, to: f"{printable(str(d['bot']))} could not take step {d['step']}: {printable(str(d['why']))}",
    "wait": _wait,
    "settled": _settled,
    "fault": lambda d, to: "the first fault",
    "look": lambda d, to: f"looked at what is left, the {_ordinal(d['number'])} time",
    "facts": _facts,
    "cycle": _cycle,
    "rest": _rest,
    "stacks": _stacks,
    "server": _server,
    "out": lambda d, to: f"printed {quoted(d['line'])}",
    "expected": _expected,
    "crash": _crash,
    "note": lambda d, to: printable(shorten(str(d["text"]), 200)),
    "ended": lambda d, to: {
        "done": "the run was over",
        "interrupted": "the run was interrupted",
        "server": "the run ended, for the server could not go on",
        "fault": "the run ended by a fault of chatsim",
    }[d["why"]],
}
