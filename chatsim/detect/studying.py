"""What can be learned of a server once there is a way in: how messages, notices, a quit word and a roster look.

A study is a row of stages, each an experiment with a few bots. A server that does not survive a stage is started anew by
whoever drives the study (`Study.moved`), and the next stage goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from chatsim.detect.bench import Bench
from chatsim.detect.comings import arrivals, departures, name_in_use
from chatsim.detect.findings import Findings
from chatsim.detect.messages import messages, received_framing
from chatsim.detect.scene import Scene
from chatsim.detect.trying import Trial
from chatsim.detect.words import quit_word, roster

__all__ = ["Study"]


class Study:
    """One server under study. `findings` grows with each stage. The words are those that its source knows."""

    def __init__(self, bench: Bench, trial: Trial, quit_words: Sequence[str], roster_words: Sequence[str]) -> None:
        self.way = trial.way
        self._scene = Scene(bench, trial)
        self._quit_words = quit_words
        self._roster_words = roster_words

    @property
    def bench(self) -> Bench:
        """The server that it is at now."""
        return self._scene.bench

    @property
    def findings(self) -> Findings:
        """What has been found out so far."""
        return self._scene.findings

    @property
    def stages(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        """In this order: the later ones may end the server."""
        scene = self._scene
        return (
            ("how messages look", partial(messages, scene)),
            ("what is told of who comes", partial(arrivals, scene)),
            ("what is told of who goes", partial(departures, scene)),
            ("a name in use", partial(name_in_use, scene)),
            ("words to leave with", partial(quit_word, scene, self._quit_words)),
            ("who is there", partial(roster, scene, self._roster_words)),
            ("where messages end", partial(received_framing, scene)),
        )

    def moved(self, bench: Bench) -> bool:
        """Go on with a server that was started anew; False if nobody gets in any more."""
        return self._scene.moved(bench)
