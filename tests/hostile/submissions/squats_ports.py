"""Takes the ports that others may want: the one that everybody in the class uses, and many more."""

import socket

from lobby import AIM, serve, threading

held = []
for port in [*AIM["wanted"], *(range(1025, 1025 + 900) if AIM["bounded"] else ())]:
    taker = socket.socket()
    try:
        taker.bind(("0.0.0.0", port))
        taker.listen()
        held.append(taker)
        threading.Thread(target=taker.accept, daemon=True) if len(held) < 5 else None
    except OSError:
        taker.close()
serve()
