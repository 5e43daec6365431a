"""Where the report goes while runs end one by one: text for people, files for programs, histories for later."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from time import time

from chatsim.cli.formats import WHOLE, Files, renderer
from chatsim.cli.lines_file import LinesFile, as_trouble
from chatsim.cli.on_github import annotated, is_github, summarise
from chatsim.cli.progress import Progress
from chatsim.cli.standard import Standard
from chatsim.cli.terminal import colours, hint, tell, whole_file, width
from chatsim.errors import ChatsimError
from chatsim.report import text
from chatsim.report.printable import encodable
from chatsim.report.progress import Doing
from chatsim.report.report import Report, Run

__all__ = ["Outlet"]


class Outlet:
    """Takes runs as they end; each scenario is told as soon as it is finished, the histories are written at once.

    `files`: option → path, as `check_files` gives them. `asked`: how many runs there are to be, as far as that is known.
    `colour`: auto, always or never. What a program asked for on standard output (`-`) has it for
    itself: the text then goes to standard error.
    """

    def __init__(
        self,
        verbosity: int,
        files: Files,
        *,
        asked: int = 0,
        exit_first: bool = False,
        standard: Standard | None = None,
        colour: str = "auto",
    ) -> None:
        aside = "-" in files.values()
        self._stream = sys.stderr if aside else sys.stdout
        encoding = (self._stream and self._stream.encoding) or "utf-8"
        self.style = text.Style(verbosity, colours(self._stream, colour), width(), encoding)
        self._files, self._history, self._asked = files, files.get("--history"), asked
        self._exit_first = exit_first
        self._standard = standard
        self._ahead = Doing(0, asked)
        self._progress = Progress(wanted=verbosity >= text.NORMAL)
        self._runs: list[Run] = []
        self._told = 0
        self._trouble: list[ChatsimError] = []
        self._lines = LinesFile(files["--jsonl"], self._trouble) if "--jsonl" in files else None
        self._began = time()

    def group(self, play: Callable[[], Iterable[Run]], repeat: int) -> None:
        """Play one scenario's runs to the end, and tell what came of them."""
        begun = len(self._runs)
        self._progress.tell(self._how_far())
        try:
            for run in play():
                self._runs.append(run)
                self._save(run)
                self._tell_progress(run, len(self._runs) - begun, repeat)
        finally:  # interrupted between two runs, what was finished is told
            self._progress.clear()
            self._tell(begun, repeat)

    def progress(self, doing: Doing) -> None:
        """What is being done, between two runs that are given to us."""
        self._ahead = max(self._ahead, doing, key=lambda each: each.done)
        self._progress.tell(doing)

    def _how_far(self, words: str = "") -> Doing:
        """Side by side, runs are over before they are given to us: then that is how far the work is."""
        if self._ahead.done > len(self._runs):
            return replace(self._ahead, words=words)
        bad = sum(run.error is not None or run.outcome.value == "failed" for run in self._runs)
        return Doing(len(self._runs), self._asked, bad, words)

    def _tell_progress(self, run: Run, made: int, repeat: int) -> None:
        self._progress.tell(self._how_far(run.file))
        if repeat > 1 and self.style.verbosity > text.NORMAL:
            hint(f"run {made} of {repeat}, seed {run.seed}: {run.outcome.value}")

    def _tell(self, begun: int, repeat: int) -> None:
        runs = tuple(self._runs[begun:])
        if runs:
            stopped = self._exit_first and runs[-1].outcome.value == "failed"  # be it in the last run asked for
            gap = "\n" if self._told and self.style.verbosity >= text.NORMAL else ""
            report = Report(runs, repeat, stopped_early=stopped)
            tell(gap + text.scenario(runs, report, self.style), self._stream)
            self._told += 1
            if self._lines is not None:
                self._lines.add(report)

    def finish(self, repeat: int = 1, *, stopped_early: bool = False, interrupted: bool = False) -> Report:
        """Tell what is to be said about all, write the files, and give the whole report."""
        report = Report(tuple(self._runs), repeat, stopped_early, interrupted, self._began, time())
        tell(text.summary(report, self.style), self._stream)
        if self._standard is not None:
            report, told = self._standard.weigh(report, self.style)
            tell(encodable(told, self.style.encoding), self._stream)
        broken_off = self._write_whole(report)
        if self._lines is not None:
            self._lines.close()
        if is_github():
            self._tell_github(report)
        if self._standard is not None:
            self._keep(report, self._standard)
        if self._trouble:
            raise self._trouble[0]
        if broken_off:
            raise KeyboardInterrupt
        return report

    def _write_whole(self, report: Report) -> bool:
        """Was it interrupted? All is played: whoever has lost patience with one file has not said that no other is wanted."""
        broken_off = False
        for option, path in self._files.items():
            try:
                if option in WHOLE:
                    self._write(path, lambda option=option: [renderer(option)(report)])  # type: ignore[misc]
            except KeyboardInterrupt:
                broken_off = True
        return broken_off

    def _keep(self, report: Report, standard: Standard) -> None:
        try:
            standard.keep(report)
        except ChatsimError as problem:
            self._trouble.append(problem)

    def _tell_github(self, report: Report) -> None:
        if said := annotated(report):
            tell(said, self._stream, commands=True)
        try:
            summarise(report)
        except OSError as problem:  # nobody asked for it: where it has no place (in a container, say), there is none
            hint(f"The summary of this step could not be written: {problem.strerror or problem}")

    def _save(self, run: Run) -> None:
        if self._history is None or run.history is None:
            return
        lines: Iterable[str] = run.history.lines()
        if self._history == "-":
            # A CI server that reads it takes `##[` for a command of its own. In JSON it stands in strings alone.
            lines = (line.replace("##[", "##\\u005b") for line in lines)
        self._write(_numbered(self._history, len(self._runs)) if self._asked > 1 else self._history, lambda: lines)

    def _write(self, path: str, lines: Callable[[], Iterable[str]]) -> None:
        """A file that can not be written (the disk is full) is told at the end: the runs go on."""
        try:
            with whole_file(path) as file:
                for line in lines():
                    file.write(line + "\n")
        except BrokenPipeError:
            pass
        except (ChatsimError, OSError) as problem:
            self._trouble.append(as_trouble(path, problem))


def _numbered(path: str, number: int) -> str:
    """`run.jsonl` → `run-3.jsonl`; standard output and devices stay what they are."""
    whole = Path(path)
    if path == "-" or (whole.exists() and not whole.is_file()):
        return path
    return str(whole.with_name(f"{whole.stem}-{number}{whole.suffix}"))
