"""Accepts, and never says a word."""

import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
here = []
while True:
    here.append(listener.accept())
