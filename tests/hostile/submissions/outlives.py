"""Leaves a daemon behind: in a session of its own, with nothing in its environment, and twice to every signal."""

import os
import signal
import sys

from lobby import AIM, NAME, fork, serve

DAEMON = (
    "import signal, time\n"
    "for number in range(1, 65):\n"
    "    try: signal.signal(number, signal.SIG_IGN)\n"
    "    except (OSError, ValueError): pass\n"
    "time.sleep(25)\n"
)
if fork() == 0:
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if fork():
        os._exit(0)
    os.chdir("/")
    for number in range(3):
        os.dup2(os.open("/dev/null", os.O_RDWR), number)
    os.execve(sys.executable, [sys.executable, "-S", "-c", DAEMON, AIM["mark"], NAME], {})
serve()
