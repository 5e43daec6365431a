"""Speaks what nobody asked for: `says_something_else.py PORT MODE GREETING [ANSWER]`, both with escapes as in Python.

tcp: greets each newcomer, and answers whatever it reads · closes: reads once and closes · udp: answers each datagram with
the greeting and, apart from it, the answer.
"""

import socket
import sys
import threading

port, mode = int(sys.argv[1]), sys.argv[2]
greeting, answer = ((word.encode().decode("unicode_escape").encode("latin-1")) for word in (*sys.argv[3:], "", "")[:2])


def serve(client: socket.socket) -> None:
    with client:
        if greeting:
            client.sendall(greeting)
        while client.recv(4096) and mode != "closes":
            if answer:
                client.sendall(answer)


if mode == "udp":
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", port))
        while True:
            _, sender = sock.recvfrom(65536)
            for word in filter(None, (greeting, answer)):
                sock.sendto(word, sender)

with socket.create_server(("127.0.0.1", port)) as listener:
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
