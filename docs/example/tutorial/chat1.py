"""The chat server of the tutorial, as one writes it first. It works, and it makes six mistakes."""

import socket
import sys
import threading

clients = {}  # nickname -> socket
names = []  # who is here, for /who


def send(client, line):
    try:
        client.sendall((line + "\n").encode())
    except OSError:
        pass  # this one has gone; its own thread sees to it


def tell(speaker, line):
    for client in clients.values():
        if client is not speaker:
            send(client, line)


def goodbye(gone):
    for nick in clients:
        if nick == gone:
            del clients[nick]
        else:
            send(clients[nick], f"{gone} has gone")


def serve(client):
    nick = client.recv(1024).decode().strip()
    clients[nick] = client
    names.append(nick)
    send(client, f"Hello, {nick}!")
    tell(client, f"{nick} is here")
    while data := client.recv(1024):
        text = data.decode().rstrip("\r\n")
        if text == "/quit":
            names.remove(nick)
            break
        if text == "/who":
            send(client, "Here: " + ", ".join(names))
        else:
            tell(client, f"<{nick}> {text}")
    goodbye(nick)
    client.close()


def main():
    server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    try:
        while True:
            client, _ = server.accept()
            threading.Thread(target=serve, args=(client,), daemon=True).start()
    except KeyboardInterrupt:
        print("closing")


main()
