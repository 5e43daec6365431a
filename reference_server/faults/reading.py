"""What is read is not what was sent: TCP is a stream, and a message comes in one piece only by luck."""

from collections.abc import Iterator

from reference_server.faults.fault import Fault
from reference_server.faults.textbook import Client


class OneRecvIsOneMessage(Fault):
    """Takes whatever one `recv` gives for one message, so two quick ones become one with a line end in it."""

    name = "one-recv-is-one-message"
    breaks = "framing"
    dialects = ("lines",)
    scenarios = ("cuts",)

    def texts(self, client: Client) -> Iterator[str]:
        while data := client.sock.recv(65536):
            yield data.decode("utf-8", "replace").strip()


class PiecesOfLongLines(Fault):
    """Reads 1,024 bytes at a time and splits each piece into lines, so a long line becomes several messages."""

    name = "long-lines-in-pieces"
    breaks = "framing"
    dialects = ("lines",)
    scenarios = ("long",)

    def texts(self, client: Client) -> Iterator[str]:
        while data := client.sock.recv(1024):
            for line in data.decode("utf-8", "ignore").split("\n"):
                if line:
                    yield line


class CutsLongLines(Fault):
    """Passes on the first 1,024 characters of a line, which seemed to be enough for everybody."""

    name = "long-lines-cut"
    breaks = "intact"
    dialects = ("lines", "header-64", "binary-length", "json-lines")
    scenarios = ("long",)

    def said(self, client: Client, text: str) -> bytes:
        return super().said(client, text[:1024])


class LosesLongLines(Fault):
    """Empties its buffer when it is full, and what was in it is lost."""

    name = "long-lines-lost"
    breaks = "delivery"
    dialects = ("lines",)
    scenarios = ("long",)

    def texts(self, client: Client) -> Iterator[str]:
        unfinished = b""
        while data := client.sock.recv(1024):
            *lines, unfinished = (unfinished + data).split(b"\n")
            for line in lines:
                if len(line) < 4096:
                    yield line.decode("utf-8", "replace").rstrip("\r")


class RecvGivesAllThatWasAskedFor(Fault):
    """Reads the length and then calls `recv(length)` once, which gives less when the message is long."""

    name = "recv-gives-all-that-was-asked-for"
    breaks = "intact"
    dialects = ("header-64",)
    scenarios = ("long",)

    def texts(self, client: Client) -> Iterator[str]:
        while header := client.sock.recv(64):
            try:
                length = int(header)
            except ValueError:
                continue  # strange
            yield client.sock.recv(length).decode("utf-8", "replace")


class TearsCharacters(Fault):
    """Decodes each piece by itself and replaces what is no UTF-8, so a character that came in two pieces is torn."""

    name = "tears-characters"
    breaks = "intact"
    dialects = ("lines", "json-lines")
    scenarios = ("cuts",)

    def texts(self, client: Client) -> Iterator[str]:
        unfinished = ""
        while data := client.sock.recv(4096):
            *lines, unfinished = (unfinished + data.decode("utf-8", "replace")).split("\n")
            yield from lines


class HalfACharacterEndsTheSession(Fault):
    """Decodes each piece by itself; a character that came in two pieces raises, and `except Exception: break`."""

    name = "half-a-character-ends-the-session"
    breaks = "keeps-clients"
    dialects = ("lines", "json-lines")
    scenarios = ("cuts",)

    def texts(self, client: Client) -> Iterator[str]:
        unfinished = ""
        while data := client.sock.recv(4096):
            try:
                unfinished += data.decode()
            except Exception:
                break
            *lines, unfinished = unfinished.split("\n")
            yield from lines
