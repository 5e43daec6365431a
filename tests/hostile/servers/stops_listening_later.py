"""The first two may come in; then it listens no more."""

import threading

import lobby

listener = lobby.listen()
for _ in range(2):
    client, _ = listener.accept()
    threading.Thread(target=lobby.live, args=(client, lobby.relay, lobby.welcome), daemon=True).start()
listener.close()
threading.Event().wait()
