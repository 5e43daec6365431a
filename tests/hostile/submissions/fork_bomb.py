"""Each process makes two, which do the same."""

import os
import time

from lobby import BOUNDED, fork, serve

DEPTH = 9 if BOUNDED else 6  # 1,000 processes; without bounds 127


def bomb(depth):
    for _ in range(2):
        if depth and fork() == 0:
            bomb(depth - 1)
            time.sleep(8)
            os._exit(0)


bomb(DEPTH)
serve()
