"""Its build prints without end."""

import sys
import time

from lobby import serve

if sys.argv[1] == "build":
    end = time.monotonic() + 10
    while time.monotonic() < end:
        sys.stdout.write("x" * 65536)
serve()
