"""Every connection is reset."""

import socket
import struct

from lobby import listen

listener = listen()
while True:
    client, _ = listener.accept()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
