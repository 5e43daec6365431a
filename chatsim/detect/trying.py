"""One way, tried: two come in, one speaks, and does the other hear it?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chatsim.detect.bench import Bench
from chatsim.detect.entering import Client, Heard, Sent, enter
from chatsim.detect.inducing import induce
from chatsim.detect.ways import Way
from chatsim.profile.templates import Template

__all__ = ["NICKS", "REPLY", "TEXTS", "Trial", "attempt"]

# Names and texts that stand in no server's own words, nor in each other.
NICKS: Final = ("zephine", "ottokar", "wilbrod", "ysolde", "quentyn", "lubomir", "hroswith", "ximena")
TEXTS: Final = (
    "heliotrope 417 sonata",
    "verbena 852 rondo",
    "cinnabar 396 fugue",
    "larkspur 741 gavotte",
    "vermouth 528 toccata",
    "ocarina 963 minuet",
    "saffron 285 chaconne",
)
SPOKEN = 0.3  # seconds for a message to arrive
REPLY: Final = "obsidian 639 nocturne"
BETWEEN = 0.12  # seconds from one form of a message to the next
SLOWLY = 1.5  # at a server that is surely a chat: some look for messages once a second


@dataclass(eq=False)
class Trial:
    """What came of a way. `heard`: two are in, and the second heard the first."""

    way: Way
    clients: list[Client] = field(default_factory=list)
    arrival: tuple[str, ...] = ()  # what the first heard while the second came in
    says: str = ""  # what carried the text
    text: str = TEXTS[0]
    heard: tuple[str, ...] = ()  # by the second, when the first spoke
    own: tuple[str, ...] = ()  # by the first itself
    replied: tuple[str, ...] = ()  # what the first heard when something was typed on the server's console
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
        return not self.heard and any(self.text in piece for piece in self.own)


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
    _speak(bench, trial)
    if not trial.heard and not any(trial.text in piece for piece in trial.own):
        _reply(bench, trial)
    if trial.heard:
        trial.doubt = _doubt(bench, trial)
    return trial


def _speak(bench: Bench, trial: Trial) -> None:
    """Each form in turn, with a text of its own, so that one that is slow to arrive is known by what it says."""
    first, second = trial.clients
    slow = any(isinstance(step, Sent) and step.asked for step in first.steps)  # it is a chat, then: worth a longer wait
    begin = bench.now()
    said: list[tuple[str, str]] = []

    def arrived() -> bool:
        return any(text.encode() in second.bot.everything for _, text in said)

    for says, text in zip(trial.way.says, TEXTS, strict=False):
        said.append((says, text))
        begin = bench.now()
        first.say(bench, says, text)
        last = len(said) == min(len(trial.way.says), len(TEXTS))
        if bench.wait(arrived, first=(SLOWLY if slow else SPOKEN) if last else BETWEEN) or bench.died:
            break
    trial.spoken = len(said)
    trial.latency = max(0.0, bench.last_sign - begin)
    heard, own = second.hear(), first.hear()
    trial.says, trial.text = next(
        ((says, text) for says, text in said if any(text in piece for piece in (*heard, *own))), said[0]
    )
    trial.heard = tuple(heard) if any(trial.text in piece for piece in heard) else ()
    trial.own = tuple(own)
    trial.printed = next((line for line in bench.printed if trial.text in line), "")


def _alone(bench: Bench, trial: Trial) -> Trial:
    """The second was not let in: perhaps the server talks to one client at a time, and answers it."""
    first = trial.clients[0]
    trial.says = trial.way.says[0]
    first.say(bench, trial.says, TEXTS[0])
    bench.wait(lambda: TEXTS[0].encode() in first.bot.everything, first=SPOKEN)
    trial.own = tuple(first.hear())
    trial.printed = next((line for line in bench.printed if TEXTS[0] in line), "")
    if not trial.echoes:
        _reply(bench, trial)
    return trial


def _reply(bench: Bench, trial: Trial) -> None:
    """Perhaps a person answers at the server's console: so type an answer."""
    first = trial.clients[0]
    if not bench.may_type or not first.bot.here:
        return
    bench.type(REPLY)
    bench.wait(lambda: REPLY.encode() in first.bot.everything, first=BETWEEN)
    trial.replied = tuple(piece for piece in first.hear() if REPLY in piece)


def _doubt(bench: Bench, trial: Trial) -> str:
    """Was what we took for a name passed on as a message? Then it was heard in the very form of one."""
    first, second = trial.clients
    sent = [step for step in second.steps if isinstance(step, Sent)]
    if not sent or sent[-1].asked:
        return ""
    rendered = Template(sent[-1].template).render(second.values())[0]
    if any(piece.strip() == rendered.strip() for piece in trial.arrival):
        return "what was sent to come in was passed on as it was"
    if sent[-1].template != "{nick}":
        return ""
    heard_name = [piece for piece in trial.arrival if second.nick in piece]
    if heard_name:
        text = TEXTS[trial.spoken % len(TEXTS)]
        second.say(bench, trial.says, text)
        bench.wait(lambda: text.encode() in first.bot.everything, first=SLOWLY)
        forms = {induce(piece, {"text": second.nick}) for piece in heard_name}
        spoken = {induce(piece, {"text": text}) for piece in first.hear() if text in piece}
        trial.spoken += 1
        return "the name was passed on as a message" if forms & spoken else ""
    named = any(first.nick in piece for piece in trial.heard)
    return "" if trial.arrival or named or _answered(second) else "nothing shows that the name was taken for one"


def _answered(client: Client) -> bool:
    """Did anything come after the last thing that it sent while it came in?"""
    return bool(client.steps) and isinstance(client.steps[-1], Heard)
