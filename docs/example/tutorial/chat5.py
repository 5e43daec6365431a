"""The chat server of the tutorial, with two mistakes left."""

import socket
import sys
import threading

clients = {}  # nickname -> socket
lock = threading.Lock()  # held by whoever reads or changes clients


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
    send(client, f"Hello, {nick}!")
    tell(client, f"{nick} is here")
    try:
        for line in lines:
            text = line.rstrip("\r\n")
            if text == "/quit":
                break
            if text == "/who":
                with lock:
                    here = ", ".join(sorted(clients))
                send(client, "Here: " + here)
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
