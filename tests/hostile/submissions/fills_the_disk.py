"""Writes until the disk is full."""

import os

from lobby import BOUNDED, FOLDER, MIB, serve

block = os.urandom(MIB)
try:
    for number in range(2000 if BOUNDED else 80):
        with open(os.path.join(FOLDER, f"full-{number}"), "wb") as file:
            file.write(block)
except OSError:
    pass
serve()
