"""Memory that no process has, as it seems: segments that nobody is attached to, and files that are on their way between two
sockets and open nowhere."""

import array
import os
import socket

from lobby import BOUNDED, LIBC, MIB, serve

STEP = 8 * MIB
MOST = 100 if BOUNDED else 30  # twice 800 MiB


def segments():
    LIBC.shmat.restype = LIBC.shmdt.argtypes = None
    import ctypes

    LIBC.shmat.restype = ctypes.c_void_p
    LIBC.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
    LIBC.shmdt.argtypes = [ctypes.c_void_p]
    for _ in range(MOST):
        number = LIBC.shmget(0, STEP, 0o1600)
        if number < 0:
            return
        place = LIBC.shmat(number, None, 0)
        if place and place != ctypes.c_void_p(-1).value:
            ctypes.memset(place, 1, STEP)
            LIBC.shmdt(place)
        if not BOUNDED:
            LIBC.shmctl(number, 0, None)  # without anything that ends it, it would stay for ever


def on_their_way():
    held = []
    for _ in range(MOST):
        try:
            number = os.memfd_create("it")
            os.write(number, b"x" * STEP)
        except OSError:
            return held
        ours, theirs = socket.socketpair()
        ours.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [number]))])
        os.close(number)
        held += [ours, theirs]
    return held


segments()
held = on_their_way()
serve()
