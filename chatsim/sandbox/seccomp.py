"""A filter of system calls: what a chat server has no business with, and attackers do.

No new namespaces: in a user namespace of its own anybody has all rights over what is in it, such as mounting as much memory
as a file system as there is. No mounts, no keys of the kernel's, no programs for the kernel, no looking at its performance.
All the rest is allowed; a file that is not readable is not so for being filtered.

It stands alone: a program that imports nothing of chatsim imports it, too (`chatsim.sandbox.keeper`).
"""

from __future__ import annotations

import errno
import os
import struct

__all__ = ["install", "program"]

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # instructions
NUMBER, PROCESSOR, FIRST_ARGUMENT = 0, 4, 16  # where they stand in what a filter is shown
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
NAMESPACES = 0x7E020000  # flags of `clone` that make one
FOREIGN = 0x40000000  # numbers from here on are those of the other way to call on x86-64
NEW_MOUNTS = (428, 429, 430, 431, 432, 442)  # open_tree, move_mount, fsopen, fsconfig, fsmount, mount_setattr
ANYWHERE = (*NEW_MOUNTS, 425, 447)  # io_uring_setup, memfd_secret: newer calls have one number on all processors
CLONE3 = 435

# By machine: its name in filters; the number of `clone`; unshare, setns, mount, umount2, pivot_root, keyctl, add_key,
# request_key, bpf, perf_event_open, userfaultfd.
MACHINES = {
    "x86_64": (0xC000003E, 56, (272, 308, 165, 166, 155, 250, 248, 249, 321, 298, 323)),
    "aarch64": (0xC00000B7, 220, (97, 268, 40, 39, 41, 219, 217, 218, 280, 241, 282)),
}


def program(machine: str = "") -> bytes:
    """The filter as the kernel reads it; empty: it is not written for this machine (a name as `uname -m` says it)."""
    known = MACHINES.get(machine or os.uname().machine)
    if known is None:
        return b""
    name, clone, refused = known
    steps: list[tuple[int, str, str, int]] = [  # an instruction, where it leads if so and if not, and its number
        (LOAD, "", "", PROCESSOR),
        (EQUAL, "", "refuse", name),  # what is for another kind of processor is refused whole,
        (LOAD, "", "", NUMBER),
        (AT_LEAST, "refuse", "", FOREIGN),  # and so is the other way to call
        (EQUAL, "missing", "", CLONE3),
        (EQUAL, "flags", "", clone),
        *((EQUAL, "refuse", "", number) for number in (*refused, *ANYWHERE)),
        (RETURN, "", "", ALLOW),
    ]
    places = {"flags": len(steps), "allow": len(steps) + 2, "refuse": len(steps) + 3, "missing": len(steps) + 4}
    steps += [
        (LOAD, "", "", FIRST_ARGUMENT),
        (ANY_BIT, "refuse", "allow", NAMESPACES),
        (RETURN, "", "", ALLOW),
        (RETURN, "", "", REFUSE | errno.EPERM),
        (RETURN, "", "", REFUSE | errno.ENOSYS),  # clone3: nobody can see its flags, and who misses it calls `clone`
    ]
    jumps = (  # they count from the next instruction on
        tuple(places[label] - at - 1 if label else 0 for label in step[1:3]) for at, step in enumerate(steps)
    )
    return b"".join(struct.pack("=HBBI", step[0], *jump, step[3]) for step, jump in zip(steps, jumps, strict=True))


def install(filtering: bytes) -> None:
    """For this process and what descends from it, for good. It must have said before that it wants no new privileges.
    Raises OSError."""
    import ctypes

    code = ctypes.create_string_buffer(filtering, len(filtering))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    described = Program(len(filtering) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(22, 2, ctypes.byref(described), 0, 0):  # PR_SET_SECCOMP, by a filter
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
