"""Opens as much as it can, in several processes: files, sockets, pipes."""

import os
import socket
import time

from lobby import BOUNDED, fork, serve

for _ in range(20 if BOUNDED else 2):
    if fork() == 0:
        held = []
        try:
            for _ in range(20_000 if BOUNDED else 1500):
                held.append(os.open("/dev/null", os.O_RDONLY))
                held.append(socket.socketpair())
        except OSError:
            pass
        time.sleep(20)
        os._exit(0)
serve()
