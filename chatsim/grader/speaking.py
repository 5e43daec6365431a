"""Runs with one student's server: which profile it fits, and each run as a record."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace

from chatsim.errors import ServerError, StartError
from chatsim.grader.handed_in import BuiltServer, CannotBePlayedError
from chatsim.grader.noting import for_its_author, noted, out_of_time
from chatsim.grading.assignment import Assignment
from chatsim.grading.order import Wanted
from chatsim.grading.record import RunRecord
from chatsim.jobs import Tell
from chatsim.profile.profile import DETECTED, Profile, Start
from chatsim.profile.reader import load_profile, read_profile
from chatsim.report.printable import printable_lines
from chatsim.report.report import Run
from chatsim.runs import Target, run
from chatsim.sandbox.sandbox import Sandbox
from chatsim.scenario.reader import read_scenario
from chatsim.scenario.scenario import Scenario

__all__ = ["Speaking", "typed"]

DETECTING = 30.0  # seconds
WORKED_OUT = "worked out"  # what a profile is called that nobody has written
PLAIN = (
    "relay"  # the profile by which a server is asked whether it starts at all: it takes the fewest things for granted
)
MEETING = b"""scenario: two meet, and each hears the other
bots: [ann, bob]
steps:
  - join: everyone
  - chat: {ann: "is this how one speaks here?", bob: "so it seems"}
"""


class Speaking:
    """With one server, under the same conditions as with all others. `patience`: in times of the usual."""

    def __init__(
        self, assignment: Assignment, server: BuiltServer, sandbox: Sandbox, patience: float, tell: Tell
    ) -> None:
        self._assignment = assignment
        self._server = server
        self._sandbox = sandbox
        self._patience = patience
        self._tell = tell
        self.worked_out = ""  # the text of the profile that was worked out

    def profile(self, known: str = "", worked_out: str = "") -> Profile:
        """How this server is spoken to. `known`: what was found out before; `worked_out`: the text of that profile, if it
        is none of the assignment's. Raises CannotBePlayedError."""
        rules = self._assignment.server
        if not rules.detect:
            return self._started(rules.profiles[0])
        if rules.any and worked_out:  # else what is played again would be played otherwise
            return self._by(worked_out)
        if known:
            for profile in rules.profiles:
                if profile.name == known:
                    return self._started(profile)
        self._tell("finding out how it is spoken to")
        meeting = _meeting()
        tried: list[Run] = []
        for profile in rules.profiles:
            tried.append(self._run(meeting, self._started(profile), self._assignment.seed, self._patience))
            if tried[-1].interrupted:
                raise KeyboardInterrupt
            if _fits(tried[-1]):
                return self._started(profile)
        why = ""
        if rules.any and not _none_started(tried):
            found = self._work_out()
            if isinstance(found, Profile):
                return found
            why = found
        raise self._not_understood(tried, why)

    def _work_out(self) -> Profile | str:
        """By trying what is in no profile; else why that was in vain. Its source is not read: it may be made to keep us
        busy."""
        from chatsim.detect.detecting import detect
        from chatsim.detect.hints import Hints

        server = self._server
        folder = str(server.folder / server.cwd)
        target = Target(shlex.join(server.command), folder=folder)
        try:
            made = detect(
                target,
                Hints(),
                seconds=DETECTING * max(1.0, self._patience),
                patience=self._patience,
                tell=self._tell,
                sandbox=self._sandbox,
            )
        except ServerError as error:
            return str(for_its_author(error))
        if made.works and not made.command:
            return self._by(made.profile)
        if made.command:
            return f"It has to be started otherwise: {made.command}"
        if made.profile:
            return "A way to speak to it was found, but when it was played with, it did not go on as it began."
        return f"{made.why[:1].upper()}{made.why[1:]}."

    def _by(self, text: str) -> Profile:
        self.worked_out = text
        return self._started(replace(read_profile(text, DETECTED), name=WORKED_OUT))

    def _not_understood(self, tried: list[Run], why: str) -> CannotBePlayedError:
        """Told by the attempt that came furthest: the first that was not stopped by an error, or the first. Whether it
        starts at all, is seen with the patience that everybody has."""
        meeting = _meeting()
        attempts = tried or [
            self._run(meeting, self._started(load_profile(PLAIN)), self._assignment.seed, self._patience)
        ]
        if attempts[-1].interrupted:
            raise KeyboardInterrupt
        nearest = next((each for each in attempts if each.error is None), attempts[0])
        if all(each.error is not None and not isinstance(each.error, ServerError) for each in attempts):
            return CannotBePlayedError("infrastructure", printable_lines(str(nearest.error)))
        if nearest.error is not None and _none_started(attempts):
            why = printable_lines(str(for_its_author(nearest.error)))
            return CannotBePlayedError("not-started", why, doubtful=True)
        names = ", ".join(each.profile for each in tried)
        told = [f"It was spoken to in each of these ways, and answered to none of them as it says: {names}."] * bool(
            tried
        )
        if why:
            told.append("How it is spoken to was not found out.")
            told.append(printable_lines(why))
        seen = noted(nearest, Wanted("", meeting, self._assignment.seed)).text if tried else ""
        return CannotBePlayedError("not-understood", "\n".join(told), seen, doubtful=True)

    def play(self, wanted: Wanted, profile: Profile) -> RunRecord:
        """One run. Raises KeyboardInterrupt if it was interrupted: then nothing is known of it."""
        limit = self._assignment.limits.run * max(1.0, self._patience) * max(1.0, wanted.patience)
        played = self._run(wanted.scenario, profile, wanted.seed, self._patience * wanted.patience, limit)
        return out_of_time(played, wanted, limit) if played.interrupted else self._noted(played, wanted)

    def _noted(self, played: Run, wanted: Wanted) -> RunRecord:
        # Where any way to speak is welcome, a profile of the assignment is a guess, and what is worked out is another.
        return noted(played, wanted, prescribed=not self._assignment.server.any)

    def _run(
        self, scenario: Scenario, profile: Profile, seed: int, patience: float, seconds: float | None = None
    ) -> Run:
        again = ["chatsim", "run", scenario.file, "--server", typed(self._server.command)]
        if profile.file != DETECTED:  # without --profile it is worked out again
            again += ["--profile", profile.file or profile.name]
        again += ["--seed", str(seed)]
        return run(
            scenario,
            profile,
            Target(),
            seed=seed,
            patience=patience,
            seconds=seconds,
            sandbox=self._sandbox,
            replay=shlex.join(again),
        )

    def _started(self, profile: Profile) -> Profile:
        """The profile, with this server in place of its own: the port, files and words of its start stay."""
        start = profile.start or Start()
        ours = replace(
            start,
            command=self._server.command,
            folder=str(self._server.folder),
            cwd=self._server.cwd or None,
            build=None,
        )
        return replace(profile, start=ours)


def typed(command: Sequence[str]) -> str:
    """As one would type it: what needs quotes has them, but for placeholders, which `--server` knows as they are."""
    return " ".join(word if re.fullmatch(r"\{[a-z]+\}", word) else shlex.quote(word) for word in command)


def _meeting() -> Scenario:
    return read_scenario(MEETING, "meeting")


def _fits(run: Run) -> bool:
    """Was everybody let in, and did each hear the other?"""
    return run.error is None and any(
        verdict.property == "delivery" and verdict.outcome == "passed" for verdict in run.verdicts
    )


def _none_started(runs: Sequence[Run]) -> bool:
    return bool(runs) and all(isinstance(each.error, StartError) for each in runs)
