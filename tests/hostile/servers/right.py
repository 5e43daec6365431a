"""Nothing is wrong with it."""

from lobby import listen, ring, serve

listener = listen()
ring("listening")
serve(listener)
