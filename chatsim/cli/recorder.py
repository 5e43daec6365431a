"""A recording held: the server and the proxy live until somebody ends it; then the files are written."""

from __future__ import annotations

import hashlib
import sys
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from chatsim._version import __version__
from chatsim.cli.putting_off import put_off
from chatsim.cli.terminal import hint, whole_file
from chatsim.history import Header
from chatsim.profile.profile import Profile
from chatsim.profile.terms_of import terms_of
from chatsim.recording.proxy import Proxy, listener_at
from chatsim.recording.steps import Step, steps_of
from chatsim.recording.understanding import understand
from chatsim.recording.writing import line_of, written
from chatsim.runs import Target, describe, world_of
from chatsim.watchdog import bounded_calls
from chatsim.wires import Line, named

if TYPE_CHECKING:
    from chatsim.recording.notes import Understood
    from chatsim.recording.observed import Observed

__all__ = ["Recorder"]

FINISHING = "The recording is being written. Once more, and it is given up."
NOBODY = 3  # nothing was recorded: there is no scenario to write


class Recorder:
    def __init__(
        self, profile: Profile, target: Target, listen: tuple[str, int], output: str, history: str | None
    ) -> None:
        self._profile = profile
        self._target = target
        self._listen = listen
        self._output, self._history = output, history
        self._server = describe(profile, target)

    def record(self) -> int:
        """The exit code. Raises ServerError if the server can not be started, UsageError if nobody can listen there.

        Once it has ended, an interrupt is put off until the files are written; a second one gives the recording up, and
        each file is whole or as it was before.
        """
        with ExitStack() as ending:
            return self._write(self._listened(ending))

    def _write(self, seen: list[Observed]) -> int:
        with bounded_calls():
            understood = understand(self._profile, seen)
        steps = steps_of(understood)
        if not any(step.verb for step in steps):
            hint("Nobody came: nothing is written.")
            return NOBODY
        text = self._text(understood, steps)
        with whole_file(self._output) as file:
            file.write(text)
        if self._history is not None:
            with whole_file(self._history) as file:
                understood.history(self._header(understood, text), self._numbered(text, steps)).write(file)
        self._tell(understood, steps)
        return 0

    def _listened(self, ending: ExitStack) -> list[Observed]:
        """What passes on the wire is not changed by what is spoken on it: there it is a mere stream.

        From its end on interrupts are put off, as long as `ending` stays open.
        """
        line = self._profile.line if self._profile.line.transport == "unix" else Line()
        with (
            closing(listener_at(self._listen)) as listener,
            world_of(replace(self._profile, line=line), self._target) as world,
        ):
            proxy = Proxy(world, listener, hint)
            try:
                world.start()
                hint(f"Recording {self._server}. Clients connect to {named(proxy.address)}; Ctrl-C ends the recording.")
                proxy.serve()
                hint("The server has ended, and so does the recording.")
            except KeyboardInterrupt:
                pass
            finally:
                with suppress(KeyboardInterrupt):  # in a hurry: what was seen is still written
                    proxy.finish()
                ending.enter_context(put_off(FINISHING))
                proxy.close()
            return proxy.seen

    def _text(self, understood: Understood, steps: list[Step]) -> str:
        about = [
            f"Recorded by `chatsim record` from {self._server}, spoken to as {self._profile.name}.",
            "What was said is said again in the same order; that everybody hears it, and is told who comes and goes, is",
            "judged by the properties. What the profile does not explain stands as bytes, or as a comment.",
        ]
        return written(steps, understood.bots, about)

    def _header(self, understood: Understood, text: str) -> Header:
        profile = self._profile
        return Header(
            scenario=text.split("scenario: ", 1)[1].split("\n", 1)[0].strip('"'),
            file=self._output,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            profile=profile.name,
            profile_source=profile.source,
            terms=terms_of(profile).to_json(),
            bots=tuple(understood.bots),
            server=self._server,
            attached=self._target.address is not None,
            platform=f"{sys.platform} python {sys.version_info.major}.{sys.version_info.minor}",
            version=__version__,
        )

    def _numbered(self, text: str, steps: list[Step]) -> dict[int, dict[str, object]]:
        """What the history says of each step, by where it begins."""
        lines = text.split("\n")
        number, at, found = 0, 0, dict[int, dict[str, object]]()
        for step in steps:
            if not step.verb:
                continue
            number += 1
            line = line_of(step)
            at = next(each for each in range(at, len(lines)) if lines[each].strip() == line) + 1
            entry: dict[str, object] = {
                "number": number,
                "verb": step.verb,
                "place": f"{self._output}:{at}:5",
                "text": line,
            }
            if step.verb in ("join", "rejoin"):
                entry["bots"] = list(step.bots)
            found.setdefault(step.before, entry)
        return found

    def _tell(self, understood: Understood, steps: list[Step]) -> None:
        played = sum(bool(step.verb) for step in steps)
        hint(f"{_many(len(understood.bots), 'bot')}, {_many(played, 'step')}: {self._output}")
        if understood.unknown:
            hint(f"{_many(understood.unknown, 'thing')} that the profile does not know: kept as bytes, or as comments.")


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
