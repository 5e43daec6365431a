"""Sessions as a proxy would have seen them, a line each: `ann>` what a client says, `ann<` what it is told."""

from __future__ import annotations

from collections.abc import Iterator

from chatsim.profile.profile import Profile
from chatsim.profile.reader import load_profile
from chatsim.recording.notes import Understood
from chatsim.recording.observed import (
    Came,
    ClientEnded,
    ClientSaid,
    Observed,
    ReadsAgain,
    ServerEnded,
    ServerSaid,
    ServerWas,
    StillReads,
    StopsReading,
)
from chatsim.recording.steps import steps_of
from chatsim.recording.understanding import understand
from chatsim.recording.writing import line_of

STEP = 0.01  # seconds between two lines


def seen(text: str, *, end: bytes = b"\n") -> list[Observed]:
    """Clients are known by the word before the sign, which comes the first time it stands there.

    `ann> TEXT` `ann< TEXT` · `ann x` closes · `ann ! ` is reset · `ann |` ends its writing side and reads on ·
    `ann zzz` reads no more · `ann awake` reads again · `ann $` the server closes it · `... 2.5` nothing for so long ·
    `died` the server ends
    """
    return list(_seen(text, end))


def _seen(text: str, end: bytes) -> Iterator[Observed]:
    numbers: dict[str, int] = {}
    at = 0.0
    for line in filter(None, map(str.strip, text.split("\n"))):
        at += STEP
        who, _, rest = line.partition(" ")
        name, sign = who.rstrip("<>"), who[-1]
        if name == "...":
            at += float(rest)
            continue
        if name == "died":
            yield ServerWas(at, "exited", {"code": 1})
            continue
        if name not in numbers:
            numbers[name] = len(numbers)
            yield Came(at, numbers[name], port=40_000 + len(numbers))
        client = numbers[name]
        data = rest.encode().decode("unicode_escape").encode("latin-1") + end
        match sign if sign in "<>" else rest:
            case ">":
                yield ClientSaid(at, client, data)
            case "<":
                yield ServerSaid(at, client, data)
            case "x":
                yield ClientEnded(at, client, "close")
            case "!":
                yield ClientEnded(at, client, "reset")
            case "|":
                yield ClientEnded(at, client, "close")
                yield StillReads(at + 0.25, client)
            case "zzz":
                yield StopsReading(at, client)
            case "awake":
                yield ReadsAgain(at, client)
            case "$":
                yield ServerEnded(at, client, "eof")


def understood(text: str, profile: str | Profile = "lines", *, end: bytes = b"\n") -> Understood:
    spoken = load_profile(profile) if isinstance(profile, str) else profile
    return understand(spoken, seen(text, end=end))


def steps(text: str, profile: str | Profile = "lines", *, end: bytes = b"\n") -> list[str]:
    """The steps as they are written; a remark as `# …`."""
    lines: list[str] = []
    for step in steps_of(understood(text, profile, end=end)):
        lines += [f"# {step.remark}"] if step.remark else []
        lines += [line_of(step)] if step.verb else []
    return lines


PAIR = """
    ann> ann
    ann< Welcome, ann!
    bob> bob
    ann< * bob joined
    bob< Welcome, bob!
"""
JOINED = ["- join: ann", "- join: bob"]
