"""The director: plays a plan's steps on the stage, one after the other or side by side, and closes the book.

Pure: it acts through the door and hears through it; the same director plays over real TCP, in a simulation and under
load.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from typing import Any

from chatsim.engine import cycles, dialogue, expecting, joining, leaving, renaming, speaking
from chatsim.engine.beyond import Beyond
from chatsim.engine.clockwork import Clockwork
from chatsim.engine.desk import operate
from chatsim.engine.ending import end, take_stock
from chatsim.engine.fencing import fence
from chatsim.engine.hearing import Hearing
from chatsim.engine.mouth import PROOF_PAUSE, Mouth
from chatsim.engine.plan import Plan, walk, with_bots
from chatsim.engine.resting import is_fault, weigh
from chatsim.engine.seeing import look_at_stalled
from chatsim.engine.serving import serve
from chatsim.engine.stage import Stage
from chatsim.engine.stopped import how_far
from chatsim.engine.tasks import Steps, Until
from chatsim.history import History
from chatsim.network.network import Event, Network
from chatsim.scenario.scenario import Bot
from chatsim.scenario.steps import (
    Act,
    ExpectOutput,
    OperatorSays,
    Pause,
    Repeat,
    ServerStep,
    Settle,
    Span,
    Step,
    Together,
)

__all__ = ["Director"]


class Director:
    """Plays one run. `play` returns when the run has ended; whatever happens, the history holds what was seen so far.

    Instead of `play`, whose steps are the plan's, a run may be led from outside: `begin`, then `take` step by step, with
    `admit` for more bots and `take_stock` where something is to be judged, then `finish`. Each returns when it is done.

    Raises whatever the network raises (KeyboardInterrupt when somebody interrupts); nothing of its own.
    """

    def __init__(self, plan: Plan, network: Network, history: History) -> None:
        self.stage = stage = Stage(plan, network, history)
        hearing = Hearing(stage)
        stage.hear = hearing.phrase
        stage.when_settled = partial(look_at_stalled, stage)
        stage.begin_dialogue = partial(dialogue.begin, stage)
        stage.clockwork = Clockwork(network, stage.patience, hearing.take_all, stage.take_turn)
        stage.beyond = Beyond(
            stage.clockwork,
            stage.patience,
            stage.owed,
            quiet=stage.quiet,
            hangs=lambda: stage.hangs,
            pause=PROOF_PAUSE if plan.profile.pace == "one-at-a-time" else 0.0,
        )
        stage.mouth = Mouth(plan.profile, stage.clockwork.timers, network.now, stage.full, stage.beyond)
        stage.beyond.over, stage.beyond.stirred = stage.mouth.proved, stage.go_on_waiting
        self._plan = plan
        self._taken = expecting.Taken()
        self._number = 0
        self._since = 0  # the history's length when the step before began
        self._measuring = False  # within the cycles of a repeat
        self._draw = random.Random(f"pauses {plan.seed}")

    def play(self) -> History:
        self._lead(self._run())
        return self.stage.history

    def begin(self, early: Sequence[Event] = ()) -> None:
        """What comes before the first step. `early`: what has come through the door already."""
        self.stage.clockwork.catch_up(early)
        self._lead(self._begin(faults=True))
        self._since = len(self.stage.history)

    def admit(self, bots: Sequence[Bot]) -> None:
        """More of the cast. Raises ScenarioError for a nickname that can not be said in the profile's encoding."""
        told = len(self._plan.notes)
        self._plan = self.stage.plan = with_bots(self._plan, bots)
        for note in self._plan.notes[told:]:
            self.stage.note("note", text=note)

    def take(self, step: Step) -> bool:
        """Play one step of a run that is led from outside. False: nobody got in, so the run is over."""
        self.stage.clockwork.catch_up()
        before, self._since = self._since, len(self.stage.history)
        return self._lead(self._one(step, before, inside=False))

    def take_stock(self, step: Step) -> None:
        """See what a property needs to be judged in the middle of a run, which can go on then. `step` is how it is told."""
        self.stage.clockwork.catch_up()
        self._number += 1
        self.stage.step = number = self._number
        self._since = len(self.stage.history)
        self._tell(step, number, "begin")
        self._lead(take_stock(self.stage))
        self._tell(step, number, "end")

    def leave(self) -> None:
        """Break off as it is: all connections are reset."""
        self.stage.abort_all()

    def finish(self) -> None:
        """What comes after the last step."""
        self.stage.clockwork.catch_up()
        self._lead(self._end())

    def _lead(self, steps: Steps) -> bool:
        try:
            self.stage.clockwork.run(steps)
        except joining.NobodyGotInError:
            self.stage.note("ended", why="nobody got in")
            return False
        return True

    def last_words(self) -> dict[str, str]:
        """The last that each bot received, as text, at most 2 KiB each."""
        encoding = self._plan.profile.encoding
        return {
            session.bot: session.ear.tail.decode(encoding, "replace")
            for session in self.stage.sessions
            if session.ear.tail
        }

    def where_it_stopped(self) -> str:
        """Nobody got in: how far the dialogue came, with both sides' words."""
        return how_far(self.stage)

    def _run(self) -> Steps:
        steps = self._plan.scenario.steps
        yield from self._begin(faults=any(map(is_fault, walk(steps))))
        yield from self._play(steps, inside=False)
        yield from self._end()
        return True

    def _begin(self, *, faults: bool) -> Steps:
        for note in self._plan.notes:
            self.stage.note("note", text=note)
        if not self._plan.attached and faults:
            self.stage.at_first = self.stage.inspect(work=True)
        if self._plan.profile.exits == "when-empty":
            yield from joining.join_visitor(self.stage, cycles.KEEPER)  # the server ends with its last client
        return True

    def _end(self) -> Steps:
        self._number += 1
        self.stage.step = self._number
        yield from end(self.stage)
        return True

    def _play(self, steps: Sequence[Step], *, inside: bool) -> Steps:
        began = before = len(self.stage.history)
        for step in steps:
            before, began = began, len(self.stage.history)
            yield from self._one(step, before, inside=inside)
        return True

    def _one(self, step: Step, before: int, *, inside: bool) -> Steps:
        """One step; `before`: the history's length when the one before it began."""
        self._number += 1
        number = self.stage.step = self._number
        if not inside:
            self.stage.owed.begin_step()
        self._tell(step, number, "begin")
        yield from self._step(step, before, inside)
        self._tell(step, number, "end")
        return True

    def _tell(self, step: Step, number: int, phase: str) -> None:
        if phase == "begin":
            detail: dict[str, Any] = {"verb": step.verb, "place": str(step.place), "text": step.text}
            if isinstance(step, Act) and step.verb in ("join", "rejoin"):
                detail["bots"] = [bot for who, _ in step.entries for bot in self.stage.bots(who, step.verb)]
            self.stage.note("step", number=number, phase=phase, **detail)
        else:
            self.stage.note("step", number=number, phase=phase)

    def _step(self, step: Step, before: int, inside: bool) -> Steps:
        stage = self.stage
        if stage.at_first is not None and is_fault(step):
            yield from weigh(stage)
        match step:
            case Act():
                yield from self._act(step, before, inside)
            case OperatorSays():
                yield from operate(stage, step)
            case ExpectOutput():
                yield from expecting.expect_output(stage, step, self._taken)
            case ServerStep():
                yield from serve(stage, step)
            case Together():
                yield from self._together(step, inside)
            case Repeat():
                yield from self._repeat(step, inside)
            case Settle():
                yield from stage.settle("settle")
                yield from fence(stage)
            case Pause():
                yield Until(lambda: False, self._drawn(step.span), exact=True)
        return True

    def _act(self, act: Act, before: int, inside: bool) -> Steps:
        stage = self.stage
        match act.verb:
            case "connect":
                yield from joining.connect(stage, act)
            case "join" | "rejoin":
                yield from joining.join(stage, act)
            case "enter" | "exit":
                yield from joining.cross(stage, act)
            case "rename":
                yield from renaming.rename(stage, act)
            case "chat":
                yield from speaking.chat(stage, act, inside=inside)
            case "converse":
                yield from speaking.converse(stage, act, inside=inside)
            case "whisper":
                yield from speaking.whisper(stage, act, inside=inside)
            case "ask":
                yield from speaking.ask(stage, act)
            case "send":
                yield from speaking.send(stage, act, inside=inside)
            case "disconnect":
                yield from leaving.disconnect(stage, act, inside=inside)
            case "drop":
                yield from leaving.drop(stage, act, inside=inside)
            case "stall":
                yield from leaving.stall(stage, act)
            case "resume":
                yield from leaving.resume(stage, act)
            case "expect" | "expect-nothing":
                yield from expecting.expect(stage, act, self._taken, before)
        return True

    def _repeat(self, step: Repeat, inside: bool) -> Steps:
        if inside or self._measuring or not cycles.are_measured(self._plan.profile, step):
            for _ in range(step.times):
                yield from self._play(step.steps, inside=inside)
            return True
        self._measuring = True
        yield from cycles.cycle(self.stage, step, partial(self._play, inside=False))
        self._measuring = False
        return True

    def _together(self, step: Together, inside: bool) -> Steps:
        """All branches side by side; the settle point is where all have ended."""
        tasks = [self.stage.clockwork.spawn(self._play(branch, inside=True)) for branch in step.branches]
        while not all(task.over for task in tasks):
            yield Until(lambda: all(task.over for task in tasks), 3600.0, exact=True)
        if not inside:
            yield from self.stage.settle("together")
        return True

    def _drawn(self, span: Span) -> float:
        return span.low if span.low == span.high else self._draw.uniform(span.low, span.high)
