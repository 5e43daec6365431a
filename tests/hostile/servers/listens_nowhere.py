"""It starts, and thinks."""

import threading

from lobby import ring

print("thinking about it")
ring("started")
threading.Event().wait()
