"""A chat server that is right and serves two clients: nobody is in before the other is there, too.

    python serves_two.py PORT

Whoever comes while two are there waits for the next pair.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading


class Pair:
    """Two clients, and what one says the other hears."""

    def __init__(self, one: socket.socket, two: socket.socket) -> None:
        self.sockets = (one, two)

    def serve(self) -> None:
        readers = [each.makefile("r", encoding="utf-8", errors="replace", newline="\n") for each in self.sockets]
        try:
            names = [reader.readline().strip() for reader in readers]
            for at in (0, 1):
                self.tell(at, f"You talk to {names[1 - at]}")
            threads = [threading.Thread(target=self.relay, args=(at, names[at], readers[at])) for at in (0, 1)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except OSError:
            pass  # one of them went before they met
        finally:
            for reader, each in zip(readers, self.sockets, strict=True):
                with contextlib.suppress(OSError):
                    reader.close()
                each.close()

    def relay(self, at: int, name: str, reader: object) -> None:
        with contextlib.suppress(OSError):
            for line in reader:  # type: ignore[attr-defined]
                self.tell(1 - at, f"{name}: {line.strip()}")
        self.tell(1 - at, f"{name} has gone")
        with contextlib.suppress(OSError):
            self.sockets[at].shutdown(socket.SHUT_RDWR)

    def tell(self, at: int, line: str) -> None:
        with contextlib.suppress(OSError):
            self.sockets[at].sendall(f"{line}\n".encode())


def main(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as listener, contextlib.suppress(KeyboardInterrupt):
        while True:
            one, _ = listener.accept()
            two, _ = listener.accept()
            threading.Thread(target=Pair(one, two).serve, daemon=True).start()


if __name__ == "__main__":
    main(int(sys.argv[1]))
