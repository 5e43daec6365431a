"""A help desk: whatever a client says is printed, and a person at the server's console types the answer.

Each typed line answers the oldest message that nobody has answered yet, of a client that is still there.
"""

import time
from collections import deque
from collections.abc import Callable

from reference_server import wire
from reference_server.dialects.dialect import Dialect, Effects, HangUp, Show, Tell
from reference_server.room import Guest

PROMPT = "Enter the response from the server and end with .: "
END_OF_SESSION = b"."


def time_of_day() -> str:
    """As `datetime.now().time()` shows it, whose import this server is spared."""
    now = time.time_ns()
    return time.strftime("%H:%M:%S", time.localtime(now // 10**9)) + f".{now // 1000 % 10**6:06}"


class OperatorDesk(Dialect):
    name = "operator-desk"
    summary = "raw chunks; the person at the server's console types the answers"
    may_join_pieces = False
    asks_operator = True

    def __init__(self, clock: Callable[[], str] = time_of_day) -> None:
        self._clock = clock
        self._unanswered: deque[Guest] = deque()  # one entry a message, the oldest first

    def opening(self, host: str, port: int) -> list[str]:
        return ["Waiting for connection from clients"]

    def framing(self) -> wire.Framing:
        return wire.WholeCharacters()

    def arrived(self, guest: Guest, address: tuple[str, int]) -> Effects:
        host, port = address
        yield Show(f"New Server socket thread {host}: {port}")

    def heard(self, guest: Guest, message: bytes) -> Effects:
        self._unanswered.append(guest)
        yield Show(f"TIME:  {self._clock()}")
        yield Show(f"Server received data  {message.decode()}")
        yield Show(PROMPT)

    def left(self, guest: Guest) -> Effects:
        self._unanswered = deque(other for other in self._unanswered if other != guest)
        return ()

    def typed(self, line: bytes) -> Effects:
        if not self._unanswered:
            return
        guest = self._unanswered.popleft()
        if line == END_OF_SESSION:
            yield HangUp(guest)
        else:
            yield Tell((guest,), line)
