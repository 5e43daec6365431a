"""The small chat server of the README: a client sends its name, then one message a line. It makes one mistake."""

import contextlib
import socket
import sys
import threading

clients = {}
lock = threading.Lock()


def tell_all_but(speaker, line):
    with lock:
        for client in clients:
            if client is not speaker:
                with contextlib.suppress(OSError):  # gone already: its own thread sees to it
                    client.sendall(line.encode())


def serve(client):
    lines = client.makefile(encoding="utf-8", newline="\n")
    nick = lines.readline().strip()
    with lock:
        clients[client] = nick
    client.sendall(f"Hello, {nick}!\n".encode())
    tell_all_but(client, f"{nick} is here\n")
    try:
        for line in lines:
            tell_all_but(client, f"<{nick}> {line}")
        tell_all_but(client, f"{nick} has gone\n")
    except ConnectionError:
        print(f"lost the connection to {nick}")
    finally:
        with lock:
            del clients[client]
        lines.close()
        client.close()


def main():
    server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    try:
        while True:
            client, _ = server.accept()
            threading.Thread(target=serve, args=(client,), daemon=True).start()
    except KeyboardInterrupt:
        print("closing")


if __name__ == "__main__":
    main()
