"""The chat server of the tutorial, mended."""

import queue
import socket
import sys
import threading

clients = {}  # nickname -> queue of the lines that it is to be sent
lock = threading.Lock()  # held by whoever reads or changes clients


def write(client, outgoing):
    """The thread that sends to one client. Only this one waits for a client that does not read."""
    try:
        while (line := outgoing.get()) is not None:
            client.sendall((line + "\n").encode())
    except OSError:
        pass  # this one has gone; the thread that reads from it sees to it
    client.close()


def tell(speaker, line):
    with lock:
        for outgoing in clients.values():
            if outgoing is not speaker:
                outgoing.put(line)


def goodbye(gone):
    with lock:
        del clients[gone]
    tell(None, f"{gone} has gone")


def serve(client):
    outgoing = queue.Queue()
    threading.Thread(target=write, args=(client, outgoing), daemon=True).start()
    lines = client.makefile(encoding="utf-8", errors="replace", newline="\n")
    nick = lines.readline().strip()
    with lock:
        free = nick not in clients
        if free:
            clients[nick] = outgoing
    if not free:
        outgoing.put(f"{nick} is taken")
        outgoing.put(None)
        return
    outgoing.put(f"Hello, {nick}!")
    tell(outgoing, f"{nick} is here")
    try:
        for line in lines:
            text = line.rstrip("\r\n")
            if text == "/quit":
                break
            if text == "/who":
                with lock:
                    here = ", ".join(sorted(clients))
                outgoing.put("Here: " + here)
            else:
                tell(outgoing, f"<{nick}> {text}")
    except OSError:
        pass  # the connection broke: this one has gone, too
    goodbye(nick)
    outgoing.put(None)


def main():
    server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    try:
        while True:
            client, _ = server.accept()
            threading.Thread(target=serve, args=(client,), daemon=True).start()
    except KeyboardInterrupt:
        print("closing")


main()
