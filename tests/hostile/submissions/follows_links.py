"""There are links among what was handed in, to what its author wants to read."""

import os

from lobby import FOLDER, peek, serve, take

for place in (FOLDER, os.path.dirname(FOLDER)):
    for number, (path, _, names) in enumerate(os.walk(place, followlinks=True)):
        if number > 500:
            break
        for name in names:
            take(peek(os.path.join(path, name)))
serve()
