"""A filter of system calls: what a chat server has no business with, and attackers do.

No new namespaces: in a user namespace of its own anybody has all rights over what is in it, such as mounting as much memory
as a file system as there is. No mounts, no keys of the kernel's, no programs for the kernel, no looking at its performance.
No memory that belongs to no process: files that only memory has, and segments of System V that are large. Where it is among
others, it is kept from changing their priorities and limits, too, since the kernel only asks whose they are.
All the rest is allowed; a file that is not readable is not so for being filtered.

It stands alone: a program that imports nothing of chatsim imports it, too (`chatsim.sandbox.keeper`).
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["LARGEST_SEGMENT", "install", "program"]

LARGEST_SEGMENT = 64 * 1024
"""Bytes of a segment of System V's. The kernel has room for 4,096 of them: 256 MiB at most are seen in no process."""

LOAD, EQUAL, ABOVE, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x25, 0x35, 0x45, 0x06  # instructions
NUMBER, PROCESSOR, FIRST_ARGUMENT = 0, 4, 16  # where they stand in what a filter is shown
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
NAMESPACES = 0x7E020000  # flags of `clone` that make one
FOREIGN = 0x40000000  # numbers from here on are those of the other way to call on x86-64
NEW_MOUNTS = (428, 429, 430, 431, 432, 442)  # open_tree, move_mount, fsopen, fsconfig, fsmount, mount_setattr
ANYWHERE = (*NEW_MOUNTS, 425, 447)  # io_uring_setup, memfd_secret: newer calls have one number on all processors
CLONE3 = 435
TYPING = (0x5412, 0x541C)  # what `ioctl` types at a terminal for whoever sits there: TIOCSTI, TIOCLINUX

Step = tuple[int, int, int, int]  # an instruction, how many to pass over if so and if not, and its number


class Machine(NamedTuple):
    """Numbers of calls. `refused`: unshare, setns, mount, umount2, pivot_root, keyctl, add_key, request_key, bpf,
    perf_event_open, userfaultfd. `priorities`: sched_setparam, sched_setscheduler, sched_setaffinity, sched_setattr,
    prlimit64: each takes a process first; `kinds`: setpriority, ioprio_set: a kind first, and then whose."""

    name: int  # in filters
    clone: int
    ioctl: int
    memfd_create: int
    shmget: int
    others_of_system_v: tuple[int, int]  # semget, msgget
    refused: tuple[int, ...]
    priorities: tuple[int, ...]
    kinds: tuple[int, int]


MACHINES: Mapping[str, Machine] = {
    "x86_64": Machine(
        *(0xC000003E, 56, 16, 319, 29, (64, 68)),
        (272, 308, 165, 166, 155, 250, 248, 249, 321, 298, 323),
        (142, 144, 203, 314, 302),
        (141, 251),
    ),
    "aarch64": Machine(
        *(0xC00000B7, 220, 29, 279, 194, (190, 186)),
        (97, 268, 40, 39, 41, 219, 217, 218, 280, 241, 282),
        (118, 119, 122, 274, 261),
        (140, 30),
    ),
}


def program(machine: str = "", *, among_others: bool = False) -> bytes:
    """The filter as the kernel reads it; empty: it is not written for this machine (a name as `uname -m` says it).

    `among_others`: neither its processes nor what System V shares are in namespaces of its own.
    """
    known = MACHINES.get(machine or os.uname().machine)
    if known is None:
        return b""
    steps: list[Step] = [
        (LOAD, 0, 0, PROCESSOR),
        (EQUAL, 1, 0, known.name),
        _refuse(),  # what is for another kind of processor is refused whole,
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, FOREIGN),
        _refuse(),  # and so is the other way to call
        *_if(CLONE3, code=errno.ENOSYS),  # nobody can see its flags, and who misses it calls `clone`
        *_if(known.clone, _has_any(0, NAMESPACES)),
        *(step for number in (*known.refused, *ANYWHERE) for step in _if(number)),
        # Sent to a socket of its own and closed, such a file is open nowhere.
        *_if(known.memfd_create, code=errno.ENOSYS),
        *(step for typing in TYPING for step in _if(known.ioctl, _is(1, typing))),
        *(_among_others(known) if among_others else _if(known.shmget, _is_above(1, LARGEST_SEGMENT), errno.EINVAL)),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _among_others(known: Machine) -> list[Step]:
    """What System V shares would stay when all processes have ended. Of priorities and limits, its own may be changed."""
    steps = [step for number in (known.shmget, *known.others_of_system_v) for step in _if(number, code=errno.ENOSYS)]
    steps += [step for number in known.priorities for step in _if(number, _is_not_zero(0))]
    steps += [step for number in known.kinds for argument in (0, 1) for step in _if(number, _is_not_zero(argument))]
    return steps


def _if(number: int, condition: tuple[Step, ...] = (), code: int = errno.EPERM) -> list[Step]:
    """This call is refused, where its arguments are such. Behind it, the number is loaded as before."""
    held = [*condition, _refuse(code), *([(LOAD, 0, 0, NUMBER)] if condition else [])]
    return [(EQUAL, 0, len(held), number), *held]


def _has_any(argument: int, bits: int) -> tuple[Step, ...]:
    return (LOAD, 0, 0, _half(argument)), (ANY_BIT, 0, 1, bits)


def _is(argument: int, value: int) -> tuple[Step, ...]:
    return (LOAD, 0, 0, _half(argument)), (EQUAL, 0, 1, value)


def _is_not_zero(argument: int) -> tuple[Step, ...]:
    return (LOAD, 0, 0, _half(argument)), (EQUAL, 1, 0, 0)


def _is_above(argument: int, most: int) -> tuple[Step, ...]:
    """Of 64 bits."""
    upper = (LOAD, 0, 0, _half(argument) + 4), (EQUAL, 0, 2, 0)
    return (*upper, (LOAD, 0, 0, _half(argument)), (ABOVE, 0, 1, most))


def _half(argument: int) -> int:
    """Where the lower half of an argument lies; on all these machines it comes first."""
    return FIRST_ARGUMENT + 8 * argument


def _refuse(code: int = errno.EPERM) -> Step:
    return RETURN, 0, 0, REFUSE | code


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
