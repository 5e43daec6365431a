"""Always gives a little more of an answer that never comes to its end."""

import time

from lobby import listen

listener = listen()
client, _ = listener.accept()
for _ in range(2500):
    try:
        client.sendall(b"H")
    except OSError:
        pass
    time.sleep(0.01)
