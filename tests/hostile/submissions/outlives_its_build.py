"""What its build has started stays, and holds the build's output open: it waits for the server's folder to change hands."""

import os
import sys
import time

from lobby import FOLDER, fork, serve

if sys.argv[1] == "build":
    if fork() == 0:
        os.setsid()
        if fork():
            os._exit(0)
        end = time.monotonic() + 25
        while time.monotonic() < end:
            try:  # whoever gives the folder to somebody else meets a link in place of a file
                os.symlink("/etc/passwd", os.path.join(FOLDER, "swapped"))
                os.unlink(os.path.join(FOLDER, "swapped"))
            except OSError:
                pass
        os._exit(0)
    print("built")
    sys.exit()
serve()
