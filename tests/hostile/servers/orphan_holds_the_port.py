"""A child serves; the parent has ended."""

import os

from lobby import listen, serve

listener = listen()
if os.fork() == 0:
    serve(listener)
