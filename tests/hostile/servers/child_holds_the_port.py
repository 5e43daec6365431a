"""A child serves; the parent waits for it."""

import os

from lobby import serve

if os.fork() == 0:
    serve()
os.wait()
