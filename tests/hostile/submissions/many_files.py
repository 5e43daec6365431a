"""Files without number, in folders without bottom: small ones, which no disk has room for in the end."""

import os

from lobby import BOUNDED, FOLDER, serve

os.chdir(FOLDER)
try:
    for number in range(30_000 if BOUNDED else 100):
        if number < 500:
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
        os.close(os.open(str(number), os.O_CREAT | os.O_WRONLY, 0o600))
except OSError:
    pass
serve()
