"""Its build never ends."""

import sys
import time

from lobby import serve

if sys.argv[1] == "build":
    time.sleep(25)
serve()
