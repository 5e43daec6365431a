"""It listens, and then it does not."""

import threading

from lobby import listen

listener = listen()
threading.Event().wait(0.1)
listener.close()
threading.Event().wait()
