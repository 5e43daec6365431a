"""The chat server of the tutorial, with all that it was found wrong in mended."""

import contextlib
import queue
import socket
import sys
import threading

FULL = 16_000_000  # so many characters may wait for one client

clients = {}  # nickname -> Outgoing
lock = threading.Lock()  # held by whoever reads or changes clients


class Outgoing:
    """The lines that one client is to be sent, and the thread that sends them."""

    def __init__(self, client):
        self.client = client
        self.lines = queue.Queue()
        self.waiting = 0  # characters
        self.lock = threading.Lock()  # held by whoever reads or changes waiting
        threading.Thread(target=self.write, daemon=True).start()

    def put(self, line):
        """Line None: that was all."""
        with self.lock:
            self.waiting += len(line or "")
            full = self.waiting > FULL
        if not full:
            self.lines.put(line)
        else:  # it does not read: better without it
            with contextlib.suppress(OSError):
                self.client.shutdown(socket.SHUT_RDWR)

    def write(self):
        try:
            while (line := self.lines.get()) is not None:
                self.client.sendall((line + "\n").encode())
                with self.lock:
                    self.waiting -= len(line)
        except OSError:
            pass  # this one has gone; the thread that reads from it sees to it
        self.client.close()


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
    outgoing = Outgoing(client)
    lines = client.makefile(encoding="utf-8", errors="replace", newline="\n")
    try:
        nick = lines.readline().strip()
    except OSError:
        nick = ""
    if not nick:  # gone before it said who it is
        outgoing.put(None)
        return
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
