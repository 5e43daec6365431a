"""What is known of one client while its session is being read: changed by those who act on the `scene`."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from chatsim.profile.framing import Decoder
from chatsim.profile.profile import Await, Dialogue, PauseFor, SendThis
from chatsim.recording.eavesdropping import Eavesdropper
from chatsim.recording.notes import Life, Note

__all__ = ["Client", "Script"]

REMEMBERED = 200  # messages that one has heard and may hear again


@dataclass(slots=True)
class Script:
    """A dialogue under way. `words`: what its first words named (a room, a new name)."""

    kind: str
    lines: Dialogue
    since: float
    words: Mapping[str, str] = field(default_factory=dict)
    at: int = 0

    @property
    def line(self) -> SendThis | Await | PauseFor | None:
        return self.lines[self.at] if self.at < len(self.lines) else None

    @property
    def refusable(self) -> bool:
        return self.kind in ("join", "enter", "rename")


@dataclass(slots=True)
class Client:
    number: int
    life: Life
    up: Decoder
    down: Decoder
    ear: Eavesdropper | None
    ip: str
    port: int
    nick: str = ""
    script: Script | None = None
    said: list[tuple[bytes, str, int]] = field(default_factory=list)  # not yet understood: bytes, text, number
    agreed: bool = False  # on the protocol of its messages, where there is one
    frames: int = 0
    heard: list[str] = field(default_factory=list)  # frames; what came unframed is one text, `rest`
    deferred: list[str] = field(default_factory=list)
    rest: str = ""
    rest_at: float = 0.0
    owed: dict[int, None] = field(default_factory=dict)  # messages that it may yet hear
    had: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    rooms: list[str] = field(default_factory=list)
    asking: bool = False
    roster: list[str] = field(default_factory=list)
    early: set[tuple[str, str]] = field(default_factory=set)  # notices that came before their reason was seen
    told_at: float = 0.0
    present: bool = False
    unrecognised: int = 0
    stalled: bool = False  # it does not read
    leaving: bool = False
    badly: bool = False
    gone: bool = False  # its own side has ended
    closed: bool = False  # the server's has
    ending: Note | None = None
    last_said: int | None = None  # its last public message, while nobody has heard it
