"""Looks where others listen, goes there, and talks nonsense in their chats."""

import threading
import time

from lobby import AIM, NAME, call, peek, serve, socket, sys


def listening():
    """The ports where somebody listens, as far as the system tells."""
    for line in peek("/proc/net/tcp").splitlines()[1:]:
        words = line.split()
        if words[3] == b"0A":
            yield int(words[1].rpartition(b":")[2], 16)


def disturb():
    while True:
        ports = set(listening()) if AIM["bounded"] else set()
        for port in (ports | {AIM["tcp"][1]}) - {int(sys.argv[1])}:
            call(socket.AF_INET, ("127.0.0.1", port))
        time.sleep(0.1)


assert NAME
threading.Thread(target=disturb, daemon=True).start()
serve()
