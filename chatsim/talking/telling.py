"""What came from the server, as a person reads it: one clear form for each kind of thing, whatever the profile.

Nobody knows here which names and texts there are, so a frame is what the template with the most of its own words says;
names without blanks are tried first. What fits none is told as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from chatsim.profile.forms import Forms
from chatsim.profile.profile import Profile, Voice
from chatsim.profile.templates import Template, split_names
from chatsim.profile.translating import shown_event
from chatsim.profile.vocabulary import ANSI

__all__ = ["Teller"]

NO_BLANKS: Final = {"nick": r"[^\s:]+", "new": r"[^\s:]+", "to": r"[^\s:]+", "room": r"\S+"}
SHORTEST: Final = 2  # characters of its own that a template needs to say what a frame is


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: str  # joined left renamed said echo whisper whisper-echo ack roster roster-end
    template: Template

    @property
    def own_words(self) -> int:
        return sum(len(literal.strip()) for literal in self.template.literals)


class Teller:
    """Tells what one connection received. `asked`: the answer to a question for the roster may come."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._forms = Forms(profile, set(), set())
        self._rules = _rules(profile)
        self._widest = max((len(rule.template.frames) for rule in self._rules), default=1)
        self._held: list[str] = []
        self.asked = False

    def told(self, frames: Iterable[str], me: str) -> list[str]:
        """Each of these frames as it is shown; the first of several that make one form may be held back."""
        waiting, out = [*self._held, *map(self._plain, frames)], list[str]()
        self._held = []
        while waiting:
            for width in range(min(self._widest, len(waiting)), 0, -1):
                told = self._form(waiting[:width], me)
                if told is not None:
                    break
            else:
                if self._may_begin(waiting):
                    self._held = waiting
                    break
                told, width = "\n".join(self._by_lines(waiting[0], me)), 1
            if told.strip("\r\n"):
                out.append(told)
            del waiting[:width]
        return out

    def quiet(self) -> list[str]:
        """Nothing follows: what was held back was no beginning."""
        held, self._held = self._held, []
        self.asked = False
        return [text for text in held if text.strip("\r\n")]

    def refusal(self, frame: str) -> str:
        """A frame that does not let us in, in words."""
        event = shown_event(frame) if self._profile.python is not None else frame
        return f"* refused: {event.removeprefix('refused: ').strip()}"

    def _plain(self, frame: str) -> str:
        return self._forms.stripped(ANSI.sub("", frame) if self._profile.strip_ansi else frame)

    def _by_lines(self, chunk: str, me: str) -> list[str]:
        """Where nothing keeps messages apart, one read may bring several, each with its line end."""
        lines = chunk.split("\n")
        if self._profile.received.promises or len(lines) < 2:
            return [shown_event(chunk) if self._profile.python is not None else chunk]
        return [self._form([line], me) or line for line in lines if line.strip("\r")]

    def _form(self, frames: Sequence[str], me: str) -> str | None:
        for slots in (NO_BLANKS, {}):
            for rule in self._rules:
                parts = rule.template.frames
                if len(parts) != len(frames) or (rule.kind == "roster" and not self._is_roster(rule)):
                    continue
                found = [part.matcher(slots).fullmatch(frame) for part, frame in zip(parts, frames, strict=True)]
                if all(found):
                    bindings = {name: text for match in found if match for name, text in match.bindings.items()}
                    return self._words(rule.kind, bindings, frames, me)
        return None

    def _is_roster(self, rule: _Rule) -> bool:
        """A bare list, or names one by one, could be anything: only what was asked for."""
        return self.asked or ("nicks" in rule.template.fields and rule.own_words >= SHORTEST)

    def _may_begin(self, frames: Sequence[str]) -> bool:
        wider = (rule.template.frames for rule in self._rules if len(rule.template.frames) > len(frames))
        return any(
            all(part.matcher(NO_BLANKS).fullmatch(frame) for part, frame in zip(parts, frames, strict=False))
            for parts in wider
        )

    def _words(self, kind: str, found: dict[str, str], frames: Sequence[str], me: str) -> str:
        nick, text, to, room = (found.get(name) for name in ("nick", "text", "to", "room"))
        place = f"[{room}] " if room else ""
        match kind:
            case "joined" | "left":
                return f"{place}* {nick or 'somebody'} {kind}"
            case "renamed":
                return f"* {nick or 'somebody'} is called {found.get('new', 'otherwise')} now"
            case "roster":
                names = split_names(found["nicks"]) if "nicks" in found else (nick or "",)
                return f"{place}* here: {', '.join(names)}"
            case "roster-end":
                self.asked = False
                return ""
            case "ack":
                return "* received" if text is None else f"* received: {text}"
            case _ if text is None:
                return "\n".join(frames)
            case "whisper-echo":
                return f"you, to {to or 'one'} alone: {text}"
            case "whisper":
                return f"{nick or 'somebody'}, to you alone: {text}"
        own = kind == "echo" or (nick is not None and nick == me)
        speaker = "you: " if own else f"{nick}: " if nick is not None else ""
        return place + speaker + text


def _rules(profile: Profile) -> tuple[_Rule, ...]:
    """In the order in which they are tried: those with the most words of their own first."""
    rules: list[_Rule] = []

    def add(kind: str, templates: Iterable[Template]) -> None:
        rules.extend(_Rule(kind, template) for template in templates)

    def voice(of: Voice, heard: str, echoed: str) -> None:
        add(heard, of.hears)
        add(echoed, [template for template in of.echo if template not in of.hears])
        add("ack", of.ack)

    rooms, roster = profile.rooms, profile.roster
    if rooms is not None:
        add("joined", rooms.joined)
        add("left", rooms.left)
    add("joined", profile.joined)
    add("left", (*profile.left, *profile.dropped))
    add("renamed", profile.renamed)
    voice(profile.whisper, "whisper", "whisper-echo")
    if rooms is not None:
        voice(rooms.voice, "said", "echo")
    voice(profile.public, "said", "echo")
    if profile.operator is not None:
        add("said", profile.operator.hears)
    if roster is not None:
        add("roster", roster.answer)
        add("roster-end", roster.end)
    return tuple(sorted(rules, key=lambda rule: -rule.own_words))
