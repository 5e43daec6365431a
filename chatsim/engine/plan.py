"""From a scenario, a profile and a seed to a plan: who is called what, which words stand unmarked, what cannot be played.

Everything that can be known before a server is started is decided here.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from chatsim.engine.texts import SHORTEST_UNMARKED
from chatsim.errors import Place, Problem, ScenarioError
from chatsim.profile.profile import Profile
from chatsim.profile.templates import Template
from chatsim.profile.terms_of import terms_of
from chatsim.scenario.scenario import Bot, Scenario
from chatsim.scenario.steps import (
    Act,
    Departure,
    Expectation,
    ExpectOutput,
    Naming,
    OperatorSays,
    Raw,
    Repeat,
    ServerStep,
    Step,
    Talk,
    Tell,
    Together,
)
from chatsim.terms import Terms

__all__ = ["Plan", "check_texts", "make_plan", "walk", "why_not", "with_bots"]

LONGEST_DATAGRAM = 60_000  # bytes of text: 65,507 with all that stands around it
NEW = "\0"  # before a name that is taken later: no bot is called so
LETTERS = "bcdfghjklmnprstvz"
MOST_TRIES = 1000  # at a name of its own for one bot: where names have one letter only, there are not enough


@dataclass(frozen=True, slots=True)
class Plan:
    scenario: Scenario
    profile: Profile
    terms: Terms
    seed: int
    patience: float  # times the usual
    nicks: Mapping[str, str]  # bot -> the nickname it will ask for
    new_names: Mapping[str, str]  # a name of a `rename`, as written -> as it will be
    unmarked: frozenset[str]  # author's words that go out as they are
    attached: bool = False  # connected to a running server: its process is not ours
    fixed_port: bool = False  # the next run needs this very port, and many servers do not set SO_REUSEADDR
    keeps_lines: bool = False  # some step asks for a `line`: what came is kept as text
    notes: tuple[str, ...] = field(default=())


def make_plan(
    scenario: Scenario,
    profile: Profile,
    seed: int,
    *,
    patience: float = 1.0,
    attached: bool = False,
    fixed_port: bool = False,
) -> Plan:
    """Raises ScenarioError for texts that the profile's encoding cannot carry, with their places."""
    terms = terms_of(profile, scenario.promises)
    names, notes = _nicknames(scenario, profile, seed)
    nicks = {bot.name: names[bot.name] for bot in scenario.bots}
    new_names = {name.removeprefix(NEW): nick for name, nick in names.items() if name.startswith(NEW)}
    texts = list(_authored(scenario.steps))
    _check_encoding(texts, nicks, scenario, profile)
    _check_encoding(_new_names(scenario.steps), {}, scenario, profile)
    return Plan(
        scenario,
        profile,
        terms,
        seed,
        patience,
        nicks,
        new_names,
        _unmistakable([text for text, _ in texts], names.values(), profile, scenario.steps),
        attached,
        fixed_port,
        keeps_lines=any(
            isinstance(detail, Expectation) and detail.line is not None
            for step in walk(scenario.steps)
            if isinstance(step, Act)
            for _, detail in step.entries
        ),
        notes=(*notes, *_other_ends(scenario, profile)),
    )


def with_bots(plan: Plan, bots: Iterable[Bot]) -> Plan:
    """The plan with more of a cast, for a run that is led from outside. Who has a nickname keeps it.

    Raises ScenarioError for nicknames that the profile's encoding cannot carry.
    """
    scenario = replace(plan.scenario, bots=tuple(bots))
    nicks, notes = _nicknames(scenario, plan.profile, plan.seed, given=plan.nicks)
    _check_encoding([], nicks, scenario, plan.profile)
    whole = replace(scenario, bots=(*plan.scenario.bots, *scenario.bots))
    return replace(plan, scenario=whole, nicks={**plan.nicks, **nicks}, notes=(*plan.notes, *notes))


def check_texts(plan: Plan, step: Step) -> None:
    """Raises ScenarioError for texts of this step that the profile's encoding cannot carry, with their places."""
    _check_encoding(list(_authored((step,))), {}, plan.scenario, plan.profile)


def _other_ends(scenario: Scenario, profile: Profile) -> Iterator[str]:
    """What the wire cannot do as the scenario says it, and does otherwise."""
    wire = profile.line.wire
    ways = {
        detail.how
        for step in walk(scenario.steps)
        if isinstance(step, Act)
        for _, detail in step.entries
        if isinstance(detail, Departure)
    }
    if "reset" in ways and not wire.resets:
        yield f"over {wire.called} there is no reset: whoever drops closes the connection without a goodbye"


def walk(steps: Iterable[Step]) -> Iterator[Step]:
    """Every step, the inner ones of `together` and `repeat` after their parent."""
    for step in steps:
        yield step
        if isinstance(step, Together):
            for branch in step.branches:
                yield from walk(branch)
        elif isinstance(step, Repeat):
            yield from walk(step.steps)


# --- can it be played at all ---------------------------------------------------------------------------------------


def why_not(scenario: Scenario, profile: Profile, *, attached: bool = False) -> str | None:
    """Why this scenario cannot be played with this profile, in one sentence naming the step; None if it can."""
    if (
        attached
        and profile.output_said
        and not profile.public.hears
        and not profile.public.echo
        and not profile.operator
    ):
        return "only the server's console hears messages there, and with --connect nobody sees its console"
    if profile.limits.exactly is not None and (reason := _not_all_at_once(scenario, profile.limits.exactly)):
        return reason
    if profile.limits.clients is not None and len(scenario.bots) > profile.limits.clients:
        return f"it has {len(scenario.bots)} bots, and the profile allows {profile.limits.clients} clients (limits: clients)"
    for step in walk(scenario.steps):
        if lacking := _lacking(step, profile, attached):
            return f"{step.verb!r} ({step.place}) needs {lacking}"
    return _unheard_of(scenario, profile)


def _not_all_at_once(scenario: Scenario, exactly: int) -> str | None:
    """A server that begins when all are there never lets in those who come in two steps."""
    cast = {bot.name for bot in scenario.bots}
    if len(cast) != exactly:
        return f"it has {len(cast)} bots, and the server serves exactly {exactly} clients together (limits: exactly)"
    for step in walk(scenario.steps):
        if isinstance(step, Act) and step.verb in ("connect", "join", "rejoin"):
            coming = set[str]().union(*(cast - set(who.but) if who.everyone else who.bots for who, _ in step.entries))
            if step.verb != "join" or coming != cast:
                return (
                    f"{step.verb!r} ({step.place}) does not bring all at once, and the server lets nobody in before all "
                    f"{exactly} are there (limits: exactly)"
                )
            return None
    return None


def _unheard_of(scenario: Scenario, profile: Profile) -> str | None:
    """An `expect` for words that, by the profile, that bot can never hear: its own, or those of anybody else."""
    speakers: dict[str, set[str]] = {}
    for step in walk(scenario.steps):
        if not isinstance(step, Act):
            continue
        for who, detail in step.entries:
            if isinstance(detail, Talk | Tell):
                for text in detail.texts:
                    speakers.setdefault(text, set()).update(who.bots or (bot.name for bot in scenario.bots))
            elif step.verb == "expect" and isinstance(detail, Expectation):
                for words in (detail.hears, *detail.texts):
                    lacking = _never_heard(who.bots, speakers.get(words or "", set()), detail, profile)
                    if lacking is not None:
                        return f"'expect' ({step.place}) needs {lacking}"
    return None


def _never_heard(bots: tuple[str, ...], speakers: set[str], detail: Expectation, profile: Profile) -> str | None:
    if not bots or not speakers or detail.private:
        return None
    voice = profile.rooms.voice if detail.room is not None and profile.rooms is not None else profile.public
    if voice.says is None:
        return None
    for bot in bots:
        if speakers == {bot} and not voice.echo:
            return "bots that hear themselves (`echo`)"
        if bot not in speakers and not voice.hears:
            return "bots that hear each other (`hears`)"
    return None


def _lacking(step: Step, profile: Profile, attached: bool) -> str | None:
    if isinstance(step, ServerStep) and attached:
        return "a server that chatsim started, and this one was only connected to"
    if isinstance(step, OperatorSays):
        if attached:
            return "the server's console, and this server was only connected to"
        return None if profile.operator or all(to is None for to, _ in step.entries) else "an operator in the profile"
    if isinstance(step, ExpectOutput):
        return _lacking_output(step, profile, attached)
    if isinstance(step, Act):
        for _, detail in step.entries:
            lacking = _lacking_act(step.verb, detail, profile)
            if lacking:
                return lacking
    return None


def _lacking_output(step: ExpectOutput, profile: Profile, attached: bool) -> str | None:
    if attached:
        return "the server's output, and this server was only connected to"
    for key in ("said", "joined", "left"):
        if getattr(step, key) is not None and not getattr(profile, f"output_{key}"):
            return f"`output: {{{key}: …}}` in the profile"
    return None


def _lacking_act(verb: str, detail: Any, profile: Profile) -> str | None:
    if (lacking := _lacking_wire(verb, detail, profile)) is not None:
        return lacking
    public = profile.public.says is not None or (profile.rooms is not None and profile.rooms.default is not None)
    if verb in ("chat", "converse"):
        assert isinstance(detail, Talk)
        if detail.room is not None:
            return _lacking_room(detail.room, profile)
        if not public:
            return "public chat (`says`)"
        if verb == "converse" and not (profile.public.hears or profile.rooms):
            return "bots that hear each other (`hears`)"
    if verb == "whisper" and profile.whisper.says is None:
        return "direct messages (`whisper`)"
    if verb in ("enter", "exit"):
        return _lacking_room(detail.room, profile)
    if verb == "rename" and (not profile.rename or profile.nick == "none"):
        return "names that can be changed (`rename`)"
    if verb == "ask" and (profile.roster is None or profile.roster.ask is None):
        return "a roster that can be asked for (`roster: {ask}`)"
    if verb in ("join", "rejoin") and detail is not None and detail.wanted == "refused":
        able = profile.join and (profile.refuses or profile.promises.get("unique-nicknames"))
        return None if able else "a join dialogue in which a client can be refused (`join`, `refuses`)"
    if isinstance(detail, Departure) and (lacking := _lacking_end(detail.how, profile)) is not None:
        return lacking
    if _says_after_a_dialogue(profile) and (
        (isinstance(detail, Departure) and detail.how == "mid-message")
        or (isinstance(detail, Raw) and (detail.pieces is not None or detail.glued > 1))
    ):
        return "messages that go out by themselves: here a dialogue comes before each (`says`)"
    if isinstance(detail, Departure) and detail.how == "mid-message" and _waits_for_answers(profile):
        return "a server that nobody types answers for: there half a message is a question, too"
    if isinstance(detail, Talk | Raw) and _waits_for_answers(profile) and _is_long(detail, profile):
        return "a server that nobody types answers for: there every piece of a long text is a question of its own"
    if isinstance(detail, Talk | Raw) and profile.sent.promises and _is_long(detail, profile):
        # What comes in one read after the other is only cut there. A frame that is too long may break all after it.
        return f"texts longer than the {profile.limits.text:,} bytes that the profile allows (limits: text)"
    if isinstance(detail, Raw):
        whole = detail.pieces is None and detail.glued == 1 and (detail.text is not None or detail.size is not None)
        if _waits_for_answers(profile) and not whole:
            return "a server that nobody types answers for: there every piece is a question of its own"
        if not public and (detail.text is not None or detail.size is not None):
            return "public chat (`says`)"
        if detail.garbage == "length" and profile.sent.kind not in ("digits", "length", "struct"):
            return "a framing with a length header"
    if isinstance(detail, Expectation):
        return _lacking_expectation(detail, profile)
    if isinstance(detail, Talk | Tell | Raw):
        return _lacking_header(detail, profile)
    return None


def _says_after_a_dialogue(profile: Profile) -> bool:
    """Then no half of one, and no two at once, mean anything to the server."""
    rooms = profile.rooms
    return bool(profile.public.before or (rooms is not None and rooms.voice.before))


def _lacking_header(detail: Talk | Tell | Raw, profile: Profile) -> str | None:
    """A length header with room for so long a text, with what stands around it, under the longest name."""
    if profile.sent.kind not in ("digits", "struct"):
        return None
    voice = profile.whisper if isinstance(detail, Tell) else profile.public
    if profile.rooms is not None and (voice.says is None or (isinstance(detail, Talk) and detail.room is not None)):
        voice = profile.rooms.voice
    if voice.says is None:
        return None
    name = "n" * (profile.limits.nick or 0)
    around = dict.fromkeys(voice.says.fields, name) | {"text": ""}
    texts = (detail.text or "",) if isinstance(detail, Raw) else detail.texts
    sizes = [len(text.encode()) for text in texts] + [0 if isinstance(detail, Tell) else detail.size or 0]
    longest = max(len(frame.encode()) for frame in voice.says.render(around)) + max(sizes)
    problem = profile.sent.payload_problem(b"." * longest)
    return None if problem is None else f"a longer header in the profile (`framing`): its longest message {problem}"


def _lacking_end(how: str, profile: Profile) -> str | None:
    """Is there such a way of going on this wire at all?"""
    wire = profile.line.wire
    if how == "half-close" and not wire.half_closes:
        return f"a wire on which one side can be ended alone, and over {wire.called} there is no such thing"
    if how in ("reset", "mid-message", "close") and not wire.connects:
        return f"a wire on which a server learns of such an end, and over {wire.called} none does"
    return None


def _lacking_wire(verb: str, detail: Any, profile: Profile) -> str | None:
    """What other wires can do, and this one can not."""
    wire = profile.line.wire
    if verb == "disconnect" and not wire.connects and not profile.leave:
        return f"a goodbye in the profile (`leave`): over {wire.called} a server learns of no end but by words"
    if verb == "connect" and not wire.connects:
        return f"a wire on which a server learns of who says nothing, and over {wire.called} none does"
    if verb in ("stall", "resume") and not wire.waits:
        return f"a wire on which what is not read waits, and over {wire.called} it is lost"
    if isinstance(detail, Raw) and not wire.waits and (detail.pieces is not None or detail.garbage == "endless"):
        return f"a wire on which a message can come in pieces, and over {wire.called} it comes whole or not at all"
    sizes = (detail.size or 0, *_lengths(detail)) if isinstance(detail, Talk | Raw) else ()
    if not wire.waits and max(sizes, default=0) > LONGEST_DATAGRAM:
        return (
            f"a wire that carries {max(sizes):,} bytes at once, and over {wire.called} {LONGEST_DATAGRAM:,} is the most"
        )
    return None


def _is_long(detail: Talk | Raw, profile: Profile) -> bool:
    """Longer than the server takes as one message?"""
    longest = profile.limits.text
    return longest is not None and max(detail.size or 0, *_lengths(detail)) > longest


def _lengths(detail: Talk | Raw) -> list[int]:
    """Of its author's texts, in bytes."""
    texts = detail.texts if isinstance(detail, Talk) else (detail.text or "",)
    return [len(text.encode()) for text in texts] or [0]


def _waits_for_answers(profile: Profile) -> bool:
    return profile.operator is not None and profile.operator.to == "waiting"


def _lacking_expectation(detail: Expectation, profile: Profile) -> str | None:
    if detail.joined is not None and not profile.joined:
        return "join notices (`notices: {joined}`)"
    if detail.left is not None and not (profile.left or profile.dropped):
        return "leave notices (`notices: {left}`)"
    if detail.line is not None and profile.python is not None:
        return "lines, and on the wire of a profile in Python there are none that could be looked at"
    if detail.roster is not None and profile.roster is None:
        return "a roster (`roster`)"
    if detail.private and profile.whisper.says is None:
        return "direct messages (`whisper`)"
    if detail.room is not None:
        return _lacking_room(detail.room, profile)
    return None


def _lacking_room(room: str, profile: Profile) -> str | None:
    if profile.rooms is None:
        return "rooms (`rooms`)"
    if profile.rooms.names and room not in profile.rooms.names:
        return f"a room {room!r}; the profile has only {', '.join(profile.rooms.names)}"
    return None


# --- nicknames -----------------------------------------------------------------------------------------------------


def _nicknames(
    scenario: Scenario, profile: Profile, seed: int, given: Mapping[str, str] | None = None
) -> tuple[dict[str, str], tuple[str, ...]]:
    """What each of the cast will be called, and what is to be said of it. `given`: the names of those who came before."""
    earlier = {nick.casefold() for nick in (given or {}).values()}
    draw = random.Random(f"nicks {seed} {len(earlier)}" if earlier else f"nicks {seed}")
    wanted = _wanted_nicks(scenario, seed)
    wanted |= {NEW + name: name for name, _ in _new_names(scenario.steps)}
    longest = profile.limits.nick
    short = {bot: nick[:longest] for bot, nick in wanted.items()}
    authored = {bot.name for bot in scenario.bots if bot.nick is not None}
    literals = "\n".join(literal.casefold() for template in templates_of(profile) for literal in template.literals)
    crowd = "\n" + "\n".join(sorted({nick.casefold() for nick in short.values()} | earlier)) + "\n"
    notes: list[str] = []
    named: dict[str, str] = {}
    renamed: dict[str, str] = {}  # equal wishes stay equal
    taken: set[str] = set()
    for bot, wish in wanted.items():
        if wish in renamed:
            named[bot] = renamed[wish]
            continue
        nick = fine = short[bot]
        if nick.casefold() in earlier:  # as its author wants it: two under one name
            named[bot] = renamed[wish] = nick
            continue
        holds_another = any(name in nick.casefold() for name in earlier)  # and that one can not be changed any more
        for _ in range(MOST_TRIES):
            mistakable = _mistakable(fine, crowd, literals, own=fine == nick) or any(
                n in fine.casefold() for n in earlier
            )
            if not mistakable and fine not in taken:
                break
            letters = "".join(draw.choice(LETTERS) for _ in range(5 if holds_another else 3))[:longest]
            stem = nick[:1] if holds_another else nick
            fine = stem[: None if longest is None else longest - len(letters)] + letters
        if fine != nick:
            notes.append(
                f"{bot.removeprefix(NEW)} is called {fine!r} here: "
                f"{nick!r} is part of another name or of the profile's own words"
            )
            crowd += fine.casefold() + "\n"
        elif nick != wish and bot in authored:
            notes.append(f"{bot} is called {nick!r} here: longer names are not allowed (limits: nick)")
        taken.add(fine)
        renamed[wish] = named[bot] = fine
    return named, tuple(notes)


def _new_names(steps: Iterable[Step]) -> list[tuple[str, Place]]:
    """What bots want to be called later, as it is written."""
    acts = [step for step in walk(steps) if isinstance(step, Act)]
    return [(detail.nick, act.place) for act in acts for _, detail in act.entries if isinstance(detail, Naming)]


def _mistakable(nick: str, crowd: str, literals: str, *, own: bool) -> bool:
    folded = nick.casefold()
    if folded in literals:
        return True
    return crowd.count(folded) > (1 if own else 0)


def _wanted_nicks(scenario: Scenario, seed: int) -> dict[str, str]:
    """Each bot's wish: what the author wrote, Faker's where names are drawn, else the bot's own name."""
    drawing = [bot for bot in scenario.bots if bot.nick is None and (scenario.drawn_names or bot.locale is not None)]
    drawn: dict[str, str] = {}
    if drawing:
        from faker import Faker  # 90 ms: only where names are drawn

        fakers: dict[str, Faker] = {}
        taken: set[str] = {bot.nick.casefold() for bot in scenario.bots if bot.nick is not None}
        for bot in drawing:
            locale = "en_US" if bot.locale in (None, "mixed") else str(bot.locale)
            if locale not in fakers:
                fakers[locale] = Faker(locale)
                fakers[locale].seed_instance(f"{seed} {locale}")
            drawn[bot.name] = _new_name(fakers[locale], taken, bot.name)
    return {bot.name: bot.nick if bot.nick is not None else drawn.get(bot.name, bot.name) for bot in scenario.bots}


def _new_name(faker: Any, taken: set[str], fallback: str) -> str:
    for attempt in range(200):
        name: str = "".join(character for character in faker.first_name() if character not in " \t-'.·")
        if attempt > 60:  # a thousand bots: first names run out
            name += str(attempt + len(taken))
        if len(name) >= 3 and name.casefold() not in taken:
            taken.add(name.casefold())
            return name
    return fallback


def templates_of(value: Any) -> Iterator[Template]:
    """Every template anywhere in a profile."""
    if isinstance(value, Template):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from templates_of(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            if each.name != "start":
                yield from templates_of(getattr(value, each.name))


# --- texts ---------------------------------------------------------------------------------------------------------


def _authored(steps: Iterable[Step]) -> Iterator[tuple[str, Place]]:
    """Every text that an author put into a message, once for each time it may be said."""
    for step in walk(steps):
        if isinstance(step, OperatorSays):
            for _, text in step.entries:
                yield text, step.place
        if not isinstance(step, Act):
            continue
        for _, detail in step.entries:
            if isinstance(detail, Talk | Tell):
                for text in detail.texts:
                    yield text, step.place
            elif isinstance(detail, Raw) and detail.text is not None:
                yield detail.text, step.place


def _said_more_than_once(steps: Iterable[Step]) -> set[str]:
    """Texts that one step may say several times: several bots, a count, a repeat."""
    often: set[str] = set()
    for step in walk(steps):
        if isinstance(step, Repeat):
            often.update(text for text, _ in _authored(step.steps))
        if isinstance(step, Act):
            for who, detail in step.entries:
                many = who.everyone or len(who.bots) > 1
                if isinstance(detail, Talk | Tell) and (many or detail.count > len(detail.texts)):
                    often.update(detail.texts)
                if isinstance(detail, Raw) and detail.text is not None:
                    often.add(detail.text)
    return often


def _unmistakable(texts: list[str], nicks: Iterable[str], profile: Profile, steps: Iterable[Step]) -> frozenset[str]:
    often = _said_more_than_once(steps)
    others = [nick.casefold() for nick in nicks]
    others += [literal.casefold() for template in templates_of(profile) for literal in template.literals]
    crowd = "\n".join(others)
    folded = [text.casefold() for text in texts]
    joined = "\n".join(folded)
    return frozenset(
        text
        for text, fold in zip(texts, folded, strict=True)
        if len(text) >= SHORTEST_UNMARKED
        and text not in often
        and joined.count(fold) == 1
        and fold not in crowd
        and not any(literal and literal in fold for literal in others if len(literal) > 3)
    )


def _check_encoding(
    texts: list[tuple[str, Place]], nicks: Mapping[str, str], scenario: Scenario, profile: Profile
) -> None:
    problems = []
    for text, place in texts:
        try:
            text.encode(profile.encoding)
        except UnicodeEncodeError as problem:
            problems.append(
                Problem(
                    f"the text {text!r} holds {text[problem.start]!r}, which {profile.encoding} "
                    f"(profile {profile.name}) cannot carry",
                    place,
                )
            )
    places = {bot.name: bot.place for bot in scenario.bots}
    for bot, nick in nicks.items():
        try:
            nick.encode(profile.encoding)
        except UnicodeEncodeError:
            problems.append(
                Problem(
                    f"the nickname {nick!r} cannot be written in {profile.encoding} (profile {profile.name})",
                    places[bot],
                )
            )
    if problems:
        raise ScenarioError(problems)
