"""Prints on both streams for as long as it lives, without an end of a line."""

import sys
import threading

from lobby import serve


def flood(stream):
    while True:
        stream.write("x" * 65536)


for each in (sys.stdout, sys.stderr):
    threading.Thread(target=flood, args=(each,), daemon=True).start()
serve()
