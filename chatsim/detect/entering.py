"""Getting one in: connect, listen, answer what is asked, send what the way says; and what was heard meanwhile."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from chatsim.detect.asking import answer_to, is_refusal
from chatsim.detect.bench import FIRST, Bench, Bot
from chatsim.detect.ways import Way
from chatsim.profile.framing import Decoder, Framing
from chatsim.profile.templates import Template

__all__ = ["PASSWORD", "Client", "Heard", "Sent", "enter"]

PASSWORD = "pw-chatsim-1"  # a password that most rules for passwords accept
MOST_TURNS = 6
GREETED = 1.5  # seconds to wait for a greeting that others got, or might get: some look for newcomers once a second
UNGREETED = 0.05  # seconds to listen to a server that greeted nobody before
UNASKED = 0.25  # seconds for an answer to what nobody had asked for
PROMPT_LENGTH = 400  # characters at the end of what came that are looked at for a question


@dataclass(frozen=True, slots=True)
class Heard:
    """What came before the next thing was sent, piece by piece."""

    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    template: str
    asked: bool  # it answers a question


@dataclass(eq=False)
class Client:
    """One bot and how it came in."""

    bot: Bot
    way: Way
    nick: str
    steps: list[Heard | Sent] = field(default_factory=list)
    refused: str = ""  # why it is not in
    _decoder: Decoder | None = None
    _broken: bool = False

    @property
    def greeting(self) -> tuple[str, ...]:
        """All that it heard while it came in, piece by piece."""
        return tuple(piece for step in self.steps if isinstance(step, Heard) for piece in step.pieces)

    def values(self, text: str = "") -> dict[str, str]:
        return {"nick": self.nick, "text": text, "password": PASSWORD, "id": "1", "time": "2026-01-01T00:00:00"}

    def say(self, bench: Bench, template: str, text: str = "") -> None:
        framing = self.way.wire_framing
        payload = Template(template).render(self.values(text))
        for frame in payload:
            bench.say(self.bot, framing.frame(frame.encode()))

    def hear(self) -> list[str]:
        """What has come since the last time, taken apart as far as that goes."""
        chunks, self.bot.chunks[:] = list(self.bot.chunks), []
        return [piece for piece in self._apart(chunks) if piece.strip("\r\n")]

    def _apart(self, chunks: list[bytes]) -> list[str]:
        framing = self.way.wire_framing
        if framing.kind in ("digits", "struct", "record", "python", "separator") and not self._broken:
            return self._decoded(chunks, framing)
        if framing.kind == "json" and chunks and b"".join(chunks).lstrip().startswith(b"{"):
            decoder = framing.decoder()
            frames = decoder.feed(b"".join(chunks))
            return [_text(frame) for frame in [*frames, decoder.rest()] if frame]
        if framing.kind == "nul":
            return [_text(piece) for piece in b"".join(chunks).split(b"\0") if piece]
        if framing.kind == "message":
            return [_text(chunk) for chunk in chunks]
        if framing.kind == "none":
            return [line for chunk in chunks for line in _lines(_text(chunk))]
        return _lines(_text(b"".join(chunks)))

    def _decoded(self, chunks: list[bytes], framing: Framing) -> list[str]:
        if self._decoder is None:
            self._decoder = framing.decoder()
        frames = [frame for chunk in chunks for frame in self._decoder.feed(chunk)]
        if self._decoder.broken is not None or (not frames and self._decoder.rest()):
            self._broken = True  # it does not answer as we speak
            return [_text(b"".join(chunks))]
        return [_text(frame) for frame in frames]


def enter(bench: Bench, way: Way, nick: str) -> Client:
    """Let one come in. `refused` says why it is not."""
    client = Client(bench.come(nick), way, nick)
    if not client.bot.here:
        client.refused = "no connection"
        return client
    bench.wait(first={None: GREETED, True: GREETED, False: UNGREETED}[bench.greets])
    to_send = list(way.join)
    told = False  # the server has our name
    for _ in range(MOST_TURNS):
        pieces = client.hear()
        if pieces:
            client.steps.append(Heard(tuple(pieces)))
        if client.bot.closed:
            client.refused = client.bot.closed
            break
        asked = _question(pieces, told=told)
        if asked == "{nick}" and told and is_refusal(" ".join(pieces)):
            client.refused = " ".join(pieces)
            break
        template = asked or (to_send.pop(0) if to_send else "")
        if not template:
            break
        if asked == "{nick}" and "{nick}" in to_send:
            to_send.remove("{nick}")
        told = told or "{nick}" in template
        client.steps.append(Sent(template, bool(asked)))
        client.say(bench, template)
        bench.wait(first=FIRST if asked else UNASKED)
    return client


def _question(pieces: list[str], *, told: bool) -> str:
    text = "\n".join(pieces)[-PROMPT_LENGTH:]
    answer = answer_to(text)
    if told and answer == "{nick}" and not (is_refusal(text) and pieces):
        return ""  # it has our name: this is a prompt, or a greeting
    return answer


def _lines(text: str) -> list[str]:
    return [line for line in re.split(r"\r*\n", text) if line]  # as framings do: Unicode knows more line ends


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
