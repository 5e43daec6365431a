"""The threaded echo server of many a first lesson: each client hears itself, and nobody else."""

from reference_server.dialects.dialect import Dialect, Effects, HangUp, Show, Tell
from reference_server.room import Guest

FAREWELL = b"!DISCONNECT"


class Echo(Dialect):
    name = "echo"
    summary = "raw chunks; each client hears only itself; !DISCONNECT ends it"
    may_join_pieces = False

    def opening(self, host: str, port: int) -> list[str]:
        return ["[STARTING] Server is starting...", f"[LISTENING] Server is listening on port {port}"]

    def arrived(self, guest: Guest, address: tuple[str, int]) -> Effects:
        yield Show(f"[New Connection] Client connected from {address}")

    def heard(self, guest: Guest, message: bytes) -> Effects:
        if message == FAREWELL:
            yield HangUp(guest)
        else:
            yield Tell((guest,), message)

    def left(self, guest: Guest) -> Effects:
        yield Show("[Client disconnected]")
