"""A conversation held: one socket and the keyboard, watched together, and the deeds that `talking` asks for."""

from __future__ import annotations

import os
import selectors
import socket
import sys
import threading
from collections import deque
from contextlib import suppress
from datetime import datetime
from time import monotonic

from chatsim.cli.terminal import tell
from chatsim.errors import ServerError
from chatsim.profile.profile import Profile
from chatsim.report.printable import encodable, printable
from chatsim.talking import Close, Deed, Phase, Show, Talking, Wait, Write

__all__ = ["Conversation"]

A_MOMENT = 0.1  # without news, an unfinished line is perhaps a prompt
LAST_ANSWERS = 0.3  # input ended, as that of a pipe does at once: the answers to it are worth waiting for
PATIENCE = 5.0  # for a connection, for a goodbye, and for the server's own end
BETWEEN = 0.1  # between two messages that nothing else keeps apart: the server reads one chunk as one message


class Conversation:
    """Holds one conversation to its end. Raises ServerError if the server can not be reached or does not let us in."""

    def __init__(self, profile: Profile, nick: str, address: tuple[str, int]) -> None:
        self._talking = Talking(profile, nick)
        self._address = address
        self._gap = max(profile.pace_gap, BETWEEN if profile.pace == "one-at-a-time" else 0.0)
        self._outgoing: deque[bytes] = deque()
        self._written_at = float("-inf")
        self._alarm: float | None = None  # when a wait that the dialogue asked for is over
        self._input_ended: float | None = None
        self._leaving_since: float | None = None
        self._news_at = float("-inf")
        self._quiet_at: float | None = None
        self._line = b""
        self._closing = False

    def hold(self) -> None:
        host, port = self._address
        try:
            self._socket = socket.create_connection(self._address, timeout=PATIENCE)
        except OSError as problem:
            raise ServerError(
                f"no connection to {host}:{port}: {problem.strerror or problem}",
                hint="Is the server running, and does it listen there?",
            ) from None
        shown = f"[{host}]" if ":" in host else host
        self._say(f"[CONNECTED] Client connected to server at {shown}:{port}")
        try:
            with self._socket:
                self._socket.settimeout(PATIENCE)
                self._live()
        finally:
            self._say("[DISCONNECTED] Client disconnected from server")
        if self._talking.refused:
            raise ServerError(
                f"{shown}:{port} did not let {printable(self._talking.nick)} in",
                hint="Is --profile the right one, and the nickname free?",
            )

    def _live(self) -> None:
        ip, port = self._socket.getsockname()[:2]
        with selectors.DefaultSelector() as watched:
            watched.register(self._socket, selectors.EVENT_READ, "server")
            _watch_keyboard(watched)
            self._do(self._talking.opened((ip, port), datetime.now().astimezone().isoformat(timespec="seconds")))
            try:
                self._watch(watched)
            except KeyboardInterrupt:  # a goodbye is worth a write, its answer is not worth a wait
                self._do(self._talking.leave())
                raise
        self._part()

    def _watch(self, watched: selectors.BaseSelector) -> None:
        while not self._closing or self._outgoing:
            for key, _ in watched.select(self._until()):
                if key.data == "server":
                    self._hear(watched)
                elif not self._read_keyboard(key.data()):
                    watched.unregister(key.fileobj)
                    self._input_ended = monotonic()
            self._on_time()

    def _until(self) -> float | None:
        """How long nothing needs to be done if nothing happens; null: for ever."""
        moments = (self._alarm, self._send_at(), self._leave_at(), self._give_up_at(), self._quiet_at)
        return min((max(0.0, moment - monotonic()) for moment in moments if moment is not None), default=None)

    def _send_at(self) -> float | None:
        return self._written_at + self._gap if self._outgoing else None

    def _leave_at(self) -> float | None:
        """When input has ended: after the answers to it, or when it is plain that we are never let in."""
        if self._input_ended is None or self._leaving_since is not None or self._outgoing:
            return None
        patience = PATIENCE if self._talking.phase is Phase.JOINING else LAST_ANSWERS
        answered = max(self._input_ended, self._news_at, self._written_at) + patience
        return min(answered, self._input_ended + PATIENCE)  # there are servers that never stop talking

    def _give_up_at(self) -> float | None:
        """When a goodbye has been left unanswered for too long."""
        return None if self._leaving_since is None else self._leaving_since + PATIENCE

    def _on_time(self) -> None:
        now = monotonic()
        if _is_due(self._send_at(), now):
            self._send(self._outgoing.popleft())
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
            self._closing = True
            self._outgoing.clear()

    def _hear(self, watched: selectors.BaseSelector) -> None:
        self._news_at = monotonic()
        self._quiet_at = self._news_at + A_MOMENT
        try:
            data = self._socket.recv(65536)
        except OSError:  # a reset: the server has ended it, too
            data = b""
        if data:
            self._do(self._talking.received(data))
            return
        watched.unregister(self._socket)
        self._do(self._talking.closed())
        self._outgoing.clear()
        self._closing = True

    def _read_keyboard(self, data: bytes) -> bool:
        """Take the lines that have been typed; False at the end of input."""
        *lines, self._line = (self._line + data).split(b"\n")
        if not data and self._line:
            lines, self._line = [self._line], b""
        for line in lines:
            self._do(self._talking.typed(line.decode("utf-8", "replace").rstrip("\r")))
        return bool(data)

    def _do(self, deeds: list[Deed]) -> None:
        for deed in deeds:
            match deed:
                case Show(text, ours):
                    self._say(*([f"[{text}]"] if ours else map(printable, text.strip("\r\n").split("\n"))))
                case Write(data) if self._gap:
                    self._outgoing.append(data)
                case Write(data):
                    self._send(data)
                case Wait(seconds):
                    self._alarm = monotonic() + seconds
                case Close():
                    self._closing = True
        if self._talking.phase is Phase.LEAVING and self._leaving_since is None:
            self._leaving_since = monotonic()

    def _send(self, data: bytes) -> None:
        with suppress(OSError):  # the server has gone: reading will tell
            self._socket.sendall(data)
        self._written_at = monotonic()

    def _part(self) -> None:
        """Say that we write no more and read to the end: a close with unread bytes would be a reset."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            self._socket.settimeout(1.0)
            end = monotonic() + PATIENCE
            while monotonic() < end and (data := self._socket.recv(65536)):
                self._do([deed for deed in self._talking.received(data) if isinstance(deed, Show)])

    def _say(self, *lines: str) -> None:
        encoding = (sys.stdout and sys.stdout.encoding) or "utf-8"
        for line in lines:
            tell(encodable(line, encoding))


def _is_due(moment: float | None, now: float) -> bool:
    return moment is not None and now >= moment


def _watch_keyboard(watched: selectors.BaseSelector) -> None:
    """Watch standard input, or what a thread copies from it where it can not be watched (a file, or Windows).
    The key's data is how to read it."""
    try:
        source = sys.stdin.fileno()
    except (AttributeError, ValueError, OSError):  # closed by the caller: nobody will ever type
        source = os.open(os.devnull, os.O_RDONLY)
    try:
        watched.register(source, selectors.EVENT_READ, lambda: os.read(source, 65536))
    except (OSError, ValueError):
        ours, copied = socket.socketpair()
        threading.Thread(target=_copy, args=(source, copied), name="keyboard", daemon=True).start()
        watched.register(ours, selectors.EVENT_READ, lambda: ours.recv(65536))


def _copy(source: int, to: socket.socket) -> None:
    with to, suppress(OSError):
        while data := os.read(source, 65536):
            to.sendall(data)
