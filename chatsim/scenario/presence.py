"""Does the scenario make sense? Who is where before each step, as far as it is certain.

Every bot is in one of five states; where it may be in one of several (it may have been refused, or another branch of a
`together` acts on it) all of them are kept. A step is wrong only if it makes sense in none of them: what is absent from
the table is forbidden.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Final

from chatsim.document import Reading
from chatsim.scenario.cast import Cast
from chatsim.scenario.steps import (
    Act,
    Detail,
    Expectation,
    ExpectOutput,
    Join,
    OperatorSays,
    Pause,
    Raw,
    Repeat,
    ServerStep,
    Settle,
    Step,
    Together,
    Who,
)
from chatsim.scenario.verbs import OF_BOTS

__all__ = [
    "ANY_SERVER",
    "AWAY",
    "CONNECTED",
    "DOWN",
    "FROZEN",
    "GONE",
    "HERE",
    "STALLED",
    "UNREADABLE",
    "UP",
    "check_presence",
]

UNREADABLE: Final = "?"
"""The verb of a step that could not be read: after it nothing is certain, so that one mistake is not told twice."""

AWAY, CONNECTED, HERE, STALLED, GONE = "away", "connected", "here", "stalled", "gone"
States = frozenset[str]
ANY: Final[States] = frozenset((AWAY, CONNECTED, HERE, STALLED, GONE))


def _stay(*states: str) -> dict[str, tuple[str, ...]]:
    return {state: (state,) for state in states}


def _go(to: str, *states: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(states, (to,))


# verb → state before → states possible after.
TRANSITIONS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "connect": _go(CONNECTED, AWAY, GONE),
    "join": _go(HERE, AWAY, CONNECTED, GONE),
    "rejoin": _go(HERE, GONE),
    "chat": _stay(HERE, STALLED),
    "converse": _stay(HERE),
    "whisper": _stay(HERE, STALLED),
    "enter": _stay(HERE),
    "exit": _stay(HERE),
    "rename": _stay(HERE),
    "ask": _stay(HERE),
    "disconnect": _go(GONE, CONNECTED, HERE, STALLED),
    "drop": _go(GONE, CONNECTED, HERE, STALLED),
    "stall": _go(STALLED, CONNECTED, HERE),
    "resume": {STALLED: (CONNECTED, HERE, GONE)},
    "send": _stay(CONNECTED, HERE, STALLED),
    "expect": _stay(CONNECTED, HERE, STALLED, GONE),
    "expect-nothing": _stay(CONNECTED, HERE, STALLED, GONE),
}
_WHY: Final[dict[str, str]] = {
    AWAY: "never joined",
    CONNECTED: "has only connected, not joined",
    HERE: "is already there",
    STALLED: "is stalled",
    GONE: "has gone",
}
UP, FROZEN, DOWN = "up", "frozen", "down"
ANY_SERVER: Final[States] = frozenset((UP, FROZEN, DOWN))
_SERVER: Final[dict[tuple[str, str], str]] = {
    (UP, "stop"): DOWN,
    (FROZEN, "stop"): DOWN,
    (UP, "kill"): DOWN,
    (FROZEN, "kill"): DOWN,
    (UP, "restart"): UP,
    (FROZEN, "restart"): UP,
    (DOWN, "restart"): UP,
    (UP, "freeze"): FROZEN,
    (FROZEN, "thaw"): UP,
}


def check_presence(
    reading: Reading,
    cast: Cast,
    steps: Sequence[Step],
    *,
    now: Mapping[str, States] | None = None,
    server: States = frozenset((UP,)),
) -> None:
    """Note a problem for each step that certainly makes no sense.

    `now`: in which of the states each bot may be at the beginning, in a run that is under way; else all are away.
    """
    cells: dict[States, set[str]] = {}
    for bot in cast.bots:
        cells.setdefault(frozenset((AWAY,)) if now is None else now[bot], set()).add(bot)
    _Walk(reading, cast, cells, server).steps(steps)


class _Walk:
    """One walk through the steps. `cells`: the bots by what is known of them, so that a step of 20,000 is a few
    operations on sets."""

    def __init__(self, reading: Reading, cast: Cast, cells: dict[States, set[str]], server: States) -> None:
        self.reading = reading
        self.cast = cast
        self.cells = cells
        self.server = server

    def steps(self, steps: Iterable[Step]) -> None:
        for step in steps:
            match step:
                case Act():
                    self._act(step)
                case ServerStep():
                    self._server_step(step)
                case Repeat():
                    self._repeat(step)
                case Together():
                    self._together(step)
                case OperatorSays():
                    self._operator(step)
                case ExpectOutput() | Settle() | Pause():
                    pass

    # --- a step of bots ------------------------------------------------------------------------------------------

    def _act(self, act: Act) -> None:
        if act.verb == UNREADABLE:
            self.cells = {ANY: set(self.cast.bots)}
            self.server = ANY_SERVER
            return
        if act.verb in ("connect", "join", "rejoin") and self.server == {DOWN}:
            self.reading.wrong("the server was stopped before: nobody can join", act.place, width=len(act.verb))
            return
        for who, detail in act.entries:
            table = _table(act.verb, detail)
            if who.everyone:
                self._everyone(act, who, table)
            else:
                self._named(act, who, set(who.bots), table)

    def _named(self, act: Act, who: Who, bots: set[str], table: dict[str, tuple[str, ...]]) -> None:
        for states, hit in self._cells_of(bots):
            after = _after(states, table)
            if not after:
                self._senseless(act, who, hit, states)
            elif after != states:
                self._move(hit, states, after)

    def _everyone(self, act: Act, who: Who, table: dict[str, tuple[str, ...]]) -> None:
        """All whom it can mean; certain nonsense only if it can mean nobody."""
        able = 0
        for states, hit in self._cells_of(self.cast.bots.keys() - set(who.but)):
            if not any(state in table for state in states):
                continue
            able += len(hit)
            after = frozenset(new for state in states for new in table.get(state, (state,)))
            if after != states:
                self._move(hit, states, after)
        if not able:
            there = "has yet to join" if act.verb in ("connect", "join", "rejoin") else "is there"
            self.reading.wrong(
                f'"{who.text}" is nobody here: no such bot {there}', who.place or act.place, width=len(who.text)
            )

    def _senseless(self, act: Act, who: Who, hit: set[str], states: States) -> None:
        name = self.cast.in_order(hit)[0]
        why = " or ".join(_WHY[state] for state in sorted(states))
        if act.verb == "resume" and HERE in states:
            why = "was not stalled"
        if act.verb == "rejoin" and states == {AWAY}:
            why = "was never here"
        hint = ""
        if states == {CONNECTED} and act.verb == "chat":
            hint = 'Join first, or use "send".'
        elif states <= {AWAY, GONE} and act.verb not in ("rejoin",):
            hint = f'A step such as "join: {name}" before it is missing.'
        self.reading.wrong(
            f"{name} can't {_SAYING.get(act.verb, act.verb)}: {name} {why}",
            who.place or act.place,
            width=max(1, len(who.text)),
            hint=hint,
        )

    def _cells_of(self, bots: Set[str]) -> list[tuple[States, set[str]]]:
        """These bots by what is known of them, as it is now: moving them does not move them twice."""
        return [(states, hit) for states, there in self.cells.items() if (hit := there & bots)]

    def _move(self, bots: set[str], states: States, after: States) -> None:
        there = self.cells[states]
        there -= bots
        if not there:
            del self.cells[states]
        self.cells.setdefault(after, set()).update(bots)

    def _operator(self, step: OperatorSays) -> None:
        for bot in {bot for bot, _ in step.entries if bot is not None}:
            for states in [states for states, bots in self.cells.items() if bot in bots]:
                if states != {AWAY}:
                    self._move({bot}, states, states | {GONE})  # the reply may be the one that ends its session
                else:
                    self.reading.wrong(
                        f"the operator can't answer {bot}: {bot} never joined", step.place, width=len(step.verb)
                    )

    # --- the server, and steps of steps ---------------------------------------------------------------------------

    def _server_step(self, step: ServerStep) -> None:
        after = frozenset(new for state in self.server if (new := _SERVER.get((state, step.action))))
        if not after:
            state = {UP: "runs", FROZEN: "is frozen", DOWN: "was stopped before"}[next(iter(self.server))]
            self.reading.wrong(f"{step.action} makes no sense: the server {state}", step.place, width=len(step.verb))
            return
        self.server = after
        if step.action in ("stop", "kill", "restart"):
            for states, hit in self._cells_of(self.cast.bots.keys()):
                left = frozenset(AWAY if state == AWAY else GONE for state in states)
                if left != states:
                    self._move(hit, states, left)

    def _repeat(self, step: Repeat) -> None:
        self.steps(step.steps)
        if step.times > 1:  # the second time shows whether the first left things as it found them
            before, server = self._copy(), self.server
            self.steps(step.steps)
            self._merge(before)
            self.server |= server

    def _together(self, step: Together) -> None:
        start, server = self._copy(), self.server
        touched = [self._touched(branch) for branch in step.branches]
        actors = Counter(bot for bots in touched for bot in bots)
        servers = [_has_server_step(branch) for branch in step.branches]
        ends = []
        for number, branch in enumerate(step.branches):
            others = {bot for bot, branches in actors.items() if branches > (bot in touched[number])}
            anything = sum(servers) > servers[number]
            walk = _Walk(self.reading, self.cast, _with_any(start, others), ANY_SERVER if anything else server)
            walk.steps(branch)
            ends.append(walk)
        if any(servers):
            self.server = frozenset().union(*(end.server for end, acts in zip(ends, servers, strict=True) if acts))
        for number, end in enumerate(ends):
            alone = {bot for bot in touched[number] if actors[bot] == 1}
            for states, hit in self._cells_of(alone):
                self._take(hit, states, end)
        several = {bot for bot, branches in actors.items() if branches > 1}
        for states, hit in self._cells_of(several):
            if states != ANY:
                self._move(hit, states, ANY)

    def _take(self, bots: set[str], states: States, end: _Walk) -> None:
        for after, those in list(end.cells.items()):
            hit = bots & those
            if hit and after != states:
                self._move(hit, states, after)

    def _touched(self, steps: Iterable[Step]) -> set[str]:
        """Whose state these steps may change."""
        found: set[str] = set()
        for step in steps:
            match step:
                case Act() if any(_table(step.verb, detail) is not _QUIET.get(step.verb) for _, detail in step.entries):
                    for who, _ in step.entries:
                        found.update(self.cast.bots.keys() - set(who.but) if who.everyone else who.bots)
                case OperatorSays():
                    found.update(bot for bot, _ in step.entries if bot is not None)
                case Act(verb=verb) if verb == UNREADABLE:
                    found.update(self.cast.bots)
                case ServerStep(action="stop" | "kill" | "restart"):
                    found.update(self.cast.bots)
                case Repeat():
                    found |= self._touched(step.steps)
                case Together():
                    for branch in step.branches:
                        found |= self._touched(branch)
                case _:
                    pass
        return found

    def _copy(self) -> dict[States, set[str]]:
        return {states: set(bots) for states, bots in self.cells.items()}

    def _merge(self, other: dict[States, set[str]]) -> None:
        """Keep what either knows to be possible."""
        merged: dict[States, set[str]] = {}
        for states, bots in self.cells.items():
            for more, those in other.items():
                both = bots & those
                if both:
                    merged.setdefault(states | more, set()).update(both)
        self.cells = merged


_QUIET: Final = {verb: table for verb, table in TRANSITIONS.items() if all(after == (s,) for s, after in table.items())}
_SAYING: Final = {"expect": "be expected to hear anything", "expect-nothing": "hear anything anyway"}
_REFUSED: Final = _go(GONE, AWAY, CONNECTED, GONE)
_EITHER: Final[dict[str, tuple[str, ...]]] = dict.fromkeys((AWAY, CONNECTED, GONE), (HERE, GONE))
_CLOSED: Final[dict[str, tuple[str, ...]]] = {state: (state, GONE) for state in (CONNECTED, HERE, STALLED, GONE)}
_BAD_INPUT: Final[dict[str, tuple[str, ...]]] = {
    state: (state, GONE) for state in (CONNECTED, HERE, STALLED)
}  # the server may close it


def _table(verb: str, detail: Detail) -> dict[str, tuple[str, ...]]:
    if isinstance(detail, Join) and detail.wanted != "accepted":
        table = _REFUSED if detail.wanted == "refused" else _EITHER
        return {state: after for state, after in table.items() if state in TRANSITIONS[verb]}
    if isinstance(detail, Raw) and detail.text is None and detail.size is None:
        return _BAD_INPUT
    if isinstance(detail, Expectation) and detail.closed and verb == "expect":
        return _CLOSED
    return TRANSITIONS[verb]


def _after(states: States, table: dict[str, tuple[str, ...]]) -> States:
    return frozenset(new for state in states if state in table for new in table[state])


def _with_any(cells: dict[States, set[str]], others: set[str]) -> dict[States, set[str]]:
    """The same, but nothing is certain of those on whom other branches act."""
    free: dict[States, set[str]] = {}
    for states, bots in cells.items():
        if rest := bots - others:
            free.setdefault(states, set()).update(rest)
        if hit := bots & others:
            free.setdefault(ANY, set()).update(hit)
    return free


def _has_server_step(steps: Iterable[Step]) -> bool:
    return any(
        isinstance(step, ServerStep)
        or (isinstance(step, Repeat) and _has_server_step(step.steps))
        or (isinstance(step, Together) and any(_has_server_step(branch) for branch in step.branches))
        for step in steps
    )


assert set(TRANSITIONS) >= set(OF_BOTS), "a verb without transitions"
