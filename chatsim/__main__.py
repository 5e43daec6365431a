"""`python -m chatsim` is `chatsim`."""

from __future__ import annotations

import signal

__all__ = ["begin"]


def begin() -> None:
    """What the installed command calls. While our modules are still being read there is nothing that an interrupt could leave
    in disorder: it ends us, and nobody has to see where Python was."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until `entry` takes it over
    from chatsim.cli.main import entry

    entry()


if __name__ == "__main__":
    begin()
