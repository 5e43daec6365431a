"""A right server over WebSocket, with asyncio: what one says goes to everybody as it is, itself included.

python chats_over_websocket.py PORT [CERTIFICATE | takes-frames-for-messages]: with a certificate over TLS; the habit is
a mistake, it passes on each part of a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys

import wsproto
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Ping, Request, TextMessage
from wsproto.utilities import RemoteProtocolError

HABIT = "takes-frames-for-messages"


class Client:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.protocol = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
        self.unfinished = ""

    def send(self, event: Event) -> None:
        self.writer.write(self.protocol.send(event))

    def hear(self, data: bytes) -> bool:
        """False: it has said goodbye."""
        self.protocol.receive_data(data)
        for event in self.protocol.events():
            match event:
                case Request():
                    self.send(AcceptConnection())
                    clients.append(self)
                case TextMessage():
                    self.unfinished += event.data
                    if event.message_finished or HABIT in sys.argv:
                        tell_everybody(self.unfinished)
                        self.unfinished = ""
                case BytesMessage():
                    pass  # nobody speaks binary here
                case Ping():
                    self.send(event.response())
                case CloseConnection():
                    self.send(event.response())
                    return False
        return True


clients: list[Client] = []


def tell_everybody(text: str) -> None:
    if text:
        for client in clients:
            client.send(TextMessage(text))


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    client = Client(writer)
    with contextlib.suppress(OSError, RemoteProtocolError):
        while (data := await reader.read(65536)) and client.hear(data):
            pass
    if client in clients:
        clients.remove(client)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def main() -> None:
    context = None
    if certificate := [each for each in sys.argv[2:] if each and each != HABIT]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate[0])
    # One who has vanished never answers a goodbye: nobody waits half a minute for that.
    patience = {} if context is None else {"ssl_shutdown_timeout": 0.5}
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), ssl=context, **patience)
    await server.serve_forever()


with contextlib.suppress(KeyboardInterrupt):
    asyncio.run(main())
