"""It tells the story of its life before it listens."""

import sys

from lobby import serve

for _ in range(1_000_000):
    sys.stdout.write("x" * 99 + "\n")
sys.stdout.flush()
serve()
