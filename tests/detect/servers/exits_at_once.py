"""Says how it wants to be called, and ends."""

print("usage: exits_at_once.py FILE")
