"""As many threads as there may be."""

import threading

from lobby import BOUNDED, serve

threading.stack_size(256 * 1024)
rest = threading.Event()
for _ in range(2000 if BOUNDED else 200):
    try:
        threading.Thread(target=rest.wait, daemon=True).start()
    except RuntimeError:
        break
serve()
