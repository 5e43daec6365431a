"""Tracebacks and thread stacks of Python servers, read from what they printed: which exception, and in which line.

Output is a stranger's text: what is no traceback is passed over, and half a traceback gives what it holds.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chatsim.history import History

__all__ = ["Frame", "Stack", "Trace", "read_stacks", "read_traces", "shown", "traces_of"]

_BEGIN = "Traceback (most recent call last):"
_FRAME = re.compile(r'^\s+(?:\| +)?File "(?P<path>[^"]*)", line (?P<line>\d+)(?:, in (?P<function>.*))?$')
_ENDING = re.compile(r"^(?P<type>[A-Za-z_][\w.]*)(?:: (?P<words>.*))?$")

_FAULTHANDLER = re.compile(
    r"^(?P<who>(?:Current thread|Thread) 0x[0-9a-fA-F]+(?: \[[^\]]*\])?) \(most recent call first\):"
)
_FAULTHANDLER_FRAME = re.compile(r'^ +File "(?P<path>[^"]*)", line (?P<line>\d+|\?\?\?) in (?P<function>.*)$')
# Faulthandler writes ASCII alone, and spells other letters.
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\U([0-9a-f]{8})")
_PY_SPY = re.compile(r'^Thread \S+ \((?P<state>[^)]*)\)(?:: "(?P<name>.*)")?$')
_PY_SPY_FRAME = re.compile(r"^ +(?P<function>.+?) \((?P<path>[^()]+?)(?::(?P<line>\d+))?\)$")

# Not the student's: the standard library and installed packages, wherever Python lies.
_LIBRARY = re.compile(
    r"<frozen |site-packages|dist-packages|[/\\][Ll]ib(?:64)?[/\\](?:python|pypy)\d|\.zip[/\\]|<string>"
    r"|^(?:python|pypy)\d+\.\d+t?[/\\]"  # its short name (`chatsim.sandbox.retelling`)
)
_WINDOWS = re.compile(r"[/\\][Pp]ython\d*[/\\][Ll]ib[/\\]")
# py-spy tells base names alone. Only modules that a server stands on, and after which nobody calls a file of theirs.
_BY_NAME = frozenset(
    f"{name}.py"
    for name in (
        *("socket", "socketserver", "ssl", "selectors", "threading", "asyncio", "runpy", "codecs", "logging", "json"),
        *("base_events", "unix_events", "selector_events", "streams", "runners", "tasks", "events", "thread", "_base"),
        *("queue", "pickle", "subprocess", "contextlib"),
    )
)

_OF_ONE_CLIENT = (
    "Exception in thread ",
    "Exception occurred during processing of request",
    "Task exception was never retrieved",
    "Unhandled exception in client_connected_cb",
)

_MAIN = ("<module>", "_run_module_as_main", "_shutdown")


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of somebody's code under way. `source` is that line, where the traceback carries it."""

    path: str
    line: int
    function: str = ""
    source: str = ""

    @property
    def own(self) -> bool:
        """Is it the server's own code, not Python's or a package's?"""
        if _LIBRARY.search(self.path) or _WINDOWS.search(self.path):
            return False
        return "/" in self.path or "\\" in self.path or self.path not in _BY_NAME


@dataclass(frozen=True, slots=True)
class Trace:
    """One exception as it was printed: frames oldest first. `index`: of its last line's entry in the history."""

    type: str
    words: str
    frames: tuple[Frame, ...]
    index: int
    unhandled: bool = False
    thread: bool = False  # it ended a thread or a task, and not the process

    @property
    def name(self) -> str:
        """The exception's own name, without its module's."""
        return self.type.rpartition(".")[2]

    @property
    def own(self) -> Frame | None:
        """The last line of the server's own code on its way."""
        return next((frame for frame in reversed(self.frames) if frame.own), None)


@dataclass(frozen=True, slots=True)
class Stack:
    """What one thread was doing: frames newest first. `active`: seen at work (py-spy alone tells); `main`: the first."""

    frames: tuple[Frame, ...]
    main: bool = False
    active: bool | None = None

    @property
    def own(self) -> Frame | None:
        return next((frame for frame in self.frames if frame.own), None)

    def waits_in(self, *functions: str) -> bool:
        """Is the newest frame one of these of Python's own library?"""
        return bool(self.frames) and not self.frames[0].own and self.frames[0].function in functions


def shown(frame: Frame, among: Iterable[Frame] = ()) -> str:
    """As a person names it: `server.py:31, in handle`. Never the whole path of somebody's machine."""
    name = _base(frame.path)
    if not _is_absolute(frame.path):
        name = frame.path.removeprefix("./")
    elif any(_base(other.path) == name and other.path != frame.path for other in among if other.own):
        name = "/".join(re.split(r"[/\\]", frame.path)[-2:])
    return f"{name}:{frame.line}" + (f", in {frame.function}" if frame.function not in ("", "<module>") else "")


def _whole(path: str) -> str:
    """Python itself tells whole paths, or such as it was given: one without folders lies where the server was started. (py-spy
    tells base names, of a library's files, too.)"""
    return path if re.search(r"[/\\]", path) or path.startswith("<") else f"./{path}"


def _base(path: str) -> str:
    return re.split(r"[/\\]", path)[-1]


def _is_absolute(path: str) -> bool:
    return path.startswith(("/", "\\")) or path[1:2] == ":"


# --- tracebacks ------------------------------------------------------------------------------------------------------


def traces_of(history: History) -> tuple[Trace, ...]:
    """All tracebacks that the server printed, handled or not, in the order in which they ended."""
    streams: dict[str, list[tuple[int, str]]] = {"stderr": [], "stdout": []}
    for entry in history.of("out"):
        streams.setdefault(str(entry.detail.get("stream", "stderr")), []).append(
            (entry.index, str(entry.detail.get("line", "")))
        )
    found = [trace for lines in streams.values() for trace in read_traces(lines)]
    for entry in history.of("crash"):
        lines = str(entry.detail.get("text", "")).split("\n")
        for trace in read_traces([(entry.index, line) for line in lines], unhandled=True):
            same = next((t for t in found if _same(t, trace) and not t.unhandled and t.index <= trace.index), None)
            if same is not None:
                found.remove(same)
                trace = Trace(trace.type, trace.words, same.frames, same.index, True, trace.thread or same.thread)
            found.append(trace)
    return tuple(sorted(found, key=lambda trace: trace.index))


def _same(one: Trace, other: Trace) -> bool:
    return (one.type, one.words, one.own) == (other.type, other.words, other.own)


def read_traces(lines: Sequence[tuple[int, str]], *, unhandled: bool = False) -> Iterator[Trace]:
    """The tracebacks among these numbered lines. Each of a chain ("During handling of …") counts for itself."""
    frames: list[Frame] | None = None
    thread = False
    for index, line in lines:
        if line.startswith(_OF_ONE_CLIENT):
            thread = True
        if line.lstrip(" |+").startswith(_BEGIN):
            frames = []
            continue
        if frames is None:
            continue
        frame = _FRAME.match(line)
        if frame:
            frames.append(Frame(_whole(frame["path"]), int(frame["line"]), (frame["function"] or "").strip()))
        elif line.startswith((" ", "\t")):
            words = line.strip(" \t|")
            if frames and not frames[-1].source and words and not set(words) <= set("^~ "):
                last = frames[-1]
                frames[-1] = Frame(last.path, last.line, last.function, words)
        elif line.strip():
            ending = _ENDING.match(line)
            if ending and frames:
                yield Trace(ending["type"], ending["words"] or "", tuple(frames), index, unhandled, thread)
            frames = None


# --- stacks ----------------------------------------------------------------------------------------------------------


def read_stacks(text: str) -> tuple[Stack, ...]:
    """What each thread was doing, from the words of faulthandler or py-spy. Both tell the newest line first."""
    stacks: list[Stack] = []
    frames: list[Frame] | None = None
    main, active, spied_on = False, None, False

    def close() -> None:
        if frames:
            stacks.append(Stack(tuple(frames), main, active))

    for line in text.split("\n"):
        begun = _FAULTHANDLER.match(line)
        spied = None if begun else _PY_SPY.match(line)
        if begun or spied:
            close()
            frames = []
            main, active, spied_on = False, None, spied is not None
            if spied:
                main = spied["name"] == "MainThread"
                active = spied["state"].startswith("active")
            continue
        if frames is None:
            continue
        frame = _FAULTHANDLER_FRAME.match(line) or _PY_SPY_FRAME.match(line)
        if frame:
            number, path = frame["line"], _ESCAPED.sub(_letter, frame["path"])
            path = path if spied_on else _whole(path)
            frames.append(Frame(path, int(number) if number and number.isdigit() else 0, frame["function"]))
        elif not line.startswith(" "):
            close()
            frames = None
    close()
    return tuple(_with_main(stacks))


def _letter(escaped: re.Match[str]) -> str:
    number = int(escaped[escaped.lastindex or 0], 16)
    return chr(number) if number <= sys.maxunicode else escaped[0]


def _with_main(stacks: Sequence[Stack]) -> Iterator[Stack]:
    """Faulthandler does not name the main thread. Its oldest line stands in no function, or in Python's own end."""
    named = any(stack.main for stack in stacks)
    for stack in stacks:
        yield stack if named else Stack(stack.frames, stack.frames[-1].function in _MAIN, stack.active)


def commonest(frames: Iterable[Frame]) -> list[Frame]:
    """These lines, each once, the one that most threads are in first."""
    return [frame for frame, _ in Counter(frames).most_common()]
