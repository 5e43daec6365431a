"""The templates of a profile made ready to recognise: which of them is what, and where one is found in a text.

A text is looked at *masked*: each message in it has been replaced by one sign that occurs in no text, so that nothing
a bot says is taken for a notice. The signs are lone surrogates, which no codec ever decodes to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from chatsim.profile.profile import Profile, Voice
from chatsim.profile.templates import Match, Matcher, Template

__all__ = [
    "ANY_SIGN",
    "CUT",
    "HURT",
    "MASK",
    "NEXT",
    "PEND",
    "Forms",
    "Found",
    "Rule",
    "alternation",
    "escapes",
    "found_at",
]

NEXT = "\ud800"  # a frame ends, the next begins
MASK = "\ud801"  # a whole message stood here
HURT = "\ud802"  # a message, or a piece of one, that is not unharmed
PEND = "\ud803"  # a message that is still arriving
CUT = "\ud804"  # something that has been recognised before
ANY_SIGN = "\ud800-\ud804"

_NO_SIGN = rf"[^{ANY_SIGN}]"
_TEXT = rf"[{MASK}{HURT}](?:\s*[{MASK}{HURT}])*"
_ARRIVING = rf"[{MASK}{HURT}{PEND}](?:\s*[{MASK}{HURT}{PEND}])*"
_WORD = rf"[^\s{ANY_SIGN}]{{1,64}}"

_ECHO_OF = {"hears": "echo", "whisper": "whisper-echo", "room": "room-echo", "reply": "reply"}
_FORMS_OF = {
    "public": ("hears", "echo"),
    "whisper": ("whisper", "whisper-echo"),
    "room": ("room", "room-echo"),
    "reply": ("reply",),
}


def escapes(text: str) -> tuple[str, str]:
    """How a text stands inside a JSON string: with letters as they are, or all in ASCII."""
    return json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1]


def alternation(names: Iterable[str]) -> str:
    """One regular expression for many names, the longest first. Runs of digits count as any digits as many, so that a
    thousand numbered names, or addresses, are one; whoever uses it looks whether what it found is a name."""
    tree: _Tree = {}
    for name in names:
        node = tree
        for piece in re.findall(r"\d+|\D", name):
            step = rf"\d{{{len(piece)}}}" if piece[0].isdecimal() else re.escape(piece)
            node = node.setdefault(step, {})
        node.setdefault("", {})
    return f"(?:{_branches(tree)})" if tree else "(?!)"


_Tree = dict[str, "_Tree"]


def _branches(node: _Tree) -> str:
    steps = sorted((step for step in node if step), key=lambda step: (-len(step), step))
    branches = [step + _branches(node[step]) for step in steps]
    if not branches:
        return ""
    inner = branches[0] if len(branches) == 1 else "|".join(branches)
    if "" in node:
        return f"(?:{inner})?"
    return inner if len(branches) == 1 else f"(?:{inner})"


@dataclass(frozen=True, slots=True)
class Found:
    """A rule found in a text, from start to end."""

    start: int
    end: int
    rule: Rule
    bindings: dict[str, str]


def found_at(match: Match, rule: Rule) -> Found:
    return Found(match.start, match.end, rule, match.bindings)


@dataclass(slots=True, eq=False)
class Rule:
    """One template in one role. kind: message ack notice renamed roster roster-end whenever ignore awaited refuses."""

    kind: str
    template: Template
    order: int
    form: str = ""  # of a message
    what: str = ""  # of a notice: joined | left
    in_room: bool = False
    number: int = 0  # of a `whenever`
    generic: Matcher = field(init=False)  # any name; for whole frames
    matchers: dict[str, Matcher] = field(init=False, default_factory=dict)
    width: int = field(init=False, default=1)  # in frames
    needle: str = field(init=False, default="")  # where this is not, the rule is not: quicker asked than an expression

    def __post_init__(self) -> None:
        self.width = len(self.template.frames)
        name = rf"[^\r\n{ANY_SIGN}]{{1,80}}?"
        self.generic = self.template.matcher(
            {
                "nick": name,
                "new": name,
                "to": name,
                "room": name,
                "text": _TEXT,
                "nicks": f"{_NO_SIGN}*",
                "*": f"{_NO_SIGN}*?",
                "next": NEXT,
            }
        )

        literals = [it.strip("\r\n") for it in self.template.literals] if self.template.shape == "text" else ["{"]
        self.needle = max(literals, key=len, default="") if self.template.shape != "regex" else ""

    @property
    def bare(self) -> bool:
        """Nothing in it says whose message it is or where it begins."""
        return self.template.fields == {"text"} and not any(literal.strip() for literal in self.template.literals)

    @property
    def needs_text(self) -> bool:
        return "text" in self.template.fields

    @property
    def suffix(self) -> str:
        """What follows {text}, as written; empty if nothing does that counts."""
        if self.template.shape != "text":
            return ""
        return self.template.source.rpartition("{text}")[2].strip("\r\n")


class Forms:
    """The rules of one profile. `nicks` and `rooms` are the run's, shared and growing."""

    def __init__(self, profile: Profile, nicks: set[str], rooms: set[str]) -> None:
        self.profile = profile
        self._nicks = nicks
        self._rooms = rooms
        self._count = 0
        self._slots: dict[str, str] | None = None
        self._awaited: dict[tuple[str, str], Rule] = {}
        self.messages: list[Rule] = []
        self.others: list[Rule] = []
        self.roster: list[Rule] = []
        self._gather()
        self.framed = profile.received.promises
        self.strip = [template.matcher({"*": f"{_NO_SIGN}*?"}) for template in profile.strip]
        every = [*self.messages, *self.others, *self.roster]
        self.widest = max((rule.width for rule in every), default=1)
        self.json = any(rule.template.shape == "json" for rule in every)

    def _gather(self) -> None:
        profile = self.profile
        self._voice(profile.whisper, "whisper", "whisper-echo")
        if profile.rooms is not None:
            self._voice(profile.rooms.voice, "room", "room-echo")
        self._voice(profile.public, "hears", "echo")
        if profile.operator is not None:
            self._add(self.messages, "message", profile.operator.hears, form="reply")
        for voice in (profile.whisper, profile.rooms.voice if profile.rooms else Voice(), profile.public):
            self._add(self.messages, "ack", [it for it in voice.ack if "text" in it.fields])
            self._add(self.others, "ack", [it for it in voice.ack if "text" not in it.fields])
        if profile.rooms is not None:
            self._add(self.others, "notice", profile.rooms.joined, what="joined", in_room=True)
            self._add(self.others, "notice", profile.rooms.left, what="left", in_room=True)
        self._add(self.others, "notice", profile.joined, what="joined")
        self._add(self.others, "notice", profile.left, what="left")
        self._add(self.others, "notice", [it for it in profile.dropped if it not in profile.left], what="left")
        self._add(self.others, "renamed", profile.renamed)
        if profile.roster is not None:
            self._add(self.roster, "roster", profile.roster.answer)
            self._add(self.roster, "roster-end", profile.roster.end)
        for number, whenever in enumerate(profile.whenever):
            self._add(self.others, "whenever", whenever.awaited, number=number)
        self._add(self.others, "ignore", profile.ignore)

    def _voice(self, voice: Voice, heard: str, echoed: str) -> None:
        self._add(self.messages, "message", voice.hears, form=heard)
        self._add(self.messages, "message", voice.echo, form=echoed)

    def _add(
        self,
        where: list[Rule],
        kind: str,
        templates: Iterable[Template],
        *,
        form: str = "",
        what: str = "",
        in_room: bool = False,
        number: int = 0,
    ) -> None:
        for template in templates:
            where.append(Rule(kind, template, self._count, form, what, in_room, number))
            self._count += 1

    def awaited(self, template: Template, kind: str) -> Rule:
        """A template that a dialogue waits for, or a refusal. Shared among the ears that wait for the same."""
        key = (kind, template.source)
        if key not in self._awaited:
            self._awaited[key] = Rule(kind, template, 0)
        return self._awaited[key]

    # --- slots: what may stand for a placeholder in a stream ------------------------------------------------------

    def names_changed(self) -> None:
        if self._slots is not None:
            self._slots = None
            for rule in [*self.messages, *self.others, *self.roster, *self._awaited.values()]:
                rule.matchers.clear()

    def name_list(self) -> re.Pattern[str]:
        """Names of this run one after the other."""
        return re.compile(rf"(?:[\s,;]*[@+*]?{self._known()['nick']}(?=[\s,;\]]|\Z))+[\s,;\]]*")

    def _known(self) -> dict[str, str]:
        if self._slots is None:
            names = alternation(self._nicks)
            self._slots = {
                "nick": names,
                "new": names,
                "to": names,
                "room": alternation(self._rooms),
                "text": _ARRIVING,
                "nicks": f"{_NO_SIGN}*",
                "*": f"{_NO_SIGN}*?",
                "next": NEXT,
            }
        return self._slots

    def exact(self, rule: Rule) -> Matcher:
        """With the names of this run in place of any."""
        matcher = rule.matchers.get("exact")
        if matcher is None:
            matcher = rule.matchers["exact"] = rule.template.matcher(self._known())
        return matcher

    def wordy(self, rule: Rule) -> Matcher:
        """With any one word for a name: a message under a name of nobody."""
        matcher = rule.matchers.get("wordy")
        if matcher is None:
            slots = {**self._known(), "nick": _WORD, "text": _TEXT}
            matcher = rule.matchers["wordy"] = rule.template.matcher(slots)
        return matcher

    def speaking(self, rule: Rule) -> Matcher:
        """With any text: the form of a message, whatever it says."""
        matcher = rule.matchers.get("speaking")
        if matcher is None:
            slots = {**self._known(), "text": rf"[^{ANY_SIGN}]+"}
            matcher = rule.matchers["speaking"] = rule.template.matcher(slots)
        return matcher

    def opening(self, rule: Rule) -> Matcher:
        """As `exact`, for what is awaited while the name is not known yet."""
        matcher = rule.matchers.get("opening")
        if matcher is None:
            ends = rule.template.source.endswith("{nick}")
            slots = {**self._known(), "nick": rf"[^\r\n{ANY_SIGN}]+" + ("" if ends else "?")}
            matcher = rule.matchers["opening"] = rule.template.matcher(slots)
        return matcher

    # --- finding --------------------------------------------------------------------------------------------------

    def true_names(self, match: Match) -> bool:
        """Are the names that a matcher found names, and rooms, of this run?"""
        nick, new, to, room = map(match.bindings.get, ("nick", "new", "to", "room"))
        return (
            (nick is None or nick in self._nicks)
            and (new is None or new in self._nicks)
            and (to is None or to in self._nicks)
            and (room is None or room in self._rooms)
        )

    def true_places(self, match: Match) -> bool:
        """The same, but for the speaker."""
        to, room = match.bindings.get("to"), match.bindings.get("room")
        return (to is None or to in self._nicks) and (room is None or room in self._rooms)

    def whole(self, rules: Iterable[Rule], text: str) -> Found | None:
        """The first rule that is the whole of this text (a frame), with names of this run."""
        for rule in rules:
            match = rule.generic.fullmatch(text) if rule.needle in text else None
            if match is None:
                continue
            if not self.true_names(match):
                match = self.exact(rule).fullmatch(text)
                if match is None or not self.true_names(match):
                    continue
            return Found(match.start, match.end, rule, match.bindings)
        return None

    def search(self, rule: Rule, text: str, start: int) -> Found | None:
        """The leftmost place at or after `start` that holds this rule, with names of this run."""
        if text.find(rule.needle, start) < 0:
            return None
        matcher = self.exact(rule)
        # Beyond the end an expression that may be nothing would be found at the end, again and again.
        while start <= len(text) and (match := matcher.search(text, start)) is not None:
            if match.end > match.start and self.true_names(match):
                return Found(match.start, match.end, rule, match.bindings)
            start = match.start + 1
        return None

    def lex(self, rules: Sequence[Rule], text: str) -> list[Found]:
        """What is found in a text from left to right: always the leftmost, then the longest, then the first rule.

        An expression's own `^` means the beginning of what is left, so it is searched in a slice.
        """
        found: list[Found] = []
        at = 0
        waiting: dict[int, Found | None] = {}
        while at < len(text):
            best: Found | None = None
            for number, rule in enumerate(rules):
                sliced = rule.template.shape == "regex"
                if number in waiting and not sliced:
                    here = waiting[number]
                    if here is not None and here.start < at:
                        here = waiting[number] = self.search(rule, text, at)
                elif sliced:
                    here = self._in_slice(rule, text, at)
                else:
                    here = waiting[number] = self.search(rule, text, at)
                if here is not None and (
                    best is None or here.start < best.start or (here.start == best.start and here.end > best.end)
                ):
                    best = here
            if best is None:
                break
            found.append(best)
            at = best.end
        return found

    def _in_slice(self, rule: Rule, text: str, at: int) -> Found | None:
        here = self.search(rule, text[at:], 0)
        return here and Found(here.start + at, here.end + at, here.rule, here.bindings)

    # --- messages -------------------------------------------------------------------------------------------------

    def rules_for(self, kind: str, own: bool) -> list[Rule]:
        """The rules of messages in the order in which they are tried for one of this kind."""
        key = (kind, own)
        if key not in self._sorted:
            forms = _FORMS_OF[kind]

            def rank(rule: Rule) -> tuple[bool, bool, int]:
                echoes = rule.form.endswith("echo")
                return rule.form not in forms, echoes != own, rule.order

            self._sorted[key] = sorted(self.messages, key=rank)
        return self._sorted[key]

    @cached_property
    def _sorted(self) -> dict[tuple[str, bool], list[Rule]]:
        return {}

    def form_of(self, rule: Rule, own: bool, nameless: bool) -> str:
        """The form of a message in this rule's rendering, heard by its own sender or by another."""
        if own:
            return _ECHO_OF.get(rule.form, rule.form)
        if rule.form.endswith("echo") and not nameless:
            return "unknown"
        return rule.form

    def stripped(self, text: str) -> str:
        """The text without the decoration at its front."""
        changed = True
        while changed and text:
            changed = False
            for matcher in self.strip:
                match = matcher.search(text)
                if match is not None and match.start == 0 and match.end > 0:
                    text = text[match.end :]
                    changed = True
        return text
