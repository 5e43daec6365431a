"""One way, tried: two come in, one speaks, and does the other hear it?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chatsim.detect.bench import Bench
from chatsim.detect.entering import Client, Heard, Sent, enter
from chatsim.detect.inducing import induce
from chatsim.detect.ways import Way

__all__ = ["NICKS", "TEXTS", "Trial", "attempt"]

# Names and texts that stand in no server's own words, nor in each other.
NICKS: Final = ("zephine", "ottokar", "wilbrod", "ysolde", "quentyn", "lubomir", "hroswith", "ximena")
TEXTS: Final = (
    "heliotrope 417 sonata",
    "verbena 852 rondo",
    "cinnabar 396 fugue",
    "larkspur 741 gavotte",
    "vermouth 528 toccata",
    "ocarina 963 minuet",
)
SPOKEN = 0.3  # seconds for a message to arrive
SLOWLY = 1.5  # at a server that is surely a chat: some look for messages once a second


@dataclass(eq=False)
class Trial:
    """What came of a way. `heard`: two are in, and the second heard the first."""

    way: Way
    clients: list[Client] = field(default_factory=list)
    arrival: tuple[str, ...] = ()  # what the first heard while the second came in
    says: str = ""  # what carried the text
    heard: tuple[str, ...] = ()  # by the second, when the first spoke
    own: tuple[str, ...] = ()  # by the first itself
    printed: str = ""  # the line of the server's output that has the text
    doubt: str = ""  # why it may be none all the same
    latency: float = 0.0  # seconds from speaking to hearing
    spoken: int = 1  # so many of TEXTS are used up
    greeted: bool = False  # the server spoke first
    foreign: bytes = b""  # what came first of all, if anything did

    @property
    def works(self) -> bool:
        return bool(self.heard) and not self.doubt

    @property
    def echoes(self) -> bool:
        return not self.heard and any(TEXTS[0] in piece for piece in self.own)


def attempt(bench: Bench, way: Way) -> Trial:
    """Try a way on a server that nobody has spoken to yet. Raises OutOfTimeError."""
    trial = Trial(way)
    first = enter(bench, way, NICKS[0])
    trial.clients.append(first)
    trial.foreign = first.bot.everything[:200]
    trial.greeted = bool(first.steps) and isinstance(first.steps[0], Heard)
    bench.greets = trial.greeted
    if first.refused:
        return trial
    second = enter(bench, way, NICKS[1])
    trial.clients.append(second)
    trial.arrival = tuple(first.hear())
    if second.refused:
        return _alone(bench, trial)
    for says in way.says:
        _speak(bench, trial, says)
        if trial.heard or trial.own or trial.printed or bench.died:
            break
    if trial.heard:
        trial.doubt = _doubt(bench, trial)
    return trial


def _speak(bench: Bench, trial: Trial, says: str) -> None:
    first, second = trial.clients
    text = TEXTS[0]
    trial.says = says
    begin = bench.now()
    first.say(bench, says, text)
    marker = text.encode()
    slow = any(isinstance(step, Sent) and step.asked for step in first.steps)  # it is a chat, then: worth a longer wait
    bench.wait(lambda: marker in second.bot.everything, first=SLOWLY if slow else SPOKEN)
    trial.latency = max(0.0, bench.last_sign - begin)
    trial.heard = tuple(_with(text, second.hear()))
    trial.own = tuple(first.hear())
    trial.printed = next((line for line in bench.printed if text in line), "")


def _alone(bench: Bench, trial: Trial) -> Trial:
    """The second was not let in: perhaps the server talks to one client at a time, and answers it."""
    first = trial.clients[0]
    trial.says = trial.way.says[0]
    first.say(bench, trial.says, TEXTS[0])
    bench.wait(lambda: TEXTS[0].encode() in first.bot.everything, first=SPOKEN)
    trial.own = tuple(first.hear())
    trial.printed = next((line for line in bench.printed if TEXTS[0] in line), "")
    return trial


def _with(text: str, pieces: list[str]) -> list[str]:
    """From the piece that has the text on; earlier ones may be notices."""
    at = next((index for index, piece in enumerate(pieces) if text in piece), None)
    return pieces if at is not None else []


def _doubt(bench: Bench, trial: Trial) -> str:
    """Was what we took for a name passed on as a message? Then it was heard in the very form of one."""
    first, second = trial.clients
    sent = [step.template for step in second.steps if isinstance(step, Sent)]
    if sent != ["{nick}"] or any(isinstance(step, Sent) and step.asked for step in second.steps):
        return ""
    heard_name = [piece for piece in trial.arrival if second.nick in piece]
    if heard_name:
        second.say(bench, trial.says, TEXTS[1])
        bench.wait(lambda: TEXTS[1].encode() in first.bot.everything, first=SLOWLY)
        forms = {induce(piece, {"text": second.nick}) for piece in heard_name}
        spoken = {induce(piece, {"text": TEXTS[1]}) for piece in first.hear() if TEXTS[1] in piece}
        trial.spoken += 1
        return "the name was passed on as a message" if forms & spoken else ""
    named = any(first.nick in piece for piece in trial.heard)
    return "" if trial.arrival or named or _answered(second) else "nothing shows that the name was taken for one"


def _answered(client: Client) -> bool:
    """Did anything come after the last thing that it sent while it came in?"""
    return bool(client.steps) and isinstance(client.steps[-1], Heard)
