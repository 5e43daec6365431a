"""What a line that begins with a slash means: the steps of a scenario, for one's own connection.

Pure data and parsing. A command is named as the verb is; what is no command of ours may be one of the server's own, and
is said as it stands.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from chatsim.profile.garbage import GARBAGE
from chatsim.profile.profile import Profile

__all__ = [
    "COMMANDS",
    "Badly",
    "Command",
    "CommandError",
    "Sending",
    "command_of",
    "help_lines",
    "nearest",
    "read_sending",
]

DROPS: Final = ("reset", "close", "half-close", "mid-message", "vanish")
MOST: Final = 1000  # pieces, glued messages: more are no longer typed by hand


class CommandError(Exception):
    """What is wrong with a line, in one sentence."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `lacks` says what of a profile it needs and does not find there."""

    name: str
    usage: str
    help: str
    lacks: Callable[[Profile], str | None] = lambda profile: None
    also: tuple[str, ...] = ()


def _whisper(profile: Profile) -> str | None:
    return None if profile.whisper.says is not None else "the profile has no direct messages (`whisper`)"


def _roster(profile: Profile) -> str | None:
    asks = profile.roster is not None and profile.roster.ask is not None
    return None if asks else "nobody can be asked who is there (`roster: {ask}`)"


def _rooms(profile: Profile) -> str | None:
    return None if profile.rooms is not None else "the profile has no rooms (`rooms`)"


def _rename(profile: Profile) -> str | None:
    return None if profile.rename else "nobody can take another name (`rename`)"


def _frames(profile: Profile) -> str | None:
    return "what a profile in Python sends is its own affair" if profile.python is not None else None


def drops(profile: Profile) -> tuple[str, ...]:
    """The ways of being gone that this wire has."""
    wire = profile.line.wire
    lacking = {
        "reset": not wire.resets,
        "mid-message": not wire.resets,
        "close": not wire.connects,
        "half-close": not wire.half_closes,
    }
    return tuple(how for how in DROPS if not lacking.get(how))


def _stall(profile: Profile) -> str | None:
    wire = profile.line.wire
    return None if wire.waits else f"over {wire.called} nobody waits for one who does not read"


COMMANDS: Final[tuple[Command, ...]] = (
    Command("help", "/help", "these lines"),
    Command("quit", "/quit", "says goodbye and ends; so does the end of input (Ctrl-D)"),
    Command("whisper", "/whisper NICK TEXT", "says it to one only", _whisper, ("pm",)),
    Command("ask", "/ask", "asks who is there", _roster, ("roster",)),
    Command("enter", "/enter ROOM", "enters a room; what you say is said there", _rooms),
    Command("exit", "/exit [ROOM]", "leaves a room", _rooms),
    Command("rename", "/rename NICK", "takes another name", _rename),
    Command("disconnect", "/disconnect", "says goodbye and goes; /rejoin comes back"),
    Command("drop", "/drop [HOW]", "is gone without a word"),
    Command("rejoin", "/rejoin [NICK]", "comes back after having gone, perhaps under another name"),
    Command("stall", "/stall", "stops reading", _stall),
    Command("resume", "/resume", "reads again", _stall, ("read",)),
    Command("send", "/send in-pieces N|bytes [every TIME] TEXT", "a message in several writes"),
    Command("send", "/send glued N TEXT", "a message N times, in one write"),
    Command("send", f"/send garbage {'|'.join(GARBAGE)}", "bad input"),
    Command("send", r"/send raw TEXT", r"these characters, unframed; \n \r \t \0 as in Python"),
    Command("send", "/send hex 00FF…", "these bytes, unframed"),
    Command("line", "/line TEXT", "one message as it stands, without what `says` puts around it", _frames),
)


def command_of(word: str) -> Command | None:
    """The command of this name, without its slash."""
    return next((each for each in COMMANDS if word == each.name or word in each.also), None)


def nearest(word: str) -> str | None:
    """The command that was perhaps meant."""
    names = [name for each in COMMANDS for name in (each.name, *each.also)]
    found = difflib.get_close_matches(word, names, 1, 0.7)
    return found[0] if found else None


def help_lines(profile: Profile) -> list[str]:
    """What can be typed with this profile, on its wire."""
    rows = [("TEXT", "says it"), ("//TEXT", "says it with one slash in front")]
    for each in COMMANDS:
        if each.lacks(profile) is not None:
            continue
        also = f" (or {', '.join('/' + name for name in each.also)})" if each.also else ""
        ways = f": {', '.join(drops(profile))}" if each.name == "drop" else ""
        rows.append((each.usage, each.help + ways + also))
    rows.append(("/OTHER …", "any other command is the server's own: it is said as it stands"))
    broad = max(len(usage) for usage, _ in rows)
    return [f"{usage:{broad}}  {what}" for usage, what in rows]


# --- /send ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sending:
    """A message in an unusual way. `pieces` 0: one byte a write."""

    text: str
    pieces: int = 1
    every: float = 0.001  # seconds
    glued: int = 1


@dataclass(frozen=True, slots=True)
class Badly:
    """Bytes that are no message: of a kind of garbage, or as given."""

    garbage: str | None = None
    raw: str | None = None
    data: bytes = b""


UNITS: Final[Mapping[str, float]] = {"ms": 0.001, "s": 1.0, "m": 60.0}
HOW: Final = "Say /send in-pieces N TEXT, glued N TEXT, garbage KIND, raw TEXT or hex BYTES"


def read_sending(rest: str) -> Sending | Badly:
    """What stands after `/send`. CommandError: it can not be understood."""
    how, _, rest = rest.partition(" ")
    match how:
        case "in-pieces":
            count, _, rest = rest.partition(" ")
            pieces = 0 if count == "bytes" else _number(count, "pieces")
            every = 0.001
            if rest.startswith("every "):
                span, _, rest = rest.removeprefix("every ").partition(" ")
                every = _seconds(span)
            return Sending(_something(rest), pieces, every)
        case "glued":
            count, _, rest = rest.partition(" ")
            return Sending(_something(rest), glued=_number(count, "messages"))
        case "garbage":
            if rest not in GARBAGE:
                raise CommandError(f"There is no garbage {rest!r}: it is one of {', '.join(GARBAGE)}")
            return Badly(garbage=rest)
        case "raw":
            return Badly(raw=_unescaped(_something(rest)))
        case "hex":
            try:
                return Badly(data=bytes.fromhex(_something(rest)))
            except ValueError:
                raise CommandError(f"{rest!r} is not hexadecimal: two digits a byte, such as 00 FF") from None
    raise CommandError(HOW)


def _number(word: str, of: str) -> int:
    if not word.isascii() or not word.isdigit() or not 2 <= int(word) <= MOST:
        raise CommandError(f"A number of {of} from 2 to {MOST} is expected, not {word!r}")
    return int(word)


def _seconds(word: str) -> float:
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]+)?)(ms|s|m)", word)
    if found is None:
        raise CommandError(f"A time such as 50ms or 2s is expected, not {word!r}")
    return float(found[1]) * UNITS[found[2]]


def _something(text: str) -> str:
    if not text:
        raise CommandError(HOW)
    return text


def _unescaped(text: str) -> str:
    known = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\"}
    return re.sub(r"\\([nrt0\\])", lambda found: known[found[1]], text)
