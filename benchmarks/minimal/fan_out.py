"""The same as fan_out.c, where there is no compiler: one epoll loop that joins what is ready. For comparisons only."""

from __future__ import annotations

import select
import socket
import sys


def main(port: int) -> None:
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    listener.setblocking(False)
    print(listener.getsockname()[1], flush=True)
    poller = select.epoll()
    poller.register(listener, select.EPOLLIN)
    clients: dict[int, socket.socket] = {}
    left: dict[int, bytes] = {}
    while True:
        said: dict[int, bytes] = {}
        for fd, events in poller.poll():
            if fd == listener.fileno():
                client, _ = listener.accept()
                client.setblocking(False)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                clients[client.fileno()] = client
                poller.register(client, select.EPOLLIN)
                continue
            if events & select.EPOLLOUT and fd in left:
                give(poller, clients[fd], left, left.pop(fd))
            if events & ~select.EPOLLOUT:
                try:
                    data = clients[fd].recv(16384)
                except BlockingIOError:
                    continue
                except ConnectionError:
                    data = b""
                if data:
                    said[fd] = data
                else:
                    poller.unregister(fd)
                    clients.pop(fd).close()
                    left.pop(fd, None)
        if said:
            everything = b"".join(said.values())
            for fd, client in clients.items():
                data = everything if fd not in said else b"".join(said[other] for other in said if other != fd)
                if data:
                    give(poller, client, left, left.pop(fd, b"") + data)


def give(poller: select.epoll, client: socket.socket, left: dict[int, bytes], data: bytes) -> None:
    try:
        taken = client.send(data)
    except BlockingIOError:
        taken = 0
    except ConnectionError:
        return
    fd = client.fileno()
    if taken < len(data):
        left[fd] = data[taken:]
    poller.modify(fd, select.EPOLLIN | (select.EPOLLOUT if taken < len(data) else 0))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
