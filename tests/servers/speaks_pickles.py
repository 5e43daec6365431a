"""A chat server that is right and speaks in pickled tuples, one after the other.

    python speaks_pickles.py PORT

It unpickles what its clients send, texts and tuples only.
"""

from __future__ import annotations

import contextlib
import pickle
import socket
import sys
import threading
from collections.abc import Iterator

Words = tuple[str, ...]


class Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type:
        raise pickle.UnpicklingError(name)


class Client:
    """One connection. What it says and is told are tuples, however they look on the wire."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.nick = ""

    def begin(self) -> None:
        """Before the first word."""

    def messages(self) -> Iterator[Words]:
        with self.connection.makefile("rb") as stream:
            while True:
                try:
                    yield Plain(stream).load()
                except (EOFError, pickle.UnpicklingError, ValueError):
                    return

    def wire(self, words: Words) -> bytes:
        return pickle.dumps(words)

    def tell(self, *words: str) -> None:
        with contextlib.suppress(OSError):  # it has gone: its own thread finds out
            self.connection.sendall(self.wire(words))


class Server:
    Client: type[Client] = Client
    echo = False

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clients: dict[str, Client] = {}

    def run(self, port: int) -> None:
        with socket.create_server(("127.0.0.1", port), backlog=128) as listener, contextlib.suppress(KeyboardInterrupt):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        client = self.Client(connection)
        try:
            client.begin()
            for words in client.messages():
                if not self.understand(client, words):
                    break
        except (OSError, ValueError, TypeError, IndexError):
            pass  # reset, or no words of this language: gone is gone
        finally:
            self.see_off(client)
            connection.close()

    def understand(self, client: Client, words: Words) -> bool:
        """False: this client is done."""
        with self.lock:
            match words:
                case ("join", str(nick)) if not client.nick:
                    if not nick or nick in self.clients:
                        client.tell("taken")
                        return False
                    client.nick = nick
                    client.tell("welcome")
                    self.clients[nick] = client
                    self.tell_others(client, "joined", nick)
                case ("say", str(text)) if client.nick:
                    self.tell_others(client, "said", client.nick, text)
                    if self.echo:
                        client.tell("said", client.nick, text)
                case ("tell", str(to), str(text)) if to in self.clients:
                    self.clients[to].tell("told", client.nick, text)
                case ("who",):
                    client.tell("here", *self.clients)
                case ("bye",):
                    client.tell("bye")
                    return False
                case _:
                    return False
        return True

    def see_off(self, client: Client) -> None:
        with self.lock:
            if client.nick and self.clients.pop(client.nick, None) is not None:
                self.tell_others(client, "left", client.nick)

    def tell_others(self, but: Client, *words: str) -> None:
        for client in list(self.clients.values()):
            if client is not but:
                client.tell(*words)


if __name__ == "__main__":
    Server().run(int(sys.argv[1]))
