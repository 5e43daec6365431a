"""It accepts, and says nothing."""

from lobby import listen, ring

listener = listen()
kept = []
while True:
    kept.append(listener.accept())
    ring("accepted")
