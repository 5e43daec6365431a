"""What the rules have to go by: one run's history and verdicts, and what several rules read from them.

Facts only. That a failure has this or that cause is for the rules to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from chatsim.checks.lives import NEVER, Life, Lives, lives_of
from chatsim.checks.verdict import Outcome, Verdict
from chatsim.checks.views import Views, views_of
from chatsim.diagnosis.traces import Frame, Stack, Trace, commonest, read_stacks, shown, traces_of
from chatsim.history import Entry, History

__all__ = ["BROKEN", "FIN", "NEVER", "Evidence", "Life"]

FIN = ("close", "half-close")  # drops after which `recv` brings end-of-file, and no exception
BROKEN = (  # what Python raises when the other side is gone
    *("ConnectionResetError", "BrokenPipeError", "ConnectionAbortedError", "ConnectionError", "IncompleteReadError"),
    "EOFError",
)


class Evidence:
    """One judged run. Everything is read when it is first asked for, and most of it never: few runs fail."""

    def __init__(self, history: History, verdicts: Sequence[Verdict]) -> None:
        self.history = history
        self.verdicts: Mapping[str, Verdict] = {verdict.property: verdict for verdict in verdicts}

    # --- the verdicts -------------------------------------------------------------------------------------------------

    def failed(self, *names: str) -> Verdict | None:
        """The first of these that failed."""
        return next((v for name in names if (v := self.verdicts.get(name)) and v.outcome is Outcome.FAILED), None)

    def unclear(self, *names: str) -> Verdict | None:
        """The first of these that the profile leaves open."""
        found = (self.verdicts.get(name) for name in names)
        return next((v for v in found if v and v.outcome is Outcome.INCONCLUSIVE and v.cause == "profile"), None)

    def passed(self, name: str) -> bool:
        """Did it hold, at a real chance to be violated?"""
        verdict = self.verdicts.get(name)
        return verdict is not None and verdict.outcome is Outcome.PASSED and verdict.exercised > 0

    # --- who and what -------------------------------------------------------------------------------------------------

    @cached_property
    def lives(self) -> Lives:
        return lives_of(self.history)

    @cached_property
    def views(self) -> Views:
        return views_of(self.history)

    def of(self, kind: str) -> list[Entry]:
        return self.lives.of(kind)

    def about(self, verdict: Verdict | None) -> Life | None:
        """The session with whose departure the witness of a verdict begins."""
        for index in verdict.witness if verdict is not None else ():
            entry = self.history[index]
            if entry.kind in ("drop", "leave"):
                return self.lives.sessions.get(entry.session)
        return None

    def told_of(self, gone: Life) -> bool:
        """Was anybody told that this one went, before another one came under its name?"""
        names = (gone.name, gone.nick)
        later = [life.connect for life in self.lives.namesakes(gone.nick) if life.connect > gone.parted]
        until = min(later, default=NEVER)
        return any(
            gone.parted < entry.index < until
            and entry.detail.get("what") in ("left", "dropped")
            and entry.detail.get("nick") in names
            and entry.session != gone.number
            for entry in self.of("notice")
        )

    def departed_before(self, index: int) -> Life | None:
        """Who went last before this."""
        gone = [life for life in self.lives.sessions.values() if life.parted < index]
        return max(gone, key=lambda life: life.parted, default=None)

    @cached_property
    def one_thread(self) -> bool:
        """Does the server serve several clients by one thread? Known only where it was looked at while they were there."""
        looks = [
            int(entry.detail["threads"])
            for entry in self.of("facts")
            if isinstance(entry.detail.get("threads"), int) and len(self.lives.connected_at(entry.index)) > 1
        ]
        return self.runs_on("node") or (bool(looks) and max(looks) == 1)

    @property
    def one_thread_or_unknown(self) -> bool:
        """Was it never seen to have several threads?"""
        return not self.many_threads

    @cached_property
    def many_threads(self) -> bool:
        """Was it seen to have more than one thread? A runtime with threads of its own proves nothing."""
        threads = [entry.detail.get("threads") for entry in self.of("facts")]
        native = not any(self.runs_on(name) for name in ("node", "java", "dotnet", "go"))
        return native and any(isinstance(number, int) and number > 1 for number in threads)

    def runs_on(self, name: str) -> bool:
        return any(name in (entry.detail.get("runtimes") or ()) for entry in self.of("facts"))

    # --- what it printed ----------------------------------------------------------------------------------------------

    @cached_property
    def traces(self) -> tuple[Trace, ...]:
        """Its tracebacks, while it was meant to run: what it prints after our signal to end is our own doing."""
        return tuple(trace for trace in traces_of(self.history) if not self.lives.stopped_at(trace.index))

    def printed(self, *words: str) -> Entry | None:
        """The first line with one of these words in it."""
        for entry in self.of("out"):
            line = str(entry.detail.get("line", ""))
            if any(word in line for word in words):
                return entry
        return None

    @cached_property
    def stacks(self) -> Mapping[str, tuple[Stack, ...]]:
        """Why they were looked at (spin, hung, stop) -> what its threads were doing."""
        told = {
            str(entry.detail.get("why", "")): read_stacks(str(entry.detail.get("text", "")))
            for entry in self.of("stacks")
        }
        dump = self._dump_at_the_end()
        return {"stop": read_stacks(dump), **told} if dump else told

    def _dump_at_the_end(self) -> str:
        """What faulthandler printed when a server that would not end was ended by force."""
        left = next((e.index for e in self.of("server") if e.detail.get("what") == "left-behind"), None)
        if left is None:
            return ""
        until = next(
            (e.index for e in self.of("server") if e.index > left and e.detail.get("what") == "started"), NEVER
        )
        lines = [
            str(entry.detail.get("line", ""))
            for entry in self.of("out")
            if left < entry.index < until and entry.detail.get("stream") == "stderr"
        ]
        return "\n".join(lines) if any(line.startswith("Fatal Python error: Aborted") for line in lines) else ""

    def place(self, frame: Frame | None) -> tuple[str, str]:
        """How a line is named, and what stands there; both empty for none."""
        if frame is None or not frame.line:
            return "", ""
        among = [f for trace in self.traces for f in trace.frames]
        among += [f for stacks in self.stacks.values() for stack in stacks for f in stack.frames]
        return shown(frame, among), frame.source

    def only(self, frames: Iterable[Frame]) -> Frame | None:
        """The one line, if all of these are in one: where threads differ, no line is the one."""
        lines = commonest(frames)
        return lines[0] if len(lines) == 1 else None
