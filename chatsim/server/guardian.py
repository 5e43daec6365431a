"""A guardian outlives us by a moment: when chatsim dies, however it dies, the server's whole tree goes with it.

It is a small shell that waits on a pipe of which we hold the other end. The kernel closes that end when we are gone,
SIGKILL included, and then the shell kills the server's group and whoever carries the tree's marker, and removes the
server's temporary folder. A shell starts in a millisecond, beside the server; a guardian in Python would cost a tenth
of a second of everybody's time. (PR_SET_PDEATHSIG ends children, but not theirs.)
"""

from __future__ import annotations

import contextlib
import os
import subprocess

from chatsim.server.processes import MARKER

__all__ = ["Guardian"]

SCRIPT = """
group=0
while read -r word; do
  [ "$word" = done ] && exit 0
  group=$word
done
[ "$group" -gt 1 ] && kill -9 "-$group"
if [ -d /proc/self ]; then
  round=0
  while [ $round -lt 50 ]; do
    found=$(grep -lsF -e "$1" /proc/[0-9]*/environ)
    [ -z "$found" ] && break
    for file in $found; do pid=${file#/proc/}; kill -9 "${pid%/environ}"; done
    round=$((round + 1))
  done
fi
[ -n "$2" ] && rm -rf -- "$2"
"""


class Guardian:
    """Watches from the moment it is made, even before it knows the server's group. `close` lets it go in peace."""

    def __init__(self, marker: str, folder: str = "") -> None:
        ours, self._end = os.pipe()
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", SCRIPT, "chatsim-guardian", f"{MARKER}={marker}", folder],
                stdin=ours,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,  # a Ctrl-C at the terminal is not meant for it
            )
        except BaseException:
            os.close(self._end)
            raise
        finally:
            os.close(ours)

    def watch(self, group: int) -> None:
        """This is the group to end; 0: there is none any more."""
        with contextlib.suppress(OSError):
            os.write(self._end, b"%d\n" % group)

    def close(self, *, in_peace: bool = True) -> None:
        """Let it go. Not in peace: as if we had died, it first ends whoever carries the tree's marker."""
        if self._end < 0:
            return
        if in_peace:
            with contextlib.suppress(OSError):
                os.write(self._end, b"done\n")
        os.close(self._end)
        self._end = -1
        self._process.wait()
