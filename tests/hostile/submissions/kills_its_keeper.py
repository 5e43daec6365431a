"""Kills its parent, and its parent's parent, so that nobody is left to end it; and does not end when it is told to."""

import os
import signal
import time

from lobby import all_ours, fork, grader, listen, parent, serve

listener = listen()
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
above = os.getppid()
if fork() == 0:
    os.setsid()
    ancestors = []
    while above > 0 and above not in ancestors:
        ancestors.append(above)
        above = parent(above)
    for each in ancestors if all_ours() else sorted({*ancestors} & {*grader()}):
        try:
            os.kill(each, signal.SIGKILL)
        except OSError:
            pass
    time.sleep(25)
    os._exit(0)
serve(listener=listener)
