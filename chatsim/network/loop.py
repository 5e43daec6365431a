"""One loop, one clock: waits for many descriptors and timers, and gathers what happened in the order of observing it.

Everything that can happen to a run (sockets, the server's pipes, the end of a process) is watched by one `Loop`, so
that there is one order of events and one clock. On Linux it sits on epoll directly, elsewhere on `selectors`: measured,
this beats every framework, and it costs nothing to import.

Owns: waiting, timers, the list of events, how late we were. Leaves to others: what a readiness means.
"""

from __future__ import annotations

import contextlib
import heapq
import math
import select
import selectors
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from chatsim.network.network import Event

__all__ = ["READ", "WRITE", "Handler", "Loop", "Timer"]

READ, WRITE = 1, 4  # the values of EPOLLIN and EPOLLOUT, so that on Linux nothing has to be translated

Handler = Callable[[int], None]  # is given the readiness: READ, WRITE, or other bits (an error, a hang-up)

BATCH = 256  # descriptors a wait: with 64 KiB each, one poll never holds more than 16 MiB
LONGEST_WAIT = 600.0  # seconds; a deadline of infinity is waited for in pieces
GAP = 0.050  # seconds outside `poll` that are the director's to use; a longer absence is lag
LATE = 0.002  # seconds; timers of a healthy machine are later than asked by a tenth of this


class Timer:
    """A callback to come. `cancel` may be called at any time, and more than once."""

    __slots__ = ("callback", "when")

    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self.when = when
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None

    def __lt__(self, other: Timer) -> bool:
        return self.when < other.when


class Loop:
    """Not thread-safe. Handlers and timers run only inside `poll`; they may watch and unwatch anything."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._poller: _Poller = _Epoll() if hasattr(select, "epoll") else _Selector()
        self._handlers: dict[int, Handler] = {}
        self._timers: list[Timer] = []
        self._events: list[Event] = []
        self.emit: Callable[[Event], None] = self._events.append  # what happened; returned by the next `poll`
        self.seen = 0.0  # when the readiness that is being handled was seen: one stamp for all of one wait
        self._left = 0.0  # when `poll` was last left
        self._absent = 0.0
        self._late = 0.0
        self._run_delay = _run_delay()
        self._closed = False

    def now(self) -> float:
        """Seconds since the loop began, monotonic."""
        return time.perf_counter() - self._start

    def watch(self, fd: int, readiness: int, handler: Handler) -> None:
        """Call the handler whenever the descriptor is ready. Errors and hang-ups are always reported, too."""
        self._poller.register(fd, readiness)
        self._handlers[fd] = handler

    def rewatch(self, fd: int, readiness: int, handler: Handler) -> None:
        self._poller.modify(fd, readiness)
        self._handlers[fd] = handler

    def unwatch(self, fd: int) -> None:
        """Must be called before the descriptor is closed. Harmless for one that is not watched."""
        if self._handlers.pop(fd, None) is not None:
            self._poller.unregister(fd)

    def after(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call back once, from within `poll`, at the earliest after this many seconds."""
        timer = Timer(self.now() + delay, callback)
        heapq.heappush(self._timers, timer)
        return timer

    def poll(self, deadline: float) -> list[Event]:
        """Wait until something happened or the clock reads `deadline`. Always looks at least once, even if it is late.

        Sleeps while nothing happens, and wakes within a fraction of a millisecond of the deadline.
        """
        now = self.now()
        if now - self._left > GAP:
            self._absent += now - self._left
        events = self._events
        while True:
            self._run_timers(now)
            until = min(deadline, self._next_timer(), now + LONGEST_WAIT)
            ready = self._poller.wait(0.0 if events else until - now)
            handlers = self._handlers
            self.seen = self.now()
            for fd, readiness in ready:
                handler = handlers.get(fd)
                if handler is not None:  # an earlier handler of this batch may have unwatched it
                    handler(readiness)
            now = self.now()
            if events or now >= deadline:
                break
            if not ready and now - until > LATE:
                self._late += now - until
        if not ready and not events and now - deadline > LATE:
            self._late += now - max(deadline, self._left)
        self._left = now
        happened = events[:]
        events.clear()  # and kept: its `append` is at hand in many places
        return happened

    def lag(self) -> float:
        """Seconds in which we should have been running and were not: too long outside `poll`, woken too late, or
        waiting for a processor (Linux counts that exactly, timers that were late are part of it)."""
        return self._absent + max(self._late, _run_delay() - self._run_delay)

    def close(self) -> None:
        """Forget all watches. Closes none of the watched descriptors."""
        if not self._closed:
            self._closed = True
            self._handlers.clear()
            self._timers.clear()
            self._poller.close()

    def _run_timers(self, now: float) -> None:
        timers = self._timers
        while timers and (timers[0].when <= now or timers[0].callback is None):
            callback = heapq.heappop(timers).callback
            if callback is not None:
                callback()

    def _next_timer(self) -> float:
        return self._timers[0].when if self._timers else math.inf


def _run_delay() -> float:
    """Seconds that this thread has been runnable without a processor; 0 where the platform does not say."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_bytes().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


class _Poller(Protocol):
    def register(self, fd: int, readiness: int) -> None: ...
    def modify(self, fd: int, readiness: int) -> None: ...
    def unregister(self, fd: int) -> None: ...
    def wait(self, timeout: float) -> list[tuple[int, int]]: ...
    def close(self) -> None: ...


class _Epoll:
    """epoll waits in whole milliseconds, rounded up. The rest below one is slept in select() on the epoll descriptor
    itself, which counts in microseconds: a deadline 0.2 ms away is not slept past by 0.8 ms."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._fd = self._epoll.fileno()
        self.register = self._epoll.register
        self.modify = self._epoll.modify

    def unregister(self, fd: int) -> None:
        with contextlib.suppress(OSError):  # closed already: epoll has forgotten it by itself
            self._epoll.unregister(fd)

    def wait(self, timeout: float) -> list[tuple[int, int]]:
        if timeout <= 0:
            return self._epoll.poll(0, BATCH)
        whole = int(timeout * 1000)
        if whole:
            return self._epoll.poll((whole - 0.5) / 1000, BATCH)  # rounded up to `whole`; the caller waits on
        if self._fd >= 1024:  # select() cannot name it
            return self._epoll.poll(timeout, BATCH)
        select.select([self._fd], (), (), timeout)
        return self._epoll.poll(0, BATCH)

    def close(self) -> None:
        self._epoll.close()


class _Selector:
    """Whatever the platform offers (kqueue counts in nanoseconds)."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def register(self, fd: int, readiness: int) -> None:
        self._selector.register(fd, _translated(readiness))

    def modify(self, fd: int, readiness: int) -> None:
        self._selector.modify(fd, _translated(readiness))

    def unregister(self, fd: int) -> None:
        with contextlib.suppress(KeyError, OSError):
            self._selector.unregister(fd)

    def wait(self, timeout: float) -> list[tuple[int, int]]:
        if not self._selector.get_map():  # some platforms refuse to wait for nothing
            time.sleep(max(0.0, timeout))
            return []
        ready = self._selector.select(max(0.0, timeout))[:BATCH]
        return [
            (key.fd, (READ if events & selectors.EVENT_READ else 0) | (WRITE if events & selectors.EVENT_WRITE else 0))
            for key, events in ready
        ]

    def close(self) -> None:
        self._selector.close()


def _translated(readiness: int) -> int:
    return (selectors.EVENT_READ if readiness & READ else 0) | (selectors.EVENT_WRITE if readiness & WRITE else 0)
