"""A framing: each message is a line of base64. What is in the messages, the templates of the profile say."""

from __future__ import annotations

import base64


class Base64Lines:
    def __init__(self) -> None:
        self.unfinished = b""

    def frame(self, payload: bytes) -> bytes:
        return base64.b64encode(payload) + b"\n"

    def feed(self, data: bytes) -> list[bytes]:
        *lines, self.unfinished = (self.unfinished + data).split(b"\n")
        return [base64.b64decode(line, validate=True) for line in lines]
