"""It listens and never accepts: the kernel lets clients in, the server does not."""

import threading

from lobby import listen

listener = listen()
threading.Event().wait()
