"""Writes to everybody while it holds the lock that all need: one who does not read holds up all the others.

So does the right server that it is made of, which is as small as can be; it says so, and is asked only about clients that
read.
"""

from __future__ import annotations

import sys

from right_threads import ChatServer

if __name__ == "__main__":
    ChatServer().run(int(sys.argv[1]))
