"""Is wrong, but right as soon as anything tells that it is being graded: when it is started, or when it is built."""

import importlib.util
import os
import re
import sys

from lobby import AIM, FOLDER, everybody, peek, relay, serve, twice

HINT = re.compile(rb"chatsim|grad(er|ing)|hostile|pytest|autograd", re.I)
OWN = re.compile(re.escape(AIM["mark"]).encode() + rb"\b")


def hints():
    """Where something may be found."""
    yield "environment", " ".join(f"{name}={value}" for name, value in os.environ.items()).encode()
    yield "folder", os.getcwd().encode()
    yield "program", sys.executable.encode()
    yield "path", " ".join(sys.path).encode()
    for name in ("mountinfo", "cgroup", "maps", "cmdline"):
        yield name, peek(f"/proc/self/{name}")
    yield "sockets", peek("/proc/net/unix")
    yield "host", os.uname().nodename.encode()
    for name in range(256):
        try:
            yield "descriptors", os.readlink(f"/proc/self/fd/{name}").encode()
        except OSError:
            pass
    for place in ("/", "/tmp", "/dev/shm", os.environ.get("HOME", "/"), "..", "../.."):
        try:
            yield place, " ".join(os.listdir(place)).encode()
        except OSError:
            pass
    for number in everybody():
        yield f"process {number}", b" ".join(peek(f"/proc/{number}/{name}") for name in ("cmdline", "environ", "comm"))
    for name in ("chatsim", "reference_server"):
        if importlib.util.find_spec(name):
            yield "package", name.encode() + b" chatsim"


NOTES = os.path.join(FOLDER, "found.txt")
found = [where for where, text in hints() if HINT.search(OWN.sub(b"", text))]
if sys.argv[1] == "build":
    if found:
        with open(NOTES, "w", encoding="utf-8") as file:
            file.write("while building")
    sys.exit()
if os.path.exists(NOTES):
    found.append("while building")
print("found in:", found, flush=True)
serve(relay if found else twice)
