"""Leak cycles: a repeat in which all who join also go, in one way. After each cycle: what has it left on the server?

A right server is looked at once a cycle, and nobody waits for it. What has grown is looked at again: idle, and after
somebody who stays has spoken twice. As long as a growth may be a leak or may be a pool that fills, the same bots come and
go for some more cycles; `chatsim.checks.growth` says how many would tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from chatsim.checks.growth import NOISE, Growth, enough, growth, memory_growth
from chatsim.checks.leaks import MANAGED
from chatsim.engine.fencing import speak_twice
from chatsim.engine.joining import join_visitor
from chatsim.engine.plan import walk
from chatsim.engine.seeing import look
from chatsim.engine.session import Session, State
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Steps, Until, Waiting
from chatsim.profile.profile import Profile
from chatsim.scenario.steps import Act, ExpectOutput, Repeat, ServerStep, Step, Together

__all__ = ["KEEPER", "are_measured", "cycle"]

KEEPER = "keeper"  # chatsim's own bot that stays
SOON = (0.0, 0.002, 0.004, 0.008)  # seconds before each glance of the first look: a thread may yet be about to end
IDLE = (0.05,)
AFTER_SPEECH = (0.0, 0.036, 0.036, 0.036, 0.036, 0.036)
MEMORY = "rss"
MOST_DEPARTURES = 1500
LONGEST = 40.0  # seconds of extra cycles, times what the user asked for
FOR_MEMORY = 6  # cycles in a scenario that is about memory: a few show nothing of it
EIGHTHS = 8  # of the way to where a growth is judged; the last half of it is measured however long that takes
DEPARTED = (State.GONE, State.HALF, State.VANISHED)

Counts = dict[str, int]
Once = Callable[[Sequence[Step]], Steps]


def are_measured(profile: Profile, repeat: Repeat) -> bool:
    """Does this repeat tell anything about leaks? Its departures must be of one kind, and such that a server notices."""
    if repeat.cycle is None or repeat.times < 2 or any(isinstance(step, ServerStep) for step in walk(repeat.steps)):
        return False
    if repeat.cycle == "vanish":
        return profile.limits.silence is not None
    return repeat.cycle != "half-close" or profile.half_close == "leaves"


def cycle(stage: Stage, repeat: Repeat, once: Once) -> Steps:
    """Play the repeat, and its steps for some more times while a growth is in doubt. `once` plays them."""
    cycles = _Cycles(stage, repeat, once)
    yield from cycles.begin()
    for _ in range(repeat.times):
        if not (yield from cycles.play(repeat.steps)):
            return False
    yield from cycles.go_on()
    return True


@dataclass(frozen=True, slots=True)
class _Sample:
    departed: int
    counts: Counts


class _Cycles:
    def __init__(self, stage: Stage, repeat: Repeat, once: Once) -> None:
        self._stage, self._repeat, self._once = stage, repeat, once
        self._least = enough(stage.profile.limits.pool)
        self._bar: Counts = {}  # what a cycle may not exceed by more than the noise
        self._samples: list[_Sample] = []
        self._runtimes: list[str] | None = None
        self._grown: set[str] = set()  # what does so
        self._number = 0
        self._departed = 0  # in all cycles
        self._size = 0  # departures in the first one
        self._refused = 0  # in the last one

    def begin(self) -> Steps:
        """Somebody has to be there who stays: only who speaks shows that a connection is dead."""
        stage = self._stage
        most = stage.terms.limit_clients
        has_room = most is None or len(stage.plan.scenario.bots) < most
        if not self._stayers() and stage.profile.knock and stage.terms.others_hear and has_room:
            yield from join_visitor(stage, KEEPER)
        seen = yield from self._counts()
        self._bar = seen or {}
        return True

    def _stayers(self) -> list[Session]:
        cast = {bot.name for bot in self._stage.plan.scenario.bots}
        come_and_go: set[str] = set()
        for step in walk(self._repeat.steps):
            if isinstance(step, Act) and step.verb in ("join", "rejoin", "connect", "disconnect", "drop"):
                for who, _ in step.entries:
                    come_and_go |= cast.difference(who.but) if who.everyone else set(who.bots)
        return [each for each in self._stage.there() if each.state is State.PRESENT and each.bot not in come_and_go]

    # --- one cycle ------------------------------------------------------------------------------------------------

    def play(self, steps: Sequence[Step], *, due: int | None = None) -> Waiting[bool]:
        """One cycle and what it has left. False: it is no use to go on.

        `due`: if that many have not departed yet, it is noted only if it takes no more than the first look.
        """
        stage = self._stage
        first, gone = len(stage.sessions), self._gone()
        yield from self._once(steps)
        if stage.server_is != "up":
            return False
        yield from stage.settle("settle")
        self._number += 1
        departed = self._gone() - gone
        self._departed += departed
        self._size = self._size or departed
        newcomers = {each.bot: each for each in stage.sessions[first:]}
        self._refused = sum(1 for each in newcomers.values() if _was_refused(each))
        if departed or self._refused:
            patient = not self._refused and (due is None or self._departed >= due)
            yield from self._measure(departed, patient=patient)
        return bool(departed)

    def _gone(self) -> int:
        return sum(
            1
            for each in self._stage.sessions
            if each.state in DEPARTED and (each.told or (each.port and each.stopped_at is None))
        )

    def _measure(self, size: int, *, patient: bool) -> Steps:
        least: Counts = {}
        samples = 0
        for number, pauses in enumerate((SOON if patient else SOON[:1], IDLE, AFTER_SPEECH), 1):
            if number == 2 and not patient:
                if self._refused:
                    self._note(size, least, 0, samples)
                return False
            if number == 3:
                if not self._samples:
                    break  # a pool may have been made: there is nothing yet to compare it with
                yield from speak_twice(self._stage, self._stayers())
            least, samples = {}, 0
            for pause in pauses:
                if pause:
                    yield Until(lambda: False, pause, exact=True)
                seen = yield from self._counts()
                if seen is None:
                    return False
                samples += 1
                least = {key: min(value, least.get(key, value)) for key, value in seen.items()}
                if self._is_level(least):
                    self._note(size, least, number, samples)
                    return True
        self._note(size, least, 0 if self._samples else 2, samples)
        return True

    def _counts(self) -> Waiting[Counts | None]:
        seen = yield from look(self._stage)
        if seen is None or self._stage.server_is != "up":
            return None
        facts = seen.facts
        if "runtimes" in facts:
            self._runtimes = list(facts["runtimes"])
        counts = {key: int(facts[key]) for key in ("threads", "children", "fds", MEMORY) if key in facts}
        if "close_wait" in facts:
            counts["close_wait"] = len(facts["close_wait"])
        return counts

    def _is_level(self, counts: Counts) -> bool:
        """What has been seen to grow in another repeat is known by now: nobody waits for it to shrink."""
        judged = (key for key in counts if key not in self._stage.grown and key != MEMORY)
        return all(counts[key] <= self._bar.get(key, counts[key]) + NOISE for key in judged)

    def _note(self, size: int, counts: Counts, number: int, samples: int) -> None:
        if not self._samples:
            self._bar = counts
        self._samples.append(_Sample(self._departed, counts))
        more: dict[str, Any] = dict(counts)
        if self._refused:
            more["refused"] = self._refused
        if self._runtimes is not None:
            more["runtimes"] = self._runtimes
        stage = self._stage
        kind = stage.profile.line.wire.going(self._repeat.cycle or "")
        stage.note(
            "cycle",
            number=self._number,
            place=str(self._repeat.place),
            how="polite" if kind == "disconnect" else kind,
            size=size,
            departed=self._departed,
            look=number,
            samples=samples,
            **more,
        )

    # --- some more ------------------------------------------------------------------------------------------------

    def go_on(self) -> Steps:
        stage = self._stage
        steps = tuple(_without_expectations(self._repeat.steps))
        until = stage.now + LONGEST * stage.plan.patience
        stage.hasty = True
        try:
            while not self._refused and (target := self._worth()) is not None:
                if not (yield from self._go_on_to(min(target, MOST_DEPARTURES), steps, until)):
                    break
        finally:
            stage.hasty = False
            stage.grown |= self._grown
        return True

    def _go_on_to(self, target: int, steps: Sequence[Step], until: float) -> Waiting[bool]:
        while True:
            if self._departed + self._size > MOST_DEPARTURES or self._stage.now >= until:
                self._stage.note("note", text=self._ended_early())
                return False
            reached = EIGHTHS * self._departed // target  # so many eighths of the way
            due = max(EIGHTHS // 2, reached + 1) * target / EIGHTHS
            if not (yield from self.play(steps, due=ceil(due))) or self._refused:
                return False
            if self._departed >= target:
                return True

    def _ended_early(self) -> str:
        what = f"{MOST_DEPARTURES:,} departures are the most" if self._departed + self._size > MOST_DEPARTURES else ""
        what = what or f"{LONGEST * self._stage.plan.patience:g} s of extra cycles are the most"
        return f"What {self._repeat.place} leaves on the server was watched for {self._departed:,} departures: {what}."

    def _worth(self) -> int | None:
        """How many departures in all would tell more than is known now; None: it is known, or will not be."""
        if len(self._samples) < 2:
            return None
        found: list[Growth] = []
        for key in self._keys():
            series = [(each.departed, each.counts[key]) for each in self._samples]
            if key == MEMORY:
                if not found and self._repeat.times >= FOR_MEMORY and self._memory_tells():
                    found.append(memory_growth(series, self._size))
            elif series[-1][1] - series[0][1] > NOISE:
                found.append(growth(series, self._size, least=self._least))
                if found[-1].state == "grows":
                    self._grown.add(key)
        return min((each.until for each in found if each.needs_more and each.until > self._departed), default=None)

    def _keys(self) -> list[str]:
        """What every sample tells of, and is not known already; memory last, since threads left behind take some."""
        told = set.intersection(*(set(each.counts) for each in self._samples))
        return sorted(told - self._stage.grown, key=lambda key: key == MEMORY)

    def _memory_tells(self) -> bool:
        return self._runtimes is not None and MANAGED.keys().isdisjoint(self._runtimes) and not self._stage.grown


def _was_refused(session: Session) -> bool:
    return not session.told and (session.stopped_at is not None or session.closed_how == "unreachable")


def _without_expectations(steps: Iterable[Step]) -> Iterable[Step]:
    """The steps as chatsim repeats them on its own: what the author expects of them has been judged."""
    for step in steps:
        match step:
            case ExpectOutput() | Act(verb="expect" | "expect-nothing"):
                continue
            case Repeat():
                yield replace(step, steps=tuple(_without_expectations(step.steps)))
            case Together():
                yield replace(step, branches=tuple(tuple(_without_expectations(branch)) for branch in step.branches))
            case _:
                yield step
