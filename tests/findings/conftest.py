"""The rules of evidence are tried on histories, in the simulated room and on ears: with the tools of those tests."""

from __future__ import annotations

import sys
from pathlib import Path

for neighbour in ("checks", "engine", "profile", "server"):
    folder = str(Path(__file__).parent.parent / neighbour)
    if folder not in sys.path:
        sys.path.append(folder)
