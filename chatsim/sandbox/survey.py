"""What this machine offers against servers whose authors attack, found out by trying it; and what else chatsim can use here."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from chatsim.errors import ChatsimError
from chatsim.sandbox import bubblewrap, landlock
from chatsim.sandbox.confined import TRY
from chatsim.sandbox.sandbox import Confinement, Sandbox

__all__ = ["Offer", "Survey", "best_level", "levels", "survey", "why_not"]

PATIENCE = 20.0  # seconds for what takes a tenth of one
CODE = 7  # with which the trial ends: nothing else does


@dataclass(frozen=True, slots=True)
class Offer:
    """One level. `why`: why it is not to be had, in a few words; empty: it is. `hint`: what to do about it."""

    level: Confinement
    why: str = ""
    hint: str = ""

    @property
    def offered(self) -> bool:
        return not self.why


@dataclass(frozen=True, slots=True)
class Survey:
    """A machine, as it was a moment ago. `offers`: the levels that were tried, the best first; after one that is offered
    none is tried. Where `own_network` or `py_spy` has a text, it says why that is not to be had."""

    python: str
    system: str
    cores: int
    root: bool
    offers: tuple[Offer, ...]
    bubblewrap: str  # its version; empty: it is not installed
    landlock: int  # its version; 0: this kernel has none
    own_network: str
    py_spy: str
    ipv6: bool
    folder: str  # where temporary files are,
    room: int  # and the bytes that are free there
    memory: int | None  # bytes that are free; None: that cannot be told
    clock: float  # seconds: the smallest step that it is seen to make

    @property
    def best(self) -> Confinement:
        """The level by which servers are confined here; `none` where none of them is to be had."""
        return next((offer.level for offer in self.offers if offer.offered), "none")


def levels() -> tuple[Confinement, ...]:
    """Those that are a question for us, the best first."""
    return ("bubblewrap", "user") if hasattr(os, "geteuid") and os.geteuid() == 0 else ("bubblewrap", "landlock")


def best_level() -> Confinement:
    """The best that this machine offers, tried now (a tenth of a second); `none`: none of them."""
    return next((level for level in levels() if not why_not(level).why), "none")


def why_not(level: Confinement) -> Offer:
    """Try one level: a small program is started in it, and has to end as it is told to. Never raises for the machine's sake."""
    try:
        with Sandbox(level) as sandbox:
            done = sandbox.run(f"exit {CODE}", sandbox.place(), PATIENCE)
    except ChatsimError as error:
        problem = error.problems[0]
        said = problem.hint.replace(TRY, "").strip()
        why = f"{problem.what} ({said})" if said else problem.what
        return Offer(level, why, _remedy(level, why))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        return Offer(level, why, _remedy(level, why))
    if done.code != CODE:
        said = done.output.decode("utf-8", "replace").strip()[:300] or f"it ended with {done.code}"
        return Offer(level, f"a program does not run in it ({said})", _remedy(level, said))
    return Offer(level)


def survey() -> Survey:
    """Look at everything; takes some tenths of a second. Starts nothing that stays."""
    from chatsim.server.own_network import refusal
    from chatsim.server.stacks import py_spy

    offers = []
    for level in levels():
        offers.append(why_not(level))
        if offers[-1].offered:
            break
    folder = tempfile.gettempdir()
    return Survey(
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()}, {platform.machine()}",
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        root=hasattr(os, "geteuid") and os.geteuid() == 0,
        offers=tuple(offers),
        bubblewrap=_version_of_bubblewrap(),
        landlock=landlock.version() if sys.platform == "linux" else 0,
        own_network=refusal(),
        py_spy="" if py_spy() else "py-spy is not installed",
        ipv6=_has_ipv6(),
        folder=folder,
        room=shutil.disk_usage(folder).free,
        memory=_free_memory(),
        clock=_clock(),
    )


def _remedy(level: Confinement, why: str) -> str:
    """What to do, told from what was said. The words are those of bubblewrap and of the kernel."""
    said = why.lower()
    if sys.platform != "linux":
        return "Grade on Linux: a virtual machine will do."
    if "not installed" in said:
        return "Install it: apt install bubblewrap, dnf install bubblewrap, apk add bubblewrap."
    if level == "landlock" and "no landlock" in said:
        return "A kernel from 5.13 on has it, where it is started with `lsm=` naming it: see /sys/kernel/security/lsm."
    refused = ("not permitted", "permission denied", "no permissions", "limit is reached", "no space left")
    if level == "bubblewrap" and any(each in said for each in refused):
        if _in_container():
            return (
                "A container refuses it unless it is told not to: docker run --cap-add SYS_ADMIN "
                "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined"
            )
        return (
            "This system refuses user namespaces. See whether one of these is 0: sysctl user.max_user_namespaces "
            "kernel.unprivileged_userns_clone; or this one 1: sysctl kernel.apparmor_restrict_unprivileged_userns"
        )
    return ""


def _in_container() -> bool:
    return any(Path(each).exists() for each in ("/.dockerenv", "/run/.containerenv")) or "container" in os.environ


def _version_of_bubblewrap() -> str:
    program = bubblewrap.program()
    if program is None:
        return ""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return "?"
    words = said.stdout.split()
    return words[-1] if words else "?"


def _has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        probe.bind(("::1", 0))
        return True
    return False


def _free_memory() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return None


def _clock() -> float:
    """As it is seen, which may be coarser than what the system says of it."""
    return min(_steps([time.monotonic() for _ in range(2000)]), default=time.get_clock_info("monotonic").resolution)


def _steps(moments: Sequence[float]) -> list[float]:
    return [after - before for before, after in pairwise(moments) if after > before]
