"""A plan in words: what every step does and waits for, and which properties the run will put to the test.

Pure, and before anything is started. What it foretells of properties follows from the steps and the profile alone; a
run decides for itself (a check passes only what was really put to the test).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from chatsim.checks.catalogue import CHECKS
from chatsim.engine.plan import Plan, make_plan, walk, why_not
from chatsim.profile.profile import Profile
from chatsim.properties import named
from chatsim.report.printable import printable, quoted, shorten
from chatsim.scenario.scenario import Scenario
from chatsim.scenario.steps import (
    Act,
    Departure,
    Expectation,
    ExpectOutput,
    Join,
    Naming,
    OperatorSays,
    Pause,
    Raw,
    Repeat,
    ServerStep,
    Settle,
    Span,
    Step,
    Talk,
    Tell,
    Together,
    Who,
)
from chatsim.terms import Speech, Terms

__all__ = ["explain_plan", "foretell"]

MANY = 8  # bots that are still named one by one


def explain_plan(scenario: Scenario, profile: Profile, seed: int) -> list[str]:
    """The plan as lines of any length. Raises ScenarioError for texts that the profile cannot carry."""
    lines = [f"{printable(scenario.file)}: {printable(scenario.name)}", f"Profile {profile.name}, seed {seed}."]
    reason = why_not(scenario, profile)
    if reason is not None:
        return [*lines, "", f"Not applicable, so it would not be played: {printable(reason)}."]
    plan = make_plan(scenario, profile, seed)
    lines += [_cast(plan), *(f"Note: {printable(note)}" for note in plan.notes), ""]
    lines += _steps(scenario.steps, plan.terms, "")
    lines += ["", *_properties(plan)]
    return lines


def _cast(plan: Plan) -> str:
    told = [
        bot.name if plan.nicks.get(bot.name, bot.name) == bot.name else f"{bot.name} (called {plan.nicks[bot.name]})"
        for bot in plan.scenario.bots
    ]
    if len(told) > 3 * MANY:
        told = [*told[:MANY], f"… {told[-1]}"]
    return f"{len(plan.scenario.bots)} bots: {printable(', '.join(told))}."


# --- steps ------------------------------------------------------------------------------------------------------------


def _steps(steps: Iterable[Step], terms: Terms, indent: str) -> Iterator[str]:
    for number, step in enumerate(steps, start=1):
        label = f"{indent}{number:>2}. line {step.place.line}: "
        yield label + _what(step, terms)
        if isinstance(step, Repeat):
            yield from _steps(step.steps, terms, indent + "    ")
        elif isinstance(step, Together):
            for branch in step.branches:
                yield f"{indent}    at once:"
                yield from _steps(branch, terms, indent + "    ")


def _what(step: Step, terms: Terms) -> str:
    match step:
        case Act():
            waits = list(dict.fromkeys(_waits(step.verb, detail, terms) for _, detail in step.entries))
            does = "; ".join(f"{_who(who)}: {_does(step.verb, detail)}" for who, detail in step.entries)
            return f"{does}. {_until(waits)}"
        case OperatorSays():
            says = "; ".join(
                f"the operator types {quoted(text, 60)}" + (f", meant for {to}" if to else "")
                for to, text in step.entries
            )
            return f"{says}. {_until(['those it is meant for have it'])}"
        case ExpectOutput():
            return f"the server must print {_output(step)}. {_until(['it has'])}"
        case ServerStep():
            acts = {
                "stop": "the server is told to stop",
                "kill": "the server is killed",
                "restart": "the server is stopped and started again; every bot is gone",
                "freeze": "the server is frozen",
                "thaw": "the server goes on",
            }
            return f"{acts[step.action]}."
        case Together():
            return f"{len(step.branches)} branches side by side, until all have ended:"
        case Repeat():
            cycle = f" (each time all who come also go: {step.cycle})" if step.cycle else ""
            return f"{step.times} times{cycle}:"
        case Settle():
            return "nothing more is done until nothing is under way."
        case Pause():
            return f"{_span(step.span)} pass."


def _does(verb: str, detail: object) -> str:
    match detail:
        case Join(wanted):
            how = {"refused": ", and be refused", "either": ", and perhaps be refused"}.get(wanted, "")
            return ("join again" if verb == "rejoin" else "join") + how
        case Talk():
            return _talk(verb, detail)
        case Tell():
            return f"whisper {_texts(detail.texts, detail.count)} to {detail.to}"
        case Departure(how):
            return {
                "reset": "be cut off with a reset",
                "close": "close without a goodbye",
                "half-close": "shut down the writing side and read on",
                "mid-message": "be cut off in the middle of a message",
                "vanish": "fall silent for good, without closing",
            }[how]
        case Raw():
            return _raw(detail)
        case Naming(nick):
            return f"be called {quoted(nick, 30)} from now on"
        case Expectation():
            return ("not to hear " if verb == "expect-nothing" else "to have heard ") + _expected(detail)
    room = getattr(detail, "room", None)
    return {
        "connect": "connect and say nothing",
        "join": "join",
        "rejoin": "join again",
        "enter": f"enter {quoted(room or '', 30)}",
        "exit": f"leave {quoted(room or '', 30)}",
        "ask": "ask who is there",
        "disconnect": "leave politely",
        "drop": "be cut off with a reset",
        "stall": "stop reading",
        "resume": "read again",
    }.get(verb, verb)


def _talk(verb: str, talk: Talk) -> str:
    where = f" in {quoted(talk.room, 30)}" if talk.room else ""
    if verb == "converse":
        return f"speak in turn{where}, {talk.count} messages"
    size = f" of {talk.size} bytes" if talk.size else ""
    every = f", {_span(talk.every)} apart" if talk.every else ""
    return f"say {_texts(talk.texts, talk.count)}{size}{every}{where}"


def _texts(texts: tuple[str, ...], count: int) -> str:
    if not texts:
        return f"{count} drawn texts" if count > 1 else "a drawn text"
    shown = ", ".join(quoted(text, 40) for text in texts[:3]) + (", …" if len(texts) > 3 else "")
    return shown if count == len(texts) else f"{count} messages ({shown} in turn)"


def _raw(raw: Raw) -> str:
    if raw.garbage is not None:
        return f"send bad input ({raw.garbage})"
    if raw.raw is not None:
        return f"send {quoted(raw.raw, 40)} as it stands"
    if raw.data is not None:
        return f"send {len(raw.data)} bytes as they stand"
    what = quoted(raw.text, 40) if raw.text is not None else f"a text of {raw.size} bytes"
    if raw.pieces is not None:
        return f"send {what} " + (f"in {raw.pieces} pieces" if raw.pieces else "byte by byte")
    return f"send {raw.glued} messages in one write" if raw.glued > 1 else f"send {what}"


def _expected(wanted: Expectation) -> str:
    within = f" within {wanted.within:g} s" if wanted.within is not None else ""
    if wanted.closed:
        return "the server closing its connection" + within
    if wanted.refused:
        return "that it is refused" + within
    if wanted.roster is not None:
        return f"a roster of {', '.join(wanted.roster)}" + within
    if wanted.joined or wanted.left:
        return (f"that {wanted.joined} joined" if wanted.joined else f"that {wanted.left} left") + within
    if wanted.line is not None:
        return f"the line {quoted(wanted.line, 60)}" + within
    texts = wanted.texts or ((wanted.hears,) if wanted.hears is not None else ())
    shown = ", ".join(quoted(text, 40) for text in texts) or "anything"
    by = f" from {wanted.sender}" if wanted.sender else ""
    return (
        shown + by + (" in private" if wanted.private else "") + (", in this order" if wanted.in_order else "") + within
    )


def _output(step: ExpectOutput) -> str:
    if step.template is not None:
        return quoted(step.template, 60)
    if step.said is not None:
        return f"that {step.sender or 'somebody'} said {quoted(step.said, 40)}"
    return f"that {step.joined} joined" if step.joined else f"that {step.left} left"


def _waits(verb: str, detail: object, terms: Terms) -> str:
    """What a step waits for with this profile; empty: it goes on at once."""
    match verb:
        case "connect":
            return "the connection stands"
        case "join" | "rejoin":
            knocks = terms.knock and terms.others_hear
            return "each has heard a knock, or is refused" if knocks else "the join dialogue is done, or refused"
        case "chat" | "converse":
            if isinstance(detail, Talk) and not detail.wait:
                return "it is written"
            return _heard_by(terms.room if isinstance(detail, Talk) and detail.room else terms.public, terms)
        case "whisper":
            return "the addressee has heard it"
        case "enter":
            return "each has heard a knock in that room" if terms.knock and terms.room.heard else "the dialogue is done"
        case "exit":
            return "the dialogue is done"
        case "rename":
            return "the dialogue is done"
        case "ask":
            return "the answer has come"
        case "disconnect":
            return "the connection is closed" + (", and the others were told" if "left" in terms.notices else "")
        case "drop":
            return "the others were told" if "dropped" in terms.notices else ""
        case "resume":
            return "each has caught up, or is closed by the server"
        case "send":
            bad = isinstance(detail, Raw) and (detail.garbage or detail.raw is not None or detail.data is not None)
            return "it is written" if bad else _heard_by(terms.public, terms)
        case "expect":
            return "it has come"
        case "expect-nothing":
            within = isinstance(detail, Expectation) and detail.within is not None
            return "that time has passed" if within else "nothing is under way"
    return ""


def _heard_by(speech: Speech, terms: Terms) -> str:
    ears = ["all others have heard it"] if speech.heard else []
    ears += ["the server's console shows it"] if terms.console_receives and speech is terms.public else []
    ears += ["the sender has heard itself"] if speech.echo else []
    ears += ["the receipt has come"] if speech.ack else []
    return " and ".join(ears) or "it is written"


def _until(waits: list[str]) -> str:
    waits = [wait for wait in waits if wait]
    return f"Then wait until {'; '.join(waits)}." if waits else "Goes on at once."


def _who(who: Who) -> str:
    if who.text:
        return printable(who.text)
    if who.everyone:
        return "everyone" + (f" but {', '.join(who.but)}" if who.but else "")
    return shorten(", ".join(who.bots), 80)


def _span(span: Span) -> str:
    if span.low == span.high:
        return f"{span.low:g} s"
    return f"{span.low:g} to {span.high:g} s (drawn from the seed)"


# --- properties ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Facts:
    """What of a scenario decides which properties are put to the test."""

    terms: Terms
    verbs: frozenset[str]  # verbs, `drop:reset` …, `garbage`, `pieces`, `server:restart` …
    bots: int
    joins: int  # steps in which bots join: those of one step owe each other no notice
    messages: int  # at most, of one bot
    speakers: int
    together: int  # speakers that may speak at the same time
    attached: bool = False

    def did(self, *verbs: str) -> bool:
        return any(verb in self.verbs for verb in verbs)

    @property
    def gone(self) -> bool:
        return self.did("disconnect", "drop")


# For each property: may it be judged at all with this profile, and does the scenario put it to the test. Properties
# that are not named here are judged in every run in which somebody joins.
_APPLICABLE: dict[str, Callable[[Terms], bool]] = {
    "delivery": lambda t: t.public.heard or t.room.heard or t.whisper.heard or t.console_receives or bool(t.operator),
    "attribution": lambda t: not t.public.composed,
    "isolation": lambda t: t.join_dialogue or t.rooms or t.whisper.possible,
    "framing": lambda t: t.others_hear or t.public.echo,
    "echo": lambda t: t.public.possible or t.rooms,
    "causal-order": lambda t: t.others_hear and t.promised("causal-order"),
    "total-order": lambda t: t.others_hear and t.promised("total-order"),
    "membership-order": lambda t: bool(t.notices) and t.others_hear,
    "join-notice": lambda t: "joined" in t.notices,
    "leave-notice": lambda t: "left" in t.notices,
    "drop-notice": lambda t: "dropped" in t.notices,
    "roster": lambda t: t.roster,
    "unique-nicknames": lambda t: t.nick == "chosen" and t.promised("unique-nicknames"),
    "nickname-released": lambda t: t.nick == "chosen" and t.join_dialogue,
}
_EXERCISED: dict[str, Callable[[_Facts], bool]] = {
    "delivery": lambda f: f.messages > 0 and (f.bots > 1 or f.terms.console_receives),
    "no-duplication": lambda f: f.messages > 0,
    "intact": lambda f: f.messages > 0,
    "framing": lambda f: f.messages > 0,
    "attribution": lambda f: f.messages > 0 and f.bots > 1,
    "echo": lambda f: f.messages > 0,
    "isolation": lambda f: f.messages > 0 and f.did("connect", "enter", "whisper"),
    "fifo-order": lambda f: f.messages > 1,
    "causal-order": lambda f: f.speakers > 1 and f.bots > 2,
    "total-order": lambda f: f.together > 1 and f.bots > 2,
    "membership-order": lambda f: f.messages > 0 and (f.joins > 1 or f.gone),
    "join-notice": lambda f: f.joins > 1,
    "leave-notice": lambda f: f.did("disconnect") and f.bots > 1,
    "drop-notice": lambda f: f.did("drop") and f.bots > 1,
    "roster": lambda f: f.did("ask"),
    "unique-nicknames": lambda f: f.bots > 2,
    "nickname-released": lambda f: f.gone and f.did("rejoin", "join:again"),
    "closes-connection": lambda f: f.gone,
    "no-ghosts": lambda f: f.gone and f.bots > 1,
    "no-thread-leak": lambda f: f.did("cycle"),
    "no-socket-leak": lambda f: f.did("cycle"),
    "no-memory-leak": lambda f: f.did("cycle", "stall"),
    "still-serves": lambda f: f.did("drop", "send:bad", "stall") and f.joins > 1,
    "no-head-of-line-blocking": lambda f: f.did("stall", "connect", "send:half"),
    "survives-malformed": lambda f: f.did("send:bad") and f.bots > 1,
    "expectations": lambda f: f.did("expect", "expect-nothing", "expect-output", "join:refused"),
}


def foretell(scenario: Scenario, terms: Terms) -> dict[str, list[str]]:
    """The properties that the scenario asks for, under `tested`, `untested` and `not applicable`."""
    facts = _facts(scenario, terms)
    told: dict[str, list[str]] = {"tested": [], "untested": [], "not applicable": []}
    for name in named(scenario.check):
        if name not in CHECKS:
            continue  # it has a name, and no check yet
        if not _may_be_judged(name, terms):
            told["not applicable"].append(name)
        else:
            told["tested" if _is_exercised(name, facts) else "untested"].append(name)
    return told


def _may_be_judged(name: str, terms: Terms) -> bool:
    return terms.promised(name) and (name not in _APPLICABLE or _APPLICABLE[name](terms))


def _is_exercised(name: str, facts: _Facts) -> bool:
    return name not in _EXERCISED or _EXERCISED[name](facts)


def _properties(plan: Plan) -> Iterator[str]:
    words = {
        "tested": "Put to the test",
        "untested": "Not put to the test by these steps",
        "not applicable": "Not applicable with this profile",
    }
    for group, names in foretell(plan.scenario, plan.terms).items():
        if names:
            yield f"{words[group]}: {', '.join(names)}."


def _facts(scenario: Scenario, terms: Terms) -> _Facts:
    verbs: set[str] = set()
    joins = messages = 0
    speakers: set[str] = set()
    together = 0
    everyone = tuple(bot.name for bot in scenario.bots)
    for step in walk(scenario.steps):
        verbs.add(step.verb)
        if isinstance(step, Repeat) and step.cycle:
            verbs.add("cycle")
        if isinstance(step, OperatorSays):
            messages += len(step.entries)
        if not isinstance(step, Act):
            continue
        if step.verb in ("join", "rejoin"):
            joins += 1
            if "drop" in verbs or "disconnect" in verbs:
                verbs.add("join:again")
        now: set[str] = set()
        for who, detail in step.entries:
            bots = [bot for bot in who.bots or everyone if bot not in who.but]
            verbs.add(_kind(step.verb, detail))
            if isinstance(detail, Raw) and detail.garbage:
                verbs.add(f"send:{detail.garbage}")
            if isinstance(detail, Talk | Tell) or (isinstance(detail, Raw) and _kind(step.verb, detail) != "send:bad"):
                messages += max(getattr(detail, "count", 1), len(getattr(detail, "texts", ())), 1)
                now.update(bots)
        speakers |= now
        together = max(together, len(now) if step.verb == "chat" else 0)
    if any(isinstance(step, Together) for step in walk(scenario.steps)):
        together = max(together, len(speakers))
    return _Facts(terms, frozenset(verbs), len(scenario.bots), joins, messages, len(speakers), together)


def _kind(verb: str, detail: object) -> str:
    match detail:
        case Departure(how):
            return f"drop:{how}"
        case Join(wanted) if wanted != "accepted":
            return f"join:{wanted}"
        case Raw(text=None, size=None):
            return "send:bad"
    return verb
