"""The dialect `lines` once more, right as well, as a class of the standard library's `socketserver`."""

from __future__ import annotations

import socketserver
import sys

from right_queues import ChatServer

chat = ChatServer()


class Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        chat.serve(self.request)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


with Server(("127.0.0.1", int(sys.argv[1])), Handler) as server:
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
