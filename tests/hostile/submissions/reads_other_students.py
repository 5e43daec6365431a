"""Copies from the neighbours."""

import os

from lobby import AIM, peek, serve, take

for folder in AIM["neighbours"]:
    for path, _, names in os.walk(folder):
        for name in names:
            take(peek(os.path.join(path, name)))
serve()
