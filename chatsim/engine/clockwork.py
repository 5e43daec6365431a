"""The loop: lets the steps wait, one for the other, without a thread; asks the door for events in between.

Time is the door's. A wait ends when its condition holds, or when patience is spent: then it knows whether the waiting
was valid, that is, whether P remained after our own lag and foreign load were taken off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatsim.engine.patience import LONGEST_WAIT, Patience, effective
from chatsim.engine.tasks import Steps, Task, Timers, Until
from chatsim.network.network import Event, Network

__all__ = ["Clockwork"]

ROUNDING = 1e-6  # seconds; a deadline that was reached exactly was reached
UNMEASURED = 0.05  # seconds of a wait that pass before the machine's strain is looked at: most waits never get there


class Clockwork:
    """`act` is called before each look at the door, and says whether it is in a hurry; `take` is given the look's events."""

    def __init__(
        self, network: Network, patience: Patience, take: Callable[[Sequence[Event]], None], act: Callable[[], bool]
    ) -> None:
        self.network = network
        self.patience = patience
        self.timers = Timers()
        self._take = take
        self._act = act
        self._tasks: list[Task] = []
        self._progress_at = 0.0

    @property
    def now(self) -> float:
        return self.network.now()

    def run(self, steps: Steps) -> None:
        main = self.spawn(steps)
        while True:
            self._resume_tasks()
            if main.over:
                return
            hurry = self._act()
            self._take(self.network.poll(self.now if hurry else self._deadline()))
            self.timers.fire(self.now)

    def catch_up(self, early: Sequence[Event] = ()) -> None:
        """Take in what has come while nobody was playing (`early`: and has been fetched); the time until now is nobody's
        wait."""
        self._take([*early, *self.network.poll(self.now)])
        self.timers.fire(self.now)

    def spawn(self, steps: Steps) -> Task:
        """Begin a task beside the others; it runs to its first wait when the loop comes round to it."""
        task = Task(steps)
        self._tasks.append(task)
        return task

    def _resume_tasks(self) -> None:
        going = True
        while going:
            going = False
            for task in list(self._tasks):
                answer = self._answer(task)
                if answer is None:
                    continue
                going = True
                try:
                    task.wait = task.steps.send(answer) if task.wait is not None else next(task.steps)
                    self._begin(task.wait)
                except StopIteration:
                    task.over = True
                    self._tasks.remove(task)

    def _begin(self, wait: Until) -> None:
        wait.since = self.now
        wait.patience = self.patience.seconds if wait.seconds is None else wait.seconds
        if wait.steady:
            wait.strain, wait.measured_from = self.network.strain(), wait.since
        measured = wait.exact or wait.steady
        wait.deadline = wait.since + (wait.patience if measured else min(wait.patience, UNMEASURED))

    def _answer(self, task: Task) -> bool | None:
        """True: go on, it has come. False: go on, it has not. None: wait."""
        wait = task.wait
        if wait is None or wait.condition():
            return True
        now = self.now
        if now < wait.deadline:
            return None
        if wait.exact:
            return False
        if wait.strain is None:
            wait.strain, wait.measured_from = self.network.strain(), now
            wait.deadline = now + wait.patience
            return None
        base = wait.measured_from if wait.steady else max(wait.measured_from, min(self._progress_at, now))
        wait.waited = now - base
        strain = self.network.strain()
        wait.lag, wait.foreign = strain.lag - wait.strain.lag, strain.foreign - wait.strain.foreign
        remains = effective(wait.waited, wait.strain, strain)
        spent = now - wait.since >= LONGEST_WAIT * wait.patience - ROUNDING
        if spent:  # that something else came all the time is no excuse: what was awaited had ten patiences
            wait.waited = now - wait.measured_from
            remains = effective(wait.waited, wait.strain, strain)
        wait.valid = remains >= wait.patience - ROUNDING
        if wait.valid or spent:
            return False
        wait.deadline = min(now + max(0.005, wait.patience - remains), wait.since + LONGEST_WAIT * wait.patience)
        return None

    def _deadline(self) -> float:
        times = [task.wait.deadline for task in self._tasks if task.wait is not None]
        if self.timers.next is not None:
            times.append(self.timers.next)
        return min(times, default=self.now)

    def progress(self, at: float | None = None) -> None:
        """Something owed has arrived: every wait's patience begins again."""
        self._progress_at = self.now if at is None else at
