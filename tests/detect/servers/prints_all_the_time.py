"""A right chat by lines that prints a dot for every turn of its loop, ten times in a second and more."""

import select
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
names: dict[socket.socket, str] = {}
while True:
    readable, _, _ = select.select([listener, *names], [], [], 0.05)
    print("turn")
    for one in readable:
        if one is listener:
            names[listener.accept()[0]] = ""
            continue
        data = one.recv(1024)
        text = data.decode().strip()
        if not data:
            gone = names.pop(one)
            one.close()
            for other in names:
                other.sendall(f"{gone} left\n".encode())
        elif not names[one]:
            names[one] = text
            one.sendall(f"Hello, {text}!\n".encode())
        else:
            for other in names:
                if other is not one:
                    other.sendall(f"{names[one]}: {text}\n".encode())
