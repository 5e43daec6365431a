"""Processes that do nothing, as fast as they can."""

from lobby import fork, serve

for _ in range(3):
    if fork() == 0:
        while True:
            pass
serve()
