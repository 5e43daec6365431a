"""Told to end, it rings, and goes on as before."""

import signal

import lobby

signal.signal(signal.SIGINT, lambda *_: lobby.ring("told to end"))
listener = lobby.listen()
lobby.ring("listening")
lobby.serve(listener)
