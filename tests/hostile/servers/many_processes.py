"""It has helpers: children, grandchildren, and one that has left for a session of its own. All of them ignore signals."""

import os
import signal
import threading

from lobby import listen, ring, serve

for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(name, signal.SIG_IGN)
for _ in range(2):
    if os.fork() == 0:
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
        threading.Event().wait()
listener = listen()
ring("listening")
serve(listener)
