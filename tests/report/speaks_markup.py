"""A chat server whose every word would break a page, a terminal or a file: lines, nickname first, `<nick> text`."""

from __future__ import annotations

import socket
import sys
import threading

EVIL = (
    b"</script><script>document.title='broken'</script><img src=http://127.0.0.1:9/x onerror=alert(1)>"
    b"]]>&amp;&#x3c;\x00\x1b[31m\xe2\x80\xaegnp.exe\xe2\x81\xa6\xff\xed\xb2\x80"
)

clients: list[socket.socket] = []
lock = threading.Lock()


def tell_others(speaker: socket.socket, line: bytes) -> None:
    with lock:
        for client in clients:
            if client is not speaker:
                try:
                    client.sendall(line + b"\n" + EVIL + b"\n")
                except OSError:
                    pass


def serve(client: socket.socket) -> None:
    lines = client.makefile("rb")
    nick = lines.readline().strip()
    with lock:
        clients.append(client)
    client.sendall(b"Hello, " + nick + b"!\n")
    for line in lines:
        tell_others(client, b"<" + nick + b"> " + line.rstrip(b"\n"))
        sys.stderr.buffer.write(b"said: " + EVIL + b"\n")
        sys.stderr.flush()
    with lock:
        clients.remove(client)
    client.close()


def main() -> None:
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()


main()
