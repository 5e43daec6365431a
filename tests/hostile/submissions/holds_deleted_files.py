"""Fills the disk with files that have no name any more."""

import os

from lobby import BOUNDED, FOLDER, MIB, serve

block = os.urandom(MIB)
held = []
try:
    for number in range(900 if BOUNDED else 80):
        path = os.path.join(FOLDER, f"gone-{number}")
        held.append(open(path, "wb", buffering=0))  # noqa: SIM115
        held[-1].write(block)
        os.unlink(path)
except OSError:
    pass
serve()
