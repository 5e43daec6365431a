"""Clues from a server's source: the front of this room's pure half.

A caller asks `which_files` to read, reads them (and `local_imports` of them), and has `read_python` or `read_other`
make clues of the texts. What the clues are stands in `evidence`.
"""

from chatsim.detect.source.evidence import Clue, Clues, Header, Hole, Key, Need, Text, Told, Written
from chatsim.detect.source.other_source import read_other
from chatsim.detect.source.python_source import read_python
from chatsim.detect.source.source_files import MOST_CHARACTERS, MOST_FILES, local_imports, which_files

__all__ = [
    "MOST_CHARACTERS",
    "MOST_FILES",
    "Clue",
    "Clues",
    "Header",
    "Hole",
    "Key",
    "Need",
    "Text",
    "Told",
    "Written",
    "local_imports",
    "read_other",
    "read_python",
    "which_files",
]
