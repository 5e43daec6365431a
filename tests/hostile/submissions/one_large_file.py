"""One file of 2 GiB, and one that says it has a million times as much."""

import os

from lobby import BOUNDED, FOLDER, MIB, serve

block = os.urandom(MIB)
try:
    with open(os.path.join(FOLDER, "large"), "wb", buffering=0) as file:
        for _ in range(2000 if BOUNDED else 80):
            file.write(block)
except OSError:
    pass
try:
    with open(os.path.join(FOLDER, "holes"), "wb") as file:
        file.truncate(2 << 50)
except OSError:
    pass
serve()
