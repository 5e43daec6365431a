"""The chat server of the tutorial, with three mistakes left."""

import socket
import sys
import threading

clients = {}  # nickname -> socket
lock = threading.Lock()  # held by whoever reads or changes clients
names = []  # who is here, for /who


def send(client, line):
    try:
        client.sendall((line + "\n").encode())
    except OSError:
        pass  # this one has gone; its own thread sees to it


def tell(speaker, line):
    with lock:
        for client in clients.values():
            if client is not speaker:
                send(client, line)


def goodbye(gone):
    with lock:
        del clients[gone]
    tell(None, f"{gone} has gone")


def serve(client):
    lines = client.makefile(encoding="utf-8", errors="replace", newline="\n")
    nick = lines.readline().strip()
    with lock:
        clients[nick] = client
    names.append(nick)
    send(client, f"Hello, {nick}!")
    tell(client, f"{nick} is here")
    try:
        for line in lines:
            text = line.rstrip("\r\n")
            if text == "/quit":
                names.remove(nick)
                break
            if text == "/who":
                send(client, "Here: " + ", ".join(names))
            else:
                tell(client, f"<{nick}> {text}")
    except OSError:
        pass  # the connection broke: this one has gone, too
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
