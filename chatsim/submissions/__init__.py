"""What was handed in, found and unpacked: whose it is, and where in it the server lies.

    found = find(Path("submissions"), "{student}_*")          # a Class: one Submission a student
    unpacked = unpack(submission, Path("fresh/folder"))       # Unpacked or Refused
    located = locate(unpacked.folder, assignment.server)      # Located, NotFound or Several

`landing` is the one door through which files of students reach our disk; `folders`, `zips`, `tars` and `repositories` read
what they lie in. No program of a submission is ever run here.
"""

from chatsim.submissions.digest import digest_of
from chatsim.submissions.finding import find
from chatsim.submissions.locating import Located, NotFound, Several, locate
from chatsim.submissions.submission import Bounds, Class, PassedOver, Refused, Submission, Unpacked
from chatsim.submissions.unpacking import unpack

__all__ = [
    "Bounds",
    "Class",
    "Located",
    "NotFound",
    "PassedOver",
    "Refused",
    "Several",
    "Submission",
    "Unpacked",
    "digest_of",
    "find",
    "locate",
    "unpack",
]
