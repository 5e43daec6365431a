"""WebSocket as one who listens in hears it: the bytes of both directions, taken apart into messages. Pure.

The handshake passes unchanged, so what the two ends agree upon (compression, too) is read from it.
"""

from __future__ import annotations

from wsproto.extensions import Extension, PerMessageDeflate
from wsproto.frame_protocol import FrameProtocol, Opcode, ParseFailed

__all__ = ["Eavesdropper"]

LONGEST_HEAD = 64 * 1024  # bytes of a handshake; longer ones are none


class Eavesdropper:
    """One connection. What does not keep to the protocol says nothing from then on (`broken`)."""

    def __init__(self) -> None:
        self.opened = False
        self.goodbye = ""  # who said it first: client | server
        self.broken = False
        self._head = {"client": b"", "server": b""}
        self._asked = False
        self._ears: dict[str, FrameProtocol] = {}
        self._early = b""  # what a client says before the answer to its handshake has come
        self._parts: dict[str, list[bytes]] = {"client": [], "server": []}

    def client_said(self, data: bytes) -> list[bytes]:
        if not self._asked:
            rest = self._head_of("client", data)
            if rest is None:
                return []
            self._asked, data = True, rest[1]
        if not self.opened:
            self._early += data
            return []
        return self._messages("client", data)

    def server_said(self, data: bytes) -> list[bytes]:
        if self.opened:
            return self._messages("server", data)
        rest = self._head_of("server", data)
        if rest is None:
            return []
        head, data = rest
        if head.split(b"\r\n", 1)[0].split(b" ")[1:2] != [b"101"]:
            self.broken = True
            return []
        self.opened = True
        agreed = _agreed(head)
        self._ears = {
            "client": FrameProtocol(client=False, extensions=_extensions(agreed)),
            "server": FrameProtocol(client=True, extensions=_extensions(agreed)),
        }
        return self._messages("server", data)

    def early(self) -> list[bytes]:
        """What the client had said before the answer came; given once."""
        data, self._early = self._early, b""
        return self._messages("client", data) if self.opened else []

    def _head_of(self, whose: str, data: bytes) -> tuple[bytes, bytes] | None:
        """The head, when it is whole, and what stands after it."""
        self._head[whose] += data
        head, end, rest = self._head[whose].partition(b"\r\n\r\n")
        if end:
            return head, rest
        self.broken = self.broken or len(head) > LONGEST_HEAD
        if self.broken:
            self._head[whose] = b""
        return None

    def _messages(self, whose: str, data: bytes) -> list[bytes]:
        if self.broken or not data:
            return []
        ear, parts, out = self._ears[whose], self._parts[whose], list[bytes]()
        try:
            ear.receive_bytes(data)
            for frame in ear.received_frames():
                if frame.opcode is Opcode.CLOSE:
                    self.goodbye = self.goodbye or whose
                if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION):
                    continue
                payload = frame.payload
                if not isinstance(payload, tuple):  # that would be a close's
                    parts.append(payload.encode() if isinstance(payload, str) else bytes(payload))
                if frame.message_finished:
                    out.append(b"".join(parts))
                    parts.clear()
        except (ParseFailed, ValueError, AssertionError):
            self.broken = True
        return [message for message in out if message]


def _agreed(head: bytes) -> str:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"sec-websocket-extensions":
            return value.decode("latin-1").strip()
    return ""


def _extensions(agreed: str) -> list[Extension]:
    if not agreed.lower().startswith("permessage-deflate"):
        return []
    deflate = PerMessageDeflate()
    deflate.finalize(agreed)
    return [deflate]
