"""Where submissions are played: in worker processes of this machine, or in a cluster of Dask's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, Protocol

from chatsim.errors import ChatsimError, UsageError
from chatsim.grader.sitting import Sitting
from chatsim.grading.order import Phase
from chatsim.grading.record import SubmissionRecord
from chatsim.jobs import Crew

__all__ = ["Engine", "Heard", "OnDask", "OnThisMachine", "Players"]

Heard = Callable[[int, str], None]  # the number of a sitting, and what is being done in it


class Players(Protocol):
    """Whoever plays: a `Crew`, or a cluster."""

    def as_ready(self, jobs: Iterable[Sitting]) -> Iterator[tuple[int, SubmissionRecord]]:
        """Each record as soon as it is known, with the number of its sitting."""


class Engine(Protocol):
    @property
    def several(self) -> bool:
        """Are several submissions played at the same time?"""

    def players(self, heard: Heard, phase: Phase) -> AbstractContextManager[Players]:
        """Those who play in this phase; in `alone`, one submission at a time, with nothing beside it."""


class OnThisMachine:
    """`jobs` at a time."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    @property
    def several(self) -> bool:
        return self.jobs > 1

    def players(self, heard: Heard, phase: Phase) -> AbstractContextManager[Players]:
        crew: Crew[SubmissionRecord] = Crew(1 if phase == "alone" else self.jobs, heard)
        return crew


class OnDask:
    """One at a time on each of its threads. The submissions lie on a file system that all machines see under the same path,
    and chatsim is installed on all of them. Alone: one at a time in the whole cluster.

    Raises UsageError if `distributed` is not installed, or nobody answers there.
    """

    def __init__(self, scheduler: str) -> None:
        connect: Any = _distributed().Client
        try:
            self._client: Any = connect(scheduler, timeout="10s", set_as_default=False)
        except (OSError, ValueError) as error:
            raise UsageError(f"no Dask scheduler answers at {scheduler}: {error}") from None

    def close(self) -> None:
        self._client.close()

    @property
    def several(self) -> bool:
        return True

    def players(self, heard: Heard, phase: Phase) -> AbstractContextManager[Players]:
        return _Cluster(self._client, alone=phase == "alone")


def _distributed() -> Any:
    """Dask's own module, which has no types, and which not everybody has. Raises UsageError."""
    try:
        return import_module("distributed")
    except ImportError:
        raise UsageError("--engine dask needs Dask: pip install 'chatsim[dask]'") from None


class _Cluster:
    def __init__(self, client: Any, *, alone: bool) -> None:
        self._client = client
        self._alone = alone
        self._under_way: list[Any] = []

    def __enter__(self) -> _Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.cancel(self._under_way)

    def as_ready(self, jobs: Iterable[Sitting]) -> Iterator[tuple[int, SubmissionRecord]]:
        if self._alone:
            for number, sitting in enumerate(jobs):
                yield number, self._result(sitting, self._submit(sitting))
            return
        sittings = list(jobs)
        self._under_way = [self._submit(each) for each in sittings]
        numbers = {future.key: number for number, future in enumerate(self._under_way)}
        for future in _distributed().as_completed(self._under_way, loop=self._client.loop):
            number = numbers[future.key]
            yield number, self._result(sittings[number], future)

    def _submit(self, sitting: Sitting) -> Any:
        return self._client.submit(_in_a_process_of_its_own, sitting, pure=False, retries=1)

    def _result(self, sitting: Sitting, future: Any) -> SubmissionRecord:
        try:
            record: SubmissionRecord = future.result()
        except Exception as problem:  # a worker's machine is gone, or it has no chatsim
            return sitting.lost(ChatsimError(f"the cluster could not play it: {problem}"))
        return record


def _in_a_process_of_its_own(sitting: Sitting) -> SubmissionRecord:
    """Dask's workers have threads, and what they load stays loaded; a sitting wants a process, as it has on one machine."""
    crew: Crew[SubmissionRecord] = Crew(1)
    with crew:
        return next(crew.as_ready([sitting]))[1]
