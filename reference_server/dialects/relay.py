"""The shortest chat: what one client sends goes to all the others as it is, whatever it is."""

from reference_server.dialects.dialect import Dialect, Effects, Show, Tell
from reference_server.room import Guest


class Relay(Dialect):
    name = "relay"
    summary = "raw chunks go to all others as they are; no names, no notices"
    may_join_pieces = False

    def __init__(self) -> None:
        self._guests: dict[Guest, None] = {}

    def opening(self, host: str, port: int) -> list[str]:
        return ["Сервер ожидает подключения клиентов..."]

    def arrived(self, guest: Guest, address: tuple[str, int]) -> Effects:
        self._guests[guest] = None
        yield Show(f"Подключен клиент: {address}")

    def heard(self, guest: Guest, message: bytes) -> Effects:
        yield Show(f"Получено сообщение: {message.decode(errors='replace')}")
        yield Tell(tuple(other for other in self._guests if other != guest), message)

    def left(self, guest: Guest) -> Effects:
        del self._guests[guest]
        return ()
