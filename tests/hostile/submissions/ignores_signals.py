"""Does not end when it is told to."""

import signal

from lobby import listen, serve

listener = listen()
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGABRT, signal.SIGQUIT):
    signal.signal(number, signal.SIG_IGN)
serve(listener=listener)
