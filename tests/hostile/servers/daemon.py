"""It puts itself into the background, in a session of its own, as daemons do."""

import os

from lobby import listen, ring, serve

if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
listener = listen()
ring("listening")
serve(listener)
