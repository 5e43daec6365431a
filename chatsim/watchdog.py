"""No call of a profile author's code lasts for ever: a thread watches it, and ends it with a word about where it is.

The pure rooms call such code (a profile or a framing in Python) without a clock. So it is watched from outside, by
looking at the stack of the thread that plays: no call costs anything, and the watcher looks four times a second.

What ends a call is an exception that Python raises in it, at the next step of its own code. That works on every platform
and in any thread. A call into C that blocks (`sleep`, a lock, a socket) takes no such step: where signals can be sent to
a thread, and the main thread is the one that plays, the signal that ends a run wakes it. Not promised: that C code is
ended which never returns and looks at no signal, or never lets go of Python's lock (a regular expression that tries for
ever), nor Python code that catches every exception wherever it may strike.
"""

from __future__ import annotations

import linecache
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

from chatsim.errors import Place, Problem
from chatsim.profile.authored import AuthoredError, NeverReturned

__all__ = ["LONGEST_CALL", "bounded_calls"]

LONGEST_CALL: Final = (
    5.0  # seconds: a key exchange in pure Python may take one; longer, and everybody else is kept waiting
)
LOOKS: Final = 20  # in so long
AGAIN: Final = 0.05  # seconds; an `except:` of the author's may have caught the one before
DEAF: Final = 0.5  # seconds after which a call that has not ended yet stands in C code

OURS: Final = str(Path(__file__).parent)
STANDARD: Final = str(Path(linecache.__file__).parent)
CALLERS: Final = frozenset(str(Path(OURS, "profile", name)) for name in ("authored.py", "framer.py", "translating.py"))


@contextmanager
def bounded_calls(seconds: float | None = None) -> Iterator[None]:
    """In here a call of an author's code that has not returned after `seconds` (default: LONGEST_CALL), and a little
    more, raises AuthoredError, with the method and the line where it was. What is open is closed on the way, as after
    any error.

    The watcher's thread has ended when this is left.
    """
    watch = _Watch(threading.get_ident(), LONGEST_CALL if seconds is None else seconds)
    thread = threading.Thread(target=watch.keep, name="watchdog", daemon=True)
    thread.start()
    try:
        yield
    except BaseException:
        # Whatever the author made of the exception that struck: it was ours. A KeyboardInterrupt may be, too.
        if watch.problem is not None:
            raise AuthoredError(watch.problem) from None
        raise
    finally:
        watch.over.set()
        with suppress(NeverReturned):  # the last one, if the call was left just before it struck
            thread.join()
        thread.join()


class _Watch:
    """Looks at the stack of one thread until it is `over`."""

    def __init__(self, thread: int, seconds: float) -> None:
        self.over = threading.Event()
        self.problem: Problem | None = None
        self._thread = thread
        self._seconds = seconds

    def keep(self) -> None:
        under_way: FrameType | None = None  # held, so that no later call can be taken for it
        looks = 0
        while not self.over.wait(self._seconds / LOOKS):
            seen = _call(self._frame())
            looks = looks + 1 if seen is not None and seen is under_way else 0
            under_way = seen
            if seen is not None and looks >= LOOKS:
                self._end(seen)
                under_way, looks = None, 0

    def _end(self, call: FrameType) -> None:
        """Raise it until the call is left."""
        self.problem = self._told()
        told = 0.0
        while _call(self._frame()) is call:
            self._raise(NeverReturned)
            if self.over.wait(AGAIN):
                return
            told += AGAIN
            if told >= DEAF and _call(self._frame()) is call:
                self._raise(None)  # else it would strike when the other one has ended the call, in code of ours
                self._wake()
                told = 0.0
                self.over.wait(AGAIN)
        self._raise(None)

    def _raise(self, error: type[BaseException] | None) -> None:
        import ctypes  # late: only ever needed here

        exception = ctypes.py_object(error) if error is not None else None
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), exception)

    def _wake(self) -> None:
        """A signal that somebody answers by an exception ends what blocks in the main thread."""
        if self._thread != threading.main_thread().ident or not hasattr(signal, "pthread_kill"):
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            if callable(signal.getsignal(number)):
                signal.pthread_kill(self._thread, number)
                return

    def _frame(self) -> FrameType | None:
        return sys._current_frames().get(self._thread)

    def _told(self) -> Problem:
        """Where it is, in the author's own file. Between two steps of a generator it is nowhere there: look again."""
        name, at = None, None
        for _ in range(100):
            name, at = _authors(self._frame())
            if at is not None or self.over.wait(0.001):
                break
        what = f"{name or 'a method of the class'} has not returned for {self._seconds:g} s, and was given up"
        hint = "It was here then. A method has to return at once; what is unfinished is kept for the next call."
        if at is None:
            return Problem(what, hint=hint)
        line = linecache.getline(*at).rstrip("\n")
        indent = len(line) - len(line.lstrip())
        return Problem(what, Place(*at, indent + 1), line, max(1, len(line.strip())), hint=hint)


def _call(frame: FrameType | None) -> FrameType | None:
    """The outermost frame of ours that calls authors' code, if one is on the stack: those within it come and go."""
    outermost = None
    while frame is not None:
        if frame.f_code.co_filename in CALLERS:
            outermost = frame
        frame = frame.f_back
    return outermost


def _authors(frame: FrameType | None) -> tuple[str | None, tuple[str, int] | None]:
    """What was called of the author's code, and the innermost line of its file."""
    call = _call(frame)
    theirs: list[FrameType] = []
    while frame is not None and frame is not call:
        if not _is_machinery(frame.f_code.co_filename):
            theirs.append(frame)
        frame = frame.f_back
    if not theirs:
        return None, None
    code = theirs[-1].f_code
    at = next(each for each in theirs if each.f_code.co_filename == code.co_filename)
    name = f"the module {Path(code.co_filename).stem}" if code.co_name == "<module>" else code.co_qualname
    return name, (code.co_filename, at.f_lineno)


def _is_machinery(file: str) -> bool:
    """Ours, or the standard library's: what stands between us and the author, or is called by either."""
    return file.startswith(("<frozen ", OURS)) or (
        str(Path(file).parent).startswith(STANDARD) and "-packages" not in file
    )
