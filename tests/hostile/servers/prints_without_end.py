"""It prints, without a line end, as long as it lives."""

import os
import threading

import lobby

threading.Thread(target=lobby.serve, daemon=True).start()
while True:
    os.write(2, b"x" * 65536)
