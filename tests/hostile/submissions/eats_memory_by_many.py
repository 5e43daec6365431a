"""Each of its processes is modest; there are many of them."""

import mmap
import os
import time

from lobby import BOUNDED, MIB, fork, serve

for _ in range(60 if BOUNDED else 6):
    if fork() == 0:
        try:
            held = [bytearray(MIB) for _ in range(40)]
            more = mmap.mmap(-1, 100 * MIB if BOUNDED else MIB)  # shared: no private data
            for place in range(0, len(more), 4096):
                more[place] = 1
        except (MemoryError, OSError):
            pass
        time.sleep(20)
        os._exit(0)
serve()
