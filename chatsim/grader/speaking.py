"""Runs with one student's server: which profile it fits, and each run as a record."""

from __future__ import annotations

import shlex
from dataclasses import replace

from chatsim.errors import ServerError
from chatsim.grader.handed_in import BuiltServer, CannotBePlayedError
from chatsim.grader.noting import noted, out_of_time
from chatsim.grading.assignment import Assignment
from chatsim.grading.order import Wanted
from chatsim.grading.record import RunRecord
from chatsim.jobs import Tell
from chatsim.profile.profile import DETECTED, Profile, Start
from chatsim.profile.reader import read_profile
from chatsim.report.printable import printable_lines
from chatsim.report.report import Run
from chatsim.runs import Target, run
from chatsim.sandbox.sandbox import Sandbox
from chatsim.scenario.reader import read_scenario
from chatsim.scenario.scenario import Scenario

__all__ = ["Speaking"]

DETECTING = 30.0  # seconds
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

    def profile(self, known: str = "") -> Profile:
        """How this server is spoken to. `known`: what was found out before. Raises CannotBePlayedError."""
        rules = self._assignment.server
        if not rules.detect:
            return self._started(rules.profiles[0])
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
        if rules.any and (found := self._worked_out()) is not None:
            return found
        raise self._not_understood(tried)

    def _worked_out(self) -> Profile | None:
        """By trying what is in no profile. Its source is not read: it may be made to keep us busy."""
        from chatsim.detect.detecting import detect
        from chatsim.detect.hints import Hints

        server = self._server
        folder = str(server.folder / server.cwd)
        target = Target(shlex.join(server.command), folder=folder)
        try:
            made = detect(
                target, Hints(), seconds=DETECTING, patience=self._patience, tell=self._tell, sandbox=self._sandbox
            )
        except ServerError:
            return None
        if not made.works or made.command:
            return None
        return self._started(replace(read_profile(made.profile, DETECTED), name="worked out"))

    def _not_understood(self, tried: list[Run]) -> CannotBePlayedError:
        """Told by the attempt that came furthest: the first that was not stopped by an error, or the first."""
        if not tried:
            return CannotBePlayedError("not-understood", "How it is spoken to was not found out.", doubtful=True)
        nearest = next((each for each in tried if each.error is None), tried[0])
        if all(each.error is not None and not isinstance(each.error, ServerError) for each in tried):
            return CannotBePlayedError("infrastructure", printable_lines(str(nearest.error)))
        names = ", ".join(each.profile for each in tried)
        told = f"It was spoken to in each of these ways, and answered to none of them as it says: {names}."
        seen = noted(nearest, Wanted("", _meeting(), self._assignment.seed)).text
        return CannotBePlayedError("not-understood", told, seen, doubtful=True)

    def play(self, wanted: Wanted, profile: Profile) -> RunRecord:
        """One run. Raises KeyboardInterrupt if it was interrupted: then nothing is known of it."""
        limit = self._assignment.limits.run * max(1.0, wanted.patience)
        played = self._run(wanted.scenario, profile, wanted.seed, self._patience * wanted.patience, limit)
        return out_of_time(played, wanted, limit) if played.interrupted else noted(played, wanted)

    def _run(
        self, scenario: Scenario, profile: Profile, seed: int, patience: float, seconds: float | None = None
    ) -> Run:
        again = ["chatsim", "run", scenario.file, "--server", " ".join(self._server.command)]
        again += ["--profile", profile.file or profile.name, "--seed", str(seed)]
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


def _meeting() -> Scenario:
    return read_scenario(MEETING, "meeting")


def _fits(run: Run) -> bool:
    """Was everybody let in, and did each hear the other?"""
    return run.error is None and any(
        verdict.property == "delivery" and verdict.outcome == "passed" for verdict in run.verdicts
    )
