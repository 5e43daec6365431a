"""Landlock (Linux 5.13 and later): a process gives up what it may open, connect to and signal, for itself and all that
descends from it, and for good. Needs no right at all.

It stands alone: a program that imports nothing of chatsim imports it, too (`chatsim.sandbox.keeper`).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from contextlib import suppress

__all__ = ["restrict", "version"]

CREATE, ADD, RESTRICT = 444, 445, 446  # numbers of system calls, the same on all processors
TELL_VERSION = 1
BENEATH_PATH = 1  # the kind of a rule
EXECUTE, WRITE, READ, LIST, TRUNCATE, CONTROL = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
SPECIAL = 1 << 6 | 1 << 11  # making devices
MOVE = 1 << 13  # between folders
CONNECT_TCP = 1 << 1
ABSTRACT_SOCKETS, SIGNALS = 1 << 0, 1 << 1
FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}  # what a version knows of files
OF_A_FILE = EXECUTE | WRITE | READ | TRUNCATE | CONTROL  # the others hold for folders only


def version() -> int:
    """Which version this kernel has; 0: none."""
    with suppress(OSError):
        return _call(CREATE, None, 0, TELL_VERSION)
    return 0


def restrict(
    reads: Sequence[str], writes: Sequence[str], devices: Sequence[str] = (), *, connects: bool = True
) -> None:
    """From now on only `reads` may be read and executed, `writes` also written (with all that is in them), `devices` read
    and written; without `connects` no TCP connection is made, and signals and abstract Unix sockets reach nobody outside:
    as far as this kernel can hold us to it.

    What is not there is left out. Raises OSError. The process must have said before that it wants no new privileges.
    """
    known = version()
    handled = next(files for since, files in sorted(FILES.items(), reverse=True) if known >= since)
    net = CONNECT_TCP if known >= 4 and not connects else 0
    scoped = ABSTRACT_SOCKETS | SIGNALS if known >= 6 else 0
    attributes = struct.pack("=QQQ", handled, net, scoped)[: 24 if known >= 6 else 16 if known >= 4 else 8]
    rules = _call(CREATE, attributes, len(attributes), 0)
    try:
        reading = EXECUTE | READ | LIST
        for paths, allowed in (
            (reads, reading),
            (writes, handled & ~SPECIAL),
            (devices, READ | WRITE | CONTROL | LIST),
        ):
            for path in paths:
                with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
                    _allow(rules, path, allowed & handled)
        _call(RESTRICT, rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: str, allowed: int) -> None:
    number = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not os.path.isdir(path):  # noqa: PTH112 - pathlib is slow to import
            allowed &= OF_A_FILE
        _call(ADD, rules, BENEATH_PATH, struct.pack("=Qi", allowed, number), 0)
    finally:
        os.close(number)


def _call(number: int, *arguments: int | bytes | None) -> int:
    """A system call that Python does not know. Raises OSError."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    kinds = [ctypes.c_long(each) if isinstance(each, int) else ctypes.c_char_p(each) for each in arguments]
    result = int(libc.syscall(ctypes.c_long(number), *kinds))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
