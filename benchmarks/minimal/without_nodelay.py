"""The reference server without TCP_NODELAY, as most servers are: a small write waits for the client's acknowledgement.

For comparisons only. It takes the reference server's own arguments.
"""

import socket
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from reference_server.__main__ import main


def set_other_options(sock: socket.socket, level: int, option: int, *value: Any) -> None:
    if (level, option) != (socket.IPPROTO_TCP, socket.TCP_NODELAY):
        super(socket.socket, sock).setsockopt(level, option, *value)


socket.socket.setsockopt = set_other_options  # type: ignore[method-assign,assignment]

if __name__ == "__main__":
    sys.exit(main())
