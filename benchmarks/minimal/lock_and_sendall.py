"""The least that can be called a threaded chat server: one thread a client, one lock, `sendall` to everyone else.

It speaks enough of the dialect `lines` to be compared with the reference server. It is *not* right: one client that
does not read stalls everybody, for good. What it shows is what the plainest code attains.
"""

import socket
import threading

lock = threading.Lock()
clients: dict[socket.socket, str] = {}


def tell_others(speaker: socket.socket, text: str) -> None:
    data = text.encode() + b"\n"
    for client in clients:
        if client is not speaker:
            client.sendall(data)


def serve(client: socket.socket) -> None:
    received = b""
    while data := client.recv(65536):
        *lines, received = (received + data).split(b"\n")
        for line in lines:
            text = line.decode()
            with lock:
                if client not in clients:
                    clients[client] = text
                    client.sendall(f"Welcome, {text}!\n".encode())
                    tell_others(client, f"* {text} joined")
                else:
                    tell_others(client, f"{clients[client]}: {text}")
    with lock:
        del clients[client]
    client.close()


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print(f"Listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(client,), daemon=True).start()


if __name__ == "__main__":
    main()
