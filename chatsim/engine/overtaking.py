"""Has anything overtaken something else of the same sender on this server? Then a fence flushes nothing.

Asked only before a fence, and each entry of the history is looked at once: a delivery costs nothing when it comes.
"""

from __future__ import annotations

from chatsim.history import KINDS, History

__all__ = ["Overtaking"]

HEARD = KINDS.index("heard")
MOST_LOOKS = 100  # each goes through the history; where second copies are that common, nothing is to be relied upon


class Overtaking:
    """Follows a history that grows. Once something was overtaken, the answer stays yes."""

    def __init__(self) -> None:
        self._read = 0
        self._latest: dict[tuple[int, int], int] = {}  # (receiver, stream) -> the highest message number heard so far
        self._streams: dict[tuple[int, str], int] = {}  # sender and channel
        self._of: list[int] = []  # by message number
        self._seen = False
        self._looked = 0

    def seen_in(self, history: History) -> bool:
        """Did a session hear two messages of one sender and channel in another order than they were sent?

        A second copy overtakes nothing. Message numbers are given in the order of sending.
        """
        if self._seen:
            return True
        for said in history.messages[len(self._of) :]:
            stream = (said.sender, said.channel)
            self._of.append(self._streams.setdefault(stream, len(self._streams)))
        end = len(history)
        kinds, sessions, refs = (column[self._read : end] for column in (history.kinds, history.sessions, history.refs))
        of, latest = self._of, self._latest
        for at, (kind, session, message) in enumerate(zip(kinds, sessions, refs, strict=True), start=self._read):
            if kind != HEARD:
                continue
            key = (session, of[message])
            last = latest.get(key, -1)
            if message > last:
                latest[key] = message
            elif message < last:
                self._looked += 1
                if self._looked > MOST_LOOKS or not self._heard_before(history, session, message, at):
                    self._seen = True
                    break
        self._read = end
        return self._seen

    @staticmethod
    def _heard_before(history: History, session: int, message: int, at: int) -> bool:
        return any(
            history.kinds[index] == HEARD and history.sessions[index] == session and history.refs[index] == message
            for index in range(at)
        )
