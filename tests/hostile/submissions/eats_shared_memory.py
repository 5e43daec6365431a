"""Memory that is a file, in all places where files are memory."""

import os

from lobby import AIM, BOUNDED, MIB, NAME, serve

SIZE = 4 * MIB
held = []


def fill(opened, most):
    try:
        for number in range(most):
            file = opened(number)
            held.append(file)
            os.write(file, bytes(SIZE))
    except OSError:
        pass


most = 512 if BOUNDED else 50  # of 4 MiB
fill(lambda number: os.memfd_create("it"), most)
if BOUNDED:
    for place in ("/dev/shm", "/tmp", "/run"):
        fill(
            lambda number, place=place: os.open(
                f"{place}/owned-{AIM['mark']}-{NAME}-{number}", os.O_CREAT | os.O_WRONLY, 0o600
            ),
            most,
        )
serve()
