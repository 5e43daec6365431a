"""Makes folders that nobody may enter, so that nobody can tidy up after it."""

import os

from lobby import FOLDER, serve

for number in range(5):
    place = os.path.join(FOLDER, f"closed-{number}")
    os.makedirs(os.path.join(place, "inner"))
    with open(os.path.join(place, "inner", "file"), "w", encoding="utf-8") as file:
        file.write("x")
    os.chmod(os.path.join(place, "inner"), 0)
    os.chmod(place, 0)
os.mkfifo(os.path.join(FOLDER, "pipe"))
serve()
