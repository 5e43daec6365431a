"""A simulated room whose server is right, and has every habit with which right servers upset those who judge them.

Each habit is one that servers in use have. None of them loses, doubles, reorders or invents anything that the profile
promises to keep; a verdict other than a pass is a false alarm.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulated import Faults, Line, SimulatedRoom

from chatsim.network.network import Abort, Close, Command
from reference_server.dialects.dialect import Dialect, Effects, HangUp, Tell

__all__ = ["AwkwardRoom", "Habits"]


@dataclass(frozen=True)
class Habits:
    """Times are seconds, up to which it is drawn."""

    lists_late: float = 0.0  # a newcomer is welcomed first and listed afterwards
    delivers_by_threads: float = 0.0  # each delivery has a thread of its own; those of one speaker keep their order
    tells_late: float = 0.0  # who left is told by the leaver's thread, when it comes to it
    closes_late: float = 0.0  # its end of a connection
    releases_late: float = 0.0  # a name
    notices_by_writing: bool = False  # that somebody dropped, at the second write to it
    replays: int = 0  # so many of the last messages are told to a newcomer
    accepts_late: float = 0.0  # a full backlog: the connection stands only after the kernel has tried again
    evicts: int = 0  # who leaves so many bytes unread is put out
    shreds: bool = False  # what it writes comes in little pieces


class AwkwardRoom(SimulatedRoom):
    """As `SimulatedRoom`, with habits instead of faults."""

    def __init__(self, dialect: Callable[[], Dialect], *, habits: Habits | None = None, **room: Any) -> None:
        self.habits = habits or Habits()
        room.pop("faults", None)
        faults = Faults(lists_late=self.habits.lists_late, releases_late=self.habits.releases_late)
        self._said: deque[tuple[int, bytes]] = deque(maxlen=max(1, self.habits.replays))
        self._next: dict[tuple[int, int], float] = {}  # (speaker, receiver) -> when its last delivery is due
        self._unnoticed: dict[int, int] = {}  # session -> writes to it since it dropped
        self._speaking = 0
        super().__init__(dialect, faults=faults, **room)

    # --- coming and going ----------------------------------------------------------------------------------------

    def _connect(self, session: int) -> None:
        if not self.habits.accepts_late or self._chance.random() > 0.2:
            super()._connect(session)
        else:
            self._at(self._now + self._chance.uniform(0, self.habits.accepts_late), lambda: self._connect_now(session))

    def _connect_now(self, session: int) -> None:
        if session not in self._given_up:
            super()._connect(session)

    @property
    def _given_up(self) -> set[int]:
        return {c.session for _, c in self.commands if isinstance(c, Close | Abort)}

    def do(self, command: Command) -> None:
        session = getattr(command, "session", None)
        if session is not None and session not in self._lines and type(command).__name__ != "Connect":
            self.commands.append((self._now, command))  # its connection does not stand yet
            return
        if isinstance(command, Abort | Close) and self.habits.notices_by_writing:
            self._unnoticed.setdefault(command.session, 0)
        super().do(command)

    def _client_ended(self, line: Line) -> None:
        if line.session in self._unnoticed and self._unnoticed[line.session] < 2 and self._others(line):
            self._read(line)
            return
        super()._client_ended(line)

    def _others(self, line: Line) -> bool:
        return any(other is not line for guest, other in self._guests.items() if guest > 0)

    def _server_closes(self, line: Line) -> None:
        late = self._chance.uniform(0, self.habits.closes_late)
        if late:
            self._of_the_server(late, lambda: SimulatedRoom._server_closes(self, line))
        else:
            super()._server_closes(line)

    # --- what it says --------------------------------------------------------------------------------------------

    def _carry_out(self, effects: Effects, speaker: Line | None, *, notices: bool = False) -> None:
        effects = list(effects)
        self._speaking = 0 if speaker is None else speaker.session + 1
        joins = speaker is not None and not speaker.joined
        if notices and self.habits.tells_late and not any(isinstance(effect, HangUp) for effect in effects):
            late = self._chance.uniform(0, self.habits.tells_late)
            self._of_the_server(late, lambda: SimulatedRoom._carry_out(self, effects, speaker, notices=True))
            return
        super()._carry_out(effects, speaker, notices=notices)
        if self.habits.replays and speaker is not None:
            if joins and speaker.joined and self._welcomed(effects):
                for _, data in list(self._said):
                    self._down(speaker, data)
            for effect in effects:
                public = isinstance(effect, Tell) and not joins and not notices and b": " in effect.data
                if public and not effect.data.startswith((b"[", b"(", b"Here")):
                    self._said.append((speaker.guest, effect.data))

    @staticmethod
    def _welcomed(effects: list[Any]) -> bool:
        return any(isinstance(effect, Tell) and b"Welcome" in effect.data for effect in effects)

    def _misses(self, line: Line, notice: bool) -> bool:
        return line.session not in self._unnoticed and super()._misses(line, notice)

    def _news(self, line: Line, data: bytes) -> None:
        if line.session in self._unnoticed:
            self._unnoticed[line.session] += 1
            if self._unnoticed[line.session] == 2:
                self._of_the_server(0.0, lambda: SimulatedRoom._client_ended(self, line))
            return
        if not self.habits.delivers_by_threads:
            super()._news(line, data)
            return
        due = self._now + self._chance.uniform(0, self.habits.delivers_by_threads)
        key = (self._speaking, line.session)
        due = self._next[key] = max(due, self._next.get(key, 0.0) + 1e-6)
        self._of_the_server(due - self._now, lambda: self._down(line, data))

    def _down(self, line: Line, what: bytes | str, extra: float = 0.0) -> None:
        if not self.habits.shreds or not isinstance(what, bytes):
            super()._down(line, what, extra)
            return
        while what:
            piece, what = what[: (cut := self._chance.randrange(1, 9))], what[cut:]
            super()._down(line, piece, extra)

    def _reach(self, line: Line, what: bytes | str) -> None:
        super()._reach(line, what)
        held = sum(len(each) for each in line.held or () if isinstance(each, bytes))
        if self.habits.evicts and held > self.habits.evicts and line.server_open:
            self._part(line)
            self._server_closes(line)
