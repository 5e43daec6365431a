"""A profile as a value: everything a YAML profile can say, read, checked and merged with what it extends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from chatsim.profile.framing import Framing
from chatsim.profile.templates import Template
from chatsim.wires import Line

if TYPE_CHECKING:
    from chatsim.profile.authored import Authored

__all__ = [
    "DETECTED",
    "Await",
    "Dialogue",
    "Either",
    "Limits",
    "Operator",
    "PauseFor",
    "Profile",
    "Rooms",
    "Roster",
    "SendThis",
    "Start",
    "Voice",
    "Way",
    "Whenever",
]


DETECTED = "(detected)"  # the `file` of a profile that nobody has written, or saved


@dataclass(frozen=True, slots=True)
class SendThis:
    template: Template


@dataclass(frozen=True, slots=True)
class Await:
    """Any one of these; `{end}` alone (`closes`) waits for the server to close."""

    templates: tuple[Template, ...] = ()
    closes: bool = False


@dataclass(frozen=True, slots=True)
class PauseFor:
    low: float  # seconds
    high: float


@dataclass(frozen=True, slots=True)
class Way:
    """One of several ways on: what begins it, and what is said and awaited then."""

    templates: tuple[Template, ...]
    then: Dialogue


@dataclass(frozen=True, slots=True)
class Either(Await):
    """Waits for the beginning of any of its ways (`templates` has them all), and goes on in that one."""

    ways: tuple[Way, ...] = ()

    def after(self, template: Template | None) -> Dialogue:
        """What follows if this one has come."""
        return next((way.then for way in self.ways if template in way.templates), ())


Dialogue = tuple[SendThis | Await | PauseFor, ...]


@dataclass(frozen=True, slots=True)
class Voice:
    """One way of speaking. `hears` empty: nobody else hears it. `echo` empty: the sender does not hear itself.
    `echo: yes` is written out here as the templates it stands for."""

    says: Template | None = None
    hears: tuple[Template, ...] = ()
    echo: tuple[Template, ...] = ()
    ack: tuple[Template, ...] = ()
    before: Dialogue = ()  # what is said and awaited before `says` can be


@dataclass(frozen=True, slots=True)
class Rooms:
    voice: Voice
    enter: Dialogue = ()
    exit: Dialogue = ()
    joined: tuple[Template, ...] = ()
    left: tuple[Template, ...] = ()
    default: str | None = None
    names: tuple[str, ...] = ()  # empty: any
    many: bool = False


@dataclass(frozen=True, slots=True)
class Roster:
    ask: Template | None = None  # None: the server pushes it
    answer: tuple[Template, ...] = ()
    end: tuple[Template, ...] = ()


@dataclass(frozen=True, slots=True)
class Operator:
    hears: tuple[Template, ...]
    to: Literal["waiting", "everyone"] = "waiting"
    ends: str | None = None  # the reply that ends the client's session


@dataclass(frozen=True, slots=True)
class Whenever:
    awaited: tuple[Template, ...]
    send: Template


@dataclass(frozen=True, slots=True)
class Limits:
    nick: int | None = 12  # characters
    text: int | None = None  # bytes
    rate: float | None = None  # messages a second
    clients: int | None = None
    silence: float | None = None  # seconds
    pool: int | None = None
    exactly: int | None = None  # so many clients, and nobody is in before all are


@dataclass(frozen=True, slots=True)
class Start:
    """How to start the server. `command` null: given by --server. Placeholders {port} {host} {socket} are still in the
    texts."""

    command: tuple[str, ...] | None = None
    build: str | None = None
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    stdin: str | None = None
    host: str | None = None
    port: int | None = None  # fixed; null: {port} somewhere, or found
    socket: str | None = (
        None  # a Unix socket's fixed path, or @ and its abstract name; null: {socket} somewhere, or found
    )
    ready: Template | None = None
    stop: Literal["SIGINT", "SIGTERM", "stdin"] = "SIGINT"
    stop_line: str | None = None  # with stop "stdin"
    terminal: bool = False
    folder: str = ""  # of the profile's file: `cwd` is relative to the server's folder, this is where commands start

    @property
    def chooses_port(self) -> bool:
        """Is the port ours to choose, that is, does {port} stand anywhere?"""
        return self._holds("{port}")

    @property
    def chooses_socket(self) -> bool:
        """Is the Unix socket's path ours to choose, that is, does {socket} stand anywhere?"""
        return self._holds("{socket}")

    def _holds(self, placeholder: str) -> bool:
        texts = [*(self.command or ()), *self.env.values(), *self.files.values(), self.stdin or "", self.build or ""]
        return any(placeholder in text for text in texts)


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    about: str = ""
    start: Start | None = None
    python: Authored | None = None  # what it says on the wire is code: a class of its author
    apart: bool = True  # with `python`: messages stay apart on the wire
    line: Line = field(default_factory=Line)
    sent: Framing = field(default_factory=lambda: Framing.none())
    received: Framing = field(default_factory=lambda: Framing.none())
    encoding: str = "utf-8"
    nick: Literal["chosen", "assigned", "none", "address"] = "chosen"
    nick_template: Template | None = None  # with "address"
    join: Dialogue = ()
    refuses: tuple[Template, ...] = ()
    leave: Dialogue = ()
    rename: Dialogue = ()  # takes another name, {new}, while it is there; empty: no one can
    public: Voice = field(default_factory=Voice)
    joined: tuple[Template, ...] = ()  # notices
    left: tuple[Template, ...] = ()
    dropped: tuple[Template, ...] = ()  # as `left` unless stated
    renamed: tuple[Template, ...] = ()  # what is told of one who has taken another name
    whisper: Voice = field(default_factory=Voice)
    rooms: Rooms | None = None
    roster: Roster | None = None
    operator: Operator | None = None
    output_joined: tuple[Template, ...] = ()
    output_left: tuple[Template, ...] = ()
    output_said: tuple[Template, ...] = ()
    whenever: tuple[Whenever, ...] = ()
    strip_ansi: bool = False
    strip: tuple[Template, ...] = ()
    ignore: tuple[Template, ...] = ()
    replays: bool = False
    text_strip: bool = False
    text_lower: bool = False
    slow_readers: Literal["may-close", "kept"] = "may-close"
    half_close: Literal["leaves", "answers"] = "leaves"
    exits: Literal["never", "when-empty"] = "never"
    pace: Literal["free", "one-at-a-time"] = "free"
    pace_gap: float = 0.0  # seconds at least between the sends of one client
    knock: bool = True
    limits: Limits = field(default_factory=Limits)
    promises: Mapping[str, bool] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)  # its own words after `extends`, plain JSON data
    file: str = ""  # empty for a built-in one
