"""The whole of it: start the server, try ways until one works, study it, write the profile, play with it.

It keeps the time and tells what it is doing; `servers` starts a fresh server for each try, `searching` says what is tried.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from chatsim.detect.bench import Bench, OutOfTimeError
from chatsim.detect.findings import Findings
from chatsim.detect.hints import Hints
from chatsim.detect.narrowing import narrowed
from chatsim.detect.playing import outcome_of_playing
from chatsim.detect.searching import Search
from chatsim.detect.servers import Servers
from chatsim.detect.studying import Study
from chatsim.detect.trying import Trial, attempt
from chatsim.detect.ways import Way
from chatsim.detect.writing import Begun, one_line, profile_name, written
from chatsim.errors import ServerError
from chatsim.runs import Target
from chatsim.sandbox.sandbox import Sandbox
from chatsim.wires import Tls

__all__ = ["Detection", "detect"]

SEARCHING = 0.6  # of the time may be spent on finding a way in
CONSOLES = 3  # of the first tries somebody answers at the console, if nobody else does
ENDING = 3.0  # seconds are kept for a server that takes its time to end
START = 0.5  # times the usual patience for a start: five seconds
LEAST_START = 0.5  # seconds
MOST_ANSWERS = 3  # that are typed on a server's console before it listens
UNVERIFIED = Tls(verify=False)


@dataclass(slots=True)
class Detection:
    """What came of it. `profile`: the text of a profile; empty where no way was found. `why` says then what it is."""

    profile: str = ""
    why: str = ""
    hint: str = ""
    works: bool = False  # it was played with, and join, chat and leave went as it says
    tried: list[str] = field(default_factory=list)  # the ways that were tried
    killed: list[str] = field(default_factory=list)
    command: str = ""  # where another one was needed than what was given
    typed: str = ""  # on its console, for it to listen


def detect(
    target: Target,
    hints: Hints,
    *,
    seconds: float = 30.0,
    patience: float = 1.0,
    tell: Callable[[str], None] = print,
    sandbox: Sandbox | None = None,
) -> Detection:
    """Find out how a server is spoken to.

    Takes `seconds` at most, and a moment to end the server. Raises ServerError if it does not start, or nobody is there.
    `sandbox`: where servers are put whose authors may attack. When this returns, no process of the server is left, unless
    it was running before.
    """
    with sandbox.as_slow_as(patience) if sandbox is not None else nullcontext():
        return _Detecting(target, hints, seconds, patience, tell, sandbox).run()


class _Detecting:
    def __init__(
        self,
        target: Target,
        hints: Hints,
        seconds: float,
        patience: float,
        tell: Callable[[str], None],
        sandbox: Sandbox | None,
    ) -> None:
        self._target = target
        self._sandbox = sandbox
        self._hints = hints
        self._end = time.monotonic() + seconds - min(ENDING, seconds / 4)
        self._search_end = time.monotonic() + seconds * SEARCHING
        self._patience = patience
        self._tell = tell
        self._made = Detection()
        self._servers = Servers(target, hints, patience, self._end, tell, sandbox)
        self._search: Search | None = None

    def run(self) -> Detection:
        try:
            trial, study = self._found()
        except OutOfTimeError:
            trial, study = None, None
        if study is not None:
            self._finish(study)
        elif trial is None:
            self._nothing()
        return self._made

    # --- finding a way in ---------------------------------------------------------------------------------------------

    def _found(self) -> tuple[Trial | None, Study | None]:
        self._servers.open(self._search_end)
        search = self._search = Search(self._hints, self._servers.line, self._tell)
        while (way := search.next()) is not None and time.monotonic() <= self._search_end:
            found, trial = self._try(way)
            if found is not None:
                return trial, found
            if trial.clients[0].bot.closed == "refused" and self._target.address is not None:
                raise self._nobody_there()
            search.learn(trial)
        if search.doubted is not None:
            found, trial = self._try(search.doubted.way, whatever=True)
            return trial, found
        weak = search.weak
        if weak is not None and (weak.echoes or weak.replied or not self._made.killed):
            self._settle_for_less(weak)
            return weak, None
        return None, None

    def _nobody_there(self) -> ServerError:
        before = self._made.tried[:-1]
        if before:
            return ServerError(
                f"nobody answers there any more; the last try was: {before[-1]}",
                hint="Has the server ended? Start it again, or let chatsim start it: chatsim detect -- COMMAND",
            )
        return ServerError("nobody answers there", hint="Is it running? Does it listen at this address and port?")

    def _try(self, way: Way, *, whatever: bool = False) -> tuple[Study | None, Trial]:
        """Try it; if it works, study the server at once, with the bots that are there."""
        self._tell(f"trying: {way.called}")
        self._made.tried.append(way.called)
        with self._servers.fresh(way.line, self._search.greets if self._search else None) as bench:
            trial = attempt(bench, way)
            if bench.died and not trial.heard:
                self._note_death(bench)
            if not (trial.works or (whatever and trial.heard)):
                return None, trial
            self._tell(f"found a way in: {way.called}")
            trial = narrowed(bench, trial)
            study = Study(bench, trial, self._hints.quit_words, self._hints.roster_words)
            left = self._study(study)
        if left:  # only now is its port free for another
            self._study_further(study, left)
        return study, trial

    def _study(self, study: Study) -> list[tuple[str, Callable[[], None]]]:
        """Stage by stage; gives those that are left because the server has ended."""
        left = list(study.stages)
        bench = study.bench
        try:
            while left:
                called, stage = left.pop(0)
                self._tell(f"looking: {called}")
                stage()
                if bench.died:
                    study.findings.killed.append(f"{bench.last_words}: {bench.died}")
                    self._tell(f"the server ended: {bench.last_words}")
                    return left
        except OutOfTimeError:
            study.findings.open += [f"{called}: there was no time left" for called, _ in left]
        return []

    def _study_further(self, study: Study, left: list[tuple[str, Callable[[], None]]]) -> None:
        """On a server that was started anew. What cannot be looked at any more is said."""
        names = [called for called, _ in left]
        why = "the server had ended"
        try:
            if self._target.address is None:
                why = self._study_on_another(study, names)
        except OutOfTimeError:
            why = "there was no time left"
        except ServerError:
            why = "the server did not start again"
        study.findings.open += [f"{called}: {why}" for called in names]

    def _study_on_another(self, study: Study, names: list[str]) -> str:
        """Takes off `names` what was looked at; gives why the rest was not."""
        with self._servers.fresh(study.way.line, True) as bench:
            if not study.moved(bench):
                return "nobody was let in any more"
            for called, stage in study.stages:
                if called in names:
                    self._tell(f"looking: {called}")
                    stage()
                    names.remove(called)
                    if bench.died:
                        study.findings.killed.append(f"{bench.last_words}: {bench.died}")
                        return "the server had ended again"
        return ""

    def _note_death(self, bench: Bench) -> None:
        text = f"{bench.last_words}: {bench.died}"
        self._tell(f"the server ended ({text}); it is started again")
        if text not in self._made.killed:
            self._made.killed.append(text)

    # --- the profile --------------------------------------------------------------------------------------------------

    def _finish(self, study: Study) -> None:
        found, made = study.findings, self._made
        found.killed = [*made.killed, *found.killed]
        made.killed = list(found.killed)
        self._complete(found)
        self._write(found)

    def _complete(self, found: Findings) -> None:
        limit = self._hints.text_limit
        if limit and found.way.framing in ("none", "json"):
            found.text_limit = limit
            found.note("limits", self._hints.limit_why)
            found.guesses.append("limits: from the source; longer texts were not tried")
        found.note("framing", found.seen.get("framing") or _about_framing(found.way, self._made.tried))

    def _write(self, found: Findings) -> None:
        made = self._made
        servers = self._servers
        made.command, made.typed = servers.command, servers.typed
        name = profile_name(self._target.command or "server")
        chosen = not servers.port or "{port}" in servers.words + servers.typed
        port = 0 if chosen else servers.port
        begun = Begun(servers.words, port, servers.typed) if self._target.address is None else Begun()
        text = written(found, name, begun)
        left = self._end - time.monotonic()
        self._tell("playing with the profile that was found")
        played = outcome_of_playing(
            text, self._target, self._made.command, found.clients, self._patience, left, self._sandbox
        )
        made.works = played.works
        made.profile = written(found, name, begun, played.lines)

    def _settle_for_less(self, trial: Trial) -> None:
        """Nobody hears anybody, but the server answers whoever speaks, or prints what it is told."""
        from chatsim.detect.lesser import lesser_findings

        found = lesser_findings(trial, trial.text)
        found.killed = list(self._made.killed)
        self._complete(found)
        self._write(found)

    def _nothing(self) -> None:
        made, search = self._made, self._search
        if search is None or not made.tried:
            made.why = "there was no time to try anything"
            return
        made.why, made.hint = search.why, search.hint
        if made.why:
            return
        if made.killed:
            made.why = f"the server ended while it was tried, after {made.killed[0]}"
            made.hint = "That is its own fault, whatever was sent: `chatsim talk` shows it, too."
            return
        needs = "".join(f"\n{need}" for need in self._hints.needs)
        ways = f"in {len(made.tried)} ways of joining and speaking, nobody heard anybody"
        made.why = (search.speaks or ways) + needs
        if search.floods:
            made.why += "\nThe server talks without end to whoever connects"
        elif search.greeting:
            made.why += f"\nThe server began with '{one_line(search.greeting[:120])}'"
        made.hint = (
            "Describe it by hand: `chatsim profiles` lists families to begin with, docs/profiles.md has all keys,\n"
            "and `chatsim talk` shows what it says."
        )


def _about_framing(way: Way, tried: Sequence[str]) -> str:
    if way.framing == "none":
        return "a message that ended nowhere was passed on as it was"
    if way.framing in ("newline", "crlf"):
        raw = f"raw bytes, {way.called.partition(', ')[2]}"
        return "without a line end nothing was passed on" if raw in tried else "lines are understood"
    return "so it was understood"
