"""Much work side by side: workers do it, each in a process of its own, and what came of it comes back here.

A `Job` is one run; whoever else has much to do (`chatsim.grader`) gives work of its own kind. A worker is a plain Python
that was started with one end of a pair of sockets, and does what comes in there until that end closes. So whatever
becomes of us, SIGKILL included, it ends soon, and its server's guardian sees to the rest.

Why not a pool of the standard library: there one worker that dies takes all results with it that are still owed, the
caller's main module is run again in every worker, and helpers of the pool outlive the program by a moment.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from queue import SimpleQueue
from tempfile import gettempdir
from threading import Thread
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from chatsim import runs
from chatsim.checks.verdict import Outcome
from chatsim.errors import ChatsimError, Problem
from chatsim.profile.profile import Profile
from chatsim.report.report import Run
from chatsim.scenario.scenario import Scenario

__all__ = ["Crew", "Job", "Tell", "Work", "cores", "silent", "worker"]

R = TypeVar("R")
Tell = Callable[[str], None]  # what is being done, in a few words, while it is being done

GRACE = 3.0  # seconds that a run has to end in good order when it is called back: its server is given no longer either
ROOT = str(Path(__file__).parents[1])
PROGRAM = f"import sys; {ROOT!r} in sys.path or sys.path.insert(0, {ROOT!r}); from chatsim.jobs import worker; worker("


def silent(words: str) -> None:
    """Where nobody wants to know."""


class Work(Protocol[R]):
    """What a worker can do. It is pickled on its way there, and its result on its way back."""

    def play(self, tell: Tell = silent) -> R:
        """Do it, here and now. On SIGTERM: end in good order, and give what there is."""

    def lost(self, error: ChatsimError) -> R:
        """What stands in place of a result when the worker has died, or chatsim itself has failed."""

    def is_whole(self, result: R) -> bool:
        """Is this worth to be given on, when all were called back before their time?"""


@dataclass(frozen=True, slots=True)
class Job:
    """One run that is asked for. Everything in it can be pickled."""

    scenario: Scenario
    profile: Profile
    target: runs.Target = field(default_factory=runs.Target)
    seed: int | None = None
    patience: float = 1.0

    def play(self, tell: Tell = silent) -> Run:
        """Play it here and now; what `runs.run` promises."""
        return runs.run(self.scenario, self.profile, self.target, seed=self.seed, patience=self.patience)

    def lost(self, error: ChatsimError) -> Run:
        """A run of which nothing is known but why."""
        seed = next(seed for seed in (self.seed, self.scenario.seed, 0) if seed is not None)
        return Run(
            self.scenario.name,
            self.scenario.file,
            seed,
            self.profile.name,
            runs.describe(self.profile, self.target),
            Outcome.INCONCLUSIVE,
            error=error,
            replay=runs.replay_command(self.scenario, self.profile, self.target, seed, self.patience),
        )

    def is_whole(self, result: Run) -> bool:
        return result.error is None


def cores() -> int:
    """How many processors we may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Crew(Generic[R]):
    """So many workers, started when there is work for them. To be used as a context: at its end all of them are gone.

    A worker that dies makes its run an `error`, and another one takes its place. `heard`: who is told, by the work's
    number, what it says of itself on the way.
    """

    def __init__(self, size: int, heard: Callable[[int, str], None] | None = None) -> None:
        self._size = size
        self._heard = heard or (lambda number, words: None)
        self._all: list[_Worker] = []
        self._idle: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, int, Work[R]]] = {}

    def __enter__(self) -> Crew[R]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(KeyboardInterrupt):  # a second Ctrl-C is no reason to leave anybody behind
            for _ in self._called_back():
                pass
        self._send_home()

    def as_ready(self, jobs: Iterable[Work[R]]) -> Iterator[tuple[int, R]]:
        """Each result as soon as it has ended, with the number of its job, counted from 0.

        A job is taken from `jobs` when somebody is free to play it, so what is asked for may depend on what came of
        earlier ones. On Ctrl-C or SIGTERM those under way are ended in good order and given back, and then it is
        raised again.
        """
        numbered = enumerate(jobs)
        try:
            while True:
                while len(self._busy) < self._size and (next_one := next(numbered, None)) is not None:
                    self._give(*next_one)
                if not self._busy:
                    return
                if (taken := self._take(next(iter(wait(list(self._busy)))))) is not None:  # type: ignore[arg-type]
                    yield taken
        except KeyboardInterrupt:
            yield from self._called_back()
            raise

    def in_order(self, jobs: Iterable[Work[R]]) -> Iterator[tuple[int, R]]:
        """The same in the order in which they were asked for, each as soon as all before it have been given.

        After an interrupt some may be missing between those that are given.
        """
        early: dict[int, R] = {}
        due = 0
        try:
            for number, result in self.as_ready(jobs):
                early[number] = result
                while due in early:
                    yield due, early.pop(due)
                    due += 1
        except KeyboardInterrupt:
            yield from sorted(early.items(), key=lambda pair: pair[0])
            raise

    # --- giving and taking

    def _give(self, number: int, job: Work[R]) -> None:
        while self._idle:
            chosen = self._idle.pop()
            try:
                chosen.link.send(job)
                break
            except OSError:  # it has died while it had nothing to do
                self._dismiss(chosen)
        else:
            chosen = _Worker()
            self._all.append(chosen)
            with suppress(OSError):  # dead already: seen when its answer is awaited
                chosen.link.send(job)
        self._busy[chosen.link] = chosen, number, job

    def _take(self, link: Connection) -> tuple[int, R] | None:
        """What has come from a worker: a result; or None, if it has only said what it is doing."""
        chosen, number, job = self._busy[link]
        try:
            said: _Said = link.recv()
        except (EOFError, OSError):
            del self._busy[link]
            return number, job.lost(_loss(self._dismiss(chosen)))
        if not said.done:
            self._heard(number, said.what)
            return None
        del self._busy[link]
        self._idle.append(chosen)
        result: R = job.lost(said.what) if said.failed else said.what
        return number, result

    # --- the end

    def _called_back(self) -> Iterator[tuple[int, R]]:
        """Ends what is under way, in good order, and gives what came of it. Who does not come in time is passed over."""
        for chosen, _, _ in self._busy.values():
            with suppress(OSError):
                chosen.process.send_signal(signal.SIGTERM)
        deadline = monotonic() + GRACE
        while self._busy and (ready := wait(list(self._busy), max(0.0, deadline - monotonic()))):
            for link in ready:
                job = self._busy[link][2]  # type: ignore[index]
                taken = self._take(link)  # type: ignore[arg-type]
                if taken is not None and job.is_whole(taken[1]):  # struck between two, it had nothing to give back
                    yield taken

    def _dismiss(self, chosen: _Worker) -> int:
        self._all.remove(chosen)
        return chosen.end()

    def _send_home(self) -> None:
        self._idle.clear()
        self._busy.clear()
        for chosen in self._all:
            chosen.link.close()  # all of them first: then they end side by side
        while self._all:
            self._dismiss(self._all[-1])


class _Worker:
    """Our side of one: its process, and the link over which jobs go and runs come."""

    def __init__(self) -> None:
        try:
            self.link, theirs = Pipe()
        except OSError as error:
            raise _unstarted(error) from None
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", f"{PROGRAM}{theirs.fileno()})"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # a Ctrl-C at the terminal is meant for us; we tell them
            )
        except OSError as error:
            raise _unstarted(error) from None
        finally:
            theirs.close()

    def end(self) -> int:
        """The closed link ends it, whatever it is doing. Gives its exit status."""
        self.link.close()
        try:
            return self.process.wait(GRACE)
        except subprocess.TimeoutExpired:  # somebody has stopped it
            self.process.kill()
            return self.process.wait()


def _unstarted(error: OSError) -> ChatsimError:
    """Too many processes or files, or too little memory: not chatsim's fault, and nobody's who is played with."""
    return ChatsimError(
        f"no process can be started to play in: {(error.strerror or str(error)).lower()}",
        hint="Fewer at a time may do: --jobs. What this machine allows is told by: ulimit -a",
    )


def _loss(status: int) -> ChatsimError:
    how = f"was killed by signal {-status}" if status < 0 else f"ended with exit code {status}"
    problem = Problem(
        f"the process that played this run {how}",
        hint="Play it again; with one job it is played in chatsim's own process.",
    )
    return ChatsimError(problem)


# --- in the worker's process ------------------------------------------------------------------------------------------


def worker(number: int) -> None:
    """A worker's whole life: play what comes in over this descriptor, until it is closed. Never returns."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever ends us says so by SIGTERM: it ends a run in good order
    _find_temporary_folder()
    link = Connection(number)
    os.set_inheritable(number, False)  # a server that held it would keep us alive
    orders: SimpleQueue[Work[Any]] = SimpleQueue()
    Thread(target=_listen, args=(link, orders), daemon=True).start()
    while True:
        said = _played(orders.get(), lambda words: link.send(_Said(words)))
        try:
            link.send(said)
        except OSError:  # nobody is there any more
            os._exit(0)


def _find_temporary_folder() -> None:
    """Python finds it by writing a file there, once. An end in the middle of that would leave the file: so it is done now,
    while we have one thread, and nobody can end us."""
    ending = {signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    with suppress(OSError):  # there is none: told by whoever needs it
        gettempdir()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ending)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a worker says: what it is doing; or, `done`, a result or (`failed`) why there is none."""

    what: Any
    done: bool = False
    failed: bool = False


def _listen(link: Connection, orders: SimpleQueue[Work[Any]]) -> None:
    """Its own thread, so that the end of the link is heard in the middle of a run: that ends in good order then, as by
    SIGTERM, so that nothing of it is left on the disk either; but not for long."""
    with suppress(EOFError, OSError):
        while True:
            orders.put(link.recv())
    os.kill(os.getpid(), signal.SIGTERM)  # which ends at once who has nothing to do
    sleep(GRACE)
    os._exit(0)


def _played(job: Work[Any], tell: Tell) -> _Said:
    try:
        return _Said(job.play(tell), done=True)
    except Exception as problem:
        if os.environ.get("CHATSIM_DEBUG"):
            import traceback

            traceback.print_exc()
        said = " ".join(str(problem).split()) or "no more is known"
        return _Said(ChatsimError(f"chatsim itself failed: {type(problem).__name__}: {said}"), done=True, failed=True)
