"""The door to the world: what a director may wish for, and what it is told. `network.py` is the door, `tcp.py` the world."""
