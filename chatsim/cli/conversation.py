"""A conversation held: one connection and the keyboard, watched together, and the deeds that `talking` asks for."""

from __future__ import annotations

import math
import os
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import datetime

from chatsim.cli.terminal import tell
from chatsim.errors import ServerError
from chatsim.network import network as door
from chatsim.network.loop import READ, Loop
from chatsim.network.network import (
    Connect,
    Event,
    Opened,
    OpenFailed,
    Output,
    PeerClosed,
    Received,
    Send,
    ShutdownWrite,
)
from chatsim.network.wires import network_on
from chatsim.profile.profile import Profile
from chatsim.report.printable import encodable, printable
from chatsim.talking import (
    Abort,
    Close,
    Deed,
    HalfClose,
    HangUp,
    HoldReading,
    Phase,
    ResumeReading,
    Show,
    Talking,
    Wait,
    Write,
)
from chatsim.talking import Connect as ConnectAnew
from chatsim.watchdog import bounded_calls
from chatsim.wires import named

__all__ = ["Conversation"]

A_MOMENT = 0.1  # without news, an unfinished line is perhaps a prompt
LAST_ANSWERS = 0.3  # input ended, as that of a pipe does at once: the answers to it are worth waiting for
LAST_WORD = 1.0  # without news from a server that has been told that we go
PATIENCE = 5.0  # for a connection, for a goodbye, and for the server's own end
BETWEEN = 0.1  # between two messages that nothing else keeps apart: the server reads one chunk as one message


class Conversation:
    """Holds one conversation to its end. Raises ServerError if the server can not be reached or does not let us in."""

    def __init__(self, profile: Profile, nick: str, address: tuple[str, int]) -> None:
        self._talking = Talking(profile, nick)
        self._line = profile.line
        self._address = address
        self._gap = max(profile.pace_gap, BETWEEN if profile.pace == "one-at-a-time" else 0.0)
        self._us = 0  # the number of our connection: each life has its own
        self._outgoing: deque[Write | HalfClose] = deque()
        self._connecting: float | None = None  # since when, anew
        self._written_at = float("-inf")
        self._unfinished = False  # what was written last is a part of a message
        self._silent = False  # we do not read: a connection left so stays as it is until the end
        self._left_silent: list[int] = []
        self._alarm: float | None = None  # when a wait that the dialogue asked for is over
        self._input_ended: float | None = None
        self._leaving_since: float | None = None
        self._news_at = float("-inf")
        self._quiet_at: float | None = None
        self._typed = b""
        self._closing = False
        self._ended = False  # the server's side has

    def hold(self) -> None:
        shown = named(self._address)
        with closing(Loop()) as loop, closing(network_on(self._line, loop)) as self._network:
            self._now = loop.now
            opened = self._connect(shown)
            self._say(f"[CONNECTED] Client connected to server at {shown}")
            try:
                with bounded_calls():
                    self._live(loop, opened)
            finally:
                for ours in (*self._left_silent, self._us):
                    self._network.do(door.Close(ours))
                self._say("[DISCONNECTED] Client disconnected from server")
        if self._talking.refused:
            raise ServerError(
                f"{shown} did not let {printable(self._talking.nick)} in",
                hint="Is --profile the right one, and the nickname free?",
            )

    def _connect(self, shown: str) -> Opened:
        why = f"nothing came of it within {PATIENCE:g} s"
        try:
            self._network.aim(self._address)
        except OSError as problem:
            why = problem.strerror or str(problem)
        else:
            self._network.do(Connect(self._us))
            end = self._now() + PATIENCE
            while self._now() < end:
                for event in self._network.poll(end):
                    if isinstance(event, Opened):
                        return event
                    if isinstance(event, OpenFailed):
                        why, end = event.why, 0.0
        raise ServerError(f"no connection to {shown}: {why}", hint="Is the server running, and does it listen there?")

    def _live(self, loop: Loop, opened: Opened) -> None:
        _watch_keyboard(loop, self._read_keyboard)
        self._open(opened)
        try:
            while not self._closing or self._outgoing:
                self._hear(self._network.poll(self._until()))
                self._on_time()
        except KeyboardInterrupt:  # a goodbye is worth a write, its answer is not worth a wait
            self._do(self._talking.leave())
            raise
        self._part()

    def _open(self, opened: Opened) -> None:
        self._connecting = None
        self._do(self._talking.opened(opened.local, datetime.now().astimezone().isoformat(timespec="seconds")))

    def _until(self) -> float:
        """Until when nothing needs to be done if nothing happens."""
        moments = (self._alarm, self._send_at(), self._leave_at(), self._give_up_at(), self._quiet_at)
        return min((moment for moment in moments if moment is not None), default=math.inf)

    def _send_at(self) -> float | None:
        """When the next write is due. The end of writing waits for nobody."""
        if not self._outgoing or self._connecting is not None:
            return None
        first = self._outgoing[0]
        if isinstance(first, HalfClose):
            return self._written_at
        return self._written_at + (first.after if self._unfinished else max(first.after, self._gap))

    def _leave_at(self) -> float | None:
        """When input has ended: after the answers to it, or when it is plain that we are never let in."""
        if self._input_ended is None or self._leaving_since is not None or self._outgoing or self._connecting:
            return None
        patience = PATIENCE if self._talking.phase is Phase.JOINING else LAST_ANSWERS
        answered = max(self._input_ended, self._news_at, self._written_at) + patience
        return min(answered, self._input_ended + PATIENCE)  # there are servers that never stop talking

    def _give_up_at(self) -> float | None:
        """When a goodbye, or a new connection, has been left unanswered for too long."""
        since = self._leaving_since if self._connecting is None else self._connecting
        return None if since is None else since + PATIENCE

    def _on_time(self) -> None:
        now = self._now()
        self._send_what_is_due()
        if _is_due(self._alarm, now):
            self._alarm = None
            self._do(self._talking.waited())
        if _is_due(self._quiet_at, now):
            self._quiet_at = None
            self._do(self._talking.quiet())
        if _is_due(self._leave_at(), now):
            self._leaving_since = now
            self._do(self._talking.leave())
        if _is_due(self._give_up_at(), now):
            self._give_up()

    def _give_up(self) -> None:
        self._outgoing.clear()
        if self._connecting is not None:
            self._connecting = None
            self._do(self._talking.failed(f"nothing came of it within {PATIENCE:g} s"))
        else:
            self._do(self._talking.closed())  # a goodbye that nobody answers is one all the same

    def _hear(self, events: Sequence[Event]) -> None:
        for event in events:
            if getattr(event, "session", self._us) != self._us:
                continue  # of a connection that we have left
            if isinstance(event, Opened):
                self._open(event)
            elif isinstance(event, OpenFailed):
                self._connecting = None
                self._do(self._talking.failed(event.why))
            if isinstance(event, Received | PeerClosed):
                self._news_at = self._now()
                self._quiet_at = self._news_at + A_MOMENT
            if isinstance(event, Received):
                self._do(self._talking.received(event.data))
            elif isinstance(event, PeerClosed):
                self._outgoing.clear()
                self._ended = True
                self._do(self._talking.closed())

    def _read_keyboard(self, data: bytes) -> None:
        """Take the lines that have been typed; no bytes are the end of input."""
        *lines, self._typed = (self._typed + data).split(b"\n")
        if not data:
            self._input_ended = self._now()
            lines = [self._typed] if self._typed else []
        for line in lines:
            self._do(self._talking.typed(line.decode("utf-8", "replace").rstrip("\r")))

    def _do(self, deeds: list[Deed]) -> None:
        for deed in deeds:
            match deed:
                case Show(text, ours):
                    self._say(*([f"[{text}]"] if ours else map(printable, text.strip("\r\n").split("\n"))))
                case Write() | HalfClose():
                    self._outgoing.append(deed)
                    self._send_what_is_due()
                case Wait(seconds):
                    self._alarm = self._now() + seconds
                case Close():
                    self._closing = True
                case HangUp():
                    self._network.do(ShutdownWrite(self._us))
                case Abort(gently):
                    self._outgoing.clear()
                    self._ended = True
                    self._network.do(door.Close(self._us) if gently else door.Abort(self._us))
                case HoldReading():
                    self._silent = True
                    self._network.do(door.HoldReading(self._us))
                case ResumeReading():
                    self._silent = False
                    self._network.do(door.ResumeReading(self._us))
                case ConnectAnew():
                    self._come_back()
        if self._talking.phase is Phase.LEAVING:
            self._leaving_since = self._now() if self._leaving_since is None else self._leaving_since
        else:
            self._leaving_since = None

    def _come_back(self) -> None:
        if self._silent:
            self._left_silent.append(self._us)
        else:
            self._network.do(door.Close(self._us))
        self._us += 1
        self._outgoing.clear()
        self._silent = self._unfinished = False
        self._alarm = self._quiet_at = None
        self._ended = False
        self._connecting = self._now()
        self._network.do(Connect(self._us))

    def _send_what_is_due(self) -> None:
        while _is_due(self._send_at(), self._now()):
            match self._outgoing.popleft():
                case Write(data, _, more):
                    self._network.do(Send(self._us, data, more=more))
                    self._written_at, self._unfinished = self._now(), more
                case HalfClose():
                    self._network.do(ShutdownWrite(self._us))

    def _part(self) -> None:
        """Say that we write no more and read to the end: a close with unread bytes would be a reset."""
        self._network.do(ShutdownWrite(self._us))
        end = self._now() + PATIENCE
        while not self._ended and (now := self._now()) < end:
            events = self._network.poll(min(end, now + LAST_WORD))
            for event in events:
                if isinstance(event, Received):
                    self._do([deed for deed in self._talking.received(event.data) if isinstance(deed, Show)])
                self._ended = self._ended or isinstance(event, PeerClosed)
            if not events:
                break

    def _say(self, *lines: str) -> None:
        encoding = (sys.stdout and sys.stdout.encoding) or "utf-8"
        for line in lines:
            tell(encodable(line, encoding))


def _is_due(moment: float | None, now: float) -> bool:
    return moment is not None and now >= moment


def _watch_keyboard(loop: Loop, typed: Callable[[bytes], None]) -> None:
    """Watch standard input, or what a thread copies from it where it can not be watched (a file, or Windows)."""
    try:
        source = sys.stdin.fileno()
    except (AttributeError, ValueError, OSError):  # closed by the caller: nobody will ever type
        source = os.open(os.devnull, os.O_RDONLY)

    def read(readiness: int) -> None:
        give(os.read(source, 65536), source)

    def read_copy(readiness: int) -> None:
        give(ours.recv(65536), ours.fileno())

    def give(data: bytes, fd: int) -> None:
        if not data:
            loop.unwatch(fd)
        typed(data)
        loop.emit(Output(loop.now(), "keyboard", ""))  # what was waited for may be another thing now

    try:
        loop.watch(source, READ, read)
    except (OSError, ValueError):
        ours, copied = socket.socketpair()
        threading.Thread(target=_copy, args=(source, copied), name="keyboard", daemon=True).start()
        loop.watch(ours.fileno(), READ, read_copy)


def _copy(source: int, to: socket.socket) -> None:
    with to, suppress(OSError):
        while data := os.read(source, 65536):
            to.sendall(data)
