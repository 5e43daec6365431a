"""YAML text → a frozen `Scenario` that cannot be nonsense, or a `ScenarioError` with every mistake of the file.

Nothing further in checks again. What depends on the profile (is a text encodable, is there a room) is the plan's
business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from chatsim import document
from chatsim.document import Broken, Mapping, Node, Reading, Scalar, Sequence, excerpt, is_null
from chatsim.errors import Place, ScenarioError
from chatsim.properties import PROMISES, PROPERTIES
from chatsim.scenario.asked import asked_for
from chatsim.scenario.cast import Cast, read_cast, read_who
from chatsim.scenario.details import give, read_detail, read_span
from chatsim.scenario.presence import UNREADABLE, check_presence
from chatsim.scenario.scenario import Bot, Scenario
from chatsim.scenario.steps import (
    Act,
    Detail,
    ExpectOutput,
    Join,
    OperatorSays,
    Pause,
    Repeat,
    ServerStep,
    Settle,
    Span,
    Step,
    Tell,
    Together,
    Who,
)
from chatsim.scenario.verbs import MAX_TIMES, VERBS, Verb

__all__ = ["MAX_PLAYED", "MAX_STEPS", "TOP_KEYS", "load_scenario", "made_step", "read_scenario", "read_steps"]

MAX_STEPS: Final = 100_000  # after for-each is unrolled
MAX_PLAYED: Final = 1_000_000  # with repeats counted as often as they are played
MAX_NAMED: Final = 5_000_000  # bots over all steps, groups spelled out
MAX_BRANCHES: Final = 1_000
MAX_TEXT: Final = 160  # of a step's line, as it is told in reports
MAX_SEED: Final = 10**15

TOP_KEYS: Final[tuple[tuple[str, str], ...]] = (
    ("scenario", "The claim that it tests, one sentence."),
    ("bots", "Who takes part: a number, a list of names, or a map."),
    ("seed", "For everything that is drawn; by default a new one each run."),
    ("promises", "Properties demanded here, whatever the profile says."),
    ("check", "Which properties or groups of properties are judged (default: everything)."),
    ("steps", "What happens, in order."),
)


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario file. Raises ScenarioError with all problems, also if there is no such file."""
    return _scenario(document.load(path))


def read_scenario(text: str | bytes, file: str = "scenario") -> Scenario:
    """Read a scenario's text. Raises ScenarioError with all problems; never anything else, whatever the text."""
    return _scenario(document.read(text, file))


def read_steps(text: str, bots: Iterable[Bot], file: str = "steps") -> tuple[Step, ...]:
    """Read steps alone, of this cast. Who is where is not looked at. Raises ScenarioError with all problems."""
    reading = document.read(text, file)
    steps = _Steps(reading, _cast_of(bots)).top(reading.root) if reading.root is not None else ()
    reading.refuse(ScenarioError)
    return steps


def made_step(words: dict[str, Any], bots: Iterable[Bot], place: Place, source: str) -> Step:
    """A step that a program asks for, such as {"chat": {"ann": {"text": ["hello"]}}}, held to the rules of a written one.

    It stands at `place`, where its line is one of the program's own `source`. Raises ScenarioError.
    """
    reading = Reading(place.file, source)
    steps = _Steps(reading, _cast_of(bots)).one(_node(words, place), None)
    reading.refuse(ScenarioError)
    return steps[0]


def _cast_of(bots: Iterable[Bot]) -> Cast:
    cast = Cast({bot.name: bot for bot in bots})
    cast.order = {name: number for number, name in enumerate(cast.bots)}
    return cast


def _node(value: Any, place: Place) -> Node:
    """What a program gives, as if it had been written at this place."""
    if isinstance(value, dict):
        return Mapping(tuple((Scalar(str(key), True, place), _node(item, place)) for key, item in value.items()), place)
    if isinstance(value, list | tuple):
        return Sequence(tuple(_node(item, place) for item in value), place)
    if isinstance(value, bool):
        return Scalar("yes" if value else "no", False, place)
    return Scalar(str(value), isinstance(value, str), place) if value is not None else Scalar("", False, place)


def _scenario(reading: Reading) -> Scenario:
    if reading.root is None:
        raise ScenarioError(reading.problems)
    known = tuple(name for name, _ in TOP_KEYS)
    fields = reading.fields(
        reading.root, known, required=("scenario", "bots", "steps"), what="a scenario", of="a scenario"
    )
    name = reading.text(fields.get("scenario"), "", what="what the scenario claims")
    if "scenario" in fields and not name.strip() and isinstance(fields["scenario"], Scalar):
        reading.wrong("what the scenario claims is missing", fields["scenario"])
    cast = read_cast(reading, fields.get("bots"))
    seed = reading.number(fields.get("seed"), None, low=0, high=MAX_SEED, what="a seed (a whole number)")
    promises = _promises(reading, fields.get("promises"))
    check, places = _check(reading, fields.get("check"))
    steps = _Steps(reading, cast).top(fields.get("steps"))
    if steps and cast.bots:
        check_presence(reading, cast, steps)
    reading.refuse(ScenarioError)
    return Scenario(
        name=name.strip(),
        file=reading.file,
        digest=hashlib.sha256(reading.text_read.encode("utf-8")).hexdigest(),
        bots=tuple(cast.bots.values()),
        groups=dict(cast.groups),
        steps=steps,
        drawn_names=cast.drawn_names,
        seed=seed,
        promises=promises,
        check=check,
        check_places=places,
        place=reading.root.place,
    )


def _promises(reading: Reading, node: Node | None) -> dict[str, bool]:
    fields = reading.fields(node, PROMISES, what="a map of properties and yes or no", of="promises")
    return {name: reading.yes_no(value, True) for name, value in fields.items()}


def _check(reading: Reading, node: Node | None) -> tuple[tuple[str, ...], dict[str, Place]]:
    """What is to be judged, and where each property asked for by name stands."""
    if node is None:
        return ("everything",), {}
    names = tuple(known.name for known in PROPERTIES)
    asked = asked_for(reading, node)
    return tuple(asked) or ("everything",), {name: word.place for name, word in asked.items() if name in names}


class _Steps:
    """Reads steps. `made` counts them, so that a small file can't unroll into a giant."""

    def __init__(self, reading: Reading, cast: Cast) -> None:
        self.reading = reading
        self.cast = cast
        self.made = 0
        self.played = 0
        self.times = 1
        self.named = 0

    def top(self, node: Node | None) -> tuple[Step, ...]:
        try:
            return self.several(node, None)
        except _TooManyError:
            return ()

    def several(self, node: Node | None, it: str | None) -> tuple[Step, ...]:
        """A list of steps; a for-each among them becomes the steps that it stands for."""
        sequence = self.reading.sequence(node, what="a list of steps (each begins with a dash)")
        if sequence is None:
            return ()
        if not sequence.items:
            self.reading.wrong("there is no step in this list", sequence)
        return tuple(step for item in sequence.items for step in self.one(item, it))

    def one(self, node: Node, it: str | None) -> tuple[Step, ...]:
        before = self.reading.count
        found = self._verb(node)
        if found is None:
            return (Act(UNREADABLE, node.place, ()),)
        verb, key, value = found
        if verb.shape == "for-each":
            return self._for_each(value, it)
        self._count(key)
        step = _SHAPES[verb.shape](self, verb, key, value, it)
        if step is None or (isinstance(step, Act) and self.reading.count > before):
            return (Act(UNREADABLE, key.place, ()),)
        return (step,)

    def _verb(self, node: Node) -> tuple[Verb, Scalar, Node] | None:
        if isinstance(node, Scalar) and node.text == "settle":
            return VERBS["settle"], node, Scalar("", False, node.place)
        if isinstance(node, Scalar) and node.text in VERBS:
            self.reading.wrong(f"{node.text} needs to be told more", node, hint=f'Write "{node.text}: …".')
            return None
        if isinstance(node, Scalar) and not node.text and not node.quoted:
            self.reading.wrong("a step is missing here", node)
            return None
        mapping = self.reading.mapping(node, what="a step such as join: ann")
        if mapping is None:
            return None
        if not mapping.pairs:
            self.reading.wrong("a step is missing here", mapping)
            return None
        (key, value), *more = mapping.pairs
        for second, _ in more:
            what = f"a second verb in one step: {excerpt(second.text)}"
            self.reading.wrong(what, second, hint='Each step begins with a dash: "- verb: WHO".')
        if key.text == "do":
            self.reading.wrong('"do" makes one branch of several steps, inside together', key)
            return None
        if key.text not in VERBS:
            hint = "Steps that name a bot: join, chat, disconnect, drop, stall, resume, … (chatsim steps lists all)"
            self.reading.unknown(f"there is no step {excerpt(key.text)}", key, tuple(VERBS), hint=hint)
            return None
        return VERBS[key.text], key, value

    def _count(self, at: Scalar) -> None:
        self.made += 1
        self.played += self.times
        if self.made > MAX_STEPS:
            self.reading.wrong(f"unrolled, these are more than {MAX_STEPS:,} steps", at)
            raise _TooManyError
        if self.played > MAX_PLAYED:
            self.reading.wrong(f"with all repeats, more than {MAX_PLAYED:,} steps would be played", at)
            raise _TooManyError

    def _text(self, key: Scalar, it: str | None) -> str:
        line = self.reading.line(key.place.line)
        if len(line) > MAX_TEXT:  # a whole scenario in one line: the part where this step begins
            line = line[max(0, key.place.column - 3) : key.place.column + MAX_TEXT]
        line = line.strip()
        return line if it is None else f"{line}  (it: {it})"

    # --- steps of bots ---------------------------------------------------------------------------------------------

    def act(self, verb: Verb, key: Scalar, value: Node, it: str | None) -> Step:
        entries: list[tuple[Who, Detail]] = []
        if isinstance(value, Mapping):
            if not value.pairs:
                self.reading.wrong(f"{verb.name} needs a WHO", value)
            named = self._named_in(value, it)
            for who_key, said in value.pairs:
                who = read_who(self.reading, self.cast, who_key, it=it, others=named)
                entries.append((who, read_detail(self.reading, self.cast, verb, said, it)))
            self._each_once(value, entries)
        elif isinstance(value, Broken):
            pass
        elif is_null(value):
            self.reading.wrong(
                f"{verb.name} needs a WHO", key, hint=f'Write "{verb.name}: ann" or "{verb.name}: everyone".'
            )
        else:
            who = read_who(self.reading, self.cast, value, it=it)
            nothing = Scalar("", False, value.place, value.width)
            detail = read_detail(self.reading, self.cast, verb, nothing, it)
            entries.append((who, detail))
        self.named += sum(len(who.bots) for who, _ in entries)
        if self.named > MAX_NAMED:
            self.reading.wrong(f"these steps name bots more than {MAX_NAMED:,} times", key, hint="Use everyone.")
            raise _TooManyError
        self._sensible(verb, key, entries)
        return Act(verb.name, key.place, tuple(entries), self._text(key, it))

    def _named_in(self, value: Mapping, it: str | None) -> list[str]:
        """Who is named in the other entries, for `everyone else`."""
        if not any(key.text.strip() == "everyone else" for key, _ in value.pairs):
            return []
        keys = [key for key, _ in value.pairs if key.text.split()[:1] != ["everyone"]]
        return [bot for key in keys for bot in read_who(self.reading, self.cast, key, it=it).bots]

    def _each_once(self, value: Mapping, entries: list[tuple[Who, Detail]]) -> None:
        seen: set[str] = set()
        everyone = 0
        for (key, _), (who, _) in zip(value.pairs, entries, strict=True):
            twice = seen.intersection(who.bots)
            if twice:
                self.reading.wrong(f"{self.cast.in_order(twice)[0]} stands in this step twice", key)
            seen.update(who.bots)
            everyone += who.everyone
            if who.everyone and (everyone > 1 or (len(entries) > 1 and not self._excepts(who, entries))):
                self.reading.wrong(
                    f'"{who.text}" includes others who are named here', key, hint='Write "everyone else".'
                )

    @staticmethod
    def _excepts(who: Who, entries: list[tuple[Who, Detail]]) -> bool:
        named = {bot for other, _ in entries if not other.everyone for bot in other.bots}
        return named <= set(who.but)

    def _sensible(self, verb: Verb, key: Scalar, entries: list[tuple[Who, Detail]]) -> None:
        for who, detail in entries:
            if verb.name == "converse" and not who.everyone and len(who.bots) == 1:
                self.reading.wrong(
                    "a conversation takes two", who.place or key.place, width=len(who.text), hint='Write "ann and bob".'
                )
            if isinstance(detail, Tell) and detail.to and not who.everyone and who.bots == (detail.to,):
                self.reading.wrong(f"{detail.to} can't whisper to itself", who.place or key.place, width=len(who.text))

    # --- the other shapes --------------------------------------------------------------------------------------------

    def operator(self, verb: Verb, key: Scalar, value: Node, it: str | None) -> Step:
        entries: list[tuple[str | None, str]] = []
        if isinstance(value, Mapping):
            if not value.pairs:
                self.reading.wrong("what the operator types is missing", value)
            for who_key, detail in value.pairs:
                who = read_who(self.reading, self.cast, who_key, it=it)
                if who.everyone:
                    self.reading.wrong("name the bots here: one line answers one bot", who_key)
                for text in self.reading.texts(detail):
                    entries += [(bot, text) for bot in who.bots]
                    self._one_line(text, detail)
        else:
            for text in self.reading.texts(value, what="what the operator types"):
                entries.append((None, text))
                self._one_line(text, value)
        return OperatorSays(key.place, tuple(entries), self._text(key, it))

    def _one_line(self, text: str, at: Node) -> None:
        if "\n" in text or "\r" in text:
            self.reading.wrong("the operator types one line at a time", at, hint="Several lines are a list.")

    def output(self, verb: Verb, key: Scalar, value: Node, it: str | None) -> Step:
        if is_null(value):
            self.reading.wrong("what is expected on the console is missing", key)
        given = give(self.reading, self.cast, verb, value, it)
        here = given.among("template", "said", "joined", "left")
        if isinstance(value, Mapping) and not here and (given.places or not value.pairs):
            self.reading.wrong("expect-output needs one of the keys said, joined, left", value)
        for first, second in pairwise(here):
            self.reading.wrong(f'"{second}" can\'t stand beside "{first}"', given.places[second])
        if here and "by" in given and "said" not in given:
            self.reading.wrong('"by" belongs to "said"', given.places["by"])
        return ExpectOutput(
            key.place,
            template=given["template"],
            said=given["said"],
            sender=given["by"],
            joined=given["joined"],
            left=given["left"],
            within=given["within"],
            text=self._text(key, it),
        )

    def server(self, verb: Verb, key: Scalar, value: Node, it: str | None) -> Step | None:
        assert verb.short is not None
        if is_null(value):
            self.reading.wrong("what is done to the server is missing", key, hint=f"Possible: {verb.short.kind.tells}")
            return None
        action: Any = self.reading.word(value, verb.short.kind.words, None)
        return None if action is None else ServerStep(key.place, action, self._text(key, it))

    def settle(self, verb: Verb, key: Scalar, value: Node, it: str | None) -> Step:
        if (
            not is_null(value)
            and not isinstance(value, Broken)
            and not (isinstance(value, Mapping) and not value.pairs)
        ):
            self.reading.wrong("settle takes nothing", value)
        return Settle(key.place, self._text(key, it))

    def pause(self, verb: Verb, key: Scalar, value: Node, it: str | None) -> Step:
        return Pause(key.place, read_span(self.reading, value) or Span(0.0, 0.0), self._text(key, it))

    def together(self, verb: Verb, key: Scalar, value: Node, it: str | None) -> Step:
        sequence = self.reading.sequence(value, what="a list of steps (each begins with a dash)")
        branches: list[tuple[Step, ...]] = []
        if sequence is not None and not sequence.items:
            self.reading.wrong("there is no step in this list", sequence)
        if sequence is not None and len(sequence.items) > MAX_BRANCHES:
            self.reading.wrong(f"at most {MAX_BRANCHES:,} branches can go together", sequence)
            raise _TooManyError
        for item in sequence.items if sequence is not None else ():
            if isinstance(item, Mapping) and [name.text for name, _ in item.pairs] == ["do"]:
                branches.append(self.several(item.pairs[0][1], it))
            else:
                branches.append(self.one(item, it))
        return Together(key.place, tuple(branches), self._text(key, it))

    def repeat(self, verb: Verb, key: Scalar, value: Node, it: str | None) -> Step:
        fields = self._body(verb, key, value)
        times = self.reading.number(fields.get("times"), 1, low=1, high=MAX_TIMES)
        before, self.times = self.times, self.times * times
        steps = self.several(fields.get("do"), it)
        self.times = before
        return Repeat(key.place, times, steps, _cycle(self.cast, steps), self._text(key, it))

    def _body(self, verb: Verb, key: Scalar, value: Node) -> dict[str, Node]:
        names = tuple(known.name for known in verb.keys)
        if not isinstance(value, Mapping) or not value.pairs:
            if not isinstance(value, Broken):
                self.reading.wrong(f"{verb.name} needs the keys {' and '.join(names)}", value if value else key)
            return {}
        return self.reading.fields(value, names, required=names, of=verb.name)

    # --- for-each -----------------------------------------------------------------------------------------------------

    def _for_each(self, value: Node, it: str | None) -> tuple[Step, ...]:
        verb = VERBS["for-each"]
        fields = self._body(verb, Scalar("for-each", False, value.place), value)
        words = self._words(fields.get("of"), it)
        body = fields.get("do")
        if body is None:
            return ()
        steps: list[Step] = []
        for word in words or ("it",):
            before = self.reading.count
            steps += self.several(_substituted(body, word), word)
            if self.reading.count > before:
                break  # the others would only say the same again
        return tuple(steps) if words else ()

    def _words(self, node: Node | None, it: str | None) -> tuple[str, ...]:
        """What `it` stands for, one after another: the bots of a WHO, or the words of a list."""
        if node is None or isinstance(node, Broken):
            return ()
        if isinstance(node, Sequence):
            scalars = [self.reading.scalar(item, what="a word or a bot") for item in node.items]
            texts = tuple(scalar.text for scalar in scalars if scalar is not None)
            if not node.items:
                self.reading.wrong("there is nothing in this list", node)
            if texts and all(self.cast.members(text) for text in texts):
                return tuple(bot for text in texts for bot in self.cast.members(text))
            return texts
        who = read_who(self.reading, self.cast, node, it=it)
        if not who.everyone:
            return who.bots
        return tuple(bot for bot in self.cast.bots if bot not in who.but)


_SHAPES: Final[dict[str, Callable[[_Steps, Verb, Scalar, Node, str | None], Step | None]]] = {
    "bots": _Steps.act,
    "operator": _Steps.operator,
    "output": _Steps.output,
    "server": _Steps.server,
    "together": _Steps.together,
    "repeat": _Steps.repeat,
    "settle": _Steps.settle,
    "pause": _Steps.pause,
}


class _TooManyError(Exception):
    """The scenario unrolls into too much; the problem has been noted."""


def _substituted(node: Node, word: str) -> Node:
    """The node with each bare `it` replaced. The `do` of an inner for-each has an `it` of its own."""
    if isinstance(node, Scalar):
        return Scalar(word, True, node.place, node.width) if node.text == "it" and not node.quoted else node
    if isinstance(node, Sequence):
        return Sequence(tuple(_substituted(item, word) for item in node.items), node.place, node.width, node.flow)
    if isinstance(node, Mapping):
        pairs: list[tuple[Scalar, Node]] = []
        for key, value in node.pairs:
            if key.text == "for-each" and isinstance(value, Mapping):
                inner = tuple((k, v if k.text == "do" else _substituted(v, word)) for k, v in value.pairs)
                pairs.append((key, Mapping(inner, value.place, value.width, value.flow)))
            else:
                new = _substituted(key, word)
                pairs.append((new if isinstance(new, Scalar) else key, _substituted(value, word)))
        return Mapping(tuple(pairs), node.place, node.width, node.flow)
    return node


# --- leak cycles ----------------------------------------------------------------------------------------------------


def _cycle(cast: Cast, steps: tuple[Step, ...]) -> str | None:
    """The kind of departure ("disconnect", or how a drop drops) if all who join here also go, in that one way."""
    joined: set[str] = set()
    gone: set[str] = set()
    kinds: set[str] = set()
    for act in _acts(steps):
        for who, detail in act.entries:
            bots = set(cast.bots).difference(who.but) if who.everyone else set(who.bots)
            if isinstance(detail, Join):
                if detail.wanted != "accepted":
                    return None
                joined |= bots
            elif act.verb == "connect":
                joined |= bots
            elif act.verb in ("disconnect", "drop"):
                gone |= bots
                kinds.add(getattr(detail, "how", "disconnect"))
    return kinds.pop() if joined and joined <= gone and len(kinds) == 1 else None


def _acts(steps: Iterable[Step]) -> Iterable[Act]:
    for step in steps:
        if isinstance(step, Act):
            yield step
        elif isinstance(step, Together):
            for branch in step.branches:
                yield from _acts(branch)
        elif isinstance(step, Repeat):
            yield from _acts(step.steps)
