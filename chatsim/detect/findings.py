"""What was found out about a server: the keys of a profile, each with what was seen."""

from __future__ import annotations

from dataclasses import dataclass, field

from chatsim.detect.ways import Way

__all__ = ["Findings", "Step"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a dialogue: `send` or `await`, and its template."""

    kind: str
    template: str


@dataclass(slots=True)
class Findings:
    """Filled while a server is studied. Templates are sources in the profile language; empty: there is no such thing.

    `seen`: for a key of the profile, what was seen, in words. `open`: what could not be found out. `guesses`: what stands
    in the profile and was not tried. `killed`: what ended the server.
    """

    way: Way
    received: str = ""  # the framing of what is received, where it is another one
    ansi: bool = False
    nick: str = "chosen"  # chosen | assigned | none, or a template of the address
    join: list[Step] = field(default_factory=list)
    refuses: list[str] = field(default_factory=list)
    leave: list[Step] = field(default_factory=list)
    says: str = "{text}"
    hears: list[str] = field(default_factory=list)  # empty: nobody hears anybody
    echo: list[str] = field(default_factory=list)
    ack: list[str] = field(default_factory=list)
    replies: str = ""  # what a client gets of what is typed on the server's console
    said: str = ""  # the line of the server's output for each message
    joined: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    pushed: str = ""  # a list of who is there that nobody asked for
    roster_ask: str = ""
    roster_answer: str = ""
    replays: bool = False  # a newcomer is sent what was said before it came
    ignore: list[str] = field(default_factory=list)
    text_limit: int = 0  # bytes; 0: none known
    nick_limit: int = 0  # characters; 0: none known
    clients: int = 0  # 0: no limit was met
    seen: dict[str, str] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)

    def note(self, key: str, text: str) -> None:
        self.seen[key] = text
