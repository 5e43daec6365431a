"""Was to print who comes and goes, and prints nothing."""

from __future__ import annotations

import sys

from right_threads import ChatServer


class KeepsNoLog(ChatServer):
    pass


if __name__ == "__main__":
    KeepsNoLog().run(int(sys.argv[1]))
