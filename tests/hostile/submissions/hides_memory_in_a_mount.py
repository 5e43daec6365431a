"""In namespaces of its own it mounts a file system that is memory, as large as it likes, where nobody looks."""

import os
import time

from lobby import BOUNDED, LIBC, MIB, NAME, fork, serve

ready, done = os.pipe()
if BOUNDED and fork() == 0:
    os.close(ready)
    user, group = os.getuid(), os.getgid()
    if LIBC.unshare(0x10000000 | 0x00020000) == 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            try:
                with open(f"/proc/self/{name}", "w", encoding="utf-8") as file:
                    file.write(text)
            except OSError:
                pass
        LIBC.mount(b"none", b"/tmp", b"tmpfs", 0, b"size=4g")
        try:
            for number in range(256):
                with open(f"/tmp/{NAME}-{number}", "wb") as target:
                    target.write(bytes(4 * MIB))
        except OSError:
            pass
    os.close(done)
    time.sleep(3)
    os._exit(0)
os.close(done)
os.read(ready, 1)  # until it has what it wants
serve()
